//! Wearers from enrolment to removal: files, orders, zones, tags, fittings, inspections, leave.

mod error;
mod inspection_events;
mod inspection_steps;
mod inspections;
mod leave_acts;
mod leave_batch_acts;
mod leave_batch_wearers;
mod leave_batches;
mod leave_eligible;
mod leave_returns;
mod leaves;

pub use error::EnrolmentError;
pub use inspection_events::InspectionEvent;
pub use inspection_steps::InspectionStep;
pub use inspections::{Inspection, InspectionFilter, NewInspection};
pub use leave_acts::{LeaveApproval, LeaveEnd, NewLeave};
pub use leave_batch_acts::{BatchApproval, LeaveChoice, NewLeaveBatch};
pub use leave_batch_wearers::{LeaveBatchPage, LeaveBatchWearer};
pub use leave_batches::{BatchMode, BatchState, LeaveBatch};
pub use leave_returns::{LeaveReturn, ReturnFilter, ReturnPage};
pub use leaves::{Leave, LeaveFilter};

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
