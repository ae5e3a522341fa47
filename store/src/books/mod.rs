//! The books in the database: what is billed follows from the facts that staff recorded, by the `billing` crate alone.

mod error;
mod facts;
mod issue;
mod ledger;
mod numbers;
mod people;
mod tariffs;
mod verify;

pub use error::BooksError;
pub use issue::Issued;
pub use verify::BooksFault;

use crate::StoreError;
use billing::BillingError;

/// A person's facts cannot be billed as they are: for a person to look at, never in the way of anybody else.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PersonError {
    /// What was recorded makes no sense.
    #[error("{0}")]
    Facts(String),
    /// What was issued cannot be read, or does not follow from the facts.
    #[error(transparent)]
    Billing(#[from] BillingError),
}

impl From<BillingError> for StoreError {
    fn from(error: BillingError) -> Self {
        Self::Unreadable(error.to_string())
    }
}
