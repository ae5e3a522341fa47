//! The books in the database: what is billed follows from the facts that staff recorded, by the `billing` crate alone.

mod damages;
mod deposits;
mod error;
mod facts;
mod issue;
mod ledger;
mod money_refusal;
mod numbers;
mod payments;
mod people;
mod record;
mod refund_acts;
mod refunds;
mod statement_lines;
mod statement_match;
mod statements;
mod tariffs;
mod verify;

pub use damages::{Damage, DamageState, NewDamage};
pub use deposits::DepositStanding;
pub use error::BooksError;
pub use issue::Issued;
pub use money_refusal::MoneyRefusal;
pub use payments::{NewPayment, Payment, PaymentFilter};
pub use refund_acts::NewRefund;
pub use refunds::{Refund, RefundFilter, RefundState};
pub use statement_lines::{LineFilter, LineState, StatementLine};
pub use statement_match::LineMatch;
pub use statements::{NewStatement, StatementImport};
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
