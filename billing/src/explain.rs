//! Why a line is as it is, from the truth it was made of.

use crate::calendar::{Day, DayRange, Month};
use crate::document::{Because, Why};
use crate::fact::{FactId, OrderId, Period};
use crate::known::Did;
use crate::rate::{Code, Fee, Key, Part, Rated};
use crate::standing::{Price, Standing};
use std::collections::BTreeSet;
use std::sync::Arc;

type Reason = (Why, Vec<FactId>, Option<Arc<str>>);

/// Why an amount and its changed days are as they are.
pub(crate) fn because(rated: &Rated, key: &Key, changed: &BTreeSet<Day>) -> Vec<Because> {
    match (&key.part, key.code) {
        (Part::Unit(_), _) => days(changed.iter().map(|day| (*day, day_reason(rated, *day)))),
        (Part::Fee(_, id), _) => vec![match rated.fees.iter().find(|fee| fee.fact == *id) {
            Some(fee) => whole(fee_reason(rated, fee)),
            None => whole((Why::NoFee, std::iter::once(id).chain(rated.corrected.get(id)).cloned().collect(), None)),
        }],
        (Part::Whole, Code::Waiver) => {
            let waivers: BTreeSet<FactId> = prices(rated, key).filter_map(|price| price.waived_by.clone()).collect();
            let why = if waivers.is_empty() { Why::NoWaiver } else { Why::Waived };
            let ended =
                rated.withdrawn.iter().filter(|was| was.did == Did::Waiver && touches(&was.period, key.month)).map(|was| was.by.clone());
            vec![whole((why, waivers.into_iter().chain(ended).collect(), None))]
        }
        (Part::Whole, _) => {
            let why = if rated.items.contains_key(key) { Why::Capped } else { Why::NotCapped };
            vec![whole((why, vec![], rated.caps.get(&key.order).cloned()))]
        }
    }
}

/// Why the days of a month on which a tag was fitted and that cost nothing are free: what a bill leaves out is explained too.
pub(crate) fn free_days(rated: &Rated, order: &OrderId, month: Month) -> Vec<Because> {
    let of_month = rated.days.range(month.first_day()..=month.last_day());
    let free = of_month.filter(|(_, standing)| !matches!(standing, Standing::Billable { .. }) && standing.order() == Some(order));
    days(free.map(|(day, _)| (*day, day_reason(rated, *day))))
}

/// Whether the price of a day is otherwise without it.
const fn is_felt(did: Did, price: &Price) -> bool {
    match did {
        Did::Free => true,
        Did::Class => price.class.is_none(),
        Did::Waiver => false,
    }
}

fn touches(period: &Period, month: Month) -> bool {
    period.from.day() <= month.last_day() && period.to.is_none_or(|to| to.day() >= month.first_day())
}

fn prices<'a>(rated: &'a Rated, key: &'a Key) -> impl Iterator<Item = &'a Price> {
    let days = rated.days.iter().filter_map(|(day, standing)| match standing {
        Standing::Billable { order, price } if *order == key.order && day.month() == key.month => Some(price),
        _ => None,
    });
    let fees = rated.fees.iter().filter(|fee| fee.order == key.order && fee.at.day().month() == key.month).map(|fee| &fee.price);
    days.chain(fees)
}

fn fee_reason(rated: &Rated, fee: &Fee) -> Reason {
    let facts = std::iter::once(&fee.fact).chain(rated.corrected.get(&fee.fact)).chain(&fee.price.waived_by).cloned().collect();
    (Why::Chargeable, facts, fee.price.tariff.clone())
}

fn day_reason(rated: &Rated, day: Day) -> Reason {
    match rated.days.get(&day) {
        Some(Standing::Billable { price, .. }) => {
            let back = rated.withdrawn.iter().filter(|was| was.period.holds_at_end_of(day) && is_felt(was.did, price));
            let facts = price.class.iter().chain(&price.waived_by).chain(back.map(|was| &was.by)).cloned().collect();
            (Why::Used, facts, price.tariff.clone())
        }
        Some(Standing::Leave { by, .. }) => (Why::Leave, vec![by.clone()], None),
        Some(Standing::Suspended { by, .. }) => (Why::Suspended, vec![by.clone()], None),
        Some(Standing::BilledElsewhere { by, .. }) => (Why::BilledElsewhere, vec![by.clone()], None),
        Some(Standing::NotFitted { removed_by }) => (Why::NotFitted, removed_by.iter().cloned().collect(), None),
        None => (Why::NotFitted, vec![], None),
    }
}

fn whole((why, events, tariff): Reason) -> Because {
    Because { days: None, why, events, tariff }
}

/// Neighbours with the same reason become one range.
fn days(reasons: impl Iterator<Item = (Day, Reason)>) -> Vec<Because> {
    let mut found: Vec<Because> = Vec::new();
    for (day, reason) in reasons {
        let same = |last: &&mut Because| {
            let next_day = last.days.is_some_and(|range| day.days_since(range.last) == 1);
            next_day && (last.why, &last.events, &last.tariff) == (reason.0, &reason.1, &reason.2)
        };
        match found.last_mut().filter(same) {
            Some(last) => last.days = last.days.map(|range| DayRange { last: day, ..range }),
            None => found.push(Because { days: Some(DayRange { first: day, last: day }), ..whole(reason) }),
        }
    }
    found
}
