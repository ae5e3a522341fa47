//! How long what is known of a person is kept, and how it leaves the house: timed deletion, legal holds against it, releases of data.

mod deletion;
mod holds;
mod releases;
mod tracks;

pub use deletion::{DataKind, Deletion, KindStatus, Retention};
pub use holds::{Hold, HoldFilter, NewHold};
pub(crate) use holds::{hold_concerns, hold_lift};
pub use releases::{Archive, Release, ReleaseRequest};
pub(crate) use releases::{release_concerns, release_insert};

/// A change of the holds waits until a deletion that has looked at them is through, and the other way round. Short: taken last.
const HOLDS_STAY: &str = "LOCK TABLE legal_holds IN SHARE MODE";
