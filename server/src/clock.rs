//! The only place that asks the system what time it is.

use geofence::Timestamp;

/// Now, by this machine's clock.
pub fn now() -> Timestamp {
    chrono::Utc::now().into()
}
