//! What wearers pay, for finance: tariffs, runs, documents, payments.

mod deposits;
mod money_asked;
mod money_refused;
mod money_shown;
mod payments;
mod refunds;
mod statement_asked;
mod statements;

pub(crate) use deposits::DepositService;
pub(crate) use payments::PaymentService;
pub(crate) use refunds::RefundService;
pub(crate) use statement_asked::STATEMENT_BYTES_MAX;
pub(crate) use statements::StatementService;

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
        BooksError::Money(why) => return money_refused::refused(why),
        BooksError::Store(error) => return crate::alerts::store_failed(request, error),
    };
    refusal(code, reason, &[])
}

/// An amount as it is shown.
pub(crate) fn money(amount: Money) -> schema::Money {
    schema::Money { amount: amount.minor_units(), currency: amount.currency().to_string() }
}
