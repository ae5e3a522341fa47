//! Why a line is as it is, from the truth it was made of.

use crate::calendar::{Day, DayRange};
use crate::document::{Because, Why};
use crate::fact::FactId;
use crate::rate::{Code, Fee, Key, Part, Rated};
use crate::standing::{Price, Standing};
use std::collections::BTreeSet;
use std::sync::Arc;

type Reason = (Why, Vec<FactId>, Option<Arc<str>>);

/// Why an amount and its changed days are as they are.
pub(crate) fn because(rated: &Rated, key: &Key, changed: &BTreeSet<Day>) -> Vec<Because> {
    match (&key.part, key.code) {
        (Part::Unit(_), _) => days(changed.iter().map(|day| (*day, day_reason(rated, *day)))),
        (Part::Fee(_, id), _) => vec![match rated.fees.iter().find(|fee| fee.fact == *id) {
            Some(fee) => whole(fee_reason(rated, fee)),
            None => whole((Why::NoFee, std::iter::once(id).chain(rated.corrected.get(id)).cloned().collect(), None)),
        }],
        (Part::Whole, Code::Waiver) => {
            let mut waivers: Vec<FactId> = prices(rated, key).filter_map(|price| price.waived_by.clone()).collect();
            waivers.sort();
            waivers.dedup();
            vec![whole((Why::Waived, waivers, None))]
        }
        (Part::Whole, _) => {
            vec![whole((Why::Capped, vec![], None))]
        }
    }
}

fn prices<'a>(rated: &'a Rated, key: &'a Key) -> impl Iterator<Item = &'a Price> {
    let days = rated.days.iter().filter_map(|(day, standing)| match standing {
        Standing::Billable { order, price } if *order == key.order && day.month() == key.month => Some(price),
        _ => None,
    });
    let fees = rated.fees.iter().filter(|fee| fee.order == key.order && fee.at.day().month() == key.month).map(|fee| &fee.price);
    days.chain(fees)
}

fn fee_reason(rated: &Rated, fee: &Fee) -> Reason {
    let facts = std::iter::once(&fee.fact).chain(rated.corrected.get(&fee.fact)).chain(&fee.price.waived_by).cloned().collect();
    (Why::Chargeable, facts, fee.price.tariff.clone())
}

fn day_reason(rated: &Rated, day: Day) -> Reason {
    match rated.days.get(&day) {
        Some(Standing::Billable { price, .. }) => {
            let facts = price.class.iter().chain(&price.waived_by).cloned().collect();
            (Why::Used, facts, price.tariff.clone())
        }
        Some(Standing::Leave { by, .. }) => (Why::Leave, vec![by.clone()], None),
        Some(Standing::Suspended { by, .. }) => (Why::Suspended, vec![by.clone()], None),
        Some(Standing::BilledElsewhere { by, .. }) => (Why::BilledElsewhere, vec![by.clone()], None),
        Some(Standing::NotFitted { removed_by }) => (Why::NotFitted, removed_by.iter().cloned().collect(), None),
        None => (Why::NotFitted, vec![], None),
    }
}

fn whole((why, events, tariff): Reason) -> Because {
    Because { days: None, why, events, tariff }
}

/// Neighbours with the same reason become one range.
fn days(reasons: impl Iterator<Item = (Day, Reason)>) -> Vec<Because> {
    let mut found: Vec<Because> = Vec::new();
    for (day, reason) in reasons {
        let same = |last: &&mut Because| {
            let next_day = last.days.is_some_and(|range| day.days_since(range.last) == 1);
            next_day && (last.why, &last.events, &last.tariff) == (reason.0, &reason.1, &reason.2)
        };
        match found.last_mut().filter(same) {
            Some(last) => last.days = last.days.map(|range| DayRange { last: day, ..range }),
            None => found.push(Because { days: Some(DayRange { first: day, last: day }), ..whole(reason) }),
        }
    }
    found
}
