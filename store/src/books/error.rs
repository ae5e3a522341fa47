//! Why something about a bill, a payment or a tariff was not done.

use super::MoneyRefusal;
use crate::StoreError;
use crate::change::ChangeError;

/// Told apart by what the caller is told.
#[derive(Debug, thiserror::Error)]
pub enum BooksError {
    /// No such wearer within the caller's reach.
    #[error("there is no such wearer here")]
    UnknownWearer,
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyUsed,
    /// Money that was not recorded, matched, reversed or paid back.
    #[error(transparent)]
    Money(#[from] MoneyRefusal),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<tokio_postgres::Error> for BooksError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<ChangeError> for BooksError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::KeyUsed => Self::KeyUsed,
            ChangeError::Store(error) => Self::Store(error),
        }
    }
}
