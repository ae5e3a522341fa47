//! What was known at an instant: facts recorded by then and not cancelled by then.

use crate::calendar::Moment;
use crate::fact::{Fact, FactId, What};
use std::collections::HashSet;

/// The facts known at an instant, in the order in which they happened. The order in which they are given does not matter.
///
/// A cancellation that is itself cancelled later has no effect from then on.
pub fn known_at(facts: &[Fact], at: Moment) -> Vec<&Fact> {
    let cancelled = cancelled_at(facts, at);
    let mut known: Vec<&Fact> = facts.iter().filter(|fact| fact.recorded_at <= at && !cancelled.contains(&fact.id)).collect();
    known.sort_by(|a, b| in_order(a, b));
    known
}

/// Whether one fact is known at an instant.
pub(crate) fn is_known(facts: &[Fact], fact: &Fact, at: Moment) -> bool {
    fact.recorded_at <= at && !cancelled_at(facts, at).contains(&fact.id)
}

/// In the order of time; a removal before what else is done at the same instant, so that one order can follow another.
pub(crate) fn in_order(a: &Fact, b: &Fact) -> std::cmp::Ordering {
    let key = |fact: &Fact| (fact.what.at(), !matches!(fact.what, What::Remove { .. }));
    key(a).cmp(&key(b)).then_with(|| a.id.cmp(&b.id))
}

fn cancelled_at(facts: &[Fact], at: Moment) -> HashSet<&FactId> {
    let mut cancels: Vec<(Moment, &FactId, &FactId)> = facts
        .iter()
        .filter_map(|fact| match &fact.what {
            What::Cancel { fact: target, .. } if fact.effective_at() <= at => Some((fact.effective_at(), &fact.id, target)),
            _ => None,
        })
        .collect();
    // The latest first: whether a cancellation holds depends on later ones alone.
    cancels.sort_by(|a, b| b.cmp(a));
    let mut cancelled = HashSet::new();
    for (_, id, target) in cancels {
        if !cancelled.contains(id) {
            cancelled.insert(target);
        }
    }
    cancelled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(day: u8) -> Moment {
        format!("1398/05/{day:02} 10:00").parse().unwrap()
    }

    fn name(name: &str) -> FactId {
        FactId::Name(name.into())
    }

    fn cancel(id: &str, day: u8, target: &str) -> Fact {
        Fact { id: name(id), recorded_at: moment(day), what: What::Cancel { at: moment(day), fact: name(target) } }
    }

    #[test]
    fn a_cancelled_cancellation_has_no_effect() {
        let removal = Fact { id: name("removal"), recorded_at: moment(2), what: What::Remove { at: moment(1) } };
        let mut facts = vec![removal, cancel("first", 5, "removal"), cancel("second", 8, "first")];
        let check = |facts: &[Fact], day: u8, known: bool| {
            let found = known_at(facts, moment(day)).iter().any(|fact| fact.id == name("removal"));
            assert_eq!(found, known, "at day {day}");
            assert_eq!(is_known(facts, &facts.iter().find(|fact| fact.id == name("removal")).unwrap().clone(), moment(day)), known);
        };
        for _ in 0..2 {
            check(&facts, 1, false); // happened, not yet recorded
            check(&facts, 2, true);
            check(&facts, 5, false);
            check(&facts, 7, false);
            check(&facts, 8, true);
            facts.reverse();
        }
    }
}
