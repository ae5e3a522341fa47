//! Where and when: zones, timetables, trackers, verdicts. Pure: never reads a socket, a file, a database or a clock.

mod batch;
mod civil;
pub mod command;
mod ellipsoid;
mod feature;
mod fix;
mod judge;
mod plan;
mod recent;
mod report;
mod rules;
mod save;
mod set;
mod shape;
mod signals;
mod state;
mod time;
mod timetable;
mod timetable_json;
mod tracker;
mod violation;
mod zone;

pub use batch::{Batch, StoredReport, TagState, WearerViolation};
pub use feature::ZoneError;
pub use fix::Fix;
pub use judge::Judge;
pub use plan::{Leave, Plan};
pub use report::{Report, Signal, Signals, Source};
pub use rules::{Rules, Sense};
pub use save::StateError;
pub use set::ZoneSet;
pub use shape::OutlineError;
pub use time::Timestamp;
pub use timetable::{Exception, Hours, Row, Timetable};
pub use violation::{EndReason, Violation, ViolationKind};
pub use zone::{Verdict, Zone};
