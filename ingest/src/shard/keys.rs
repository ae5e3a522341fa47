//! Which reports of a tag are stored already, as far as memory reaches.

use geofence::{Report, Timestamp};
use serde::{Deserialize, Serialize};
use std::hash::BuildHasher;
use thin_vec::ThinVec;

/// Keys kept at most. Past it the older half is forgotten, and repeats of those are looked up in the database.
const KEYS_MAX: usize = 256;

/// Keys kept when a tag's memory is written down.
const KEYS_AT_REST: usize = 8;

/// A report's place among those known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// Not stored.
    New,
    /// Stored already.
    Repeat,
    /// Older than memory reaches: only the database knows.
    Unknown,
}

/// The newest report keys of one tag: (taken at, digest of the whole content), ascending.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ReportKeys {
    /// Every stored report taken after this instant is among the keys.
    complete_after: Timestamp,
    keys: ThinVec<(Timestamp, u64)>,
}

impl ReportKeys {
    /// A tag that has never reported.
    pub fn empty() -> Self {
        Self { complete_after: Timestamp::MIN, keys: ThinVec::new() }
    }

    /// Nothing is known of what was taken up to `until`.
    pub fn forgotten(until: Timestamp) -> Self {
        Self { complete_after: until, keys: ThinVec::new() }
    }

    /// The newest instant of a stored report, by the tag's clock, as far as memory reaches.
    pub fn newest(&self) -> Option<Timestamp> {
        self.keys.last().map(|(newest, _)| *newest)
    }

    /// Whether the tag has never reported.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.complete_after == Timestamp::MIN
    }

    /// Where `report` belongs.
    pub fn place(&self, report: &Report) -> Place {
        // The common case first: newer than all that is known.
        if self.keys.last().is_none_or(|(newest, _)| report.taken_at > *newest) && report.taken_at > self.complete_after {
            return Place::New;
        }
        if report.taken_at <= self.complete_after {
            return Place::Unknown;
        }
        let key = (report.taken_at, digest(report));
        if self.keys.binary_search(&key).is_ok() { Place::Repeat } else { Place::New }
    }

    /// Remembers a stored report. One that is older than memory reaches needs no remembering.
    pub fn insert(&mut self, report: &Report) {
        let key = (report.taken_at, digest(report));
        if self.keys.last().is_none_or(|newest| key > *newest) {
            self.keys.push(key);
        } else if key.0 > self.complete_after
            && let Err(position) = self.keys.binary_search(&key)
        {
            self.keys.insert(position, key);
        }
        if self.keys.len() > KEYS_MAX {
            self.forget_down_to(KEYS_MAX / 2);
        }
    }

    /// Forgets what a resting tag need not remember.
    pub fn trim(&mut self) {
        if self.keys.len() > KEYS_AT_REST {
            self.forget_down_to(KEYS_AT_REST);
            self.keys.shrink_to_fit();
        }
    }

    fn forget_down_to(&mut self, keep: usize) {
        let forgotten = self.keys.len() - keep;
        self.complete_after = self.complete_after.max(self.keys[forgotten - 1].0);
        let complete_after = self.complete_after;
        self.keys.retain(|(taken_at, _)| *taken_at > complete_after);
    }
}

/// 64 bits of the report's whole content. The seed is fixed: digests are written down.
fn digest(report: &Report) -> u64 {
    foldhash::quality::FixedState::with_seed(0x7061_6261_6e64).hash_one(report)
}

#[cfg(test)]
mod tests {
    use super::{KEYS_AT_REST, KEYS_MAX, Place, ReportKeys};
    use geofence::{Report, Timestamp};

    fn at(seconds: i64) -> Report {
        Report::at(Timestamp::from_millis(seconds * 1000))
    }

    fn knowing(seconds: impl IntoIterator<Item = i64>) -> ReportKeys {
        let mut keys = ReportKeys::empty();
        seconds.into_iter().for_each(|second| keys.insert(&at(second)));
        keys
    }

    #[test]
    fn a_report_is_new_or_repeated() {
        let keys = knowing([10, 20, 30]);
        assert_eq!(keys.place(&at(31)), Place::New);
        assert_eq!(keys.place(&at(20)), Place::Repeat);
        assert_eq!(keys.place(&at(25)), Place::New);
        assert_eq!(keys.place(&at(-5)), Place::New);
    }

    #[test]
    fn another_content_at_the_same_instant_is_another_report() {
        let keys = knowing([10]);
        assert_eq!(keys.place(&Report { battery_percent: 50, ..at(10) }), Place::New);
    }

    #[test]
    fn what_memory_forgot_only_the_database_knows() {
        let keys = knowing(0..=KEYS_MAX as i64);
        assert_eq!(keys.place(&at(0)), Place::Unknown);
        assert_eq!(keys.place(&at(KEYS_MAX as i64)), Place::Repeat);
    }

    #[test]
    fn a_trimmed_memory_stays_exact_about_what_it_keeps() {
        let mut keys = knowing(0..100);
        keys.trim();
        assert_eq!(keys.keys.len(), KEYS_AT_REST);
        assert_eq!(keys.place(&at(99)), Place::Repeat);
        assert_eq!(keys.place(&at(50)), Place::Unknown);
        assert_eq!(keys.place(&at(100)), Place::New);
    }

    #[test]
    fn keys_of_one_instant_are_forgotten_together() {
        let mut keys = ReportKeys::empty();
        for battery_percent in 0..20 {
            keys.insert(&Report { battery_percent, ..at(1) });
        }
        keys.trim();
        assert_eq!(keys.place(&Report { battery_percent: 19, ..at(1) }), Place::Unknown);
    }
}
