//! Wearers from enrolment to removal, for prison staff.

mod checklist_watch;
mod fittings;
mod fittings_asked;
mod fittings_shown;
mod inspection_asked;
mod inspections;
mod inventory;
mod leave_asked;
mod leave_batches;
mod leave_refused;
mod leave_shown;
mod leaves;
mod order_asked;
mod orders;
mod photos;
mod tags_asked;
mod wearer_asked;
mod wearers;
mod zone_sets;
mod zones;
mod zones_asked;
mod zones_told;

pub(crate) use fittings::FittingService;
pub(crate) use fittings_asked::removal_asked;
pub(crate) use fittings_shown::deposit as deposit_consequence;
pub(crate) use inspections::InspectionService;
pub(crate) use inventory::InventoryService;
pub(crate) use leave_batches::LeaveBatchService;
pub(crate) use leaves::LeaveService;
pub(crate) use orders::{OrderService, cancellation_act};
pub(crate) use photos::{PHOTO_REQUEST_BYTES_MAX, PhotoService};
pub(crate) use tags_asked::tag_read;
pub(crate) use wearers::{WearerService, merge_act};
pub(crate) use zone_sets::ZoneSetService;
pub(crate) use zones::ZoneService;
pub(crate) use zones_asked::{GEOJSON_BYTES_MAX, change_asked, end_asked, members_asked, set_change_asked};
#[cfg(test)]
pub(crate) use zones_told::finding_message_id;

use crate::catalogue::text;
use crate::reason::{Reason, Wrong, checklist_item, tag_state};
use crate::status::{invalid, refusal, wrong};
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Asia::Tehran;
use enrolment::checklist::Item;
use enrolment::{LifeError, TagState};
use store::{EnrolmentError, TagObstacle};
use tonic::{Code, Status};

/// The civil day of an instant in Tehran.
pub(crate) fn tehran_day(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&Tehran).date_naive()
}

/// Why the store did not do it, as callers are told.
pub(crate) fn refused(request: &'static str, error: &EnrolmentError) -> Status {
    let precondition = |reason, args: &[(&str, String)]| refusal(Code::FailedPrecondition, reason, args);
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

        EnrolmentError::UnknownOrder => (Code::NotFound, Reason::UnknownOrder),
        EnrolmentError::UnknownOrderFact => (Code::NotFound, Reason::UnknownOrderFact),
        EnrolmentError::OrderOverlaps { number, from } => {
            let args = [("order", number.clone()), ("from", geofence::Timestamp::from(*from).to_string())];
            return refusal(Code::FailedPrecondition, Reason::OrderOverlaps, &args);
        }
        EnrolmentError::OrderInForce => (Code::FailedPrecondition, Reason::OrderInForce),
        EnrolmentError::OrderLife(error) => return life_refused(*error),
        EnrolmentError::FactCancelledAlready => (Code::FailedPrecondition, Reason::OrderFactCancelled),

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

        EnrolmentError::UnknownTag(imei) => return refusal(Code::NotFound, Reason::UnknownTag, &[("imei", imei.clone())]),
        EnrolmentError::TagKnown(imei) => return refusal(Code::AlreadyExists, Reason::TagKnown, &[("imei", imei.clone())]),
        EnrolmentError::SerialKnown(serial) => return refusal(Code::AlreadyExists, Reason::SerialKnown, &[("serial", serial.clone())]),
        EnrolmentError::TagIsWorn { imei, wearer } => return worn(imei, wearer.as_deref()),
        EnrolmentError::TagBeingFitted(imei) => return precondition(Reason::TagBeingFitted, &[("imei", imei.clone())]),
        EnrolmentError::TagOnTheWay(imei) => return precondition(Reason::TagOnTheWay, &[("imei", imei.clone())]),
        EnrolmentError::TagNotUsable { imei, state } => {
            let args = [("imei", imei.clone()), ("state", state.name().to_owned()), ("shown", shown_state(*state))];
            return precondition(Reason::TagNotUsable, &args);
        }
        EnrolmentError::TagStateStep { from, to } => {
            let names = [("from", from.name().to_owned()), ("to", to.name().to_owned())];
            let shown = [("shown_from", shown_state(*from)), ("shown_to", shown_state(*to))];
            return precondition(Reason::TagStateStep, &[names, shown].concat());
        }
        EnrolmentError::TagsRefused(refused) => return tags_refused(refused),
        EnrolmentError::UnknownTransfer => (Code::NotFound, Reason::UnknownTransfer),
        EnrolmentError::TransferOver(state) => return precondition(Reason::TransferOver, &[("state", state.clone())]),

        EnrolmentError::WearerHasTag(imei) => return precondition(Reason::WearerHasTag, &[("imei", imei.clone())]),
        EnrolmentError::WearerHasNoTag => (Code::FailedPrecondition, Reason::WearerHasNoTag),
        EnrolmentError::WearerBeingFitted(installation) => {
            return precondition(Reason::WearerBeingFitted, &[("installation", installation.to_string())]);
        }
        EnrolmentError::UnknownInstallation => (Code::NotFound, Reason::UnknownInstallation),
        EnrolmentError::InstallationOver(state) => return precondition(Reason::InstallationOver, &[("state", state.clone())]),
        EnrolmentError::OtherKind => (Code::FailedPrecondition, Reason::InstallationOfOtherKind),
        EnrolmentError::FittingIncomplete(items) => return precondition(Reason::FittingIncomplete, &items_told(items)),
        EnrolmentError::ItemNotOverridable(item) => return precondition(Reason::ItemNotOverridable, &items_told(&[*item])),
        EnrolmentError::FittingOverlaps => (Code::FailedPrecondition, Reason::FittingOverlaps),
        EnrolmentError::RemovalBeforeFitting(since) => {
            let from = geofence::Timestamp::from(*since).to_string();
            return invalid(vec![wrong("at", Wrong::NotAfter, &[("from", from)])]);
        }
        EnrolmentError::ExplanationNeeded => return invalid(vec![wrong("explanation", Wrong::Missing, &[])]),
        EnrolmentError::SecondPersonNeeded => (Code::FailedPrecondition, Reason::SecondPersonNeeded),
        EnrolmentError::UnknownPhotoSubject => (Code::NotFound, Reason::UnknownPhotoSubject),
        EnrolmentError::UnknownPhoto(photo) => return refusal(Code::NotFound, Reason::UnknownPhoto, &[("photo", photo.to_string())]),

        EnrolmentError::Leave(why) => return leave_refused::refused(why),
        EnrolmentError::Inspection(why) => return inspections::refused(why),
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

/// Who wears it is told to whoever may see that wearer, for programs; the sentence does without.
fn worn(imei: &str, wearer: Option<&str>) -> Status {
    let mut args = vec![("imei", imei.to_owned())];
    args.extend(wearer.map(|wearer| ("wearer", wearer.to_owned())));
    refusal(Code::FailedPrecondition, Reason::TagIsWorn, &args)
}

/// Items by their names for programs, and in words.
fn items_told(items: &[Item]) -> [(&'static str, String); 2] {
    let names: Vec<&str> = items.iter().map(|item| item.name()).collect();
    let between = if crate::language::current() == crate::language::Language::Persian { "، " } else { ", " };
    let words: Vec<String> = names.iter().map(|name| text(&checklist_item(name), &[])).collect();
    [("items", names.join(",")), ("shown", words.join(between))]
}

fn shown_state(state: TagState) -> String {
    text(&tag_state(state.name()), &[])
}

/// Each tag of the request that stands in the way, by its place in the list.
fn tags_refused(refused: &[(usize, TagObstacle)]) -> Status {
    let field = |(at, obstacle): &(usize, TagObstacle)| {
        let wrongness = match obstacle {
            TagObstacle::Unknown => Wrong::NoSuchTag,
            TagObstacle::Twice => Wrong::NamedTwice,
            TagObstacle::Worn => Wrong::TagWorn,
            TagObstacle::BeingFitted => Wrong::TagInHand,
            TagObstacle::OnTheWay => Wrong::TagTravels,
            TagObstacle::NotInTransfer => Wrong::NotInTransfer,
        };
        wrong(format!("imeis[{at}]"), wrongness, &[])
    };
    invalid(refused.iter().map(field).collect())
}
