//! Every day that is reckoned, with its Solar Hijri date and its first instant: looked up, because each run of each person asks for each of the person's days.

use super::day::Day;
use super::{FIRST_YEAR, LAST_YEAR, zone};
use chrono::{DateTime, NaiveDate, Utc};
use std::sync::LazyLock;

/// What is known of a day.
#[derive(Clone, Copy)]
pub(super) struct DayRow {
    /// Solar Hijri.
    pub year: i32,
    pub month: u8,
    pub day: u8,
    /// The first instant.
    pub begins: DateTime<Utc>,
}

struct Table {
    first: NaiveDate,
    rows: Vec<DayRow>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let first = Day::from_parts(FIRST_YEAR, 1, 1).expect("every year has a first day");
    let beyond = Day::from_parts(LAST_YEAR + 1, 1, 1).expect("every year has a first day");
    let row = |day: Day| {
        let (year, month, of_month) = day.reckoned();
        DayRow { year, month, day: of_month, begins: zone::start_of(day) }
    };
    Table { first: first.gregorian(), rows: first.through(beyond).map(row).collect() }
});

/// The row of a day; `None` beyond the years that are reckoned.
pub(super) fn row(day: Day) -> Option<&'static DayRow> {
    let table = &*TABLE;
    let place = (day.gregorian() - table.first).num_days();
    usize::try_from(place).ok().and_then(|place| table.rows.get(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_up_is_what_is_reckoned() {
        let mut day = Day::from_parts(FIRST_YEAR, 1, 1).unwrap().plus(-400);
        let last = Day::from_parts(LAST_YEAR, 12, 29).unwrap().plus(400);
        while day <= last {
            let (year, month, of_month) = day.reckoned();
            assert_eq!((day.month().year(), day.month().month(), day.day_of_month()), (year, month, of_month), "{day:?}");
            assert_eq!(crate::calendar::Moment::start_of(day).utc(), zone::start_of(day), "{day:?}");
            day = day.plus(1);
        }
    }
}
