//! Dates and amounts as people and banks write them in tables.

use super::fault::Why;
use super::letters::plain;
use crate::calendar::{Day, Moment};
use crate::money::Money;
use chrono::NaiveDate;

/// Years below are Solar Hijri, from it on Gregorian.
const FIRST_GREGORIAN_YEAR: i32 = 1700;

/// A day: `1405/08/30`, `1405-8-3`, `14050830`, `2026-11-21`, perhaps with a time of day behind it. The year has four digits and comes first.
pub(super) fn day(text: &str) -> Result<Day, Why> {
    let text = plain(text);
    let unreadable = || Why::Date(text.clone());
    let date = text.split([' ', 'T']).next().unwrap_or_default();
    let parts: Vec<&str> = date.split(['/', '-', '.']).collect();
    let (year, month, day) = match parts[..] {
        [whole] if whole.len() == 8 && whole.is_ascii() => (&whole[..4], &whole[4..6], &whole[6..]),
        [year, month, day] if year.len() == 4 => (year, month, day),
        _ => return Err(unreadable()),
    };
    let number = |part: &str, longest: usize| {
        let plain = (1..=longest).contains(&part.len()) && part.bytes().all(|digit| digit.is_ascii_digit());
        part.parse::<u16>().ok().filter(|_| plain).ok_or_else(unreadable)
    };
    let (year, month, day) = (i32::from(number(year, 4)?), number(month, 2)?, number(day, 2)?);
    if year < FIRST_GREGORIAN_YEAR {
        return Day::new(year, month as u8, day as u8).map_err(|_| unreadable());
    }
    NaiveDate::from_ymd_opt(year, month.into(), day.into()).and_then(gregorian).ok_or_else(unreadable)
}

/// A Gregorian day within the years that are reckoned.
pub(super) fn gregorian(date: NaiveDate) -> Option<Day> {
    // Eight o'clock of Greenwich is noon in Tehran or nearly so: the same civil day.
    Moment::try_from(date.and_hms_opt(8, 0, 0)?.and_utc()).ok().map(Moment::day)
}

/// Whole rials, with or without separators of thousands: `3,000,000`, `۳٬۰۰۰٬۰۰۰ ریال`, `-3000000`, `(3,000,000)`, `3000000.00`.
/// `1.000` is refused: nobody can say whether it is one rial or a thousand.
pub(super) fn amount(text: &str) -> Result<Money, Why> {
    let text = plain(text);
    let unreadable = || Why::Amount(text.clone());
    let bare = ["ریال", "IRR", "rials", "rial"]
        .iter()
        .fold(text.trim(), |rest, unit| rest.strip_suffix(unit).or_else(|| rest.strip_prefix(unit)).unwrap_or(rest).trim());
    let (negative, bare) = match bare.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => (true, inner),
        None => match bare.strip_prefix(['-', '−']).or_else(|| bare.strip_suffix(['-', '−'])) {
            Some(inner) => (true, inner),
            None => (false, bare.strip_prefix('+').unwrap_or(bare)),
        },
    };
    let (whole, fraction) = bare.trim().split_once(['.', '٫']).unwrap_or((bare.trim(), "0"));
    if !["0", "00"].contains(&fraction) {
        return Err(unreadable());
    }
    let rials = grouped(whole).ok_or_else(unreadable)?;
    Ok(Money::rials(if negative { -rials } else { rials }))
}

/// Digits, all together or in groups of three.
fn grouped(text: &str) -> Option<i64> {
    let groups: Vec<&str> = text.split([',', '٬', '،', '\'', ' ']).collect();
    let (first, rest) = groups.split_first()?;
    let is_grouped = rest.iter().all(|group| group.len() == 3) && (rest.is_empty() || (1..=3).contains(&first.len()));
    let digits = groups.concat();
    let plain = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    digits.parse().ok().filter(|_| is_grouped && plain)
}

#[cfg(test)]
mod tests {
    use super::{amount, day};
    use crate::money::Money;

    #[test]
    fn days_of_both_calendars_are_read() {
        for text in ["1405/08/30", "۱۴۰۵/۰۸/۳۰", "1405-8-30", "14050830", "2026-11-21", "2026/11/21", "20261121", "1405/08/30 10:22:31"]
        {
            assert_eq!(day(text).map(|day| day.to_string()), Ok("1405/08/30".to_owned()), "{text}");
        }
        for text in
            ["", "1404/12/30", "1405/13/01", "05/08/30", "30/08/1405", "2026-02-30", "9999-01-01", "yesterday", "1405/08", "+405/08/30"]
        {
            assert!(day(text).is_err(), "{text}");
        }
    }

    #[test]
    fn amounts_are_whole_rials() {
        for (text, rials) in [
            ("3000000", 3_000_000),
            ("3,000,000", 3_000_000),
            ("۳٬۰۰۰٬۰۰۰ ریال", 3_000_000),
            ("٣٠٠٠", 3000),
            ("3000000.00", 3_000_000),
            ("-3,000", -3000),
            ("3,000-", -3000),
            ("(3,000)", -3000),
            ("+7", 7),
            ("IRR 1 000", 1000),
            ("0", 0),
        ] {
            assert_eq!(amount(text), Ok(Money::rials(rials)), "{text}");
        }
        for text in
            ["", "-", "1.000", "1,00", "1,0000", "12,34,567", "3.5", "۱۰ تومان", "9223372036854775808", "1e5", "0x10", "--1", "1,000,"]
        {
            assert!(amount(text).is_err(), "{text}");
        }
    }
}
