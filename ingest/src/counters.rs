//! What the door counts. Numbers only: no tag, no position, no payload.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds `n`.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// The number now.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// All counters of the door since it opened.
#[derive(Debug, Default)]
pub struct Counters {
    /// Connections accepted.
    pub connections_accepted: Counter,
    /// Connections that ended.
    pub connections_closed: Counter,
    /// Reports read and handed to a shard.
    pub reports_received: Counter,
    /// Reports made durable for the first time.
    pub reports_stored: Counter,
    /// Reports that were stored already: sent again.
    pub reports_repeated: Counter,
    /// Stored reports older than the newest judged one of their tag.
    pub reports_late: Counter,
    /// Pasts judged again, because of late reports or facts recorded late.
    pub pasts_judged_again: Counter,
    /// Reports judged in them.
    pub reports_judged_again: Counter,
    /// Reports refused because the journal did not confirm; the tags send them again.
    pub reports_refused: Counter,
    /// Batches committed.
    pub batches_committed: Counter,
    /// Batches that the journal did not confirm.
    pub batches_failed: Counter,
    /// Items that did not fit the queue to the quarantine.
    pub quarantine_dropped: Counter,
    refusals: Mutex<BTreeMap<&'static str, u64>>,
}

impl Counters {
    /// Counts a refusal under its reason: `wrong_checksum`.
    pub fn refuse(&self, reason: &'static str) {
        *self.refusals.lock().expect("no code panics while it holds this lock").entry(reason).or_default() += 1;
    }

    /// Refusals by reason.
    pub fn refusals(&self) -> BTreeMap<&'static str, u64> {
        self.refusals.lock().expect("no code panics while it holds this lock").clone()
    }

    /// Refusals for one reason.
    pub fn refused(&self, reason: &str) -> u64 {
        self.refusals().get(reason).copied().unwrap_or(0)
    }

    /// Connections open now.
    pub fn connections_open(&self) -> u64 {
        self.connections_accepted.get().saturating_sub(self.connections_closed.get())
    }
}
