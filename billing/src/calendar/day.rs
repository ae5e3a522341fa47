//! A civil day, and ranges of days.

use super::{CalendarError, FIRST_YEAR, LAST_YEAR, Month, table};
use chrono::{Datelike, NaiveDate, TimeDelta};
use icu_calendar::{Date, Iso, cal::Persian};
use std::fmt;
use std::str::FromStr;

/// A civil day of Asia/Tehran; shown in Solar Hijri: `1398/05/02`. Days of 23 or 25 hours are days like others.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(NaiveDate);

impl Day {
    /// From a Solar Hijri date.
    ///
    /// # Errors
    /// If there is no such date, or outside the years [`FIRST_YEAR`] to [`LAST_YEAR`].
    pub fn new(year: i32, month: u8, day: u8) -> Result<Self, CalendarError> {
        let text = || format!("{year:04}/{month:02}/{day:02}");
        if !(FIRST_YEAR..=LAST_YEAR).contains(&year) {
            return Err(CalendarError::Range(text()));
        }
        Self::from_parts(year, month, day).ok_or_else(|| CalendarError::NoSuchDate(text()))
    }

    /// Without the check of years: months next to the last year have days too.
    pub(super) fn from_parts(year: i32, month: u8, day: u8) -> Option<Self> {
        let date = Date::try_new_persian(year, month, day).ok()?.to_calendar(Iso);
        let gregorian =
            NaiveDate::from_ymd_opt(date.year().extended_year(), u32::from(date.month().ordinal), u32::from(date.day_of_month().0));
        gregorian.map(Self)
    }

    pub(super) fn from_gregorian(date: NaiveDate) -> Self {
        Self(date)
    }

    /// The Gregorian date of the same day.
    pub const fn gregorian(self) -> NaiveDate {
        self.0
    }

    /// Its month.
    pub fn month(self) -> Month {
        let (year, month, _) = self.solar_hijri();
        Month::new(year, month)
    }

    /// 1 to 31.
    pub fn day_of_month(self) -> u8 {
        self.solar_hijri().2
    }

    /// So many days later (or earlier).
    pub fn plus(self, days: i64) -> Self {
        Self(self.0 + TimeDelta::days(days))
    }

    /// Days from `earlier` to this one.
    pub fn days_since(self, earlier: Self) -> i64 {
        (self.0 - earlier.0).num_days()
    }

    /// This day, the next, and so on, up to and including `last`.
    pub fn through(self, last: Self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self), |day| Some(day.plus(1))).take_while(move |day| *day <= last)
    }

    /// Year, month and day.
    fn solar_hijri(self) -> (i32, u8, u8) {
        table::row(self).map_or_else(|| self.reckoned(), |row| (row.year, row.month, row.day))
    }

    /// The same, not looked up.
    pub(super) fn reckoned(self) -> (i32, u8, u8) {
        let iso = Date::try_new_iso(self.0.year(), self.0.month() as u8, self.0.day() as u8);
        let date = iso.expect("a Gregorian date is a date of the ISO calendar").to_calendar(Persian);
        (date.year().extended_year(), date.month().ordinal, date.day_of_month().0)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.solar_hijri();
        write!(f, "{year:04}/{month:02}/{day:02}")
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<NaiveDate> for Day {
    type Error = CalendarError;

    /// Of a Gregorian date.
    fn try_from(date: NaiveDate) -> Result<Self, Self::Error> {
        let years = FIRST_YEAR + 621..=LAST_YEAR + 622;
        let is_near = years.contains(&date.year());
        Some(Self(date))
            .filter(|day| is_near && (FIRST_YEAR..=LAST_YEAR).contains(&day.month().year()))
            .ok_or_else(|| CalendarError::Range(date.to_string()))
    }
}

impl FromStr for Day {
    type Err = CalendarError;

    /// Reads `1398/04/02`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unreadable = || CalendarError::Unreadable(text.to_owned());
        let mut parts = text.split('/');
        let (Some(year), Some(month), Some(day), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(unreadable());
        };
        let number = |part: &str, longest: usize| {
            let plain = !part.is_empty() && part.len() <= longest && part.bytes().all(|digit| digit.is_ascii_digit());
            if plain { part.parse::<u16>().map_err(|_| unreadable()) } else { Err(unreadable()) }
        };
        let (month, day) = (number(month, 2)?, number(day, 2)?);
        Self::new(i32::from(number(year, 4)?), month as u8, day as u8)
    }
}

/// Days without a gap, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DayRange {
    /// The first day.
    pub first: Day,
    /// The last day, the same or later.
    pub last: Day,
}

/// Joins neighbours: days in ascending order become as few ranges as possible.
pub fn ranges(days: impl IntoIterator<Item = Day>) -> Vec<DayRange> {
    let mut ranges: Vec<DayRange> = Vec::new();
    for day in days {
        match ranges.last_mut() {
            Some(range) if day.days_since(range.last) <= 1 => range.last = day,
            _ => ranges.push(DayRange { first: day, last: day }),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn solar_hijri_and_gregorian_are_the_same_days() {
        let check = |solar: &str, gregorian: &str| {
            assert_eq!(day(solar).gregorian().to_string(), gregorian, "{solar}");
            assert_eq!(day(solar).to_string(), solar);
        };
        check("1398/04/02", "2019-06-23"); // the directive
        check("1399/12/30", "2021-03-20"); // 1399, 1403 and 1408 are leap years
        check("1400/01/01", "2021-03-21");
        check("1403/12/30", "2025-03-20");
        check("1404/01/01", "2025-03-21");
        check("1408/12/30", "2030-03-20");
    }

    #[test]
    fn months_have_their_lengths() {
        let check = |first: &str, length: i64| assert_eq!(day(first).month().length(), length, "{first}");
        check("1398/06/01", 31);
        check("1398/07/01", 30);
        check("1398/12/01", 29);
        check("1399/12/01", 30);
        assert_eq!(day("1398/12/29").plus(1), day("1399/01/01"));
        assert_eq!(day("1398/12/05").month().next().first_day(), day("1399/01/01"));
        assert_eq!(day("1399/01/05").month().previous().last_day(), day("1398/12/29"));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in
            ["1398/12/30", "1398/07/31", "1398/13/01", "1398/00/01", "1398/01/00", "1398/05/300", "1398/5", "98/05/01", "+1398/05/01"]
        {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
        assert!(matches!("2019/07/23".parse::<Day>(), Err(CalendarError::Range(_))));
    }
}
