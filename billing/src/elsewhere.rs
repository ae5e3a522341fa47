//! What was billed in files of the same person that this one went on from: no day is billed in two (rule R2), and an order keeps its one cap (rule R6).

use crate::BillingError;
use crate::calendar::{Day, Moment};
use crate::fact::{Fact, FactId, OrderId, What};
use crate::known::known_at;
use crate::policy::Policy;
use crate::rate::{Rated, rate};
use crate::standing::Standing;
use crate::tariff::Tariffs;
use std::collections::{BTreeMap, HashMap};

/// A file that went on in the one that is rated, by the same rules.
pub(crate) struct Earlier {
    /// How its days stand and what its fees are.
    pub(crate) rated: Rated,
    /// The day of each order's first installation in it.
    pub(crate) first: BTreeMap<OrderId, Day>,
    installed: Vec<(Moment, FactId)>,
}

impl Earlier {
    /// The files of which these facts tell, in the order in which they were merged.
    pub(crate) fn files(known: &[&Fact], tariffs: &Tariffs, policy: &Policy, run: Moment) -> Result<Vec<Self>, BillingError> {
        let mut files: BTreeMap<u32, Vec<(&FactId, Fact)>> = BTreeMap::new();
        for fact in known {
            if let What::Elsewhere { file, fact: there } = &fact.what {
                // Known here since it was known whose file that is.
                files.entry(*file).or_default().push((&fact.id, Fact { recorded_at: fact.recorded_at, ..Fact::clone(there) }));
            }
        }
        let mut earlier = Vec::new();
        for facts in files.into_values() {
            let (names, facts): (Vec<&FactId>, Vec<Fact>) = facts.into_iter().unzip();
            let known = known_at(&facts, run);
            let names: HashMap<&FactId, &FactId> = facts.iter().map(|fact| &fact.id).zip(names).collect();
            let installed = known.iter().filter(|fact| matches!(fact.what, What::Install { .. }));
            let installed = installed.map(|fact| (fact.what.at(), names[&fact.id].clone())).collect();
            let mut rated = rate(&facts, tariffs, policy, run)?;
            rated.days = rated.days.into_iter().map(|(day, standing)| (day, once(standing, day, &earlier))).collect();
            earlier.push(Self { rated, first: first_installations(&known), installed });
        }
        Ok(earlier)
    }

    /// The installation of the tag for which a day is billed there, if it is; as it is named here.
    fn bills(&self, day: Day) -> Option<&FactId> {
        let Some(Standing::Billable { .. }) = self.rated.days.get(&day) else { return None };
        self.installed.iter().rfind(|(at, _)| at.day() <= day).map(|(_, id)| id)
    }
}

/// How a day stands here that may be billed in a file before: use is not counted twice.
pub(crate) fn once(standing: Standing, day: Day, earlier: &[Earlier]) -> Standing {
    match (standing, earlier.iter().find_map(|file| file.bills(day))) {
        (Standing::Billable { order, .. }, Some(by)) => Standing::BilledElsewhere { order, by: by.clone() },
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
    use std::sync::Arc;

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

    fn elsewhere(file: u32, there: &Fact) -> Fact {
        let id = FactId::Name(format!("elsewhere:{file}:{}", there.id).into());
        Fact { id, recorded_at: there.recorded_at, what: What::Elsewhere { file, fact: Arc::new(there.clone()) } }
    }

    /// What is to pay, and the days that are billed.
    fn rated(facts: &[Fact], policy: &Policy) -> (i64, usize) {
        let rated = rate(facts, &Tariffs::default(), policy, "1403/03/10 00:00".parse().unwrap()).unwrap();
        let days = rated.days.values().filter(|standing| matches!(standing, Standing::Billable { .. })).count();
        (rated.items.values().map(|item| item.amount.minor_units()).sum(), days)
    }

    /// A tag that is put on at nine, and comes off at one o'clock, if it does.
    fn worn(name: &str, (on, off): (u8, Option<u8>)) -> Vec<Fact> {
        let off = off.map(|off| fact(&format!("{name} off"), What::Remove { at: at(off, "13:00") }));
        std::iter::once(install(name, at(on, if on == 1 { "09:00" } else { "13:00" }))).chain(off).collect()
    }

    #[test]
    fn an_order_in_several_files_costs_what_it_would_cost_in_one() {
        let policies = [
            (UseDay::EndOfDay, CapWindow::CalendarMonth),
            (UseDay::AnyPart, CapWindow::CalendarMonth),
            (UseDay::AnyPart, CapWindow::First30Days),
        ];
        for ((use_day, cap_window), off) in policies.into_iter().flat_map(|policy| (2..14).map(move |off| (policy, off))) {
            let policy = Policy { use_day, cap_window, ..Policy::default() };
            for (pause, last) in [(0, 1), (0, 9), (2, 1), (3, 12)] {
                let second = off + pause;
                let worn = [worn("a", (1, Some(off))), worn("b", (second, Some(second + last))), worn("c", (second + last + pause, None))];
                let whole = rated(&worn.concat(), &policy);
                for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
                    // Thirty days are counted from the first installation that is known: until that file is merged from another one.
                    if cap_window == CapWindow::First30Days && order[0] != 0 {
                        continue;
                    }
                    let mut sum = (0, 0);
                    let mut before: Vec<Fact> = Vec::new();
                    for (place, file) in (0..).zip(order) {
                        let (money, days) = rated(&[&before[..], &worn[file]].concat(), &policy);
                        sum = (sum.0 + money, sum.1 + days);
                        before.extend(worn[file].iter().map(|fact| elsewhere(place, fact)));
                    }
                    assert_eq!(sum, whole, "{policy:?}, merged {order:?}: {worn:?}");
                }
            }
        }
    }
}
