//! The days that somebody asks for, and their months by the Solar Hijri calendar.

use crate::calendar::{civil_date, midnight, solar_hijri_parts};
use crate::fields::Fields;
use crate::reason::Wrong;
use chrono::{DateTime, NaiveDate, Utc};
use proto::enrolment::get_statistics_request::Period as Asked;
use proto::enrolment::{StatisticsDays, StatisticsMonth};

/// Longest period, days: a leap year.
const DAYS_MAX: i64 = 366;

const YEARS: std::ops::RangeInclusive<i32> = 1250..=1529;

/// Half open: from the first day to the day after the last one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Period {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

/// A month, or the part of it that lies in a period.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Month {
    pub year: i32,
    pub month: u8,
    pub from: NaiveDate,
    pub to: NaiveDate,
}

impl Period {
    /// The days that are asked for; `None` if something is wrong, which is noted.
    pub fn read(asked: Option<&Asked>, fields: &mut Fields) -> Option<Self> {
        match asked {
            None => {
                fields.note("period", Wrong::Missing, &[]);
                None
            }
            Some(Asked::Year(year)) => {
                let year = in_range(*year, "year", &YEARS, fields)?;
                Self::between(first_of(year, 1), first_of(year + 1, 1), "year", fields)
            }
            Some(Asked::Month(StatisticsMonth { year, month })) => {
                let year = in_range(*year, "month.year", &YEARS, fields);
                let month = in_range(*month, "month.month", &(1..=12), fields)?;
                let year = year?;
                let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
                Self::between(first_of(year, month), first_of(next_year, next_month), "month", fields)
            }
            Some(Asked::Days(StatisticsDays { from, to })) => {
                let day = |field: &str, date: Option<&_>, fields: &mut Fields| {
                    if date.is_none() {
                        fields.note(field, Wrong::Missing, &[]);
                    }
                    fields.optional_date(field, date)
                };
                let (from, to) = (day("days.from", from.as_ref(), fields), day("days.to", to.as_ref(), fields));
                Self::between(from, to, "days.to", fields)
            }
        }
    }

    fn between(from: Option<NaiveDate>, to: Option<NaiveDate>, field: &str, fields: &mut Fields) -> Option<Self> {
        let (from, to) = (from?, to?);
        if to <= from {
            fields.note(field, Wrong::NotAfter, &[("from", geofence::Timestamp::from(midnight(from)).to_string())]);
            return None;
        }
        if (to - from).num_days() > DAYS_MAX {
            fields.note(field, Wrong::SpanTooLong, &[("days", DAYS_MAX.to_string())]);
            return None;
        }
        Some(Self { from, to })
    }

    /// The first instant and the first one after it.
    pub fn bounds(&self) -> Vec<DateTime<Utc>> {
        vec![midnight(self.from), midnight(self.to)]
    }

    /// Its months that have begun by `now`, the first one and the last one perhaps in part.
    pub fn months(&self, now: DateTime<Utc>) -> Vec<Month> {
        let mut months = Vec::new();
        let mut from = self.from;
        while from < self.to && (months.is_empty() || midnight(from) <= now) {
            let Some((year, month, _)) = solar_hijri_parts(from) else { break };
            let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, i32::from(month) + 1) };
            let to = first_of(next_year, next_month).map_or(self.to, |next| next.min(self.to));
            months.push(Month { year, month, from, to });
            from = to;
        }
        months
    }
}

/// The first instants of months that follow one another, and the first one after the last.
pub(super) fn month_bounds(months: &[Month]) -> Vec<DateTime<Utc>> {
    let last = months.last().map(|month| midnight(month.to));
    months.iter().map(|month| midnight(month.from)).chain(last).collect()
}

fn first_of(year: i32, month: i32) -> Option<NaiveDate> {
    civil_date(&format!("{year:04}/{month:02}/01"))
}

fn in_range(number: i32, field: &str, range: &std::ops::RangeInclusive<i32>, fields: &mut Fields) -> Option<i32> {
    if range.contains(&number) && (field == "month.month" || number < *range.end()) {
        return Some(number);
    }
    let args = [("min", range.start().to_string()), ("max", range.end().to_string()), ("value", number.to_string())];
    fields.note(field, Wrong::OutOfRange, &args);
    None
}

#[cfg(test)]
mod tests {
    use super::{Asked, Fields, NaiveDate, Period, StatisticsDays, StatisticsMonth, month_bounds};
    use chrono::DateTime;
    use proto::enrolment::Date;

    fn read(asked: Asked) -> Result<Period, Vec<(String, String)>> {
        let mut fields = Fields::default();
        let period = Period::read(Some(&asked), &mut fields);
        period.ok_or_else(|| fields.into_wrong().into_iter().map(|wrong| (wrong.field, wrong.reason)).collect())
    }

    fn days(from: &str, to: &str) -> Asked {
        let date = |text: &str| Some(Date { solar_hijri: text.to_owned(), gregorian: String::new() });
        Asked::Days(StatisticsDays { from: date(from), to: date(to) })
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_period_is_a_year_a_month_or_days() {
        let month = |year, month| Asked::Month(StatisticsMonth { year, month });
        for (asked, from, to) in [
            (Asked::Year(1404), "2025-03-21", "2026-03-21"),
            // A leap year: its Esfand has thirty days.
            (Asked::Year(1403), "2024-03-20", "2025-03-21"),
            (month(1403, 12), "2025-02-19", "2025-03-21"),
            (month(1404, 12), "2026-02-20", "2026-03-21"),
            (month(1404, 1), "2025-03-21", "2025-04-21"),
            (days("1404/01/01", "1404/01/02"), "2025-03-21", "2025-03-22"),
            (days("1403/01/01", "1404/01/01"), "2024-03-20", "2025-03-21"),
        ] {
            assert_eq!(read(asked), Ok(Period { from: day(from), to: day(to) }));
        }
    }

    #[test]
    fn what_is_no_period_is_told() {
        let month = |year, month| Asked::Month(StatisticsMonth { year, month });
        for (asked, expected) in [
            (Asked::Year(2026), &[("year", "OUT_OF_RANGE")][..]),
            (Asked::Year(1529), &[("year", "OUT_OF_RANGE")]),
            (month(1404, 13), &[("month.month", "OUT_OF_RANGE")]),
            (month(0, 0), &[("month.year", "OUT_OF_RANGE"), ("month.month", "OUT_OF_RANGE")]),
            (days("1404/01/01", "1404/01/01"), &[("days.to", "NOT_AFTER")]),
            (days("1403/01/01", "1404/01/02"), &[("days.to", "SPAN_TOO_LONG")]),
            (days("1404/12/30", "x"), &[("days.from", "NO_DATE"), ("days.to", "NO_DATE")]),
            (Asked::Days(StatisticsDays::default()), &[("days.from", "MISSING"), ("days.to", "MISSING")]),
        ] {
            let expected = expected.iter().map(|(field, reason)| ((*field).to_owned(), (*reason).to_owned())).collect();
            assert_eq!(read(asked), Err(expected));
        }
    }

    #[test]
    fn a_year_has_twelve_months_that_follow_one_another() {
        let year = read(Asked::Year(1403)).unwrap();
        let end = DateTime::parse_from_rfc3339("2030-01-01T00:00:00Z").unwrap().to_utc();
        let months = year.months(end);
        assert_eq!(
            months.iter().map(|month| (month.to - month.from).num_days()).collect::<Vec<_>>(),
            [31, 31, 31, 31, 31, 31, 30, 30, 30, 30, 30, 30]
        );
        assert!(months.windows(2).all(|pair| pair[0].to == pair[1].from));
        assert_eq!((months[0].from, months[11].to), (year.from, year.to));
        assert_eq!(month_bounds(&months).len(), 13);
        // What is to come has no row; Mehr began on 2024-09-22.
        let now = DateTime::parse_from_rfc3339("2024-09-21T20:30:00Z").unwrap().to_utc();
        assert_eq!(year.months(now).last().map(|month| month.month), Some(7));
        assert_eq!(year.months(now - chrono::TimeDelta::seconds(1)).last().map(|month| month.month), Some(6));
    }

    #[test]
    fn a_day_of_tehran_begins_at_midnight_also_when_there_is_none() {
        // On 1400/01/02 the clock went from 00:00 to 01:00, on 1400/06/31 from 00:00 back to 23:00.
        let check = |from: &str, to: &str, utc: [&str; 2]| {
            let bounds: Vec<_> = utc.iter().map(|text| DateTime::parse_from_rfc3339(text).unwrap().to_utc()).collect();
            assert_eq!(read(days(from, to)).unwrap().bounds(), bounds, "{from}");
        };
        check("1400/01/01", "1400/01/02", ["2021-03-20T20:30:00Z", "2021-03-21T20:30:00Z"]);
        check("1400/01/02", "1400/01/03", ["2021-03-21T20:30:00Z", "2021-03-22T19:30:00Z"]);
        check("1400/06/30", "1400/06/31", ["2021-09-20T19:30:00Z", "2021-09-21T20:30:00Z"]);
        check("1401/06/31", "1401/07/01", ["2022-09-21T20:30:00Z", "2022-09-22T20:30:00Z"]);
    }
}
