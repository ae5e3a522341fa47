//! What is done with one leave. Its row in `leaves`, which the judgement reads, follows by itself (V21).

use super::leave_eligible::eligible_one;
use super::leaves::{Leave, one_to_change};
use super::{Decision, EnrolmentError};
use crate::Store;
use crate::change::{self, Change};
use crate::people::is_one_person;
use access::Caller;
use chrono::{DateTime, Utc};
use enrolment::leave::{LeaveAct, LeaveHindrance, LeaveRefusal, LeaveTerms, LeaveWarning, is_late};
use tokio_postgres::Transaction;

/// For what the triggers write about the past.
const WHO_AND_WHY: &str = "SELECT set_config('paband.actor', $1, true), set_config('paband.reason', $2, true)";
const WEARER: &str = "
    SELECT w.wearer_id FROM wearers w WHERE w.reference = $1 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($2))";
const REQUEST: &str = "
    INSERT INTO leave_acts (wearer_id, state, valid_from, valid_to, kind, exclusion, purpose, late_reason, requested_by, requested_by_id, requested_at)
    VALUES ($1, 'requested', $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING leave_id";
const DECIDE: &str = "
    UPDATE leave_acts SET version = version + 1, state = $2, authority = $3, decision_number = $4, decision_date = $5, decided_by = $6, decided_at = $7,
        warnings_read = $8, late_reason = $9 WHERE leave_id = $1";
/// What is annulled after it was shortened keeps how it stood before: bills follow from it.
const END: &str = "
    UPDATE leave_acts SET version = version + 1, state = $2, ended_by = $3, ended_at = $4, end_reason = $5, never_granted = $6,
        back_at = CASE WHEN $2 = 'shortened' THEN $4::timestamptz END, shortened_to = back_at, shortened_at = CASE WHEN back_at IS NOT NULL THEN ended_at END
    WHERE leave_id = $1";
const REFUSE: &str = "
    UPDATE leave_acts SET version = version + 1, state = 'refused', authority = $2, decision_number = $3, decision_date = $4, decided_by = $5,
        decided_at = $6, ended_by = $5, ended_at = $6, end_reason = $7 WHERE leave_id = $1";

/// A leave that somebody asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewLeave {
    /// The wearer's file reference.
    pub wearer: String,
    /// From when to when.
    pub terms: LeaveTerms,
    /// Exclusion zones shall be off too.
    pub exclusion: bool,
    /// What for.
    pub purpose: String,
    /// Why it is recorded after it began; empty = it did not.
    pub late_reason: String,
}

/// A leave that an authority allows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeaveApproval {
    /// Which.
    pub leave_id: i64,
    /// The version that was looked at.
    pub expected_version: i64,
    /// What allows it.
    pub decision: Decision,
    /// It says that exclusion zones are off too.
    pub exclusion: bool,
    /// The warnings that were read.
    pub warnings_read: Vec<LeaveWarning>,
    /// Why it is recorded after it began, if the request does not say.
    pub late_reason: String,
}

/// The end of a leave before its time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeaveEnd {
    /// Which.
    pub leave_id: i64,
    /// The version that was looked at.
    pub expected_version: i64,
    /// Withdrawn, annulled, ended early.
    pub act: LeaveAct,
    /// Why.
    pub reason: String,
}

impl Store {
    /// Records a request. Nothing is in force yet.
    ///
    /// # Errors
    /// When the wearer is not within reach, or no such leave can ever be allowed.
    pub async fn leave_request(&self, caller: &Caller, new: &NewLeave, now: DateTime<Utc>) -> Result<Leave, EnrolmentError> {
        caller.about_wearer(&new.wearer);
        let mut client = self.client().await?;
        let leave_id = match change::begin(&mut client, caller).await? {
            Change::Done(leave_id) => leave_id,
            Change::Open(open) => {
                let leave_id = leave_request(&open.transaction, caller, new, now).await?;
                open.commit(leave_id).await?;
                leave_id
            }
        };
        drop(client);
        self.leave(caller, leave_id).await
    }

    /// Puts a requested leave in force with the commit: the shards hear of it within a second, and what lies in the past is judged again.
    ///
    /// # Errors
    /// When there is none such, it was changed meanwhile, the caller requested it, or something stands against it.
    pub async fn leave_approve(&self, caller: &Caller, approval: &LeaveApproval, now: DateTime<Utc>) -> Result<Leave, EnrolmentError> {
        let mut client = self.client().await?;
        if let Change::Open(open) = change::begin(&mut client, caller).await? {
            leave_approve(&open.transaction, caller, approval, now).await?;
            open.commit(approval.leave_id).await?;
        }
        drop(client);
        self.leave(caller, approval.leave_id).await
    }

    /// Writes down that an authority refused a leave.
    ///
    /// # Errors
    /// When there is none such, it was changed meanwhile, or is decided already.
    pub async fn leave_refuse(
        &self,
        caller: &Caller,
        (leave_id, expected_version): (i64, i64),
        decision: &Decision,
        reason: &str,
        now: DateTime<Utc>,
    ) -> Result<Leave, EnrolmentError> {
        let mut client = self.client().await?;
        if let Change::Open(open) = change::begin(&mut client, caller).await? {
            let leave = one_to_change(&open.transaction, caller, leave_id, expected_version).await?;
            leave.after(LeaveAct::Refuse, now)?;
            let Decision { authority, number, date } = decision;
            open.transaction.execute(REFUSE, &[&leave_id, authority, number, date, &caller.name(), &now, &reason]).await?;
            open.commit(leave_id).await?;
        }
        drop(client);
        self.leave(caller, leave_id).await
    }

    /// Takes a leave back, or ends it now: the wearer is watched again.
    ///
    /// # Errors
    /// When there is none such, it was changed meanwhile, or that is not possible as it stands.
    pub async fn leave_end(&self, caller: &Caller, end: &LeaveEnd, now: DateTime<Utc>) -> Result<Leave, EnrolmentError> {
        let mut client = self.client().await?;
        if let Change::Open(open) = change::begin(&mut client, caller).await? {
            leave_end(&open.transaction, caller, end, now).await?;
            open.commit(end.leave_id).await?;
        }
        drop(client);
        self.leave(caller, end.leave_id).await
    }
}

pub(crate) async fn leave_request(
    transaction: &Transaction<'_>,
    caller: &Caller,
    new: &NewLeave,
    now: DateTime<Utc>,
) -> Result<i64, EnrolmentError> {
    let row = transaction.query_opt(WEARER, &[&new.wearer, &caller.roots]).await?.ok_or(EnrolmentError::UnknownWearer)?;
    let wearer_id: i64 = row.get(0);
    needs_late_reason(new.terms.from, &new.late_reason, now)?;
    let eligibility = eligible_one(transaction, caller, wearer_id, &new.terms, 0).await?;
    if let Some(hindrance) = eligibility.hindrances.into_iter().find(|hindrance| hindrance.is_final()) {
        return Err(LeaveRefusal::Hindered(hindrance).into());
    }
    let LeaveTerms { from, to, kind } = new.terms;
    let (who, who_id) = (caller.name(), caller.person_id());
    let row = transaction
        .query_one(REQUEST, &[&wearer_id, &from, &to, &kind.name(), &new.exclusion, &new.purpose, &new.late_reason, &who, &who_id, &now])
        .await?;
    let leave_id: i64 = row.get(0);
    caller.about(format!("leave {leave_id}"));
    Ok(leave_id)
}

pub(crate) async fn leave_approve(
    transaction: &Transaction<'_>,
    caller: &Caller,
    approval: &LeaveApproval,
    now: DateTime<Utc>,
) -> Result<(), EnrolmentError> {
    let leave = one_to_change(transaction, caller, approval.leave_id, approval.expected_version).await?;
    let state = leave.after(LeaveAct::Approve, now)?;
    another_person(transaction, caller, (&leave.requested_by, leave.requested_by_id), now).await?;
    if leave.exclusion != approval.exclusion {
        return Err(LeaveRefusal::ExclusionDiffers.into());
    }
    let late_reason = if leave.late_reason.is_empty() { &approval.late_reason } else { &leave.late_reason };
    needs_late_reason(leave.terms.from, late_reason, now)?;
    let eligibility = eligible_one(transaction, caller, leave.wearer_id, &leave.terms, leave.leave_id).await?;
    if let Some(&hindrance) = eligibility.hindrances.first() {
        return Err(LeaveRefusal::Hindered(hindrance).into());
    }
    if !eligibility.is_read(&approval.warnings_read) {
        return Err(LeaveRefusal::WarningsUnread(eligibility.warnings).into());
    }
    let read: Vec<&str> = eligibility.warnings.into_iter().map(LeaveWarning::written).collect();
    let Decision { authority, number, date } = &approval.decision;
    because(transaction, caller, &format!("leave {}, decision {number} of {authority}", leave.leave_id), late_reason).await?;
    transaction
        .execute(DECIDE, &[&leave.leave_id, &state.name(), authority, number, date, &caller.name(), &now, &read, late_reason])
        .await
        .map_err(overlap)?;
    Ok(())
}

pub(crate) async fn leave_end(
    transaction: &Transaction<'_>,
    caller: &Caller,
    end: &LeaveEnd,
    now: DateTime<Utc>,
) -> Result<(), EnrolmentError> {
    let leave = one_to_change(transaction, caller, end.leave_id, end.expected_version).await?;
    let state = leave.after(end.act, now)?;
    let never_granted = end.act == LeaveAct::Annul;
    because(transaction, caller, &format!("leave {} {}", leave.leave_id, state.name()), &end.reason).await?;
    transaction.execute(END, &[&end.leave_id, &state.name(), &caller.name(), &now, &end.reason, &never_granted]).await?;
    Ok(())
}

impl Leave {
    fn after(&self, act: LeaveAct, now: DateTime<Utc>) -> Result<enrolment::leave::LeaveState, LeaveRefusal> {
        self.state.after(act, (self.terms.from, self.terms.to), now)
    }
}

/// Says to what is judged again who recorded this, and why.
pub(super) async fn because(
    transaction: &Transaction<'_>,
    caller: &Caller,
    paper: &str,
    reason: &str,
) -> Result<(), tokio_postgres::Error> {
    let reason = if reason.is_empty() { paper.to_owned() } else { format!("{paper}: {reason}") };
    transaction.execute(WHO_AND_WHY, &[&caller.name(), &reason]).await?;
    Ok(())
}

/// What switches monitoring off needs a second person.
pub(super) async fn another_person(
    transaction: &Transaction<'_>,
    caller: &Caller,
    first: (&str, Option<i64>),
    now: DateTime<Utc>,
) -> Result<(), EnrolmentError> {
    if is_one_person(transaction, caller, first, now).await? { Err(LeaveRefusal::SamePerson.into()) } else { Ok(()) }
}

pub(super) fn needs_late_reason(from: DateTime<Utc>, late_reason: &str, now: DateTime<Utc>) -> Result<(), LeaveRefusal> {
    if is_late(from, now) && late_reason.is_empty() { Err(LeaveRefusal::LateReasonNeeded) } else { Ok(()) }
}

/// Another leave in the same time that came between the look and the write; one that was imported has no number.
pub(super) fn overlap(error: tokio_postgres::Error) -> EnrolmentError {
    let constraint = error.as_db_error().and_then(tokio_postgres::error::DbError::constraint);
    match constraint {
        Some("a_wearer_has_one_leave_at_a_time" | "leaves_wearer_id_valid_from_valid_to_key") => {
            LeaveRefusal::Hindered(LeaveHindrance::OtherLeave(0)).into()
        }
        _ => error.into(),
    }
}
