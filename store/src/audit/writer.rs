//! Entries of looks: those of many callers at once go into one transaction, since the chain takes one transaction at a time.

use super::append;
use crate::{Store, StoreError};
use access::AuditEntry;
use deadpool_postgres::Pool;
use tokio::sync::{mpsc, oneshot};

/// Entries that wait; a caller beyond that waits to wait.
const WAITING_MAX: usize = 1024;

/// Entries of one transaction.
const TOGETHER_MAX: usize = 256;

type Waiting = (AuditEntry, oneshot::Sender<Result<(), StoreError>>);

/// The one who writes for all. Ends with the last clone.
#[derive(Clone)]
pub(crate) struct AuditWriter {
    inbox: mpsc::Sender<Waiting>,
}

impl AuditWriter {
    pub(crate) fn start(pool: Pool) -> Self {
        let (inbox, waiting) = mpsc::channel(WAITING_MAX);
        tokio::spawn(write_for_ever(pool, waiting));
        Self { inbox }
    }
}

impl Store {
    /// Writes down a look or a refusal, and returns when it is durable. What was looked at must not be shown before.
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn audit_note(&self, entry: AuditEntry) -> Result<(), StoreError> {
        let gone = || StoreError::Unreachable("the audit's writer has ended".to_owned());
        let (done, written) = oneshot::channel();
        self.audit.inbox.send((entry, done)).await.map_err(|_| gone())?;
        written.await.map_err(|_| gone())?
    }
}

async fn write_for_ever(pool: Pool, mut waiting: mpsc::Receiver<Waiting>) {
    let mut together = Vec::new();
    while waiting.recv_many(&mut together, TOGETHER_MAX).await > 0 {
        let (entries, callers): (Vec<_>, Vec<_>) = together.drain(..).unzip();
        let written = write(&pool, &entries).await;
        for caller in callers {
            // A caller that is gone is not told.
            let _ = caller.send(written.as_ref().map(|()| ()).map_err(StoreError::same));
        }
    }
}

async fn write(pool: &Pool, entries: &[AuditEntry]) -> Result<(), StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    append(&transaction, entries).await?;
    Ok(transaction.commit().await?)
}
