//! Judging the past again: after a late report, or facts recorded after they held. Waits until a backlog has come in, so that an hour of it
//! costs one judging of that hour; reads many pasts with one question; judges them beside the shard, which goes on meanwhile.

use super::wearer::PastTask;
use super::{RetiredPast, Shard};
use crate::events;
use crate::limits::ShardLimits;
use crate::port::{Journal, JournalError};
use geofence::{Again, EndReason, JudgedAgain, Timestamp, Violation, judge_again};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// After judging a past again the next time waits this many times longer than its share of the work took.
const REST_FACTOR: u32 = 20;
/// How long a past that could not be judged again waits.
const RETRY: Duration = Duration::from_secs(1);

/// Pasts judged again, or why not.
pub(super) struct Judged {
    tasks: Vec<(i64, PastTask)>,
    pasts: Result<Vec<Again>, JournalError>,
    took: Duration,
}

/// When a tag's past is judged again.
struct Due {
    at: Instant,
    /// Not later than this, whatever still comes in.
    latest: Instant,
}

/// Tags whose past must be judged again.
#[derive(Default)]
pub(super) struct AgainQueue {
    due: HashMap<i64, Due, foldhash::fast::RandomState>,
    /// Tags whose past was judged a moment ago: not again before.
    resting: HashMap<i64, Instant, foldhash::fast::RandomState>,
    /// Wearers who wear nothing any more: their past concerns no memory.
    retired: Vec<RetiredPast>,
    /// No entry is due earlier.
    earliest: Option<Instant>,
    judging: Option<JoinHandle<Judged>>,
}

impl AgainQueue {
    /// A tag's past is in doubt.
    pub fn note(&mut self, tag_id: i64, limits: &ShardLimits) {
        let now = Instant::now();
        let rested = self.resting.get(&tag_id).copied().unwrap_or(now).max(now);
        let entry = self.due.entry(tag_id).or_insert_with(|| Due { at: now, latest: rested + limits.again_wait_max });
        entry.at = (now + limits.again_quiet).max(rested).min(entry.latest);
        let at = entry.at;
        self.wake_by(at);
    }

    /// Pasts of wearers who wear nothing any more, to be judged from `at` on. A newer request of the same wearer replaces the older.
    pub fn retire(&mut self, pasts: Vec<RetiredPast>, at: Instant) {
        for past in pasts {
            self.retired.retain(|other| other.wearer.wearer_id != past.wearer.wearer_id);
            self.retired.push(past);
            self.wake_by(at);
        }
    }

    fn wake_by(&mut self, at: Instant) {
        self.earliest = Some(self.earliest.map_or(at, |earliest| earliest.min(at)));
    }

    /// Whether pasts are being judged.
    pub const fn is_judging(&self) -> bool {
        self.judging.is_some()
    }

    /// When to look again; `None` while pasts are being judged or none is in doubt.
    pub fn wake_at(&self) -> Option<Instant> {
        self.earliest.filter(|_| self.judging.is_none())
    }

    /// The answer, once it is there.
    pub async fn judged(&mut self) -> Judged {
        let Some(judging) = &mut self.judging else { return std::future::pending().await };
        let judged = judging.await.expect("judging returns errors, it does not panic");
        self.judging = None;
        judged
    }

    /// The tags whose turn it is: all of those due whose span is recent, else one that reaches far back.
    fn turn(&mut self, limits: &ShardLimits, horizon: Timestamp, from: impl Fn(i64) -> Option<Timestamp>) -> Vec<i64> {
        let now = Instant::now();
        self.resting.retain(|_, until| *until > now);
        let due = self.due.iter().filter(|(_, due)| due.at <= now).map(|(&tag_id, _)| (tag_id, from(tag_id)));
        let (mut turn, mut far) = (Vec::new(), None);
        for (tag_id, from) in due {
            match from {
                Some(from) if from < horizon => far = Some(tag_id),
                _ if turn.len() < limits.again_wearers_max => turn.push(tag_id),
                _ => break,
            }
        }
        if turn.is_empty() {
            turn.extend(far);
        }
        for tag_id in &turn {
            self.due.remove(tag_id);
        }
        let retired = (!self.retired.is_empty()).then_some(now);
        self.earliest = self.due.values().map(|due| due.at).chain(retired).min();
        turn
    }
}

impl<J: Journal> Shard<J> {
    /// Begins to judge the pasts whose turn it is, if what memory knows of them is durable.
    pub(super) fn begin_again(&mut self) {
        // The memory that results goes down with the batch that tells of it: not more than one batch may hold.
        if self.again.is_judging() || !self.gathering.judged_again.is_empty() || self.again.wake_at().is_none_or(|at| at > Instant::now()) {
            return;
        }
        let limits = self.context.limits;
        let horizon = (self.context.clock)().plus_millis(-(limits.again_horizon.as_millis() as i64));
        let tags = &self.tags;
        let turn = self.again.turn(&limits, horizon, |tag_id| tags.get(&tag_id)?.dirty_from());
        let under_way = self.commit.as_ref().map_or(self.gathering.number, |commit| commit.number);
        let mut tasks = Vec::new();
        for tag_id in turn {
            let Some(memory) = self.tags.get_mut(&tag_id).filter(|memory| memory.dirty_from().is_some()) else { continue };
            if memory.parked > 0 || (under_way != 0 && memory.batch() >= under_way) {
                self.again.note(tag_id, &limits);
                continue;
            }
            tasks.extend(memory.begin_again().map(|task| (tag_id, task)));
        }
        if tasks.is_empty()
            && let Some(past) = self.again.retired.pop()
        {
            tasks.push((past.tag_id, past.task()));
            self.again.earliest = self.again.earliest.filter(|_| !(self.again.retired.is_empty() && self.again.due.is_empty()));
        }
        if !tasks.is_empty() {
            let journal = Arc::clone(&self.journal);
            self.again.judging = Some(tokio::spawn(judge(journal, tasks)));
        }
    }

    /// Takes over what judging the pasts again brought.
    pub(super) fn end_again(&mut self, judged: Judged) {
        let limits = self.context.limits;
        let pasts = match judged.pasts {
            Ok(pasts) => pasts,
            Err(error) => {
                events::past_unread(self.context.number, &error);
                self.abandon(judged.tasks);
                return self.ask_about_late();
            }
        };
        let rest = judged.took * REST_FACTOR / u32::try_from(pasts.len()).unwrap_or(u32::MAX).max(1);
        let (wearers, mut reports) = (pasts.len(), 0);
        self.open_gathering();
        for ((tag_id, task), past) in judged.tasks.into_iter().zip(pasts) {
            reports += past.reports;
            if task.retired.is_some() {
                self.end_retired(tag_id, &task, past);
                continue;
            }
            self.again.resting.insert(tag_id, Instant::now() + rest);
            let Some(memory) = self.tags.get_mut(&tag_id) else { continue };
            let Some((cause, answered)) = memory.end_again(tag_id, &task, past.judge) else { continue };
            let gathering = &mut self.gathering;
            gathering.corrected(task.facts.wearer_id, tag_id, &cause, past.found);
            gathering.checkpoints.extend(past.checkpoints);
            gathering.judged_again.push(answered);
            self.unwritten.note(tag_id, memory, gathering.number);
            self.unwritten.with_the_next(tag_id);
            if memory.dirty_from().is_some() {
                self.again.note(tag_id, &limits);
            }
            self.reschedule(tag_id);
        }
        events::past_judged_again(&self.context.counters, self.context.number, wearers, reports);
        self.ask_about_late();
    }

    /// A past that concerns no memory. If the batch fails the request stays, and comes again at the next start.
    fn end_retired(&mut self, tag_id: i64, task: &PastTask, past: Again) {
        let Some(request) = &task.facts.request else { return };
        let gathering = &mut self.gathering;
        gathering.corrected(task.facts.wearer_id, tag_id, &request.cause, past.found);
        gathering.checkpoints.extend(past.checkpoints);
        gathering.judged_again.push(JudgedAgain { wearer_id: task.facts.wearer_id, tag_id, from: task.from, request: request.number });
    }

    /// Gives up what is being judged again after a failed batch: it is judged anew once memory is read back.
    pub(super) async fn abandon_pasts(&mut self) {
        if self.again.is_judging() {
            let judged = self.again.judged().await;
            self.abandon(judged.tasks);
        }
    }

    /// These pasts were not judged; they are tried again in a while.
    fn abandon(&mut self, tasks: Vec<(i64, PastTask)>) {
        let retry_at = Instant::now() + RETRY;
        for (tag_id, task) in tasks {
            if let Some(past) = task.retired {
                self.again.retire(vec![*past], retry_at);
                continue;
            }
            self.again.resting.insert(tag_id, retry_at);
            if let Some(memory) = self.tags.get_mut(&tag_id) {
                memory.abandon_again();
            }
            self.note_doubt(tag_id);
            self.reschedule(tag_id);
        }
    }

    /// Notes a tag whose past is in doubt, after memory was read back or facts came.
    pub(super) fn note_doubt(&mut self, tag_id: i64) {
        if self.tags.get(&tag_id).is_some_and(|memory| memory.dirty_from().is_some()) {
            self.again.note(tag_id, &self.context.limits);
        }
    }
}

/// Reads the pasts and judges them, away from the shard.
async fn judge<J: Journal>(journal: Arc<J>, tasks: Vec<(i64, PastTask)>) -> Judged {
    let begun = Instant::now();
    let asked: Vec<_> = tasks.iter().map(|(_, task)| (task.facts.wearer_id, task.from)).collect();
    let pasts = match journal.pasts(&asked).await {
        Ok(pasts) => {
            let work = tasks.clone();
            let judging = tokio::task::spawn_blocking(move || work.iter().zip(pasts).map(|((_, task), past)| task.judge(past)).collect());
            judging.await.expect("judging returns errors, it does not panic")
        }
        Err(error) => Err(error),
    };
    Judged { tasks, pasts, took: begun.elapsed() }
}

impl RetiredPast {
    /// Everything from the request on, up to the moment before the tag was taken off.
    fn task(&self) -> PastTask {
        let from = self.wearer.request.as_ref().map_or(self.wearer.monitored_from, |request| request.from);
        let (from, until) = (from.max(self.wearer.monitored_from), self.until.plus_millis(-1));
        PastTask { facts: self.wearer.clone(), from, until, retired: Some(Box::new(self.clone())) }
    }
}

impl PastTask {
    fn judge(&self, past: geofence::Past) -> Result<Again, JournalError> {
        let facts = &self.facts;
        let again = judge_again(Arc::clone(&facts.plan), facts.wearer_id, facts.monitored_from, past, self.until);
        let mut again = again.map_err(|error| JournalError(Box::new(error)))?;
        if let Some(past) = &self.retired {
            // With the tag off nothing binds any more; what only a person may end waits for one.
            let open = again.judge.open().into_iter().filter(|violation| !violation.kind.ends_by_person());
            for violation in open {
                again.found.retain(|found| !found.is_same(&violation));
                again.found.push(Violation { end: Some((past.until, EndReason::ZoneOff)), ..violation });
            }
        }
        Ok(again)
    }
}
