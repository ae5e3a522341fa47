//! The facts of orders in the database: written, cancelled, held against the one order that may be in force.

use super::orders::{NewOrderFact, OrderSaying, OrderTerms};
use super::{Decision, EnrolmentError};
use crate::change::{self, Change};
use crate::{Store, StoreError};
use access::Caller;
use chrono::{DateTime, Utc};
use enrolment::{LifeFact, OrderFactKind, fact_goes};
use tokio_postgres::{Row, Transaction};

/// The wearer's row first, then the order's: the same order as everywhere.
const WEARER: &str = "
    SELECT w.wearer_id, w.reference, w.unit_id, coalesce(m.reference, '') FROM orders o JOIN wearers w USING (wearer_id)
        LEFT JOIN wearers m ON m.wearer_id = w.merged_into
    WHERE o.order_id = $1
        AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = coalesce(m.unit_id, w.unit_id) AND r.above_id = ANY ($2))
    FOR NO KEY UPDATE OF w";
const LOCK: &str = "SELECT version FROM orders WHERE order_id = $1 AND wearer_id = $2 FOR UPDATE";
const FACTS: &str = "SELECT version, kind, at, cancelled_at IS NULL FROM order_facts WHERE order_id = $1 ORDER BY version";

const INSERT: &str = "
    INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date, legal_basis, regime,
        zone_degree, planned_end, cause, note)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";

/// The order that is in force at some time of the span, the newest first.
const OVERLAPS: &str = "
    SELECT f.decision_number, lower(s.period) FROM order_spans s JOIN order_facts f ON f.order_id = s.order_id AND f.version = 1
    WHERE s.wearer_id = $1 AND s.order_id IS DISTINCT FROM $2 AND s.period && tstzrange($3, $4) ORDER BY lower(s.period) DESC LIMIT 1";

const OF_FACT: &str = "SELECT order_id, version, cancelled_at IS NULL FROM order_facts WHERE fact_id = $1";
const CANCEL: &str = "UPDATE order_facts SET cancelled_at = $2, cancelled_by = $3, cancel_reason = $4 WHERE fact_id = $1";
const NEXT_VERSION: &str = "UPDATE orders SET version = version + 1 WHERE order_id = $1";
const WEARS_TAG: &str = "SELECT FROM fittings WHERE wearer_id = $1 AND upper_inf(period)";

/// A fact to cancel, because it was never so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FactCancellation {
    /// Which fact.
    pub fact_id: i64,
    /// The version of the order that the caller saw.
    pub expected_version: i64,
    /// Why.
    pub reason: String,
}

/// What became of cancelling a fact.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FactCancelled {
    /// It was cancelled; the number of its order.
    Done(i64),
    /// It was proposed before under the same key; the number of the proposal.
    Proposed(i64),
}

/// An order whose rows are locked.
pub(super) struct LockedOrder {
    pub(super) wearer_id: i64,
    pub(super) unit_id: i64,
    pub(super) version: i64,
    /// Facts that were ever recorded.
    pub(super) facts_ever: i32,
    /// Those that were not cancelled.
    pub(super) facts: Vec<LifeFact>,
}

impl Store {
    /// Cancels a fact that was a wrong entry. It stays to be read.
    ///
    /// # Errors
    /// `SecondPersonNeeded` while the wearer wears a tag: another person must confirm it. When another fact rests on it, somebody else was quicker, or
    /// the order is not within reach.
    pub async fn order_fact_cancel(
        &self,
        caller: &Caller,
        cancellation: &FactCancellation,
        now: DateTime<Utc>,
    ) -> Result<FactCancelled, EnrolmentError> {
        let mut client = self.client().await?;
        match change::begin(&mut client, caller).await? {
            Change::Done(result_id) => {
                let client = self.client().await?;
                let fact = client.query_opt(OF_FACT, &[&cancellation.fact_id]).await?.ok_or(EnrolmentError::UnknownOrderFact)?;
                let still_stands: bool = fact.get(2);
                Ok(if still_stands { FactCancelled::Proposed(result_id) } else { FactCancelled::Done(fact.get(0)) })
            }
            Change::Open(open) => {
                if fact_cancellation_possible(&open.transaction, caller, cancellation).await?.wears_tag {
                    return Err(EnrolmentError::SecondPersonNeeded);
                }
                let order_id = fact_cancel(&open.transaction, caller, cancellation, caller.name(), now).await?;
                open.commit(order_id).await?;
                Ok(FactCancelled::Done(order_id))
            }
        }
    }
}

/// What cancelling a fact concerns.
pub(crate) struct CancellationConcerns {
    pub(crate) unit_id: i64,
    order_id: i64,
    wears_tag: bool,
}

/// Holds a cancellation against the life of its order.
pub(crate) async fn fact_cancellation_possible(
    transaction: &Transaction<'_>,
    caller: &Caller,
    cancellation: &FactCancellation,
) -> Result<CancellationConcerns, EnrolmentError> {
    let row = transaction.query_opt(OF_FACT, &[&cancellation.fact_id]).await?.ok_or(EnrolmentError::UnknownOrderFact)?;
    let order_id: i64 = row.get(0);
    let order = order_locked(transaction, caller, order_id).await.map_err(|error| match error {
        EnrolmentError::UnknownOrder => EnrolmentError::UnknownOrderFact,
        other => other,
    })?;
    let row = transaction.query_one(OF_FACT, &[&cancellation.fact_id]).await?;
    let stands: bool = row.get(2);
    if !stands {
        return Err(EnrolmentError::FactCancelledAlready);
    }
    if order.version != cancellation.expected_version {
        return Err(EnrolmentError::VersionChanged(order.version));
    }
    fact_goes(&order.facts, row.get(1)).map_err(EnrolmentError::OrderLife)?;
    let left: Vec<LifeFact> = order.facts.iter().copied().filter(|fact| fact.number != row.get::<_, i32>(1)).collect();
    if let Some((from, to)) = span(&left) {
        period_free(transaction, order.wearer_id, Some(order_id), from, to).await?;
    }
    let wears_tag = transaction.query_opt(WEARS_TAG, &[&order.wearer_id]).await?.is_some();
    Ok(CancellationConcerns { unit_id: order.unit_id, order_id, wears_tag })
}

/// Cancels a fact in the caller's transaction; the number of its order. `by` is who wanted it, and who confirmed it.
pub(crate) async fn fact_cancel(
    transaction: &Transaction<'_>,
    caller: &Caller,
    cancellation: &FactCancellation,
    by: &str,
    now: DateTime<Utc>,
) -> Result<i64, EnrolmentError> {
    let concerns = fact_cancellation_possible(transaction, caller, cancellation).await?;
    transaction.execute(CANCEL, &[&cancellation.fact_id, &now, &by, &cancellation.reason]).await.map_err(EnrolmentError::of_constraint)?;
    transaction.execute(NEXT_VERSION, &[&concerns.order_id]).await?;
    Ok(concerns.order_id)
}

/// From when to when an order of these facts is in force.
fn span(facts: &[LifeFact]) -> Option<(DateTime<Utc>, Option<DateTime<Utc>>)> {
    let of = |kinds: &[OrderFactKind]| facts.iter().filter(|fact| kinds.contains(&fact.kind)).map(|fact| fact.at).min();
    of(&[OrderFactKind::New]).map(|from| (from, of(&[OrderFactKind::Revocation, OrderFactKind::End])))
}

/// The order within the caller's reach, with its wearer locked until the transaction ends.
pub(super) async fn order_locked(transaction: &Transaction<'_>, caller: &Caller, order_id: i64) -> Result<LockedOrder, EnrolmentError> {
    caller.about(format!("order {order_id}"));
    let wearer = transaction.query_opt(WEARER, &[&order_id, &caller.roots]).await?.ok_or(EnrolmentError::UnknownOrder)?;
    caller.about_wearer(wearer.get(1));
    let merged_into: &str = wearer.get(3);
    if !merged_into.is_empty() {
        return Err(EnrolmentError::WearerMerged(merged_into.to_owned()));
    }
    let wearer_id: i64 = wearer.get(0);
    // It went to another file while this waited.
    let order = transaction.query_opt(LOCK, &[&order_id, &wearer_id]).await?.ok_or(EnrolmentError::UnknownOrder)?;
    let rows = transaction.query(FACTS, &[&order_id]).await?;
    let facts_ever = rows.iter().map(|row| row.get(0)).max().unwrap_or_default();
    let facts = rows.iter().filter(|row| row.get(3)).map(life_fact).collect::<Result<_, _>>()?;
    Ok(LockedOrder { wearer_id, unit_id: wearer.get(2), version: order.get(0), facts_ever, facts })
}

fn life_fact(row: &Row) -> Result<LifeFact, StoreError> {
    Ok(LifeFact { number: row.get(0), kind: fact_kind(row.get(1))?, at: row.get(2) })
}

pub(super) fn fact_kind(name: &str) -> Result<OrderFactKind, StoreError> {
    let kind = OrderFactKind::ALL.into_iter().find(|kind| kind.name() == name);
    kind.ok_or_else(|| StoreError::Unreadable(format!("a fact of an order of kind {name:?}")))
}

/// Refuses a span in which another order of the wearer is in force. The wearer's row is locked, so nobody comes between.
pub(super) async fn period_free(
    transaction: &Transaction<'_>,
    wearer_id: i64,
    own: Option<i64>,
    from: DateTime<Utc>,
    to: Option<DateTime<Utc>>,
) -> Result<(), EnrolmentError> {
    match transaction.query_opt(OVERLAPS, &[&wearer_id, &own, &from, &to]).await? {
        Some(row) => Err(EnrolmentError::OrderOverlaps { number: row.get(0), from: row.get(1) }),
        None => Ok(()),
    }
}

/// Writes a fact down; the span in which its order is in force follows.
pub(super) async fn fact_insert(
    transaction: &Transaction<'_>,
    caller: &Caller,
    number: i32,
    fact: &NewOrderFact,
    now: DateTime<Utc>,
) -> Result<(), EnrolmentError> {
    let terms: Option<&OrderTerms> = match &fact.saying {
        OrderSaying::New(terms) | OrderSaying::Variation(terms) => Some(terms),
        _ => None,
    };
    let cause = match fact.saying {
        OrderSaying::Suspension(cause) => Some(cause.name()),
        _ => None,
    };
    let Decision { authority, number: decision_number, date } = &fact.decision;
    let (legal_basis, regime) = (terms.map(|terms| terms.legal_basis.name()), terms.map(|terms| terms.regime.name()));
    let (zone_degree, planned_end) = (terms.and_then(|terms| terms.zone_degree), terms.and_then(|terms| terms.planned_end));
    transaction
        .execute(
            INSERT,
            &[
                &fact.order_id,
                &number,
                &fact.saying.kind().name(),
                &fact.at,
                &now,
                &caller.name(),
                authority,
                decision_number,
                date,
                &legal_basis,
                &regime,
                &zone_degree,
                &planned_end,
                &cause,
                &fact.note,
            ],
        )
        .await
        .map_err(EnrolmentError::of_constraint)?;
    Ok(())
}
