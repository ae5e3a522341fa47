//! How each day stands: used or not, free or not, at which price, and why (rules R2, R3, R4).

use crate::calendar::{Day, Moment};
use crate::fact::{Covered, Fact, FactId, OrderId, Period, What};
use crate::fitting::Fittings;
use crate::money::{Money, MoneyError};
use crate::policy::{LeaveDay, Policy};
use crate::tariff::{Tariff, Tariffs};
use crate::work::{Reason, Work};
use std::sync::Arc;

/// How a day stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Not used.
    NotFitted {
        /// The removal before it.
        removed_by: Option<FactId>,
    },
    /// Used, but free for an approved leave.
    Leave {
        /// The order it belongs to.
        order: OrderId,
        /// The leave.
        by: FactId,
    },
    /// Used, but free for a suspension.
    Suspended {
        /// The order it belongs to.
        order: OrderId,
        /// The suspension.
        by: FactId,
    },
    /// Used, and billed in another file of the same person.
    BilledElsewhere {
        /// The order it belongs to here.
        order: OrderId,
        /// What says so: the installation there, or the merger of the files.
        by: FactId,
    },
    /// Used and billable.
    Billable {
        /// The order it belongs to.
        order: OrderId,
        /// What it costs.
        price: Price,
    },
}

impl Standing {
    /// The order a used day belongs to.
    pub fn order(&self) -> Option<&OrderId> {
        match self {
            Self::NotFitted { .. } => None,
            Self::Leave { order, .. }
            | Self::Suspended { order, .. }
            | Self::BilledElsewhere { order, .. }
            | Self::Billable { order, .. } => Some(order),
        }
    }
}

/// The price of a day or of a fee, and what decided it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Price {
    /// By the tariff, before any waiver.
    pub full: Money,
    /// What a waiver takes off: nothing or less than nothing.
    pub waiver: Money,
    /// The version of the tariff row.
    pub tariff: Option<Arc<str>>,
    /// The fact that gave a price class.
    pub class: Option<FactId>,
    /// The waiver.
    pub waived_by: Option<FactId>,
}

impl Price {
    /// What is left to pay.
    pub(crate) fn net(&self) -> Result<Money, MoneyError> {
        self.full.plus(self.waiver)
    }
}

/// A price class for a time.
struct Class<'a> {
    id: &'a FactId,
    period: Period,
    name: &'a Arc<str>,
}

/// A waiver for a time.
struct Waiver<'a> {
    id: &'a FactId,
    period: Period,
    percent: u8,
    covers: &'a [Covered],
}

/// The facts of a person, sorted by what they say about a day.
pub(crate) struct Register<'a> {
    pub(crate) fittings: Fittings,
    leaves: Vec<(&'a FactId, Period)>,
    suspensions: Vec<(&'a FactId, Period)>,
    elsewhere: Vec<(&'a FactId, Period)>,
    classes: Vec<Class<'a>>,
    waivers: Vec<Waiver<'a>>,
    tariffs: &'a Tariffs,
    policy: &'a Policy,
    known_at: Moment,
}

impl<'a> Register<'a> {
    pub(crate) fn new(facts: &[&'a Fact], tariffs: &'a Tariffs, policy: &'a Policy, known_at: Moment, work: &mut Vec<Work>) -> Self {
        let fittings = Fittings::of(facts, work);
        let (mut leaves, mut suspensions, mut elsewhere, mut classes, mut waivers) = (vec![], vec![], vec![], vec![], vec![]);
        for fact in facts {
            let id = &fact.id;
            match &fact.what {
                What::Leave(period) => leaves.push((id, *period)),
                What::Suspend(period) => suspensions.push((id, *period)),
                What::BilledElsewhere(period) => elsewhere.push((id, *period)),
                What::Class { period, class } => classes.push(Class { id, period: *period, name: class }),
                What::Waiver { period, percent, covers } => waivers.push(Waiver { id, period: *period, percent: *percent, covers }),
                _ => {}
            }
        }
        Self { fittings, leaves, suspensions, elsewhere, classes, waivers, tariffs, policy, known_at }
    }

    /// How a day stands.
    pub(crate) fn standing(&self, day: Day, work: &mut Vec<Work>) -> Result<Standing, MoneyError> {
        let Some(fitting) = self.fittings.on(day, self.policy.use_day) else {
            return Ok(Standing::NotFitted { removed_by: self.fittings.removed_before_end_of(day).cloned() });
        };
        let order = fitting.order.clone();
        // A day that is both is a leave: note 1 of article 10 names leave, a suspension is our own word.
        if let Some(by) = self.free(&self.leaves, day) {
            return Ok(Standing::Leave { order, by: by.clone() });
        }
        if let Some(by) = self.free(&self.suspensions, day).or_else(|| self.free_together(day)) {
            return Ok(Standing::Suspended { order, by: by.clone() });
        }
        if let Some(by) = self.free(&self.elsewhere, day) {
            return Ok(Standing::BilledElsewhere { order, by: by.clone() });
        }
        Ok(Standing::Billable { order, price: self.day_price(day, work)? })
    }

    /// The period that makes a day free, if one does (rule R3).
    fn free(&self, periods: &[(&'a FactId, Period)], day: Day) -> Option<&'a FactId> {
        let holds = |period: &Period| match self.policy.leave_day {
            LeaveDay::EndOfDay => period.holds_at_end_of(day),
            LeaveDay::AnyPart => period.touches(day),
            LeaveDay::FullDay => period.from <= Moment::start_of(day) && period.holds_at_end_of(day),
        };
        // They are in the order in which they begin.
        let begun = &periods[..periods.partition_point(|(_, period)| period.from < Moment::start_of(day.plus(1)))];
        let one = begun.iter().rfind(|(_, period)| holds(period)).map(|(id, _)| *id);
        one.or_else(|| (self.policy.leave_day == LeaveDay::FullDay).then(|| covered(begun, day)).flatten())
    }

    /// A full day of leave and suspension, one after the other.
    fn free_together(&self, day: Day) -> Option<&'a FactId> {
        if self.policy.leave_day != LeaveDay::FullDay {
            return None;
        }
        let mut both: Vec<_> = self.leaves.iter().chain(&self.suspensions).copied().collect();
        both.sort_by_key(|(_, period)| period.from);
        covered(&both, day)
    }

    fn day_price(&self, day: Day, work: &mut Vec<Work>) -> Result<Price, MoneyError> {
        let Some(tariff) = self.tariff(day, work) else {
            return Ok(self.no_price());
        };
        let mut classes = self.classes.iter().filter(|class| class.period.holds_at_end_of(day));
        let class = classes.next_back();
        if let (Some(class), Some(other)) = (class, classes.next_back()) {
            push_once(work, Work { events: vec![other.id.clone(), class.id.clone()], reason: Reason::TwoClasses(day) });
        }
        let full = class.map_or(tariff.daily, |class| {
            tariff.class_daily.get(class.name).copied().unwrap_or_else(|| {
                let reason = Reason::UnknownClass { tariff: tariff.version.clone(), class: class.name.clone() };
                push_once(work, Work::about(class.id, reason));
                tariff.daily
            })
        });
        self.waived(full, day, Covered::Daily, tariff, class.map(|class| class.id.clone()))
    }

    /// The price of a fee of the tariff of a day.
    pub(crate) fn fee(&self, day: Day, covered: Covered, work: &mut Vec<Work>) -> Result<Price, MoneyError> {
        let Some(tariff) = self.tariff(day, work) else {
            return Ok(self.no_price());
        };
        let full = if covered == Covered::Replace { tariff.replace } else { tariff.install };
        self.waived(full, day, covered, tariff, None)
    }

    /// The cap that a first installation on a day fixes (decision D19), and the tariff row that has it.
    pub(crate) fn cap(&self, day: Day) -> Option<(Money, Arc<str>)> {
        let tariff = self.tariffs.in_force(day, self.known_at)?;
        Some((tariff.first_month_cap?, tariff.version.clone()))
    }

    /// The waiver with the highest percentage counts; waivers do not add up.
    fn waived(&self, full: Money, day: Day, covered: Covered, tariff: &Tariff, class: Option<FactId>) -> Result<Price, MoneyError> {
        let holding = self.waivers.iter().filter(|waiver| waiver.covers.contains(&covered) && waiver.period.holds_at_end_of(day));
        let waiver = holding.max_by_key(|waiver| waiver.percent);
        // What is left is rounded down, for each day by itself (decision D23).
        let left = waiver.map_or(Ok(full), |waiver| full.percent(100u8.saturating_sub(waiver.percent)))?;
        Ok(Price {
            full,
            waiver: left.minus(full)?,
            tariff: Some(tariff.version.clone()),
            class,
            waived_by: waiver.map(|waiver| waiver.id.clone()),
        })
    }

    fn tariff(&self, day: Day, work: &mut Vec<Work>) -> Option<&'a Tariff> {
        let tariff = self.tariffs.in_force(day, self.known_at);
        if tariff.is_none() && !work.iter().any(|work| matches!(work.reason, Reason::NoTariff(_))) {
            work.push(Work { events: vec![], reason: Reason::NoTariff(day) });
        }
        tariff
    }

    fn no_price(&self) -> Price {
        let nothing = Money::zero(self.tariffs.currency());
        Price { full: nothing, waiver: nothing, tariff: None, class: None, waived_by: None }
    }
}

/// Whether periods, sorted by their beginning, together hold from the first instant of a day to its last; then the last of them.
fn covered<'a>(periods: &[(&'a FactId, Period)], day: Day) -> Option<&'a FactId> {
    let (mut reached, midnight) = (Moment::start_of(day), Moment::start_of(day.plus(1)));
    for (id, period) in periods {
        if period.from <= reached {
            match period.to {
                Some(to) if to < midnight => reached = reached.max(to),
                _ => return Some(id),
            }
        }
    }
    None
}

/// One entry a kind of contradiction and its facts, not one a day.
fn push_once(list: &mut Vec<Work>, work: Work) {
    let kind = std::mem::discriminant(&work.reason);
    if !list.iter().any(|other| std::mem::discriminant(&other.reason) == kind && other.events == work.events) {
        list.push(work);
    }
}
