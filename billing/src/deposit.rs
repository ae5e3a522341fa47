//! The deposit: security for the equipment; a liability, never income (rule R10).

use crate::calendar::{Day, Moment};
use crate::fact::{Fact, OrderId, What};
use crate::fitting::Fittings;
use crate::known::known_at;
use crate::money::{Currency, Money, MoneyError};
use crate::tariff::{Regime, Tariffs};
use std::collections::BTreeMap;

/// What was asked for and what is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deposit {
    /// What was asked for last, while a tag stays fitted.
    asked: Money,
    /// What counts towards it: held when it was asked for and received since, less returned. Damage takes nothing from it, because damage asks for nothing anew.
    pub counted: Money,
    /// Received, less damage, less returned; never below nothing.
    pub held: Money,
    /// Taken for damage.
    pub damage: Money,
    /// Returned.
    pub returned: Money,
}

/// What a change of what is required asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demand {
    Request(Money),
    Release(Money),
    Nothing,
}

impl Deposit {
    pub(crate) const fn new(currency: Currency) -> Self {
        let nothing = Money::zero(currency);
        Self { asked: nothing, counted: nothing, held: nothing, damage: nothing, returned: nothing }
    }

    pub(crate) fn receive(&mut self, amount: Money) -> Result<(), MoneyError> {
        self.held = self.held.plus(amount)?;
        self.counted = self.counted.plus(amount)?;
        Ok(())
    }

    pub(crate) fn give_back(&mut self, amount: Money) -> Result<(), MoneyError> {
        self.returned = self.returned.plus(amount)?;
        self.receive(amount.negated()?)
    }

    pub(crate) fn take(&mut self, damage: Money) -> Result<(), MoneyError> {
        self.held = self.held.minus(damage)?;
        self.damage = self.damage.plus(damage)?;
        Ok(())
    }

    /// After an installation or a change of regime: the difference to what was asked for before, or held if that is more (decision D38).
    /// `goes_on`: a tag was fitted just before. Only a change of regime releases.
    pub(crate) fn demand(&mut self, terms: &DepositTerms, goes_on: bool, may_release: bool) -> Result<Demand, MoneyError> {
        let before = if goes_on && self.held.minus(self.asked)?.is_negative() { self.asked } else { self.held };
        self.counted = if goes_on { self.counted.at_most(before)? } else { self.held };
        self.asked = terms.required;
        let (more, excess) = (terms.required.beyond(before)?, terms.released(self.held)?);
        Ok(if more.is_positive() {
            Demand::Request(more)
        } else if may_release && excess.is_positive() {
            Demand::Release(excess)
        } else {
            Demand::Nothing
        })
    }
}

/// What may be held of a person who wears a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepositTerms {
    /// What the authority asks for; nothing if it was not recorded.
    pub required: Money,
    /// An authority said so, be it nothing.
    pub is_required: bool,
    /// The most that may be held; `None` = the tariff names no ceiling.
    pub ceiling: Option<Money>,
}

impl DepositTerms {
    /// What may go back of a deposit while the tag stays on (decision D38): what is held beyond what is required. Where nobody said what is required,
    /// beyond the ceiling.
    ///
    /// # Errors
    /// If currencies are mixed.
    pub fn released(&self, held: Money) -> Result<Money, MoneyError> {
        let stays = if self.is_required { Some(self.required) } else { self.ceiling };
        stays.map_or(held.minus(held), |stays| held.beyond(stays))
    }
}

/// What may be held at an instant, by these facts of a person; `None` while no tag is fitted.
///
/// # Errors
/// If currencies are mixed.
pub fn deposit_terms(facts: &[Fact], tariffs: &Tariffs, at: Moment) -> Result<Option<DepositTerms>, MoneyError> {
    let known = known_at(facts, at);
    if !Fittings::of(&known, &mut Vec::new()).is_fitted_after(at) {
        return Ok(None);
    }
    let mut enrolled: BTreeMap<&OrderId, Day> = BTreeMap::new();
    let mut now: Option<(Regime, Option<Day>)> = None;
    for fact in known.iter().filter(|fact| fact.what.at() <= at) {
        now = match &fact.what {
            What::Install { at, order, regime, .. } => Some((*regime, Some(*enrolled.entry(order).or_insert(at.day())))),
            What::Regime { regime, .. } => now.map(|(_, day)| (*regime, day)),
            What::Remove { .. } => None,
            _ => now,
        };
    }
    let ceiling = now.and_then(|(regime, day)| tariffs.in_force(day?, at)?.deposit_ceiling.get(&regime).copied());
    let is_required = is_required(&known, at);
    Ok(Some(DepositTerms { required: required(&known, tariffs, at)?, is_required, ceiling }))
}

/// The deposit that is required at an instant: what the authority asks for, at most the ceiling of the regime; nothing without a tag.
pub(crate) fn required(known: &[&Fact], tariffs: &Tariffs, at: Moment) -> Result<Money, MoneyError> {
    let nothing = Money::zero(tariffs.currency());
    let fittings = Fittings::of(known, &mut Vec::new());
    if !fittings.is_fitted_after(at) {
        return Ok(nothing);
    }
    let mut enrolled: BTreeMap<OrderId, Day> = BTreeMap::new();
    let (mut required, mut under): (Money, Option<&OrderId>) = (nothing, None);
    for fact in known.iter().filter(|fact| fact.what.at() <= at) {
        let (regime, asked) = match &fact.what {
            What::Install { at, order, regime, deposit_required, .. } => {
                enrolled.entry(order.clone()).or_insert(at.day());
                if under.replace(order) != Some(order) {
                    required = nothing;
                }
                (*regime, *deposit_required)
            }
            What::Regime { regime, deposit_required, .. } => (*regime, *deposit_required),
            What::Remove { .. } => {
                (required, under) = (nothing, None);
                continue;
            }
            _ => continue,
        };
        let day = under.and_then(|order| enrolled.get(order));
        required = below_ceiling(asked.unwrap_or(required), regime, day, tariffs, at)?;
    }
    Ok(required)
}

/// Whether an authority said what is required under the order that the tag is worn for.
fn is_required(known: &[&Fact], at: Moment) -> bool {
    let (mut is_required, mut under): (bool, Option<&OrderId>) = (false, None);
    for fact in known.iter().filter(|fact| fact.what.at() <= at) {
        match &fact.what {
            What::Install { order, deposit_required, .. } => {
                is_required = deposit_required.is_some() || (is_required && under == Some(order));
                under = Some(order);
            }
            What::Regime { deposit_required, .. } => is_required |= deposit_required.is_some(),
            What::Remove { .. } => (is_required, under) = (false, None),
            _ => {}
        }
    }
    is_required
}

/// The ceiling is the one in force at enrolment: a later one asks nobody for more (decision D19).
fn below_ceiling(asked: Money, regime: Regime, enrolled: Option<&Day>, tariffs: &Tariffs, known_at: Moment) -> Result<Money, MoneyError> {
    let row = enrolled.and_then(|day| tariffs.in_force(*day, known_at));
    row.and_then(|row| row.deposit_ceiling.get(&regime)).map_or(Ok(asked), |ceiling| asked.at_most(*ceiling))
}
