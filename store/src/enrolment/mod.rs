//! Wearers from enrolment to removal: files, orders, zones, tags, fittings, inspections, leave.

mod checklist;
mod contacts;
mod error;
mod evidence;
mod fittings;
mod import_known;
mod import_rows;
mod imports;
mod inspection_events;
mod inspection_steps;
mod inspections;
mod installations;
mod inventory;
mod leave_acts;
mod leave_batch_acts;
mod leave_batch_wearers;
mod leave_batches;
mod leave_eligible;
mod leave_returns;
mod leaves;
mod merge;
mod order_facts;
mod order_list;
mod orders;
mod person_numbers;
mod photos;
mod removals;
mod tag_list;
mod tag_standing;
mod transfers;
mod wearer_files;
mod wearer_search;
mod wearers;
mod zone_change;
mod zone_draw;
mod zone_preview;
mod zone_sets;
mod zones;

pub use checklist::ChecklistView;
pub use contacts::{Contact, ContactKind};
pub use error::{EnrolmentError, TagObstacle};
pub use fittings::{Exchanged, Fitting};
pub use import_rows::{ImportFile, ImportRow, Imported};
pub use imports::{IMPORT_PIECE_BYTES, Import, ImportCheck, ImportKind, ImportState, NewImport};
pub use inspection_events::InspectionEvent;
pub use inspection_steps::InspectionStep;
pub use inspections::{Inspection, InspectionFilter, NewInspection};
pub use installations::{Installation, InstallationState, NewReplacement, Replacement};
pub use inventory::{TagChange, TagLabel};
pub use leave_acts::{LeaveApproval, LeaveEnd, NewLeave};
pub use leave_batch_acts::{BatchApproval, LeaveChoice, NewLeaveBatch};
pub use leave_batch_wearers::{LeaveBatchPage, LeaveBatchWearer};
pub use leave_batches::{BatchMode, BatchState, LeaveBatch};
pub use leave_returns::{LeaveReturn, ReturnFilter, ReturnPage};
pub use leaves::{Leave, LeaveFilter};
pub use merge::WearerMerge;
pub(crate) use merge::{merge_concerns, wearer_merge};
pub use order_facts::{FactCancellation, FactCancelled};
pub(crate) use order_facts::{fact_cancel, fact_cancellation_possible};
pub use order_list::{FactEnd, Order, OrderFact, OrderState, OverdueOrder};
pub use orders::{LegalBasis, NewOrder, NewOrderFact, OrderSaying, OrderTerms, Regime, SuspensionCause};
pub use photos::{NewPhoto, Photo, PhotoSubject};
pub use removals::{AskedRemoval, HowRemoved, Removal, RemovalDone};
pub(crate) use removals::{removal_concerns, removal_confirmed};
pub use tag_list::{Tag, TagCount, TagEvent, TagFilter};
pub use transfers::{TagTransfer, TransferState};
pub use wearer_files::{Merged, WearerFile, WearerNow, WearerState, WearerVersion};
pub use wearer_search::{WearerFilter, WearerPage, WearerPlace};
pub use wearers::{NewWearer, RiskClass, WearerChange, WearerFields};
pub(crate) use zone_change::{Eyes, zone_change, zone_change_concerns};
pub use zone_change::{ZONES_AHEAD, ZONES_BACK, ZoneChange};
pub use zone_preview::ZonePreview;
pub use zone_sets::{MEMBERS_MAX, NewZoneSet, ZoneSet, ZoneSetChange, ZoneSetMembers};
pub(crate) use zone_sets::{zone_set_change, zone_set_change_concerns, zone_set_members, zone_set_members_concerns};
pub use zones::{ZoneOrigin, ZonePlan, ZoneVersion, collection, feature_written};

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
