//! Instants as whole milliseconds of UTC. The crate never asks a clock.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// An instant: milliseconds since 1970-01-01T00:00:00Z, without leap seconds. May be negative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Before every instant a tag can say.
    pub const MIN: Self = Self(i64::MIN);
    /// After every instant a tag can say.
    pub const MAX: Self = Self(i64::MAX);

    /// From milliseconds since 1970.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Later by whole seconds; saturates at the ends of time.
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// Later by milliseconds; saturates at the ends of time.
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to `self`; saturates.
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The calendar form, or `None` outside the calendar's range (years beyond ±262,000).
    pub fn to_datetime(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_millis(self.0)
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time.timestamp_millis())
    }
}

impl FromStr for Timestamp {
    type Err = chrono::ParseError;

    /// Reads RFC 3339 with any offset.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        DateTime::parse_from_rfc3339(text).map(|time| Self(time.timestamp_millis()))
    }
}

/// RFC 3339 in UTC, milliseconds only if they are not zero: `2026-11-22T09:00:00Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(time) = self.to_datetime() else {
            return write!(f, "{} ms", self.0);
        };
        let precision = if self.0.rem_euclid(1000) == 0 { SecondsFormat::Secs } else { SecondsFormat::Millis };
        f.write_str(&time.to_rfc3339_opts(precision, true))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn milliseconds_are_shown_only_if_needed() {
        assert_eq!(Timestamp::from_millis(0).to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(Timestamp::from_millis(1).to_string(), "1970-01-01T00:00:00.001Z");
        assert_eq!("1970-01-01T03:30:00+03:30".parse(), Ok(Timestamp::from_millis(0)));
    }
}
