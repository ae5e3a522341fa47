//! The Solar Hijri year 1401 (2022-03-21 to 2023-03-20), which is no leap year, on Tehran's clock.

use chrono::{Days, NaiveDate, Offset, TimeDelta, TimeZone, Timelike};
use chrono_tz::Asia::Tehran;
use geofence::Timestamp;

const MONTH_DAYS: [u64; 12] = [31, 31, 31, 31, 31, 31, 30, 30, 30, 30, 30, 29];

/// The Gregorian date of a day of 1401.
pub fn date(month: u64, day: u64) -> NaiveDate {
    let before: u64 = MONTH_DAYS[..month as usize - 1].iter().sum();
    first() + Days::new(before + day - 1)
}

fn first() -> NaiveDate {
    NaiveDate::from_ymd_opt(2022, 3, 21).unwrap()
}

/// The instant of a wall time such as "22:05"; of one that comes twice the first.
pub fn instant(month: u64, day: u64, clock: &str) -> Timestamp {
    let wall = date(month, day).and_time(chrono::NaiveTime::parse_from_str(clock, "%H:%M").unwrap());
    Timestamp::from(Tehran.from_local_datetime(&wall).earliest().unwrap().to_utc())
}

/// Midnight at the end of the year.
pub fn end_of_year() -> Timestamp {
    instant(12, 29, "23:30").plus_seconds(1800)
}

/// The Gregorian date in Tehran, and minutes of its clock.
pub fn wall(at: Timestamp) -> (NaiveDate, i64) {
    let local = at.to_datetime().unwrap().with_timezone(&Tehran).naive_local();
    (local.date(), i64::from(local.hour() * 60 + local.minute()))
}

/// `1401/01/16 23:05`; of the hour that comes twice in the autumn also which of both.
pub fn text(at: Timestamp) -> String {
    let (date, _) = wall(at);
    format!("{} {}", day_text(date), clock_text(at))
}

/// `23:05` if it is the same day as `day`, else with its date.
pub fn text_beside(at: Timestamp, day: Timestamp) -> String {
    if wall(at).0 == wall(day).0 { clock_text(at) } else { text(at) }
}

fn clock_text(at: Timestamp) -> String {
    let (_, minute) = wall(at);
    let which = if offset_s(at.plus_seconds(3600)) < offset_s(at) {
        " (summer time)"
    } else if offset_s(at.plus_seconds(-3600)) > offset_s(at) {
        " (winter time)"
    } else {
        ""
    };
    format!("{:02}:{:02}{which}", minute / 60, minute % 60)
}

fn offset_s(at: Timestamp) -> i32 {
    Tehran.offset_from_utc_datetime(&at.to_datetime().unwrap().naive_utc()).fix().local_minus_utc()
}

fn day_text(date: NaiveDate) -> String {
    let mut day = TimeDelta::num_days(&(date - first())) as u64;
    for (month, days) in (1..).zip(MONTH_DAYS) {
        if day < days {
            return format!("1401/{month:02}/{:02}", day + 1);
        }
        day -= days;
    }
    format!("1402/01/{:02}", day + 1)
}

#[test]
fn the_days_of_1401_have_their_known_gregorian_dates() {
    for (month, day, gregorian) in [
        (1, 1, "2022-03-21"),
        (1, 13, "2022-04-02"),
        (6, 31, "2022-09-22"),
        (7, 1, "2022-09-23"),
        (9, 30, "2022-12-21"),
        (12, 29, "2023-03-20"),
    ] {
        assert_eq!(date(month, day).to_string(), gregorian);
        assert_eq!(day_text(date(month, day)), format!("1401/{month:02}/{day:02}"));
    }
    assert_eq!(text(end_of_year()), "1402/01/01 00:00");
}

#[test]
fn the_clock_jumps_twice() {
    assert_eq!(instant(1, 2, "01:00").millis_since(instant(1, 1, "23:00")), 3_600_000);
    assert_eq!(text(instant(6, 30, "23:30")), "1401/06/30 23:30 (summer time)");
    assert_eq!(text(instant(6, 30, "23:30").plus_seconds(3600)), "1401/06/30 23:30 (winter time)");
    assert_eq!(text(instant(6, 30, "22:59")), "1401/06/30 22:59");
    assert_eq!(text(instant(6, 31, "00:00")), "1401/06/31 00:00");
}
