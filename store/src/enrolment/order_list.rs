//! Orders as they are read: a wearer's, with all their facts, and those that nobody ended in time.

use super::order_facts::fact_kind;
use super::{Decision, EnrolmentError, LegalBasis, OrderSaying, OrderTerms, Regime, SuspensionCause};
use crate::{Store, StoreError};
use access::Caller;
use chrono::{DateTime, NaiveDate, Utc};
use enrolment::OrderFactKind;
use tokio_postgres::Row;

macro_rules! order_columns {
    () => {
        "SELECT o.order_id, w.reference, o.version, coalesce(under.reference, ''), f.fact_id, f.number, f.kind, f.at, f.recorded_at, f.recorded_by,
            f.authority, f.decision_number, f.decision_date, f.legal_basis, f.regime, f.zone_degree, f.planned_end, f.cause, f.note, f.cancelled_at,
            coalesce(f.cancelled_by, ''), coalesce(f.cancel_reason, '')
        FROM orders o JOIN order_facts f USING (order_id)
            JOIN wearers filed ON filed.wearer_id = o.wearer_id
            JOIN wearers w ON w.wearer_id = coalesce(filed.merged_into, filed.wearer_id)
            LEFT JOIN wearers under ON under.wearer_id = coalesce(o.moved_from, nullif(filed.wearer_id, w.wearer_id)) "
    };
}

const OF_WEARER: &str = concat!(
    order_columns!(),
    "WHERE o.wearer_id IN (SELECT wearer_id FROM wearers WHERE $1 IN (wearer_id, merged_into)) ORDER BY o.order_id DESC, f.number"
);
const ONE: &str = concat!(order_columns!(), "WHERE o.order_id = $1 ORDER BY f.number");

/// In force, and the last day that was planned is over.
const OVERDUE: &str = "
    SELECT s.order_id, w.reference, coalesce(w.name, ''), u.code, terms.planned_end,
        EXISTS (SELECT FROM fittings f WHERE f.wearer_id = w.wearer_id AND upper_inf(f.period))
    FROM order_spans s JOIN wearers w USING (wearer_id) JOIN units u USING (unit_id) CROSS JOIN LATERAL (
        SELECT f.planned_end FROM order_facts f WHERE f.order_id = s.order_id AND f.cancelled_at IS NULL AND f.kind IN ('new', 'variation')
            AND f.at <= $2 ORDER BY f.at DESC, f.number DESC LIMIT 1
    ) AS terms
    WHERE s.period @> $2 AND terms.planned_end < $3 AND w.merged_into IS NULL
        AND EXISTS (SELECT FROM order_facts f WHERE f.order_id = s.order_id AND f.planned_end < $3)
        AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($1))
    ORDER BY terms.planned_end, s.order_id LIMIT $4";

/// A fact of an order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OrderFact {
    /// Which.
    pub fact_id: i64,
    /// Within the order, as they were recorded.
    pub number: i32,
    /// What it says.
    pub saying: OrderSaying,
    /// From when it holds.
    pub at: DateTime<Utc>,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// By whom.
    pub recorded_by: String,
    /// The decision that says so.
    pub decision: Decision,
    /// Whatever else is to be known.
    pub note: String,
    /// If it was a wrong entry.
    pub cancelled: Option<FactEnd>,
}

/// That a fact was cancelled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FactEnd {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// An order with everything that was ever recorded of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Order {
    /// Which.
    pub order_id: i64,
    /// The wearer's file reference.
    pub wearer: String,
    /// One more with each fact and each cancellation.
    pub version: i64,
    /// The file that it was recorded under, if that was merged into the wearer's; empty otherwise.
    pub recorded_under: String,
    /// As they were recorded.
    pub facts: Vec<OrderFact>,
}

/// How an order stands at an instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OrderState {
    /// It begins only later.
    Ahead,
    /// It is in force.
    InForce,
    /// In force, and it rests.
    Suspended,
    /// It was revoked or ended.
    Over,
    /// Its beginning was cancelled.
    Void,
}

/// An order that nobody ended in time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OverdueOrder {
    /// Which.
    pub order_id: i64,
    /// The wearer's file reference.
    pub wearer: String,
    /// The wearer's name.
    pub name: String,
    /// The code of the wearer's unit.
    pub unit: String,
    /// The last day that was planned.
    pub planned_end: NaiveDate,
    /// A tag is worn.
    pub is_monitored: bool,
}

impl Order {
    /// From when it is in force, and to when, as far as that is recorded.
    pub fn period(&self) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        let of =
            |kinds: &[OrderFactKind]| self.facts_that_stand().filter(|fact| kinds.contains(&fact.saying.kind())).map(|fact| fact.at).min();
        (of(&[OrderFactKind::New]), of(&[OrderFactKind::Revocation, OrderFactKind::End]))
    }

    /// How it stands at an instant.
    pub fn state(&self, at: DateTime<Utc>) -> OrderState {
        let (from, to) = self.period();
        match from {
            None => OrderState::Void,
            Some(from) if at < from => OrderState::Ahead,
            _ if to.is_some_and(|to| at >= to) => OrderState::Over,
            _ if self.rests(at) => OrderState::Suspended,
            _ => OrderState::InForce,
        }
    }

    /// What it orders at an instant; before it begins what it will order at its beginning.
    pub fn terms(&self, at: DateTime<Utc>) -> Option<OrderTerms> {
        let at = self.period().0.map_or(at, |from| from.max(at));
        self.last_of(at, |saying| match saying {
            OrderSaying::New(terms) | OrderSaying::Variation(terms) => Some(*terms),
            _ => None,
        })
    }

    fn rests(&self, at: DateTime<Utc>) -> bool {
        let rests = self.last_of(at, |saying| match saying {
            OrderSaying::Suspension(_) => Some(true),
            OrderSaying::Resumption => Some(false),
            _ => None,
        });
        rests.unwrap_or(false)
    }

    fn last_of<T>(&self, at: DateTime<Utc>, picks: impl Fn(&OrderSaying) -> Option<T>) -> Option<T> {
        let until = self.facts_that_stand().filter(|fact| fact.at <= at);
        let picked = until.filter_map(|fact| picks(&fact.saying).map(|value| (fact.at, fact.number, value)));
        picked.max_by_key(|(at, number, _)| (*at, *number)).map(|(_, _, value)| value)
    }

    fn facts_that_stand(&self) -> impl Iterator<Item = &OrderFact> {
        self.facts.iter().filter(|fact| fact.cancelled.is_none())
    }
}

impl Store {
    /// All orders of a wearer within the caller's reach, the newest first; those of files that were merged into the wearer's too.
    ///
    /// # Errors
    /// When there is no such wearer.
    pub async fn order_list(&self, caller: &Caller, wearer: &str) -> Result<Vec<Order>, EnrolmentError> {
        let wearer_id = self.wearer_file(caller, wearer).await?.file.wearer_id;
        let rows = self.client().await?.query(OF_WEARER, &[&wearer_id]).await?;
        Ok(orders_from(&rows)?)
    }

    /// An order of which it is known that the caller may see it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn order_of_number(&self, order_id: i64) -> Result<Order, EnrolmentError> {
        let rows = self.client().await?.query(ONE, &[&order_id]).await?;
        orders_from(&rows)?.pop().ok_or(EnrolmentError::UnknownOrder)
    }

    /// Orders within reach that are in force after their planned end; `today` is the day in Tehran.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn order_overdue_list(
        &self,
        caller: &Caller,
        now: DateTime<Utc>,
        today: NaiveDate,
        limit: u32,
    ) -> Result<Vec<OverdueOrder>, StoreError> {
        let rows = self.client().await?.query(OVERDUE, &[&caller.roots, &now, &today, &i64::from(limit)]).await?;
        let overdue = |row: &Row| OverdueOrder {
            order_id: row.get(0),
            wearer: row.get(1),
            name: row.get(2),
            unit: row.get(3),
            planned_end: row.get(4),
            is_monitored: row.get(5),
        };
        Ok(rows.iter().map(overdue).collect())
    }
}

/// Rows of one order stand together.
fn orders_from(rows: &[Row]) -> Result<Vec<Order>, StoreError> {
    let mut orders: Vec<Order> = Vec::new();
    for row in rows {
        let order_id: i64 = row.get(0);
        if orders.last().is_none_or(|order| order.order_id != order_id) {
            orders.push(Order { order_id, wearer: row.get(1), version: row.get(2), recorded_under: row.get(3), facts: Vec::new() });
        }
        if let Some(order) = orders.last_mut() {
            order.facts.push(fact_from(row)?);
        }
    }
    Ok(orders)
}

fn fact_from(row: &Row) -> Result<OrderFact, StoreError> {
    let saying = match fact_kind(row.get(6))? {
        OrderFactKind::New => OrderSaying::New(terms_from(row)?),
        OrderFactKind::Variation => OrderSaying::Variation(terms_from(row)?),
        OrderFactKind::Suspension => OrderSaying::Suspension(named(&SuspensionCause::ALL, SuspensionCause::name, row.get(17))?),
        OrderFactKind::Resumption => OrderSaying::Resumption,
        OrderFactKind::Revocation => OrderSaying::Revocation,
        OrderFactKind::End => OrderSaying::End,
    };
    let cancelled = row.get::<_, Option<DateTime<Utc>>>(19);
    Ok(OrderFact {
        fact_id: row.get(4),
        number: row.get(5),
        saying,
        at: row.get(7),
        recorded_at: row.get(8),
        recorded_by: row.get(9),
        decision: Decision { authority: row.get(10), number: row.get(11), date: row.get(12) },
        note: row.get(18),
        cancelled: cancelled.map(|at| FactEnd { at, by: row.get(20), reason: row.get(21) }),
    })
}

fn terms_from(row: &Row) -> Result<OrderTerms, StoreError> {
    Ok(OrderTerms {
        legal_basis: named(&LegalBasis::ALL, LegalBasis::name, row.get(13))?,
        regime: named(&Regime::ALL, Regime::name, row.get(14))?,
        zone_degree: row.get(15),
        planned_end: row.get(16),
    })
}

/// The one of that name.
fn named<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str, given: Option<&str>) -> Result<T, StoreError> {
    let found = all.iter().copied().find(|one| Some(name(*one)) == given);
    found.ok_or_else(|| StoreError::Unreadable(format!("{given:?} in a fact of an order")))
}
