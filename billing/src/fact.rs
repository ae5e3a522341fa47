//! What happened to a wearer, as recorded. A fact is never edited, only cancelled by another.

use crate::calendar::{Day, Moment};
use crate::money::Money;
use crate::tariff::Regime;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::sync::Arc;

/// Names a fact. Facts that happened at the same instant are taken in this order.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactId {
    /// By its place in a file and its kind: `payment#2`.
    Place(usize, &'static str),
    /// By a name of its own.
    Name(Arc<str>),
}

impl fmt::Display for FactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place(place, kind) => write!(f, "{kind}#{place}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl fmt::Debug for FactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for FactId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Names a judicial order.
pub type OrderId = Arc<str>;

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Its name, unique among the facts of a person.
    pub id: FactId,
    /// When it became known. A run before does not use it (rule R7).
    pub recorded_at: Moment,
    /// What happened.
    pub what: What,
}

impl Fact {
    /// When it both had happened and was known: money moves and deposits are asked for then.
    pub fn effective_at(&self) -> Moment {
        self.what.at().max(self.recorded_at)
    }
}

/// A time from one instant until before another; without end if `to` is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first instant.
    pub from: Moment,
    /// The first instant after it.
    pub to: Option<Moment>,
}

impl Period {
    /// Whether it holds at the last instant of a day.
    pub fn holds_at_end_of(&self, day: Day) -> bool {
        let midnight = Moment::start_of(day.plus(1));
        self.from < midnight && self.to.is_none_or(|to| to >= midnight)
    }

    /// Whether it holds at some instant of a day.
    pub fn touches(&self, day: Day) -> bool {
        let (start, midnight) = (Moment::start_of(day), Moment::start_of(day.plus(1)));
        self.from < midnight && self.to.is_none_or(|to| to > start && to > self.from)
    }

    /// Whether it holds at an instant, its end included: what is done while a tag comes off is done to that tag.
    pub fn holds_up_to(&self, at: Moment) -> bool {
        self.from <= at && self.to.is_none_or(|to| to >= at)
    }
}

/// What a waiver takes off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Covered {
    /// The price of used days.
    Daily,
    /// The fee of an installation.
    Install,
    /// The fee of a replacement.
    Replace,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A tag was fitted under an order.
    Install {
        /// When.
        at: Moment,
        /// Under which order.
        order: OrderId,
        /// How the wearer is monitored.
        regime: Regime,
        /// Whether the fee is charged.
        chargeable: bool,
        /// The deposit the authority asks for.
        deposit_required: Option<Money>,
    },
    /// The tag was taken off. May lie in the future: a planned end.
    Remove {
        /// When.
        at: Moment,
    },
    /// Approved leave from monitoring (article 10, note 1).
    Leave(Period),
    /// Use is suspended: hospital, a defect, back in prison (decision D9).
    Suspend(Period),
    /// Another file of the same person bills that time: what is used then costs nothing in this one (rule R2).
    BilledElsewhere(Period),
    /// The tag was replaced.
    Replace {
        /// When.
        at: Moment,
        /// Whether the fee is charged: damage, loss or the wearer's wish, found by a person (decision D15).
        chargeable: bool,
    },
    /// The way of monitoring changed.
    Regime {
        /// When.
        at: Moment,
        /// To what.
        regime: Regime,
        /// The deposit the authority asks for from now on; `None` = as before.
        deposit_required: Option<Money>,
    },
    /// A price class applies.
    Class {
        /// While.
        period: Period,
        /// Which.
        class: Arc<str>,
    },
    /// A part of the fees is waived.
    Waiver {
        /// While.
        period: Period,
        /// 0 to 100.
        percent: u8,
        /// Of which fees.
        covers: Vec<Covered>,
    },
    /// Whether the fee of an installation or a replacement is charged, by a later decision: of several the last counts. What it is about stays as it was.
    Fee {
        /// Of when the decision is known.
        at: Moment,
        /// The installation or replacement.
        of: FactId,
        /// Whether its fee is charged.
        chargeable: bool,
    },
    /// Another fact never was.
    Cancel {
        /// From when on.
        at: Moment,
        /// Which fact.
        fact: FactId,
    },
    /// An invoice run beyond those of rule R7.
    Run {
        /// When.
        at: Moment,
    },
    /// Fee money came in.
    Payment {
        /// When.
        at: Moment,
        /// More than nothing.
        amount: Money,
        /// The bank's reference: the same one twice is one payment.
        reference: Option<Arc<str>>,
        /// The number of the invoice it names.
        invoice: Option<Arc<str>>,
    },
    /// Fee money went back to the person.
    Refund {
        /// When.
        at: Moment,
        /// More than nothing.
        amount: Money,
    },
    /// Deposit money came in.
    DepositPayment {
        /// When.
        at: Moment,
        /// More than nothing.
        amount: Money,
    },
    /// Deposit money went back.
    DepositReturn {
        /// When.
        at: Moment,
        /// `None` = all that is held.
        amount: Option<Money>,
    },
    /// Damage to the equipment was assessed.
    Damage {
        /// When.
        at: Moment,
        /// More than nothing.
        amount: Money,
    },
    /// An invoice is void (decision D25): what it billed is not billed.
    Void {
        /// When.
        at: Moment,
        /// Its number.
        invoice: Arc<str>,
    },
    /// What happened in another file of the same person, which this one went on from: it bills nothing here.
    Elsewhere {
        /// Which of those: the first that was merged is 0.
        file: u32,
        /// What is recorded there.
        fact: Arc<Fact>,
    },
}

impl What {
    /// When it happened, or from when it holds.
    pub fn at(&self) -> Moment {
        match self {
            Self::Install { at, .. }
            | Self::Remove { at }
            | Self::Replace { at, .. }
            | Self::Regime { at, .. }
            | Self::Fee { at, .. }
            | Self::Cancel { at, .. }
            | Self::Run { at }
            | Self::Payment { at, .. }
            | Self::Refund { at, .. }
            | Self::DepositPayment { at, .. }
            | Self::DepositReturn { at, .. }
            | Self::Damage { at, .. }
            | Self::Void { at, .. } => *at,
            Self::Leave(period)
            | Self::Suspend(period)
            | Self::BilledElsewhere(period)
            | Self::Class { period, .. }
            | Self::Waiver { period, .. } => period.from,
            Self::Elsewhere { fact, .. } => fact.what.at(),
        }
    }
}
