//! How the rest of the door speaks to a shard.

use super::{TagFacts, WearerFacts};
use crate::counters::Counters;
use crate::inbox::Inbox;
use crate::limits::ShardLimits;
use crate::wire::Submission;
use geofence::{Sighting, Timestamp};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use tokio::sync::{Semaphore, mpsc};

/// The submissions of one connection that came with one read.
#[derive(Debug)]
pub struct Delivery {
    /// Where their fate is told.
    pub inbox: Arc<Inbox>,
    /// When they were read, by the server's clock.
    pub received_at: Timestamp,
    /// In the order read.
    pub submissions: Vec<Submission>,
}

/// What a shard is told.
#[derive(Debug)]
pub enum ShardMessage {
    /// Reports to store.
    Deliver(Delivery),
    /// What staff have decided, for tags of this shard. In force from the next delivery on.
    Facts(Vec<TagFacts>),
    /// Pasts of wearers who wear nothing any more, to be judged again.
    Retired(Vec<RetiredPast>),
}

/// A wearer who wears nothing any more, whose past must be judged again as a request says.
#[derive(Clone, Debug)]
pub struct RetiredPast {
    /// The tag worn last: its shard does it.
    pub tag_id: i64,
    /// When it was taken off.
    pub until: Timestamp,
    /// The wearer, with the request.
    pub wearer: WearerFacts,
}

/// The sending end of a shard, with its share of back-pressure.
#[derive(Clone, Debug)]
pub struct ShardHandle {
    pub(crate) inbox: mpsc::Sender<ShardMessage>,
    pub(crate) room: Arc<Semaphore>,
    pub(crate) room_max: u32,
}

impl ShardHandle {
    /// Tells the shard what staff have decided; `false` if the shard has ended.
    pub async fn facts(&self, facts: Vec<TagFacts>) -> bool {
        self.inbox.send(ShardMessage::Facts(facts)).await.is_ok()
    }

    /// Hands over pasts to judge again; `false` if the shard has ended.
    pub async fn retired(&self, pasts: Vec<RetiredPast>) -> bool {
        self.inbox.send(ShardMessage::Retired(pasts)).await.is_ok()
    }

    /// Hands over a delivery; waits while the shard has no room, so that its sender reads no further. `false` if the shard has ended.
    pub async fn deliver(&self, delivery: Delivery) -> bool {
        let weight = delivery.submissions.iter().map(|submission| self.weight(submission)).fold(0, u32::saturating_add);
        let Ok(room) = self.room.acquire_many(weight).await else { return false };
        room.forget();
        self.inbox.send(ShardMessage::Deliver(delivery)).await.is_ok()
    }

    /// A submission's share of the reports in flight.
    pub(crate) fn weight(&self, submission: &Submission) -> u32 {
        weight(submission, self.room_max)
    }
}

/// A submission's share of the reports in flight, at least 1.
pub(super) fn weight(submission: &Submission, room_max: u32) -> u32 {
    u32::try_from(submission.reports.len()).unwrap_or(u32::MAX).clamp(1, room_max)
}

/// What a shard shares with the rest of the door.
#[derive(Clone, Debug)]
pub struct ShardContext {
    /// Which shard, from 0.
    pub number: u16,
    /// Its limits.
    pub limits: ShardLimits,
    /// The newest batch number given out by any shard.
    pub batch_numbers: Arc<AtomicI64>,
    /// The door's counters.
    pub counters: Arc<Counters>,
    /// The server's clock.
    pub clock: fn() -> Timestamp,
    /// Where wearers are seen, and in what trouble, goes here: a wearer at most once a minute, and at each change.
    pub sightings: mpsc::Sender<Vec<Sighting>>,
    /// Nothing is judged by time alone before this: after an outage the tags' backlog comes in first.
    pub timers_from: Timestamp,
}
