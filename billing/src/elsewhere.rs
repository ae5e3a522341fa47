//! What was billed in files of the same person that this one went on from: no day is billed in two (rule R2), and an order keeps its one cap (rule R6).

use crate::BillingError;
use crate::calendar::{Day, Moment};
use crate::fact::{Fact, FactId, OrderId, What};
use crate::known::known_at;
use crate::policy::Policy;
use crate::rate::{Rated, rate};
use crate::standing::Standing;
use crate::tariff::Tariffs;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A file that went on in the one that is rated, by the same rules.
pub(crate) struct Earlier {
    /// How its days stand and what its fees are.
    pub(crate) rated: Rated,
    /// The day of each order's first installation in it.
    pub(crate) first: BTreeMap<OrderId, Day>,
    installed: Vec<(Moment, FactId)>,
}

impl Earlier {
    /// The files of which these facts tell.
    pub(crate) fn files(known: &[&Fact], tariffs: &Tariffs, policy: &Policy, run: Moment) -> Result<Vec<Self>, BillingError> {
        let mut files: BTreeMap<&Arc<str>, Vec<Fact>> = BTreeMap::new();
        for fact in known {
            if let What::Elsewhere { file, fact: there } = &fact.what {
                // Known here since it was known whose file that is.
                files.entry(file).or_default().push(Fact { recorded_at: fact.recorded_at, ..Fact::clone(there) });
            }
        }
        files.values().map(|facts| Self::of(facts, tariffs, policy, run)).collect()
    }

    fn of(facts: &[Fact], tariffs: &Tariffs, policy: &Policy, run: Moment) -> Result<Self, BillingError> {
        let known = known_at(facts, run);
        let installed = known.iter().filter(|fact| matches!(fact.what, What::Install { .. }));
        let installed = installed.map(|fact| (fact.what.at(), fact.id.clone())).collect();
        Ok(Self { rated: rate(facts, tariffs, policy, run)?, first: first_installations(&known), installed })
    }

    /// The installation of the tag for which a day is billed there, if it is.
    fn bills(&self, day: Day) -> Option<&FactId> {
        let Some(Standing::Billable { .. }) = self.rated.days.get(&day) else { return None };
        self.installed.iter().rfind(|(at, _)| at.day() <= day).map(|(_, id)| id)
    }
}

/// How a day stands here that may be billed in a file before: use is not counted twice.
pub(crate) fn once(standing: Standing, day: Day, earlier: &[Earlier]) -> Standing {
    match (standing, earlier.iter().find_map(|file| file.bills(day))) {
        (Standing::Billable { order, .. }, Some(by)) => Standing::Suspended { order, by: by.clone() },
        (standing, _) => standing,
    }
}

/// The day of each order's first installation, chargeable or not.
pub(crate) fn first_installations(known: &[&Fact]) -> BTreeMap<OrderId, Day> {
    let mut first = BTreeMap::new();
    for fact in known {
        if let What::Install { at, order, .. } = &fact.what {
            first.entry(order.clone()).or_insert(at.day());
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{CapWindow, UseDay};
    use crate::tariff::Regime;

    fn fact(id: &str, what: What) -> Fact {
        Fact { id: FactId::Name(id.into()), recorded_at: what.at(), what }
    }

    fn at(day: u8, time: &str) -> Moment {
        format!("1403/02/{day:02} {time}").parse().unwrap()
    }

    fn install(id: &str, at: Moment) -> Fact {
        let what = What::Install { at, order: "9".into(), regime: Regime::Tag, chargeable: true, deposit_required: None };
        fact(id, what)
    }

    fn elsewhere(there: &Fact) -> Fact {
        let id = FactId::Name(format!("elsewhere:1:{}", there.id).into());
        Fact { id, recorded_at: there.recorded_at, what: What::Elsewhere { file: "1".into(), fact: Arc::new(there.clone()) } }
    }

    /// What is to pay, and the days that are billed.
    fn rated(facts: &[Fact], policy: &Policy) -> (i64, usize) {
        let rated = rate(facts, &Tariffs::default(), policy, "1403/03/10 00:00".parse().unwrap()).unwrap();
        let days = rated.days.values().filter(|standing| matches!(standing, Standing::Billable { .. })).count();
        (rated.items.values().map(|item| item.amount.minor_units()).sum(), days)
    }

    #[test]
    fn an_order_that_goes_on_in_another_file_costs_what_it_would_have_cost_in_one() {
        for (use_day, cap_window) in [
            (UseDay::EndOfDay, CapWindow::CalendarMonth),
            (UseDay::AnyPart, CapWindow::CalendarMonth),
            (UseDay::AnyPart, CapWindow::First30Days),
        ] {
            let policy = Policy { use_day, cap_window, ..Policy::default() };
            for off in 1..30 {
                for again in off..=31 {
                    let first = [install("a", at(1, "09:00")), fact("b", What::Remove { at: at(off, "13:00") })];
                    let (one, other) = ([&first[..], &[install("c", at(again, "13:00"))]].concat(), first.iter().map(elsewhere));
                    let other: Vec<Fact> = other.chain([install("c", at(again, "13:00"))]).collect();
                    let (whole, here, there) = (rated(&one, &policy), rated(&first, &policy), rated(&other, &policy));
                    assert_eq!(whole, (here.0 + there.0, here.1 + there.1), "{policy:?}, off on {off}, fitted again on {again}");
                }
            }
        }
    }
}
