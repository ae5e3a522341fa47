//! A judge and what is stored beside it, handled as a shard does: repeats dropped, late reports only noted, the past judged again from the
//! newest kept checkpoint.

use geofence::{Checkpoint, EndReason, Judge, Order, Past, Plan, Report, StoredReport, Timestamp, Violation, judge_again};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

pub struct Shard {
    pub judge: Judge,
    from: Timestamp,
    stored: Vec<StoredReport>,
    known: HashSet<(i64, Report)>,
    /// From when the past is in doubt.
    pub dirty: Option<Timestamp>,
    checkpoints: BTreeMap<Timestamp, Vec<u8>>,
    pub told: Told,
    /// How often the past was judged again from a kept checkpoint.
    pub resumed: usize,
}

impl Shard {
    pub fn new(plan: Arc<Plan>, from: Timestamp) -> Self {
        let (judge, known, told) = (Judge::new(plan, from), HashSet::new(), Told::default());
        Self { judge, from, stored: vec![], known, dirty: None, checkpoints: BTreeMap::new(), told, resumed: 0 }
    }

    /// Takes in a report; what it shows at once.
    pub fn take(&mut self, stored: &StoredReport) -> Vec<Violation> {
        let mut found = Vec::new();
        if !self.known.insert((stored.tag_id, stored.report)) {
            return found;
        }
        self.stored.push(*stored);
        let order = Order::of(&stored.report, stored.received_at);
        if self.judge.is_late(&order) {
            self.dirty = Some(self.dirty.map_or(order.at(), |from| from.min(order.at())));
            return found;
        }
        // While the past is in doubt nothing is worth keeping.
        if self.dirty.is_none() {
            self.checkpoints.extend(self.judge.checkpoint_before(order.at()));
        }
        self.judge.report(&stored.report, stored.received_at, &mut found);
        self.told.learn(&found);
        found
    }

    /// Time passes; what it shows.
    pub fn advance(&mut self, now: Timestamp) -> Vec<Violation> {
        let mut found = Vec::new();
        self.judge.advance(now, &mut found);
        self.told.learn(&found);
        found
    }

    /// Judges what is in doubt again; what differs from what was told.
    pub fn judge_again(&mut self) -> Vec<Violation> {
        let Some(from) = self.dirty.take() else { return vec![] };
        let newest = self.checkpoints.range(..from).next_back();
        let checkpoint = newest.map(|(at, bytes)| Checkpoint { wearer_id: 1, at: *at, bytes: bytes.clone() });
        self.resumed += usize::from(checkpoint.is_some());
        let since = checkpoint.as_ref().map_or(Timestamp::MIN, |checkpoint| checkpoint.at);
        let is_since = |stored: &&StoredReport| stored.report.judged_at(stored.received_at) > since;
        let reports = self.stored.iter().filter(is_since).copied().collect();
        let past = Past { checkpoint, reports, told: self.told.since(since), kept_since: None };
        let again = judge_again(self.judge.plan().clone(), 1, self.from, past, self.judge.clock()).expect("its own memory");
        self.judge = again.judge;
        self.checkpoints.split_off(&from);
        self.checkpoints.extend(again.checkpoints.into_iter().map(|kept| (kept.at, kept.bytes)));
        self.told.learn(&again.found);
        again.found
    }

    /// A restart.
    pub fn save_and_restore(&mut self) {
        let mut bytes = Vec::new();
        self.judge.save(&mut bytes);
        self.judge = Judge::restore(self.judge.plan().clone(), &bytes).expect("its own memory");
    }
}

/// The newest state of everything told.
#[derive(Default)]
pub struct Told(Vec<Violation>);

impl Told {
    pub fn learn(&mut self, found: &[Violation]) {
        for violation in found {
            match self.0.iter_mut().rev().find(|old| old.is_same(violation)) {
                Some(old) => *old = violation.clone(),
                None => self.0.push(violation.clone()),
            }
        }
    }

    /// What was open then or found later.
    fn since(&self, since: Timestamp) -> Vec<Violation> {
        let matters = |told: &&Violation| told.found_at > since || told.end.is_none_or(|(at, _)| at >= since);
        self.0.iter().filter(matters).cloned().collect()
    }

    /// How many were refuted.
    pub fn refuted(&self) -> usize {
        self.0.iter().filter(|told| is_refuted(told)).count()
    }

    /// What was not refuted, by start, kind and zone.
    pub fn standing(&self) -> Vec<Violation> {
        let mut standing: Vec<_> = self.0.iter().filter(|told| !is_refuted(told)).cloned().collect();
        standing.sort_by(|a, b| (a.start, a.kind, &a.zone).cmp(&(b.start, b.kind, &b.zone)));
        standing
    }
}

pub fn is_refuted(violation: &Violation) -> bool {
    matches!(violation.end, Some((_, EndReason::Refuted)))
}

/// What the sorted list shows: the measure of everything else.
pub fn in_one_go(plan: Arc<Plan>, from: Timestamp, reports: &[StoredReport], until: Timestamp) -> Vec<Violation> {
    let mut reports = reports.to_vec();
    reports.sort_by_key(|stored| Order::of(&stored.report, stored.received_at));
    let (mut judge, mut found, mut told) = (Judge::new(plan, from), Vec::new(), Told::default());
    for stored in &reports {
        judge.report(&stored.report, stored.received_at, &mut found);
        told.learn(&found);
        found.clear();
    }
    judge.advance(until, &mut found);
    told.learn(&found);
    told.standing()
}
