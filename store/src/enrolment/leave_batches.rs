//! Batches of leave as they are read.

use super::{Decision, EnrolmentError};
use crate::{Store, StoreError};
use access::Caller;
use chrono::{DateTime, Utc};
use enrolment::leave::{LeaveKind, LeaveRefusal, LeaveTerms};
use tokio_postgres::{Row, Transaction};

macro_rules! batch_columns {
    () => {
        "SELECT b.batch_id, b.version, b.state, b.valid_from, b.valid_to, b.kind, b.exclusion, b.purpose, b.late_reason, b.authority, b.decision_number,
            b.decision_date, b.prepared_by, b.prepared_at, coalesce(b.approved_by, ''), b.approved_at, b.mode, coalesce(b.withdrawn_by, ''),
            b.withdrawn_at, coalesce(b.withdraw_reason, ''), b.prepared_by_id,
            (SELECT count(*) FROM leave_batch_wearers p WHERE p.batch_id = b.batch_id)
        FROM leave_batches b "
    };
}
/// Whoever reaches the units of all who are in it.
macro_rules! within_reach {
    ($roots:literal) => {
        concat!(
            "NOT EXISTS (SELECT FROM unnest(b.unit_ids) AS u (unit_id) WHERE NOT EXISTS
                (SELECT FROM unit_reach r WHERE r.unit_id = u.unit_id AND r.above_id = ANY (",
            $roots,
            "))) "
        )
    };
}

const ONE: &str = concat!(batch_columns!(), "WHERE b.batch_id = $1 AND ", within_reach!("$2"));
const LOCK: &str = "SELECT FROM leave_batches WHERE batch_id = $1 FOR UPDATE";
const LIST: &str = concat!(batch_columns!(), "WHERE ", within_reach!("$1"), "ORDER BY b.batch_id DESC LIMIT 100");
/// What happens if somebody may not have leave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BatchMode {
    /// Nobody gets it.
    AllOrNothing,
    /// Others do.
    PerPerson,
}

/// How a batch stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BatchState {
    /// Nothing is in force.
    Prepared,
    /// Its leaves are.
    Approved,
    /// Nothing is in force any more.
    Withdrawn,
}

/// A batch; who is in it is read in pages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeaveBatch {
    /// Which.
    pub batch_id: i64,
    /// For changes of it.
    pub version: i64,
    /// How it stands.
    pub state: BatchState,
    /// From when to when.
    pub terms: LeaveTerms,
    /// Exclusion zones are off too.
    pub exclusion: bool,
    /// What for.
    pub purpose: String,
    /// Why it was recorded after it began; else empty.
    pub late_reason: String,
    /// What allows it.
    pub decision: Decision,
    /// Who prepared it, and when.
    pub prepared_by: String,
    /// See `prepared_by`.
    pub prepared_at: DateTime<Utc>,
    /// Who approved it; empty until then.
    pub approved_by: String,
    /// When.
    pub approved_at: Option<DateTime<Utc>>,
    /// How.
    pub mode: Option<BatchMode>,
    /// Who withdrew it; empty = nobody.
    pub withdrawn_by: String,
    /// When.
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// Why.
    pub withdraw_reason: String,
    /// How many are in it.
    pub wearers_count: i64,
    pub(super) prepared_by_id: Option<i64>,
}

impl BatchMode {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::AllOrNothing => "all_or_nothing",
            Self::PerPerson => "per_person",
        }
    }
}

impl Store {
    /// The newest hundred batches within the caller's reach.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn leave_batch_list(&self, caller: &Caller) -> Result<Vec<LeaveBatch>, StoreError> {
        self.client().await?.query(LIST, &[&caller.roots]).await?.iter().map(batch_from).collect()
    }
}

/// One batch within the caller's reach.
pub(super) async fn one(transaction: &Transaction<'_>, caller: &Caller, batch_id: i64) -> Result<LeaveBatch, EnrolmentError> {
    caller.about(format!("leave batch {batch_id}"));
    let row = transaction.query_opt(ONE, &[&batch_id, &caller.roots]).await?.ok_or(LeaveRefusal::UnknownBatch)?;
    Ok(batch_from(&row)?)
}

pub(super) async fn one_to_change(
    transaction: &Transaction<'_>,
    caller: &Caller,
    batch_id: i64,
    expected_version: i64,
) -> Result<LeaveBatch, EnrolmentError> {
    transaction.query_opt(LOCK, &[&batch_id]).await?;
    let batch = one(transaction, caller, batch_id).await?;
    if batch.version == expected_version { Ok(batch) } else { Err(EnrolmentError::VersionChanged(batch.version)) }
}

fn batch_from(row: &Row) -> Result<LeaveBatch, StoreError> {
    let unreadable = || StoreError::Unreadable(format!("leave batch {}", row.get::<_, i64>(0)));
    let mode = |name: &str| if name == "per_person" { BatchMode::PerPerson } else { BatchMode::AllOrNothing };
    Ok(LeaveBatch {
        batch_id: row.get(0),
        version: row.get(1),
        state: match row.get(2) {
            "prepared" => BatchState::Prepared,
            "approved" => BatchState::Approved,
            _ => BatchState::Withdrawn,
        },
        terms: LeaveTerms { from: row.get(3), to: row.get(4), kind: LeaveKind::named(row.get(5)).ok_or_else(unreadable)? },
        exclusion: row.get(6),
        purpose: row.get(7),
        late_reason: row.get(8),
        decision: Decision { authority: row.get(9), number: row.get(10), date: row.get(11) },
        prepared_by: row.get(12),
        prepared_at: row.get(13),
        approved_by: row.get(14),
        approved_at: row.get(15),
        mode: row.get::<_, Option<&str>>(16).map(mode),
        withdrawn_by: row.get(17),
        withdrawn_at: row.get(18),
        withdraw_reason: row.get(19),
        prepared_by_id: row.get(20),
        wearers_count: row.get(21),
    })
}
