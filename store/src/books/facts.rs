//! What happened to persons, as billing needs it: read where intake and technical staff recorded it (fittings with their evidence, leave, orders), and
//! from what finance recorded.

use super::PersonError;
use super::elsewhere::add_elsewhere;
use super::facts_of_orders::{end_of, of_order};
use super::late::{Closing, Decided, LateRefusal, OrderEnd, Waiting, closings, has_late, hold_back};
use super::merged::add_merged;
use super::required::add_required;
use crate::StoreError;
use billing::calendar::Moment;
use billing::{Covered, Fact, FactId, Money, Period, Regime, What};
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::sync::Arc;
use tokio_postgres::{Row, Transaction};

/// Only fittings that began from evidence are billed, and only they are before and after one another: a tag that took the place of such a one at the
/// same instant is a replacement. A wearer has one tag at a time, so the one before is the last that ended. The order is the one in force in the file;
/// the order of a file that was merged may have gone on in the other. Nobody pays for being fitted again after hospital, prison or a defect (decisions
/// D9, D15), nor for a tag without evidence that somebody else pays to replace.
const FITTINGS: &str = "
    SELECT f.wearer_id, f.fitting_id, lower(f.period), greatest(i.ended_at, lower(f.period)),
        coalesce(lag(upper(f.period)) OVER in_turn = lower(f.period), false), coalesce(i.payer = 'wearer', false),
        o.order_id, o.regime, upper(f.period), greatest(r.recorded_at, upper(f.period)),
        coalesce(lead(lower(f.period)) OVER in_turn = upper(f.period), false),
        coalesce(i.payer = 'wearer', true) AND NOT coalesce(lag(o.order_id) OVER in_turn = o.order_id AND lag(
            r.reason IN ('hospital', 'prison') OR (r.tag_state = 'faulty' AND r.condition IN ('good', 'worn'))) OVER in_turn, false)
    FROM fittings f JOIN installations i USING (fitting_id)
        LEFT JOIN removals r ON r.fitting_id = f.fitting_id
        LEFT JOIN LATERAL order_in_force(f.wearer_id, lower(f.period)) own ON true
        LEFT JOIN LATERAL (
            SELECT there.order_id, there.regime
            FROM wearers w CROSS JOIN order_in_force(w.merged_into, lower(f.period)) there JOIN orders m ON m.order_id = there.order_id
            WHERE w.wearer_id = f.wearer_id AND m.moved_from IS NOT NULL) moved ON own.order_id IS NULL
        CROSS JOIN LATERAL (SELECT coalesce(own.order_id, moved.order_id), coalesce(own.regime, moved.regime)) o (order_id, regime)
    WHERE f.wearer_id = ANY ($1) AND i.state = 'completed'
    WINDOW in_turn AS (PARTITION BY f.wearer_id ORDER BY lower(f.period)) ORDER BY f.fitting_id";

/// Leave as it was granted, as it was shortened or withdrawn, and annulled after it was shortened.
const LEAVES: &str = "
    SELECT wearer_id, leave_id, valid_from, valid_to, decided_at, coalesce(shortened_to, back_at), coalesce(shortened_at, ended_at),
        CASE WHEN shortened_at IS NOT NULL THEN ended_at END
    FROM leave_acts
    WHERE wearer_id = ANY ($1) AND decided_at IS NOT NULL AND state <> 'refused' ORDER BY leave_id";

/// Leave that was imported with zones: nobody decided it here, and no act stands behind it.
const IMPORTED_LEAVES: &str = "
    SELECT wearer_id, leave_id, valid_from, valid_to, recorded_at FROM leaves
    WHERE wearer_id = ANY ($1) AND act_id IS NULL ORDER BY leave_id";

/// Orders of a file, and those that went on in the file that it was merged into: what held while it had them holds for it.
const ORDERS: &str = "
    SELECT w.wearer_id, f.fact_id, f.order_id, f.kind, f.at, f.recorded_at, f.regime, f.cancelled_at
    FROM wearers w JOIN orders o ON o.wearer_id = ANY (ARRAY[w.wearer_id, w.merged_into]) AND (o.wearer_id = w.wearer_id OR o.moved_from IS NOT NULL)
        JOIN order_facts f USING (order_id)
    WHERE w.wearer_id = ANY ($1) ORDER BY w.wearer_id, f.order_id, f.at, f.version";

const FINANCE: &str = "
    SELECT f.wearer_id, f.fact_id, f.kind, f.at, f.until, f.recorded_at, f.amount, f.class, f.percent, f.covers, f.reference, f.invoice, f.cancels, d.number,
        f.fee_of, f.chargeable
    FROM billing_facts f LEFT JOIN billing_documents d ON d.document_id = f.voids WHERE f.wearer_id = ANY ($1) ORDER BY f.fact_id";

/// The facts of each person, or why they make none.
pub(super) type Facts = HashMap<i64, Result<Vec<Fact>, PersonError>>;

/// What was decided of late facts.
const DECISIONS: &str = "
    SELECT wearer_id, fact, is_approved, decided_by, decided_at, reason FROM late_fact_decisions WHERE wearer_id = ANY ($1)";
/// What the books count already, and since when.
const KNOWN: &str = "
    SELECT wearer_id, f.key, f.value::timestamptz FROM billing_accounts CROSS JOIN LATERAL jsonb_each_text(facts) f WHERE wearer_id = ANY ($1)";

/// What is recorded of persons.
pub(super) struct Recorded {
    /// What counts.
    pub facts: Facts,
    /// What came after an order was closed and does not count.
    pub late: HashMap<i64, Vec<Waiting>>,
}

/// All facts of these persons.
pub(super) async fn facts(transaction: &Transaction<'_>, persons: &[i64]) -> Result<Recorded, StoreError> {
    let mut recorded = of_files(transaction, persons).await?;
    add_elsewhere(transaction, persons, &mut recorded.facts).await?;
    Ok(recorded)
}

/// What is recorded in their own files.
pub(super) async fn of_files(transaction: &Transaction<'_>, persons: &[i64]) -> Result<Recorded, StoreError> {
    let mut ends: HashMap<i64, Vec<OrderEnd>> = HashMap::new();
    let mut facts: Facts = persons.iter().map(|person| (*person, Ok(Vec::new()))).collect();
    for row in transaction.query(FITTINGS, &[&persons]).await? {
        add(&mut facts, &row, of_fitting(&row));
    }
    for row in transaction.query(LEAVES, &[&persons]).await? {
        add(&mut facts, &row, of_leave(&row));
    }
    for row in transaction.query(IMPORTED_LEAVES, &[&persons]).await? {
        add(&mut facts, &row, of_imported_leave(&row));
    }
    let same_order = |a: &Row, b: &Row| a.get::<_, i64>(0) == b.get::<_, i64>(0) && a.get::<_, i64>(2) == b.get::<_, i64>(2);
    for order in transaction.query(ORDERS, &[&persons]).await?.chunk_by(same_order) {
        let so_far = facts.get(&order[0].get::<_, i64>(0)).and_then(|facts| facts.as_deref().ok()).unwrap_or_default();
        let more = of_order(order, so_far);
        add(&mut facts, &order[0], more);
        let over = order.iter().filter_map(|row| end_of(row).transpose()).collect::<Result<Vec<OrderEnd>, _>>();
        ends.entry(order[0].get(0)).or_default().extend(over.unwrap_or_default());
    }
    for row in transaction.query(FINANCE, &[&persons]).await? {
        add(&mut facts, &row, of_finance(&row));
    }
    add_required(transaction, persons, &mut facts).await?;
    add_merged(transaction, persons, &mut facts).await?;
    let late = held_back(transaction, &mut facts, &ends).await?;
    Ok(Recorded { facts, late })
}

/// Takes out what came late and does not count.
async fn held_back(
    transaction: &Transaction<'_>,
    facts: &mut Facts,
    ends: &HashMap<i64, Vec<OrderEnd>>,
) -> Result<HashMap<i64, Vec<Waiting>>, StoreError> {
    let of_person = |person: &i64, ends: &Vec<OrderEnd>| {
        let known = facts.get(person)?.as_ref().ok()?;
        let closings = closings(known, ends);
        has_late(known, &closings).then_some((*person, closings))
    };
    let closed: HashMap<i64, Vec<Closing>> = ends.iter().filter_map(|(person, ends)| of_person(person, ends)).collect();
    if closed.is_empty() {
        return Ok(HashMap::new());
    }
    let mut decided = decided(transaction, &closed.keys().copied().collect::<Vec<i64>>()).await?;
    let late = closed.into_iter().filter_map(|(person, closings)| {
        let known = facts.get_mut(&person)?.as_mut().ok()?;
        Some((person, hold_back(known, &closings, &decided.remove(&person).unwrap_or_default())))
    });
    Ok(late.collect())
}

async fn decided(transaction: &Transaction<'_>, persons: &[i64]) -> Result<HashMap<i64, Decided>, StoreError> {
    let mut decided: HashMap<i64, Decided> = HashMap::new();
    let at = |row: &Row, column: usize| {
        Moment::try_from(row.get::<_, DateTime<Utc>>(column)).map_err(|error| StoreError::Unreadable(error.to_string()))
    };
    for row in transaction.query(KNOWN, &[&persons]).await? {
        decided.entry(row.get(0)).or_default().known.insert(row.get(1), at(&row, 2)?);
    }
    for row in transaction.query(DECISIONS, &[&persons]).await? {
        let (of_person, fact) = (decided.entry(row.get(0)).or_default(), row.get::<_, String>(1));
        let at = at(&row, 4)?;
        if row.get(2) {
            of_person.approved.insert(fact, at);
        } else {
            of_person.refused.insert(fact, LateRefusal { by: row.get(3), at, reason: row.get(5) });
        }
    }
    Ok(decided)
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
        let regime = regime(row.get(7));
        What::Install { at, order: order.to_string().into(), regime, chargeable: row.get(11), deposit_required: None }
    };
    let mut facts = vec![Fact { id: named(format!("fitting:{fitting}")), recorded_at: moment(row.get(3))?, what: begun }];
    if let (Some(until), false) = (row.get::<_, Option<DateTime<Utc>>>(8), row.get::<_, bool>(10)) {
        let recorded_at = moment(row.get::<_, Option<DateTime<Utc>>>(9).unwrap_or(until))?;
        facts.push(Fact { id: named(format!("removal:{fitting}")), recorded_at, what: What::Remove { at: moment(until)? } });
    }
    Ok(facts)
}

pub(super) fn regime(name: Option<&str>) -> Regime {
    if name == Some("house") { Regime::House } else { Regime::Tag }
}

fn of_leave(row: &Row) -> Result<Vec<Fact>, PersonError> {
    let leave: i64 = row.get(1);
    let (from, to, decided_at) = (moment(row.get(2))?, moment(row.get(3))?, moment(row.get(4))?);
    let id = named(format!("leave:{leave}"));
    let cancel = |name: &str, at: Moment, fact: FactId| Fact {
        id: named(format!("leave:{leave}:{name}")),
        recorded_at: at,
        what: What::Cancel { at, fact },
    };
    let mut facts = vec![Fact { id: id.clone(), recorded_at: decided_at, what: What::Leave(Period { from, to: Some(to) }) }];
    if let Some(ended_at) = row.get::<_, Option<DateTime<Utc>>>(6) {
        let at = moment(ended_at)?;
        facts.push(cancel("end", at, id.clone()));
        if let Some(back_at) = row.get::<_, Option<DateTime<Utc>>>(5) {
            let period = Period { from, to: Some(moment(back_at)?) };
            let shortened = named(format!("leave:{leave}:shortened"));
            facts.push(Fact { id: shortened.clone(), recorded_at: at, what: What::Leave(period) });
            if let Some(annulled_at) = row.get::<_, Option<DateTime<Utc>>>(7) {
                // The leave as it was granted too: it counts still if the shortening came late and waits.
                let at = moment(annulled_at)?;
                facts.extend([cancel("annulled", at, shortened), cancel("never", at, id)]);
            }
        }
    }
    Ok(facts)
}

fn of_imported_leave(row: &Row) -> Result<Vec<Fact>, PersonError> {
    let period = Period { from: moment(row.get(2))?, to: Some(moment(row.get(3))?) };
    let id = named(format!("leave:imported:{}", row.get::<_, i64>(1)));
    Ok(vec![Fact { id, recorded_at: moment(row.get(4))?, what: What::Leave(period) }])
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
        "suspension" => What::Suspend(period()?),
        "fee" => What::Fee {
            at,
            of: named(format!("fitting:{}", row.get::<_, Option<i64>>(14).unwrap_or_default())),
            chargeable: row.get::<_, Option<bool>>(15).unwrap_or_default(),
        },
        "payment" => What::Payment { at, amount: amount(), reference: text(10), invoice: text(11) },
        "refund" => What::Refund { at, amount: amount() },
        "deposit_payment" => What::DepositPayment { at, amount: amount() },
        "deposit_return" => What::DepositReturn { at, amount: row.get::<_, Option<i64>>(6).map(Money::rials) },
        "damage" => What::Damage { at, amount: amount() },
        "void" => What::Void { at, invoice: text(13).unwrap_or_else(|| Arc::from("")) },
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

pub(super) fn named(name: String) -> FactId {
    FactId::Name(name.into())
}

pub(super) fn moment(time: DateTime<Utc>) -> Result<Moment, PersonError> {
    Moment::try_from(time).map_err(|error| PersonError::Facts(error.to_string()))
}
