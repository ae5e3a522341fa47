//! One position as judgement sees it: valid, with an accuracy, in degrees and metres.

use crate::shape::whole;
use crate::{Report, Signal, Source, Timestamp};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// Accuracy of a fix that does not say, metres (policy 1).
const ACCURACY_UNSAID_M: f64 = 15.0;
/// No fix is better than this, metres (policy 1).
const ACCURACY_MIN_M: f64 = 3.0;
/// A fix further than this in the future of the receiving clock has no position (policy 1).
const FUTURE_MAX_S: i64 = 600;

/// A valid position of a wearer. Only [`Fix::new`] and [`Fix::of_report`] make one.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Fix {
    /// When the tag took it.
    pub(crate) taken_at: Timestamp,
    /// WGS84 latitude, degrees, −90 to 90.
    pub(crate) latitude: f64,
    /// WGS84 longitude, degrees, −180 to 180.
    pub(crate) longitude: f64,
    /// Radius that holds the true position with about 95 %, metres, at least 3.
    pub(crate) accuracy_m: f64,
    /// Latitude and longitude in whole 1e-7 degrees, for the quick look.
    pub(crate) steps: (i32, i32),
}

impl Fix {
    /// A position in degrees with its accuracy in metres (`None` = not said). `None` where policy 1 and 8.2 see no position: out
    /// of range, 0/0, or an accuracy that is no number.
    pub fn new(taken_at: Timestamp, latitude: f64, longitude: f64, accuracy_m: Option<f64>) -> Option<Self> {
        let in_range = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        let accuracy_m = accuracy_m.unwrap_or(ACCURACY_UNSAID_M).max(ACCURACY_MIN_M);
        let somewhere = latitude != 0.0 || longitude != 0.0;
        let steps = (whole(latitude), whole(longitude));
        (in_range && somewhere && accuracy_m.is_finite()).then_some(Self { taken_at, latitude, longitude, accuracy_m, steps })
    }

    /// The position that a report carries, if it carries a valid one. A satellite fix that names no satellite is none, unless the
    /// tag says outright that it is one.
    pub fn of_report(report: &Report, received_at: Timestamp) -> Option<Self> {
        let real = match report.signals.get(Signal::Fix) {
            Some(said) => said,
            None => report.source != Source::Gnss || report.satellites > 0,
        };
        let accuracy_m = match report.accuracy_dm {
            0 => None,
            u16::MAX => Some(f64::INFINITY),
            dm => Some(f64::from(dm) / 10.0),
        };
        let (latitude, longitude) = (f64::from(report.latitude_e7) / 1e7, f64::from(report.longitude_e7) / 1e7);
        let fix = Self::new(report.taken_at, latitude, longitude, accuracy_m)?;
        (real && !report.clock_is_off(received_at)).then_some(fix)
    }

    /// When the tag took it.
    pub const fn taken_at(&self) -> Timestamp {
        self.taken_at
    }

    /// Latitude and longitude, degrees.
    pub const fn position(&self) -> (f64, f64) {
        (self.latitude, self.longitude)
    }

    /// Accuracy radius, metres.
    pub const fn accuracy_m(&self) -> f64 {
        self.accuracy_m
    }

    /// By time; of one instant the one that is judged comes first (policy 8.11): the finest, then the least latitude, then the least
    /// longitude.
    pub fn in_order(&self, other: &Self) -> Ordering {
        let values = |fix: &Self| [fix.accuracy_m, fix.latitude, fix.longitude];
        let by_values = || values(self).iter().zip(&values(other)).map(|(a, b)| a.total_cmp(b)).find(|order| order.is_ne());
        self.taken_at.cmp(&other.taken_at).then_with(|| by_values().unwrap_or(Ordering::Equal))
    }
}

/// Whether a tag's clock is at most 10 minutes ahead of the receiving clock.
pub(crate) fn is_plausible_at(taken_at: Timestamp, received_at: Timestamp) -> bool {
    taken_at <= received_at.plus_seconds(FUTURE_MAX_S)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accuracy(latitude: f64, longitude: f64, accuracy_m: Option<f64>) -> Option<f64> {
        Fix::new(Timestamp::from_millis(0), latitude, longitude, accuracy_m).map(|fix| fix.accuracy_m)
    }

    #[test]
    fn a_position_out_of_range_or_nowhere_is_none() {
        assert_eq!(accuracy(35.7, 51.4, None), Some(15.0));
        assert_eq!(accuracy(35.7, 51.4, Some(1.0)), Some(3.0));
        assert_eq!(accuracy(35.7, 51.4, Some(100.0)), Some(100.0));
        assert_eq!(accuracy(0.0, 51.4, None), Some(15.0));
        assert_eq!(accuracy(0.0, 0.0, None), None);
        assert_eq!(accuracy(90.1, 0.0, None), None);
        assert_eq!(accuracy(0.0, -180.1, None), None);
        assert_eq!(accuracy(f64::NAN, 0.0, None), None);
        assert_eq!(accuracy(35.7, 51.4, Some(f64::INFINITY)), None);
    }

    #[test]
    fn a_report_without_satellites_or_from_the_future_has_no_position() {
        let now = Timestamp::from_millis(1_700_000_000_000);
        let good = Report { latitude_e7: 357_000_000, longitude_e7: 514_000_000, satellites: 7, ..Report::at(now) };
        let is_valid = |report: Report| Fix::of_report(&report, now).is_some();
        assert!(is_valid(good));
        assert!(!is_valid(Report { satellites: 0, ..good }));
        assert!(is_valid(Report { satellites: 0, source: Source::Wifi, ..good }));
        assert!(is_valid(Report { satellites: 0, signals: good.signals.with(Signal::Fix, true), ..good }));
        assert!(!is_valid(Report { signals: good.signals.with(Signal::Fix, false), ..good }));
        assert!(is_valid(Report { taken_at: now.plus_seconds(600), ..good }));
        assert!(!is_valid(Report { taken_at: now.plus_millis(600_001), ..good }));
        assert!(!is_valid(Report { accuracy_dm: u16::MAX, ..good }));
    }
}
