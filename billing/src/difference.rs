//! What the truth is beyond what was billed: the content of a run's documents (rule R8). Diffs are taken against the re-rated truth, never
//! against the last charge.

use crate::BillingError;
use crate::calendar::{Day, Month, ranges};
use crate::document::{Days, Document, Line, LineCode};
use crate::explain::{because, free_days};
use crate::fact::{Fact, OrderId};
use crate::money::{Currency, Money};
use crate::rate::{Code, Item, Key, Part, Rated};
use std::collections::{BTreeMap, BTreeSet};

/// Everything ever billed. What was credited in full stays as nothing: it *was* billed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Billed(BTreeMap<Key, Item>);

impl Billed {
    /// What is now billed for an amount.
    pub fn record(&mut self, key: Key, item: Item) {
        self.0.insert(key, item);
    }

    /// What a kept line billed. `facts` tell when a fee arose.
    ///
    /// # Errors
    /// If the line names no fact, or an amount leaves 64 bits.
    pub(crate) fn add(&mut self, line: &Line, facts: &[Fact]) -> Result<(), BillingError> {
        let (LineCode::Charge(code) | LineCode::Adjust(code), Some((order, month))) = (line.code, &line.of) else { return Ok(()) };
        let part = match (&line.days, &line.event) {
            (Some(days), _) => Part::Unit(days.unit),
            (None, Some(event)) => {
                let fact = facts.iter().find(|fact| fact.id == *event).ok_or_else(|| BillingError::FactMissing(event.clone()))?;
                Part::Fee(fact.what.at(), event.clone())
            }
            (None, None) => Part::Whole,
        };
        let key = Key { month: *month, order: order.clone(), code, part };
        let item = self.0.entry(key).or_insert_with(|| Item::nothing(line.amount.currency()));
        item.amount = item.amount.plus(line.amount)?;
        if let Some(days) = &line.days {
            item.days.extend(days.added.iter().flat_map(|range| range.first.through(range.last)));
            days.removed.iter().flat_map(|range| range.first.through(range.last)).for_each(|day| _ = item.days.remove(&day));
        }
        Ok(())
    }

    /// What these documents billed.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub(crate) fn of<'a>(documents: impl Iterator<Item = &'a Document>, facts: &[Fact]) -> Result<Self, BillingError> {
        let mut billed = Self::default();
        documents.flat_map(|document| &document.lines).try_for_each(|line| billed.add(line, facts))?;
        Ok(billed)
    }

    /// After all that a run found was issued.
    pub fn settle(&mut self, items: BTreeMap<Key, Item>, currency: Currency) {
        for item in self.0.values_mut() {
            *item = Item::nothing(currency);
        }
        self.0.extend(items);
    }

    fn has_month(&self, month: Month, order: &OrderId) -> bool {
        self.0.keys().any(|key| key.month == month && key.order == *order)
    }
}

/// A change of one order's month that was billed before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The order.
    pub order: OrderId,
    /// The month.
    pub month: Month,
    /// Less than nothing: a credit note. Nothing: a re-rate note.
    pub total: Money,
    /// What changed.
    pub lines: Vec<Line>,
}

/// What a run has to issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Months that became cheaper or changed their parts only.
    pub notes: Vec<Note>,
    /// The lines of the run's invoice: first what is new, then what became dearer.
    pub invoice: Vec<Line>,
    /// What it all comes to.
    pub total: Money,
}

/// Compares the truth with what was billed.
///
/// # Errors
/// If an amount leaves 64 bits or currencies are mixed.
pub fn difference(rated: &Rated, billed: &Billed) -> Result<Difference, BillingError> {
    let mut months: BTreeMap<(Month, OrderId), Vec<Line>> = BTreeMap::new();
    for key in rated.items.keys().chain(billed.0.keys()).collect::<BTreeSet<_>>() {
        if let Some(line) = line(rated, billed, key)? {
            months.entry((key.month, key.order.clone())).or_default().push(line);
        }
    }
    let (mut notes, mut charges, mut adjustments) = (Vec::new(), Vec::new(), Vec::new());
    let mut total = Money::zero(rated.currency);
    for ((month, order), mut lines) in months {
        let is_new = !billed.has_month(month, &order);
        if let Some(place) =
            lines.iter().position(|line| line.days.is_some()).or_else(|| (!lines.is_empty()).then_some(0)).filter(|_| is_new)
        {
            let because = &mut lines[place].because;
            because.extend(free_days(rated, &order, month));
            because.sort_by_key(|because| because.days.map(|range| range.first));
        }
        let sum = Money::sum(rated.currency, lines.iter().map(|line| line.amount))?;
        total = total.plus(sum)?;
        if !is_new && !sum.is_positive() {
            notes.push(Note { order, month, total: sum, lines });
        } else {
            let (new, corrected) = lines.into_iter().partition::<Vec<_>, _>(|line| matches!(line.code, LineCode::Charge(_)));
            charges.extend(new);
            adjustments.extend(corrected);
        }
    }
    charges.append(&mut adjustments);
    Ok(Difference { notes, invoice: charges, total })
}

/// The line for one amount, if it changed.
fn line(rated: &Rated, billed: &Billed, key: &Key) -> Result<Option<Line>, BillingError> {
    let nothing = Item::nothing(rated.currency);
    let (now, before) = (rated.items.get(key).unwrap_or(&nothing), billed.0.get(key).unwrap_or(&nothing));
    if now == before {
        return Ok(None);
    }
    let added: BTreeSet<Day> = now.days.difference(&before.days).copied().collect();
    let removed: BTreeSet<Day> = before.days.difference(&now.days).copied().collect();
    // A fee that was never billed corrects nothing, even in a month that was.
    let is_new = match key.part {
        Part::Fee(..) => !billed.0.contains_key(key),
        _ => !billed.has_month(key.month, &key.order),
    };
    let days = match key.part {
        Part::Unit(unit) => Some(Days {
            unit,
            count: added.len() as i64 - removed.len() as i64,
            added: ranges(added.iter().copied()),
            removed: ranges(removed.iter().copied()),
        }),
        _ => None,
    };
    let code: fn(Code) -> LineCode = if is_new { LineCode::Charge } else { LineCode::Adjust };
    Ok(Some(Line {
        code: code(key.code),
        of: Some((key.order.clone(), key.month)),
        amount: now.amount.minus(before.amount)?,
        event: if let Part::Fee(_, fact) = &key.part { Some(fact.clone()) } else { None },
        days,
        because: because(rated, key, &added.union(&removed).copied().collect()),
    }))
}
