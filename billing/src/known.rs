//! What was known at an instant: facts recorded by then and not cancelled by then.

use crate::calendar::Moment;
use crate::fact::{Fact, FactId, Period, What};
use std::collections::{HashMap, HashSet};

/// The facts known at an instant, in the order in which they happened. The order in which they are given does not matter.
///
/// A cancellation that is itself cancelled later has no effect from then on.
pub fn known_at(facts: &[Fact], at: Moment) -> Vec<&Fact> {
    let knowledge = Knowledge::at(facts, at);
    let mut known: Vec<&Fact> = facts.iter().filter(|fact| knowledge.has(fact)).collect();
    known.sort_by(|a, b| in_order(a, b));
    after_what_they_remove(&mut known);
    known
}

/// A removal comes before an installation at the same instant, unless no tag is fitted then: it takes off what was put on at that instant.
fn after_what_they_remove(known: &mut [&Fact]) {
    let mut is_fitted = false;
    for place in 0..known.len() {
        if !is_fitted && matches!(known[place].what, What::Remove { .. }) {
            let at = known[place].what.at();
            let together = known[place..].iter().take_while(|fact| fact.what.at() == at);
            if let Some(install) = together.into_iter().position(|fact| matches!(fact.what, What::Install { .. })) {
                known[place..=place + install].rotate_left(1);
            }
        }
        match known[place].what {
            What::Install { .. } => is_fitted = true,
            What::Remove { .. } => is_fitted = false,
            _ => {}
        }
    }
}

/// Whether one fact is known at an instant. Of many, ask [`Knowledge`].
pub(crate) fn is_known(facts: &[Fact], fact: &Fact, at: Moment) -> bool {
    Knowledge::at(facts, at).has(fact)
}

/// What is known at an instant.
pub(crate) struct Knowledge<'a> {
    at: Moment,
    cancelled: HashSet<&'a FactId>,
}

impl<'a> Knowledge<'a> {
    pub(crate) fn at(facts: &'a [Fact], at: Moment) -> Self {
        Self { at, cancelled: cancelled_at(facts, at) }
    }

    pub(crate) fn has(&self, fact: &Fact) -> bool {
        fact.recorded_at <= self.at && !self.cancelled.contains(&fact.id)
    }
}

/// In the order of time; a removal before what else is done at the same instant, so that one order can follow another.
pub(crate) fn in_order(a: &Fact, b: &Fact) -> std::cmp::Ordering {
    let key = |fact: &Fact| (fact.what.at(), !matches!(fact.what, What::Remove { .. }));
    key(a).cmp(&key(b)).then_with(|| a.id.cmp(&b.id))
}

/// What made days or fees cheaper until it was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawn {
    /// The cancellation.
    pub by: FactId,
    /// The time for which it was granted.
    pub period: Period,
    /// What it did.
    pub did: Did,
}

/// What made days or fees cheaper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    /// Days were free.
    Free,
    /// Days cost the price of a class.
    Class,
    /// A part was waived.
    Waiver,
}

/// What was taken back by an instant.
pub(crate) fn withdrawn_at(facts: &[Fact], at: Moment) -> Vec<Withdrawn> {
    let cancellations = cancellations_at(facts, at);
    if cancellations.is_empty() {
        return Vec::new();
    }
    let named: HashMap<&FactId, &What> = facts.iter().map(|fact| (&fact.id, &fact.what)).collect();
    let withdrawn = cancellations.into_iter().filter_map(|(by, target)| {
        let (period, did) = match **named.get(target)? {
            What::Leave(period) | What::Suspend(period) | What::BilledElsewhere(period) => (period, Did::Free),
            What::Class { period, .. } => (period, Did::Class),
            What::Waiver { period, .. } => (period, Did::Waiver),
            _ => return None,
        };
        Some(Withdrawn { by: by.clone(), period, did })
    });
    withdrawn.collect()
}

fn cancelled_at(facts: &[Fact], at: Moment) -> HashSet<&FactId> {
    cancellations_at(facts, at).into_iter().map(|(_, target)| target).collect()
}

/// The cancellations that hold at an instant, each with what it cancels.
fn cancellations_at(facts: &[Fact], at: Moment) -> Vec<(&FactId, &FactId)> {
    let mut cancels: Vec<(Moment, &FactId, &FactId)> = facts
        .iter()
        .filter_map(|fact| match &fact.what {
            What::Cancel { fact: target, .. } if fact.effective_at() <= at => Some((fact.effective_at(), &fact.id, target)),
            _ => None,
        })
        .collect();
    // Of two that cancel each other the later holds.
    cancels.sort();
    let mut of: HashMap<&FactId, Vec<&FactId>> = HashMap::new();
    cancels.iter().for_each(|(_, id, target)| of.entry(target).or_default().push(id));
    let mut holds = HashMap::new();
    cancels.iter().for_each(|(_, id, _)| _ = hold(id, &of, &mut holds));
    cancels.iter().filter(|(_, id, _)| holds[id]).map(|(_, id, target)| (*id, *target)).collect()
}

/// Whether a cancellation holds: none that holds cancels it. `of` has the cancellations of each fact.
fn hold<'a>(id: &'a FactId, of: &HashMap<&'a FactId, Vec<&'a FactId>>, holds: &mut HashMap<&'a FactId, bool>) -> bool {
    if let Some(known) = holds.get(id) {
        return *known;
    }
    // Whoever asks for it on the way is in a circle with it.
    holds.insert(id, false);
    let answer = !of.get(id).into_iter().flatten().any(|cancel| hold(cancel, of, holds));
    holds.insert(id, answer);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tariff::Regime;

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

    #[test]
    fn a_cancellation_that_was_planned_and_withdrawn_before_has_no_effect() {
        let leave = Fact { id: name("leave"), recorded_at: moment(1), what: What::Remove { at: moment(1) } };
        // Taken back before it holds, and at the very instant, whatever the names are.
        for (planned, withdrawn) in [(10, 5), (10, 10)] {
            for (one, other) in [("a", "b"), ("b", "a")] {
                let facts = [leave.clone(), cancel(one, planned, "leave"), cancel(other, withdrawn, one)];
                assert!(known_at(&facts, moment(12)).iter().any(|fact| fact.id == name("leave")), "{one} {planned} {withdrawn}");
            }
        }
        let each_other = [leave.clone(), cancel("a", 3, "b"), cancel("b", 4, "a"), cancel("c", 5, "c")];
        assert_eq!(
            known_at(&each_other, moment(12)).iter().map(|fact| fact.id.to_string()).collect::<Vec<_>>(),
            ["leave", "b"],
            "the later of two, and none that cancels itself"
        );
    }

    #[test]
    fn a_tag_that_comes_off_at_the_instant_at_which_it_was_put_on_is_off() {
        let install = |id: &str, day: u8| {
            let what = What::Install { at: moment(day), order: id.into(), regime: Regime::Tag, chargeable: true, deposit_required: None };
            Fact { id: name(id), recorded_at: moment(day), what }
        };
        let remove = |id: &str, day: u8| Fact { id: name(id), recorded_at: moment(day), what: What::Remove { at: moment(day) } };
        let facts =
            [remove("off", 2), install("on", 2), remove("first off", 4), install("first", 3), install("second", 4), remove("end", 9)];
        let order: Vec<String> = known_at(&facts, moment(10)).iter().map(|fact| fact.id.to_string()).collect();
        assert_eq!(order, ["on", "off", "first", "first off", "second", "end"]);
    }
}
