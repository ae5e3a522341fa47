//! What a shard reads back after a crash.

use crate::reports::{COLUMNS_OF_REPORT, report_from};
use crate::{Store, StoreError};
use chrono::{DateTime, Utc};
use futures_util::{Stream, StreamExt};
use geofence::{StoredReport, TagState};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

const STATES: &str = "SELECT tag_id, batch, bytes FROM tag_state WHERE $1::bigint[] IS NULL OR tag_id = ANY ($1)";

/// Checkpoints of shards that no longer exist count only while something of theirs may be missing from the kept states.
pub(crate) const START: &str = "SELECT coalesce(min(checkpoint) FILTER (WHERE checkpoint < batch), max(batch), 0) FROM journal_heads";

/// The days with reports of batches after one.
const DAYS: &str = "SELECT min(starts_at), max(starts_at) + interval '1 day' FROM report_days WHERE highest_batch > $1";

impl Store {
    /// The number of the newest stored batch; 0 before the first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn highest_batch(&self) -> Result<i64, StoreError> {
        let client = self.client().await?;
        Ok(client.query_one("SELECT coalesce(max(batch), 0) FROM journal_heads", &[]).await?.get(0))
    }

    /// The kept memories of these tags, or of all; tags without one are left out.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tag_states(&self, tags: Option<&[i64]>) -> Result<Vec<TagState>, StoreError> {
        let client = self.client().await?;
        let statement = client.prepare_cached(STATES).await?;
        let rows = client.query_raw(&statement, [&tags]).await?;
        tokio::pin!(rows);
        let mut states = Vec::new();
        while let Some(row) = rows.next().await {
            let row = row?;
            states.push(TagState { tag_id: row.get(0), batch: row.get(1), bytes: row.get(2) });
        }
        Ok(states)
    }

    /// The lowest checkpoint over the shards: what their batches after it brought may be missing from the kept states.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn recovery_start(&self) -> Result<i64, StoreError> {
        let client = self.client().await?;
        Ok(client.query_one(START, &[]).await?.get(0))
    }

    /// Says that the kept states contain everything that shards numbered `first_shard` and up ever wrote: for a start with fewer
    /// shards than before, once recovery has kept the states of all tags. Without it the old shards' checkpoints hold recovery back.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn shards_retire(&self, first_shard: u16) -> Result<(), StoreError> {
        let client = self.client().await?;
        client.execute("UPDATE journal_heads SET checkpoint = batch WHERE shard >= $1", &[&i32::from(first_shard)]).await?;
        Ok(())
    }

    /// The reports in batches numbered above `batch`, with their batch number, of these tags or of all. Ordered by batch, and within
    /// a batch a tag's reports by arrival, then by the tag's clock.
    ///
    /// # Errors
    /// When the database does not answer; later, as an item, when the connection breaks.
    pub async fn reports_after(
        &self,
        batch: i64,
        tags: Option<&[i64]>,
    ) -> Result<impl Stream<Item = Result<(i64, StoredReport), StoreError>> + Send + use<>, StoreError> {
        let client = self.client().await?;
        let days = client.query_one(DAYS, &[&batch]).await?;
        let from: Option<DateTime<Utc>> = days.get(0);
        let to: Option<DateTime<Utc>> = days.get(1);
        // Not prepared once for all: the plan must know which days are left out. Without any day the bounds are NULL and no row fits.
        let query = format!(
            "SELECT {COLUMNS_OF_REPORT} FROM reports
             WHERE batch > $1 AND received_at >= $2 AND received_at < $3 AND ($4::bigint[] IS NULL OR tag_id = ANY ($4))
             ORDER BY batch, tag_id, received_at, taken_at"
        );
        let values: [&(dyn ToSql + Sync); 4] = [&batch, &from, &to, &tags];
        let rows = client.query_raw(&query, values).await?;
        // The connection goes back to the pool only after the last row.
        Ok(rows.map(move |row| {
            let _held = &client;
            row.map_err(StoreError::from).and_then(|row| with_batch(&row))
        }))
    }
}

fn with_batch(row: &Row) -> Result<(i64, StoredReport), StoreError> {
    Ok((row.get("batch"), report_from(row)?))
}
