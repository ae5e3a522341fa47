//! Why money was not recorded, matched, reversed or paid back.

use chrono::{DateTime, Utc};

/// Told apart by what the caller does next.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MoneyRefusal {
    /// No such unit within the caller's reach.
    #[error("there is no such unit here")]
    UnknownUnit,
    /// No such line of a statement.
    #[error("there is no such line of a statement here")]
    UnknownLine,
    /// No such payment.
    #[error("there is no such payment here")]
    UnknownPayment,
    /// No such refund.
    #[error("there is no such refund here")]
    UnknownRefund,
    /// No such damage.
    #[error("there is no such damage here")]
    UnknownDamage,
    /// A photo that is not of this wearer.
    #[error("the wearer has no photo {0}")]
    UnknownPhoto(i64),
    /// The wearer has no such invoice.
    #[error("the wearer has no invoice {0}")]
    UnknownInvoice(String),
    /// No statement of an account of this name was read in before; these are known.
    #[error("no statement of this account was read in before; known are: {0}")]
    AccountNew(String),
    /// Earlier statements of this account name another account number.
    #[error("earlier statements of this account are of account number {0}")]
    AccountDiffers(String),
    /// It was changed meanwhile.
    #[error("it was changed meanwhile: it is at version {0}")]
    VersionChanged(i64),
    /// Another person is needed.
    #[error("this takes another person")]
    SamePerson,
    /// The line of a statement is so already.
    #[error("the line is {0}")]
    LineOver(&'static str),
    /// The line went out of the account.
    #[error("the line went out")]
    LineWentOut,
    /// The reference was recorded before: with which payment, if that is within reach.
    #[error("the reference was recorded before")]
    ReferenceSeen(Option<i64>),
    /// The payment is reversed.
    #[error("the payment is reversed")]
    PaymentReversed,
    /// A part of the payment left the account again.
    #[error("a part of the payment was paid out or taken")]
    PaymentPaidOut,
    /// What was recorded of the person contradicts itself: nothing can be said of their money.
    #[error("the books of the person are blocked: {0}")]
    Blocked(super::WorkReason),
    /// More than the person's credit, rials.
    #[error("the credit is {0}")]
    BeyondCredit(i64),
    /// More than the deposit held, rials.
    #[error("the deposit is {0}")]
    BeyondDeposit(i64),
    /// More than may be held: ceiling and what is held, rials.
    #[error("the ceiling is {0}, {1} is held")]
    BeyondCeiling(i64, i64),
    /// More than what may go back of the deposit while a tag is fitted, rials.
    #[error("a tag is fitted, and {0} of the deposit are released")]
    BeyondRelease(i64),
    /// Nothing requires a deposit of the person.
    #[error("no tag is fitted and no order is in force")]
    DepositNotAsked,
    /// The deposit stays while a tag is fitted.
    #[error("a tag is fitted")]
    TagFitted,
    /// The deposit stays while damage is not settled.
    #[error("damage {0} is not settled")]
    DamageUnsettled(i64),
    /// The refund is so already.
    #[error("the refund is {0}")]
    RefundOver(&'static str),
    /// The damage is so already.
    #[error("the damage is {0}")]
    DamageOver(&'static str),
    /// The person may still object, or waits for an answer; until when.
    #[error("the person may object until {0}, or waits for an answer")]
    ObjectionOpen(DateTime<Utc>),
    /// Nobody recorded that the person was told of the damage.
    #[error("nobody recorded that the person was told")]
    DamageNotTold,
    /// The person cannot have been told before this day: the damage was found then, or they were told of it then.
    #[error("the person was not told before {0}")]
    ToldTooEarly(billing::calendar::Day),
    /// The day on which the person was told is to come.
    #[error("the day on which the person was told is to come")]
    ToldInFuture,
    /// The person could object until then.
    #[error("the person could object until {0}")]
    ObjectionLate(DateTime<Utc>),
    /// The holder of the account has another name, and no ground is given.
    #[error("the holder of the account is not the wearer")]
    HolderDiffers,
    /// Nobody recorded where the person's money goes back to.
    #[error("no account for refunds is recorded")]
    NoRefundAccount,
    /// The person's account is another than the refund's.
    #[error("the account for refunds was changed since")]
    RefundAccountChanged,
    /// A refund of the same amount to the same account was sent under the reference: which.
    #[error("refund {0} was sent under that reference")]
    RefundReferenceSeen(i64),
    /// The line and what it is said to be are not of the same amount: that of the latter, rials.
    #[error("it is of {0} rials, the line is not")]
    LineAmountDiffers(i64),
    /// Another line is that payment or refund already.
    #[error("line {0} is that already")]
    HasLine(i64),
    /// A line that is nothing else says that the bank may have sent the refund.
    #[error("line {0} went out to the account of the refund")]
    RefundLeft(i64),
    /// The line came in.
    #[error("the line came in")]
    LineCameIn,
    /// The answer asks for more than was found, rials.
    #[error("the damage was assessed at {0}")]
    AboveAssessed(i64),
}
