//! What could not become reports, kept for people to look at, in a place that cannot grow.

use crate::{Store, StoreError};

/// Bytes kept of one item; what is longer is cut.
pub const RAW_BYTES_MAX: usize = 4096;

const ITEM_WRITE: &str = "
    INSERT INTO quarantine (slot, number, reason, imei, raw, length)
    SELECT number % (SELECT slots FROM quarantine_limit), number, $1, $2, $3, $4 FROM nextval('quarantine_number') AS number
    ON CONFLICT (slot) DO UPDATE SET number = excluded.number, reason = excluded.reason, imei = excluded.imei,
        raw = excluded.raw, length = excluded.length, recorded_at = excluded.recorded_at
    WHERE quarantine.number < excluded.number";

impl Store {
    /// Keeps bytes that could not become reports. The newest 10,000 are kept (the row of `quarantine_limit`); an older one makes
    /// room, and `number` tells how many there have been.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn quarantine(&self, reason: &str, imei: Option<&str>, raw: &[u8]) -> Result<(), StoreError> {
        let kept = &raw[..raw.len().min(RAW_BYTES_MAX)];
        let imei = imei.map(|text| text.replace('\0', ""));
        let client = self.client().await?;
        let statement = client.prepare_cached(ITEM_WRITE).await?;
        client.execute(&statement, &[&reason, &imei, &kept, &(raw.len() as i64)]).await?;
        Ok(())
    }
}
