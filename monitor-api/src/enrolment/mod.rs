//! Wearers from enrolment to removal, for prison staff.

mod order_asked;
mod orders;
mod photos;
mod wearer_asked;
mod wearers;

pub(crate) use orders::{OrderService, cancellation_act};
pub(crate) use photos::{PHOTO_REQUEST_BYTES_MAX, PhotoService};
pub(crate) use wearers::{WearerService, merge_act};

use crate::reason::Reason;
use crate::status::refusal;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Asia::Tehran;
use enrolment::LifeError;
use store::EnrolmentError;
use tonic::{Code, Status};

/// The civil day of an instant in Tehran.
pub(crate) fn tehran_day(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&Tehran).date_naive()
}

/// Why the store did not do it, as callers are told.
pub(crate) fn refused(request: &'static str, error: &EnrolmentError) -> Status {
    let (code, reason) = match error {
        EnrolmentError::UnknownWearer => (Code::NotFound, Reason::UnknownWearer),
        EnrolmentError::UnknownUnit => (Code::NotFound, Reason::UnknownUnit),
        EnrolmentError::VersionChanged(version) => {
            return refusal(Code::Aborted, Reason::VersionChanged, &[("version", version.to_string())]);
        }

        EnrolmentError::WearerMerged(reference) => {
            return refusal(Code::FailedPrecondition, Reason::WearerMerged, &[("reference", reference.clone())]);
        }
        EnrolmentError::ReferenceTaken => (Code::AlreadyExists, Reason::ReferenceTaken),
        EnrolmentError::PersonEnrolled(reference) => {
            return refusal(Code::AlreadyExists, Reason::PersonEnrolled, &[("reference", reference.clone())]);
        }
        EnrolmentError::PersonEnrolledElsewhere => (Code::AlreadyExists, Reason::PersonEnrolledElsewhere),
        EnrolmentError::FileTooLong => (Code::FailedPrecondition, Reason::FileTooLong),
        EnrolmentError::SameFile => (Code::FailedPrecondition, Reason::SameFile),
        EnrolmentError::DuplicateWearsTag => (Code::FailedPrecondition, Reason::DuplicateWearsTag),
        EnrolmentError::MergeOrdersOverlap(order) => {
            return refusal(Code::FailedPrecondition, Reason::MergeOrdersOverlap, &[("order", order.clone())]);
        }
        EnrolmentError::UnknownPhoto => (Code::NotFound, Reason::UnknownPhoto),

        EnrolmentError::UnknownOrder => (Code::NotFound, Reason::UnknownOrder),
        EnrolmentError::UnknownOrderFact => (Code::NotFound, Reason::UnknownOrderFact),
        EnrolmentError::OrderOverlaps { number, from } => {
            let args = [("order", number.clone()), ("from", geofence::Timestamp::from(*from).to_string())];
            return refusal(Code::FailedPrecondition, Reason::OrderOverlaps, &args);
        }
        EnrolmentError::OrderInForce => (Code::FailedPrecondition, Reason::OrderInForce),
        EnrolmentError::OrderLife(error) => return life_refused(*error),
        EnrolmentError::FactCancelledAlready => (Code::FailedPrecondition, Reason::OrderFactCancelled),
        // Proposed instead where it can be; see orders.rs.
        EnrolmentError::SecondPersonNeeded => (Code::PermissionDenied, Reason::NotAllowed),

        EnrolmentError::KeyUsed => (Code::AlreadyExists, Reason::IdempotencyKeyUsed),
        EnrolmentError::Store(error) => return crate::alerts::store_failed(request, error),
    };
    refusal(code, reason, &[])
}

/// Why a fact does not fit into the life of its order.
fn life_refused(error: LifeError) -> Status {
    let reason = match error {
        LifeError::NotBegun => Reason::OrderNotBegun,
        LifeError::BegunAlready => Reason::OrderInForce,
        LifeError::SuspendedAlready => Reason::OrderSuspendedAlready,
        LifeError::NotSuspended => Reason::OrderNotSuspended,
        LifeError::Over => Reason::OrderOver,
        LifeError::Follows(number) => {
            return refusal(Code::FailedPrecondition, Reason::OrderFactFollows, &[("fact", number.to_string())]);
        }
    };
    refusal(Code::FailedPrecondition, reason, &[])
}
