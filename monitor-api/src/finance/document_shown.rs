//! Documents as answers show them.

use super::money;
use super::pay_to::pay_to;
use super::shown::{day, facts_in_words, month, page_language, range, ranges};
use crate::accounts::instant;
use crate::enrolment::tehran_day;
use crate::fields::{date, decision};
use crate::language::current;
use billing::page::{FactSaid, line_words, why_words};
use billing::{Because, FactId, Kind, Line, Money};
use chrono::{DateTime, Utc};
use proto::billing as schema;
use std::collections::BTreeMap;
use store::{
    DocumentEvent, DocumentHappening, DocumentPayment, DocumentShown, DocumentStatus, DocumentWhole, ObjectionOutcome, WaitingObjection,
};

/// A document without its lines.
pub(super) fn document(shown: &DocumentShown) -> schema::Document {
    let DocumentShown { row, invoice, status } = shown;
    let status = match status {
        DocumentStatus::Told => schema::DocumentStatus::NothingToPay,
        DocumentStatus::Open => schema::DocumentStatus::Open,
        DocumentStatus::Overdue => schema::DocumentStatus::Overdue,
        DocumentStatus::Paid => schema::DocumentStatus::Paid,
        DocumentStatus::Uncollectible => schema::DocumentStatus::Uncollectible,
        DocumentStatus::Void => schema::DocumentStatus::Void,
    };
    schema::Document {
        document_id: row.document_id,
        kind: kind(&row.kind).into(),
        number: row.number.clone().unwrap_or_default(),
        wearer: row.wearer.clone(),
        issued_by: row.issuer.clone(),
        issued_at: Some(instant(row.run_at)),
        issued_on: Some(date(tehran_day(row.run_at))),
        total: Some(money(row.total)),
        due: row.due.map(day),
        open: invoice.as_ref().map(|invoice| money(invoice.open)),
        paid: invoice.as_ref().and_then(|invoice| invoice.paid().ok()).map(money),
        status: status.into(),
        ..schema::Document::default()
    }
}

/// The same with what is still asked for by a request of a deposit.
pub(super) fn request(shown: &DocumentShown, asked: Money) -> schema::Document {
    schema::Document { deposit_asked: asked.is_positive().then(|| money(asked)), ..document(shown) }
}

/// All of it.
pub(super) fn whole(whole: &DocumentWhole) -> schema::Document {
    schema::Document {
        lines: whole.document.lines.iter().map(|one| line(one, &whole.facts)).collect(),
        payments: whole.payments.iter().map(payment).collect(),
        events: whole.events.iter().map(event).collect(),
        pay_to: pay_to(whole).map(|pay_to| pay_to.told(current())),
        ..request(&whole.shown, whole.deposit_asked)
    }
}

/// An objection that waits for an answer.
pub(super) fn objection(one: WaitingObjection, now: DateTime<Utc>) -> schema::WaitingObjection {
    schema::WaitingObjection {
        objection_id: one.objection_id,
        document_id: one.document_id,
        kind: kind(&one.kind).into(),
        document: one.document,
        wearer: one.wearer,
        unit: one.unit,
        at: Some(instant(one.at)),
        days: (tehran_day(now) - tehran_day(one.at)).num_days(),
        recorded_by: one.recorded_by,
        text: one.text,
    }
}

fn kind(name: &str) -> schema::DocumentKind {
    match Kind::ALL.into_iter().find(|kind| kind.name() == name) {
        None => schema::DocumentKind::Unspecified,
        Some(Kind::Invoice) => schema::DocumentKind::Invoice,
        Some(Kind::CreditNote) => schema::DocumentKind::CreditNote,
        Some(Kind::RerateNote) => schema::DocumentKind::RerateNote,
        Some(Kind::Statement) => schema::DocumentKind::Statement,
        Some(Kind::DepositRequest) => schema::DocumentKind::DepositRequest,
        Some(Kind::DepositRelease) => schema::DocumentKind::DepositRelease,
        Some(Kind::DamageInvoice) => schema::DocumentKind::DamageInvoice,
    }
}

fn line(line: &Line, facts: &BTreeMap<String, FactSaid>) -> schema::DocumentLine {
    let days = line.days.as_ref();
    let of = line.of.as_ref();
    schema::DocumentLine {
        code: line.code.name(),
        title: line_words(page_language(current()), line.code),
        order: of.map(|(order, _)| order.to_string()).unwrap_or_default(),
        month: of.map(|(_, of)| month(*of)),
        amount: Some(money(line.amount)),
        unit_price: days.map(|days| money(days.unit)),
        days: days.map_or(0, |days| days.count),
        added: days.map_or_else(Vec::new, |days| ranges(&days.added)),
        removed: days.map_or_else(Vec::new, |days| ranges(&days.removed)),
        because: line.because.iter().map(|one| because(one, facts)).collect(),
    }
}

fn because(because: &Because, facts: &BTreeMap<String, FactSaid>) -> schema::LineReason {
    schema::LineReason {
        days: because.days.as_ref().map(range),
        code: because.why.name().to_owned(),
        text: why_words(page_language(current()), because.why).to_owned(),
        rule: because.why.rule().to_owned(),
        facts: because.events.iter().map(FactId::to_string).collect(),
        tariff: because.tariff.as_deref().unwrap_or_default().to_owned(),
        said: facts_in_words(because.events.iter().map(ToString::to_string), facts),
    }
}

fn payment(payment: &DocumentPayment) -> schema::DocumentPayment {
    schema::DocumentPayment {
        from: payment.from.clone(),
        is_credit_note: payment.is_credit,
        at: payment.at.map(instant),
        amount: Some(money(payment.amount)),
    }
}

fn event(event: &DocumentEvent) -> schema::DocumentEvent {
    use DocumentHappening as What;
    let shown = schema::DocumentEvent {
        event_id: event.event_id,
        at: Some(instant(event.at)),
        recorded_at: Some(instant(event.recorded_at)),
        recorded_by: event.recorded_by.clone(),
        ..schema::DocumentEvent::default()
    };
    let said = |code: &str, text: &str| schema::DocumentEvent { code: code.to_owned(), text: text.to_owned(), ..shown.clone() };
    match &event.happening {
        What::Sent(how) => said("sent", how),
        What::Objection(text) => said("objection", text),
        What::Answer { objection, outcome, text } => {
            schema::DocumentEvent { objection_id: *objection, outcome: self::outcome(*outcome).into(), ..said("answer", text) }
        }
        What::Uncollectible { reason, decision: by, confirmed_by } => schema::DocumentEvent {
            decision: Some(decision(by.clone())),
            confirmed_by: confirmed_by.clone(),
            ..said("uncollectible", reason)
        },
        What::Collectible { reason, confirmed_by } => {
            schema::DocumentEvent { confirmed_by: confirmed_by.clone(), ..said("collectible", reason) }
        }
        What::Reminder(number, how) => schema::DocumentEvent { reminder: u32::from(*number), ..said("reminder", how) },
        What::Void(reason) => said("void", reason),
        What::RemindersOff(true, reason) => said("reminders_off", reason),
        What::RemindersOff(false, reason) => said("reminders_on", reason),
    }
}

const fn outcome(outcome: ObjectionOutcome) -> schema::ObjectionOutcome {
    match outcome {
        ObjectionOutcome::Upheld => schema::ObjectionOutcome::Upheld,
        ObjectionOutcome::PartlyUpheld => schema::ObjectionOutcome::PartlyUpheld,
        ObjectionOutcome::Rejected => schema::ObjectionOutcome::Rejected,
    }
}
