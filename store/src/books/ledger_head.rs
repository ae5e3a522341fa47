//! The end of the ledger's chain, to be printed: whoever has an old one on paper can tell that nothing before it was changed since.

use crate::{Store, StoreError};
use chrono::{DateTime, Utc};
use tokio_postgres::Row;

const HEAD: &str = "SELECT h.entry_id, h.hash, e.at FROM ledger_head h LEFT JOIN ledger_entries e USING (entry_id)";
const OF_ENTRY: &str = "SELECT entry_id, hash, at FROM ledger_entries WHERE entry_id = $1";

/// An entry of the ledger as the end of all before it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LedgerHead {
    /// Its number; 0 = the ledger is empty.
    pub number: i64,
    /// Over it and all before it: SHA-256, 64 hexadecimal digits.
    pub hash: String,
    /// When it was posted; none of an empty ledger.
    pub at: Option<DateTime<Utc>>,
}

impl Store {
    /// The ledger's end now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ledger_head(&self) -> Result<LedgerHead, StoreError> {
        Ok(head_from(&self.client().await?.query_one(HEAD, &[]).await?))
    }

    /// What its end was when the entry of this number was the last; none if there is no such entry. Believe it after [`Self::books_verify`] found no fault.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ledger_head_at(&self, number: i64) -> Result<Option<LedgerHead>, StoreError> {
        Ok(self.client().await?.query_opt(OF_ENTRY, &[&number]).await?.as_ref().map(head_from))
    }
}

fn head_from(row: &Row) -> LedgerHead {
    let hash = row.get::<_, &[u8]>(1).iter().map(|byte| format!("{byte:02x}")).collect();
    LedgerHead { number: row.get(0), hash, at: row.get(2) }
}
