//! An instant that lies within the years that are reckoned.

use super::{CalendarError, Day, FIRST_YEAR, LAST_YEAR, table, zone};
use chrono::{DateTime, NaiveTime, SecondsFormat, Utc};
use std::fmt;
use std::str::FromStr;

/// An instant between the years [`FIRST_YEAR`] and [`LAST_YEAR`], so that it always has a civil day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(DateTime<Utc>);

impl Moment {
    /// The first instant of a day.
    pub fn start_of(day: Day) -> Self {
        Self(table::row(day).map_or_else(|| zone::start_of(day), |row| row.begins))
    }

    /// The civil day it lies in.
    pub fn day(self) -> Day {
        Day::from_gregorian(zone::local(self.0).date_naive())
    }

    /// As an instant.
    pub const fn utc(self) -> DateTime<Utc> {
        self.0
    }

    /// RFC 3339 in UTC.
    pub fn utc_text(self) -> String {
        self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }

    /// RFC 3339 with Tehran's offset.
    pub fn tehran_text(self) -> String {
        zone::local(self.0).to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }

    fn from_wall(text: &str) -> Result<Self, CalendarError> {
        let unreadable = || CalendarError::Unreadable(text.to_owned());
        let (date, time) = text.split_once(' ').map_or((text, None), |(date, time)| (date, Some(time.trim_start())));
        let day: Day = date.parse()?;
        let time = match time {
            None => NaiveTime::MIN,
            Some(time) => ["%H:%M", "%H:%M:%S"]
                .iter()
                .find_map(|format| NaiveTime::parse_from_str(time, format).ok())
                .filter(|time| chrono::Timelike::nanosecond(time) < 1_000_000_000)
                .ok_or_else(unreadable)?,
        };
        zone::at_wall(day.gregorian().and_time(time)).map(Self).ok_or_else(|| CalendarError::Skipped(text.to_owned()))
    }
}

impl TryFrom<DateTime<Utc>> for Moment {
    type Error = CalendarError;

    fn try_from(time: DateTime<Utc>) -> Result<Self, Self::Error> {
        // The bounds are Gregorian years that hold the Solar Hijri ones; day arithmetic is safe well beyond both.
        let year = chrono::Datelike::year(&time);
        if !(FIRST_YEAR + 621..=LAST_YEAR + 622).contains(&year) {
            return Err(CalendarError::Range(time.to_rfc3339()));
        }
        let moment = Self(time);
        if (FIRST_YEAR..=LAST_YEAR).contains(&moment.day().month().year()) {
            Ok(moment)
        } else {
            Err(CalendarError::Range(time.to_rfc3339()))
        }
    }
}

impl FromStr for Moment {
    type Err = CalendarError;

    /// Reads `2019-07-24T05:30:00Z` (an offset is required), or a Tehran time `1398/05/02 10:00` (hour and seconds optional). Of a time
    /// that comes twice the earlier is meant.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        match DateTime::parse_from_rfc3339(text) {
            // A sixtieth second is no time of this calendar: it would lie beside the order of instants.
            Ok(time) if chrono::Timelike::nanosecond(&time) < 1_000_000_000 => Self::try_from(time.to_utc()),
            _ => Self::from_wall(text),
        }
    }
}

/// Tehran civil time: `1398/05/02 10:00:00`.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.day(), zone::local(self.0).format("%H:%M:%S"))
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_time_is_one_instant_even_when_clocks_jump() {
        let check = |text: &str, utc: &str| assert_eq!(text.parse::<Moment>().unwrap().utc_text(), utc, "{text}");
        check("1398/05/02 10:00", "2019-07-24T05:30:00Z");
        check("1398/05/02", "2019-07-23T19:30:00Z");
        check("2019-07-24T10:00:00+04:30", "2019-07-24T05:30:00Z");
        check("1401/01/02 01:00", "2022-03-21T20:30:00Z");
        check("1401/06/30 23:30", "2022-09-21T19:00:00Z"); // comes twice; the earlier
        check("1401/06/31 00:00", "2022-09-21T20:30:00Z");
        check("1402/01/02", "2023-03-21T20:30:00Z");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["1401/01/02", "1401/01/02 00:30", "1397/01/02 00:59:59"] {
            assert!(matches!(text.parse::<Moment>(), Err(CalendarError::Skipped(_))), "{text}");
        }
        for text in ["2019-07-24T05:30:00", "2019-07-24", "1398/05/02 24:00", "1398/05/02T10:00", "1398/05/02 23:59:60", "", "yesterday"] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
        assert!(matches!("9999-01-01T00:00:00Z".parse::<Moment>(), Err(CalendarError::Range(_))));
    }

    #[test]
    fn a_moment_is_shown_in_tehran() {
        let moment: Moment = "2019-08-22T19:45:00Z".parse().unwrap();
        assert_eq!(moment.to_string(), "1398/06/01 00:15:00");
        assert_eq!(moment.tehran_text(), "2019-08-23T00:15:00+04:30");
    }
}
