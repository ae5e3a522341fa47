//! Solar Hijri civil days of Asia/Tehran, and the instants between which they lie (rule R1).

mod day;
mod moment;
mod month;
mod table;
mod zone;

pub use day::{Day, DayRange, ranges};
pub use moment::Moment;
pub use month::Month;
pub use zone::check_time_zone;

/// First Solar Hijri year that is reckoned: the civil calendar's own beginning (1304) with some room before it.
pub const FIRST_YEAR: i32 = 1300;

/// Last Solar Hijri year that is reckoned. A later time is refused: it is a slip of the hand.
pub const LAST_YEAR: i32 = 1490;

/// Why a time or a day cannot be reckoned with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// Neither of the two ways of writing a time.
    #[error("\"{0}\" is no time: write 2019-07-24T05:30:00Z (an offset is required) or a Tehran time such as 1398/05/02 10:00")]
    Unreadable(String),
    /// The clock jumped over it.
    #[error("{0} does not exist in Tehran: the clock jumped over it; write 01:00 or later")]
    Skipped(String),
    /// No such date.
    #[error("{0} is no date of the Solar Hijri calendar: months 1 to 6 have 31 days, 7 to 11 have 30, 12 has 29 or (leap year) 30")]
    NoSuchDate(String),
    /// Beyond the years that are reckoned.
    #[error("{0} is outside the years {FIRST_YEAR} to {LAST_YEAR}: correct the year")]
    Range(String),
    /// The program carries wrong time zone data.
    #[error(
        "the time zone data are wrong: Tehran at {0} should have the offset {1} s but has {2} s; billing refuses, install a build with tz data 2022b or newer"
    )]
    TimeZone(&'static str, i32, i32),
}
