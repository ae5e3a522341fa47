//! The clock of Tehran.

use super::{CalendarError, Day};
use chrono::{DateTime, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Asia::Tehran;
use std::sync::LazyLock;

/// Instants whose offset tells right tz data from wrong: summers of 1401 and after, and both ends of an hour that came twice.
const KNOWN_OFFSETS: [(&str, i64, i32); 5] = [
    ("1398/05/01 09:00", 1_563_856_200, 16_200),
    ("1401/01/02 01:00", 1_647_894_600, 16_200),
    ("1401/06/30, last instant", 1_663_792_199, 12_600),
    ("1401/06/31 00:00", 1_663_792_200, 12_600),
    ("1402/05/01 09:00", 1_690_090_200, 12_600),
];

/// Whether the time zone data in this program are right. Production, preview and the case command ask before they bill.
///
/// # Errors
/// If an offset is wrong. tz data before 2022b keep a daylight saving that ended in 1401.
pub fn check_time_zone() -> Result<(), CalendarError> {
    // The data are a part of the program: once looked at, they stay as they are.
    static CHECKED: LazyLock<Result<(), CalendarError>> = LazyLock::new(checked);
    CHECKED.clone()
}

fn checked() -> Result<(), CalendarError> {
    KNOWN_OFFSETS.iter().try_for_each(|(name, seconds, offset)| {
        let utc = DateTime::from_timestamp(*seconds, 0).expect("the instants of the table exist").naive_utc();
        let found = Tehran.offset_from_utc_datetime(&utc).fix().local_minus_utc();
        if found == *offset { Ok(()) } else { Err(CalendarError::TimeZone(name, *offset, found)) }
    })
}

/// Seconds east of Greenwich at an instant.
pub(super) fn local(utc: DateTime<Utc>) -> DateTime<chrono::FixedOffset> {
    let offset = Tehran.offset_from_utc_datetime(&utc.naive_utc()).fix();
    utc.with_timezone(&offset)
}

/// The instant of a wall time: the earlier of two, `None` if the clock jumped over it.
pub(super) fn at_wall(wall: NaiveDateTime) -> Option<DateTime<Utc>> {
    Tehran.offset_from_local_datetime(&wall).earliest().map(|offset| (wall - offset.fix()).and_utc())
}

/// The first instant of a day: midnight, or where the clock came out of a jump over midnight.
pub(super) fn start_of(day: Day) -> DateTime<Utc> {
    let midnight = day.gregorian().and_time(NaiveTime::MIN);
    // No clock of the zone ever jumped more than three hours; with the offset before the jump, midnight is the jump itself.
    at_wall(midnight).unwrap_or_else(|| {
        let before = Tehran.offset_from_local_datetime(&(midnight - TimeDelta::hours(3))).earliest();
        (midnight - before.expect("the hours before a jump exist").fix()).and_utc()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_zone_data_are_right() {
        assert_eq!(check_time_zone(), Ok(()));
    }

    #[test]
    fn days_of_a_changed_clock_have_23_and_25_hours() {
        let check = |day: &str, hours: i64| {
            let day: Day = day.parse().unwrap();
            assert_eq!((start_of(day.plus(1)) - start_of(day)).num_hours(), hours, "{day}");
        };
        for year in 1397..=1401 {
            check(&format!("{year}/01/02"), 23);
            check(&format!("{year}/06/30"), 25);
            check(&format!("{year}/01/01"), 24);
            check(&format!("{year}/06/31"), 24);
        }
        for year in 1402..=1405 {
            check(&format!("{year}/01/02"), 24);
            check(&format!("{year}/06/30"), 24);
        }
    }
}
