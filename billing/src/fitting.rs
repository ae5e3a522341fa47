//! When a tag was fitted, and under which order (rule R2).

use crate::calendar::{Day, Moment};
use crate::fact::{Fact, FactId, OrderId, Period, What};
use crate::policy::UseDay;
use crate::work::{Reason, Work};

/// A time with a fitted tag under one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fitting {
    /// From the installation until the removal, or until another order takes over.
    pub period: Period,
    /// The order.
    pub order: OrderId,
    /// The removal that ended it.
    pub removed_by: Option<FactId>,
}

/// All fittings of a person, in order of time; they do not overlap. A second device under the same order is no second fitting: a person
/// pays one fee a day (decision D20). An installation under another order ends the one before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fittings(Vec<Fitting>);

impl Fittings {
    /// From facts in order of time.
    pub(crate) fn of(facts: &[&Fact], work: &mut Vec<Work>) -> Self {
        let mut fittings: Vec<Fitting> = Vec::new();
        for fact in facts {
            let was_fitted = !fittings.is_empty();
            let open = fittings.last_mut().filter(|fitting| fitting.period.to.is_none());
            match (&fact.what, open) {
                (What::Install { order, .. }, Some(fitting)) if fitting.order == *order => {}
                (What::Install { at, order, .. }, open) => {
                    if let Some(fitting) = open {
                        fitting.period.to = Some(*at);
                    }
                    fittings.push(Fitting { period: Period { from: *at, to: None }, order: order.clone(), removed_by: None });
                }
                (What::Remove { at }, Some(fitting)) => {
                    fitting.period.to = Some(*at);
                    fitting.removed_by = Some(fact.id.clone());
                }
                // A planned end that an earlier removal has overtaken contradicts nothing.
                (What::Remove { at }, None) if fact.recorded_at < *at && was_fitted => {}
                (What::Remove { .. }, None) => work.push(Work::about(&fact.id, Reason::NothingToRemove)),
                _ => {}
            }
        }
        Self(fittings)
    }

    /// The fitting that makes a day a used one, if any does. A day belongs to one order: the one at its last instant.
    pub fn on(&self, day: Day, use_day: UseDay) -> Option<&Fitting> {
        let begun = self.begun_before_end_of(day);
        // Fittings do not overlap: the last to begin is the only one that can hold at the end.
        let at_end = begun.last().filter(|fitting| fitting.period.holds_at_end_of(day));
        at_end.or_else(|| match use_day {
            UseDay::EndOfDay => None,
            UseDay::AnyPart => {
                let start = Moment::start_of(day);
                let lasting = |fitting: &&Fitting| fitting.period.to.is_none_or(|to| to >= start);
                begun.iter().rev().take_while(lasting).find(|fitting| fitting.period.touches(day))
            }
        })
    }

    /// The fitting at an instant, its removal included.
    pub fn at(&self, at: Moment) -> Option<&Fitting> {
        self.0.iter().rfind(|fitting| fitting.period.holds_up_to(at))
    }

    /// Whether a tag is fitted just after an instant.
    pub fn is_fitted_after(&self, at: Moment) -> bool {
        self.0.iter().any(|fitting| fitting.period.from <= at && fitting.period.to.is_none_or(|to| to > at))
    }

    /// Whether a tag was fitted just before an instant.
    pub fn is_fitted_before(&self, at: Moment) -> bool {
        self.0.iter().any(|fitting| fitting.period.from < at && fitting.period.to.is_none_or(|to| to >= at))
    }

    /// The last removal before the end of a day.
    pub fn removed_before_end_of(&self, day: Day) -> Option<&FactId> {
        self.begun_before_end_of(day).last().and_then(|fitting| fitting.removed_by.as_ref())
    }

    fn begun_before_end_of(&self, day: Day) -> &[Fitting] {
        let midnight = Moment::start_of(day.plus(1));
        &self.0[..self.0.partition_point(|fitting| fitting.period.from < midnight)]
    }

    /// The first instant with a tag.
    pub fn first(&self) -> Option<Moment> {
        self.0.first().map(|fitting| fitting.period.from)
    }
}
