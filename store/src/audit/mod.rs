//! The audit: who looked at what and changed what, in a chain that cannot be changed behind its back.

mod read;
mod writer;

use crate::StoreError;
use access::AuditEntry;
pub use read::{AuditFilter, AuditPage};
use tokio_postgres::Transaction;
pub(crate) use writer::AuditWriter;

const APPEND: &str = "SELECT audit_append($1::text::jsonb)";

/// Appends entries within the transaction of what they tell of. Its last statement: the chain's end stays locked until the commit.
pub(crate) async fn append(transaction: &Transaction<'_>, entries: &[AuditEntry]) -> Result<(), StoreError> {
    let entries: Vec<_> = entries.iter().cloned().map(AuditEntry::readable).collect();
    let entries = serde_json::to_string(&entries).expect("texts are always written");
    transaction.execute(APPEND, &[&entries]).await?;
    Ok(())
}
