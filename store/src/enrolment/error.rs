//! Why something about a wearer, an order, a zone, a tag, a fitting or a leave was not done.

use crate::StoreError;
use crate::change::ChangeError;
use chrono::{DateTime, Utc};
use enrolment::TagState;
use enrolment::checklist::Item;

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
    /// An order is in force: a second person must confirm it.
    #[error("an order is in force: a second person must confirm the removal")]
    SecondPersonNeeded,
    /// No such photo of the wearer's equipment.
    #[error("there is no such photo {0}")]
    UnknownPhoto(i64),

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
