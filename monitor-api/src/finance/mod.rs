//! What wearers pay, for finance: tariffs, runs, documents, payments.

mod account_shown;
mod accounts;
mod document_acts;
mod document_asked;
mod document_list;
mod document_list_words;
mod document_page;
mod document_shown;
mod documents;
mod ledger_file;
mod ledger_sheet;
mod reminders;
mod reports;
mod reports_shown;
mod shown;

pub(crate) use accounts::AccountService;
pub(crate) use document_acts::uncollectible_act;
pub(crate) use documents::DocumentService;
pub(crate) use reminders::ReminderService;
pub(crate) use reports::ReportService;

pub use ledger_file::{LedgerAsked, LedgerFileError, LedgerFormat, write_ledger};

use crate::reason::Reason;
use crate::status::refusal;
use billing::Money;
use proto::billing as schema;
use store::BooksError;
use tonic::{Code, Status};

/// Why the store did not do it, as callers are told.
pub(crate) fn refused(request: &'static str, error: &BooksError) -> Status {
    let (code, reason) = match error {
        BooksError::UnknownWearer => (Code::NotFound, Reason::UnknownWearer),
        BooksError::KeyUsed => (Code::AlreadyExists, Reason::IdempotencyKeyUsed),
        // Documents and reports.
        BooksError::UnknownDocument => (Code::NotFound, Reason::UnknownDocument),
        BooksError::UnknownObjection => (Code::NotFound, Reason::UnknownObjection),
        BooksError::ObjectionAnswered => (Code::FailedPrecondition, Reason::ObjectionAnswered),
        BooksError::NothingOwed => (Code::FailedPrecondition, Reason::NothingOwed),
        BooksError::UncollectibleAlready => (Code::FailedPrecondition, Reason::UncollectibleAlready),
        BooksError::ReminderNotDue => (Code::FailedPrecondition, Reason::ReminderNotDue),
        BooksError::HappenedAlready => (Code::FailedPrecondition, Reason::HappenedAlready),
        BooksError::Blocked(why) => return refusal(Code::FailedPrecondition, Reason::BooksBlocked, &[("why", why.clone())]),
        BooksError::Store(error) => return crate::alerts::store_failed(request, error),
    };
    refusal(code, reason, &[])
}

/// An amount as it is shown.
pub(crate) fn money(amount: Money) -> schema::Money {
    schema::Money { amount: amount.minor_units(), currency: amount.currency().to_string() }
}
