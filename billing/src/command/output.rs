//! Writes the answer to a case file.

use super::error::CaseError;
use super::input::Case;
use super::view::{DayView, DocumentView, MomentView, range_views};
use crate::BillingError;
use crate::books::Books;
use crate::deposit::required;
use crate::difference::difference;
use crate::document::Kind;
use crate::fact::FactId;
use crate::known::known_at;
use crate::ledger::{Entry, Posting};
use crate::money::Money;
use crate::policy::Policy;
use crate::rate::{Code, rate};
use crate::replay::{Timeline, replay};
use crate::summary::{Aging, MonthTruth, months};
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
    account: AccountView,
    /// Only if there is something on it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    work_list: Vec<Work>,
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
            account: AccountView::of(&books, timeline)?,
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

#[derive(Debug, Serialize)]
struct AccountView {
    billed: Money,
    credited: Money,
    paid: Money,
    refunded: Money,
    balance_due: Money,
    credit: Money,
    aging: Aging,
    ignored_payments: Vec<FactId>,
    deposit: DepositView,
    set_aside: Money,
}

#[derive(Debug, Serialize)]
struct DepositView {
    required: Money,
    held: Money,
    damage: Money,
    returned: Money,
}

impl AccountView {
    fn of(books: &Books, timeline: &Timeline) -> Result<Self, BillingError> {
        let Timeline { facts, tariffs, as_of, .. } = timeline;
        let currency = tariffs.currency();
        let invoices = books.receivables.invoices();
        let credit_notes = books.documents.iter().filter(|document| document.kind == Kind::CreditNote);
        Ok(Self {
            billed: Money::sum(currency, invoices.iter().map(|invoice| invoice.total))?,
            credited: Money::sum(currency, credit_notes.map(|document| document.total))?.negated()?,
            paid: books.paid,
            refunded: books.refunded,
            balance_due: books.receivables.balance_due()?,
            credit: books.receivables.credit()?,
            aging: Aging::of(invoices, as_of.day(), currency)?,
            ignored_payments: books.ignored_payments.clone(),
            deposit: DepositView {
                required: required(&known_at(facts, *as_of), tariffs, *as_of)?,
                held: books.deposit.held,
                damage: books.deposit.damage,
                returned: books.deposit.returned,
            },
            set_aside: books.set_aside,
        })
    }
}
