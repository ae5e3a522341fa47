//! The timed deletion of a running server.

use std::time::Duration;
use store::{Deletion, Retention, Store};
use tokio_util::sync::CancellationToken;

/// The first run waits until the start is over and what it recovers is written down.
const FIRST_AFTER: Duration = Duration::from_secs(600);
/// Limits are whole days.
const EVERY: Duration = Duration::from_secs(86_400);

/// Deletes once a day until `stop`.
pub async fn run_daily(store: Store, retention: Retention, stop: CancellationToken) {
    let mut wait = FIRST_AFTER;
    while crate::clock::goes_on_after(wait, &stop).await {
        wait = EVERY;
        let caller = access::Caller::command("paband", "retention");
        tokio::select! {
            // A run that is cut off leaves whole days behind, and its record says which.
            () = stop.cancelled() => return,
            done = store.retention_run(&caller, &retention, chrono::Utc::now(), false) => tell(done),
        }
    }
}

fn tell(done: Result<Vec<Deletion>, store::StoreError>) {
    match done {
        Ok(deletions) => {
            for Deletion { kind, rows, held, older_than, .. } in deletions.iter().filter(|deletion| deletion.rows > 0) {
                tracing::info!(kind = kind.name(), rows, held, older_than = %older_than.date_naive(), "deleted after its time");
            }
        }
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the timed deletion broke off; it goes on tomorrow, or by paband retention run"
            );
        }
    }
}
