//! When a zone is on: weekly rows and dated exceptions in Tehran civil time (policy 8.14).

use crate::Timestamp;
use crate::civil::{self, date_of};
use chrono::{Datelike, Days, NaiveDate, Weekday};

/// Hours of one day, minutes from its midnight; `to` ≤ `from` ends on the next day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hours {
    /// 0 to 1,440.
    pub from: u16,
    /// 0 to 1,440.
    pub to: u16,
}

/// Hours that come every week, named by the day on which they begin.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// The days.
    pub days: Vec<Weekday>,
    /// On these days.
    pub hours: Hours,
}

/// Hours of one date that are added or cancelled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exception {
    /// The civil date on which the hours begin.
    pub date: NaiveDate,
    /// On that date.
    pub hours: Hours,
    /// Added, or cancelled.
    pub on: bool,
}

/// Weekly rows with exceptions; a later exception wins over an earlier one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Timetable {
    /// `None` = always, but for the exceptions.
    pub rows: Option<Vec<Row>>,
    /// In the order written.
    pub exceptions: Vec<Exception>,
}

/// Days looked at around an instant: rows that began up to two days before may still go on.
const DAYS_BEFORE: u64 = 2;
/// Days ahead in which the next change is sought.
const DAYS_AHEAD: u64 = 2;

type Span = (Timestamp, Timestamp);

impl Timetable {
    /// Whether it is on at `time`, and until when that surely holds (exclusive): the next change, or a moment within three days at
    /// which to ask again.
    pub fn at(&self, time: Timestamp) -> (bool, Timestamp) {
        let Some(window) = Window::around(time) else { return (false, Timestamp::MAX) };
        let spans = self.spans(&window);
        let is_on = spans.iter().any(|span| span.0 <= time && time < span.1);
        let changes = spans.iter().flat_map(|span| [span.0, span.1]);
        let next = changes.filter(|change| *change > time).min().unwrap_or(window.end);
        (is_on, next.min(window.end))
    }

    /// What is on in the window, in order, apart from each other.
    fn spans(&self, window: &Window) -> Vec<Span> {
        let mut spans = match &self.rows {
            None => vec![(Timestamp::MIN, Timestamp::MAX)],
            Some(rows) => window.dates().flat_map(|date| row_spans(rows, date)).collect(),
        };
        spans = merged(spans);
        for exception in &self.exceptions {
            if let Some(span) = window.holds(exception.date).then(|| span_of(exception.date, exception.hours)).flatten() {
                spans = if exception.on { merged([spans, vec![span]].concat()) } else { without(&spans, span) };
            }
        }
        spans
    }
}

/// The dates whose hours decide about one day and those after it.
struct Window {
    first: NaiveDate,
    last: NaiveDate,
    /// Nothing is known from here on.
    end: Timestamp,
}

impl Window {
    fn around(time: Timestamp) -> Option<Self> {
        let today = date_of(time)?;
        let first = today.checked_sub_days(Days::new(DAYS_BEFORE))?;
        let last = today.checked_add_days(Days::new(DAYS_AHEAD))?;
        let end = civil::instant(last, 1440)?;
        Some(Self { first, last, end })
    }

    fn dates(&self) -> impl Iterator<Item = NaiveDate> {
        self.first.iter_days().take((DAYS_BEFORE + DAYS_AHEAD + 1) as usize)
    }

    fn holds(&self, date: NaiveDate) -> bool {
        self.first <= date && date <= self.last
    }
}

fn row_spans(rows: &[Row], date: NaiveDate) -> impl Iterator<Item = Span> + '_ {
    rows.iter().filter(move |row| row.days.contains(&date.weekday())).filter_map(move |row| span_of(date, row.hours))
}

/// The instants of some hours; `None` if a clock jump leaves nothing of them.
fn span_of(date: NaiveDate, hours: Hours) -> Option<Span> {
    let to = if hours.to > hours.from { u32::from(hours.to) } else { u32::from(hours.to) + 1440 };
    let span = (civil::instant(date, u32::from(hours.from))?, civil::instant(date, to)?);
    (span.0 < span.1).then_some(span)
}

/// In order, with those that touch or overlap made one.
fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.0 <= last.1 => last.1 = last.1.max(span.1),
            _ => merged.push(span),
        }
    }
    merged
}

fn without(spans: &[Span], cut: Span) -> Vec<Span> {
    let left = |span: &Span| (span.0, span.1.min(cut.0));
    let right = |span: &Span| (span.0.max(cut.1), span.1);
    spans.iter().flat_map(|span| [left(span), right(span)]).filter(|span| span.0 < span.1).collect()
}
