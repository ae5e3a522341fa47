//! Documents and their lines. A line explains itself: which days, why each counted or not, which tariff row, which decision.

use crate::calendar::{Day, DayRange, Moment, Month};
use crate::fact::{FactId, OrderId};
use crate::money::Money;
use crate::rate::Code;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Fees to pay.
    Invoice,
    /// A month became cheaper.
    CreditNote,
    /// The parts of a month changed, its sum did not.
    RerateNote,
    /// An invoice of nothing; it has no number (decision D31).
    Statement,
    /// Deposit to pay.
    DepositRequest,
    /// Deposit that may be returned because the regime asks for less.
    DepositRelease,
    /// Damage beyond the deposit, to pay.
    DamageInvoice,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Invoice,
        Self::CreditNote,
        Self::RerateNote,
        Self::Statement,
        Self::DepositRequest,
        Self::DepositRelease,
        Self::DamageInvoice,
    ];

    /// As documents write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invoice => "invoice",
            Self::CreditNote => "credit_note",
            Self::RerateNote => "rerate_note",
            Self::Statement => "statement",
            Self::DepositRequest => "deposit_request",
            Self::DepositRelease => "deposit_release",
            Self::DamageInvoice => "damage_invoice",
        }
    }

    /// What its number begins with, if it is numbered.
    pub const fn prefix(self) -> Option<&'static str> {
        match self {
            Self::Invoice => Some("INV"),
            Self::CreditNote => Some("CN"),
            Self::DamageInvoice => Some("DMG"),
            _ => None,
        }
    }
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LineCode {
    /// Billed for the first time.
    Charge(Code),
    /// Corrects an earlier document.
    Adjust(Code),
    /// Deposit asked for.
    DepositRequest,
    /// Deposit released.
    DepositRelease,
    /// Damage beyond the deposit.
    Damage,
}

impl LineCode {
    /// As documents write it: `usage`, `adjust_usage`.
    pub fn name(self) -> String {
        match self {
            Self::Charge(code) => code.name().to_owned(),
            Self::Adjust(code) => format!("adjust_{}", code.name()),
            Self::DepositRequest => "deposit_request".to_owned(),
            Self::DepositRelease => "deposit_release".to_owned(),
            Self::Damage => "damage".to_owned(),
        }
    }

    /// The one that documents write so; `None` if there is none.
    pub fn named(name: &str) -> Option<Self> {
        let codes = [Code::Install, Code::Replace, Code::Usage, Code::Waiver, Code::Cap];
        let of_codes = codes.into_iter().flat_map(|code| [Self::Charge(code), Self::Adjust(code)]);
        of_codes.chain([Self::DepositRequest, Self::DepositRelease, Self::Damage]).find(|code| code.name() == name)
    }
}

/// Days of one price that came to a bill or left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Days {
    /// The price of a day.
    pub unit: Money,
    /// Days more; negative: fewer.
    pub count: i64,
    /// The days that came.
    pub added: Vec<DayRange>,
    /// The days that left.
    pub removed: Vec<DayRange>,
}

/// Why days or an amount are as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Used, by the tariff of that day.
    Used,
    /// Free: approved leave.
    Leave,
    /// Free: use is suspended.
    Suspended,
    /// Free here: another file of the same person bills it.
    BilledElsewhere,
    /// Not used: no tag is fitted.
    NotFitted,
    /// A fee that is charged, by the tariff of that day.
    Chargeable,
    /// A fee that is charged no more.
    NoFee,
    /// Waived by decision.
    Waived,
    /// Beyond the cap of the first month.
    Capped,
    /// No waiver any more.
    NoWaiver,
    /// Nothing is beyond the cap any more.
    NotCapped,
    /// What is required of a deposit changed.
    Deposit,
    /// Damage beyond the deposit.
    Damage,
}

impl Why {
    /// For programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Leave => "leave",
            Self::Suspended => "suspended",
            Self::BilledElsewhere => "billed_elsewhere",
            Self::NotFitted => "not_fitted",
            Self::Chargeable => "chargeable",
            Self::NoFee => "no_fee",
            Self::Waived => "waived",
            Self::Capped => "capped",
            Self::NoWaiver => "no_waiver",
            Self::NotCapped => "not_capped",
            Self::Deposit => "deposit",
            Self::Damage => "damage",
        }
    }

    /// The rule of the billing policy.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::Used => "R2, R4",
            Self::Leave | Self::Suspended => "R3",
            Self::NotFitted | Self::BilledElsewhere => "R2",
            Self::Chargeable | Self::NoFee => "R5",
            Self::Waived | Self::NoWaiver => "R4",
            Self::Capped | Self::NotCapped => "R6",
            Self::Deposit | Self::Damage => "R10",
        }
    }

    /// In English.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Used => "used, by the tariff of that day",
            Self::Leave => "free: approved leave",
            Self::Suspended => "free: use is suspended",
            Self::BilledElsewhere => "free here: billed in another file of the same person",
            Self::NotFitted => "not used: no tag is fitted",
            Self::Chargeable => "chargeable, by the tariff of that day",
            Self::NoFee => "no fee any more: the event was cancelled, or is no longer chargeable",
            Self::Waived => "waived by decision, rounded down for each day",
            Self::Capped => "daily and installation fees of the first month, less leave and waivers, beyond the cap",
            Self::NoWaiver => "not waived any more: the waiver ended or never was",
            Self::NotCapped => "not beyond the cap of the first month any more",
            Self::Deposit => "what the authority requires of a deposit, less what is held or was asked for",
            Self::Damage => "damage to the equipment beyond the deposit",
        }
    }
}

/// Why a line is as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Because {
    /// For which days; `None` = for the line as a whole.
    pub days: Option<DayRange>,
    /// The reason.
    pub why: Why,
    /// The facts that decided it.
    pub events: Vec<FactId>,
    /// The tariff row that gave the price.
    pub tariff: Option<Arc<str>>,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is.
    pub code: LineCode,
    /// The order and month it belongs to; deposits and damage have none.
    pub of: Option<(OrderId, Month)>,
    /// Negative if it takes off.
    pub amount: Money,
    /// The installation, replacement or damage it charges.
    pub event: Option<FactId>,
    /// The days it charges.
    pub days: Option<Days>,
    /// Why.
    pub because: Vec<Because>,
}

impl Line {
    /// A line that is a sum, for a fact.
    pub(crate) fn plain(code: LineCode, amount: Money, why: Why, fact: &FactId) -> Self {
        let because = Because { days: None, why, events: vec![fact.clone()], tariff: None };
        Self { code, of: None, amount, event: None, days: None, because: vec![because] }
    }
}

/// One document. Never edited once it is issued (rule R8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// What it is.
    pub kind: Kind,
    /// When it was issued.
    pub run_at: Moment,
    /// Its number, without gaps within its kind; kinds that only tell have none.
    pub number: Option<Arc<str>>,
    /// Credit and re-rate notes are about one order and month.
    pub of: Option<(OrderId, Month)>,
    /// The sum of its lines.
    pub total: Money,
    /// Its lines.
    pub lines: Vec<Line>,
    /// For invoices: the last day to pay.
    pub due: Option<Day>,
}

impl Document {
    /// Its number, or its kind if it has none.
    pub fn title(&self) -> &str {
        self.number.as_deref().unwrap_or(self.kind.name())
    }

    /// The months its lines are about.
    pub fn months(&self) -> BTreeSet<Month> {
        self.lines.iter().filter_map(|line| line.of.as_ref().map(|(_, month)| *month)).collect()
    }

    /// The facts it rests on.
    pub fn events(&self) -> BTreeSet<&FactId> {
        self.lines.iter().flat_map(|line| line.event.iter().chain(line.because.iter().flat_map(|because| &because.events))).collect()
    }

    /// Whether another is the same but for what is said of the reasons.
    pub(crate) fn is_as(&self, other: &Self) -> bool {
        let mut other = other.clone();
        other.lines.iter_mut().zip(&self.lines).for_each(|(line, own)| line.because.clone_from(&own.because));
        *self == other
    }

    /// The tariff rows it rests on.
    pub fn tariffs(&self) -> BTreeSet<&Arc<str>> {
        self.lines.iter().flat_map(|line| line.because.iter().filter_map(|because| because.tariff.as_ref())).collect()
    }
}
