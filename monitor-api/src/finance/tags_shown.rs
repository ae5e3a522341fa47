//! What bills beside tags came to, portion by portion.

use super::shown::ranges;
use crate::accounts::instant;
use billing::calendar::DayRange;
use proto::billing as schema;
use std::cmp::Reverse;
use store::{StrayTag, TagComparison, TagDifference, TagPortion};

/// Entries of a list at most.
const LISTED_MAX: usize = 1000;

/// The entries with most days, and how many there were.
struct Most<T> {
    listed: Vec<(u32, T)>,
    count: u64,
}

impl<T> Most<T> {
    const fn none() -> Self {
        Self { listed: Vec::new(), count: 0 }
    }

    /// Entries with these days beside those that are there. Of the same days whoever came first stays.
    fn take(&mut self, more: impl Iterator<Item = (u32, T)>) {
        for one in more {
            self.listed.push(one);
            self.count += 1;
        }
        self.listed.sort_by_key(|(days, _)| Reverse(*days));
        self.listed.truncate(LISTED_MAX);
    }

    fn told<S>(self, shown: impl Fn(T) -> S) -> (Vec<S>, u64) {
        (self.listed.into_iter().map(|(_, one)| shown(one)).collect(), self.count)
    }
}

/// Everything that was found so far.
pub(super) struct Compared {
    silent_days_min: u32,
    silent: Most<TagDifference>,
    unbilled: Most<TagDifference>,
    stray: Most<StrayTag>,
}

impl Compared {
    pub(super) const fn new(silent_days_min: u32) -> Self {
        Self { silent_days_min, silent: Most::none(), unbilled: Most::none(), stray: Most::none() }
    }

    /// Adds a portion.
    pub(super) fn take(&mut self, portion: TagPortion) {
        let TagPortion { differences, stray } = portion;
        let unbilled = differences.iter().filter(|one| !one.unbilled.is_empty());
        self.unbilled.take(unbilled.map(|one| (days(&one.unbilled), one.clone())));
        let silent = differences.into_iter().map(|one| (days(&one.silent), one));
        self.silent.take(silent.filter(|(days, _)| *days >= self.silent_days_min));
        self.stray.take(stray.into_iter().map(|one| (days(&one.heard), one)));
    }

    /// The whole.
    pub(super) fn told(self, comparison: &TagComparison) -> schema::TagComparison {
        let (silent, silent_count) = self.silent.told(difference);
        let (unbilled, unbilled_count) = self.unbilled.told(difference);
        let (stray, stray_count) = self.stray.told(stray);
        schema::TagComparison {
            days: ranges(&comparison.days()),
            persons: comparison.persons() as u64,
            silent,
            silent_count,
            unbilled,
            unbilled_count,
            stray,
            stray_count,
        }
    }
}

fn days(ranges: &[DayRange]) -> u32 {
    let days: i64 = ranges.iter().map(|range| range.last.days_since(range.first) + 1).sum();
    u32::try_from(days).unwrap_or_default()
}

fn difference(one: TagDifference) -> schema::TagDifference {
    schema::TagDifference {
        wearer: one.wearer,
        unit: one.unit,
        days_billed: one.days_billed,
        days_heard: one.days_heard,
        imeis: one.imeis,
        silent: ranges(&one.silent),
        unbilled: ranges(&one.unbilled),
    }
}

fn stray(one: StrayTag) -> schema::StrayTag {
    schema::StrayTag { imei: one.imei, wearer: one.wearer, unit: one.unit, off_at: Some(instant(one.off_at)), heard: ranges(&one.heard) }
}
