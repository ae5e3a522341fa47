//! Why something about a bill, a payment or a tariff was not done.

use super::MoneyRefusal;
use crate::StoreError;
use crate::change::ChangeError;
use billing::Money;
use billing::calendar::Day;
use chrono::{DateTime, Utc};

/// Told apart by what the caller is told.
#[derive(Debug, thiserror::Error)]
pub enum BooksError {
    /// No such wearer within the caller's reach.
    #[error("there is no such wearer here")]
    UnknownWearer,
    /// No such unit within the caller's reach.
    #[error("there is no such unit here")]
    UnknownUnit,
    /// The caller looks after several units: one run, one unit.
    #[error("name one of the units")]
    UnitNeeded,
    /// No such run within the caller's reach.
    #[error("there is no such run here")]
    UnknownRun,
    /// Tariffs and the set-aside are the central unit's.
    #[error("only the central unit does that")]
    CentralOnly,
    /// Another row of the table has the name.
    #[error("there is a tariff {0} already")]
    TariffTaken(String),
    /// More than what is set aside and not spent: this much.
    #[error("only {0} is set aside and not spent")]
    SetAsideTooLittle(Money),
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyUsed,
    /// Money that was not recorded, matched, reversed or paid back.
    #[error(transparent)]
    Money(#[from] MoneyRefusal),
    /// No such spending of what was set aside.
    #[error("there is no such spending")]
    UnknownSpending,
    // Documents and reports.
    /// No such document within the caller's reach.
    #[error("there is no such document here")]
    UnknownDocument,
    /// No such objection within the caller's reach.
    #[error("there is no such objection here")]
    UnknownObjection,
    /// The objection was answered.
    #[error("the objection was answered already")]
    ObjectionAnswered,
    /// The document asks for no money, or it is paid.
    #[error("nothing is owed on the document")]
    NothingOwed,
    /// It was given up already.
    #[error("the document was given up already")]
    UncollectibleAlready,
    /// It was not given up.
    #[error("the document was not given up")]
    NotUncollectible,
    /// That reminder is not due now, was sent, or reminders are off.
    #[error("that reminder is not due")]
    ReminderNotDue,
    /// It was written down already.
    #[error("it was written down already")]
    HappenedAlready,
    /// The person's facts contradict each other.
    #[error("the person's books cannot be reckoned: {0}")]
    Blocked(super::WorkReason),
    // Void documents.
    /// It is void.
    #[error("the document is void")]
    DocumentVoid,
    /// Only invoices of fees can be void.
    #[error("it is no invoice of fees that stands")]
    VoidNoInvoice,
    /// Somebody had it in hand.
    #[error("the document was handed over, reminded of or objected to")]
    DocumentSent,
    /// Money or credit is on it.
    #[error("money or credit is on the document")]
    DocumentPaid,
    /// This later document is about a month of it.
    #[error("the later document {0} is about a month of it")]
    DocumentCorrected(String),
    // Where and under which ids people pay.
    /// These codes are printed already.
    #[error("bill ids are made of these codes already")]
    BillCodesInUse,
    // Relief.
    /// No such relief within the caller's reach.
    #[error("there is no such relief here")]
    UnknownRelief,
    /// It was ended already.
    #[error("the relief was ended already")]
    ReliefOver,
    /// A required deposit is not ended: another amount is required instead.
    #[error("it is a required deposit")]
    ReliefIsDeposit,
    /// It would end before it begins, or after it ends; it begins then.
    #[error("the relief, from {0}, does not hold then")]
    ReliefEndOutside(DateTime<Utc>),
    /// The tariff of a part of the time has no price for the class.
    #[error("tariff {tariff} has no price for class {class}")]
    ClassWithoutPrice {
        /// Which class.
        class: String,
        /// The row of the tariff.
        tariff: String,
    },
    /// The person is in a class for a part of the time: one that began then.
    #[error("the person is in a class that began at {0}")]
    ClassOverlaps(DateTime<Utc>),
    /// Days are not billed for a part of the time already: a suspension that began then.
    #[error("a suspension that began at {0} is granted already")]
    SuspensionOverlaps(DateTime<Utc>),
    /// The person has no such installation or replacement.
    #[error("there is no such fitting here")]
    UnknownFitting,
    /// The fee is charged, or is not, already.
    #[error("the fee is so already")]
    FeeIsSo,
    /// More than may be required: the ceiling.
    #[error("at most {0} may be required")]
    RequiredBeyondCeiling(Money),
    /// Documents were issued by the switches of the policy.
    #[error("documents were issued by this policy")]
    PolicyInUse,
    // Late facts.
    /// Nothing of this name waits for an approval.
    #[error("no such late fact waits")]
    UnknownLateFact,
    /// The order was closed more than twelve months ago; the last day was this one.
    #[error("it could be approved until {0}")]
    LateFactTooLate(Day),

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
