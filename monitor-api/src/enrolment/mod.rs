//! Wearers from enrolment to removal, for prison staff.

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
        EnrolmentError::UnknownImport => (Code::NotFound, Reason::UnknownImport),
        EnrolmentError::ImportOver => (Code::FailedPrecondition, Reason::ImportOver),
        EnrolmentError::ImportIncomplete => (Code::FailedPrecondition, Reason::ImportIncomplete),
        EnrolmentError::PieceMisplaced => (Code::InvalidArgument, Reason::PieceMisplaced),
        EnrolmentError::PieceDiffers => (Code::FailedPrecondition, Reason::PieceDiffers),
        EnrolmentError::TooManyImports => (Code::ResourceExhausted, Reason::TooManyImports),
        EnrolmentError::KeyUsed => (Code::AlreadyExists, Reason::IdempotencyKeyUsed),
        EnrolmentError::Store(error) => return crate::alerts::store_failed(request, error),
    };
    refusal(code, reason, &[])
}
