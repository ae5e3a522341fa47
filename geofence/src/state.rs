//! The memory of one wearer's judgement of zones, and how time and fixes move it.
//!
//! Order at one instant (policy 8.4, 8.7): zones turn off or on, then the fix is taken in, then what falls due happens.

use crate::plan::{Phase, Plan, version_at};
use crate::recent::Recent;
use crate::tracker::{Finder, Standing, Tracker};
use crate::trackers::Trackers;
use crate::{Fix, Sense, Timestamp, Violation, Zone, ZoneSet};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use thin_vec::ThinVec;

/// Trackers, phases and last fixes, judged through `clock`.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct State {
    /// Everything up to and including this instant that time alone brings has been judged.
    pub clock: Timestamp,
    /// The newest judged fix.
    pub newest_fix: Timestamp,
    recent: Recent,
    /// One for each zone of the plan that is not always on, in its order.
    phases: ThinVec<Phase>,
    trackers: Trackers,
    /// Nothing changes by time alone before this.
    next_due: Timestamp,
}

/// The part of a state that outlives its plan.
#[derive(Serialize, Deserialize)]
pub(crate) struct SavedState {
    clock: Timestamp,
    newest_fix: Timestamp,
    recent: Recent,
    on: Vec<(i64, Sense)>,
    trackers: Vec<Tracker>,
}

impl SavedState {
    /// The same as of an earlier instant, since which nothing fell due.
    pub fn as_of(&mut self, at: Timestamp) {
        self.clock = self.clock.min(at);
    }
}

impl State {
    /// Judged from `from` on: what is on then is on without a boundary (policy 8.12).
    pub fn new(plan: &Plan, from: Timestamp) -> Self {
        let phases = plan.timed().map(|versions| plan.phase(versions, from)).collect();
        let (newest_fix, recent, trackers) = (from.plus_millis(-1), Recent::default(), Trackers::default());
        let mut state = Self { clock: from, newest_fix, recent, phases, trackers, next_due: from };
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
        self.recent.push(fix, plan.wanted());
        self.settle(plan, at, before, found);
        self.judge(plan, fix, found);
        self.settle(plan, at, at, found);
    }

    /// Lets phases change up to `phases_to` and what is due happen up to `dues_to`, both inclusive.
    fn settle(&mut self, plan: &Plan, phases_to: Timestamp, dues_to: Timestamp, found: &mut Vec<Violation>) {
        let since = self.clock;
        self.clock = self.clock.max(phases_to);
        if self.next_due > phases_to.max(dues_to) {
            return;
        }
        self.end_vanished(plan, since, found);
        for (index, versions) in plan.timed().enumerate() {
            self.settle_zone(plan, index, versions, (phases_to, dues_to), found);
        }
        self.settle_steady(dues_to, found);
        self.find_next_due();
    }

    fn settle_zone(
        &mut self,
        plan: &Plan,
        index: usize,
        versions: &[Arc<Zone>],
        (phases_to, dues_to): (Timestamp, Timestamp),
        found: &mut Vec<Violation>,
    ) {
        let key = versions[0].key;
        loop {
            let change = self.phases[index].until;
            match self.trackers.due(key).filter(|due| *due <= dues_to) {
                Some(due) if due < change => self.trackers.fall_due(key, found),
                _ if change <= phases_to && change < Timestamp::MAX => self.turn(plan, index, versions, change, found),
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
        self.end(versions[0].key, time, found);
        if let Some(zone) = version_at(versions, time).filter(|_| phase.on.is_some()) {
            let rules = zone.rules();
            let fix = self.recent.at(time, rules.accuracy_cap_m, rules.stale_after_ms);
            self.trackers.change(zone, |_| Standing::at_boundary(zone, time, fix.as_ref()));
        }
    }

    fn end(&mut self, key: i64, time: Timestamp, found: &mut Vec<Violation>) {
        if let Some(tracker) = self.trackers.take(key) {
            tracker.standing.end(time, &mut Finder { id: &tracker.id, sense: tracker.sense, found });
        }
    }

    /// What is due of zones that have become always on since it was begun.
    fn settle_steady(&mut self, dues_to: Timestamp, found: &mut Vec<Violation>) {
        let is_due = |tracker: &&Tracker| tracker.standing.due().is_some_and(|due| due <= dues_to);
        let keys: Vec<i64> = self.trackers.iter().filter(is_due).map(|tracker| tracker.key).collect();
        keys.into_iter().for_each(|key| self.trackers.fall_due(key, found));
    }

    /// Judges a fix against every zone that is on.
    fn judge(&mut self, plan: &Plan, fix: &Fix, found: &mut Vec<Violation>) {
        // Where nothing is known against the wearer, a fix that keeps every rule changes nothing.
        if !self.trackers.is_empty() || !plan.is_plain(fix) {
            self.judge_own(plan, fix, found);
        }
        if let Some(set) = plan.set() {
            self.judge_set(set, fix, found);
        }
    }

    fn judge_own(&mut self, plan: &Plan, fix: &Fix, found: &mut Vec<Violation>) {
        for zone in plan.steady() {
            self.judge_zone(zone, fix, found);
        }
        for (index, versions) in plan.timed().enumerate() {
            if let Some(zone) = version_at(versions, fix.taken_at).filter(|_| self.phases[index].on.is_some()) {
                self.judge_zone(zone, fix, found);
            }
        }
    }

    fn judge_set(&mut self, set: &ZoneSet, fix: &Fix, found: &mut Vec<Violation>) {
        let begun: Vec<i64> = self.trackers.iter().map(|tracker| tracker.key).filter(|key| set.in_tree(*key).is_some()).collect();
        for zone in begun.iter().filter_map(|key| set.in_tree(*key)) {
            self.judge_zone(zone, fix, found);
        }
        // A zone may come twice: after the first time it has a tracker, if it matters at all.
        for zone in set.around(fix) {
            if !self.trackers.has(zone.key) && !begun.contains(&zone.key) {
                self.judge_zone(zone, fix, found);
            }
        }
    }

    fn judge_zone(&mut self, zone: &Arc<Zone>, fix: &Fix, found: &mut Vec<Violation>) {
        if zone.can_use(fix) {
            let mut finder = Finder { id: &zone.named.id, sense: zone.sense(), found };
            self.trackers.change(zone, |standing| Standing::after_fix(standing, zone, fix, &mut finder));
        }
    }

    fn find_next_due(&mut self) {
        let phases = self.phases.iter().map(|phase| phase.until);
        self.next_due = phases.chain(self.trackers.next_due()).min().unwrap_or(Timestamp::MAX);
    }

    /// The zones that are on, with their sense, as of `clock`; those of a set's tree apart.
    fn on(&self, plan: &Plan) -> Vec<(i64, Sense)> {
        let timed = plan.timed().zip(&self.phases).filter_map(|(versions, phase)| Some((versions[0].key, phase.on?)));
        let mut on: Vec<_> = plan.steady().iter().map(|zone| (zone.key, zone.sense())).chain(timed).collect();
        on.sort_unstable();
        on
    }

    /// Goes on under another plan than `old`.
    pub fn change_plan(&mut self, old: &Plan, new: &Plan) {
        let on = self.on(old);
        self.adopt(new, &on);
    }

    /// What is on in the plan but was not among `on`, or the other way round, turns at `clock`, when time is next asked.
    fn adopt(&mut self, plan: &Plan, on: &[(i64, Sense)]) {
        let adopt = |versions: &[Arc<Zone>]| {
            let was = on.binary_search_by_key(&versions[0].key, |zone| zone.0).ok().map(|at| on[at].1);
            let now = plan.phase(versions, self.clock);
            if was == now.on { now } else { Phase { on: was, until: self.clock } }
        };
        self.phases = plan.timed().map(adopt).collect();
        self.find_next_due();
        if self.trackers.iter().any(|tracker| has_vanished(plan, tracker)) {
            self.next_due = self.next_due.min(self.clock);
        }
    }

    /// Ends the trackers of zones that the plan no longer knows.
    fn end_vanished(&mut self, plan: &Plan, time: Timestamp, found: &mut Vec<Violation>) {
        let keys: Vec<i64> = self.trackers.iter().filter(|tracker| has_vanished(plan, tracker)).map(|tracker| tracker.key).collect();
        keys.into_iter().for_each(|key| self.end(key, time, found));
    }

    /// Tells every violation that has not ended.
    pub fn open(&self, found: &mut Vec<Violation>) {
        for tracker in self.trackers.iter() {
            tracker.standing.tell(&mut Finder { id: &tracker.id, sense: tracker.sense, found });
        }
    }

    /// What must be kept to go on later.
    pub fn save(&self, plan: &Plan) -> SavedState {
        let trackers = self.trackers.iter().cloned().collect();
        SavedState { clock: self.clock, newest_fix: self.newest_fix, recent: self.recent.clone(), on: self.on(plan), trackers }
    }

    /// Goes on from what was kept, under a plan that may have changed since.
    pub fn restore(plan: &Plan, mut saved: SavedState) -> Self {
        saved.on.sort_unstable();
        for tracker in &mut saved.trackers {
            // The name as all others have it: read back, each has a copy of its own.
            if let Some(zone) = plan.zone_with(tracker.key).filter(|zone| zone.named.id == tracker.id) {
                tracker.id = Arc::clone(&zone.named.id);
            }
        }
        let (recent, trackers) = (saved.recent, Trackers::from(saved.trackers));
        let state = Self::new(plan, saved.clock);
        let mut state = Self { newest_fix: saved.newest_fix, recent, trackers, ..state };
        state.adopt(plan, &saved.on);
        state
    }
}

fn has_vanished(plan: &Plan, tracker: &Tracker) -> bool {
    let is_timed = plan.timed().any(|versions| versions[0].key == tracker.key);
    !is_timed && plan.steady_zone(tracker.key).is_none_or(|zone| zone.sense() != tracker.sense)
}
