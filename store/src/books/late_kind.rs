//! What it is that was recorded late.

use billing::What;

/// What was recorded late.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LateKind {
    /// A leave was granted.
    Leave,
    /// A leave was withdrawn or shortened.
    LeaveEnded,
    /// Use was suspended.
    Suspension,
    /// A suspension was longer or shorter, or never was.
    SuspensionChanged,
    /// A class or a waiver was granted.
    Relief,
    /// A class or a waiver ended, or never was.
    ReliefEnded,
    /// It was decided whether a fee is charged.
    Fee,
    /// Such a decision was taken back.
    FeeTakenBack,
}

impl LateKind {
    /// As messages name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Leave => "leave",
            Self::LeaveEnded => "leave_ended",
            Self::Suspension => "suspension",
            Self::SuspensionChanged => "suspension_changed",
            Self::Relief => "relief",
            Self::ReliefEnded => "relief_ended",
            Self::Fee => "fee",
            Self::FeeTakenBack => "fee_taken_back",
        }
    }

    /// Of what was recorded; `is_changed`: it stood before, and was changed or taken back.
    pub(super) const fn of(what: Option<&What>, is_changed: bool) -> Self {
        match (what, is_changed) {
            (Some(What::Leave(_)), false) => Self::Leave,
            (Some(What::Leave(_)), true) => Self::LeaveEnded,
            (Some(What::Suspend(_)), false) => Self::Suspension,
            (Some(What::Suspend(_)), true) => Self::SuspensionChanged,
            (Some(What::Fee { .. }), false) => Self::Fee,
            (Some(What::Fee { .. }), true) => Self::FeeTakenBack,
            (_, false) => Self::Relief,
            (_, true) => Self::ReliefEnded,
        }
    }
}
