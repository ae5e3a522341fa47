//! What cells of several kinds of file have in common.

use crate::calendar::{civil_date, midnight};
use crate::fields::Fields;
use crate::imports::headings::Column;
use crate::reason::Wrong;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use enrolment::fold;

/// A column of which nothing is said yet but its field.
pub(super) const fn empty_column(field: &'static str) -> Column {
    Column { field, persian: &[], english: &[], is_needed: false, is_digits: false, about: ("", ""), example: "", choices: &[] }
}

/// A day of either calendar, with or without leading zeros: `1364/1/5`, `1405-08-30`, `2026-11-21`. Nothing else than the first number tells the calendar, and
/// no year of one is a year of the other. Empty = none.
pub(super) fn day(fields: &mut Fields, field: &str, text: &str) -> Option<NaiveDate> {
    if text.is_empty() {
        return None;
    }
    let read = read_day(&fold(text));
    if read.is_none() {
        fields.note(field, Wrong::NoDate, &[]);
    }
    read
}

/// A day, or a day and a time of Tehran, `1405/08/30 14:00`: a day alone is its first instant.
pub(super) fn instant(fields: &mut Fields, field: &str, text: &str) -> Option<DateTime<Utc>> {
    if text.is_empty() {
        fields.note(field, Wrong::Missing, &[]);
        return None;
    }
    let folded = fold(text);
    let (date, clock) = folded.split_once(' ').unwrap_or((&folded, "00:00"));
    let minutes = NaiveTime::parse_from_str(clock, "%H:%M").ok().map(|time| time.signed_duration_since(NaiveTime::MIN).num_minutes());
    let read = read_day(date).zip(minutes).map(|(date, minutes)| midnight(date) + TimeDelta::minutes(minutes));
    if read.is_none() {
        fields.note(field, Wrong::NoDate, &[]);
    }
    read
}

fn read_day(text: &str) -> Option<NaiveDate> {
    let parts: Vec<&str> = text.split(['/', '-', '.']).map(str::trim).collect();
    let [year, month, day] = parts[..] else { return None };
    let is_number = |text: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !is_number(year, 4..=4) || !is_number(month, 1..=2) || !is_number(day, 1..=2) {
        return None;
    }
    // Solar Hijri years of the living begin with 12 to 15, Gregorian ones with 18 to 21.
    let between = if year < "1700" { '/' } else { '-' };
    civil_date(&format!("{year}{between}{month:0>2}{between}{day:0>2}"))
}

#[cfg(test)]
mod tests {
    use super::{Fields, day, instant};

    #[test]
    fn a_day_is_read_as_sheets_have_it() {
        for (text, expected) in [
            ("1364/1/5", Some("1985-03-25")),
            ("۱۳۶۴/۰۱/۰۵", Some("1985-03-25")),
            ("1364-01-05", Some("1985-03-25")),
            ("1364.1.5", Some("1985-03-25")),
            ("1985-03-25", Some("1985-03-25")),
            ("1985/3/25", Some("1985-03-25")),
            ("64/1/5", None),
            ("5/1/1364", None),
            ("1403/12/30", Some("2025-03-20")),
            ("1404/12/30", None),
            ("44927", None),
            ("1985-03-25 08:00", None),
            ("#N/A", None),
        ] {
            let mut fields = Fields::default();
            assert_eq!(day(&mut fields, "x", text).map(|day| day.to_string()).as_deref(), expected, "{text}");
            assert_eq!(fields.into_wrong().len(), usize::from(expected.is_none()));
        }
    }

    #[test]
    fn a_beginning_is_a_day_or_a_day_and_a_time() {
        for (text, expected) in [
            ("1405/08/30", Some("2026-11-20T20:30:00+00:00")),
            ("1405/08/30 14:05", Some("2026-11-21T10:35:00+00:00")),
            ("2026-11-21 14:05", Some("2026-11-21T10:35:00+00:00")),
            ("1405/08/30 25:00", None),
            ("14:05", None),
            ("", None),
        ] {
            let read = instant(&mut Fields::default(), "x", text);
            assert_eq!(read.map(|time| time.to_rfc3339()).as_deref(), expected, "{text}");
        }
    }
}
