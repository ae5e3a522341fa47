//! Random timelines beside an auditor that reckons day by day and shares no code with the crate, not even a calendar.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod auditor;
mod calendar;
mod laws;
mod scenario;
