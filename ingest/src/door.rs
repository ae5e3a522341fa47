//! The door as a whole: shards, listeners, their common limits, and the orderly stop.

use crate::commands::{CommandError, Connected};
use crate::counters::Counters;
use crate::events;
use crate::limits::{ConnectionLimits, ShardLimits};
use crate::listener::{TlsSource, WireProtocol, accept};
use crate::port::{Journal, Quarantined, TagDirectory};
use crate::shard::{RetiredPast, Shard, ShardContext, TagFacts};
use crate::shared::{Shared, shard_of};
use crate::wire::Command;
use geofence::{Sighting, Timestamp};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Items on their way to the quarantine. One more is counted and dropped: the quarantine must not slow the door.
const QUARANTINE_QUEUE_MAX: usize = 1024;

/// What a door is opened with.
#[derive(Clone, Copy, Debug)]
pub struct DoorOptions {
    /// Limits of connections.
    pub connections: ConnectionLimits,
    /// Limits of each shard.
    pub shards: ShardLimits,
    /// The server's clock.
    pub clock: fn() -> Timestamp,
    /// Nothing is judged by time alone before this.
    pub timers_from: Timestamp,
}

/// What was left undone at a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Connections cut before all their reports were answered.
    pub connections_abandoned: usize,
    /// Shards cut before all their memory was written.
    pub shards_abandoned: usize,
}

/// The open door.
pub struct Door {
    shared: Arc<Shared>,
    shards: Vec<JoinHandle<()>>,
    /// Writes the quarantine.
    keeper: JoinHandle<()>,
}

impl Door {
    /// Starts one shard per journal and waits until each has its memory back. `last_batch` is the highest batch number ever used.
    /// What the shards see of areas goes to `sightings`; where nobody takes it, it is dropped.
    ///
    /// # Panics
    /// Without a journal.
    pub async fn open<J: Journal>(
        options: DoorOptions,
        journals: Vec<Arc<J>>,
        tags: Arc<dyn TagDirectory>,
        facts: Vec<TagFacts>,
        last_batch: i64,
        sightings: mpsc::Sender<Vec<Sighting>>,
    ) -> Self {
        let counters = Arc::new(Counters::default());
        let batch_numbers = Arc::new(AtomicI64::new(last_batch));
        let (quarantine, keeper) = quarantine(Arc::clone(journals.first().expect("a door has at least one journal")));
        let count = journals.len();
        let mut facts_of: Vec<Vec<TagFacts>> = (0..count).map(|_| Vec::new()).collect();
        facts.into_iter().for_each(|facts| facts_of[shard_of(facts.tag_id, count)].push(facts));
        let (mut handles, mut tasks, mut ready) = (Vec::new(), Vec::new(), Vec::new());
        for ((number, journal), facts) in (0..).zip(journals).zip(facts_of) {
            let context = ShardContext {
                number,
                limits: options.shards,
                batch_numbers: Arc::clone(&batch_numbers),
                counters: Arc::clone(&counters),
                clock: options.clock,
                sightings: sightings.clone(),
                timers_from: options.timers_from,
            };
            let (shard, handle) = Shard::new(context, journal);
            let (tell, told) = oneshot::channel();
            tasks.push(tokio::spawn(shard.run(facts, tell)));
            handles.push(handle);
            ready.push(told);
        }
        for told in ready {
            told.await.expect("a shard says when it is ready");
        }
        let shared = Shared {
            limits: options.connections,
            counters,
            clock: options.clock,
            tags,
            shards: handles,
            connected: Connected::default(),
            quarantine,
            places: Arc::new(Semaphore::new(options.connections.connections_max.min(Semaphore::MAX_PERMITS))),
            connections: TaskTracker::new(),
            stopping: CancellationToken::new(),
        };
        Self { shared: Arc::new(shared), shards: tasks, keeper }
    }

    /// Listens for tags; returns the address bound.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn listen(&self, address: SocketAddr, protocol: WireProtocol, tls: Option<TlsSource>) -> std::io::Result<SocketAddr> {
        let listener = TcpListener::bind(address).await?;
        let bound = listener.local_addr()?;
        events::listening(protocol.name(), bound, tls.is_some());
        self.shared.connections.spawn(accept(listener, protocol, tls, Arc::clone(&self.shared)));
        Ok(bound)
    }

    /// Tells the shards what staff have decided. Returns once it is queued before every later delivery.
    pub async fn facts(&self, facts: Vec<TagFacts>) {
        let mut facts_of: Vec<Vec<TagFacts>> = self.shared.shards.iter().map(|_| Vec::new()).collect();
        facts.into_iter().for_each(|facts| facts_of[self.shared.shard_of(facts.tag_id)].push(facts));
        for (shard, facts) in self.shared.shards.iter().zip(facts_of) {
            if !facts.is_empty() {
                // A shard ends only at the stop; then nobody delivers any more either.
                let _ = shard.facts(facts).await;
            }
        }
    }

    /// Has the pasts of wearers who wear nothing any more judged again.
    pub async fn judge_retired(&self, pasts: Vec<RetiredPast>) {
        for past in pasts {
            // A shard ends only at the stop; the request waits for the next start.
            let _ = self.shared.shards[self.shared.shard_of(past.tag_id)].retired(vec![past]).await;
        }
    }

    /// Sends a command down a tag's newest connection; returns its number.
    ///
    /// # Errors
    /// When the tag is not connected or has too many commands waiting.
    pub fn command(&self, tag_id: i64, command: Command) -> Result<u64, CommandError> {
        self.shared.connected.send(tag_id, command)
    }

    /// The door's counters.
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.shared.counters)
    }

    /// Stops taking in, commits and answers what is held, writes down all memory. What does not manage that by the deadline is
    /// abandoned: it was never acknowledged, and the tags send it again.
    pub async fn stop(self, deadline: Duration) -> Stopped {
        let until = tokio::time::Instant::now() + deadline;
        let Self { shared, mut shards, keeper } = self;
        shared.stopping.cancel();
        shared.connections.close();
        let answered = tokio::time::timeout_at(until, shared.connections.wait()).await.is_ok();
        let connections_abandoned = if answered { 0 } else { shared.connections.len() };
        // The shards end when the last sending end is gone; connections past the deadline hold some of them.
        let abort = shards.iter().map(JoinHandle::abort_handle).collect::<Vec<_>>();
        drop(shared);
        let mut shards_abandoned = 0;
        for (shard, abort) in shards.iter_mut().zip(abort) {
            if tokio::time::timeout_at(until, shard).await.is_err() {
                abort.abort();
                shards_abandoned += 1;
            }
        }
        // What is left of the quarantine at the deadline is lost: it was never acknowledged as anything.
        let _ = tokio::time::timeout_at(until, keeper).await;
        events::stopped(connections_abandoned, shards_abandoned);
        Stopped { connections_abandoned, shards_abandoned }
    }
}

/// The queue to the quarantine, and its keeper, who ends with the last sending end.
fn quarantine<J: Journal>(journal: Arc<J>) -> (mpsc::Sender<Quarantined>, JoinHandle<()>) {
    let (sender, mut items) = mpsc::channel::<Quarantined>(QUARANTINE_QUEUE_MAX);
    let keeper = tokio::spawn(async move {
        while let Some(item) = items.recv().await {
            if let Err(error) = journal.quarantine(item).await {
                events::quarantine_failed(&error);
            }
        }
    });
    (sender, keeper)
}
