//! Who is in a batch of leaves, and what stands against each.

use super::EnrolmentError;
use super::leave_batch_acts::LeaveChoice;
use super::leave_batches::{BatchState, LeaveBatch, one};
use super::leave_eligible::{eligible, unknown};
use crate::Store;
use access::Caller;
use chrono::{DateTime, Utc};
use enrolment::leave::{BATCH_WEARERS_MAX, Eligibility, LeaveHindrance, LeaveWarning};
use std::collections::{BTreeSet, HashMap};
use tokio_postgres::Transaction;

const LISTED: &str = "
    SELECT g.reference, w.wearer_id FROM unnest($1::text[]) WITH ORDINALITY AS g (reference, position)
        LEFT JOIN wearers w ON w.reference = g.reference AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($2))
    ORDER BY g.position";
const OF_UNIT: &str = "
    SELECT w.reference, w.wearer_id FROM wearers w JOIN unit_reach r ON r.unit_id = w.unit_id AND r.above_id = $1
        CROSS JOIN LATERAL order_in_force(w.wearer_id, $2) AS o
    WHERE w.merged_into IS NULL AND ($3 = '' OR o.legal_basis = $3) AND ($4 = '' OR o.regime = $4)
    ORDER BY w.reference LIMIT $5";
const INSERT: &str = "
    INSERT INTO leave_batch_wearers (batch_id, position, reference, wearer_id)
    SELECT $1, g.position, g.reference, g.wearer_id FROM unnest($2::text[], $3::bigint[]) WITH ORDINALITY AS g (reference, wearer_id, position)";
const ALL: &str = "
    SELECT p.position, p.reference, p.wearer_id, p.leave_id, p.hindrances, p.warnings FROM leave_batch_wearers p WHERE p.batch_id = $1 ORDER BY p.position";
/// Reasons as one text each, apart by line ends: an array of arrays would have to be a rectangle.
const REMEMBER: &str = "
    UPDATE leave_batch_wearers p SET leave_id = g.leave_id, hindrances = string_to_array(g.hindrances, E'\\n'), warnings = string_to_array(g.warnings, E'\\n')
    FROM unnest($2::integer[], $3::bigint[], $4::text[], $5::text[]) AS g (position, leave_id, hindrances, warnings)
    WHERE p.batch_id = $1 AND p.position = g.position";

/// One who is in a batch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeaveBatchWearer {
    /// The place in the list, from 1.
    pub position: i32,
    /// The file reference.
    pub reference: String,
    /// What stands against it: now while the batch is prepared, afterwards as it was when it was approved.
    pub eligibility: Eligibility,
    /// The leave that came of it.
    pub leave_id: Option<i64>,
    /// Nobody said that the warnings were read.
    pub warnings_unread: bool,
    pub(super) wearer_id: Option<i64>,
}

/// A page of those who are in a batch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeaveBatchPage {
    /// The batch.
    pub batch: LeaveBatch,
    /// How many of all may have leave or got it.
    pub eligible_count: usize,
    /// The page.
    pub wearers: Vec<LeaveBatchWearer>,
    /// The place after which the next page begins.
    pub next_after: Option<i32>,
}

impl LeaveBatchWearer {
    pub(super) const fn gets_leave(&self) -> bool {
        self.wearer_id.is_some() && self.eligibility.is_eligible() && !self.warnings_unread
    }

    pub(super) fn warnings_written(&self, between: &str) -> String {
        self.eligibility.warnings.iter().map(|warning| warning.written()).collect::<Vec<_>>().join(between)
    }

    /// May have leave, or got it.
    fn is_eligible(&self, state: BatchState) -> bool {
        if state == BatchState::Prepared { self.eligibility.is_eligible() } else { self.leave_id.is_some() }
    }
}

impl Store {
    /// A batch, and those in it after this place; only those who may not have leave, if that is asked for.
    ///
    /// # Errors
    /// When there is none such within reach.
    pub async fn leave_batch(
        &self,
        caller: &Caller,
        batch_id: i64,
        hindered_only: bool,
        (after, limit): (i32, u32),
    ) -> Result<LeaveBatchPage, EnrolmentError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let batch = one(&transaction, caller, batch_id).await?;
        let all = match batch.state {
            BatchState::Prepared => judged(&transaction, caller, &batch).await?,
            BatchState::Approved | BatchState::Withdrawn => remembered(&transaction, batch_id).await?,
        };
        let eligible_count = all.iter().filter(|wearer| wearer.is_eligible(batch.state)).count();
        let wanted = |wearer: &LeaveBatchWearer| wearer.position > after && !(hindered_only && wearer.is_eligible(batch.state));
        let mut wearers: Vec<_> = all.into_iter().filter(wanted).take(limit as usize + 1).collect();
        let more = wearers.len() > limit as usize;
        wearers.truncate(limit as usize);
        let next_after = wearers.last().filter(|_| more).map(|wearer| wearer.position);
        caller.about(format!("leave batch {batch_id}: {} wearers", wearers.len()));
        Ok(LeaveBatchPage { batch, eligible_count, wearers, next_after })
    }
}

/// Who matches the choice, each once, in its order; at most one more than a batch may have.
pub(super) async fn chosen(
    transaction: &Transaction<'_>,
    caller: &Caller,
    choice: &LeaveChoice,
    from: DateTime<Utc>,
) -> Result<Vec<(String, Option<i64>)>, EnrolmentError> {
    let rows = match choice {
        LeaveChoice::List(references) => {
            let mut seen = BTreeSet::new();
            let references: Vec<&str> = references.iter().map(String::as_str).filter(|reference| seen.insert(*reference)).collect();
            transaction.query(LISTED, &[&references, &caller.roots]).await?
        }
        LeaveChoice::Unit { unit, legal_basis, regime } => {
            let unit_id = super::wearers::unit_within_reach(transaction, caller, unit).await?;
            let limit = BATCH_WEARERS_MAX as i64 + 1;
            transaction.query(OF_UNIT, &[&unit_id, &from, legal_basis, regime, &limit]).await?
        }
    };
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

pub(super) async fn insert(
    transaction: &Transaction<'_>,
    batch_id: i64,
    chosen: &[(String, Option<i64>)],
) -> Result<(), tokio_postgres::Error> {
    let (references, wearers): (Vec<&str>, Vec<Option<i64>>) =
        chosen.iter().map(|(reference, wearer_id)| (reference.as_str(), *wearer_id)).unzip();
    transaction.execute(INSERT, &[&batch_id, &references, &wearers]).await?;
    Ok(())
}

/// Everybody in a batch, looked at now.
pub(super) async fn judged(
    transaction: &Transaction<'_>,
    caller: &Caller,
    batch: &LeaveBatch,
) -> Result<Vec<LeaveBatchWearer>, EnrolmentError> {
    let mut wearers = remembered(transaction, batch.batch_id).await?;
    let known: Vec<i64> = wearers.iter().filter_map(|wearer| wearer.wearer_id).collect();
    let mut found = eligible(transaction, caller, &known, &batch.terms, 0).await?;
    for wearer in &mut wearers {
        wearer.eligibility = wearer.wearer_id.and_then(|wearer_id| found.remove(&wearer_id)).unwrap_or_else(unknown);
        wearer.warnings_unread = false;
    }
    Ok(wearers)
}

/// Everybody in a batch, as it was when it was approved.
async fn remembered(transaction: &Transaction<'_>, batch_id: i64) -> Result<Vec<LeaveBatchWearer>, EnrolmentError> {
    let rows = transaction.query(ALL, &[&batch_id]).await?;
    Ok(rows
        .iter()
        .map(|row| {
            let (hindrances, warnings): (Vec<&str>, Vec<&str>) = (row.get(4), row.get(5));
            let eligibility = Eligibility {
                hindrances: hindrances.into_iter().filter_map(LeaveHindrance::read).collect(),
                warnings: warnings.into_iter().filter_map(LeaveWarning::read).collect(),
            };
            let leave_id: Option<i64> = row.get(3);
            LeaveBatchWearer {
                position: row.get(0),
                reference: row.get(1),
                wearer_id: row.get(2),
                leave_id,
                warnings_unread: leave_id.is_none() && eligibility.is_eligible() && !eligibility.warnings.is_empty(),
                eligibility,
            }
        })
        .collect())
}

/// Keeps what stood against each, and the leaves that came of it by wearer.
pub(super) async fn remember(
    transaction: &Transaction<'_>,
    batch_id: i64,
    wearers: &[LeaveBatchWearer],
    leaves: &HashMap<i64, i64>,
) -> Result<(), tokio_postgres::Error> {
    let positions: Vec<i32> = wearers.iter().map(|wearer| wearer.position).collect();
    let leaves: Vec<Option<i64>> =
        wearers.iter().map(|wearer| wearer.wearer_id.and_then(|wearer_id| leaves.get(&wearer_id).copied())).collect();
    let hindrances: Vec<String> = wearers
        .iter()
        .map(|wearer| wearer.eligibility.hindrances.iter().map(|hindrance| hindrance.written()).collect::<Vec<_>>().join("\n"))
        .collect();
    let warnings: Vec<String> = wearers.iter().map(|wearer| wearer.warnings_written("\n")).collect();
    transaction.execute(REMEMBER, &[&batch_id, &positions, &leaves, &hindrances, &warnings]).await?;
    Ok(())
}
