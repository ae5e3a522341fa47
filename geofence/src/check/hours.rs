//! When zones are on, in the weeks to come.

use crate::{Timestamp, Zone};
use chrono::Days;

/// So far ahead weekly hours are looked at, milliseconds: five weeks.
const AHEAD_MS: i64 = 35 * 86_400_000;
/// Exceptions of a date that far beyond are looked at too.
const EXCEPTIONS_MAX: usize = 500;

/// From (inclusive) and to (exclusive).
pub(super) type Span = (Timestamp, Timestamp);

/// What is looked at: the next weeks from when something begins, and the days around each exception after them; apart and in order.
pub(super) fn windows<'a>(zones: impl Iterator<Item = &'a Zone> + Clone, now: Timestamp) -> Vec<Span> {
    let begin = |zone: &Zone| zone.from.max(now);
    let mut windows: Vec<Span> = zones.clone().map(|zone| (begin(zone), begin(zone).plus_millis(AHEAD_MS))).collect();
    for zone in zones {
        let exceptions = zone.named.terms.timetable.iter().flat_map(|timetable| &timetable.exceptions);
        windows.extend(exceptions.take(EXCEPTIONS_MAX).filter_map(|exception| around(exception.date, now)));
    }
    windows.sort_unstable();
    let mut apart: Vec<Span> = Vec::new();
    for window in windows {
        match apart.last_mut() {
            Some(last) if window.0 <= last.1 => last.1 = last.1.max(window.1),
            _ => apart.push(window),
        }
    }
    apart
}

fn around(date: chrono::NaiveDate, now: Timestamp) -> Option<Span> {
    let from = crate::civil::instant(date.checked_sub_days(Days::new(1))?, 0)?.max(now);
    let to = crate::civil::instant(date.checked_add_days(Days::new(3))?, 0)?;
    (from < to).then_some((from, to))
}

/// When a zone is on within the windows, leave or no leave.
pub(super) fn on_spans(zone: &Zone, windows: &[Span]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for window in windows {
        let (mut time, end) = (window.0.max(zone.from), window.1.min(zone.to));
        while time < end {
            let always = (true, Timestamp::MAX);
            let (is_on, until) = zone.named.terms.timetable.as_ref().map_or(always, |timetable| timetable.at(time));
            let until = until.min(end);
            if is_on {
                match spans.last_mut() {
                    Some(last) if last.1 == time => last.1 = until,
                    _ => spans.push((time, until)),
                }
            }
            time = until;
        }
    }
    spans
}
