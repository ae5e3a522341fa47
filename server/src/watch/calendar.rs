//! Instants as an operator in Tehran reads them.

use chrono::{DateTime, Datelike, Utc};
use chrono_tz::Asia::Tehran;
use icu_calendar::{Date, cal::Persian};

/// Tehran civil time with the Solar Hijri date: `1405/09/01 13:22:05`. `?` for an instant outside the calendar.
pub fn tehran(time: Option<&prost_types::Timestamp>) -> String {
    time.and_then(|time| DateTime::from_timestamp(time.seconds, u32::try_from(time.nanos).ok()?))
        .and_then(solar_hijri)
        .unwrap_or_else(|| "?".to_owned())
}

fn solar_hijri(time: DateTime<Utc>) -> Option<String> {
    let local = time.with_timezone(&Tehran);
    let date = Date::try_new_iso(local.year(), local.month() as u8, local.day() as u8).ok()?.to_calendar(Persian);
    let (year, month, day) = (date.year().extended_year(), date.month().ordinal, date.day_of_month().0);
    Some(format!("{year:04}/{month:02}/{day:02} {}", local.format("%H:%M:%S")))
}

#[cfg(test)]
mod tests {
    use super::tehran;
    use chrono::DateTime;

    #[test]
    fn instants_are_shown_in_tehran_and_solar_hijri() {
        let check = |utc: &str, shown: &str| {
            let time = DateTime::parse_from_rfc3339(utc).unwrap();
            let time = prost_types::Timestamp { seconds: time.timestamp(), nanos: 0 };
            assert_eq!(tehran(Some(&time)), shown, "{utc}");
        };
        check("2019-06-23T00:00:00Z", "1398/04/02 04:30:00"); // the directive; then with daylight saving
        check("2026-11-22T09:52:05Z", "1405/09/01 13:22:05");
        check("2025-03-20T20:29:59Z", "1403/12/30 23:59:59"); // 1403 is a leap year
        check("2025-03-20T20:30:00Z", "1404/01/01 00:00:00");
    }

    #[test]
    fn what_is_no_instant_is_a_question_mark() {
        assert_eq!(tehran(None), "?");
        assert_eq!(tehran(Some(&prost_types::Timestamp { seconds: i64::MAX, nanos: 0 })), "?");
        assert_eq!(tehran(Some(&prost_types::Timestamp { seconds: 0, nanos: -1 })), "?");
    }
}
