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
    pub judge: Judge,
    /// Boxed, because few wearers have any of it.
    more: Option<Box<More>>,
    seen: Seen,
}

/// When a wearer was last seen, and whether in trouble then.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    /// Seconds since 1970.
    at_s: u32,
    in_trouble: bool,
}

/// What is true of few wearers: they wear another tag than their first, or their past must be judged again.
#[derive(Debug, Default)]
struct More {
    /// From when the wearer is monitored, if that is before the fitting.
    monitored_from: Option<Timestamp>,
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
        let mut wearer = Self { wearer_id, fitted_at, judge, more: None, seen: Seen::default() };
        wearer.is_monitored_from(monitored_from);
        wearer.request(facts.request.as_ref());
        wearer
    }

    fn is_monitored_from(&mut self, from: Timestamp) {
        let from = (from != self.fitted_at).then_some(from);
        if self.more.is_some() || from.is_some() {
            self.more.get_or_insert_default().monitored_from = from;
        }
    }

    fn monitored_from(&self) -> Timestamp {
        self.more.as_ref().and_then(|more| more.monitored_from).unwrap_or(self.fitted_at)
    }

    /// What staff have decided, as last heard.
    pub fn facts(&self) -> WearerFacts {
        WearerFacts {
            wearer_id: self.wearer_id,
            fitted_at: self.fitted_at,
            monitored_from: self.monitored_from(),
            plan: Arc::clone(self.judge.plan()),
            request: self.more.as_ref().and_then(|more| more.request.clone()),
        }
    }

    /// Takes over what staff decided of the same wearer.
    pub fn apply(&mut self, facts: &WearerFacts) {
        self.fitted_at = facts.fitted_at;
        self.is_monitored_from(facts.monitored_from);
        self.judge.set_plan(Arc::clone(&facts.plan));
        self.request(facts.request.as_ref());
    }

    /// Whether what was taken then is the wearer's.
    pub fn has_on(&self, at: Timestamp) -> bool {
        at >= self.fitted_at
    }

    pub fn is_dirty_from(&mut self, from: Timestamp, late: bool) {
        let more = self.more.get_or_insert_default();
        let dirty = Dirty { from, late };
        more.dirty = Some(more.dirty.map_or(dirty, |known| known.and(dirty)));
    }

    /// Nothing that was judged so far can be believed.
    pub fn is_dirty(&mut self) {
        self.is_dirty_from(self.monitored_from(), false);
    }

    /// From when the past must be judged again.
    pub fn dirty(&self) -> Option<Dirty> {
        self.more.as_ref()?.dirty
    }

    /// Whether the past is being judged again.
    pub fn is_judged_again(&self) -> bool {
        self.more.as_ref().is_some_and(|more| more.again.is_some())
    }

    /// All of the past that is in doubt, whether or not it is being judged again.
    pub fn in_doubt(&self) -> Option<Dirty> {
        let more = self.more.as_ref()?;
        more.dirty.into_iter().chain(more.again).reduce(Dirty::and)
    }

    /// What the newest report shows of the wearer's area, if it is news.
    pub fn sighting(&mut self, received_at: Timestamp) -> Option<Sighting> {
        let (cell, troubled) = self.judge.sighting()?;
        let at = self.judge.newest_at().min(received_at);
        let seen_at = Timestamp::from_millis(i64::from(self.seen.at_s) * 1_000);
        let is_news = troubled != self.seen.in_trouble || at.millis_since(seen_at) >= SEEN_EVERY_MS;
        if !is_news || received_at.millis_since(at) > SEEN_WITHIN_MS {
            return None;
        }
        self.seen = Seen { at_s: u32::try_from(at.millis() / 1_000).unwrap_or(0), in_trouble: troubled };
        Some(Sighting { at, wearer: self.wearer_id, cell, troubled })
    }

    /// Begins to judge the past again, if it is in more.
    pub fn begin_again(&mut self) -> Option<PastTask> {
        let more = self.more.as_mut()?;
        let dirty = more.dirty.take()?;
        more.again = Some(dirty);
        Some(PastTask { from: dirty.from.max(self.monitored_from()), until: self.judge.clock(), facts: self.facts(), retired: None })
    }

    /// The past could not be judged again; it still must be.
    pub fn abandon_again(&mut self) {
        if let Some(dirty) = self.more.as_mut().and_then(|more| more.again.take()) {
            self.is_dirty_from(dirty.from, dirty.late);
        }
    }

    /// The past has been judged again: why, and what it answers.
    pub fn end_again(&mut self, tag_id: i64, task: &PastTask, judge: Judge) -> Option<(Arc<str>, JudgedAgain)> {
        let more = self.more.as_mut()?;
        let dirty = more.again.take()?;
        let plan = Arc::clone(self.judge.plan());
        self.judge = judge;
        if !Arc::ptr_eq(&plan, &task.facts.plan) {
            self.judge.set_plan(plan);
        }
        let request = task.facts.request.as_ref().filter(|request| request.number > more.answered);
        let cause = match request {
            Some(request) if dirty.late => Arc::from(format!("{}; late report", request.cause)),
            Some(request) => Arc::clone(&request.cause),
            None => Arc::from("late report"),
        };
        more.answered = more.answered.max(request.map_or(0, |request| request.number));
        let answered = JudgedAgain { wearer_id: task.facts.wearer_id, tag_id, from: task.from, request: more.answered };
        if more.request.is_none() && more.dirty.is_none() && more.answered == 0 && more.monitored_from.is_none() {
            self.more = None;
        }
        Some((cause, answered))
    }

    /// Takes over whether staff wish the past judged again.
    fn request(&mut self, request: Option<&JudgingRequest>) {
        if self.more.is_none() && request.is_none() {
            return;
        }
        let more = self.more.get_or_insert_default();
        more.request = request.cloned();
        if let Some(from) = request.filter(|request| request.number > more.answered).map(|request| request.from) {
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
