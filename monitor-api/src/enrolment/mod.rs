//! Wearers from enrolment to removal, for prison staff.

mod zone_sets;
mod zones;
mod zones_asked;
mod zones_told;

pub(crate) use zone_sets::ZoneSetService;
pub(crate) use zones::ZoneService;
pub(crate) use zones_asked::{GEOJSON_BYTES_MAX, change_asked, end_asked, members_asked, set_change_asked};
#[cfg(test)]
pub(crate) use zones_told::finding_message_id;

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
        // Whoever asks proposes it instead.
        EnrolmentError::SecondPersonNeeded => (Code::FailedPrecondition, Reason::SamePerson),
        EnrolmentError::ZonesRefused(findings) => return zones_told::refused(findings),
        EnrolmentError::UnknownZone(zone) => return refusal(Code::NotFound, Reason::UnknownZone, &[("zone", zone.clone())]),
        EnrolmentError::ZonesOutOfSpan => (Code::FailedPrecondition, Reason::ZonesOutOfSpan),
        EnrolmentError::UnknownZoneSet => (Code::NotFound, Reason::UnknownZoneSet),
        EnrolmentError::ZoneSetTaken => (Code::AlreadyExists, Reason::ZoneSetTaken),
        EnrolmentError::ZoneNameTaken => (Code::AlreadyExists, Reason::ZoneNameTaken),
        EnrolmentError::UnknownWearers(wearers) => {
            return refusal(Code::NotFound, Reason::UnknownWearers, &[("wearers", wearers.clone())]);
        }
        EnrolmentError::KeyUsed => (Code::AlreadyExists, Reason::IdempotencyKeyUsed),
        EnrolmentError::Store(error) => return crate::alerts::store_failed(request, error),
    };
    refusal(code, reason, &[])
}
