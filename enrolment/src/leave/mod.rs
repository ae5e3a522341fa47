//! Leave: who may be let go for a time and why others may not, and what may become of a leave.

mod eligibility;
mod state;

pub use eligibility::{Eligibility, LeaveFacts, LeaveHindrance, LeaveKind, LeaveLimits, LeaveTerms, LeaveWarning};
pub use state::{LeaveAct, LeaveRefusal, LeaveState};

use chrono::{DateTime, TimeDelta, Utc};

/// A leave begins at most so many days ahead; a later one is asked for later.
pub const DAYS_AHEAD_MAX: i64 = 366;

/// A leave recorded late began at most so many days ago: for what lies further back the reports may be gone.
pub const DAYS_BACK_MAX: i64 = 31;

/// A leave that is recorded so long after it began is late: somebody must say why.
const LATE_AFTER: TimeDelta = TimeDelta::minutes(5);

/// Wearers in one batch. More are refused: several batches.
pub const BATCH_WEARERS_MAX: usize = 2000;

/// Whether a leave that began then is recorded late.
pub fn is_late(from: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now - from > LATE_AFTER
}
