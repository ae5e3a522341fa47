//! Suspensions and changes of the regime, as they were known at each instant.
//!
//! What a row of an order says depends on others: on what ends a suspension, on the regime before, on whether a tag was fitted. So each row is asked at
//! every instant at which something was recorded or cancelled. A new answer is a new fact, and the one before is cancelled then: what was known at an
//! instant in the past stays as it was, whatever is recorded or cancelled later.

use super::PersonError;
use super::facts::{moment, named, regime};
use super::late::OrderEnd;
use billing::calendar::Moment;
use billing::{Fact, FactId, Period, Regime, What};
use chrono::{DateTime, Utc};
use std::collections::{BTreeSet, HashMap};
use tokio_postgres::Row;

/// The facts that one order makes; `rows` are in the order of time. `of_person` are what is known of the person's fittings.
pub(super) fn of_order(rows: &[Row], of_person: &[Fact]) -> Result<Vec<Fact>, PersonError> {
    let order = rows.iter().map(OrderFact::read).collect::<Result<Vec<_>, _>>()?;
    let is_fitting = |fact: &&Fact| matches!(fact.what, What::Install { .. } | What::Remove { .. });
    let fittings: Vec<&Fact> = of_person.iter().filter(is_fitting).collect();
    let of_the_order = order.iter().flat_map(|fact| [Some(fact.recorded_at), fact.cancelled_at]).flatten();
    let instants: BTreeSet<Moment> = of_the_order.chain(fittings.iter().map(|fact| fact.recorded_at)).collect();
    let mut facts = Vec::new();
    for (place, fact) in order.iter().enumerate() {
        match fact.kind {
            Kind::Suspension => facts.extend(told(&instants, |at| fact.suspends(&order[place + 1..], at))),
            Kind::Variation(_) => facts.extend(told(&instants, |at| fact.changes_regime(&order[..place], &fittings, at))),
            _ => {}
        }
    }
    Ok(facts)
}

/// That an order is over, if the row says so.
pub(super) fn end_of(row: &Row) -> Result<Option<OrderEnd>, PersonError> {
    let OrderFact { kind, at, recorded_at, cancelled_at, .. } = OrderFact::read(row)?;
    let order = row.get::<_, i64>(2).to_string().into();
    Ok((kind == Kind::End).then_some(OrderEnd { order, at, recorded_at, cancelled_at }))
}

/// What is told, under a name that says all of it; `None` = nothing.
type Told = Option<(String, What)>;

/// The facts by which at each instant is known what is told then.
fn told(instants: &BTreeSet<Moment>, tells: impl Fn(Moment) -> Told) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut times: HashMap<String, u32> = HashMap::new();
    let mut last: Option<(String, FactId)> = None;
    for &at in instants {
        let now = tells(at);
        if now.as_ref().map(|(name, _)| name) == last.as_ref().map(|(name, _)| name) {
            continue;
        }
        if let Some((_, id)) = last.take() {
            facts.push(Fact { id: named(format!("{id}:cancelled")), recorded_at: at, what: What::Cancel { at, fact: id } });
        }
        if let Some((name, what)) = now {
            let times = times.entry(name.clone()).and_modify(|times| *times += 1).or_insert(1);
            let id = named(if *times == 1 { name.clone() } else { format!("{name}:{times}") });
            facts.push(Fact { id: id.clone(), recorded_at: at, what });
            last = Some((name, id));
        }
    }
    facts
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    New(Regime),
    Variation(Regime),
    Suspension,
    Resumption,
    /// Revoked, or over.
    End,
}

/// A row of an order.
struct OrderFact {
    number: i64,
    kind: Kind,
    at: Moment,
    recorded_at: Moment,
    cancelled_at: Option<Moment>,
}

impl OrderFact {
    fn read(row: &Row) -> Result<Self, PersonError> {
        let kind = match row.get(3) {
            "new" => Kind::New(regime(row.get(6))),
            "variation" => Kind::Variation(regime(row.get(6))),
            "suspension" => Kind::Suspension,
            "resumption" => Kind::Resumption,
            _ => Kind::End,
        };
        let cancelled_at = row.get::<_, Option<DateTime<Utc>>>(7).map(moment).transpose()?;
        Ok(Self { number: row.get(1), kind, at: moment(row.get(4))?, recorded_at: moment(row.get(5))?, cancelled_at })
    }

    fn stands(&self, known_at: Moment) -> bool {
        self.recorded_at <= known_at && self.cancelled_at.is_none_or(|cancelled_at| cancelled_at > known_at)
    }

    /// A suspension lasts until the first that ends it of those after it; without end as long as none is known.
    fn suspends(&self, later: &[Self], known_at: Moment) -> Told {
        if !self.stands(known_at) {
            return None;
        }
        let end = later.iter().find(|fact| fact.stands(known_at) && matches!(fact.kind, Kind::Resumption | Kind::End));
        let number = self.number;
        let name = end.map_or_else(|| format!("order:{number}"), |end| format!("order:{number}:whole:{}", end.number));
        Some((name, What::Suspend(Period { from: self.at, to: end.map(|end| end.at) })))
    }

    /// A variation changes the regime only if that differs from what it was before, and of somebody who wears a tag: a tag that is fitted later is fitted
    /// under the regime of then.
    fn changes_regime(&self, earlier: &[Self], fittings: &[&Fact], known_at: Moment) -> Told {
        let regime = self.regime().filter(|_| self.stands(known_at))?;
        let before = earlier.iter().rev().filter(|fact| fact.stands(known_at)).find_map(Self::regime)?;
        let is_change = before != regime && is_fitted(fittings, self.at, known_at);
        is_change.then(|| (format!("order:{}", self.number), What::Regime { at: self.at, regime, deposit_required: None }))
    }

    fn regime(&self) -> Option<Regime> {
        match self.kind {
            Kind::New(regime) | Kind::Variation(regime) => Some(regime),
            _ => None,
        }
    }
}

/// Whether a tag is fitted just before an instant.
fn is_fitted(fittings: &[&Fact], at: Moment, known_at: Moment) -> bool {
    let known = fittings.iter().filter(|fact| fact.recorded_at <= known_at && fact.what.at() < at);
    // A tag comes off before another is put on at the same instant.
    let last = known.max_by_key(|fact| (fact.what.at(), matches!(fact.what, What::Install { .. })));
    last.is_some_and(|fact| matches!(fact.what, What::Install { .. }))
}
