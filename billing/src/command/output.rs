//! Writes the answer to a case file.

use super::error::CaseError;
use super::input::Case;
use super::view::{DayView, DocumentView, MomentView, range_views};
use crate::account::AccountNumbers;
use crate::difference::difference;
use crate::ledger::{Entry, Posting};
use crate::money::Money;
use crate::policy::Policy;
use crate::rate::{Code, rate};
use crate::replay::{Timeline, replay};
use crate::summary::{MonthTruth, months};
use crate::work::Work;
use serde::Serialize;
use std::collections::BTreeMap;

/// The answer, ready to be written as JSON.
#[derive(Debug, Serialize)]
pub struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<String>,
    policy: Policy,
    as_of: MomentView,
    /// With the reasons alone: whoever prints a document needs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    documents: Vec<DocumentView>,
    months: BTreeMap<String, MonthView>,
    unbilled: Money,
    ledger: LedgerView,
    account: AccountNumbers,
    /// Only if there is something on it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    work_list: Vec<Work>,
}

/// Documents that were issued, as an answer has them.
#[derive(Debug, Serialize)]
pub(super) struct Papers {
    pub(super) currency: String,
    pub(super) documents: Vec<DocumentView>,
}

impl Answer {
    pub(super) fn of(case: &Case, explain: bool) -> Result<Self, CaseError> {
        let timeline = &case.timeline;
        let Timeline { facts, tariffs, policy, as_of } = timeline;
        let books = replay(timeline)?;
        let truth = rate(facts, tariffs, policy, *as_of)?;
        let today = as_of.day();
        let view = |document| DocumentView::of(document, books.receivables.invoices(), today, explain);
        Ok(Self {
            case: case.name.clone(),
            policy: policy.clone(),
            as_of: (*as_of).into(),
            currency: explain.then(|| tariffs.currency().to_string()),
            documents: books.documents.iter().map(view).collect::<Result<_, _>>()?,
            months: months(&truth)?.iter().map(|((order, month), truth)| (format!("{order} {month}"), truth.into())).collect(),
            unbilled: difference(&truth, &books.billed)?.total,
            ledger: LedgerView {
                entries: books.ledger.entries().iter().map(EntryView::from).collect(),
                balances: books.ledger.balances()?,
            },
            account: AccountNumbers::of(&books, timeline)?,
            work_list: truth.work.into_iter().chain(books.work).collect(),
        })
    }
}

#[derive(Debug, Serialize)]
struct MonthView {
    calendar_days: i64,
    used_days: usize,
    leave_days: usize,
    suspended_days: usize,
    billable_days: usize,
    leave: Vec<DayView>,
    suspended: Vec<DayView>,
    usage: Money,
    waiver: Money,
    cap: Money,
    install: Money,
    replace: Money,
    net: Money,
}

impl From<&MonthTruth> for MonthView {
    fn from(truth: &MonthTruth) -> Self {
        Self {
            calendar_days: truth.calendar_days,
            used_days: truth.used_days,
            leave_days: truth.leave_days,
            suspended_days: truth.suspended_days,
            billable_days: truth.billable_days,
            leave: range_views(&truth.leave),
            suspended: range_views(&truth.suspended),
            usage: truth.amount(Code::Usage),
            waiver: truth.amount(Code::Waiver),
            cap: truth.amount(Code::Cap),
            install: truth.amount(Code::Install),
            replace: truth.amount(Code::Replace),
            net: truth.net,
        }
    }
}

#[derive(Debug, Serialize)]
struct LedgerView {
    entries: Vec<EntryView>,
    balances: BTreeMap<&'static str, Money>,
}

#[derive(Debug, Serialize)]
struct EntryView {
    date: String,
    jalali: String,
    text: String,
    postings: Vec<Posting>,
}

impl From<&Entry> for EntryView {
    fn from(entry: &Entry) -> Self {
        let day = entry.at.day();
        Self { date: day.gregorian().to_string(), jalali: day.to_string(), text: entry.text.clone(), postings: entry.postings.clone() }
    }
}
