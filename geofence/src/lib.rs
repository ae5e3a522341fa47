//! Where and when: zones, timetables, trackers, verdicts. Pure: never reads a socket, a file, a database or a clock.

mod batch;
mod report;
mod time;
mod violation;

pub use batch::{Batch, StoredReport, TagState, WearerViolation};
pub use report::{Report, Signal, Signals, Source};
pub use time::Timestamp;
pub use violation::{EndReason, Violation, ViolationKind};
