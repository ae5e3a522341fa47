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
    /// Somebody else changed it since the caller looked: it has this version now.
    #[error("it was changed meanwhile and is at version {0} now")]
    VersionChanged(i64),
    /// The wearer wears a tag: a second person must confirm it.
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
