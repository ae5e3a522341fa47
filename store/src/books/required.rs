//! What the authority requires as a deposit, among the facts of persons.
//!
//! Which fact a requirement becomes depends on nothing that is recorded after it: documents that were issued by it must follow from the facts for ever.

use super::PersonError;
use super::facts::{Facts, moment};
use crate::StoreError;
use billing::{Fact, FactId, Money, Regime, What};
use chrono::{DateTime, Utc};
use tokio_postgres::{Row, Transaction};

/// Known when the tag was put on: asked for at the installation. One whose order was a wrong entry holds for the order that took its place.
const AT_INSTALLATION: &str = "
    SELECT f.wearer_id, f.fitting_id, q.amount FROM fittings f JOIN installations i USING (fitting_id)
        JOIN LATERAL (
            SELECT q.amount FROM deposit_requirements q WHERE q.wearer_id = f.wearer_id AND q.recorded_at <= lower(f.period)
                AND (q.order_id = (SELECT o.order_id FROM order_in_force(f.wearer_id, lower(f.period)) o)
                    OR NOT EXISTS (SELECT FROM order_facts n WHERE n.order_id = q.order_id AND n.kind = 'new' AND n.cancelled_at IS NULL))
            ORDER BY q.relief_id DESC LIMIT 1
        ) q ON true
    WHERE f.wearer_id = ANY ($1) AND i.state = 'completed'";

/// Recorded while a tag was fitted, as far as was known then.
const WHILE_FITTED: &str = "
    SELECT q.wearer_id, q.relief_id, q.recorded_at, q.regime, q.amount FROM deposit_requirements q
    WHERE q.wearer_id = ANY ($1) AND EXISTS (
        SELECT FROM fittings f JOIN installations i USING (fitting_id) LEFT JOIN removals r USING (fitting_id)
        WHERE f.wearer_id = q.wearer_id AND i.state = 'completed' AND lower(f.period) < q.recorded_at
            AND (upper(f.period) IS NULL OR greatest(r.recorded_at, upper(f.period)) > q.recorded_at))
    ORDER BY q.relief_id";

/// Adds what is required to the facts.
pub(super) async fn add_required(transaction: &Transaction<'_>, persons: &[i64], facts: &mut Facts) -> Result<(), StoreError> {
    for row in transaction.query(AT_INSTALLATION, &[&persons]).await? {
        let Some(Ok(facts)) = facts.get_mut(&row.get::<_, i64>(0)) else { continue };
        let id = FactId::Name(format!("fitting:{}", row.get::<_, i64>(1)).into());
        for fact in facts.iter_mut().filter(|fact| fact.id == id) {
            if let What::Install { deposit_required, .. } = &mut fact.what {
                *deposit_required = Some(Money::rials(row.get(2)));
            }
        }
    }
    for row in transaction.query(WHILE_FITTED, &[&persons]).await? {
        let Some(person) = facts.get_mut(&row.get::<_, i64>(0)) else { continue };
        match (person.as_mut(), required(&row)) {
            (Ok(facts), Ok(fact)) => facts.push(fact),
            (Ok(_), Err(error)) => *person = Err(error),
            (Err(_), _) => {}
        }
    }
    Ok(())
}

fn required(row: &Row) -> Result<Fact, PersonError> {
    let at = moment(row.get::<_, DateTime<Utc>>(2))?;
    let regime = if row.get::<_, &str>(3) == "house" { Regime::House } else { Regime::Tag };
    let what = What::Regime { at, regime, deposit_required: Some(Money::rials(row.get(4))) };
    Ok(Fact { id: FactId::Name(format!("deposit:{}", row.get::<_, i64>(1)).into()), recorded_at: at, what })
}
