//! What a person's account says at an instant: the case file and the calls of finance show the same numbers.

use crate::BillingError;
use crate::books::Books;
use crate::deposit::required;
use crate::document::Kind;
use crate::fact::FactId;
use crate::known::known_at;
use crate::money::Money;
use crate::replay::Timeline;
use crate::summary::Aging;
use serde::Serialize;

/// The numbers of an account. What the words mean is in the billing policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountNumbers {
    /// All invoices that are not void.
    pub billed: Money,
    /// All credit notes.
    pub credited: Money,
    /// Fee money received.
    pub paid: Money,
    /// Fee money that went back.
    pub refunded: Money,
    /// Open on invoices.
    pub balance_due: Money,
    /// Left over: it pays the next invoice.
    pub credit: Money,
    /// What is open, by days past due.
    pub aging: Aging,
    /// Payments whose bank reference was already seen.
    pub ignored_payments: Vec<FactId>,
    /// The deposit.
    pub deposit: DepositNumbers,
    /// Set aside of the fee money kept (article 7).
    pub set_aside: Money,
}

/// The numbers of a deposit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DepositNumbers {
    /// What the regime asks for now.
    pub required: Money,
    /// What is held.
    pub held: Money,
    /// Taken for damage.
    pub damage: Money,
    /// Returned.
    pub returned: Money,
}

impl AccountNumbers {
    /// Of books that were carried on to the timeline's instant.
    ///
    /// # Errors
    /// If a sum leaves 64 bits.
    pub fn of(books: &Books, timeline: &Timeline) -> Result<Self, BillingError> {
        let Timeline { facts, tariffs, as_of, .. } = timeline;
        let currency = tariffs.currency();
        let invoices = books.receivables.invoices();
        let credit_notes = books.documents.iter().filter(|document| document.kind == Kind::CreditNote);
        Ok(Self {
            billed: Money::sum(currency, invoices.iter().filter(|invoice| !invoice.is_void).map(|invoice| invoice.total))?,
            credited: Money::sum(currency, credit_notes.map(|document| document.total))?.negated()?,
            paid: books.paid,
            refunded: books.refunded,
            balance_due: books.receivables.balance_due()?,
            credit: books.receivables.credit()?,
            aging: Aging::of(invoices, as_of.day(), currency)?,
            ignored_payments: books.ignored_payments.clone(),
            deposit: DepositNumbers {
                required: required(&known_at(facts, *as_of), tariffs, *as_of)?,
                held: books.deposit.held,
                damage: books.deposit.damage,
                returned: books.deposit.returned,
            },
            set_aside: books.set_aside,
        })
    }
}
