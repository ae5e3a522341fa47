//! Wearers from enrolment to removal: files, orders, zones, tags, fittings, inspections, leave.

mod checklist;
mod error;
mod evidence;
mod fittings;
mod installations;
mod inventory;
mod removals;
mod tag_list;
mod tag_standing;
mod transfers;

pub use checklist::ChecklistView;
pub use error::{EnrolmentError, TagObstacle};
pub use fittings::{Exchanged, Fitting};
pub use installations::{Installation, InstallationState, NewReplacement, Replacement};
pub use inventory::{TagChange, TagLabel};
pub use removals::{AskedRemoval, Removal, RemovalDone};
pub(crate) use removals::{removal_concerns, removal_confirmed};
pub use tag_list::{Tag, TagCount, TagEvent, TagFilter};
pub use transfers::{TagTransfer, TransferState};

use chrono::NaiveDate;

/// A judicial decision or another letter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// Who decided.
    pub authority: String,
    /// Its number.
    pub number: String,
    /// Its day.
    pub date: NaiveDate,
}
