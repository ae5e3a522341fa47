//! What callers ask about relief, checked field by field.

use super::money_asked;
use super::tariffs::NAME_MAX;
use crate::enrolment::tehran_day;
use crate::fields::{AUTHORITY_MAX, Fields, REASON_MAX, REFERENCE_MAX};
use crate::reason::Wrong;
use billing::Covered;
use billing::calendar::Moment;
use chrono::{DateTime, Utc};
use prost_types::Timestamp;
use proto::billing as schema;
use proto::enrolment::Decision;
use store::{NewRelief, NoUseCause, ReliefTerms};
use tonic::Status;

pub(super) fn class_asked(asked: &schema::GrantClassRequest, now: DateTime<Utc>) -> Result<NewRelief, Status> {
    let mut fields = Fields::default();
    let wearer = fields.text("wearer", &asked.wearer, REFERENCE_MAX);
    let decision = decision_asked(&mut fields, asked.decision.as_ref(), now);
    let (from, to) = time_asked(&mut fields, (asked.from.as_ref(), asked.to.as_ref()), &decision);
    let class = fields.text("class", &asked.class, NAME_MAX);
    let found_by = fields.text("found_by", &asked.found_by, AUTHORITY_MAX);
    fields.check()?;
    Ok(NewRelief { wearer, terms: ReliefTerms::Class { from, to, class }, decision, found_by })
}

pub(super) fn waiver_asked(asked: &schema::GrantWaiverRequest, now: DateTime<Utc>) -> Result<NewRelief, Status> {
    let mut fields = Fields::default();
    let wearer = fields.text("wearer", &asked.wearer, REFERENCE_MAX);
    let decision = decision_asked(&mut fields, asked.decision.as_ref(), now);
    let (from, to) = time_asked(&mut fields, (asked.from.as_ref(), asked.to.as_ref()), &decision);
    let percent = u8::try_from(asked.percent).ok().filter(|percent| (1..=100).contains(percent));
    if percent.is_none() {
        let args = [("min", "1".to_owned()), ("max", "100".to_owned()), ("value", asked.percent.to_string())];
        fields.note("percent", Wrong::OutOfRange, &args);
    }
    let covers = covers_asked(&mut fields, &asked.covers);
    let found_by = fields.text("found_by", &asked.found_by, AUTHORITY_MAX);
    fields.check()?;
    let terms = ReliefTerms::Waiver { from, to, percent: percent.unwrap_or_default(), covers };
    Ok(NewRelief { wearer, terms, decision, found_by })
}

/// Nothing said = the daily price only (decision D22).
fn covers_asked(fields: &mut Fields, asked: &[i32]) -> Vec<Covered> {
    if asked.is_empty() {
        return vec![Covered::Daily];
    }
    let mut covers = Vec::new();
    for (at, &fee) in asked.iter().enumerate() {
        let covered = match schema::WaivedFee::try_from(fee) {
            Ok(schema::WaivedFee::Daily) => Covered::Daily,
            Ok(schema::WaivedFee::Install) => Covered::Install,
            Ok(schema::WaivedFee::Replace) => Covered::Replace,
            Ok(schema::WaivedFee::Unspecified) | Err(_) => {
                fields.note(format!("covers[{at}]"), Wrong::UnknownChoice, &[("value", fee.to_string())]);
                continue;
            }
        };
        if covers.contains(&covered) {
            fields.note(format!("covers[{at}]"), Wrong::NamedTwice, &[]);
        }
        covers.push(covered);
    }
    covers
}

/// It states a fact, so it may begin before the decision.
pub(super) fn suspension_asked(asked: &schema::GrantSuspensionRequest, now: DateTime<Utc>) -> Result<NewRelief, Status> {
    let mut fields = Fields::default();
    let wearer = fields.text("wearer", &asked.wearer, REFERENCE_MAX);
    let decision = decision_asked(&mut fields, asked.decision.as_ref(), now);
    let (from, to) = period_asked(&mut fields, (asked.from.as_ref(), asked.to.as_ref()));
    let cause = cause_asked(&mut fields, asked.cause);
    let found_by = fields.text("found_by", &asked.found_by, AUTHORITY_MAX);
    fields.check()?;
    let cause = cause.ok_or_else(super::looks::broken)?;
    Ok(NewRelief { wearer, terms: ReliefTerms::Suspension { from, to, cause }, decision, found_by })
}

/// `None` if something is wrong with it, which is noted.
fn cause_asked(fields: &mut Fields, asked: i32) -> Option<NoUseCause> {
    use schema::SuspensionCause as Asked;
    match Asked::try_from(asked) {
        Ok(Asked::Defect) => Some(NoUseCause::Defect),
        Ok(Asked::Hospital) => Some(NoUseCause::Hospital),
        Ok(Asked::Prison) => Some(NoUseCause::Prison),
        Ok(Asked::OrderedOff) => Some(NoUseCause::OrderedOff),
        Ok(Asked::WrongRecord) => Some(NoUseCause::WrongRecord),
        Ok(Asked::Unspecified) => {
            fields.note("cause", Wrong::Missing, &[]);
            None
        }
        Err(_) => {
            fields.note("cause", Wrong::UnknownChoice, &[("value", asked.to_string())]);
            None
        }
    }
}

pub(super) fn fee_asked(asked: &schema::CorrectFeeRequest, now: DateTime<Utc>) -> Result<NewRelief, Status> {
    let mut fields = Fields::default();
    let wearer = fields.text("wearer", &asked.wearer, REFERENCE_MAX);
    let reason = fields.text("reason", &asked.reason, REASON_MAX);
    let decision = decision_asked(&mut fields, asked.decision.as_ref(), now);
    let found_by = fields.text("found_by", &asked.found_by, AUTHORITY_MAX);
    fields.check()?;
    let terms = ReliefTerms::Fee { fitting_id: asked.fitting_id, chargeable: asked.chargeable, reason };
    Ok(NewRelief { wearer, terms, decision, found_by })
}

pub(super) fn deposit_asked(asked: &schema::RequireDepositRequest, now: DateTime<Utc>) -> Result<NewRelief, Status> {
    let mut fields = Fields::default();
    let wearer = fields.text("wearer", &asked.wearer, REFERENCE_MAX);
    let amount = money_asked(&mut fields, "amount", asked.amount.as_ref(), 0);
    let decision = decision_asked(&mut fields, asked.decision.as_ref(), now);
    fields.check()?;
    Ok(NewRelief { wearer, terms: ReliefTerms::Deposit(amount), found_by: decision.authority.clone(), decision })
}

/// From when on it does not hold, and why.
pub(super) fn end_asked(asked: &schema::EndReliefRequest) -> Result<(Option<DateTime<Utc>>, String), Status> {
    let mut fields = Fields::default();
    let at = asked.at.as_ref().map(|at| reckoned(&mut fields, "at", Some(at)));
    let reason = fields.text("reason", &asked.reason, REASON_MAX);
    fields.check().map(|()| (at, reason))
}

fn decision_asked(fields: &mut Fields, asked: Option<&Decision>, now: DateTime<Utc>) -> store::Decision {
    let decision = fields.decision("decision", asked);
    if !fields.has("decision.date") && decision.date > tehran_day(now) {
        fields.note("decision.date", Wrong::InFuture, &[]);
    }
    decision
}

/// From when to when: not before the day of the decision (decision D22).
fn time_asked(
    fields: &mut Fields,
    time: (Option<&Timestamp>, Option<&Timestamp>),
    decision: &store::Decision,
) -> (DateTime<Utc>, Option<DateTime<Utc>>) {
    let (from, to) = period_asked(fields, time);
    if !fields.has("from") && !fields.has("decision.date") && tehran_day(from) < decision.date {
        fields.note("from", Wrong::BeforeDecision, &[]);
    }
    (from, to)
}

fn period_asked(fields: &mut Fields, (from, to): (Option<&Timestamp>, Option<&Timestamp>)) -> (DateTime<Utc>, Option<DateTime<Utc>>) {
    let from = reckoned(fields, "from", from);
    let to = to.map(|to| reckoned(fields, "to", Some(to)));
    if let Some(to) = to {
        fields.order(from, to);
    }
    (from, to)
}

/// An instant that billing reckons with.
fn reckoned(fields: &mut Fields, field: &str, asked: Option<&Timestamp>) -> DateTime<Utc> {
    let at = fields.instant(field, asked);
    if !fields.has(field) && Moment::try_from(at).is_err() {
        fields.note(field, Wrong::NoInstant, &[]);
    }
    at
}
