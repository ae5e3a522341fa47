//! Instants as people in Iran read them, in either language.

use crate::language::Language;
use chrono::{DateTime, Datelike, Utc};
use chrono_tz::Asia::Tehran;
use icu_calendar::{Date, cal::Persian};

/// Tehran civil time: `۱۴۰۵/۰۹/۰۱ ساعت ۱۳:۲۲:۰۵` in Persian, with the Solar Hijri date; `2026-11-22 13:22:05 (Tehran)` in English. `None`
/// outside the calendar.
pub fn shown(time: DateTime<Utc>, language: Language) -> Option<String> {
    let local = time.with_timezone(&Tehran);
    let clock = local.format("%H:%M:%S");
    if language == Language::English {
        return Some(format!("{} {clock} (Tehran)", local.format("%Y-%m-%d")));
    }
    let (year, month, day) = persian_date(&local)?;
    // The word between makes the whole run from right to left; figures alone would put the clock before the date.
    Some(persian_digits(&format!("{year:04}/{month:02}/{day:02} ساعت {clock}")))
}

/// Tehran civil time by the Solar Hijri calendar for files, `1405/09/01 13:22:05`. `None` outside the calendar.
pub fn solar_hijri(time: geofence::Timestamp) -> Option<String> {
    let local = DateTime::from_timestamp_millis(time.millis())?.with_timezone(&Tehran);
    let (year, month, day) = persian_date(&local)?;
    Some(format!("{year:04}/{month:02}/{day:02} {}", local.format("%H:%M:%S")))
}

/// Whether there is such a day in the Solar Hijri calendar.
pub fn is_persian_date(year: i32, month: u8, day: u8) -> bool {
    let first = Date::try_new_persian(year, month, 1);
    first.is_ok_and(|first| (1..=first.days_in_month()).contains(&day))
}

fn persian_date(local: &DateTime<chrono_tz::Tz>) -> Option<(i32, u8, u8)> {
    let date = Date::try_new_iso(local.year(), local.month() as u8, local.day() as u8).ok()?.to_calendar(Persian);
    Some((date.year().extended_year(), date.month().ordinal, date.day_of_month().0))
}

/// The text with its ASCII digits as Persian ones.
pub fn persian_digits(text: &str) -> String {
    let persian = |digit: char| digit.to_digit(10).and_then(|digit| char::from_u32('۰' as u32 + digit));
    text.chars().map(|character| persian(character).unwrap_or(character)).collect()
}

#[cfg(test)]
mod tests {
    use super::{DateTime, Language, persian_digits, shown};

    #[test]
    fn instants_are_shown_in_tehran_and_in_persian_by_the_solar_hijri_calendar() {
        let check = |utc: &str, persian: &str, english: &str| {
            let time = DateTime::parse_from_rfc3339(utc).unwrap().to_utc();
            assert_eq!(shown(time, Language::Persian).unwrap(), persian);
            assert_eq!(shown(time, Language::English).unwrap(), english);
        };
        // The directive, with daylight saving; then without; then the last second of a leap year and the first after it.
        check("2019-06-23T00:00:00Z", "۱۳۹۸/۰۴/۰۲ ساعت ۰۴:۳۰:۰۰", "2019-06-23 04:30:00 (Tehran)");
        check("2026-11-22T09:52:05Z", "۱۴۰۵/۰۹/۰۱ ساعت ۱۳:۲۲:۰۵", "2026-11-22 13:22:05 (Tehran)");
        check("2025-03-20T20:29:59Z", "۱۴۰۳/۱۲/۳۰ ساعت ۲۳:۵۹:۵۹", "2025-03-20 23:59:59 (Tehran)");
        check("2025-03-20T20:30:00Z", "۱۴۰۴/۰۱/۰۱ ساعت ۰۰:۰۰:۰۰", "2025-03-21 00:00:00 (Tehran)");
    }

    #[test]
    fn only_digits_are_changed() {
        assert_eq!(persian_digits("-1234567890 پابند x۵"), "-۱۲۳۴۵۶۷۸۹۰ پابند x۵");
    }
}
