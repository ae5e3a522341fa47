//! Why something about a bill, a payment or a tariff was not done.

use super::MoneyRefusal;
use crate::StoreError;
use crate::change::ChangeError;
use billing::Money;
use billing::calendar::Day;

/// Told apart by what the caller is told.
#[derive(Debug, thiserror::Error)]
pub enum BooksError {
    /// No such wearer within the caller's reach.
    #[error("there is no such wearer here")]
    UnknownWearer,
    /// No such unit within the caller's reach.
    #[error("there is no such unit here")]
    UnknownUnit,
    /// No such run within the caller's reach.
    #[error("there is no such run here")]
    UnknownRun,
    /// Tariffs and the set-aside are the central unit's.
    #[error("only the central unit does that")]
    CentralOnly,
    /// Another row of the table has the name.
    #[error("there is a tariff {0} already")]
    TariffTaken(String),
    /// A price that rises holds from this day at the earliest.
    #[error("a tariff that raises a price is in force from {0} at the earliest")]
    TariffReachesBack(Day),
    /// More than what is set aside and not spent: this much.
    #[error("only {0} is set aside and not spent")]
    SetAsideTooLittle(Money),
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
