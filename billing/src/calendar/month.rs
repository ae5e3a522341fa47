//! A month of the Solar Hijri calendar.

use super::CalendarError;
use super::day::Day;
use serde::{Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// A Solar Hijri month of a year, such as Mordad 1398; shown as `1398-05`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i32,
    month: u8,
}

impl Month {
    /// Only a [`Day`] makes one, so `month` is 1 to 12.
    pub(super) const fn new(year: i32, month: u8) -> Self {
        Self { year, month }
    }

    /// The Solar Hijri year.
    pub const fn year(self) -> i32 {
        self.year
    }

    /// 1 (Farvardin) to 12 (Esfand).
    pub const fn month(self) -> u8 {
        self.month
    }

    /// The month after.
    pub const fn next(self) -> Self {
        if self.month == 12 { Self::new(self.year + 1, 1) } else { Self::new(self.year, self.month + 1) }
    }

    /// The month before.
    pub const fn previous(self) -> Self {
        if self.month == 1 { Self::new(self.year - 1, 12) } else { Self::new(self.year, self.month - 1) }
    }

    /// The 1st.
    pub fn first_day(self) -> Day {
        Day::from_parts(self.year, self.month, 1).expect("every month has a first day")
    }

    /// The 29th, 30th or 31st.
    pub fn last_day(self) -> Day {
        self.next().first_day().plus(-1)
    }

    /// 29, 30 or 31.
    pub fn length(self) -> i64 {
        self.next().first_day().days_since(self.first_day())
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl fmt::Debug for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Month {
    type Err = CalendarError;

    /// Reads `1398-05`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(format!("{}/01", text.replace('-', "/")).parse::<Day>()?.month())
    }
}

impl Serialize for Month {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
