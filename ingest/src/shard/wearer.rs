//! What a shard remembers of whoever wears a tag.

use super::RetiredPast;
use super::memory::WearerFacts;
use geofence::{Judge, JudgedAgain, Sighting, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A wearer in the same trouble is seen again after this, milliseconds.
const SEEN_EVERY_MS: i64 = 60_000;
/// What was taken longer ago says nothing of how the area is now, milliseconds.
const SEEN_WITHIN_MS: i64 = 300_000;

#[derive(Debug)]
pub(super) struct Wearer {
    pub facts: WearerFacts,
    pub judge: Judge,
    /// From when the past must be judged again.
    pub dirty: Option<Dirty>,
    /// The past is being judged again, from then: nothing else is taken in meanwhile.
    pub again: Option<Dirty>,
    /// The newest answered request.
    pub answered: i64,
    /// When the wearer was last seen, and whether in trouble.
    pub seen: (Timestamp, bool),
}

/// What must be judged again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Dirty {
    pub from: Timestamp,
    /// A report came late.
    pub late: bool,
}

impl Wearer {
    pub fn new(facts: &WearerFacts) -> Self {
        let judge = Judge::new(Arc::clone(&facts.plan), facts.fitted_at);
        let mut wearer = Self { facts: facts.clone(), judge, dirty: None, again: None, answered: 0, seen: (Timestamp::MIN, false) };
        wearer.requested();
        wearer
    }

    pub fn is_dirty_from(&mut self, from: Timestamp, late: bool) {
        let dirty = self.dirty.get_or_insert(Dirty { from, late });
        *dirty = Dirty { from: dirty.from.min(from), late: dirty.late || late };
    }

    /// What the newest report shows of the wearer's area, if it is news.
    pub fn sighting(&mut self, received_at: Timestamp) -> Option<Sighting> {
        let (cell, troubled) = self.judge.sighting()?;
        let at = self.judge.newest_at().min(received_at);
        let is_news = troubled != self.seen.1 || at.millis_since(self.seen.0) >= SEEN_EVERY_MS;
        if !is_news || received_at.millis_since(at) > SEEN_WITHIN_MS {
            return None;
        }
        self.seen = (at, troubled);
        Some(Sighting { at, wearer: self.facts.wearer_id, cell, troubled })
    }

    /// The past has been judged again: why, and what it answers.
    pub fn end_again(&mut self, tag_id: i64, task: &PastTask, judge: Judge) -> Option<(Arc<str>, JudgedAgain)> {
        let dirty = self.again.take()?;
        self.judge = judge;
        if !Arc::ptr_eq(&self.facts.plan, &task.facts.plan) {
            self.judge.set_plan(Arc::clone(&self.facts.plan));
        }
        let request = task.facts.request.as_ref().filter(|request| request.number > self.answered);
        let cause = match request {
            Some(request) if dirty.late => Arc::from(format!("{}; late report", request.cause)),
            Some(request) => Arc::clone(&request.cause),
            None => Arc::from("late report"),
        };
        self.answered = self.answered.max(request.map_or(0, |request| request.number));
        let answered = JudgedAgain { wearer_id: task.facts.wearer_id, tag_id, from: task.from, request: self.answered };
        Some((cause, answered))
    }

    /// Looks whether staff wish the past judged again.
    pub fn requested(&mut self) {
        if let Some(request) = self.facts.request.as_ref().filter(|request| request.number > self.answered) {
            self.is_dirty_from(request.from, false);
        }
    }
}

/// A past to judge again.
#[derive(Clone, Debug)]
pub(super) struct PastTask {
    pub facts: WearerFacts,
    pub from: Timestamp,
    pub until: Timestamp,
    /// The wearer wears nothing any more.
    pub retired: Option<Box<RetiredPast>>,
}
