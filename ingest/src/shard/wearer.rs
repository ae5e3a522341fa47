//! What a shard remembers of whoever wears a tag.

use super::RetiredPast;
use super::memory::{JudgingRequest, WearerFacts};
use geofence::{Judge, JudgedAgain, Sighting, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A wearer in the same trouble is seen again after this, milliseconds.
const SEEN_EVERY_MS: i64 = 60_000;
/// What was taken longer ago says nothing of how the area is now, milliseconds.
const SEEN_WITHIN_MS: i64 = 300_000;

/// The wearer's zones and leaves are the judge's.
#[derive(Debug)]
pub(super) struct Wearer {
    pub wearer_id: i64,
    fitted_at: Timestamp,
    monitored_from: Timestamp,
    pub judge: Judge,
    /// Boxed, because few wearers have any.
    doubt: Option<Box<Doubt>>,
    /// When the wearer was last seen.
    seen_at: Timestamp,
    /// Whether in trouble then.
    seen_in_trouble: bool,
}

/// Why a past must be judged again, and how far that is.
#[derive(Debug, Default)]
struct Doubt {
    /// What staff wish.
    request: Option<JudgingRequest>,
    /// The newest answered request.
    answered: i64,
    /// From when the past must be judged again.
    dirty: Option<Dirty>,
    /// The past is being judged again, from then: nothing else is taken in meanwhile.
    again: Option<Dirty>,
}

/// What must be judged again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Dirty {
    pub from: Timestamp,
    /// A report came late.
    pub late: bool,
}

impl Dirty {
    fn and(self, other: Self) -> Self {
        Self { from: self.from.min(other.from), late: self.late || other.late }
    }
}

impl Wearer {
    pub fn new(facts: &WearerFacts) -> Self {
        let WearerFacts { wearer_id, fitted_at, monitored_from, .. } = *facts;
        let judge = Judge::new(Arc::clone(&facts.plan), fitted_at);
        let mut wearer = Self { wearer_id, fitted_at, monitored_from, judge, doubt: None, seen_at: Timestamp::MIN, seen_in_trouble: false };
        wearer.request(facts.request.as_ref());
        wearer
    }

    /// What staff have decided, as last heard.
    pub fn facts(&self) -> WearerFacts {
        WearerFacts {
            wearer_id: self.wearer_id,
            fitted_at: self.fitted_at,
            monitored_from: self.monitored_from,
            plan: Arc::clone(self.judge.plan()),
            request: self.doubt.as_ref().and_then(|doubt| doubt.request.clone()),
        }
    }

    /// Takes over what staff decided of the same wearer.
    pub fn apply(&mut self, facts: &WearerFacts) {
        (self.fitted_at, self.monitored_from) = (facts.fitted_at, facts.monitored_from);
        self.judge.set_plan(Arc::clone(&facts.plan));
        self.request(facts.request.as_ref());
    }

    /// Whether what was taken then is the wearer's.
    pub fn has_on(&self, at: Timestamp) -> bool {
        at >= self.fitted_at
    }

    pub fn is_dirty_from(&mut self, from: Timestamp, late: bool) {
        let doubt = self.doubt.get_or_insert_default();
        let dirty = Dirty { from, late };
        doubt.dirty = Some(doubt.dirty.map_or(dirty, |known| known.and(dirty)));
    }

    /// Nothing that was judged so far can be believed.
    pub fn is_dirty(&mut self) {
        self.is_dirty_from(self.monitored_from, false);
    }

    /// From when the past must be judged again.
    pub fn dirty(&self) -> Option<Dirty> {
        self.doubt.as_ref()?.dirty
    }

    /// Whether the past is being judged again.
    pub fn is_judged_again(&self) -> bool {
        self.doubt.as_ref().is_some_and(|doubt| doubt.again.is_some())
    }

    /// All of the past that is in doubt, whether or not it is being judged again.
    pub fn in_doubt(&self) -> Option<Dirty> {
        let doubt = self.doubt.as_ref()?;
        doubt.dirty.into_iter().chain(doubt.again).reduce(Dirty::and)
    }

    /// What the newest report shows of the wearer's area, if it is news.
    pub fn sighting(&mut self, received_at: Timestamp) -> Option<Sighting> {
        let (cell, troubled) = self.judge.sighting()?;
        let at = self.judge.newest_at().min(received_at);
        let is_news = troubled != self.seen_in_trouble || at.millis_since(self.seen_at) >= SEEN_EVERY_MS;
        if !is_news || received_at.millis_since(at) > SEEN_WITHIN_MS {
            return None;
        }
        (self.seen_at, self.seen_in_trouble) = (at, troubled);
        Some(Sighting { at, wearer: self.wearer_id, cell, troubled })
    }

    /// Begins to judge the past again, if it is in doubt.
    pub fn begin_again(&mut self) -> Option<PastTask> {
        let doubt = self.doubt.as_mut()?;
        let dirty = doubt.dirty.take()?;
        doubt.again = Some(dirty);
        Some(PastTask { from: dirty.from.max(self.monitored_from), until: self.judge.clock(), facts: self.facts(), retired: None })
    }

    /// The past could not be judged again; it still must be.
    pub fn abandon_again(&mut self) {
        if let Some(dirty) = self.doubt.as_mut().and_then(|doubt| doubt.again.take()) {
            self.is_dirty_from(dirty.from, dirty.late);
        }
    }

    /// The past has been judged again: why, and what it answers.
    pub fn end_again(&mut self, tag_id: i64, task: &PastTask, judge: Judge) -> Option<(Arc<str>, JudgedAgain)> {
        let doubt = self.doubt.as_mut()?;
        let dirty = doubt.again.take()?;
        let plan = Arc::clone(self.judge.plan());
        self.judge = judge;
        if !Arc::ptr_eq(&plan, &task.facts.plan) {
            self.judge.set_plan(plan);
        }
        let request = task.facts.request.as_ref().filter(|request| request.number > doubt.answered);
        let cause = match request {
            Some(request) if dirty.late => Arc::from(format!("{}; late report", request.cause)),
            Some(request) => Arc::clone(&request.cause),
            None => Arc::from("late report"),
        };
        doubt.answered = doubt.answered.max(request.map_or(0, |request| request.number));
        let answered = JudgedAgain { wearer_id: task.facts.wearer_id, tag_id, from: task.from, request: doubt.answered };
        if doubt.request.is_none() && doubt.dirty.is_none() && doubt.answered == 0 {
            self.doubt = None;
        }
        Some((cause, answered))
    }

    /// Takes over whether staff wish the past judged again.
    fn request(&mut self, request: Option<&JudgingRequest>) {
        if self.doubt.is_none() && request.is_none() {
            return;
        }
        let doubt = self.doubt.get_or_insert_default();
        doubt.request = request.cloned();
        if let Some(from) = request.filter(|request| request.number > doubt.answered).map(|request| request.from) {
            self.is_dirty_from(from, false);
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
