//! Joins the door's port to the store: one journal connection a shard.

use geofence::{Batch, Past, Report, StoredReport, TagState, Timestamp};
use ingest::port::{Journal, JournalError, Quarantined};
use store::{JournalConnection, Store, StoreError};
use tokio::sync::Mutex;

/// A shard's journal.
pub struct ShardJournal {
    store: Store,
    connection: Mutex<JournalConnection>,
}

impl ShardJournal {
    /// Opens the shard's own connection.
    pub async fn open(store: &Store, shard: u16) -> Result<Self, StoreError> {
        Ok(Self { store: store.clone(), connection: Mutex::new(store.journal_connection(shard).await?) })
    }
}

fn refused(error: StoreError) -> JournalError {
    JournalError(Box::new(error))
}

impl Journal for ShardJournal {
    async fn append(&self, batch: &Batch) -> Result<(), JournalError> {
        self.connection.lock().await.append(batch, crate::clock::now()).await.map(drop).map_err(refused)
    }

    async fn recovery_start(&self) -> Result<i64, JournalError> {
        self.store.recovery_start().await.map_err(refused)
    }

    async fn stored(&self, reports: &[(i64, Report)]) -> Result<Vec<bool>, JournalError> {
        self.store.reports_stored(reports).await.map_err(refused)
    }

    async fn states(&self, tags: &[i64]) -> Result<Vec<TagState>, JournalError> {
        self.store.tag_states(Some(tags)).await.map_err(refused)
    }

    async fn reports_after(&self, tags: &[i64], batch: i64) -> Result<Vec<(i64, StoredReport)>, JournalError> {
        use futures_util::TryStreamExt;
        // Nothing that a broken connection began may become durable after this look.
        self.connection.lock().await.settle().await.map_err(refused)?;
        self.store.reports_after(batch, Some(tags)).await.map_err(refused)?.try_collect().await.map_err(refused)
    }

    async fn pasts(&self, asked: &[(i64, Timestamp)]) -> Result<Vec<Past>, JournalError> {
        self.store.pasts(asked).await.map_err(refused)
    }

    async fn quarantine(&self, item: Quarantined) -> Result<(), JournalError> {
        let now = crate::clock::now();
        match (item.reason, &item.imei, item.tag_id) {
            ("unknown_tag", Some(imei), _) => self.store.tag_unknown(imei, now).await.map_err(refused)?,
            ("two_connections", _, Some(tag_id)) => return self.store.tag_on_two_connections(tag_id, now).await.map_err(refused),
            _ => {}
        }
        self.store.quarantine(item.reason, item.imei.as_deref(), &item.raw).await.map_err(refused)
    }
}
