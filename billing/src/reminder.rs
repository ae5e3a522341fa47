//! When a person is reminded of an open invoice (decision D36). A reminder is a letter: it never touches monitoring.

use crate::calendar::Day;
use chrono::{Datelike, Weekday};
use std::collections::BTreeSet;

/// The reminders, as days past due; one after the other they are number 1, 2 and 3.
pub const REMINDER_DAYS: [i64; 3] = [3, 10, 30];

/// When the reminder of this number is due: so many days past due, or the next day on which banks are open: no Friday and none of these holidays. The due date
/// itself stays.
///
/// ```
/// # use billing::{calendar::Day, reminder_day};
/// let due: Day = "1403/03/01".parse()?;
/// let mut holidays = std::collections::BTreeSet::new();
/// assert_eq!(reminder_day(due, 1, &holidays), Some("1403/03/05".parse()?), "1403/03/04 is a Friday");
/// holidays.insert("1403/03/05".parse()?);
/// assert_eq!(reminder_day(due, 1, &holidays), Some("1403/03/06".parse()?));
/// # Ok::<(), billing::calendar::CalendarError>(())
/// ```
pub fn reminder_day(due: Day, number: u8, holidays: &BTreeSet<Day>) -> Option<Day> {
    let days = REMINDER_DAYS.get(usize::from(number).checked_sub(1)?)?;
    let is_open = |day: &Day| day.gregorian().weekday() != Weekday::Fri && !holidays.contains(day);
    (0..).map(|later| due.plus(days + later)).find(is_open)
}

/// The number of the newest reminder whose day has come.
pub fn reminder_number(due: Day, today: Day, holidays: &BTreeSet<Day>) -> Option<u8> {
    (1..=REMINDER_DAYS.len() as u8).rev().find(|number| reminder_day(due, *number, holidays).is_some_and(|day| day <= today))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_reminder_whose_day_has_come_is_due() {
        let due: Day = "1403/03/10".parse().unwrap();
        for (today, expected) in [
            ("1403/03/10", None),
            ("1403/03/12", None),
            ("1403/03/13", Some(1)),
            ("1403/03/19", Some(1)),
            ("1403/03/20", Some(2)),
            ("1403/04/08", Some(2)),
            ("1403/04/09", Some(3)),
            ("1404/01/01", Some(3)),
        ] {
            assert_eq!(reminder_number(due, today.parse().unwrap(), &BTreeSet::new()), expected, "{today}");
        }
    }

    #[test]
    fn a_friday_moves_the_reminder_and_nothing_else() {
        let due: Day = "1403/03/01".parse().unwrap();
        assert_eq!(due.plus(3).gregorian().weekday(), Weekday::Fri);
        assert_eq!(reminder_number(due, due.plus(3), &BTreeSet::new()), None);
        assert_eq!(reminder_number(due, due.plus(4), &BTreeSet::new()), Some(1));
    }

    #[test]
    fn holidays_in_a_row_move_it_over_all_of_them() {
        // 1404/01/01 to 04, and the 13th; 1404/01/01 is a Friday.
        let holidays = ["1404/01/01", "1404/01/02", "1404/01/03", "1404/01/04"].map(|day| day.parse().unwrap()).into();
        let due: Day = "1403/12/28".parse().unwrap();
        assert_eq!(reminder_day(due, 1, &holidays).map(|day| day.to_string()).as_deref(), Some("1404/01/05"));
        assert_eq!(reminder_day(due, 2, &holidays).map(|day| day.to_string()).as_deref(), Some("1404/01/09"), "a Friday was the 8th");
    }
}
