//! One act of leave for many: prepared by one person, approved by another, withdrawn before it begins.

use super::leave_acts::{another_person, because, needs_late_reason, overlap};
use super::leave_batch_wearers::{chosen, insert, judged, remember};
use super::leave_batches::{BatchMode, BatchState, LeaveBatch, one_to_change};
use super::{Decision, EnrolmentError};
use crate::change::{self, Change};
use crate::{Store, audit};
use access::{AuditEntry, Caller};
use chrono::{DateTime, TimeDelta, Utc};
use enrolment::leave::{BATCH_WEARERS_MAX, DAYS_BACK_MAX, LeaveRefusal, LeaveTerms, LeaveWarning};
use std::collections::HashMap;
use tokio_postgres::{Row, Transaction};

/// Of nobody known: the caller's own units.
const PREPARE: &str = "
    INSERT INTO leave_batches (unit_ids, valid_from, valid_to, kind, exclusion, purpose, late_reason, authority, decision_number, decision_date,
        prepared_by, prepared_by_id, prepared_at)
    VALUES (coalesce((SELECT array_agg(DISTINCT unit_id) FROM wearers WHERE wearer_id = ANY ($1)), $2), $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    RETURNING batch_id";
/// In order of their numbers, so that no two batches wait for each other in a circle.
const LOCK_WEARERS: &str = "
    SELECT FROM wearers WHERE wearer_id IN (SELECT wearer_id FROM leave_batch_wearers WHERE batch_id = $1) ORDER BY wearer_id FOR NO KEY UPDATE";
const GRANT: &str = "
    INSERT INTO leave_acts (wearer_id, batch_id, state, valid_from, valid_to, kind, exclusion, purpose, late_reason, requested_by, requested_by_id,
        requested_at, authority, decision_number, decision_date, decided_by, decided_at, warnings_read)
    SELECT g.wearer_id, b.batch_id, 'approved', b.valid_from, b.valid_to, b.kind, b.exclusion, b.purpose, $4, b.prepared_by, b.prepared_by_id,
        b.prepared_at, b.authority, b.decision_number, b.decision_date, $5, $6, string_to_array(g.warnings, ' ')
    FROM leave_batches b, unnest($2::bigint[], $3::text[]) AS g (wearer_id, warnings) WHERE b.batch_id = $1 ORDER BY g.wearer_id
    RETURNING wearer_id, leave_id";
const APPROVE: &str = "
    UPDATE leave_batches SET version = version + 1, state = 'approved', mode = $2, approved_by = $3, approved_at = $4, late_reason = $5 WHERE batch_id = $1";
const WITHDRAW: &str = "
    UPDATE leave_batches SET version = version + 1, state = 'withdrawn', withdrawn_by = $2, withdrawn_at = $3, withdraw_reason = $4 WHERE batch_id = $1";
const WITHDRAW_LEAVES: &str = "
    UPDATE leave_acts SET version = version + 1, state = 'withdrawn', ended_by = $2, ended_at = $3, end_reason = $4
    WHERE batch_id = $1 AND state = 'approved' RETURNING wearer_id, leave_id";
const REFERENCES: &str = "SELECT wearer_id, reference FROM wearers WHERE wearer_id = ANY ($1)";

/// Who shall get leave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LeaveChoice {
    /// These, by file reference.
    List(Vec<String>),
    /// Everybody of a unit and those below who is under an order when the leave begins.
    Unit {
        /// The unit's code.
        unit: String,
        /// Only by this legal basis; empty = any.
        legal_basis: String,
        /// Only of this regime; empty = any.
        regime: String,
    },
}

/// A batch to prepare.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewLeaveBatch {
    /// Who.
    pub choice: LeaveChoice,
    /// From when to when.
    pub terms: LeaveTerms,
    /// Exclusion zones shall be off too.
    pub exclusion: bool,
    /// What for.
    pub purpose: String,
    /// Why it is recorded after it began; empty = it did not.
    pub late_reason: String,
    /// What allows it.
    pub decision: Decision,
}

/// A batch that is approved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BatchApproval {
    /// Which.
    pub batch_id: i64,
    /// The version that was looked at.
    pub expected_version: i64,
    /// What happens if somebody may not have leave.
    pub mode: BatchMode,
    /// The decision says that exclusion zones are off too.
    pub exclusion: bool,
    /// The warnings that were read, by file reference.
    pub warnings_read: HashMap<String, Vec<LeaveWarning>>,
    /// Why it is recorded after it began, if the batch does not say.
    pub late_reason: String,
}

impl Store {
    /// Writes down who shall get leave. Nothing is in force yet. The number of the batch.
    ///
    /// # Errors
    /// When the unit is not within reach, or nobody or too many are chosen.
    pub async fn leave_batch_prepare(&self, caller: &Caller, new: &NewLeaveBatch, now: DateTime<Utc>) -> Result<i64, EnrolmentError> {
        let mut client = self.client().await?;
        match change::begin(&mut client, caller).await? {
            Change::Done(batch_id) => Ok(batch_id),
            Change::Open(open) => {
                let batch_id = prepare(&open.transaction, caller, new, now).await?;
                open.commit(batch_id).await?;
                Ok(batch_id)
            }
        }
    }

    /// Puts the leaves of a batch in force, all with one commit.
    ///
    /// # Errors
    /// When there is none such, it was changed meanwhile, the caller prepared it, or somebody may not have leave and the mode says that nobody gets it then.
    pub async fn leave_batch_approve(&self, caller: &Caller, approval: &BatchApproval, now: DateTime<Utc>) -> Result<(), EnrolmentError> {
        let mut client = self.client().await?;
        if let Change::Open(open) = change::begin(&mut client, caller).await? {
            approve(&open.transaction, caller, approval, now).await?;
            open.commit(approval.batch_id).await?;
        }
        Ok(())
    }

    /// Takes a batch back before its leaves begin.
    ///
    /// # Errors
    /// When there is none such, it was changed meanwhile, or its leaves have begun.
    pub async fn leave_batch_withdraw(
        &self,
        caller: &Caller,
        (batch_id, expected_version): (i64, i64),
        reason: &str,
        now: DateTime<Utc>,
    ) -> Result<(), EnrolmentError> {
        let mut client = self.client().await?;
        if let Change::Open(open) = change::begin(&mut client, caller).await? {
            withdraw(&open.transaction, caller, (batch_id, expected_version), reason, now).await?;
            open.commit(batch_id).await?;
        }
        Ok(())
    }
}

async fn prepare(transaction: &Transaction<'_>, caller: &Caller, new: &NewLeaveBatch, now: DateTime<Utc>) -> Result<i64, EnrolmentError> {
    needs_late_reason(new.terms.from, &new.late_reason, now)?;
    let chosen = chosen(transaction, caller, &new.choice, new.terms.from).await?;
    if chosen.is_empty() {
        return Err(LeaveRefusal::Nobody.into());
    }
    if chosen.len() > BATCH_WEARERS_MAX {
        return Err(LeaveRefusal::TooMany.into());
    }
    let known: Vec<i64> = chosen.iter().filter_map(|(_, wearer_id)| *wearer_id).collect();
    let LeaveTerms { from, to, kind } = new.terms;
    let Decision { authority, number, date } = &new.decision;
    let (who, who_id) = (caller.name(), caller.person_id());
    let row = transaction
        .query_one(
            PREPARE,
            &[
                &known,
                &caller.roots,
                &from,
                &to,
                &kind.name(),
                &new.exclusion,
                &new.purpose,
                &new.late_reason,
                authority,
                number,
                date,
                &who,
                &who_id,
                &now,
            ],
        )
        .await?;
    let batch_id: i64 = row.get(0);
    insert(transaction, batch_id, &chosen).await?;
    caller.about(format!("leave batch {batch_id}: {} wearers", chosen.len()));
    Ok(batch_id)
}

async fn approve(
    transaction: &Transaction<'_>,
    caller: &Caller,
    approval: &BatchApproval,
    now: DateTime<Utc>,
) -> Result<(), EnrolmentError> {
    let batch = one_to_change(transaction, caller, approval.batch_id, approval.expected_version).await?;
    match batch.state {
        BatchState::Prepared => {}
        BatchState::Approved => return Err(LeaveRefusal::BatchOver("approved").into()),
        BatchState::Withdrawn => return Err(LeaveRefusal::BatchOver("withdrawn").into()),
    }
    another_person(transaction, caller, (&batch.prepared_by, batch.prepared_by_id), now).await?;
    if batch.exclusion != approval.exclusion {
        return Err(LeaveRefusal::ExclusionDiffers.into());
    }
    if now - batch.terms.from > TimeDelta::days(DAYS_BACK_MAX) {
        return Err(LeaveRefusal::TooLongAgo.into());
    }
    let late_reason = if batch.late_reason.is_empty() { &approval.late_reason } else { &batch.late_reason };
    needs_late_reason(batch.terms.from, late_reason, now)?;
    transaction.query(LOCK_WEARERS, &[&batch.batch_id]).await?;
    grant(transaction, caller, approval, &batch, late_reason, now).await?;
    transaction.execute(APPROVE, &[&batch.batch_id, &approval.mode.name(), &caller.name(), &now, late_reason]).await?;
    Ok(())
}

/// Writes the leaves of those who may have them, and of all others why not.
async fn grant(
    transaction: &Transaction<'_>,
    caller: &Caller,
    approval: &BatchApproval,
    batch: &LeaveBatch,
    late_reason: &str,
    now: DateTime<Utc>,
) -> Result<(), EnrolmentError> {
    let mut wearers = judged(transaction, caller, batch).await?;
    for wearer in &mut wearers {
        let read = approval.warnings_read.get(&wearer.reference).map_or(&[][..], Vec::as_slice);
        wearer.warnings_unread = !wearer.eligibility.is_read(read);
    }
    let (granted, hindered): (Vec<_>, Vec<_>) = wearers.iter().partition(|wearer| wearer.gets_leave());
    if granted.is_empty() || (approval.mode == BatchMode::AllOrNothing && !hindered.is_empty()) {
        let some: Vec<&str> = hindered.iter().take(10).map(|wearer| wearer.reference.as_str()).collect();
        return Err(LeaveRefusal::BatchHindered { count: hindered.len(), some: some.join(", ") }.into());
    }
    let Decision { authority, number, .. } = &batch.decision;
    because(transaction, caller, &format!("leave batch {}, decision {number} of {authority}", batch.batch_id), late_reason).await?;
    let ids: Vec<i64> = granted.iter().filter_map(|wearer| wearer.wearer_id).collect();
    let read: Vec<String> = granted.iter().map(|wearer| wearer.warnings_written(" ")).collect();
    let rows = transaction.query(GRANT, &[&batch.batch_id, &ids, &read, &late_reason, &caller.name(), &now]).await.map_err(overlap)?;
    let leaves: HashMap<i64, i64> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    remember(transaction, batch.batch_id, &wearers, &leaves).await?;
    caller.about(format!("leave batch {}: {} of {} wearers", batch.batch_id, leaves.len(), wearers.len()));
    note_each(transaction, caller, &leaves).await
}

async fn withdraw(
    transaction: &Transaction<'_>,
    caller: &Caller,
    (batch_id, expected_version): (i64, i64),
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), EnrolmentError> {
    let batch = one_to_change(transaction, caller, batch_id, expected_version).await?;
    match batch.state {
        BatchState::Withdrawn => return Err(LeaveRefusal::BatchOver("withdrawn").into()),
        BatchState::Approved if now >= batch.terms.from => return Err(LeaveRefusal::Begun.into()),
        _ => {}
    }
    transaction.query(LOCK_WEARERS, &[&batch_id]).await?;
    because(transaction, caller, &format!("leave batch {batch_id} withdrawn"), reason).await?;
    let rows = transaction.query(WITHDRAW_LEAVES, &[&batch_id, &caller.name(), &now, &reason]).await?;
    transaction.execute(WITHDRAW, &[&batch_id, &caller.name(), &now, &reason]).await?;
    caller.about(format!("leave batch {batch_id}: {} leaves", rows.len()));
    note_each(transaction, caller, &rows.iter().map(|row| (row.get(0), row.get(1))).collect()).await
}

/// The audit finds the act under everybody whom it concerned.
async fn note_each(transaction: &Transaction<'_>, caller: &Caller, leaves: &HashMap<i64, i64>) -> Result<(), EnrolmentError> {
    let ids: Vec<i64> = leaves.keys().copied().collect();
    let rows = transaction.query(REFERENCES, &[&ids]).await?;
    let entry = caller.entry("done");
    let of = |row: &Row| {
        let leave_id = leaves[&row.get::<_, i64>(0)];
        AuditEntry { wearer: row.get(1), subject: format!("leave {leave_id}"), ..entry.clone() }
    };
    let mut entries: Vec<AuditEntry> = rows.iter().map(of).collect();
    entries.sort_by(|one, other| one.wearer.cmp(&other.wearer));
    Ok(audit::append(transaction, &entries).await?)
}
