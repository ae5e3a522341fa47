//! What a shard remembers of one tag.

use super::keys::{Place, ReportKeys};
use super::wearer::{Dirty, PastTask, Wearer};
use crate::events;
use geofence::{Checkpoint, Judge, JudgedAgain, Order, Plan, Report, Sighting, StoredReport, Stray, TagState, Timestamp, Violation};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Version of the written memory. Of another version nothing is read: the wearer's past is judged again.
const WRITTEN_VERSION: u8 = 2;

/// What staff have decided about a tag.
#[derive(Clone, Debug)]
pub struct TagFacts {
    /// Which tag.
    pub tag_id: i64,
    /// Who wears it; `None` in stock: its reports are stored and judged by no zone.
    pub wearer: Option<WearerFacts>,
    /// When somebody last stopped wearing it: what was taken before belongs to the past of whoever wore it then.
    pub worn_until: Option<Timestamp>,
}

/// What staff have decided about a wearer.
#[derive(Clone, Debug)]
pub struct WearerFacts {
    /// Who.
    pub wearer_id: i64,
    /// From when this tag's reports are the wearer's.
    pub fitted_at: Timestamp,
    /// From when the wearer is monitored, with whichever tag.
    pub monitored_from: Timestamp,
    /// The wearer's zones and leaves.
    pub plan: Arc<Plan>,
    /// The wearer's past must be judged again.
    pub request: Option<JudgingRequest>,
}

/// A wish that a wearer's past be judged again, because facts were recorded after they began to hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JudgingRequest {
    /// This one and all before it are answered at once.
    pub number: i64,
    /// From when.
    pub from: Timestamp,
    /// What changed, by whom and why.
    pub cause: Arc<str>,
}

/// What was taken in, and what it asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Taken {
    /// Judged, or nobody's.
    Judged,
    /// The wearer's past must be judged again.
    Late,
    /// It belongs to the past of whoever wore the tag then.
    Stray(Stray),
}

/// One tag's memory.
#[derive(Debug)]
pub(super) struct TagMemory {
    keys: ReportKeys,
    wearer: Option<Wearer>,
    /// When somebody last stopped wearing it; the beginning of time = nobody did.
    worn_until: Timestamp,
    /// The newest batch this memory has taken in; 0 = none.
    batch: i64,
    /// The first batch that the written memory lacks is so many before the newest, itself counted; 0 = it lacks none.
    unwritten: u32,
    /// Submissions of this tag that wait for the database's answer about old reports.
    pub parked: u32,
    /// The instant for which the shard's clock is set for this tag; the end of time = it is not set.
    scheduled: Timestamp,
}

const _: () = assert!(size_of::<TagMemory>() <= 256, "a tag's memory grew: a million of them are held");

#[derive(Serialize, Deserialize)]
struct Written {
    keys: ReportKeys,
    judged: Option<(i64, Vec<u8>, Option<Dirty>)>,
}

impl TagMemory {
    /// A tag that has never reported.
    pub fn new(facts: &TagFacts) -> Self {
        let (wearer, worn_until) = (facts.wearer.as_ref().map(Wearer::new), facts.worn_until.unwrap_or(Timestamp::MIN));
        Self { keys: ReportKeys::empty(), wearer, worn_until, batch: 0, unwritten: 0, parked: 0, scheduled: Timestamp::MAX }
    }

    /// From what was written down. What another version wrote is found again: the keys by asking the database about every report up to
    /// `now`, the judgement by judging the whole past again.
    pub fn read(facts: &TagFacts, state: &TagState, now: Timestamp) -> Self {
        let mut memory = Self::new(facts);
        memory.batch = state.batch;
        let Some(written) = read_written(&state.bytes) else {
            events::memory_unreadable(facts.tag_id);
            memory.keys = ReportKeys::forgotten(now);
            if let Some(wearer) = &mut memory.wearer {
                wearer.is_dirty();
            }
            return memory;
        };
        memory.keys = written.keys;
        // Another wearer than the one judged so far starts anew.
        if let (Some(wearer), Some((wearer_id, judged, dirty))) = (&mut memory.wearer, written.judged)
            && wearer.wearer_id == wearer_id
        {
            match Judge::restore(Arc::clone(wearer.judge.plan()), &judged) {
                Ok(judge) => wearer.judge = judge,
                Err(_) => wearer.is_dirty(),
            }
            if let Some(dirty) = dirty {
                wearer.is_dirty_from(dirty.from, dirty.late);
            }
        }
        memory
    }

    /// The written form; also forgets what a resting tag need not remember.
    pub fn write(&mut self) -> Vec<u8> {
        // While a question is under way its asker must find what it knew when it asked.
        if self.parked == 0 {
            self.keys.trim();
        }
        let judged = self.wearer.as_ref().map(|wearer| {
            let mut bytes = Vec::new();
            wearer.judge.save(&mut bytes);
            (wearer.wearer_id, bytes, wearer.in_doubt())
        });
        let written = Written { keys: self.keys.clone(), judged };
        postcard::to_extend(&written, vec![WRITTEN_VERSION]).expect("writing to memory does not fail")
    }

    /// The newest batch this memory has taken in; 0 = none.
    pub const fn batch(&self) -> i64 {
        self.batch
    }

    /// The first batch that the written memory lacks.
    pub fn first_unwritten(&self) -> Option<i64> {
        (self.unwritten > 0).then(|| self.batch - i64::from(self.unwritten) + 1)
    }

    /// Something was taken in from this batch, which may be older than the newest.
    pub fn took_from(&mut self, batch: i64) {
        let first = self.first_unwritten().map_or(batch, |first| first.min(batch));
        self.batch = self.batch.max(batch);
        // Memory is written down within minutes: the distance fits.
        self.unwritten = u32::try_from(self.batch - first + 1).unwrap_or(u32::MAX);
    }

    /// The written memory is that of this batch.
    pub const fn is_written_with(&mut self, batch: i64) {
        (self.batch, self.unwritten) = (batch, 0);
    }

    /// Takes over what staff decided.
    pub fn apply(&mut self, facts: &TagFacts) {
        self.worn_until = facts.worn_until.unwrap_or(Timestamp::MIN);
        let Some(new) = &facts.wearer else {
            self.wearer = None;
            return;
        };
        match &mut self.wearer {
            // Before the first report nothing has been judged: what is recorded late holds from the beginning.
            Some(wearer) if wearer.wearer_id == new.wearer_id && !self.keys.is_empty() => wearer.apply(new),
            _ => self.fit(new),
        }
    }

    /// A wearer has it on now. If the tag has reported since the fitting, those reports are the wearer's.
    fn fit(&mut self, facts: &WearerFacts) {
        let mut wearer = Wearer::new(facts);
        if self.keys.newest().is_some_and(|newest| newest >= facts.fitted_at) {
            wearer.is_dirty_from(facts.fitted_at, false);
        }
        self.wearer = Some(wearer);
    }

    /// Where a report belongs among those stored.
    pub fn place(&self, report: &Report) -> Place {
        self.keys.place(report)
    }

    /// Whether a new report belongs before one that has been judged.
    pub fn is_late(&self, report: &Report, received_at: Timestamp) -> bool {
        match &self.wearer {
            Some(wearer) => wearer.judge.is_late(&Order::of(report, received_at)),
            None => self.keys.newest().is_some_and(|newest| report.taken_at < newest),
        }
    }

    /// Takes in a report that is not stored yet. What was taken before the fitting is not the wearer's.
    pub fn take(&mut self, stored: &StoredReport, found: &mut Vec<Violation>) -> Taken {
        self.keys.insert(&stored.report);
        let at = stored.report.judged_at(stored.received_at);
        match &mut self.wearer {
            Some(wearer) if wearer.has_on(at) => {
                if stored.late {
                    wearer.is_dirty_from(at, true);
                    return Taken::Late;
                }
                wearer.judge.report(&stored.report, stored.received_at, found);
                Taken::Judged
            }
            _ if at < self.worn_until => Taken::Stray(Stray { tag_id: stored.tag_id, at }),
            _ => Taken::Judged,
        }
    }

    /// What the newest report shows of the wearer's area, if it is news.
    pub fn sighting(&mut self, received_at: Timestamp) -> Option<Sighting> {
        self.wearer.as_mut()?.sighting(received_at)
    }

    /// A judgement to keep before a report at `at` is taken in; none while the past is in doubt.
    pub fn checkpoint_before(&mut self, at: Timestamp) -> Option<Checkpoint> {
        let wearer = self.wearer.as_mut().filter(|wearer| wearer.dirty().is_none())?;
        let (at, bytes) = wearer.judge.checkpoint_before(at)?;
        Some(Checkpoint { wearer_id: wearer.wearer_id, at, bytes })
    }

    /// What falls due by time alone.
    pub fn advance(&mut self, now: Timestamp, found: &mut Vec<Violation>) {
        if let Some(wearer) = &mut self.wearer {
            wearer.judge.advance(now, found);
        }
    }

    /// The instant for which the shard's clock must be set anew: one that is earlier than what it is set for. A later one is seen when the
    /// clock rings, so that a tag costs it one entry however often it reports.
    pub fn schedule(&mut self) -> Option<Timestamp> {
        let next = self.wearer.as_ref().filter(|wearer| !wearer.is_judged_again())?.judge.next_due()?;
        if self.scheduled <= next {
            return None;
        }
        self.scheduled = next;
        Some(next)
    }

    /// The shard's clock rang for `due`; whether something may be due by `now`. Afterwards the clock must be set anew.
    pub fn falls_due(&mut self, due: Timestamp, now: Timestamp) -> bool {
        if self.scheduled != due {
            return false;
        }
        self.scheduled = Timestamp::MAX;
        let wearer = self.wearer.as_ref().filter(|wearer| !wearer.is_judged_again());
        wearer.and_then(|wearer| wearer.judge.next_due()).is_some_and(|due| due <= now)
    }

    /// Whose violations this memory finds.
    pub fn wearer_id(&self) -> Option<i64> {
        self.wearer.as_ref().map(|wearer| wearer.wearer_id)
    }

    /// From when the past must be judged again.
    pub fn dirty_from(&self) -> Option<Timestamp> {
        self.wearer.as_ref()?.dirty().map(|dirty| dirty.from)
    }

    /// Whether the past is being judged again.
    pub fn is_judged_again(&self) -> bool {
        self.wearer.as_ref().is_some_and(Wearer::is_judged_again)
    }

    /// Begins to judge the past again: nothing is taken in until [`Self::end_again`] or [`Self::abandon_again`].
    pub fn begin_again(&mut self) -> Option<PastTask> {
        self.wearer.as_mut()?.begin_again()
    }

    /// The past has been judged again: why, what it answers, and from when. `None` if the tag has changed hands meanwhile.
    pub fn end_again(&mut self, tag_id: i64, task: &PastTask, judge: Judge) -> Option<(Arc<str>, JudgedAgain)> {
        let wearer = self.wearer.as_mut().filter(|wearer| wearer.wearer_id == task.facts.wearer_id)?;
        wearer.end_again(tag_id, task, judge)
    }

    /// The past could not be judged again; it still must be.
    pub fn abandon_again(&mut self) {
        if let Some(wearer) = &mut self.wearer {
            wearer.abandon_again();
        }
    }

    /// What staff have decided, as last heard.
    pub fn facts(&self, tag_id: i64) -> TagFacts {
        let worn_until = (self.worn_until > Timestamp::MIN).then_some(self.worn_until);
        TagFacts { tag_id, wearer: self.wearer.as_ref().map(Wearer::facts), worn_until }
    }
}

fn read_written(bytes: &[u8]) -> Option<Written> {
    let (version, rest) = bytes.split_first()?;
    if *version != WRITTEN_VERSION {
        return None;
    }
    postcard::from_bytes(rest).ok()
}
