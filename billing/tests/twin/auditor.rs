//! Reckons the truth of a timeline day by day, as slowly and plainly as it can be written.

use super::calendar::{day_of, month_length, month_of, start_of};
use super::scenario::{Event, Happening, Scenario};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What the months of the answer should be.
pub fn months(scenario: &Scenario) -> Value {
    let audit = Audit::new(scenario);
    let mut months: BTreeMap<(&str, i64, i64), Month> = BTreeMap::new();
    let horizon = audit.horizon();
    let mut spent: BTreeMap<&str, i64> = BTreeMap::new();
    let first_day = audit.known.iter().map(|event| day_of(event.from)).min().unwrap_or(horizon);
    for day in first_day..=horizon {
        let (year, number) = month_of(day);
        let mut costs: Vec<(&str, i64, bool)> = Vec::new();
        for (event, order) in audit.fees(day) {
            let replaces = matches!(event.what, Happening::Replace { .. });
            let (_, fee) = audit.tariff(day);
            let full = if replaces { fee + 1 } else { fee };
            let off = full - full * (100 - audit.percent(day, true)) / 100;
            let month = months.entry((order, year, number)).or_default();
            *(if replaces { &mut month.replace } else { &mut month.install }) += full;
            month.waiver -= off;
            costs.push((order, full - off, !replaces || scenario.cap_includes_replacement));
        }
        if let Some(order) = audit.order_on(day) {
            let month = months.entry((order, year, number)).or_default();
            month.used += 1;
            if audit.free(day, &Happening::Leave) {
                month.leave += 1;
            } else if audit.free(day, &Happening::Suspend) || audit.free_by_both(day) {
                month.suspended += 1;
            } else {
                let (daily, _) = audit.tariff(day);
                let class = audit.holds_at_end(day, |what| matches!(what, Happening::Class));
                let price = if class { daily / 2 } else { daily };
                let off = price - price * (100 - audit.percent(day, false)) / 100;
                month.usage += price;
                month.waiver -= off;
                costs.push((order, price - off, true));
            }
        }
        for (order, amount, counts) in costs {
            if let Some(cap) = audit.cap(order, day).filter(|_| counts) {
                let before = spent.entry(order).or_default();
                let over = (*before + amount - cap).max(0) - (*before - cap).max(0);
                *before += amount;
                months.entry((order, year, number)).or_default().cap -= over;
            }
        }
    }
    months.into_iter().map(|((order, year, number), month)| (format!("{order} {year}-{number:02}"), month.json(year, number))).collect()
}

#[derive(Default)]
struct Month {
    used: i64,
    leave: i64,
    suspended: i64,
    usage: i64,
    waiver: i64,
    cap: i64,
    install: i64,
    replace: i64,
}

impl Month {
    fn json(&self, year: i64, number: i64) -> Value {
        json!({
            "calendar_days": month_length(year, number), "used_days": self.used, "leave_days": self.leave,
            "suspended_days": self.suspended, "billable_days": self.used - self.leave - self.suspended,
            "usage": self.usage, "waiver": self.waiver, "cap": self.cap, "install": self.install, "replace": self.replace,
            "net": self.usage + self.waiver + self.cap + self.install + self.replace,
        })
    }
}

struct Audit<'a> {
    scenario: &'a Scenario,
    known: Vec<&'a Event>,
}

impl<'a> Audit<'a> {
    fn new(scenario: &'a Scenario) -> Self {
        let as_of = scenario.as_of;
        let known = |event: &&Event| event.recorded <= as_of && event.cancelled.is_none_or(|at| at > as_of);
        let mut known: Vec<&Event> = scenario.events.iter().filter(known).collect();
        // Of what happens at one instant, removals are first, then the order of ids.
        known.sort_by_key(|event| (event.from, event.what != Happening::Remove));
        Self { scenario, known }
    }

    fn horizon(&self) -> i64 {
        let mut day = day_of(self.scenario.as_of);
        let this_month = month_of(day);
        if self.scenario.arrears {
            while month_of(day) == this_month {
                day -= 1;
            }
        } else {
            while month_of(day + 1) == this_month {
                day += 1;
            }
        }
        day
    }

    /// The order of the tag that is fitted just before a second, by looking at every event before it.
    fn order_before(&self, second: i64) -> Option<&'a str> {
        let mut order = None;
        for event in self.known.iter().filter(|event| event.from < second) {
            match event.what {
                Happening::Install { order: new, .. } => order = Some(new),
                Happening::Remove => order = None,
                _ => {}
            }
        }
        order
    }

    fn order_on(&self, day: i64) -> Option<&'a str> {
        let (start, end) = (start_of(day), start_of(day + 1));
        let at_end = self.order_before(end);
        if at_end.is_some() || !self.scenario.use_any_part {
            return at_end;
        }
        // Just before each change within the day: the last tag seen.
        let changes = self.known.iter().map(|event| event.from).filter(|at| (start + 1..end).contains(at));
        changes.filter_map(|at| Some((at, self.order_before(at)?))).max_by_key(|(at, _)| *at).map(|(_, order)| order)
    }

    fn fees(&self, day: i64) -> Vec<(&'a Event, &'a str)> {
        let on_day = self.known.iter().filter(|event| day_of(event.from) == day);
        on_day
            .filter_map(|event| match event.what {
                Happening::Install { order, chargeable } if self.is_charged(event, chargeable) => Some((*event, order)),
                Happening::Replace { chargeable } if self.is_charged(event, chargeable) => {
                    let order = self.order_before(event.from + 1).or_else(|| self.order_before(event.from));
                    order.map(|order| (*event, order))
                }
                _ => None,
            })
            .collect()
    }

    /// The last decision about a fee counts, else what was recorded with it.
    fn is_charged(&self, event: &Event, recorded: bool) -> bool {
        let decided = |other: &&Event| match other.what {
            Happening::Fee { of, chargeable } if self.scenario.events.get(of).is_some_and(|of| std::ptr::eq(of, event)) => Some(chargeable),
            _ => None,
        };
        self.known.iter().rev().find_map(decided).unwrap_or(recorded)
    }

    fn holds_at_end(&self, day: i64, what: impl Fn(&Happening) -> bool) -> bool {
        let end = start_of(day + 1);
        self.known.iter().any(|event| what(&event.what) && event.from < end && event.to.is_none_or(|to| to >= end))
    }

    fn free(&self, day: i64, kind: &Happening) -> bool {
        let (start, end) = (start_of(day), start_of(day + 1));
        match self.scenario.leave_day {
            "end_of_day" => self.holds_at_end(day, |what| what == kind),
            "any_part" => self.known.iter().any(|event| {
                event.what == *kind && event.from < end && event.to.is_none_or(|to| to > start) && event.to != Some(event.from)
            }),
            _ => self.every_second(day, |what| what == kind),
        }
    }

    fn free_by_both(&self, day: i64) -> bool {
        self.scenario.leave_day == "full_day" && self.every_second(day, |what| matches!(what, Happening::Leave | Happening::Suspend))
    }

    /// Something holds at every second of a day: it is enough to look where something begins or ends.
    fn every_second(&self, day: i64, what: impl Fn(&Happening) -> bool) -> bool {
        let (start, end) = (start_of(day), start_of(day + 1));
        let changes = self.known.iter().flat_map(|event| [Some(event.from), event.to]).flatten();
        let looked_at = changes.filter(|at| (start..end).contains(at)).chain([start]);
        looked_at
            .collect::<Vec<_>>()
            .into_iter()
            .all(|second| self.known.iter().any(|event| what(&event.what) && event.from <= second && event.to.is_none_or(|to| to > second)))
    }

    /// The highest percentage that is waived of a day's price or of its fees.
    fn percent(&self, day: i64, of_fees: bool) -> i64 {
        let end = start_of(day + 1);
        let holding = self.known.iter().filter(|event| event.from < end && event.to.is_none_or(|to| to >= end));
        let percents = holding.filter_map(|event| match event.what {
            Happening::Waiver { percent, fees } if fees || !of_fees => Some(percent),
            _ => None,
        });
        percents.max().unwrap_or(0)
    }

    /// Daily price and fee.
    fn tariff(&self, day: i64) -> (i64, i64) {
        let (from, recorded) = self.scenario.second_tariff;
        if day >= from && recorded <= self.scenario.as_of { (200_001, 900_000) } else { (100_003, 800_000) }
    }

    /// The cap of an order, if it counts on a day.
    fn cap(&self, order: &str, day: i64) -> Option<i64> {
        let installed = |event: &&&Event| matches!(event.what, Happening::Install { order: of, .. } if of == order);
        let first = day_of(self.known.iter().filter(installed).map(|event| event.from).min()?);
        let counts = if self.scenario.thirty_days { (first..first + 30).contains(&day) } else { month_of(first) == month_of(day) };
        counts.then(|| self.tariff(first).1 * 4)
    }
}
