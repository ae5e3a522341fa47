//! The books in the database: what is billed follows from the facts that staff recorded, by the `billing` crate alone.

mod account;
mod as_of;
mod document_acts;
mod document_events;
mod document_whole;
mod documents;
mod error;
mod facts;
mod issue;
mod ledger;
mod ledger_pages;
mod numbers;
mod owing;
mod people;
mod reconcile;
mod reminders;
mod tariffs;
mod verify;

pub use account::PersonAccount;
pub use as_of::AsOf;
pub use document_acts::UncollectibleMark;
pub(crate) use document_acts::{uncollectible_concerns, uncollectible_mark};
pub use document_events::{DocumentEvent, DocumentHappening, ObjectionOutcome};
pub use document_whole::{DocumentPayment, DocumentWhole};
pub use documents::{DocumentFilter, DocumentPage, DocumentRow, DocumentShown, DocumentStatus};
pub use error::BooksError;
pub use issue::Issued;
pub use ledger_pages::LedgerRow;
pub use owing::OpenInvoice;
pub use reconcile::{BooksDifference, BooksSums, Difference};
pub use reminders::{ReminderRow, ReminderState};
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
