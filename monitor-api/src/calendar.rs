//! Instants as people in Iran read them, in either language.

use crate::language::Language;
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Asia::Tehran;
use icu_calendar::Date;
use icu_calendar::cal::{Iso, Persian};

/// Years that anybody alive can mean. `1405-08-30` is then no day of the Middle Ages but a slip.
const GREGORIAN_YEARS: std::ops::RangeInclusive<i32> = 1871..=2150;
const SOLAR_HIJRI_YEARS: std::ops::RangeInclusive<i32> = 1250..=1529;

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

/// A civil day by the Solar Hijri calendar, `1405/08/30`. `None` outside the calendar.
pub fn solar_hijri_day(day: NaiveDate) -> Option<String> {
    let (year, month, day) = persian_date(&day)?;
    Some(format!("{year:04}/{month:02}/{day:02}"))
}

/// The civil day that is written `1405/08/30` (Solar Hijri) or `2026-11-21`, in ASCII or Persian digits, with all its noughts.
pub fn civil_date(text: &str) -> Option<NaiveDate> {
    let text = with_ascii_digits(text.trim());
    if let Ok(date) = NaiveDate::parse_from_str(&text, "%Y-%m-%d") {
        return (date.format("%Y-%m-%d").to_string() == text && GREGORIAN_YEARS.contains(&date.year())).then_some(date);
    }
    let parts: Vec<&str> = text.split('/').collect();
    let [year, month, day] = parts[..] else { return None };
    let is_whole = [year.len(), month.len(), day.len()] == [4, 2, 2] && parts.concat().bytes().all(|byte| byte.is_ascii_digit());
    let year = year.parse().ok().filter(|year| is_whole && SOLAR_HIJRI_YEARS.contains(year))?;
    let date = Date::try_new_persian(year, month.parse().ok()?, day.parse().ok()?).ok()?;
    let iso = date.to_calendar(Iso);
    NaiveDate::from_ymd_opt(iso.year().extended_year(), iso.month().ordinal.into(), iso.day_of_month().0.into())
}

/// Year, month and day of a civil day by the Solar Hijri calendar. `None` outside the calendar.
pub fn solar_hijri_parts(day: NaiveDate) -> Option<(i32, u8, u8)> {
    persian_date(&day)
}

/// The instant at which a civil day of Tehran begins. A midnight that a clock jump skips is read with the offset before it, which is the jump itself.
pub fn midnight(day: NaiveDate) -> DateTime<Utc> {
    let wall = day.and_time(NaiveTime::MIN);
    let before = || Tehran.offset_from_local_datetime(&(wall - TimeDelta::hours(3))).earliest();
    let offset = Tehran.offset_from_local_datetime(&wall).earliest().or_else(before);
    offset.map_or(wall, |offset| wall - offset.fix()).and_utc()
}

fn persian_date(day: &impl Datelike) -> Option<(i32, u8, u8)> {
    let date = Date::try_new_iso(day.year(), day.month() as u8, day.day() as u8).ok()?.to_calendar(Persian);
    Some((date.year().extended_year(), date.month().ordinal, date.day_of_month().0))
}

/// Persian digits as ASCII ones: a date is typed as it stands on the letter.
pub fn with_ascii_digits(text: &str) -> String {
    let ascii = |character: char| (character as u32).checked_sub('۰' as u32).and_then(|digit| char::from_digit(digit, 10));
    text.chars().map(|character| ascii(character).unwrap_or(character)).collect()
}

/// The text with its ASCII digits as Persian ones.
pub fn persian_digits(text: &str) -> String {
    let persian = |digit: char| digit.to_digit(10).and_then(|digit| char::from_u32('۰' as u32 + digit));
    text.chars().map(|character| persian(character).unwrap_or(character)).collect()
}

#[cfg(test)]
mod tests {
    use super::{DateTime, Language, civil_date, persian_digits, shown, with_ascii_digits};

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
    fn a_letter_has_a_date_of_either_calendar() {
        for (text, expected) in [
            ("1405/08/30", true),
            ("1403/12/30", true),
            ("1404/12/30", false),
            ("1405/13/01", false),
            ("1405/00/01", false),
            ("1405/8/30", false),
            ("2026-11-21", true),
            ("2026-02-30", false),
            ("2026-2-3", false),
            ("", false),
        ] {
            assert_eq!(civil_date(text).is_some(), expected, "{text}");
        }
        assert_eq!(with_ascii_digits("۱۴۰۵/۰۸/۳۰"), "1405/08/30");
    }

    #[test]
    fn only_digits_are_changed() {
        assert_eq!(persian_digits("-1234567890 پابند x۵"), "-۱۲۳۴۵۶۷۸۹۰ پابند x۵");
    }
}
