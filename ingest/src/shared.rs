//! What all connections share.

use crate::commands::Connected;
use crate::counters::Counters;
use crate::limits::ConnectionLimits;
use crate::port::{Quarantined, TagDirectory};
use crate::shard::ShardHandle;
use geofence::Timestamp;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What all connections share.
pub(crate) struct Shared {
    pub limits: ConnectionLimits,
    pub counters: Arc<Counters>,
    pub clock: fn() -> Timestamp,
    pub tags: Arc<dyn TagDirectory>,
    pub shards: Vec<ShardHandle>,
    pub connected: Connected,
    pub quarantine: mpsc::Sender<Quarantined>,
    pub places: Arc<Semaphore>,
    pub connections: TaskTracker,
    pub stopping: CancellationToken,
}

impl Shared {
    /// The shard that owns a tag.
    pub fn shard_of(&self, tag_id: i64) -> usize {
        shard_of(tag_id, self.shards.len())
    }
}

/// The shard that owns a tag, of so many.
pub(crate) fn shard_of(tag_id: i64, shards: usize) -> usize {
    // Fibonacci hashing: neighbouring numbers spread evenly.
    let spread = tag_id.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    usize::try_from(spread).expect("32 bits fit") % shards
}
