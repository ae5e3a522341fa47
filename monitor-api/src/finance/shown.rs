//! Days, months and units as answers show them, and as requests name them.

use crate::fields::{Fields, date};
use crate::language::{Language, current};
use crate::reason::{Reason, Wrong};
use crate::status::refusal;
use access::Caller;
use billing::calendar::{self, Day, FIRST_YEAR, LAST_YEAR, Moment};
use billing::page;
use chrono::{DateTime, Utc};
use proto::billing as schema;
use proto::enrolment::Date;
use std::collections::BTreeMap;
use store::{AsOf, StatisticsUnit, Store, StoreError};
use tonic::{Code, Status};

/// Longest code of a unit, characters.
pub(super) const UNIT_MAX: usize = 40;

/// Entries of a page unless it says otherwise, and at most.
const PAGE: u32 = 100;
const PAGE_MAX: u32 = 1000;

/// How many entries a page has.
pub(super) fn page_asked(fields: &mut Fields, size: u32) -> u32 {
    if size > PAGE_MAX {
        fields.note("page_size", Wrong::AboveMax, &[("max", PAGE_MAX.to_string()), ("value", size.to_string())]);
    }
    if size == 0 { PAGE } else { size }
}

pub(super) fn day(day: Day) -> Date {
    date(day.gregorian())
}

pub(super) fn range(range: &calendar::DayRange) -> schema::DayRange {
    schema::DayRange { first: Some(day(range.first)), last: Some(day(range.last)) }
}

pub(super) fn ranges(ranges: &[calendar::DayRange]) -> Vec<schema::DayRange> {
    ranges.iter().map(range).collect()
}

pub(super) fn month(month: calendar::Month) -> schema::SolarMonth {
    schema::SolarMonth { year: month.year(), month: i32::from(month.month()) }
}

pub(super) fn instant(at: Moment) -> prost_types::Timestamp {
    crate::accounts::instant(at.utc())
}

/// What facts are, in the caller's language; of one that nothing is known of, its name.
pub(super) fn facts_in_words(names: impl Iterator<Item = String>, facts: &BTreeMap<String, page::FactSaid>) -> Vec<String> {
    let words = page::Words::of(page_language(current()));
    names.map(|name| facts.get(&name).map(|said| words.said(said)).unwrap_or(name)).collect()
}

/// The language that is wished, else the call's.
pub(super) fn language(wished: i32) -> Language {
    match schema::DocumentLanguage::try_from(wished) {
        Ok(schema::DocumentLanguage::Persian) => Language::Persian,
        Ok(schema::DocumentLanguage::English) => Language::English,
        _ => current(),
    }
}

/// The same for pages.
pub(super) const fn page_language(language: Language) -> page::Language {
    match language {
        Language::Persian => page::Language::Persian,
        Language::English => page::Language::English,
    }
}

/// The name of a unit.
pub(super) fn unit_name(unit: &StatisticsUnit, language: Language) -> &str {
    if language == Language::Persian { &unit.name_fa } else { &unit.name_en }
}

/// A month that is asked for; what is wrong with it is noted.
pub(super) fn month_asked(fields: &mut Fields, field: &str, asked: Option<&schema::SolarMonth>) -> Option<calendar::Month> {
    let asked = asked?;
    let mut within = |part: &str, number: i32, range: std::ops::RangeInclusive<i32>| {
        if !range.contains(&number) {
            let args = [("min", range.start().to_string()), ("max", range.end().to_string()), ("value", number.to_string())];
            fields.note(format!("{field}.{part}"), Wrong::OutOfRange, &args);
        }
    };
    within("year", asked.year, FIRST_YEAR..=LAST_YEAR);
    within("month", asked.month, 1..=12);
    Day::new(asked.year, u8::try_from(asked.month).ok()?, 1).ok().map(Day::month)
}

/// An instant that is not in the future; absent = now.
pub(super) fn past_instant(fields: &mut Fields, field: &str, asked: Option<&prost_types::Timestamp>, now: DateTime<Utc>) -> DateTime<Utc> {
    let at = fields.optional_instant(field, asked).unwrap_or(now);
    if at > now {
        fields.note(field, Wrong::InFuture, &[]);
    } else if !fields.has(field) && Moment::try_from(at).is_err() {
        fields.note(field, Wrong::VeryLongAgo, &[]);
    }
    at
}

/// A day that is not in the future; absent = up to now.
pub(super) fn as_of(fields: &mut Fields, asked: Option<&Date>, now: DateTime<Utc>) -> Result<AsOf, Status> {
    let today = AsOf::instant(now).map_err(|error| crate::alerts::store_failed("as of", &error))?;
    let Some(asked) = fields.optional_date("day", asked) else { return Ok(today) };
    Ok(match Day::try_from(asked) {
        Ok(day) if day > today.day => {
            fields.note("day", Wrong::InFuture, &[]);
            today
        }
        Ok(day) if day == today.day => today,
        Ok(day) => AsOf::end_of(day),
        Err(_) => {
            fields.note("day", Wrong::VeryLongAgo, &[]);
            today
        }
    })
}

/// The unit and everything below it within the caller's reach; empty = everything within reach.
pub(super) async fn units(store: &Store, caller: &Caller, unit: &str) -> Result<Vec<StatisticsUnit>, Status> {
    let failed = |error: StoreError| crate::alerts::store_failed("units", &error);
    let units = store.statistics_units(caller, unit).await.map_err(failed)?;
    // A unit above the caller's is none of the caller's, though some below it are.
    if units.is_empty() || (!unit.is_empty() && !units.iter().any(|one| one.code == unit)) {
        return Err(refusal(Code::NotFound, Reason::UnknownUnit, &[]));
    }
    Ok(units)
}

/// Their numbers.
pub(super) fn unit_ids(units: &[StatisticsUnit]) -> Vec<i64> {
    units.iter().map(|unit| unit.unit_id).collect()
}
