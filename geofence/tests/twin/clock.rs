//! Tehran's clock of 2022 by hand: summer time from 21 March 20:30 UTC to 21 September 19:30 UTC.

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc};

/// 2022-03-21T20:30:00Z and 2022-09-21T19:30:00Z, seconds.
const SUMMER: std::ops::Range<i64> = 1_647_894_600..1_663_788_600;

pub fn offset(utc: i64) -> i64 {
    if SUMMER.contains(&utc) { 4 * 3600 + 1800 } else { 3 * 3600 + 1800 }
}

/// The instant of `minute` of a date: the first that shows it, or as if the clock had not jumped.
pub fn instant(date: NaiveDate, minute: i64) -> i64 {
    let wall = date.and_hms_opt(0, 0, 0).unwrap().and_utc().timestamp() + minute * 60;
    let summer = wall - (4 * 3600 + 1800);
    let winter = wall - (3 * 3600 + 1800);
    if offset(summer) == 4 * 3600 + 1800 { summer } else { winter }
}

/// The dates on which hours that hold `utc` may have begun.
pub fn dates_around(utc: i64) -> Vec<NaiveDate> {
    let local = DateTime::<Utc>::from_timestamp(utc, 0).unwrap() + TimeDelta::seconds(offset(utc));
    let first = local.date_naive() - Days::new(3);
    (0..6).map(|day| first + Days::new(day)).collect()
}

pub fn weekday(date: NaiveDate) -> &'static str {
    ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][date.weekday().num_days_from_monday() as usize]
}
