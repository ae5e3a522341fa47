//! What happened to persons, as billing needs it: read where intake and technical staff recorded it (fittings with their evidence, leave, orders), and
//! from what finance recorded.

use super::PersonError;
use super::required::add_required;
use crate::StoreError;
use billing::calendar::Moment;
use billing::{Covered, Fact, FactId, Money, Period, Regime, What};
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::sync::Arc;
use tokio_postgres::{Row, Transaction};

/// Only fittings that began from evidence are billed. A tag that took the place of another at the same instant is a replacement.
const FITTINGS: &str = "
    SELECT f.wearer_id, f.fitting_id, lower(f.period), greatest(i.ended_at, lower(f.period)), before.fitting_id IS NOT NULL, coalesce(i.payer = 'wearer', false),
        o.order_id, o.regime, upper(f.period), greatest(r.recorded_at, upper(f.period)), after.fitting_id IS NOT NULL
    FROM fittings f JOIN installations i USING (fitting_id)
        LEFT JOIN fittings before ON before.wearer_id = f.wearer_id AND upper(before.period) = lower(f.period)
        LEFT JOIN fittings after ON after.wearer_id = f.wearer_id AND lower(after.period) = upper(f.period)
        LEFT JOIN removals r ON r.fitting_id = f.fitting_id
        LEFT JOIN LATERAL order_in_force(f.wearer_id, lower(f.period)) o ON true
    WHERE f.wearer_id = ANY ($1) AND i.state = 'completed' ORDER BY f.fitting_id";

/// Leave as it was granted, as it was shortened, and withdrawn.
const LEAVES: &str = "
    SELECT wearer_id, leave_id, valid_from, valid_to, decided_at, back_at, ended_at, state FROM leave_acts
    WHERE wearer_id = ANY ($1) AND decided_at IS NOT NULL AND state <> 'refused' ORDER BY leave_id";

/// Suspensions and what ends them, and changes of the regime.
const ORDERS: &str = "
    SELECT o.wearer_id, f.fact_id, f.order_id, f.kind, f.at, f.recorded_at, f.regime, f.cancelled_at
    FROM order_facts f JOIN orders o USING (order_id) WHERE o.wearer_id = ANY ($1) ORDER BY f.order_id, f.at, f.version";

const FINANCE: &str = "
    SELECT wearer_id, fact_id, kind, at, until, recorded_at, amount, class, percent, covers, reference, invoice, cancels FROM billing_facts
    WHERE wearer_id = ANY ($1) ORDER BY fact_id";

/// The facts of each person, or why they make none.
pub(super) type Facts = HashMap<i64, Result<Vec<Fact>, PersonError>>;

/// All facts of these persons.
pub(super) async fn facts(transaction: &Transaction<'_>, persons: &[i64]) -> Result<Facts, StoreError> {
    let mut facts: Facts = persons.iter().map(|person| (*person, Ok(Vec::new()))).collect();
    for row in transaction.query(FITTINGS, &[&persons]).await? {
        add(&mut facts, &row, of_fitting(&row));
    }
    for row in transaction.query(LEAVES, &[&persons]).await? {
        add(&mut facts, &row, of_leave(&row));
    }
    let orders = transaction.query(ORDERS, &[&persons]).await?;
    for (place, row) in orders.iter().enumerate() {
        add(&mut facts, row, of_order(row, &orders[place + 1..]));
    }
    for row in transaction.query(FINANCE, &[&persons]).await? {
        add(&mut facts, &row, of_finance(&row));
    }
    add_required(transaction, persons, &mut facts).await?;
    Ok(facts)
}

fn add(facts: &mut Facts, row: &Row, more: Result<Vec<Fact>, PersonError>) {
    let Some(person) = facts.get_mut(&row.get::<_, i64>(0)) else { return };
    match (person.as_mut(), more) {
        (Ok(known), Ok(more)) => known.extend(more),
        (Ok(_), Err(error)) => *person = Err(error),
        (Err(_), _) => {}
    }
}

fn of_fitting(row: &Row) -> Result<Vec<Fact>, PersonError> {
    let fitting: i64 = row.get(1);
    let at = moment(row.get(2))?;
    let begun = if row.get(4) {
        What::Replace { at, chargeable: row.get(5) }
    } else {
        let order: Option<i64> = row.get(6);
        let order = order.ok_or(PersonError::NoOrder(fitting))?;
        let regime = if row.get::<_, Option<&str>>(7) == Some("house") { Regime::House } else { Regime::Tag };
        What::Install { at, order: order.to_string().into(), regime, chargeable: true, deposit_required: None }
    };
    let mut facts = vec![Fact { id: named(format!("fitting:{fitting}")), recorded_at: moment(row.get(3))?, what: begun }];
    if let (Some(until), false) = (row.get::<_, Option<DateTime<Utc>>>(8), row.get::<_, bool>(10)) {
        let recorded_at = moment(row.get::<_, Option<DateTime<Utc>>>(9).unwrap_or(until))?;
        facts.push(Fact { id: named(format!("removal:{fitting}")), recorded_at, what: What::Remove { at: moment(until)? } });
    }
    Ok(facts)
}

fn of_leave(row: &Row) -> Result<Vec<Fact>, PersonError> {
    let leave: i64 = row.get(1);
    let (from, to, decided_at) = (moment(row.get(2))?, moment(row.get(3))?, moment(row.get(4))?);
    let id = named(format!("leave:{leave}"));
    let mut facts = vec![Fact { id: id.clone(), recorded_at: decided_at, what: What::Leave(Period { from, to: Some(to) }) }];
    if let Some(ended_at) = row.get::<_, Option<DateTime<Utc>>>(6) {
        let at = moment(ended_at)?;
        facts.push(Fact { id: named(format!("leave:{leave}:end")), recorded_at: at, what: What::Cancel { at, fact: id } });
        if let Some(back_at) = row.get::<_, Option<DateTime<Utc>>>(5) {
            let period = Period { from, to: Some(moment(back_at)?) };
            facts.push(Fact { id: named(format!("leave:{leave}:shortened")), recorded_at: at, what: What::Leave(period) });
        }
    }
    Ok(facts)
}

/// `later` are the rows after this one: what ends a suspension is among them.
fn of_order(row: &Row, later: &[Row]) -> Result<Vec<Fact>, PersonError> {
    let (number, kind): (i64, &str) = (row.get(1), row.get(3));
    let (at, recorded_at) = (moment(row.get(4))?, moment(row.get(5))?);
    let id = named(format!("order:{number}"));
    let mut facts = match kind {
        "suspension" => {
            let mut facts = vec![Fact { id: id.clone(), recorded_at, what: What::Suspend(Period { from: at, to: None }) }];
            if let Some(end) = later.iter().find(|later| ends(row, later)) {
                // Without end as long as none was recorded.
                let (to, known_at) = (moment(end.get(4))?, moment(end.get(5))?);
                facts.push(Fact {
                    id: named(format!("order:{number}:over")),
                    recorded_at: known_at,
                    what: What::Cancel { at: known_at, fact: id.clone() },
                });
                let what = What::Suspend(Period { from: at, to: Some(to) });
                facts.push(Fact { id: named(format!("order:{number}:whole")), recorded_at: known_at, what });
            }
            facts
        }
        "variation" => {
            let regime = if row.get::<_, Option<&str>>(6) == Some("house") { Regime::House } else { Regime::Tag };
            vec![Fact { id: id.clone(), recorded_at, what: What::Regime { at, regime, deposit_required: None } }]
        }
        _ => return Ok(Vec::new()),
    };
    if let Some(cancelled_at) = row.get::<_, Option<DateTime<Utc>>>(7) {
        let at = moment(cancelled_at)?;
        let named_after = |fact: &Fact| Fact {
            id: named(format!("{}:cancelled", fact.id)),
            recorded_at: at,
            what: What::Cancel { at, fact: fact.id.clone() },
        };
        let cancels: Vec<Fact> = facts.iter().filter(|fact| !matches!(fact.what, What::Cancel { .. })).map(named_after).collect();
        facts.extend(cancels);
    }
    Ok(facts)
}

/// Whether a fact of an order ends this suspension.
fn ends(suspension: &Row, later: &Row) -> bool {
    let same_order = later.get::<_, i64>(2) == suspension.get::<_, i64>(2);
    let stands = later.get::<_, Option<DateTime<Utc>>>(7).is_none();
    same_order && stands && matches!(later.get(3), "resumption" | "revocation" | "end")
}

fn of_finance(row: &Row) -> Result<Vec<Fact>, PersonError> {
    let number: i64 = row.get(1);
    let (at, recorded_at) = (moment(row.get(3))?, moment(row.get(5))?);
    let period = || Ok::<_, PersonError>(Period { from: at, to: row.get::<_, Option<DateTime<Utc>>>(4).map(moment).transpose()? });
    let amount = || Money::rials(row.get::<_, Option<i64>>(6).unwrap_or_default());
    let text = |column: usize| row.get::<_, Option<&str>>(column).map(Arc::from);
    let what = match row.get(2) {
        "class" => What::Class { period: period()?, class: text(7).unwrap_or_else(|| Arc::from("")) },
        "waiver" => {
            What::Waiver { period: period()?, percent: row.get::<_, Option<i16>>(8).unwrap_or_default() as u8, covers: covers(row) }
        }
        "payment" => What::Payment { at, amount: amount(), reference: text(10), invoice: text(11) },
        "refund" => What::Refund { at, amount: amount() },
        "deposit_payment" => What::DepositPayment { at, amount: amount() },
        "deposit_return" => What::DepositReturn { at, amount: row.get::<_, Option<i64>>(6).map(Money::rials) },
        "damage" => What::Damage { at, amount: amount() },
        "cancel" => What::Cancel { at, fact: named(format!("finance:{}", row.get::<_, Option<i64>>(12).unwrap_or_default())) },
        _ => What::Run { at },
    };
    Ok(vec![Fact { id: named(format!("finance:{number}")), recorded_at, what }])
}

fn covers(row: &Row) -> Vec<Covered> {
    let named = |name: &String| match name.as_str() {
        "install" => Covered::Install,
        "replace" => Covered::Replace,
        _ => Covered::Daily,
    };
    row.get::<_, Option<Vec<String>>>(9).unwrap_or_default().iter().map(named).collect()
}

fn named(name: String) -> FactId {
    FactId::Name(name.into())
}

pub(super) fn moment(time: DateTime<Utc>) -> Result<Moment, PersonError> {
    Moment::try_from(time).map_err(|error| PersonError::Facts(error.to_string()))
}
