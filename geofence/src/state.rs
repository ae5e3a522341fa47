//! The memory of one wearer's judgement of zones, and how time and fixes move it.
//!
//! Order at one instant (policy 8.4, 8.7): zones turn off or on, then the fix is taken in, then what falls due happens.

use crate::plan::{Phase, Plan, version_at};
use crate::recent::Recent;
use crate::tracker::{Finder, Standing, Tracker};
use crate::{Fix, Sense, Timestamp, Violation, Zone};
use std::sync::Arc;

/// Trackers, phases and last fixes, judged through `clock`.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct State {
    /// Every change of phase up to and including this instant has been judged.
    pub clock: Timestamp,
    /// The newest judged fix.
    pub newest_fix: Timestamp,
    pub recent: Recent,
    /// One for each zone of the plan that is not always on, in its order.
    pub phases: Box<[Phase]>,
    /// By key; a zone without one stands plain.
    pub trackers: Vec<Tracker>,
    /// Nothing changes by time alone before this.
    next_due: Timestamp,
}

impl State {
    /// Judged from `from` on: what is on then is on without a boundary (policy 8.12).
    pub fn new(plan: &Plan, from: Timestamp) -> Self {
        let phases = plan.timed().map(|versions| plan.phase(versions, from)).collect();
        let newest_fix = from.plus_millis(-1);
        let mut state = Self { clock: from, newest_fix, recent: Recent::default(), phases, trackers: Vec::new(), next_due: from };
        state.find_next_due();
        state
    }

    /// When time alone may change something next.
    pub fn next_due(&self) -> Option<Timestamp> {
        (self.next_due < Timestamp::MAX).then_some(self.next_due)
    }

    /// Judges by time alone up to and including `now`.
    pub fn advance(&mut self, plan: &Plan, now: Timestamp, found: &mut Vec<Violation>) {
        self.settle(plan, now, now, found);
    }

    /// Judges a fix newer than all before it.
    pub fn take(&mut self, plan: &Plan, fix: &Fix, found: &mut Vec<Violation>) {
        let (at, before) = (fix.taken_at, fix.taken_at.plus_millis(-1));
        self.settle(plan, before, before, found);
        self.newest_fix = at;
        self.recent.push(*fix, plan.wanted());
        self.settle(plan, at, before, found);
        self.judge(plan, fix, found);
        self.settle(plan, at, at, found);
    }

    /// Lets phases change up to `phases_to` and what is due happen up to `dues_to`, both inclusive.
    fn settle(&mut self, plan: &Plan, phases_to: Timestamp, dues_to: Timestamp, found: &mut Vec<Violation>) {
        self.clock = self.clock.max(phases_to);
        if self.next_due > phases_to.max(dues_to) {
            return;
        }
        self.end_vanished(plan, found);
        for (index, versions) in plan.timed().enumerate() {
            self.settle_zone(plan, index, versions, (phases_to, dues_to), found);
        }
        self.settle_steady(dues_to, found);
        self.find_next_due();
    }

    fn settle_zone(&mut self, plan: &Plan, index: usize, versions: &[Arc<Zone>], to: (Timestamp, Timestamp), found: &mut Vec<Violation>) {
        let key = versions[0].key;
        loop {
            let change = self.phases[index].until;
            let due = self.tracker(key).and_then(|at| self.trackers[at].standing.due()).filter(|due| *due <= to.1);
            match due {
                Some(due) if due < change => self.fall_due(key, found),
                _ if change <= to.0 && change < Timestamp::MAX => self.turn(plan, index, versions, change, found),
                _ => return,
            }
        }
    }

    /// Asks the plan again at `time` and turns the zone off or on if it says so.
    fn turn(&mut self, plan: &Plan, index: usize, versions: &[Arc<Zone>], time: Timestamp, found: &mut Vec<Violation>) {
        let phase = plan.phase(versions, time);
        let before = std::mem::replace(&mut self.phases[index], phase);
        if before.on == phase.on {
            return;
        }
        if let Some(at) = self.tracker(versions[0].key) {
            self.remove(at, time, found);
        }
        if phase.on.is_some()
            && let Some(zone) = version_at(versions, time)
        {
            let rules = zone.rules();
            let fix = self.recent.at(time, rules.accuracy_cap_m, rules.stale_after_ms);
            let standing = Standing::at_boundary(zone, time, fix);
            self.put(zone, standing);
        }
    }

    fn fall_due(&mut self, key: i64, found: &mut Vec<Violation>) {
        if let Some(at) = self.tracker(key) {
            let tracker = &mut self.trackers[at];
            let mut finder = Finder { id: &tracker.id, sense: tracker.sense, found };
            tracker.standing = tracker.standing.clone().after_due(&mut finder);
        }
    }

    /// What is due of zones that have become always on since it was begun.
    fn settle_steady(&mut self, dues_to: Timestamp, found: &mut Vec<Violation>) {
        let keys: Vec<i64> = self
            .trackers
            .iter()
            .filter(|tracker| tracker.standing.due().is_some_and(|due| due <= dues_to))
            .map(|tracker| tracker.key)
            .collect();
        for key in keys {
            self.fall_due(key, found);
        }
    }

    /// Judges a fix against every zone that is on.
    fn judge(&mut self, plan: &Plan, fix: &Fix, found: &mut Vec<Violation>) {
        for zone in plan.steady() {
            self.judge_zone(zone, fix, found);
        }
        for (index, versions) in plan.timed().enumerate() {
            if self.phases[index].on.is_some()
                && let Some(zone) = version_at(versions, fix.taken_at)
            {
                self.judge_zone(zone, fix, found);
            }
        }
        let Some(set) = plan.set() else { return };
        let begun: Vec<i64> = self.trackers.iter().map(|tracker| tracker.key).filter(|key| set.in_tree(*key).is_some()).collect();
        for zone in begun.iter().filter_map(|key| set.in_tree(*key)) {
            self.judge_zone(zone, fix, found);
        }
        // A zone may come twice: after the first time it has a tracker, if it matters at all.
        for zone in set.around(fix) {
            if self.tracker(zone.key).is_none() && !begun.contains(&zone.key) {
                self.judge_zone(zone, fix, found);
            }
        }
    }

    fn judge_zone(&mut self, zone: &Arc<Zone>, fix: &Fix, found: &mut Vec<Violation>) {
        if !zone.can_use(fix) {
            return;
        }
        let mut finder = Finder { id: &zone.id, sense: zone.sense(), found };
        let at = self.tracker(zone.key);
        let before = at.map(|at| self.trackers[at].standing.clone());
        let had_due = before.as_ref().and_then(Standing::due);
        let after = Standing::after_fix(before, zone, fix, &mut finder);
        if after.as_ref().and_then(Standing::due) != had_due {
            self.next_due = self.next_due.min(fix.taken_at);
        }
        match (at, after) {
            (Some(at), Some(after)) => self.trackers[at].standing = after,
            (Some(at), None) => drop(self.trackers.remove(at)),
            (None, after) => self.put(zone, after),
        }
    }

    fn put(&mut self, zone: &Zone, standing: Option<Standing>) {
        let Some(standing) = standing else { return };
        let at = self.trackers.partition_point(|tracker| tracker.key < zone.key);
        self.trackers.reserve_exact(1);
        self.trackers.insert(at, Tracker { key: zone.key, id: zone.id.clone(), sense: zone.sense(), standing });
    }

    fn remove(&mut self, at: usize, time: Timestamp, found: &mut Vec<Violation>) {
        let tracker = self.trackers.remove(at);
        let mut finder = Finder { id: &tracker.id, sense: tracker.sense, found };
        tracker.standing.end(time, &mut finder);
    }

    fn tracker(&self, key: i64) -> Option<usize> {
        self.trackers.binary_search_by_key(&key, |tracker| tracker.key).ok()
    }

    fn find_next_due(&mut self) {
        let phases = self.phases.iter().map(|phase| phase.until);
        let dues = self.trackers.iter().filter_map(|tracker| tracker.standing.due());
        self.next_due = phases.chain(dues).min().unwrap_or(Timestamp::MAX);
    }

    /// The zones that are on, with their sense, as of `clock`; those of a set's tree apart.
    pub fn on(&self, plan: &Plan) -> Vec<(i64, Sense)> {
        let timed = plan.timed().zip(&self.phases).filter_map(|(versions, phase)| Some((versions[0].key, phase.on?)));
        let mut on: Vec<_> = plan.steady().iter().map(|zone| (zone.key, zone.sense())).chain(timed).collect();
        on.sort_unstable();
        on
    }

    /// Goes on under another plan; `on` are the zones that were on. What differs at `clock` turns at `clock`, when time is next asked.
    pub fn adopt(&mut self, plan: &Plan, on: &[(i64, Sense)]) {
        let adopt = |versions: &[Arc<Zone>]| {
            let was = on.binary_search_by_key(&versions[0].key, |zone| zone.0).ok().map(|at| on[at].1);
            let now = plan.phase(versions, self.clock);
            if was == now.on { now } else { Phase { on: was, until: self.clock } }
        };
        self.phases = plan.timed().map(adopt).collect();
        self.find_next_due();
        if self.trackers.iter().any(|tracker| Self::has_vanished(plan, tracker)) {
            self.next_due = self.next_due.min(self.clock);
        }
    }

    fn has_vanished(plan: &Plan, tracker: &Tracker) -> bool {
        let is_timed = plan.timed().any(|versions| versions[0].key == tracker.key);
        !is_timed && plan.steady_zone(tracker.key).is_none_or(|zone| zone.sense() != tracker.sense)
    }

    /// Ends the trackers of zones that the plan no longer knows.
    fn end_vanished(&mut self, plan: &Plan, found: &mut Vec<Violation>) {
        let mut at = 0;
        while at < self.trackers.len() {
            if Self::has_vanished(plan, &self.trackers[at]) {
                self.remove(at, self.clock, found);
            } else {
                at += 1;
            }
        }
    }
}
