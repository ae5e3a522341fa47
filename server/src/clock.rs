//! The only place that asks the system what time it is, and the pauses of what is done again and again.

use geofence::Timestamp;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Now, by this machine's clock.
pub fn now() -> Timestamp {
    chrono::Utc::now().into()
}

/// Waits so long, or until `stop`: then there is nothing to go on with.
pub async fn goes_on_after(pause: Duration, stop: &CancellationToken) -> bool {
    tokio::select! {
        () = stop.cancelled() => false,
        () = tokio::time::sleep(pause) => true,
    }
}
