//! The work list: persons whose facts contradict each other, and money that cannot be placed.

use super::BooksError;
use crate::{Store, StoreError};
use access::Caller;
use chrono::{DateTime, Utc};

const LIST: &str = "
    SELECT w.reference, u.code, k.place, k.found_at, k.is_block, k.reason, k.wearer_id
    FROM billing_work k JOIN wearers w USING (wearer_id) JOIN units u USING (unit_id)
    WHERE EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($1)) AND (k.wearer_id, k.place) > ($2, $3)
        AND (NOT $4 OR k.is_block) ORDER BY k.wearer_id, k.place LIMIT $5";

/// Something that somebody must look at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BillingWork {
    /// The file reference.
    pub wearer: String,
    /// The wearer's unit.
    pub unit: String,
    /// Nothing is issued to the person until it is mended.
    pub is_block: bool,
    /// When the books found it last.
    pub found_at: DateTime<Utc>,
    /// What it is and what to do, in English.
    pub reason: String,
    /// Its place in the list.
    pub place: (i64, i32),
}

impl Store {
    /// The work list of the units within these, after this place, at most `limit`.
    ///
    /// # Errors
    /// When the caller does not reach the unit.
    pub async fn books_work(
        &self,
        caller: &Caller,
        unit: &str,
        blocks_only: bool,
        after: (i64, i32),
        limit: i64,
    ) -> Result<Vec<BillingWork>, BooksError> {
        let roots = self.books_scope(caller, unit).await?;
        let rows = self.client().await?.query(LIST, &[&roots, &after.0, &after.1, &blocks_only, &limit]).await?;
        let work = rows.iter().map(|row| BillingWork {
            wearer: row.get(0),
            unit: row.get(1),
            found_at: row.get(3),
            is_block: row.get(4),
            reason: row.get(5),
            place: (row.get(6), row.get(2)),
        });
        Ok(work.collect())
    }

    /// How many persons wait on it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn books_blocked(&self) -> Result<u64, StoreError> {
        let row = self.client().await?.query_one("SELECT count(DISTINCT wearer_id) FROM billing_work WHERE is_block", &[]).await?;
        Ok(row.get::<_, i64>(0).unsigned_abs())
    }
}
