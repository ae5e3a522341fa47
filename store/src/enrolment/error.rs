//! Why something about a wearer, an order, a zone, a tag, a fitting or a leave was not done.

use crate::StoreError;
use crate::change::ChangeError;

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
    #[error("there is no such picture here")]
    UnknownPhoto,

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
    /// It concerns somebody who wears a tag: another person must confirm it.
    #[error("a second person must confirm it")]
    SecondPersonNeeded,

    /// Somebody else changed it since the caller looked: it has this version now.
    #[error("it was changed meanwhile and is at version {0} now")]
    VersionChanged(i64),
    /// The wearer wears a tag: a second person must confirm it.
    #[error("a second person must confirm it")]
    SecondPersonNeeded,
    /// The wearer or the set has no zone of this name.
    #[error("there is no zone {0}")]
    UnknownZone(String),
    /// Zones are not changed that far back.
    #[error("zones are not changed that far back")]
    ZonesTooFarBack,
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
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
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
