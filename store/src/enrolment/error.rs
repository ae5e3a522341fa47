//! Why something about a wearer, an order, a zone, a tag, a fitting or a leave was not done.

use crate::StoreError;
use crate::change::ChangeError;
use chrono::{DateTime, Utc};
use enrolment::TagState;
use enrolment::checklist::Item;
use enrolment::inspection::InspectionRefusal;
use enrolment::leave::LeaveRefusal;

/// Told apart by what the caller is told.
#[derive(Debug, thiserror::Error)]
pub enum EnrolmentError {
    /// No such wearer within the caller's reach.
    #[error("there is no such wearer here")]
    UnknownWearer,
    /// No such unit within the caller's reach.
    #[error("there is no such unit here")]
    UnknownUnit,
    // Files of wearers.
    /// The file was merged into this one, which goes on.
    #[error("the file was merged into {0}")]
    WearerMerged(String),
    /// Another file has the reference.
    #[error("another file has the reference")]
    ReferenceTaken,
    /// The person has this file already.
    #[error("the person has the file {0} already")]
    PersonEnrolled(String),
    /// The person has a file in a unit that the caller does not reach.
    #[error("the person is enrolled in another unit")]
    PersonEnrolledElsewhere,
    /// Names and numbers together are longer than an index takes.
    #[error("the file has too many names and numbers")]
    FileTooLong,
    /// A file is no duplicate of itself.
    #[error("a file is not merged with itself")]
    SameFile,
    /// Whose file is to end wears a tag.
    #[error("the wearer of the duplicate wears a tag")]
    DuplicateWearsTag,
    /// An order in force under the duplicate meets one of the file that goes on.
    #[error("both files have an order in force at one time: {0}")]
    MergeOrdersOverlap(String),
    /// No such picture within the caller's reach.
    #[error("there is no such picture {0} here")]
    UnknownPhoto(i64),
    /// What a picture shows is not the wearer's.
    #[error("the wearer has no such fitting, inspection or installation")]
    UnknownPhotoSubject,

    // Orders.
    /// No such order within the caller's reach.
    #[error("there is no such order here")]
    UnknownOrder,
    /// No such fact of an order within the caller's reach.
    #[error("there is no such fact of an order here")]
    UnknownOrderFact,
    /// Another order is in force at that time.
    #[error("the order {number} of {from} is in force then")]
    OrderOverlaps {
        /// The number of its decision.
        number: String,
        /// Its beginning.
        from: chrono::DateTime<chrono::Utc>,
    },
    /// The same, found only by the database's own constraint.
    #[error("another order is in force then")]
    OrderInForce,
    /// The fact does not fit into the order's life.
    #[error(transparent)]
    OrderLife(enrolment::LifeError),
    /// It was cancelled already.
    #[error("the fact was cancelled already")]
    FactCancelledAlready,
    /// Somebody else changed it since the caller looked: it has this version now.
    #[error("it was changed meanwhile and is at version {0} now")]
    VersionChanged(i64),
    /// No such import of the caller's.
    #[error("there is no such import here")]
    UnknownImport,
    /// The import is done or abandoned.
    #[error("the import is over")]
    ImportOver,
    /// Pieces of its file are missing.
    #[error("the file is not whole")]
    ImportIncomplete,
    /// A piece that is none of the file's: of another length, or behind its end.
    #[error("the piece does not belong there")]
    PieceMisplaced,
    /// Something else was sent for the same place.
    #[error("the piece differs from what was sent before")]
    PieceDiffers,
    /// The caller leaves too many imports unfinished.
    #[error("too many unfinished imports")]
    TooManyImports,
    /// It concerns somebody who wears a tag, or stops the monitoring under an order in force: a second person must confirm it.
    #[error("a second person must confirm it")]
    SecondPersonNeeded,
    /// The wearer or the set has no zone of this name.
    #[error("there is no zone {0}")]
    UnknownZone(String),
    /// Zones are not changed that far back or ahead.
    #[error("zones are not changed that far back or ahead")]
    ZonesOutOfSpan,
    /// Zones cannot be so.
    #[error("the zones cannot be so")]
    ZonesRefused(Vec<geofence::check::Finding>),
    /// No such set of zones within the caller's reach.
    #[error("there is no such set of zones here")]
    UnknownZoneSet,
    /// Another set has the reference.
    #[error("another set of zones has this reference")]
    ZoneSetTaken,
    /// Another shared zone has the name.
    #[error("another shared zone has this name")]
    ZoneNameTaken,
    /// No such wearers within the caller's reach.
    #[error("there are no such wearers here: {0}")]
    UnknownWearers(String),
    /// The key stands for another request.
    #[error("the idempotency key was used for another request")]
    KeyUsed,
    // Tags.
    /// No such tag within the caller's reach.
    #[error("there is no tag {0} here")]
    UnknownTag(String),
    /// A tag of this IMEI is registered, here or elsewhere.
    #[error("tag {0} is registered already")]
    TagKnown(String),
    /// Another tag has this serial number.
    #[error("another tag has the serial number {0}")]
    SerialKnown(String),
    /// Somebody wears it.
    #[error("somebody wears tag {imei}")]
    TagIsWorn {
        /// Which tag.
        imei: String,
        /// Who, if the caller may see it.
        wearer: Option<String>,
    },
    /// It is being put on somebody.
    #[error("tag {0} is being put on somebody")]
    TagBeingFitted(String),
    /// It is on its way to another unit.
    #[error("tag {0} is on its way to another unit")]
    TagOnTheWay(String),
    /// In its state nobody may wear it.
    #[error("tag {imei} is {} and cannot be put on", state.name())]
    TagNotUsable {
        /// Which tag.
        imei: String,
        /// How it is.
        state: TagState,
    },
    /// From its state it does not become that one.
    #[error("a tag that is {} does not become {}", from.name(), to.name())]
    TagStateStep {
        /// How it is.
        from: TagState,
        /// As asked.
        to: TagState,
    },
    /// These of the tags asked for, by their place in the request, cannot go or did not come.
    #[error("{} of the tags cannot be handed over", .0.len())]
    TagsRefused(Vec<(usize, TagObstacle)>),
    /// No such transfer from or to a unit of the caller's.
    #[error("there is no such transfer here")]
    UnknownTransfer,
    /// It was received or cancelled already.
    #[error("the transfer is over: {0}")]
    TransferOver(String),

    // Fittings.
    /// The wearer has a tag on.
    #[error("the wearer has tag {0} on")]
    WearerHasTag(String),
    /// The wearer has no tag on.
    #[error("the wearer has no tag on")]
    WearerHasNoTag,
    /// A tag is being put on the wearer already.
    #[error("installation {0} of the wearer is open")]
    WearerBeingFitted(i64),
    /// No such installation within the caller's reach.
    #[error("there is no such installation here")]
    UnknownInstallation,
    /// It was completed or given up.
    #[error("the installation is over: {0}")]
    InstallationOver(String),
    /// It is a fitting where a replacement was meant, or the other way round.
    #[error("the installation is of another kind")]
    OtherKind,
    /// These items of the checklist are in the way.
    #[error("{} items of the checklist are missing", .0.len())]
    FittingIncomplete(Vec<Item>),
    /// This item cannot be let pass.
    #[error("{} cannot be let pass", .0.name())]
    ItemNotOverridable(Item),
    /// The fitting would overlap another one, recorded for that time.
    #[error("another fitting is recorded for that time")]
    FittingOverlaps,
    /// The removal would come before the fitting, which began then.
    #[error("the fitting began only at {0}")]
    RemovalBeforeFitting(DateTime<Utc>),
    /// While an order is in force, taking the tag off must be explained.
    #[error("an order is in force: the removal needs an explanation")]
    ExplanationNeeded,

    /// Something about leave.
    #[error(transparent)]
    Leave(#[from] LeaveRefusal),
    /// Something about an inspection.
    #[error(transparent)]
    Inspection(#[from] InspectionRefusal),
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What stands in the way of handing a tag over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TagObstacle {
    /// The sending unit answers for no such tag.
    Unknown,
    /// It is named twice.
    Twice,
    /// Somebody wears it.
    Worn,
    /// It is being put on somebody.
    BeingFitted,
    /// It is on its way already.
    OnTheWay,
    /// It is not in this transfer.
    NotInTransfer,
}

/// What a refusal of the database means, by the name of the constraint that made it.
pub(super) fn by_constraint(error: tokio_postgres::Error, known: impl FnOnce(&str) -> Option<EnrolmentError>) -> EnrolmentError {
    let meant = error.as_db_error().and_then(|refused| refused.constraint()).and_then(known);
    meant.unwrap_or_else(|| error.into())
}

impl From<tokio_postgres::Error> for EnrolmentError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<ChangeError> for EnrolmentError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::KeyUsed => Self::KeyUsed,
            ChangeError::Store(error) => Self::Store(error),
        }
    }
}

impl EnrolmentError {
    /// What the database held against it, by the name of the constraint. Most is found and told better before; this is what stands behind.
    pub(crate) fn of_constraint(error: tokio_postgres::Error) -> Self {
        let constraint = error.as_db_error().and_then(|error| error.constraint()).unwrap_or_default();
        match constraint {
            "wearers_reference_key" => Self::ReferenceTaken,
            "wearers_national_id" | "wearers_foreign_id" => Self::PersonEnrolledElsewhere,
            "a_file_is_found_by_so_much" => Self::FileTooLong,
            "a_wearer_has_one_order_in_force" => Self::OrderInForce,
            _ => error.into(),
        }
    }
}
