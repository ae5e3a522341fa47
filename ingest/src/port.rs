//! What the door needs of the rest of the house: durable batches, known tags. `server` joins these to the database.

use geofence::{Batch, Past, Report, StoredReport, TagState, Timestamp};
use std::future::Future;

/// Who a tag is, once its IMEI is known here.
#[derive(Clone, PartialEq, Eq)]
pub struct KnownTag {
    /// The tag's number in the database.
    pub tag_id: i64,
    /// Its login key for paband's own protocol; `None` when it has none and may not log in there.
    pub key: Option<[u8; 32]>,
}

impl std::fmt::Debug for KnownTag {
    /// Never shows the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KnownTag({})", self.tag_id)
    }
}

/// The allow-list of tags.
pub trait TagDirectory: Send + Sync {
    /// The tag with this IMEI, if it may report.
    fn find(&self, imei: &str) -> Option<KnownTag>;
}

/// Why a journal call failed. Nothing may be promised of what it carried: it is stored or it is not, and only reading back tells.
#[derive(Debug, thiserror::Error)]
#[error("the journal did not confirm: {0}")]
pub struct JournalError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Bytes that could not become reports, kept for people to look at.
#[derive(Clone, Debug)]
pub struct Quarantined {
    /// Why, in one word that is counted by: `unknown_tag`, `wrong_checksum`.
    pub reason: &'static str,
    /// The IMEI if the bytes told one.
    pub imei: Option<String>,
    /// The tag, where it is known and in doubt: `two_connections`.
    pub tag_id: Option<i64>,
    /// The bytes, cut to the quarantine's limit.
    pub raw: Vec<u8>,
}

/// Durable memory. `append` is all or nothing.
pub trait Journal: Send + Sync + 'static {
    /// Stores the whole batch durably, or nothing of it. An error leaves open which of the two happened.
    fn append(&self, batch: &Batch) -> impl Future<Output = Result<(), JournalError>> + Send;

    /// The batch up to which written memory contains every shard's reports: what came later must be read back.
    fn recovery_start(&self) -> impl Future<Output = Result<i64, JournalError>> + Send;

    /// Which of these reports are stored already, in the order asked.
    fn stored(&self, reports: &[(i64, Report)]) -> impl Future<Output = Result<Vec<bool>, JournalError>> + Send;

    /// The newest kept memory of these tags; tags without one are left out.
    fn states(&self, tags: &[i64]) -> impl Future<Output = Result<Vec<TagState>, JournalError>> + Send;

    /// The reports of these tags in batches numbered above `batch`, in the order stored, with their batch number.
    fn reports_after(&self, tags: &[i64], batch: i64) -> impl Future<Output = Result<Vec<(i64, StoredReport)>, JournalError>> + Send;

    /// The pasts of these wearers, in the order asked: from the newest checkpoint before an instant, or from the beginning.
    fn pasts(&self, asked: &[(i64, Timestamp)]) -> impl Future<Output = Result<Vec<Past>, JournalError>> + Send;

    /// Keeps bytes that could not become reports.
    fn quarantine(&self, item: Quarantined) -> impl Future<Output = Result<(), JournalError>> + Send;
}
