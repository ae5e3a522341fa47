//! Reads the requests about runs.

use super::looks::Who;
use super::shown::{UNIT_MAX, month_asked, page_asked};
use super::tariffs::tariff_asked;
use crate::calendar::solar_hijri_day;
use crate::fields::{Fields, REFERENCE_MAX};
use crate::reason::Wrong;
use billing::calendar::Month;
use billing::command::bill_case;
use chrono::{DateTime, TimeDelta, Utc};
use proto::billing as schema;
use proto::billing::start_run_request;
use store::Alternative;
use tonic::Status;

/// A preview looks at most so far ahead: every month's beginning within it.
const PREVIEW_DAYS_AHEAD_MAX: i64 = 62;

/// Months of a "what if" at most.
const MONTHS_MAX: usize = 24;

/// Longest switches of a policy, characters.
pub(super) const POLICY_MAX: usize = 2000;

/// Longest case, characters.
const CASE_MAX: usize = 60 * 1024;

/// Whom a run is for.
pub(super) fn start_asked(asked: schema::StartRunRequest) -> Result<start_run_request::Who, Status> {
    let mut fields = Fields::default();
    let who = match asked.who {
        Some(start_run_request::Who::Wearer(wearer)) => start_run_request::Who::Wearer(fields.text("wearer", &wearer, REFERENCE_MAX)),
        Some(start_run_request::Who::Unit(unit)) => start_run_request::Who::Unit(fields.optional_text("unit", &unit, UNIT_MAX)),
        None => start_run_request::Who::Unit(String::new()),
    };
    fields.check()?;
    Ok(who)
}

/// Where the page begins, and its length.
pub(super) fn runs_asked(asked: &schema::ListRunsRequest) -> Result<(i64, i64), Status> {
    let mut fields = Fields::default();
    let limit = i64::from(page_asked(&mut fields, asked.page_size));
    fields.check()?;
    Ok((if asked.before_run_id == 0 { i64::MAX } else { asked.before_run_id }, limit))
}

/// Whose run to preview, and at which instant.
pub(super) fn preview_asked(asked: schema::PreviewRunRequest, now: DateTime<Utc>) -> Result<(Who, DateTime<Utc>), Status> {
    let mut fields = Fields::default();
    let at = fields.optional_instant("at", asked.at.as_ref()).unwrap_or(now);
    if at - now > TimeDelta::days(PREVIEW_DAYS_AHEAD_MAX) {
        fields.note("at", Wrong::TooFarAhead, &[("days", PREVIEW_DAYS_AHEAD_MAX.to_string())]);
    }
    let who = match asked.who {
        Some(schema::preview_run_request::Who::Wearer(wearer)) => Who::Wearer(fields.text("wearer", &wearer, REFERENCE_MAX)),
        Some(schema::preview_run_request::Who::Unit(unit)) => Who::Unit(fields.optional_text("unit", &unit, UNIT_MAX)),
        None => Who::Unit(String::new()),
    };
    fields.check()?;
    Ok((who, at))
}

/// A month that must be there.
fn month(fields: &mut Fields, field: &str, asked: Option<&schema::SolarMonth>) -> Option<Month> {
    if asked.is_none() {
        fields.note(field, Wrong::Missing, &[]);
    }
    month_asked(fields, field, asked)
}

/// Over whom, over which months, and by what instead.
pub(super) fn what_if_asked(asked: schema::WhatIfRequest) -> Result<(String, (Month, Month), Alternative), Status> {
    let mut fields = Fields::default();
    let unit = fields.optional_text("unit", &asked.unit, UNIT_MAX);
    let months = (month(&mut fields, "from", asked.from.as_ref()), month(&mut fields, "to", asked.to.as_ref()));
    if let (Some(from), Some(to)) = months {
        let count =
            std::iter::successors(Some(from), |month| Some(month.next())).take_while(|month| *month <= to).take(MONTHS_MAX + 1).count();
        if count == 0 {
            let from = solar_hijri_day(from.first_day().gregorian()).unwrap_or_default();
            fields.note("to", Wrong::NotAfter, &[("from", from)]);
        } else if count > MONTHS_MAX {
            fields.note("to", Wrong::AboveMax, &[("max", MONTHS_MAX.to_string()), ("value", format!("{count}+"))]);
        }
    }
    let tariff = asked.tariff.map(|tariff| tariff_asked(&mut fields, "tariff.", &tariff));
    let policy = fields.optional_text("policy", &asked.policy, POLICY_MAX);
    let policy = policy_asked(&mut fields, "policy", &policy);
    fields.check()?;
    let (Some(from), Some(to)) = months else { return Err(super::looks::broken()) };
    Ok((unit, (from, to), Alternative { tariff: tariff.flatten(), policy }))
}

/// Switches of the policy; nothing if there are none, or something is wrong with them, which is noted.
pub(super) fn policy_asked(fields: &mut Fields, field: &str, text: &str) -> Option<billing::Policy> {
    if text.is_empty() {
        return None;
    }
    let policy = serde_json::from_str::<billing::Policy>(text).map_err(|error| error.to_string());
    match policy.and_then(|policy| policy.check().map(|()| policy).map_err(|error| error.to_string())) {
        Ok(policy) => Some(policy),
        Err(error) => {
            fields.note(field, Wrong::NoPolicy, &[("error", error)]);
            None
        }
    }
}

/// Which part of the work list.
pub(super) fn work_asked(asked: schema::ListWorkRequest) -> Result<(schema::ListWorkRequest, (i64, i32), i64), Status> {
    let mut fields = Fields::default();
    let unit = fields.optional_text("unit", &asked.unit, UNIT_MAX);
    let limit = i64::from(page_asked(&mut fields, asked.page_size));
    let after = asked.page_token.split_once('.').and_then(|(wearer, place)| Some((wearer.parse().ok()?, place.parse().ok()?)));
    if after.is_none() && !asked.page_token.is_empty() {
        fields.note("page_token", Wrong::PageTokenForeign, &[]);
    }
    fields.check()?;
    Ok((schema::ListWorkRequest { unit, ..asked }, after.unwrap_or((0, -1)), limit))
}

/// Silent days that put a wearer on the list unless it says otherwise, and at most.
const SILENT_DAYS: u32 = 3;
const SILENT_DAYS_MAX: u32 = 31;

/// Which unit and month, and how many silent days put a wearer on the list.
pub(super) fn compare_asked(asked: &schema::CompareWithTagsRequest) -> Result<(String, Month, u32), Status> {
    let mut fields = Fields::default();
    let unit = fields.optional_text("unit", &asked.unit, UNIT_MAX);
    let of = month(&mut fields, "month", asked.month.as_ref());
    let least = asked.silent_days_min;
    if least > SILENT_DAYS_MAX {
        fields.note("silent_days_min", Wrong::AboveMax, &[("max", SILENT_DAYS_MAX.to_string()), ("value", least.to_string())]);
    }
    fields.check()?;
    let of = of.ok_or_else(super::looks::broken)?;
    Ok((unit, of, if least == 0 { SILENT_DAYS } else { least }))
}

/// Bills a case, or says what is wrong with it.
pub(super) fn case_asked(case: &str, explain: bool) -> Result<String, Status> {
    let mut fields = Fields::default();
    fields.text("case", case, CASE_MAX);
    let answer = bill_case(case, explain).map_err(|error| error.to_string());
    let answer = answer.and_then(|answer| serde_json::to_string_pretty(&answer).map_err(|error| error.to_string()));
    if let (Err(error), false) = (&answer, fields.has("case")) {
        fields.note("case", Wrong::NoCase, &[("error", error.clone())]);
    }
    fields.check()?;
    answer.map_err(|_| super::looks::broken())
}
