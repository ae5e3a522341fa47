//! Leaves as they are read: one, and lists.

use super::leave_eligible::eligible_one;
use super::{Decision, EnrolmentError};
use crate::{Store, StoreError};
use access::Caller;
use chrono::{DateTime, Utc};
use enrolment::leave::{Eligibility, LeaveKind, LeaveRefusal, LeaveState, LeaveTerms};
use tokio_postgres::{Row, Transaction};

macro_rules! leave_columns {
    () => {
        "SELECT a.leave_id, a.version, w.reference, a.state, a.valid_from, a.valid_to, a.kind, a.exclusion, a.purpose, a.late_reason, a.requested_by,
            a.requested_at, a.authority, a.decision_number, a.decision_date, coalesce(a.decided_by, ''), a.decided_at, coalesce(a.batch_id, 0), a.back_at,
            coalesce(a.ended_by, ''), a.ended_at, coalesce(a.end_reason, ''), a.never_granted, a.wearer_id, a.requested_by_id
        FROM leave_acts a JOIN wearers w USING (wearer_id) "
    };
}

const ONE: &str = concat!(
    leave_columns!(),
    "WHERE a.leave_id = $1 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($2))"
);
/// The wearer first, as everybody does: no two changes wait for each other in a circle. Not FOR UPDATE, which would hold up the journal's alerts.
const LOCK: &str = "
    SELECT FROM wearers WHERE wearer_id = (SELECT wearer_id FROM leave_acts WHERE leave_id = $1) FOR NO KEY UPDATE";
const LIST: &str = concat!(
    leave_columns!(),
    "WHERE ($1 = '' OR w.reference = $1) AND ($3::text[] = '{}' OR a.state = ANY ($3)) AND ($6::bigint = 0 OR a.leave_id < $6)
        AND ($4::timestamptz IS NULL OR coalesce(a.back_at, a.valid_to) > $4) AND ($5::timestamptz IS NULL OR a.valid_from < $5)
        AND ($2 = '' OR EXISTS (SELECT FROM unit_reach r JOIN units u ON u.unit_id = r.above_id WHERE r.unit_id = w.unit_id AND u.code = $2))
        AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($7))
    ORDER BY a.leave_id DESC LIMIT $8"
);

/// A leave: what was asked for, decided, and became of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Leave {
    /// Which.
    pub leave_id: i64,
    /// For changes of it.
    pub version: i64,
    /// The wearer's file reference.
    pub wearer: String,
    /// How it stands.
    pub state: LeaveState,
    /// From when to when.
    pub terms: LeaveTerms,
    /// Exclusion zones are off too.
    pub exclusion: bool,
    /// What for.
    pub purpose: String,
    /// Why it was recorded after it began; else empty.
    pub late_reason: String,
    /// Who recorded the request, and when.
    pub requested_by: String,
    /// See `requested_by`.
    pub requested_at: DateTime<Utc>,
    /// What allowed or refused it.
    pub decision: Option<Decision>,
    /// Who recorded the decision; empty until then.
    pub decided_by: String,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// The batch that it came with; 0 = none.
    pub batch_id: i64,
    /// When it ended before its time.
    pub back_at: Option<DateTime<Utc>>,
    /// Who refused, withdrew or shortened it last; empty = nobody.
    pub ended_by: String,
    /// When.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why.
    pub end_reason: String,
    /// Taken back as never granted.
    pub never_granted: bool,
    /// While it is only requested: what stands against it now.
    pub eligibility: Eligibility,
    pub(super) wearer_id: i64,
    pub(super) requested_by_id: Option<i64>,
}

/// Which leaves to list. The default is all of them.
#[derive(Clone, Debug, Default)]
pub struct LeaveFilter {
    /// Only this wearer's; empty = all.
    pub wearer: String,
    /// Only of this unit and those below, by code; empty = all.
    pub unit: String,
    /// Only in these states; empty = all.
    pub states: Vec<LeaveState>,
    /// Only those that touch [from, to).
    pub from: Option<DateTime<Utc>>,
    /// See `from`.
    pub to: Option<DateTime<Utc>>,
    /// Only numbers below this; 0 = all.
    pub before: i64,
    /// At most so many.
    pub limit: u32,
}

impl Store {
    /// One leave within the caller's reach.
    ///
    /// # Errors
    /// When there is none such.
    pub async fn leave(&self, caller: &Caller, leave_id: i64) -> Result<Leave, EnrolmentError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let mut leave = one(&transaction, caller, leave_id).await?;
        if leave.state == LeaveState::Requested {
            leave.eligibility = eligible_one(&transaction, caller, leave.wearer_id, &leave.terms, leave_id).await?;
        }
        Ok(leave)
    }

    /// Leaves within the caller's reach that match the filter, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn leave_list(&self, caller: &Caller, filter: &LeaveFilter) -> Result<Vec<Leave>, StoreError> {
        let states: Vec<&str> = filter.states.iter().map(|state| state.name()).collect();
        let limit = i64::from(filter.limit);
        let client = self.client().await?;
        let rows = client
            .query(LIST, &[&filter.wearer, &filter.unit, &states, &filter.from, &filter.to, &filter.before, &caller.roots, &limit])
            .await?;
        rows.iter().map(leave_from).collect()
    }
}

/// One leave within the caller's reach.
pub(super) async fn one(transaction: &Transaction<'_>, caller: &Caller, leave_id: i64) -> Result<Leave, EnrolmentError> {
    let row = transaction.query_opt(ONE, &[&leave_id, &caller.roots]).await?.ok_or(LeaveRefusal::UnknownLeave)?;
    let leave = leave_from(&row)?;
    caller.about_wearer(&leave.wearer);
    caller.about(format!("leave {leave_id}"));
    Ok(leave)
}

/// The same to be changed: at this version, and nobody else changes anything about its wearer until the commit.
pub(super) async fn one_to_change(
    transaction: &Transaction<'_>,
    caller: &Caller,
    leave_id: i64,
    expected_version: i64,
) -> Result<Leave, EnrolmentError> {
    transaction.query_opt(LOCK, &[&leave_id]).await?;
    let leave = one(transaction, caller, leave_id).await?;
    if leave.version == expected_version { Ok(leave) } else { Err(EnrolmentError::VersionChanged(leave.version)) }
}

fn leave_from(row: &Row) -> Result<Leave, StoreError> {
    let unreadable = || StoreError::Unreadable(format!("leave {}", row.get::<_, i64>(0)));
    let kind = LeaveKind::named(row.get(6)).ok_or_else(unreadable)?;
    Ok(Leave {
        leave_id: row.get(0),
        version: row.get(1),
        wearer: row.get(2),
        state: LeaveState::named(row.get(3)).ok_or_else(unreadable)?,
        terms: LeaveTerms { from: row.get(4), to: row.get(5), kind },
        exclusion: row.get(7),
        purpose: row.get(8),
        late_reason: row.get(9),
        requested_by: row.get(10),
        requested_at: row.get(11),
        decision: row.get::<_, Option<String>>(12).map(|authority| Decision { authority, number: row.get(13), date: row.get(14) }),
        decided_by: row.get(15),
        decided_at: row.get(16),
        batch_id: row.get(17),
        back_at: row.get(18),
        ended_by: row.get(19),
        ended_at: row.get(20),
        end_reason: row.get(21),
        never_granted: row.get(22),
        eligibility: Eligibility::default(),
        wearer_id: row.get(23),
        requested_by_id: row.get(24),
    })
}
