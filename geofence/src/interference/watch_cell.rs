//! One cell: who is heard in it, and the incident that may be open.

use super::count::{Count, leaves_at};
use super::standing::Standing;
use super::{Cell, Interference, InterferenceRules, Sighting};
use crate::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Wearers, counts, incident; judged through `clock`.
#[derive(Clone, Debug)]
pub(super) struct WatchCell {
    cell: Cell,
    clock: Timestamp,
    wearers: BTreeMap<i64, Standing>,
    count: Count,
    /// When those who are no longer known are next swept out.
    sweep_at: Timestamp,
    incident: Option<Box<Incident>>,
}

#[derive(Clone, Debug)]
struct Incident {
    start: Timestamp,
    found_at: Timestamp,
    members: BTreeSet<i64>,
    calm_since: Option<Timestamp>,
}

impl WatchCell {
    /// A cell judged through `clock`; [`Timestamp::MIN`] = not yet.
    pub fn new(cell: Cell, clock: Timestamp) -> Self {
        Self { cell, clock, wearers: BTreeMap::new(), count: Count::default(), sweep_at: clock, incident: None }
    }

    pub const fn has_incident(&self) -> bool {
        self.incident.is_some()
    }

    /// Whether there is nothing to remember.
    pub fn is_idle(&self) -> bool {
        self.wearers.is_empty() && self.incident.is_none()
    }

    /// What happens by time alone up to and including `now`: an end falls due, then what is too old leaves.
    pub fn advance(&mut self, now: Timestamp, rules: &InterferenceRules, found: &mut Vec<Interference>) {
        if self.clock == Timestamp::MIN {
            self.clock = now;
            self.judge_calm(rules); // a resumed incident: nothing is known from before
        }
        while let Some(next) = self.next_change(rules).filter(|next| *next <= now) {
            self.clock = self.clock.max(next);
            if self.ends_at(rules).is_some_and(|end| end <= next) {
                self.end(next, found);
                continue;
            }
            self.count.leave();
            self.judge_calm(rules);
        }
        self.clock = self.clock.max(now);
        self.sweep(rules);
    }

    /// Takes in a sighting that is in the window which ends now. An older one than the wearer's newest says nothing.
    pub fn take(&mut self, sighting: &Sighting, rules: &InterferenceRules, found: &mut Vec<Interference>) {
        let (clock, within_ms) = (self.clock, rules.within_ms);
        let before = self.wearers.get(&sighting.wearer).copied();
        if before.is_some_and(|before| before.at >= sighting.at) {
            return;
        }
        if let Some(before) = before {
            before.leave(&mut self.count);
        }
        let standing = Standing::after(before.filter(|before| before.is_known(clock, within_ms)), sighting.at, sighting.troubled);
        standing.enter(&mut self.count, clock, within_ms);
        self.wearers.insert(sighting.wearer, standing);
        self.judge_incident(sighting, rules, found);
        self.judge_calm(rules);
    }

    /// Goes on with an incident that was open before. Calm counts from the clock on: what was before is not known.
    pub fn resume(&mut self, incident: Interference, rules: &InterferenceRules) {
        let members = incident.joined.into_iter().collect();
        self.incident = Some(Box::new(Incident { start: incident.start, found_at: incident.found_at, members, calm_since: None }));
        if self.clock != Timestamp::MIN {
            self.judge_calm(rules);
        }
    }

    /// The open incident with all its members.
    pub fn open(&self) -> Option<Interference> {
        self.incident.as_ref().map(|incident| incident.told(self.cell, None, incident.members.iter().copied().collect()))
    }

    /// Before this nothing ends by time alone.
    pub fn next_due(&self, rules: &InterferenceRules) -> Option<Timestamp> {
        self.incident.as_ref()?;
        if self.clock == Timestamp::MIN {
            return Some(self.clock); // its calm begins with the first call
        }
        self.ends_at(rules).or_else(|| self.count.next_leaving(rules.within_ms))
    }

    fn ends_at(&self, rules: &InterferenceRules) -> Option<Timestamp> {
        self.incident.as_ref()?.calm_since.map(|since| since.plus_millis(rules.calm_ms))
    }

    fn next_change(&self, rules: &InterferenceRules) -> Option<Timestamp> {
        self.ends_at(rules).into_iter().chain(self.count.next_leaving(rules.within_ms)).min()
    }

    fn end(&mut self, at: Timestamp, found: &mut Vec<Interference>) {
        if let Some(incident) = self.incident.take() {
            found.push(incident.told(self.cell, Some(at), Vec::new()));
        }
    }

    fn judge_calm(&mut self, rules: &InterferenceRules) {
        if let Some(incident) = &mut self.incident {
            let is_calm = self.count.total().is_calm(rules);
            incident.calm_since = is_calm.then(|| incident.calm_since.unwrap_or(self.clock));
        }
    }

    fn judge_incident(&mut self, sighting: &Sighting, rules: &InterferenceRules, found: &mut Vec<Interference>) {
        if let Some(incident) = &mut self.incident {
            if sighting.troubled && incident.members.insert(sighting.wearer) {
                found.push(incident.told(self.cell, None, vec![sighting.wearer]));
            }
        } else if self.count.total().is_incident(rules) {
            let incident = self.incident(rules);
            found.push(incident.told(self.cell, None, incident.members.iter().copied().collect()));
            self.incident = Some(Box::new(incident));
        }
    }

    /// The incident that the count shows: looks at every wearer of the cell, once an incident.
    fn incident(&self, rules: &InterferenceRules) -> Incident {
        let (clock, within_ms) = (self.clock, rules.within_ms);
        let troubled = || self.wearers.iter().filter(|(_, standing)| standing.is_troubled() && standing.is_heard(clock, within_ms));
        let turns = troubled().filter_map(|(_, standing)| standing.turned_at());
        let in_window = turns.filter(|turn| leaves_at(*turn, within_ms) > clock);
        Incident {
            start: in_window.min().unwrap_or(clock),
            found_at: clock,
            members: troubled().map(|(wearer, _)| *wearer).collect(),
            calm_since: None,
        }
    }

    /// Once a window, so that a sighting pays for it in small change.
    fn sweep(&mut self, rules: &InterferenceRules) {
        if self.clock >= self.sweep_at {
            let clock = self.clock;
            self.wearers.retain(|_, standing| standing.is_known(clock, rules.within_ms));
            self.sweep_at = clock.plus_millis(rules.within_ms);
        }
    }
}

impl Incident {
    fn told(&self, cell: Cell, end: Option<Timestamp>, joined: Vec<i64>) -> Interference {
        Interference { cell, start: self.start, found_at: self.found_at, end, joined }
    }
}
