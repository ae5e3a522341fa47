//! The service of the tariff table.

use super::{money, money_asked};
use crate::accounts::instant;
use crate::alerts::store_failed;
use crate::enrolment::tehran_day;
use crate::fields::{Fields, date};
use crate::gate::caller;
use crate::proposals::Proposing;
use crate::reason::Wrong;
use billing::calendar::Day;
use billing::{Money, Regime, Tariff};
use chrono::{Datelike, NaiveDate, Utc};
use proto::access::Proposal;
use proto::billing as schema;
use proto::billing::tariffs_server::Tariffs;
use proto::billing::{ListTariffsRequest, ListTariffsResponse, ProposeTariffRequest};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{Act, Store, TariffRow};
use tonic::{Request, Response, Status};

const PROPOSE_TARIFF: &str = "/paband.billing.v1.Tariffs/ProposeTariff";

/// Longest name of a row or a class, characters.
pub(super) const NAME_MAX: usize = 40;

/// Most price classes of a row.
const CLASSES_MAX: usize = 20;

/// The table is looked at again after so many years (directive 9000/30123/100, article 10).
const REVIEW_AFTER_YEARS: i32 = 3;

/// Shows the table, and takes proposals.
pub(crate) struct TariffService {
    store: Store,
    proposing: Proposing,
}

impl TariffService {
    pub(crate) fn new(store: Store, proposing: Proposing) -> Self {
        Self { store, proposing }
    }
}

#[tonic::async_trait]
impl Tariffs for TariffService {
    async fn list_tariffs(&self, request: Request<ListTariffsRequest>) -> Result<Response<ListTariffsResponse>, Status> {
        caller(&request)?;
        let table = self.store.tariff_table().await.map_err(|error| store_failed("ListTariffs", &error))?;
        let today = tehran_day(Utc::now());
        let begun = |row: &&TariffRow| row.tariff.effective_from.gregorian() <= today;
        let version_in_force = table.iter().rev().find(begun).map(|row| row.tariff.version.to_string()).unwrap_or_default();
        let review_on = table.last().and_then(|row| review_on(row.tariff.effective_from)).map(Day::gregorian);
        Ok(Response::new(ListTariffsResponse {
            tariffs: table.into_iter().map(tariff).collect(),
            version_in_force,
            review_on: review_on.map(date),
            is_review_due: review_on.is_some_and(|review_on| review_on <= today),
        }))
    }

    async fn propose_tariff(&self, request: Request<ProposeTariffRequest>) -> Result<Response<Proposal>, Status> {
        self.proposing.propose(PROPOSE_TARIFF, request).await
    }
}

/// The same day three years later; of the last day of a leap year's Esfand the last there is.
fn review_on(from: Day) -> Option<Day> {
    let month = Day::new(from.month().year() + REVIEW_AFTER_YEARS, from.month().month(), 1).ok()?.month();
    Some(month.first_day().plus(i64::from(from.day_of_month()).min(month.length()) - 1))
}

/// What a proposal of a new row means.
pub(crate) fn tariff_act(asked: &ProposeTariffRequest) -> Result<Act, Status> {
    let mut fields = Fields::default();
    let tariff = match &asked.tariff {
        Some(tariff) => tariff_asked(&mut fields, "tariff.", tariff),
        None => {
            fields.note("tariff", Wrong::Missing, &[]);
            None
        }
    };
    fields.check()?;
    tariff.map(Act::AddTariff).ok_or_else(super::looks::broken)
}

/// A row as it is asked for; `None` if something is wrong with it, which is noted.
pub(super) fn tariff_asked(fields: &mut Fields, within: &str, asked: &schema::Tariff) -> Option<Tariff> {
    let named = |field: &str| format!("{within}{field}");
    let version = fields.text(&named("version"), &asked.version, NAME_MAX);
    let from = fields.date(&named("effective_from"), asked.effective_from.as_ref());
    let effective_from = day(fields, &named("effective_from"), from);
    let mut price = |field: &str, asked: Option<&schema::Money>| money_asked(fields, &named(field), asked, 0);
    let (daily, install, replace) =
        (price("daily", asked.daily.as_ref()), price("install", asked.install.as_ref()), price("replace", asked.replace.as_ref()));
    let mut most = |field: &str, asked: Option<&schema::Money>| asked.map(|asked| price(field, Some(asked)));
    let first_month_cap = most("first_month_cap", asked.first_month_cap.as_ref());
    let (tag, house) = (
        most("deposit_ceiling_tag", asked.deposit_ceiling_tag.as_ref()),
        most("deposit_ceiling_house", asked.deposit_ceiling_house.as_ref()),
    );
    let class_daily = classes(fields, &named("classes"), &asked.classes);
    let ceilings = [(Regime::Tag, tag), (Regime::House, house)];
    Some(Tariff {
        version: version.into(),
        effective_from: effective_from?,
        recorded_at: None,
        daily,
        class_daily,
        install,
        replace,
        first_month_cap,
        deposit_ceiling: ceilings.into_iter().filter_map(|(regime, most)| Some((regime, most?))).collect(),
    })
}

/// A day that billing reckons with.
fn day(fields: &mut Fields, field: &str, day: NaiveDate) -> Option<Day> {
    let (year, month, of_month) = crate::calendar::solar_hijri_parts(day)?;
    let found = Day::new(year, month, of_month).ok();
    if found.is_none() && !fields.has(field) {
        fields.note(field, Wrong::NoDate, &[]);
    }
    found.filter(|_| day.year() > 1)
}

fn classes(fields: &mut Fields, field: &str, asked: &[schema::ClassPrice]) -> BTreeMap<Arc<str>, Money> {
    if asked.len() > CLASSES_MAX {
        fields.note(field, Wrong::TooMany, &[("max", CLASSES_MAX.to_string()), ("count", asked.len().to_string())]);
    }
    let mut classes = BTreeMap::new();
    for (at, class) in asked.iter().take(CLASSES_MAX).enumerate() {
        let name = fields.text(&format!("{field}[{at}].class"), &class.class, NAME_MAX);
        let price = money_asked(fields, &format!("{field}[{at}].daily"), class.daily.as_ref(), 0);
        if classes.insert(Arc::from(name), price).is_some() {
            fields.note(format!("{field}[{at}].class"), Wrong::NamedTwice, &[]);
        }
    }
    classes
}

fn tariff(row: TariffRow) -> schema::Tariff {
    let TariffRow { tariff, proposed_by, approved_by, first_approved_by } = row;
    let ceiling = |regime| tariff.deposit_ceiling.get(&regime).copied().map(money);
    let class = |(class, daily): (&Arc<str>, &Money)| schema::ClassPrice { class: class.to_string(), daily: Some(money(*daily)) };
    schema::Tariff {
        version: tariff.version.to_string(),
        effective_from: Some(date(tariff.effective_from.gregorian())),
        daily: Some(money(tariff.daily)),
        classes: tariff.class_daily.iter().map(class).collect(),
        install: Some(money(tariff.install)),
        replace: Some(money(tariff.replace)),
        first_month_cap: tariff.first_month_cap.map(money),
        deposit_ceiling_tag: ceiling(Regime::Tag),
        deposit_ceiling_house: ceiling(Regime::House),
        approved_at: tariff.recorded_at.map(|at| instant(at.utc())),
        proposed_by,
        approved_by,
        first_approved_by,
    }
}
