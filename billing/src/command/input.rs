//! Reads a case file. Keys that begin with `_` are comments; any other unknown key is an error, so that a slip of the hand never bills.

use super::error::{CaseError, amount_range};
use super::event::{read_event, resolve};
use crate::calendar::Moment;
use crate::fact::{Fact, What};
use crate::money::Money;
use crate::policy::Policy;
use crate::replay::Timeline;
use crate::tariff::{Regime, Tariff, Tariffs};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// Most events of a case. More are refused: a case is one person's timeline.
pub const EVENTS_MAX: usize = 5_000;

/// Longest time from the first installation to `as_of`, years. A longer one is refused as a slip of the hand.
pub const YEARS_MAX: i64 = 30;

/// Largest amount of a case, minor units. A larger one is refused as a slip of the hand; sums of [`EVENTS_MAX`] of them still fit.
pub const AMOUNT_MAX: i64 = 100_000_000_000_000;

/// A case file, read and checked.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name.
    pub name: Option<String>,
    /// What is computed.
    pub timeline: Timeline,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Option<String>,
    as_of: String,
    #[serde(default)]
    policy: Option<Value>,
    #[serde(default)]
    tariffs: Option<Vec<Value>>,
    events: Vec<Map<String, Value>>,
}

impl Case {
    /// Reads a case file of the billing policy.
    ///
    /// # Errors
    /// If it is not as the format says: the error names the event and what to do.
    pub fn parse(text: &str) -> Result<Self, CaseError> {
        let value: Value = serde_json::from_str(text).map_err(|error| CaseError::Shape(error.to_string()))?;
        let file: File = typed(without_comments(value)).map_err(CaseError::Shape)?;
        let policy: Policy = file.policy.map(typed).transpose().map_err(CaseError::Policy)?.unwrap_or_default();
        policy.check()?;
        let tariffs = file.tariffs.map(read_tariffs).transpose()?.unwrap_or_default();
        let as_of = file.as_of.parse().map_err(CaseError::AsOf)?;
        let facts = read_events(file.events)?;
        check_length(&facts, as_of)?;
        Ok(Self { name: file.case, timeline: Timeline { facts, tariffs, policy, as_of } })
    }
}

fn check_length(facts: &[Fact], as_of: Moment) -> Result<(), CaseError> {
    let installed = facts.iter().filter(|fact| matches!(fact.what, What::Install { .. })).map(|fact| fact.what.at()).min();
    match installed {
        Some(at) if as_of.day().days_since(at.day()) > YEARS_MAX * 366 => Err(CaseError::TooLong(at)),
        _ => Ok(()),
    }
}

fn read_events(events: Vec<Map<String, Value>>) -> Result<Vec<Fact>, CaseError> {
    if events.len() > EVENTS_MAX {
        return Err(CaseError::TooMany(events.len()));
    }
    let (mut facts, mut ids) = (Vec::new(), HashSet::new());
    for (place, event) in events.into_iter().enumerate() {
        let number = place + 1;
        let kind_name = event.get("type").and_then(Value::as_str).map(str::to_owned);
        let fact: Fact = read_event(number, event).map_err(|why| CaseError::Event { number, kind_name, why })?;
        if !ids.insert(fact.id.to_string()) {
            return Err(CaseError::Twice(number, fact.id.to_string()));
        }
        facts.push(fact);
    }
    resolve(&mut facts);
    Ok(facts)
}

/// From JSON to a type; the error in words.
pub(super) fn typed<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}

fn without_comments(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let kept = object.into_iter().filter(|(key, _)| !key.starts_with('_'));
            Value::Object(kept.map(|(key, value)| (key, without_comments(value))).collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(without_comments).collect()),
        other => other,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TariffRow {
    version: Arc<str>,
    effective_from: String,
    recorded_at: Option<String>,
    daily: i64,
    #[serde(default)]
    class_daily: BTreeMap<Arc<str>, i64>,
    install: i64,
    replace: i64,
    #[serde(default)]
    first_month_cap: Option<i64>,
    #[serde(default)]
    deposit_ceiling: BTreeMap<Regime, i64>,
}

fn read_tariffs(rows: Vec<Value>) -> Result<Tariffs, CaseError> {
    let read = |(place, row)| typed(row).and_then(read_tariff).map_err(|why| CaseError::Tariff(place + 1, why));
    Ok(Tariffs::new(rows.into_iter().enumerate().map(read).collect::<Result<_, _>>()?)?)
}

fn read_tariff(row: TariffRow) -> Result<Tariff, String> {
    Ok(Tariff {
        effective_from: row.effective_from.parse().map_err(|error| format!("effective_from: {error}"))?,
        recorded_at: row.recorded_at.map(|time| time.parse().map_err(|error| format!("recorded_at: {error}"))).transpose()?,
        daily: price(row.daily)?,
        class_daily: row.class_daily.into_iter().map(|(class, daily)| Ok((class, price(daily)?))).collect::<Result<_, String>>()?,
        install: price(row.install)?,
        replace: price(row.replace)?,
        first_month_cap: row.first_month_cap.map(price).transpose()?,
        deposit_ceiling: row.deposit_ceiling.into_iter().map(|(regime, most)| Ok((regime, price(most)?))).collect::<Result<_, String>>()?,
        version: row.version,
    })
}

fn price(amount: i64) -> Result<Money, String> {
    if (0..=AMOUNT_MAX).contains(&amount) { Ok(Money::rials(amount)) } else { Err(amount_range(amount, 0)) }
}

/// An amount of money that moves: more than nothing.
pub(super) fn amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Money, D::Error> {
    let amount = i64::deserialize(deserializer)?;
    if (1..=AMOUNT_MAX).contains(&amount) { Ok(Money::rials(amount)) } else { Err(D::Error::custom(amount_range(amount, 1))) }
}

/// An amount that may be missing or nothing.
pub(super) fn optional_amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Money>, D::Error> {
    Option::<i64>::deserialize(deserializer)?.map(price).transpose().map_err(D::Error::custom)
}

/// A time.
pub(super) fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Moment, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

/// A time that may be missing.
pub(super) fn optional_moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Moment>, D::Error> {
    Option::<String>::deserialize(deserializer)?.map(|text| text.parse().map_err(D::Error::custom)).transpose()
}
