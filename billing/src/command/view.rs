//! Documents, days and instants as the case file's output writes them.

use crate::calendar::{Day, DayRange, Moment};
use crate::document::{Because, Document, Kind, Line, Why};
use crate::fact::FactId;
use crate::money::{Money, MoneyError};
use crate::page::{Head, Paper};
use crate::receivables::Invoice;
use crate::summary::Status;
use serde::Serialize;
use std::sync::Arc;

/// An instant three ways.
#[derive(Debug, Serialize)]
pub(super) struct MomentView {
    utc: String,
    tehran: String,
    jalali: String,
}

impl From<Moment> for MomentView {
    fn from(moment: Moment) -> Self {
        Self { utc: moment.utc_text(), tehran: moment.tehran_text(), jalali: moment.to_string() }
    }
}

/// A day, or a range of days, in both calendars.
#[derive(Debug, Serialize)]
pub(super) struct DayView {
    jalali: String,
    gregorian: String,
}

impl From<Day> for DayView {
    fn from(day: Day) -> Self {
        Self { jalali: day.to_string(), gregorian: day.gregorian().to_string() }
    }
}

impl From<&DayRange> for DayView {
    fn from(range: &DayRange) -> Self {
        let DayRange { first, last } = range;
        Self { jalali: format!("{first}..{last}"), gregorian: format!("{}..{}", first.gregorian(), last.gregorian()) }
    }
}

/// Ranges of days.
pub(super) fn range_views(ranges: &[DayRange]) -> Vec<DayView> {
    ranges.iter().map(DayView::from).collect()
}

#[derive(Debug, Serialize)]
struct LineView {
    code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    month: Option<String>,
    amount: Money,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<FactId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ranges: Vec<DayView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ranges_removed: Vec<DayView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    because: Vec<BecauseView>,
}

impl LineView {
    fn of(line: &Line, explain: bool) -> Self {
        let days = line.days.as_ref();
        let (order, month) = line.of.as_ref().map(|(order, month)| (order.clone(), month.to_string())).unzip();
        Self {
            code: line.code.name(),
            order,
            month,
            amount: line.amount,
            event: line.event.clone(),
            unit: days.map(|days| days.unit),
            days: days.map(|days| days.count),
            ranges: days.map_or(vec![], |days| range_views(&days.added)),
            ranges_removed: days.map_or(vec![], |days| range_views(&days.removed)),
            because: if explain { line.because.iter().map(BecauseView::from).collect() } else { vec![] },
        }
    }
}

#[derive(Debug, Serialize)]
struct BecauseView {
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<DayView>,
    rule: &'static str,
    /// The reason for a program; `why` is it in English.
    code: Why,
    why: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    events: Vec<FactId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tariff: Option<Arc<str>>,
}

impl From<&Because> for BecauseView {
    fn from(because: &Because) -> Self {
        let Because { days, why, events, tariff } = because.clone();
        Self { days: days.as_ref().map(DayView::from), rule: why.rule(), code: why, why: why.text(), events, tariff }
    }
}

/// One document.
#[derive(Debug, Serialize)]
pub(super) struct DocumentView {
    kind: Kind,
    run_at: MomentView,
    #[serde(skip_serializing_if = "Option::is_none")]
    month: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<Arc<str>>,
    total: Money,
    lines: Vec<LineView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<DayView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    open: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paid: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<Head>,
}

impl DocumentView {
    pub(super) fn of(document: &Document, invoices: &[Invoice], today: Day, explain: bool) -> Result<Self, MoneyError> {
        let invoice = invoices.iter().find(|invoice| Some(&invoice.number) == document.number.as_ref());
        Self::with(document, invoice, today, explain)
    }

    /// A document explained, with its head.
    pub(super) fn of_paper(paper: &Paper<'_>, today: Day) -> Result<Self, MoneyError> {
        let view = Self::with(paper.document, paper.invoice, today, true)?;
        Ok(Self { head: Some(paper.head.clone()), ..view })
    }

    fn with(document: &Document, invoice: Option<&Invoice>, today: Day, explain: bool) -> Result<Self, MoneyError> {
        let (order, month) = document.of.as_ref().map(|(order, month)| (order.clone(), month.to_string())).unzip();
        Ok(Self {
            kind: document.kind,
            run_at: document.run_at.into(),
            month,
            order,
            total: document.total,
            lines: document.lines.iter().map(|line| LineView::of(line, explain)).collect(),
            number: document.number.clone(),
            due: document.due.map(DayView::from),
            open: invoice.map(|invoice| invoice.open),
            paid: invoice.map(Invoice::paid).transpose()?,
            status: invoice.map(|invoice| invoice.status(today)),
            head: None,
        })
    }
}
