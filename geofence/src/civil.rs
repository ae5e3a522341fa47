//! Asia/Tehran civil time: dates and minutes of a day to instants and back.

use crate::Timestamp;
use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone};
use chrono_tz::Asia::Tehran;

/// The civil date at an instant; `None` outside the calendar.
pub(crate) fn date_of(time: Timestamp) -> Option<NaiveDate> {
    let utc = time.to_datetime()?.naive_utc();
    let offset = Tehran.offset_from_utc_datetime(&utc).fix();
    utc.checked_add_offset(offset).map(|local| local.date())
}

/// The instant at `minute` of a civil date (1,440 and more run into the days after).
pub(crate) fn instant(date: NaiveDate, minute: u32) -> Option<Timestamp> {
    let date = date.checked_add_days(Days::new(u64::from(minute / 1440)))?;
    let time = NaiveTime::from_num_seconds_from_midnight_opt(minute % 1440 * 60, 0)?;
    at_wall(date.and_time(time))
}

/// The instant of a wall time. One that a clock jump skips is read with the offset before it, one that comes twice is the first.
pub(crate) fn at_wall(wall: NaiveDateTime) -> Option<Timestamp> {
    let offset = match Tehran.offset_from_local_datetime(&wall).earliest() {
        Some(offset) => offset,
        None => Tehran.offset_from_local_datetime(&(wall - TimeDelta::hours(3))).earliest()?,
    };
    let utc: DateTime<chrono::Utc> = wall.checked_sub_offset(offset.fix())?.and_utc();
    Some(Timestamp::from(utc))
}

/// Reads an instant as staff write it: RFC 3339 with an offset, or a Tehran date (its midnight) or date and time without one.
pub(crate) fn parse_instant(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    if let Ok(date) = text.parse::<NaiveDate>() {
        return instant(date, 0);
    }
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .and_then(at_wall)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(wall: &str, utc: &str) {
        assert_eq!(parse_instant(wall).map(|time| time.to_string()).as_deref(), Some(utc), "{wall}");
    }

    #[test]
    fn a_wall_time_in_tehran_is_one_instant_even_when_clocks_jump() {
        check("2024-03-20T12:00", "2024-03-20T08:30:00Z");
        check("2022-01-01T12:00:00", "2022-01-01T08:30:00Z");
        check("2022-06-01 12:00", "2022-06-01T07:30:00Z");
        check("2022-03-22", "2022-03-21T20:30:00Z");
        check("2022-03-22T00:30", "2022-03-21T21:00:00Z");
        check("2022-03-22T01:00", "2022-03-21T20:30:00Z");
        check("2022-09-21T23:30", "2022-09-21T19:00:00Z");
        check("2022-09-22T00:00", "2022-09-21T20:30:00Z");
        check("2023-03-22T00:30", "2023-03-21T21:00:00Z");
        check("2022-03-21T20:30:00Z", "2022-03-21T20:30:00Z");
        assert_eq!(parse_instant("yesterday"), None);
    }
}
