//! How a shard gets its memory back: from what was written down, plus the reports of later batches.

use super::gathering::Waiting;
use super::keys::Place;
use super::memory::{TagFacts, TagMemory};
use super::{Shard, ShardMessage};
use crate::events;
use crate::port::{Journal, JournalError};
use crate::wire::Outcome;
use geofence::{Batch, Order, Report, StoredReport, TagState, Violation};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The first wait before asking a silent database again; doubles up to [`RETRY_MAX`].
const RETRY_MIN: Duration = Duration::from_millis(50);
const RETRY_MAX: Duration = Duration::from_secs(2);

/// Tag memories written with one batch when the shard ends.
const LAST_STATES_MAX: usize = 20_000;

/// What the journal holds of some tags.
struct Recovered {
    states: Vec<TagState>,
    reports: Vec<(i64, StoredReport)>,
}

async fn load<J: Journal>(journal: Arc<J>, tags: Vec<i64>, checkpoint: i64) -> Result<Recovered, JournalError> {
    let reports = journal.reports_after(&tags, checkpoint).await?;
    // States are read second: one that is newer than the reports only makes some of them superfluous.
    let states = journal.states(&tags).await?;
    Ok(Recovered { states, reports })
}

impl<J: Journal> Shard<J> {
    pub(super) async fn recover_at_start(&mut self, tags: Vec<TagFacts>) {
        self.tags.reserve(tags.len());
        self.tags.extend(tags.iter().map(|facts| (facts.tag_id, Box::new(TagMemory::new(facts)))));
        let mut wait = RETRY_MIN;
        loop {
            match self.journal.recovery_start().await {
                Ok(checkpoint) => break self.checkpoint = checkpoint,
                Err(error) => {
                    events::recovery_waits(self.context.number, &error);
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(RETRY_MAX);
                }
            }
        }
        self.reload(tags.iter().map(|facts| facts.tag_id).collect()).await;
        // A head of its own, so that whoever reads back next knows where this shard stands.
        loop {
            self.flush();
            let done = super::finished(&mut self.commit, &mut self.timers_rest).await;
            let is_stored = done.2.is_ok();
            self.committed(done).await;
            if is_stored || !self.memory_is_true {
                return;
            }
        }
    }

    /// The journal did not confirm a batch: nothing of it is promised, nor of what was judged on top of it.
    pub(super) async fn fail(&mut self, batch: Batch, waiting: Vec<Waiting>, error: &JournalError) {
        let gathering = std::mem::take(&mut self.gathering);
        let parked = self.late.abandon().await;
        self.abandon_pasts().await;
        events::batch_failed(&self.context.counters, self.context.number, batch.reports.len() + gathering.reports.len(), error);
        self.settle(waiting, Outcome::NotStored);
        self.settle(gathering.waiting, Outcome::NotStored);
        self.settle(parked.into_iter().map(|parked| parked.waiting), Outcome::NotStored);
        let tags: HashSet<i64> = batch
            .reports
            .iter()
            .chain(&gathering.reports)
            .map(|report| report.tag_id)
            .chain(batch.violations.iter().chain(&gathering.violations).map(|found| found.tag_id))
            .chain(batch.states.iter().map(|state| state.tag_id))
            .chain(batch.judged_again.iter().chain(&gathering.judged_again).map(|again| again.tag_id))
            .collect();
        for memory in self.tags.values_mut() {
            memory.parked = 0;
        }
        self.reload(tags).await;
    }

    /// Takes over what staff decided. A tag that is new here is loaded first: it may have a past.
    pub(super) async fn apply(&mut self, facts: Vec<TagFacts>) {
        let mut new = HashSet::new();
        for facts in facts {
            match self.tags.get_mut(&facts.tag_id) {
                Some(memory) => {
                    memory.apply(&facts);
                    // Written with the next batch, so that a restart never judges older reports by newer facts.
                    self.open_gathering();
                    self.changed(facts.tag_id);
                    self.unwritten.at_once(facts.tag_id);
                    self.reschedule(facts.tag_id);
                    self.note_doubt(facts.tag_id);
                }
                None => {
                    self.tags.insert(facts.tag_id, Box::new(TagMemory::new(&facts)));
                    new.insert(facts.tag_id);
                }
            }
        }
        if !new.is_empty() {
            self.reload(new).await;
        }
    }

    /// Forgets the memory of these tags and reads it back, for as long as it takes. Whoever delivers meanwhile is refused.
    async fn reload(&mut self, mut tags: HashSet<i64>) {
        let mut wait = RETRY_MIN;
        while !tags.is_empty() {
            let loading = load(Arc::clone(&self.journal), tags.iter().copied().collect(), self.checkpoint);
            tokio::pin!(loading);
            let recovered = loop {
                tokio::select! {
                    recovered = &mut loading => break recovered,
                    message = self.inbox.recv() => match message {
                        Some(message) => self.refuse(message, &mut tags),
                        None => break loading.await,
                    }
                }
            };
            match recovered {
                Ok(recovered) => {
                    self.rebuild(&tags, recovered);
                    return events::recovered(self.context.number, tags.len());
                }
                Err(error) => events::recovery_waits(self.context.number, &error),
            }
            if self.inbox.is_closed() && self.inbox.is_empty() {
                // Stopping. Memory may hold what the database does not: it must not be written down.
                self.memory_is_true = false;
                return;
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(RETRY_MAX);
        }
    }

    fn refuse(&mut self, message: ShardMessage, tags: &mut HashSet<i64>) {
        match message {
            ShardMessage::Deliver(delivery) => {
                let refused: Vec<_> = delivery.submissions.iter().map(|submission| self.waiting(&delivery.inbox, submission)).collect();
                self.settle(refused, Outcome::NotStored);
            }
            ShardMessage::Retired(pasts) => self.again.retire(pasts, Instant::now()),
            ShardMessage::Facts(facts) => {
                for facts in facts {
                    tags.insert(facts.tag_id);
                    match self.tags.get_mut(&facts.tag_id) {
                        Some(memory) => memory.apply(&facts),
                        None => drop(self.tags.insert(facts.tag_id, Box::new(TagMemory::new(&facts)))),
                    }
                }
            }
        }
    }

    fn rebuild(&mut self, tags: &HashSet<i64>, recovered: Recovered) {
        let states: HashMap<i64, TagState> = recovered.states.into_iter().map(|state| (state.tag_id, state)).collect();
        for &tag_id in tags {
            let Some(memory) = self.tags.get_mut(&tag_id) else { continue };
            let facts = memory.facts(tag_id);
            **memory = match states.get(&tag_id) {
                Some(state) => TagMemory::read(&facts, state, (self.context.clock)()),
                None => TagMemory::new(&facts),
            };
        }
        let mut reports = recovered.reports;
        reports.retain(|(batch, stored)| *batch > states.get(&stored.tag_id).map_or(0, |state| state.batch));
        // Reports that were judged are ascending over all batches of a tag; late ones only make its past doubtful.
        reports.sort_by_cached_key(|(_, stored)| Order::of(&stored.report, stored.received_at));
        for (batch, stored) in &reports {
            self.take_again(*batch, stored);
        }
        self.unwritten.rebuild(&self.tags);
        for &tag_id in tags {
            self.reschedule(tag_id);
            self.note_doubt(tag_id);
        }
    }

    /// Takes in a stored report once more. What it finds is written again: it is there already, or it was lost with its batch.
    fn take_again(&mut self, batch: i64, stored: &StoredReport) {
        let Some(memory) = self.tags.get_mut(&stored.tag_id) else { return };
        let mut found: Vec<Violation> = Vec::new();
        memory.take(stored, &mut found);
        memory.took_from(batch);
        if let Some(wearer_id) = memory.wearer_id()
            && !found.is_empty()
        {
            self.open_gathering();
            self.gathering.found(wearer_id, stored.tag_id, found.into_iter());
        }
    }

    /// Resumes the submissions that waited for the database's answer.
    pub(super) async fn resume(&mut self, answer: super::late::Answer) {
        match answer.stored {
            Ok(mut stored) => {
                for parked in answer.parked {
                    let tag_id = parked.submission.tag_id;
                    if let Some(memory) = self.tags.get_mut(&tag_id) {
                        memory.parked = memory.parked.saturating_sub(1);
                    }
                    self.take(parked.waiting, parked.received_at, &parked.submission, &mut stored);
                }
            }
            Err(error) => {
                events::lookup_failed(self.context.number, &error);
                // All who wait are refused, not some: a tag's reports must stay in order.
                let parked: Vec<_> = answer.parked.into_iter().chain(self.late.abandon_waiting()).collect();
                for one in &parked {
                    if let Some(memory) = self.tags.get_mut(&one.submission.tag_id) {
                        memory.parked = 0;
                    }
                }
                self.settle(parked.into_iter().map(|parked| parked.waiting), Outcome::NotStored);
            }
        }
        self.ask_about_late();
    }

    pub(super) fn ask_about_late(&mut self) {
        let tags = &self.tags;
        let under_way = self.commit.as_ref().map_or(self.gathering.number, |commit| commit.number);
        let ready = |tag_id| {
            let is_durable = |memory: &TagMemory| (under_way == 0 || memory.batch() < under_way) && !memory.is_judged_again();
            tags.get(&tag_id).is_none_or(|memory| is_durable(memory))
        };
        let unknown = |tag_id, report: &Report| tags.get(&tag_id).is_some_and(|memory| memory.place(report) == Place::Unknown);
        self.late.ask(&self.journal, ready, unknown);
    }

    /// The last act: writes down all memory, so that the next start reads nothing back.
    pub(super) async fn write_everything(mut self) {
        while self.memory_is_true && !self.unwritten.is_empty(&self.tags) {
            self.flush_states(LAST_STATES_MAX, Duration::ZERO);
            if let (_, _, Err(error)) = super::finished(&mut self.commit, &mut self.timers_rest).await {
                return events::memory_not_written(self.context.number, &error);
            }
        }
    }

    pub(super) fn reschedule(&mut self, tag_id: i64) {
        if let Some(next) = self.tags.get_mut(&tag_id).and_then(|memory| memory.schedule()) {
            self.due.push(std::cmp::Reverse((next, tag_id)));
        }
    }
}
