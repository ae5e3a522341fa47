//! A report's place in time: the order in which reports are judged, whatever order they arrive in.

use crate::fix::is_plausible_at;
use crate::{Fix, Report, Timestamp};
use serde::{Deserialize, Serialize};

/// A report from before this has a clock that was never set: 2001-01-01T00:00:00Z, milliseconds.
const CLOCKS_BEGIN_MS: i64 = 978_307_200_000;

/// The order of judgement among the reports of one wearer: by instant, then the one whose position is judged first (policy 8.11), then by
/// what else judgement looks at. Reports that are equal here are the same to the judge.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Order {
    at: Timestamp,
    /// Decimetres; the greatest value = no valid position.
    accuracy_dm: u16,
    battery_percent: u8,
    latitude_e7: i32,
    longitude_e7: i32,
    signals: u32,
}

impl Order {
    /// Before every report at or after `at`.
    pub const fn before(at: Timestamp) -> Self {
        Self { at, accuracy_dm: 0, battery_percent: 0, latitude_e7: i32::MIN, longitude_e7: i32::MIN, signals: 0 }
    }

    /// The place of a report that was received then.
    pub fn of(report: &Report, received_at: Timestamp) -> Self {
        Self::with_fix(report, received_at, Fix::of_report(report, received_at).as_ref())
    }

    /// The same, where the report's position is known already.
    pub(crate) fn with_fix(report: &Report, received_at: Timestamp, fix: Option<&Fix>) -> Self {
        let (latitude_e7, longitude_e7) = if fix.is_some() { (report.latitude_e7, report.longitude_e7) } else { (0, 0) };
        Self {
            at: report.judged_at(received_at),
            // The finest accuracy that is believed is 3 m and what is unsaid counts as 15 m, as in a fix.
            accuracy_dm: fix.map_or(u16::MAX, |fix| (fix.accuracy_m() * 10.0).round() as u16),
            battery_percent: report.battery_percent,
            latitude_e7,
            longitude_e7,
            signals: report.signals.bits(),
        }
    }

    /// The instant that counts: the tag's clock, or the receiving clock where the tag's is off.
    pub const fn at(&self) -> Timestamp {
        self.at
    }
}

impl Report {
    /// Whether the tag's clock cannot be right: more than 10 minutes ahead of the receiving clock, or never set.
    pub fn clock_is_off(&self, received_at: Timestamp) -> bool {
        !is_plausible_at(self.taken_at, received_at) || self.taken_at.millis() < CLOCKS_BEGIN_MS
    }

    /// The instant at which the report counts: as the tag says, or when it was received if the tag's clock is off.
    pub fn judged_at(&self, received_at: Timestamp) -> Timestamp {
        if self.clock_is_off(received_at) { received_at } else { self.taken_at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_clock_counts_when_it_was_received() {
        let now = Timestamp::from_millis(1_700_000_000_000);
        for (offset_s, at_s) in [(0, 0), (600, 600), (601, 0), (-86_400, -86_400), (-1_700_000_000, 0)] {
            let report = Report::at(now.plus_seconds(offset_s));
            assert_eq!(Order::of(&report, now).at(), now.plus_seconds(at_s), "{offset_s} s off");
        }
    }

    #[test]
    fn at_one_instant_the_position_to_judge_comes_first() {
        let now = Timestamp::from_millis(1_700_000_000_000);
        let fine = Report { latitude_e7: 357_000_000, longitude_e7: 514_000_000, satellites: 7, accuracy_dm: 50, ..Report::at(now) };
        let reports = [fine, Report { accuracy_dm: 0, ..fine }, Report { accuracy_dm: 151, ..fine }, Report { satellites: 0, ..fine }];
        let orders = reports.map(|report| Order::of(&report, now));
        assert!(orders.is_sorted_by(|a, b| a < b), "{orders:?}");
        assert!(Order::before(now) < orders[0]);
        assert!(Order::before(now.plus_millis(1)) > orders[3]);
    }
}
