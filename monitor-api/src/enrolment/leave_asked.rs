//! What callers ask about leave, checked field by field.

use super::leave_refused::warning_of;
use crate::fields::{Fields, REASON_MAX, REFERENCE_MAX};
use crate::reason::Wrong;
use chrono::{DateTime, TimeDelta, Utc};
use enrolment::leave::{BATCH_WEARERS_MAX, DAYS_AHEAD_MAX, DAYS_BACK_MAX, LeaveAct, LeaveKind, LeaveState, LeaveTerms, LeaveWarning};
use proto::enrolment as schema;
use proto::enrolment::prepare_leave_batch_request::Who;
use std::collections::HashMap;
use store::{BatchApproval, BatchMode, LeaveApproval, LeaveChoice, LeaveEnd, LeaveFilter, NewLeave, NewLeaveBatch, ReturnFilter};
use tonic::Status;

/// Longest page.
const PAGE_MAX: u32 = 1000;
const PAGE: u32 = 100;

/// Longest span of ends of leave that is looked at, days.
const RETURNS_DAYS_MAX: i64 = 31;

pub(super) const LEGAL_BASES: [&str; 5] = ["ipc_62", "cpc_553", "cpc_217", "bylaw_191", "other"];
pub(super) const REGIMES: [&str; 2] = ["tag", "house"];

pub(super) fn request_asked(asked: &schema::RequestLeaveRequest, now: DateTime<Utc>) -> Result<NewLeave, Status> {
    let mut fields = Fields::default();
    let wearer = fields.text("wearer", &asked.wearer, REFERENCE_MAX);
    let terms = terms(&mut fields, (asked.from.as_ref(), asked.to.as_ref()), asked.kind(), now);
    let purpose = fields.text("purpose", &asked.purpose, REASON_MAX);
    let late_reason = fields.optional_text("late_reason", &asked.late_reason, REASON_MAX);
    fields.check()?;
    Ok(NewLeave { wearer, terms, exclusion: asked.exclusion, purpose, late_reason })
}

pub(super) fn approve_asked(asked: &schema::ApproveLeaveRequest) -> Result<LeaveApproval, Status> {
    let mut fields = Fields::default();
    let decision = fields.decision("decision", asked.decision.as_ref());
    let warnings_read = warnings(&mut fields, "warnings_read", &asked.warnings_read);
    let late_reason = fields.optional_text("late_reason", &asked.late_reason, REASON_MAX);
    fields.check()?;
    let schema::ApproveLeaveRequest { leave_id, expected_version, exclusion, .. } = *asked;
    Ok(LeaveApproval { leave_id, expected_version, decision, exclusion, warnings_read, late_reason })
}

pub(super) fn refuse_asked(asked: &schema::RefuseLeaveRequest) -> Result<(store::Decision, String), Status> {
    let mut fields = Fields::default();
    let decision = fields.decision("decision", asked.decision.as_ref());
    let reason = fields.text("reason", &asked.reason, REASON_MAX);
    fields.check()?;
    Ok((decision, reason))
}

pub(super) fn withdraw_asked(asked: &schema::WithdrawLeaveRequest) -> Result<LeaveEnd, Status> {
    let act = if asked.never_granted { LeaveAct::Annul } else { LeaveAct::Withdraw };
    Ok(LeaveEnd { leave_id: asked.leave_id, expected_version: asked.expected_version, act, reason: reason(&asked.reason)? })
}

pub(super) fn end_early_asked(asked: &schema::EndLeaveEarlyRequest) -> Result<LeaveEnd, Status> {
    let reason = reason(&asked.reason)?;
    Ok(LeaveEnd { leave_id: asked.leave_id, expected_version: asked.expected_version, act: LeaveAct::EndEarly, reason })
}

/// A reason that must be there.
pub(super) fn reason(text: &str) -> Result<String, Status> {
    let mut fields = Fields::default();
    let reason = fields.text("reason", text, REASON_MAX);
    fields.check()?;
    Ok(reason)
}

pub(super) fn list_asked(asked: &schema::ListLeavesRequest) -> Result<LeaveFilter, Status> {
    let mut fields = Fields::default();
    let wearer = fields.optional_text("wearer", &asked.wearer, REFERENCE_MAX);
    let unit = fields.optional_text("unit", &asked.unit, REFERENCE_MAX);
    let from = fields.optional_instant("from", asked.from.as_ref());
    let to = fields.optional_instant("to", asked.to.as_ref());
    if let (Some(from), Some(to)) = (from, to) {
        fields.order(from, to);
    }
    let mut states = Vec::new();
    for (at, &number) in asked.states.iter().enumerate() {
        match state_of(number) {
            Some(state) => states.push(state),
            None => fields.note(format!("states[{at}]"), Wrong::UnknownChoice, &[("value", number.to_string())]),
        }
    }
    let limit = page(&mut fields, asked.page_size);
    fields.check()?;
    Ok(LeaveFilter { wearer, unit, states, from, to, before: asked.before_leave_id, limit })
}

pub(super) fn returns_asked(asked: &schema::ListReturnsRequest) -> Result<ReturnFilter, Status> {
    let mut fields = Fields::default();
    let unit = fields.optional_text("unit", &asked.unit, REFERENCE_MAX);
    let (from, to) = (fields.instant("from", asked.from.as_ref()), fields.instant("to", asked.to.as_ref()));
    fields.order(from, to);
    if to - from > TimeDelta::days(RETURNS_DAYS_MAX) {
        fields.note("to", Wrong::SpanTooLong, &[("days", RETURNS_DAYS_MAX.to_string())]);
    }
    let after = return_token_read(&asked.page_token);
    if after.is_none() {
        fields.note("page_token", Wrong::PageTokenForeign, &[]);
    }
    let limit = page(&mut fields, asked.page_size);
    fields.check()?;
    Ok(ReturnFilter { unit, from, to, missing_only: asked.missing_only, after: after.unwrap_or_default(), limit })
}

/// Where the next page of returns begins: an end of leave in microseconds, and a number.
pub(super) fn return_token((ended_at, leave_id): (DateTime<Utc>, i64)) -> String {
    format!("{}-{leave_id}", ended_at.timestamp_micros())
}

fn return_token_read(token: &str) -> Option<(DateTime<Utc>, i64)> {
    if token.is_empty() {
        return Some((DateTime::UNIX_EPOCH, 0));
    }
    let (micros, leave_id) = token.split_once('-')?;
    Some((DateTime::from_timestamp_micros(micros.parse().ok()?)?, leave_id.parse().ok()?))
}

pub(super) fn prepare_asked(asked: &schema::PrepareLeaveBatchRequest, now: DateTime<Utc>) -> Result<NewLeaveBatch, Status> {
    let mut fields = Fields::default();
    let choice = choice(&mut fields, asked.who.as_ref());
    let terms = terms(&mut fields, (asked.from.as_ref(), asked.to.as_ref()), asked.kind(), now);
    let purpose = fields.text("purpose", &asked.purpose, REASON_MAX);
    let late_reason = fields.optional_text("late_reason", &asked.late_reason, REASON_MAX);
    let decision = fields.decision("decision", asked.decision.as_ref());
    fields.check()?;
    Ok(NewLeaveBatch { choice, terms, exclusion: asked.exclusion, purpose, late_reason, decision })
}

pub(super) fn approve_batch_asked(asked: &schema::ApproveLeaveBatchRequest) -> Result<BatchApproval, Status> {
    let mut fields = Fields::default();
    let mode = match asked.mode() {
        schema::LeaveBatchMode::AllOrNothing => BatchMode::AllOrNothing,
        schema::LeaveBatchMode::PerPerson => BatchMode::PerPerson,
        schema::LeaveBatchMode::Unspecified => {
            fields.note("mode", Wrong::UnknownChoice, &[("value", asked.mode.to_string())]);
            BatchMode::AllOrNothing
        }
    };
    let mut warnings_read = HashMap::new();
    for (at, read) in asked.warnings_read.iter().enumerate() {
        let warnings = warnings(&mut fields, &format!("warnings_read[{at}].warnings"), &read.warnings);
        warnings_read.insert(read.wearer.clone(), warnings);
    }
    let late_reason = fields.optional_text("late_reason", &asked.late_reason, REASON_MAX);
    fields.check()?;
    let schema::ApproveLeaveBatchRequest { batch_id, expected_version, exclusion, .. } = *asked;
    Ok(BatchApproval { batch_id, expected_version, mode, exclusion, warnings_read, late_reason })
}

/// Which page of a batch: the place after which it begins, and its length.
pub(super) fn batch_page_asked(asked: &schema::GetLeaveBatchRequest) -> Result<(i32, u32), Status> {
    let mut fields = Fields::default();
    let limit = page(&mut fields, asked.page_size);
    fields.check()?;
    Ok((i32::try_from(asked.after).unwrap_or(i32::MAX), limit))
}

fn terms(
    fields: &mut Fields,
    (from, to): (Option<&prost_types::Timestamp>, Option<&prost_types::Timestamp>),
    kind: schema::LeaveKind,
    now: DateTime<Utc>,
) -> LeaveTerms {
    let (from, to) = (fields.instant("from", from), fields.instant("to", to));
    fields.order(from, to);
    if from - now > TimeDelta::days(DAYS_AHEAD_MAX) {
        fields.note("from", Wrong::TooFarAhead, &[("days", DAYS_AHEAD_MAX.to_string())]);
    }
    if now - from > TimeDelta::days(DAYS_BACK_MAX) && from != DateTime::<Utc>::default() {
        fields.note("from", Wrong::TooLongAgo, &[("days", DAYS_BACK_MAX.to_string())]);
    }
    let kind = match kind {
        schema::LeaveKind::Overnight => LeaveKind::Overnight,
        schema::LeaveKind::Hours => LeaveKind::Hours,
        schema::LeaveKind::Unspecified => {
            fields.note("kind", Wrong::Missing, &[]);
            LeaveKind::Hours
        }
    };
    LeaveTerms { from, to, kind }
}

fn choice(fields: &mut Fields, who: Option<&Who>) -> LeaveChoice {
    match who {
        Some(Who::List(list)) => {
            if list.wearers.len() > BATCH_WEARERS_MAX {
                let args = [("max", BATCH_WEARERS_MAX.to_string()), ("value", list.wearers.len().to_string())];
                fields.note("list.wearers", Wrong::AboveMax, &args);
            }
            let mut reference = |(at, wearer): (usize, &String)| fields.text(&format!("list.wearers[{at}]"), wearer, REFERENCE_MAX);
            LeaveChoice::List(list.wearers.iter().take(BATCH_WEARERS_MAX).enumerate().map(&mut reference).collect())
        }
        Some(Who::Unit(chosen)) => {
            let unit = fields.text("unit.unit", &chosen.unit, REFERENCE_MAX);
            for (field, value, known) in
                [("unit.legal_basis", &chosen.legal_basis, &LEGAL_BASES[..]), ("unit.regime", &chosen.regime, &REGIMES[..])]
            {
                if !value.is_empty() && !known.contains(&value.as_str()) {
                    fields.note(field, Wrong::UnknownChoice, &[("value", value.clone())]);
                }
            }
            LeaveChoice::Unit { unit, legal_basis: chosen.legal_basis.clone(), regime: chosen.regime.clone() }
        }
        None => {
            fields.note("list.wearers", Wrong::Missing, &[]);
            LeaveChoice::List(Vec::new())
        }
    }
}

fn warnings(fields: &mut Fields, field: &str, codes: &[String]) -> Vec<LeaveWarning> {
    let mut warnings = Vec::new();
    for (at, code) in codes.iter().enumerate() {
        match warning_of(code) {
            Some(warning) => warnings.push(warning),
            None => fields.note(format!("{field}[{at}]"), Wrong::UnknownChoice, &[("value", code.clone())]),
        }
    }
    warnings
}

fn page(fields: &mut Fields, size: u32) -> u32 {
    if size > PAGE_MAX {
        fields.note("page_size", Wrong::AboveMax, &[("max", PAGE_MAX.to_string()), ("value", size.to_string())]);
    }
    if size == 0 { PAGE } else { size }
}

fn state_of(number: i32) -> Option<LeaveState> {
    Some(match schema::LeaveState::try_from(number).ok()? {
        schema::LeaveState::Unspecified => return None,
        schema::LeaveState::Requested => LeaveState::Requested,
        schema::LeaveState::Approved => LeaveState::Approved,
        schema::LeaveState::Refused => LeaveState::Refused,
        schema::LeaveState::Withdrawn => LeaveState::Withdrawn,
        schema::LeaveState::Shortened => LeaveState::Shortened,
    })
}
