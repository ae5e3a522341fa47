//! What a shard remembers of one tag.

use super::keys::{Place, ReportKeys};
use geofence::{Judge, Plan, Report, StoredReport, Timestamp, Violation};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Version of the written memory. Another version is not read.
const WRITTEN_VERSION: u8 = 1;

/// What staff have decided about a tag.
#[derive(Clone, Debug)]
pub struct TagFacts {
    /// Which tag.
    pub tag_id: i64,
    /// Who wears it; `None` in stock: its reports are stored and judged by no zone.
    pub wearer: Option<WearerFacts>,
}

/// What staff have decided about a wearer.
#[derive(Clone, Debug)]
pub struct WearerFacts {
    /// Who.
    pub wearer_id: i64,
    /// From when this tag's reports are the wearer's.
    pub fitted_at: Timestamp,
    /// The wearer's zones and leaves.
    pub plan: Arc<Plan>,
}

/// Why written memory could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum WrittenError {
    #[error("the memory of tag {0} was written by another version of paband")]
    Version(i64),
    #[error("the memory of tag {0} cannot be read")]
    Broken(i64),
}

/// One tag's memory.
#[derive(Debug)]
pub(super) struct TagMemory {
    keys: ReportKeys,
    wearer: Option<Wearer>,
    /// The newest batch this memory has taken in; 0 = none.
    pub batch: i64,
    /// The first batch that the written memory lacks; 0 = it lacks none.
    pub first_unwritten: i64,
    /// Submissions of this tag that wait for the database's answer about old reports.
    pub parked: usize,
    /// The instant for which the shard's clock is set for this tag.
    scheduled: Option<Timestamp>,
}

#[derive(Debug)]
struct Wearer {
    facts: WearerFacts,
    judge: Judge,
}

impl Wearer {
    fn new(facts: &WearerFacts) -> Self {
        Self { facts: facts.clone(), judge: Judge::new(Arc::clone(&facts.plan), facts.fitted_at) }
    }
}

#[derive(Serialize, Deserialize)]
struct Written {
    keys: ReportKeys,
    judged: Option<(i64, Vec<u8>)>,
}

impl TagMemory {
    /// A tag that has never reported.
    pub fn new(facts: &TagFacts) -> Self {
        let mut memory = Self { keys: ReportKeys::empty(), wearer: None, batch: 0, first_unwritten: 0, parked: 0, scheduled: None };
        memory.apply(facts);
        memory
    }

    /// From what was written down.
    ///
    /// # Errors
    /// When the bytes were written by another version, or are broken.
    pub fn read(facts: &TagFacts, batch: i64, bytes: &[u8]) -> Result<Self, WrittenError> {
        let (&version, rest) = bytes.split_first().ok_or(WrittenError::Broken(facts.tag_id))?;
        if version != WRITTEN_VERSION {
            return Err(WrittenError::Version(facts.tag_id));
        }
        let written: Written = postcard::from_bytes(rest).map_err(|_| WrittenError::Broken(facts.tag_id))?;
        let mut memory = Self::new(facts);
        memory.keys = written.keys;
        memory.batch = batch;
        // Another wearer than the one judged so far starts anew.
        if let (Some(wearer), Some((wearer_id, judged))) = (&mut memory.wearer, written.judged)
            && wearer.facts.wearer_id == wearer_id
        {
            wearer.judge = Judge::restore(Arc::clone(&wearer.facts.plan), &judged).map_err(|_| WrittenError::Broken(facts.tag_id))?;
        }
        Ok(memory)
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
            (wearer.facts.wearer_id, bytes)
        });
        let written = Written { keys: self.keys.clone(), judged };
        postcard::to_extend(&written, vec![WRITTEN_VERSION]).expect("writing to memory does not fail")
    }

    /// Takes over what staff decided.
    pub fn apply(&mut self, facts: &TagFacts) {
        let Some(new) = &facts.wearer else {
            self.wearer = None;
            return;
        };
        match &mut self.wearer {
            // Before the first report nothing has been judged: what is recorded late holds from the beginning.
            Some(wearer) if wearer.facts.wearer_id == new.wearer_id && !self.keys.is_empty() => {
                wearer.facts = new.clone();
                wearer.judge.set_plan(Arc::clone(&new.plan));
            }
            _ => self.wearer = Some(Wearer::new(new)),
        }
    }

    /// Where a report belongs among those stored.
    pub fn place(&self, report: &Report) -> Place {
        self.keys.place(report)
    }

    /// Takes in a report that is not stored yet. A late one is remembered, not judged.
    pub fn take(&mut self, stored: &StoredReport, found: &mut Vec<Violation>) {
        self.keys.insert(&stored.report);
        if !stored.late
            && let Some(wearer) = &mut self.wearer
        {
            wearer.judge.report(&stored.report, stored.received_at, found);
        }
    }

    /// What falls due by time alone.
    pub fn advance(&mut self, now: Timestamp, found: &mut Vec<Violation>) {
        if let Some(wearer) = &mut self.wearer {
            wearer.judge.advance(now, found);
        }
    }

    /// The instant for which the shard's clock must be set anew, if it changed.
    pub fn schedule(&mut self) -> Option<Timestamp> {
        let next = self.wearer.as_ref().and_then(|wearer| wearer.judge.next_due());
        if next == self.scheduled {
            return None;
        }
        self.scheduled = next;
        next
    }

    /// The shard's clock rang for `due`; `false` if it has been set for another instant since.
    pub fn falls_due(&mut self, due: Timestamp) -> bool {
        let meant = self.scheduled == Some(due);
        if meant {
            self.scheduled = None;
        }
        meant
    }

    /// Whose violations this memory finds.
    pub fn wearer_id(&self) -> Option<i64> {
        self.wearer.as_ref().map(|wearer| wearer.facts.wearer_id)
    }

    /// What staff have decided, as last heard.
    pub fn facts(&self, tag_id: i64) -> TagFacts {
        TagFacts { tag_id, wearer: self.wearer.as_ref().map(|wearer| wearer.facts.clone()) }
    }
}
