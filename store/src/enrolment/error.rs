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
