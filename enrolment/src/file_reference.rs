//! The reference that a file gets when its clerk chooses none.

use chrono::{DateTime, Datelike, Utc};
use chrono_tz::Asia::Tehran;
use icu_calendar::Date;
use icu_calendar::cal::Persian;

/// `1405/000123`: the Solar Hijri year in which the file was opened, in Tehran, and a number that no other file got.
pub fn file_reference(opened_at: DateTime<Utc>, number: i64) -> String {
    let day = opened_at.with_timezone(&Tehran).date_naive();
    // No clock says a day outside the calendar; the Gregorian year would still name the file.
    let date = Date::try_new_iso(day.year(), day.month() as u8, day.day() as u8);
    let year = date.map_or(day.year(), |date| date.to_calendar(Persian).year().extended_year());
    format!("{year:04}/{number:06}")
}

#[cfg(test)]
mod tests {
    use super::file_reference;
    use chrono::DateTime;

    #[test]
    fn a_year_begins_at_midnight_in_tehran() {
        for (at, number, expected) in [
            ("2026-11-26T01:50:00Z", 123, "1405/000123"),
            ("2026-03-20T20:29:59Z", 7, "1404/000007"),
            ("2026-03-20T20:30:00Z", 8, "1405/000008"),
            ("2026-11-26T01:50:00Z", 1_234_567, "1405/1234567"),
        ] {
            assert_eq!(file_reference(DateTime::parse_from_rfc3339(at).unwrap().to_utc(), number), expected);
        }
    }
}
