//! What one durable step of a shard holds: the reports it took in, what it found, and the memory worth keeping.

use crate::{Report, Timestamp, Violation};
use std::sync::Arc;

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
    /// If the past was judged again: why. Then the violation replaces whatever was known of it, its end included.
    pub again: Option<Arc<str>>,
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

/// A wearer's judgement as of an instant: where judging again may begin.
#[derive(Clone, PartialEq, Debug)]
pub struct Checkpoint {
    /// Whose.
    pub wearer_id: i64,
    /// The newest report it contains.
    pub at: Timestamp,
    /// The judge's memory.
    pub bytes: Vec<u8>,
}

/// A span that was judged again with this batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct JudgedAgain {
    /// Whose.
    pub wearer_id: i64,
    /// The tag that the wearer has on.
    pub tag_id: i64,
    /// Checkpoints kept of this instant or later are void, but for those in this batch.
    pub from: Timestamp,
    /// Requests up to this number are done; 0 = none was made.
    pub request: i64,
}

/// A report that belongs to the past of whoever wore its tag when it was taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stray {
    /// The tag that reports.
    pub tag_id: i64,
    /// When it was taken, as it is judged.
    pub at: Timestamp,
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
    /// Spans judged again.
    pub judged_again: Vec<JudgedAgain>,
    /// Judgements as of an instant to keep.
    pub checkpoints: Vec<Checkpoint>,
    /// Reports whose wearer's past must be judged again by whoever judges that wearer.
    pub strays: Vec<Stray>,
}

/// What judging a wearer's past again needs.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Past {
    /// The newest kept judgement from before the span, if one is kept.
    pub checkpoint: Option<Checkpoint>,
    /// Every stored report since the checkpoint of whichever tag the wearer had on when it was taken; in any order.
    pub reports: Vec<StoredReport>,
    /// The alerts of the wearer that were open at the checkpoint or began after it, as they were told; without those a person closed.
    pub told: Vec<Violation>,
    /// Reports of before this were deleted after their time: what was found until then stands as it was told.
    pub kept_since: Option<Timestamp>,
}
