//! Wearers from enrolment to removal, for prison staff.

mod inspection_asked;
mod inspections;
mod leave_asked;
mod leave_batches;
mod leave_refused;
mod leave_shown;
mod leaves;

pub(crate) use inspections::InspectionService;
pub(crate) use leave_batches::LeaveBatchService;
pub(crate) use leaves::LeaveService;

use crate::reason::Reason;
use crate::status::refusal;
use store::EnrolmentError;
use tonic::{Code, Status};

/// Why the store did not do it, as callers are told.
pub(crate) fn refused(request: &'static str, error: &EnrolmentError) -> Status {
    let (code, reason) = match error {
        EnrolmentError::UnknownWearer => (Code::NotFound, Reason::UnknownWearer),
        EnrolmentError::UnknownUnit => (Code::NotFound, Reason::UnknownUnit),
        EnrolmentError::VersionChanged(version) => {
            return refusal(Code::Aborted, Reason::VersionChanged, &[("version", version.to_string())]);
        }
        EnrolmentError::KeyUsed => (Code::AlreadyExists, Reason::IdempotencyKeyUsed),
        EnrolmentError::Leave(why) => return leave_refused::refused(why),
        EnrolmentError::Inspection(why) => return inspections::refused(why),
        EnrolmentError::Store(error) => return crate::alerts::store_failed(request, error),
    };
    refusal(code, reason, &[])
}
