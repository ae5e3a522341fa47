//! Reads one event of a case file.

use super::input::{amount, moment, optional_amount, optional_moment, typed};
use crate::calendar::Moment;
use crate::fact::{Covered, Fact, FactId, Period, What};
use crate::money::Money;
use crate::tariff::Regime;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::sync::Arc;

/// Reads an event; `number` is its place in the file, from 1.
pub(super) fn read_event(number: usize, mut event: Map<String, Value>) -> Result<Fact, String> {
    let kind = match event.remove("type") {
        Some(Value::String(kind)) => kind,
        _ => return Err("\"type\" is missing: write \"install\", \"remove\", \"leave\", ...".to_owned()),
    };
    let id = event.remove("id").map(typed::<String>).transpose().map_err(|error| format!("id: {error}"))?;
    let recorded_at = event.remove("recorded_at").filter(|time| !time.is_null());
    let recorded_at: Option<Moment> = recorded_at
        .map(|time| typed::<String>(time).and_then(|text| text.parse().map_err(|error| format!("{error}"))))
        .transpose()
        .map_err(|error| format!("recorded_at: {error}"))?;
    let (name, what) = read_what(&kind, Value::Object(event))?;
    let id = id.map_or(FactId::Place(number, name), |id| FactId::Name(id.into()));
    Ok(Fact { id, recorded_at: recorded_at.unwrap_or(what.at()), what })
}

fn read_what(kind: &str, event: Value) -> Result<(&'static str, What), String> {
    Ok(match kind {
        "install" => ("install", typed::<Install>(event)?.into()),
        "remove" => ("remove", What::Remove { at: typed::<At>(event)?.at }),
        "leave" => ("leave", What::Leave(typed::<Span>(event)?.period()?)),
        "suspend" => ("suspend", What::Suspend(typed::<Span>(event)?.period()?)),
        "replace" => {
            let Replace { at, chargeable } = typed(event)?;
            ("replace", What::Replace { at, chargeable })
        }
        "regime" => {
            let Change { at, regime, deposit_required } = typed(event)?;
            ("regime", What::Regime { at, regime, deposit_required })
        }
        "class" => {
            let Class { from, to, class } = typed(event)?;
            ("class", What::Class { period: Span { from, to }.period()?, class })
        }
        "waiver" => ("waiver", typed::<Waiver>(event)?.what()?),
        "cancel" => {
            let Cancel { reference, at } = typed(event)?;
            ("cancel", What::Cancel { at, fact: FactId::Name(reference) })
        }
        "fee" => {
            let Fee { reference, at, chargeable } = typed(event)?;
            ("fee", What::Fee { at, of: FactId::Name(reference), chargeable })
        }
        "run" => ("run", What::Run { at: typed::<At>(event)?.at }),
        "payment" => {
            let Payment { at, amount, reference, invoice } = typed(event)?;
            // An empty one is none: two of them are not the same payment.
            let reference = reference.filter(|reference| !reference.is_empty());
            ("payment", What::Payment { at, amount, reference, invoice })
        }
        "refund" => typed(event).map(|Sum { at, amount }| ("refund", What::Refund { at, amount }))?,
        "deposit_payment" => typed(event).map(|Sum { at, amount }| ("deposit_payment", What::DepositPayment { at, amount }))?,
        "deposit_return" => typed(event).map(|Return { at, amount }| ("deposit_return", What::DepositReturn { at, amount }))?,
        "damage" => typed(event).map(|Sum { at, amount }| ("damage", What::Damage { at, amount }))?,
        "void" => typed(event).map(|Void { at, invoice }| ("void", What::Void { at, invoice }))?,
        other => {
            return Err(format!(
                "the type \"{other}\" is unknown: write install, remove, leave, suspend, replace, regime, class, waiver, fee, cancel, run, payment, \
                 refund, deposit_payment, deposit_return, damage or void"
            ));
        }
    })
}

/// Cancellations and decisions about fees name events as the file shows them; an event without an id of its own is named by its type and place.
pub(super) fn resolve(facts: &mut [Fact]) {
    let ids: std::collections::HashMap<String, FactId> = facts.iter().map(|fact| (fact.id.to_string(), fact.id.clone())).collect();
    for fact in facts {
        if let What::Cancel { fact: target, .. } | What::Fee { of: target, .. } = &mut fact.what
            && let Some(id) = ids.get(&target.to_string())
        {
            *target = id.clone();
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Install {
    #[serde(deserialize_with = "moment")]
    at: Moment,
    order: Arc<str>,
    #[serde(default)]
    regime: Regime,
    #[serde(default = "yes")]
    chargeable: bool,
    #[serde(default, deserialize_with = "optional_amount")]
    deposit_required: Option<Money>,
}

impl From<Install> for What {
    fn from(event: Install) -> Self {
        let Install { at, order, regime, chargeable, deposit_required } = event;
        Self::Install { at, order, regime, chargeable, deposit_required }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct At {
    #[serde(deserialize_with = "moment")]
    at: Moment,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Span {
    #[serde(deserialize_with = "moment")]
    from: Moment,
    #[serde(default, deserialize_with = "optional_moment")]
    to: Option<Moment>,
}

impl Span {
    fn period(self) -> Result<Period, String> {
        match self.to {
            Some(to) if to < self.from => Err(format!("it ends at {to}, before it begins at {}: correct \"from\" or \"to\"", self.from)),
            to => Ok(Period { from: self.from, to }),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Replace {
    #[serde(deserialize_with = "moment")]
    at: Moment,
    #[serde(default = "yes")]
    chargeable: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    #[serde(deserialize_with = "moment")]
    at: Moment,
    regime: Regime,
    #[serde(default, deserialize_with = "optional_amount")]
    deposit_required: Option<Money>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Class {
    #[serde(deserialize_with = "moment")]
    from: Moment,
    #[serde(default, deserialize_with = "optional_moment")]
    to: Option<Moment>,
    class: Arc<str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Waiver {
    #[serde(deserialize_with = "moment")]
    from: Moment,
    #[serde(default, deserialize_with = "optional_moment")]
    to: Option<Moment>,
    percent: u8,
    #[serde(default = "daily")]
    covers: Vec<Covered>,
}

impl Waiver {
    fn what(self) -> Result<What, String> {
        if self.percent > 100 {
            return Err(format!("percent is {}: write 0 to 100", self.percent));
        }
        Ok(What::Waiver { period: Span { from: self.from, to: self.to }.period()?, percent: self.percent, covers: self.covers })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cancel {
    #[serde(rename = "ref")]
    reference: Arc<str>,
    #[serde(deserialize_with = "moment")]
    at: Moment,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fee {
    #[serde(rename = "ref")]
    reference: Arc<str>,
    #[serde(deserialize_with = "moment")]
    at: Moment,
    chargeable: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payment {
    #[serde(deserialize_with = "moment")]
    at: Moment,
    #[serde(deserialize_with = "amount")]
    amount: Money,
    #[serde(default, rename = "ref")]
    reference: Option<Arc<str>>,
    #[serde(default)]
    invoice: Option<Arc<str>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sum {
    #[serde(deserialize_with = "moment")]
    at: Moment,
    #[serde(deserialize_with = "amount")]
    amount: Money,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Return {
    #[serde(deserialize_with = "moment")]
    at: Moment,
    #[serde(default, deserialize_with = "optional_amount")]
    amount: Option<Money>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Void {
    #[serde(deserialize_with = "moment")]
    at: Moment,
    invoice: Arc<str>,
}

fn yes() -> bool {
    true
}

fn daily() -> Vec<Covered> {
    vec![Covered::Daily]
}
