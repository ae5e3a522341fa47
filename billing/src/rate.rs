//! What a person owes for every day and fee, as of a run. Production, preview and the case command all call [`rate`].

use crate::BillingError;
use crate::calendar::{Day, Moment, Month, check_time_zone};
use crate::cap::{Capped, caps};
use crate::elsewhere::{Earlier, once};
use crate::fact::{Covered, Fact, FactId, OrderId, What};
use crate::known::{Withdrawn, known_at, withdrawn_at};
use crate::money::{Currency, Money};
use crate::policy::{Mode, Policy};
use crate::standing::{Price, Register, Standing};
use crate::tariff::Tariffs;
use crate::work::{Reason, Work};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

/// What a line of a document is about. The order is the order of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// Fee of an installation.
    Install,
    /// Fee of a replacement.
    Replace,
    /// Price of used days.
    Usage,
    /// What waivers take off.
    Waiver,
    /// What the cap of the first month takes off.
    Cap,
}

impl Code {
    /// As documents and accounts write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Replace => "replace",
            Self::Usage => "usage",
            Self::Waiver => "waiver",
            Self::Cap => "cap",
        }
    }
}

/// Which part of a code: days of one price, one fee, or all of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Waivers and the cap are one amount a month.
    Whole,
    /// Days of this price.
    Unit(Money),
    /// The fee of a fact, at its instant.
    Fee(Moment, FactId),
}

/// Names an amount that is billed and re-rated as one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The month it belongs to.
    pub month: Month,
    /// The order.
    pub order: OrderId,
    /// What it is.
    pub code: Code,
    /// Which part.
    pub part: Part,
}

/// An amount and the days that make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Negative for waivers and the cap.
    pub amount: Money,
    /// For days only.
    pub days: BTreeSet<Day>,
}

impl Item {
    /// Nothing.
    pub const fn nothing(currency: Currency) -> Self {
        Self { amount: Money::zero(currency), days: BTreeSet::new() }
    }
}

/// One chargeable installation or replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fee {
    /// [`Code::Install`] or [`Code::Replace`].
    pub code: Code,
    /// The fact.
    pub fact: FactId,
    /// When.
    pub at: Moment,
    /// Under which order.
    pub order: OrderId,
    /// By the tariff of that day.
    pub price: Price,
}

/// What was decided later of fees, by the fact that has the fee.
type Corrections<'a> = BTreeMap<&'a FactId, (&'a FactId, bool)>;

/// The truth about a person as of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rated {
    /// The last day that is billed.
    pub horizon: Day,
    /// How each day stands, from the first fitting to the horizon.
    pub days: BTreeMap<Day, Standing>,
    /// Every fee up to the horizon.
    pub fees: Vec<Fee>,
    /// The decision that says last whether a fee is charged, by the installation or replacement that has it.
    pub corrected: BTreeMap<FactId, FactId>,
    /// All amounts.
    pub items: BTreeMap<Key, Item>,
    /// The tariff row that has each order's cap, of those that are reached.
    pub caps: BTreeMap<OrderId, Arc<str>>,
    /// What was taken back that made days or fees cheaper.
    pub withdrawn: Vec<Withdrawn>,
    /// What a person must look at.
    pub work: Vec<Work>,
    /// The currency of every amount.
    pub currency: Currency,
}

/// Rates a person's facts as they were known at `run`, up to the end of the month that is billed then (rules R1 to R7).
///
/// # Errors
/// If the time zone data are wrong, an amount leaves 64 bits, or currencies are mixed.
pub fn rate(facts: &[Fact], tariffs: &Tariffs, policy: &Policy, run: Moment) -> Result<Rated, BillingError> {
    check_time_zone()?;
    let (known, mut work) = (known_at(facts, run), Vec::new());
    work.extend(cancellations_of_nothing(facts, &known));
    let earlier = Earlier::files(&known, tariffs, policy, run)?;
    let register = Register::new(&known, tariffs, policy, run, &mut work);
    let horizon = horizon(policy.mode, run);
    let mut days = BTreeMap::new();
    if let Some(first) = register.fittings.first() {
        for day in first.day().through(horizon) {
            days.insert(day, once(register.standing(day, &mut work)?, day, &earlier));
        }
    }
    let corrections = corrections(&known);
    work.extend(corrections_of_nothing(facts, &corrections));
    let fees = fees(&known, &corrections, &register, horizon, &mut work)?;
    let corrected = corrections.into_iter().map(|(of, (by, _))| (of.clone(), by.clone())).collect();
    let (withdrawn, currency) = (withdrawn_at(facts, run), tariffs.currency());
    let mut rated = Rated { horizon, days, fees, corrected, items: BTreeMap::new(), caps: BTreeMap::new(), withdrawn, work, currency };
    rated.add_fees()?;
    rated.add_days()?;
    for Capped { month, order, over, tariff } in caps(&known, &register, policy, (&rated, &earlier))? {
        rated.caps.insert(order.clone(), tariff);
        rated.add(Key { month, order, code: Code::Cap, part: Part::Whole }, over.negated()?, None)?;
    }
    Ok(rated)
}

/// The last day a run bills: the end of its month, in arrears the end of the month before.
pub fn horizon(mode: Mode, run: Moment) -> Day {
    let month = run.day().month();
    match mode {
        Mode::Advance => month.last_day(),
        Mode::Arrears => month.previous().last_day(),
    }
}

impl Rated {
    fn add_fees(&mut self) -> Result<(), BillingError> {
        for fee in self.fees.clone() {
            let (month, order) = (fee.at.day().month(), fee.order);
            self.add_waiver(month, &order, fee.price.waiver)?;
            self.add(Key { month, order, code: fee.code, part: Part::Fee(fee.at, fee.fact) }, fee.price.full, None)?;
        }
        Ok(())
    }

    fn add_days(&mut self) -> Result<(), BillingError> {
        let days = std::mem::take(&mut self.days);
        let billable: Vec<(Day, Month, &OrderId, &Price)> = days
            .iter()
            .filter_map(|(day, standing)| match standing {
                Standing::Billable { order, price } => Some((*day, day.month(), order, price)),
                _ => None,
            })
            .collect();
        for alike in billable.chunk_by(|one, next| (one.1, one.2, one.3) == (next.1, next.2, next.3)) {
            let (_, month, order, price) = alike[0];
            let of_all = |amount: Money| Money::sum(self.currency, alike.iter().map(|_| amount));
            let (full, waiver) = (of_all(price.full)?, of_all(price.waiver)?);
            self.add_waiver(month, order, waiver)?;
            let key = Key { month, order: order.clone(), code: Code::Usage, part: Part::Unit(price.full) };
            self.add(key, full, alike.iter().map(|(day, ..)| *day))?;
        }
        self.days = days;
        Ok(())
    }

    fn add_waiver(&mut self, month: Month, order: &OrderId, waiver: Money) -> Result<(), BillingError> {
        if waiver.is_zero() {
            return Ok(());
        }
        self.add(Key { month, order: order.clone(), code: Code::Waiver, part: Part::Whole }, waiver, None)
    }

    fn add(&mut self, key: Key, amount: Money, days: impl IntoIterator<Item = Day>) -> Result<(), BillingError> {
        let item = self.items.entry(key).or_insert_with(|| Item::nothing(amount.currency()));
        item.amount = item.amount.plus(amount)?;
        item.days.extend(days);
        Ok(())
    }
}

/// What was decided later of fees: of several decisions the last counts.
fn corrections<'a>(known: &[&'a Fact]) -> Corrections<'a> {
    let decided = |fact: &&'a Fact| match &fact.what {
        What::Fee { of, chargeable, .. } => Some((of, (&fact.id, *chargeable))),
        _ => None,
    };
    known.iter().filter_map(decided).collect()
}

/// The chargeable installations and replacements up to the horizon (rule R5).
fn fees(
    known: &[&Fact],
    corrections: &Corrections<'_>,
    register: &Register<'_>,
    horizon: Day,
    work: &mut Vec<Work>,
) -> Result<Vec<Fee>, BillingError> {
    let mut fees = Vec::new();
    for fact in known {
        let is_charged = |recorded: bool| corrections.get(&fact.id).map_or(recorded, |(_, decided)| *decided);
        let (code, covered, at, order) = match &fact.what {
            What::Install { at, order, chargeable, .. } if is_charged(*chargeable) => (Code::Install, Covered::Install, *at, order.clone()),
            What::Replace { at, chargeable } => match register.fittings.at(*at) {
                Some(fitting) if is_charged(*chargeable) => (Code::Replace, Covered::Replace, *at, fitting.order.clone()),
                Some(_) => continue,
                None => {
                    work.push(Work::about(&fact.id, Reason::NothingToReplace));
                    continue;
                }
            },
            What::Regime { at, .. } if register.fittings.at(*at).is_none() => {
                work.push(Work::about(&fact.id, Reason::NoRegimeToChange));
                continue;
            }
            _ => continue,
        };
        if at.day() <= horizon {
            let price = register.fee(at.day(), covered, work)?;
            if !price.full.is_zero() {
                fees.push(Fee { code, fact: fact.id.clone(), at, order, price });
            }
        }
    }
    Ok(fees)
}

fn corrections_of_nothing(facts: &[Fact], corrections: &Corrections<'_>) -> Vec<Work> {
    let has_fee = |what: &What| matches!(what, What::Install { .. } | What::Replace { .. });
    let exists = |id: &FactId| facts.iter().any(|fact| fact.id == *id && has_fee(&fact.what));
    let nothing = corrections.iter().filter(|(of, _)| !exists(of));
    nothing.map(|(of, (by, _))| Work::about(by, Reason::NoFeeToCorrect(FactId::clone(of)))).collect()
}

fn cancellations_of_nothing(facts: &[Fact], known: &[&Fact]) -> Vec<Work> {
    let ids: HashSet<&FactId> = facts.iter().map(|fact| &fact.id).collect();
    let nothing = |fact: &&Fact| match &fact.what {
        What::Cancel { fact: target, .. } if !ids.contains(target) => Some(Work::about(&fact.id, Reason::NothingToCancel(target.clone()))),
        _ => None,
    };
    known.iter().filter_map(nothing).collect()
}
