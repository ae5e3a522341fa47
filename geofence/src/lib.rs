//! Where and when: zones, timetables, trackers, verdicts. Pure: never reads a socket, a file, a database or a clock.

mod again;
mod batch;
mod civil;
pub mod command;
#[path = "device_stub.rs"] // stands in until device/ is there: replace both lines
mod device;
mod ellipsoid;
mod feature;
mod fix;
mod index;
mod judge;
mod order;
mod plan;
mod recent;
mod report;
mod rules;
mod save;
mod set;
mod shape;
mod state;
mod time;
mod timetable;
mod timetable_json;
mod tracker;
mod trackers;
mod violation;
mod zone;

pub use again::{Again, judge_again};
pub use batch::{Batch, Checkpoint, JudgedAgain, Past, StoredReport, Stray, TagState, WearerViolation};
pub use device::{Deaf, DeviceRules};
pub use feature::{ZoneError, ZoneReader};
pub use fix::Fix;
pub use index::ZoneIndex;
pub use judge::Judge;
pub use order::Order;
pub use plan::{Leave, Plan, Watch};
pub use report::{Report, Signal, Signals, Source};
pub use rules::{Rules, Sense};
pub use save::StateError;
pub use set::ZoneSet;
pub use shape::OutlineError;
pub use time::Timestamp;
pub use timetable::{Exception, Hours, Row, Timetable};
pub use violation::{EndReason, Violation, ViolationKind};
pub use zone::{Verdict, Zone};
