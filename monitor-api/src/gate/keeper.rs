//! What the gate knows, and how it asks and writes down.

use super::rights::Rights;
use crate::events::Happening;
use crate::status::database_away;
use access::{Caller, Who};
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// Holds calls against the table of rights.
pub(super) struct Keeper {
    pub(super) rights: Arc<Rights>,
    pub(super) store: Store,
    pub(super) database_wait_max: Duration,
}

impl Keeper {
    pub(super) fn new(rights: Arc<Rights>, store: Store, database_wait_max: Duration) -> Self {
        Self { rights, store, database_wait_max }
    }

    /// Writes a look down; what was looked at is not shown before.
    pub(super) async fn note_done(&self, caller: &Caller) -> Result<(), Status> {
        self.answer(self.store.audit_note(caller.entry("done"))).await
    }

    /// A refusal stands whether or not it could be written down.
    pub(super) async fn note_refused(&self, caller: &Caller, refused: &Status) {
        if caller.who == Who::Nobody || refused.code() == Code::Unavailable {
            return;
        }
        let reason = refused.get_details_error_info().map_or_else(|| format!("{:?}", refused.code()), |info| info.reason);
        if self.answer(self.store.audit_note(caller.entry(&reason))).await.is_err() {
            Happening::AuditAway.tell();
        }
    }

    /// The database's answer, or that it is away.
    pub(super) async fn answer<T>(&self, question: impl Future<Output = Result<T, store::StoreError>>) -> Result<T, Status> {
        match tokio::time::timeout(self.database_wait_max, question).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(crate::alerts::store_failed("gate", &error)),
            Err(_) => Err(database_away()),
        }
    }
}
