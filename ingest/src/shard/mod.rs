//! A shard owns its tags' memory: it drops repeats, judges, and makes everything durable in batches before anyone is told.

mod again;
mod gathering;
mod handle;
mod keys;
mod late;
mod memory;
mod recovery;
mod timers;
mod unwritten;
mod wearer;

pub use handle::{Delivery, RetiredPast, ShardContext, ShardHandle, ShardMessage};
pub use memory::{JudgingRequest, TagFacts, WearerFacts};

use crate::events;
use crate::inbox::Inbox;
use crate::port::{Journal, JournalError};
use crate::wire::{Outcome, Submission};
use again::AgainQueue;
use gathering::{Gathering, Waiting, settle};
use geofence::{Batch, Fix, Report, StoredReport, Timestamp};
use handle::weight;
use keys::Place;
use late::Late;
use memory::{TagMemory, Taken};
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use unwritten::Unwritten;

/// Deliveries taken from the inbox at one look.
const LOOK_MAX: usize = 256;

/// The memory of a shard's tags. Boxed, because a table has up to twice as many places as entries.
type Tags = HashMap<i64, Box<TagMemory>, foldhash::fast::RandomState>;

/// A batch on its way to the database.
struct Commit {
    number: i64,
    begun: Instant,
    /// Whether time alone found something in it.
    timed: bool,
    task: JoinHandle<(Batch, Result<(), JournalError>)>,
    waiting: Vec<Waiting>,
}

/// The shard itself.
pub struct Shard<J> {
    context: ShardContext,
    journal: Arc<J>,
    inbox: mpsc::Receiver<ShardMessage>,
    room: Arc<Semaphore>,
    room_max: u32,
    tags: Tags,
    gathering: Gathering,
    commit: Option<Commit>,
    late: Late,
    again: AgainQueue,
    unwritten: Unwritten,
    due: BinaryHeap<std::cmp::Reverse<(Timestamp, i64)>>,
    /// Everything up to this batch is contained in written memory.
    checkpoint: i64,
    /// When a head was last sent to the database.
    head_sent: Instant,
    /// Time alone finds nothing more before this: what it found last takes its time in the database, and others need it too.
    timers_rest: Instant,
    /// Whether memory holds nothing that the database may lack, but for batches under way.
    memory_is_true: bool,
}

impl<J: Journal> Shard<J> {
    /// A shard and its sending end. It knows no tag yet: [`Shard::run`] takes them over.
    pub fn new(context: ShardContext, journal: Arc<J>) -> (Self, ShardHandle) {
        let room_max = u32::try_from(context.limits.reports_in_flight_max).unwrap_or(u32::MAX);
        let room = Arc::new(Semaphore::new(room_max as usize));
        let (sender, inbox) = mpsc::channel(LOOK_MAX * 4);
        let handle = ShardHandle { inbox: sender, room: Arc::clone(&room), room_max };
        let shard = Self {
            context,
            journal,
            inbox,
            room,
            room_max,
            tags: HashMap::default(),
            gathering: Gathering::default(),
            commit: None,
            late: Late::default(),
            again: AgainQueue::default(),
            unwritten: Unwritten::default(),
            due: BinaryHeap::new(),
            checkpoint: 0,
            head_sent: Instant::now(),
            timers_rest: Instant::now(),
            memory_is_true: true,
        };
        (shard, handle)
    }

    /// Recovers the memory of `tags` from the journal, says so through `ready`, and works until every sending end is gone;
    /// then commits what it holds and writes down all memory.
    pub async fn run(mut self, tags: Vec<TagFacts>, ready: tokio::sync::oneshot::Sender<()>) {
        self.recover_at_start(tags).await;
        // The other side may have given up waiting; the shard works all the same.
        let _ = ready.send(());
        let mut messages = Vec::with_capacity(LOOK_MAX);
        let mut open = true;
        while open || !self.is_idle() {
            let full = self.gathering.reports.len() >= self.context.limits.batch_reports_max;
            let (wake_at, may_wake) = (self.wake_at(full), self.may_wake(open));
            tokio::select! {
                biased;
                done = finished(&mut self.commit, &mut self.timers_rest), if self.commit.is_some() => self.committed(done).await,
                answer = self.late.answered(), if self.late.is_asking() => self.resume(answer).await,
                judged = self.again.judged(), if self.again.is_judging() => self.end_again(judged),
                () = tokio::time::sleep_until(wake_at), if may_wake => {
                    self.wake();
                    // Much may be due at once: whoever writes meanwhile comes first, then the next portion.
                    self.take_in_waiting(&mut messages).await;
                }
                count = self.inbox.recv_many(&mut messages, LOOK_MAX), if open && !full => {
                    open = count > 0;
                    for message in messages.drain(..) {
                        self.take_in(message).await;
                    }
                }
            }
            let leaves = self.gathering.reports.len() >= self.context.limits.batch_reports_max || (!open && !self.gathering.is_empty());
            if leaves && self.commit.is_none() {
                self.flush();
            }
        }
        self.write_everything().await;
    }

    fn is_idle(&self) -> bool {
        self.gathering.is_empty() && self.commit.is_none() && self.late.is_empty() && !self.again.is_judging()
    }

    async fn take_in_waiting(&mut self, messages: &mut Vec<ShardMessage>) {
        while messages.len() < LOOK_MAX
            && let Ok(message) = self.inbox.try_recv()
        {
            messages.push(message);
        }
        for message in messages.drain(..) {
            self.take_in(message).await;
        }
    }

    async fn take_in(&mut self, message: ShardMessage) {
        match message {
            ShardMessage::Deliver(delivery) => {
                for submission in delivery.submissions {
                    self.submit(&delivery.inbox, delivery.received_at, submission);
                }
                self.ask_about_late();
            }
            ShardMessage::Facts(facts) => self.apply(facts).await,
            ShardMessage::Retired(pasts) => self.again.retire(pasts, Instant::now()),
        }
    }

    /// Takes in one submission, or parks it if only the database knows whether its old reports are stored.
    fn submit(&mut self, inbox: &Arc<Inbox>, received_at: Timestamp, mut submission: Submission) {
        let waiting = self.waiting(inbox, &submission);
        if inbox.is_refused() {
            // An older submission of this connection was refused: later ones must not overtake it.
            return self.settle([waiting], Outcome::NotStored);
        }
        let Some(memory) = self.tags.get_mut(&submission.tag_id) else {
            events::tag_unknown_to_shard(&self.context.counters, submission.tag_id);
            return self.settle([waiting], Outcome::NotStored);
        };
        order(&mut submission.reports, received_at);
        if memory.parked > 0 || memory.is_judged_again() || submission.reports.iter().any(|report| memory.place(report) == Place::Unknown) {
            memory.parked += 1;
            return self.late.park(waiting, received_at, submission);
        }
        self.take(waiting, received_at, &submission, &mut HashSet::new());
    }

    /// Judges what is new and puts it into the batch. `stored` answers for reports that memory does not reach, and learns of those taken.
    fn take(&mut self, waiting: Waiting, received_at: Timestamp, submission: &Submission, stored: &mut HashSet<(i64, Report)>) {
        self.open_gathering();
        let Self { tags, gathering, unwritten, due, context, again, .. } = self;
        let Some(memory) = tags.get_mut(&submission.tag_id) else { return };
        let (mut repeated, mut late_reports, mut found) = (0, 0, Vec::new());
        for report in &submission.reports {
            let place = memory.place(report);
            if place == Place::Repeat || (place == Place::Unknown && !stored.insert((submission.tag_id, *report))) {
                repeated += 1;
                continue;
            }
            let late = memory.is_late(report, received_at);
            late_reports += u64::from(late);
            let report = StoredReport { tag_id: submission.tag_id, received_at, late, report: *report };
            gathering.checkpoints.extend(memory.checkpoint_before(report.report.judged_at(received_at)));
            match memory.take(&report, &mut found) {
                Taken::Judged => gathering.sightings.extend(memory.sighting(received_at)),
                Taken::Late => again.note(submission.tag_id, &context.limits),
                Taken::Stray(stray) => gathering.strays.push(stray),
            }
            gathering.reports.push(report);
            unwritten.note(submission.tag_id, memory, gathering.number);
        }
        if let Some(wearer_id) = memory.wearer_id() {
            gathering.found(wearer_id, submission.tag_id, found.into_iter());
        }
        if let Some(next) = memory.schedule() {
            due.push(std::cmp::Reverse((next, submission.tag_id)));
        }
        gathering.waiting.push(waiting);
        context.counters.reports_repeated.add(repeated);
        context.counters.reports_late.add(late_reports);
    }

    /// A tag's memory changed in the batch being filled.
    fn changed(&mut self, tag_id: i64) {
        if let Some(memory) = self.tags.get_mut(&tag_id) {
            self.unwritten.note(tag_id, memory, self.gathering.number);
        }
    }

    fn open_gathering(&mut self) {
        if self.gathering.is_empty() {
            self.gathering.since = Some(Instant::now());
            self.gathering.number = self.context.batch_numbers.fetch_add(1, Ordering::Relaxed) + 1;
        }
    }

    /// Sends the batch to the database; the next one fills meanwhile.
    fn flush(&mut self) {
        self.flush_states(self.context.limits.checkpoint_states_max, self.context.limits.checkpoint_after);
    }

    fn flush_states(&mut self, states_max: usize, unwritten_for: std::time::Duration) {
        self.open_gathering();
        let Gathering { number, timed, reports, violations, judged_again, checkpoints, strays, sightings, waiting, .. } =
            std::mem::take(&mut self.gathering);
        if !sightings.is_empty() {
            // Whoever watches the areas may be behind or gone: one sighting more or less changes nothing.
            let _ = self.context.sightings.try_send(sightings);
        }
        let states = self.unwritten.states(&mut self.tags, number, states_max, unwritten_for);
        let checkpoint = self.unwritten.oldest(&self.tags).map_or(number, |first| first - 1);
        let batch =
            Batch { number, shard: self.context.number, checkpoint, reports, violations, states, judged_again, checkpoints, strays };
        let journal = Arc::clone(&self.journal);
        let task = tokio::spawn(async move {
            let result = journal.append(&batch).await;
            (batch, result)
        });
        let begun = Instant::now();
        self.head_sent = begun;
        self.commit = Some(Commit { number, begun, timed, task, waiting });
    }

    async fn committed(&mut self, (batch, waiting, result): (Batch, Vec<Waiting>, Result<(), JournalError>)) {
        match result {
            Ok(()) => {
                self.context.counters.reports_stored.add(batch.reports.len() as u64);
                self.context.counters.batches_committed.add(1);
                self.checkpoint = batch.checkpoint;
                self.settle(waiting, Outcome::Stored);
                self.ask_about_late();
            }
            Err(error) => self.fail(batch, waiting, &error).await,
        }
    }

    fn waiting(&self, inbox: &Arc<Inbox>, submission: &Submission) -> Waiting {
        let weight = weight(submission, self.room_max);
        Waiting { inbox: Arc::clone(inbox), session: submission.session, ticket: submission.ticket, weight }
    }

    fn settle(&self, waiting: impl IntoIterator<Item = Waiting>, outcome: Outcome) {
        let reports = settle(waiting, outcome);
        if outcome == Outcome::NotStored {
            self.context.counters.reports_refused.add(reports as u64);
        }
        self.room.add_permits(reports);
    }
}

/// Time alone rests this many times as long as what it found last took to commit: others need the database too.
const TIMERS_REST: u32 = 2;

/// The batch on its way, once its fate is known.
async fn finished(commit: &mut Option<Commit>, timers_rest: &mut Instant) -> (Batch, Vec<Waiting>, Result<(), JournalError>) {
    let Some(running) = commit else { return std::future::pending().await };
    let (batch, result) = (&mut running.task).await.expect("a journal returns errors, it does not panic");
    if running.timed {
        *timers_rest = Instant::now() + running.begun.elapsed() * TIMERS_REST;
    }
    let waiting = commit.take().map(|done| done.waiting).unwrap_or_default();
    (batch, waiting, result)
}

/// Orders one submission's reports by the tag's time. Of several at one instant the one to be judged stands first (policy 8.11).
fn order(reports: &mut [Report], received_at: Timestamp) {
    if reports.is_sorted_by(|earlier, later| earlier.taken_at < later.taken_at) {
        return;
    }
    let accuracy_m = |report: &Report| Fix::of_report(report, received_at).map_or(f64::INFINITY, |fix| fix.accuracy_m());
    reports.sort_by(|a, b| {
        let by_accuracy = || accuracy_m(a).total_cmp(&accuracy_m(b));
        let by_place = || (a.latitude_e7, a.longitude_e7).cmp(&(b.latitude_e7, b.longitude_e7));
        a.taken_at.cmp(&b.taken_at).then_with(by_accuracy).then_with(by_place)
    });
}
