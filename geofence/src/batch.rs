//! What one durable step of a shard holds: the reports it took in, what it found, and the memory worth keeping.

use crate::{Report, Timestamp, Violation};

/// A report with what only the server knows of it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct StoredReport {
    /// Which tag.
    pub tag_id: i64,
    /// When the server read it, by the server's clock.
    pub received_at: Timestamp,
    /// It arrived after a newer report of its tag had been judged.
    pub late: bool,
    /// What the tag said.
    pub report: Report,
}

/// A violation with whose it is and which tag showed it.
#[derive(Clone, PartialEq, Debug)]
pub struct WearerViolation {
    /// Whose.
    pub wearer_id: i64,
    /// The tag whose reports show it.
    pub tag_id: i64,
    /// Its newest state in this batch.
    pub violation: Violation,
}

/// A tag's memory in a shard (judgement and newest report keys), so that a restart need not read its whole past.
#[derive(Clone, PartialEq, Debug)]
pub struct TagState {
    /// Which tag.
    pub tag_id: i64,
    /// The batch that this memory has taken in.
    pub batch: i64,
    /// The encoded memory; only the crate that wrote it can read it.
    pub bytes: Vec<u8>,
}

/// One transaction: all of it is stored, or nothing.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Batch {
    /// Grows from batch to batch over the whole life of the database; a tag's batches are in order.
    pub number: i64,
    /// The shard that made it.
    pub shard: u16,
    /// Every batch of this shard up to this number is contained in the kept states: recovery reads reports after it.
    pub checkpoint: i64,
    /// New reports, each once.
    pub reports: Vec<StoredReport>,
    /// Violations opened, grown or ended; each at most once.
    pub violations: Vec<WearerViolation>,
    /// Tag memories to keep.
    pub states: Vec<TagState>,
}
