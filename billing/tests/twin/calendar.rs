//! A calendar of the tests' own: the 33-year rule and the law on daylight saving, in plain numbers.

/// The first year of this calendar, and days from 1970-01-01 to its first day.
const EPOCH: (i64, i64) = (1390, 15_054);

/// Days since 1970-01-01 of a Solar Hijri date from 1390 on. The 33-year rule agrees with the equinox until 1502.
pub fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let leaps = (EPOCH.0..year).filter(|year| is_leap(*year)).count() as i64;
    let before = if month <= 7 { (month - 1) * 31 } else { 186 + (month - 7) * 30 };
    EPOCH.1 + (year - EPOCH.0) * 365 + leaps + before + day - 1
}

fn is_leap(year: i64) -> bool {
    (year * 25 + 11) % 33 < 8
}

/// Year and month of a day.
pub fn month_of(day: i64) -> (i64, i64) {
    let mut year = 1390;
    while day_number(year + 1, 1, 1) <= day {
        year += 1;
    }
    let place = day - day_number(year, 1, 1);
    (year, if place < 186 { place / 31 + 1 } else { (place - 186) / 30 + 7 })
}

pub fn month_length(year: i64, month: i64) -> i64 {
    let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    day_number(next_year, next_month, 1) - day_number(year, month, 1)
}

/// The first second of a day in Tehran, since 1970. Until 1401 the clock was an hour ahead from 2 Farvardin to 30 Shahrivar; the hour
/// was taken at the midnight before 2 Farvardin and given back at the midnight after 30 Shahrivar.
pub fn start_of(day: i64) -> i64 {
    let (year, _) = month_of(day);
    let saving = year <= 1401 && day > day_number(year, 1, 2) && day < day_number(year, 6, 31);
    day * 86_400 - if saving { 16_200 } else { 12_600 }
}

pub fn day_of(second: i64) -> i64 {
    let guess = (second + 12_600).div_euclid(86_400);
    (guess - 1..=guess + 1).rfind(|day| start_of(*day) <= second).unwrap()
}

/// RFC 3339 in UTC.
pub fn utc(second: i64) -> String {
    let (day, rest) = (second.div_euclid(86_400), second.rem_euclid(86_400));
    let (mut year, mut left) = (1970, day);
    let length = |year: i64| if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) { 366 } else { 365 };
    while left >= length(year) {
        left -= length(year);
        year += 1;
    }
    let february = length(year) - 337;
    let mut month = 1;
    for days in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if left < days {
            break;
        }
        left -= days;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}T{:02}:{:02}:{:02}Z", left + 1, rest / 3600, rest / 60 % 60, rest % 60)
}

#[test]
fn the_calendar_knows_some_days() {
    assert_eq!(utc(start_of(day_number(1398, 4, 2))), "2019-06-22T19:30:00Z");
    assert_eq!(utc(start_of(day_number(1401, 1, 2))), "2022-03-21T20:30:00Z");
    assert_eq!(utc(start_of(day_number(1401, 6, 31))), "2022-09-21T20:30:00Z");
    assert_eq!(utc(start_of(day_number(1402, 5, 1))), "2023-07-22T20:30:00Z");
    assert_eq!(utc(start_of(day_number(1404, 1, 1))), "2025-03-20T20:30:00Z");
    assert_eq!(month_of(day_number(1399, 12, 30)), (1399, 12));
    assert_eq!((month_length(1399, 12), month_length(1400, 12)), (30, 29));
}

/// Every day of the years in which people are billed, beside the crate's calendar.
#[test]
fn both_calendars_agree_on_every_day() {
    for day in day_number(1390, 1, 1)..day_number(1450, 1, 1) {
        let moment: billing::calendar::Moment = utc(start_of(day)).parse().unwrap();
        let month = moment.day().month();
        assert_eq!((i64::from(month.year()), i64::from(month.month())), month_of(day), "{}", utc(start_of(day)));
        assert_eq!(billing::calendar::Moment::start_of(moment.day()), moment);
    }
}
