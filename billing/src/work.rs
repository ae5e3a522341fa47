//! What a person must look at: facts that contradict each other, and money that cannot be placed. Nothing is guessed and nothing lost.

use crate::calendar::Day;
use crate::fact::FactId;
use crate::money::Money;
use serde::{Serialize, Serializer};
use std::sync::Arc;

/// One entry of the work list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Work {
    /// The facts it is about.
    pub events: Vec<FactId>,
    /// Why a person must look, and what was done meanwhile.
    pub reason: Reason,
}

impl Work {
    /// About one fact.
    pub(crate) fn about(id: &FactId, reason: Reason) -> Self {
        Self { events: vec![id.clone()], reason }
    }
}

/// Why a person must look.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// A removal while no tag is fitted.
    #[error("a removal while no tag is fitted: it was left out; correct its time, record the installation, or cancel it")]
    NothingToRemove,
    /// A replacement while no tag is fitted.
    #[error("a replacement while no tag is fitted: no fee was charged; correct its time, record the installation, or cancel it")]
    NothingToReplace,
    /// A change of regime while no tag is fitted.
    #[error("a change of regime while no tag is fitted: it was left out; correct its time, record the installation, or cancel it")]
    NoRegimeToChange,
    /// No tariff is known for a day.
    #[error("no tariff is in force on {0}: nothing was charged for it; record the tariff of that time")]
    NoTariff(Day),
    /// The tariff has no price for a class.
    #[error("tariff \"{tariff}\" has no price for class \"{class}\": the full price was charged; correct the class or the tariff")]
    UnknownClass {
        /// The tariff's version.
        tariff: Arc<str>,
        /// The class.
        class: Arc<str>,
    },
    /// Two classes at once.
    #[error("two price classes hold at the end of {0}: the one that began later was used; end or cancel the other")]
    TwoClasses(Day),
    /// A cancellation of nothing.
    #[error("the event \"{0}\" that it cancels does not exist: correct its \"ref\"")]
    NothingToCancel(FactId),
    /// A decision about the fee of nothing.
    #[error("there is no installation or replacement \"{0}\" whose fee it is about: correct its \"ref\"")]
    NoFeeToCorrect(FactId),
    /// A cancelled fact whose consequence cannot be taken back by itself.
    #[error("what it cancels has already moved money that cannot be taken back by itself: it was left as it is; settle it by hand")]
    CannotTakeBack,
    /// A payment names an invoice that does not exist.
    #[error("the invoice \"{0}\" that it names is not issued: the oldest invoices were paid; check the payment")]
    NoSuchInvoice(Arc<str>),
    /// A refund beyond the credit.
    #[error("the refund is {0} more than the person's credit: only the credit was paid out; check the amount")]
    RefundTooHigh(Money),
    /// What is to be void is no invoice of fees that stands.
    #[error(
        "there is no invoice of fees \"{0}\" that could be void: credit notes, damage and deposits are corrected by what was recorded of them"
    )]
    VoidNoInvoice(Arc<str>),
    /// Money or credit is on what is to be void.
    #[error("money or credit is on invoice \"{0}\", so it stands: correct what was recorded, and the next run credits what is too much")]
    VoidPaid(Arc<str>),
    /// A later document corrects a month of what is to be void.
    #[error(
        "a later document, {later}, is about a month of invoice \"{invoice}\", so it stands: correct what was recorded, and the next run corrects the month"
    )]
    VoidCorrected {
        /// What was to be void.
        invoice: Arc<str>,
        /// The number of the later one, or its kind.
        later: Arc<str>,
    },
    /// A return beyond the deposit.
    #[error("the return is {0} more than the deposit that is held: only what is held was returned; check the amount")]
    ReturnTooHigh(Money),
}

impl Reason {
    /// Its name for programs, and for whoever tells it in another language.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NothingToRemove => "NOTHING_TO_REMOVE",
            Self::NothingToReplace => "NOTHING_TO_REPLACE",
            Self::NoRegimeToChange => "NO_REGIME_TO_CHANGE",
            Self::NoTariff(_) => "NO_TARIFF",
            Self::UnknownClass { .. } => "UNKNOWN_CLASS",
            Self::TwoClasses(_) => "TWO_CLASSES",
            Self::NothingToCancel(_) => "NOTHING_TO_CANCEL",
            Self::NoFeeToCorrect(_) => "NO_FEE_TO_CORRECT",
            Self::CannotTakeBack => "CANNOT_TAKE_BACK",
            Self::NoSuchInvoice(_) => "NO_SUCH_INVOICE",
            Self::RefundTooHigh(_) => "REFUND_TOO_HIGH",
            Self::ReturnTooHigh(_) => "RETURN_TOO_HIGH",
            Self::VoidNoInvoice(_) => "VOID_NO_INVOICE",
            Self::VoidPaid(_) => "VOID_PAID",
            Self::VoidCorrected { .. } => "VOID_CORRECTED",
        }
    }

    /// What it names. Days are Solar Hijri, amounts whole minor units.
    pub fn arguments(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NothingToRemove | Self::NothingToReplace | Self::NoRegimeToChange | Self::CannotTakeBack => Vec::new(),
            Self::NoTariff(day) | Self::TwoClasses(day) => vec![("day", day.to_string())],
            Self::UnknownClass { tariff, class } => vec![("tariff", tariff.to_string()), ("class", class.to_string())],
            Self::NothingToCancel(fact) | Self::NoFeeToCorrect(fact) => vec![("event", fact.to_string())],
            Self::VoidCorrected { invoice, later } => vec![("invoice", invoice.to_string()), ("later", later.to_string())],
            Self::NoSuchInvoice(number) | Self::VoidNoInvoice(number) | Self::VoidPaid(number) => vec![("invoice", number.to_string())],
            Self::RefundTooHigh(amount) | Self::ReturnTooHigh(amount) => vec![("amount", amount.minor_units().to_string())],
        }
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
