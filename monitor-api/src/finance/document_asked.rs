//! What callers ask of documents, checked field by field.

use super::shown::{self, UNIT_MAX, month_asked, past_instant};
use crate::fields::{Fields, NUMBER_MAX, REASON_MAX, REFERENCE_MAX};
use crate::reason::Wrong;
use billing::calendar::{Day, Moment};
use billing::{Kind, REMINDER_DAYS};
use chrono::{DateTime, NaiveDate, Utc};
use proto::billing as schema;
use proto::enrolment::Date;
use store::{CollectibleMark, DocumentFilter, DocumentHappening, DocumentStatus, ObjectionOutcome, UncollectibleMark};
use tonic::Status;

pub(super) fn list_asked(asked: &schema::ListDocumentsRequest) -> Result<DocumentFilter, Status> {
    let mut fields = Fields::default();
    let wearer = fields.optional_text("wearer", &asked.wearer, REFERENCE_MAX);
    let unit = fields.optional_text("unit", &asked.unit, UNIT_MAX);
    let number = fields.optional_text("number", &asked.number, NUMBER_MAX);
    let month = month_asked(&mut fields, "month", asked.month.as_ref());
    let mut kinds = Vec::new();
    for (at, &kind) in asked.kinds.iter().enumerate() {
        match kind_asked(kind) {
            Some(kind) => kinds.push(kind.name()),
            None => fields.note(format!("kinds[{at}]"), Wrong::UnknownChoice, &[("value", kind.to_string())]),
        }
    }
    let status = match schema::DocumentStatus::try_from(asked.status) {
        Ok(schema::DocumentStatus::Unspecified) => None,
        Ok(schema::DocumentStatus::Open) => Some(DocumentStatus::Open),
        Ok(schema::DocumentStatus::Overdue) => Some(DocumentStatus::Overdue),
        Ok(schema::DocumentStatus::Paid) => Some(DocumentStatus::Paid),
        Ok(schema::DocumentStatus::Uncollectible) => Some(DocumentStatus::Uncollectible),
        Ok(schema::DocumentStatus::Void) => Some(DocumentStatus::Void),
        Ok(schema::DocumentStatus::NothingToPay) => Some(DocumentStatus::Told),
        Err(_) => {
            fields.note("status", Wrong::UnknownChoice, &[("value", asked.status.to_string())]);
            None
        }
    };
    if asked.deposit_asked && !asked.kinds.is_empty() {
        fields.note("kinds", Wrong::UnknownChoice, &[("value", asked.kinds[0].to_string())]);
    }
    if asked.deposit_asked && asked.status != 0 {
        fields.note("status", Wrong::UnknownChoice, &[("value", asked.status.to_string())]);
    }
    let (before, limit) = page_asked(&mut fields, asked.before_document_id, asked.page_size);
    fields.check()?;
    let from = month.map(|month| Moment::start_of(month.first_day()).utc());
    let to = month.map(|month| Moment::start_of(month.next().first_day()).utc());
    Ok(DocumentFilter { wearer, unit, units: None, kinds, number, from, to, status, before, limit })
}

/// Where a page begins and how long it is.
pub(super) fn page_asked(fields: &mut Fields, before: i64, page_size: u32) -> (i64, u32) {
    if before < 0 {
        fields.note("before_document_id", Wrong::MustNotBeNegative, &[("value", before.to_string())]);
    }
    (before, shown::page_asked(fields, page_size))
}

pub(super) fn kind_asked(kind: i32) -> Option<Kind> {
    use schema::DocumentKind as Asked;
    Some(match Asked::try_from(kind).ok()? {
        Asked::Unspecified => return None,
        Asked::Invoice => Kind::Invoice,
        Asked::CreditNote => Kind::CreditNote,
        Asked::RerateNote => Kind::RerateNote,
        Asked::Statement => Kind::Statement,
        Asked::DepositRequest => Kind::DepositRequest,
        Asked::DepositRelease => Kind::DepositRelease,
        Asked::DamageInvoice => Kind::DamageInvoice,
    })
}

pub(super) fn sent_asked(asked: &schema::MarkSentRequest, now: DateTime<Utc>) -> Result<(DocumentHappening, DateTime<Utc>), Status> {
    let mut fields = Fields::default();
    let how = fields.text("how", &asked.how, REASON_MAX);
    let at = past_instant(&mut fields, "at", asked.at.as_ref(), now);
    fields.check().map(|()| (DocumentHappening::Sent(how), at))
}

pub(super) fn objection_asked(
    asked: &schema::RecordObjectionRequest,
    now: DateTime<Utc>,
) -> Result<(DocumentHappening, DateTime<Utc>), Status> {
    let mut fields = Fields::default();
    let text = fields.text("text", &asked.text, REASON_MAX);
    let at = past_instant(&mut fields, "at", asked.at.as_ref(), now);
    fields.check().map(|()| (DocumentHappening::Objection(text), at))
}

pub(super) fn answer_asked(asked: &schema::AnswerObjectionRequest) -> Result<(ObjectionOutcome, String), Status> {
    let mut fields = Fields::default();
    let text = fields.text("text", &asked.text, REASON_MAX);
    let outcome = match asked.outcome() {
        schema::ObjectionOutcome::Upheld => ObjectionOutcome::Upheld,
        schema::ObjectionOutcome::PartlyUpheld => ObjectionOutcome::PartlyUpheld,
        schema::ObjectionOutcome::Rejected => ObjectionOutcome::Rejected,
        schema::ObjectionOutcome::Unspecified => {
            fields.note("outcome", Wrong::Missing, &[]);
            ObjectionOutcome::Rejected
        }
    };
    fields.check().map(|()| (outcome, text))
}

/// Of which unit objections are listed, and how many.
pub(super) fn objections_asked(asked: &schema::ListObjectionsRequest) -> Result<(String, u32), Status> {
    let mut fields = Fields::default();
    let unit = fields.optional_text("unit", &asked.unit, UNIT_MAX);
    let limit = shown::page_asked(&mut fields, asked.page_size);
    fields.check().map(|()| (unit, limit))
}

/// Why a document is void.
pub(super) fn void_asked(asked: &schema::VoidDocumentRequest) -> Result<String, Status> {
    let mut fields = Fields::default();
    let reason = fields.text("reason", &asked.reason, REASON_MAX);
    fields.check().map(|()| reason)
}

pub(super) fn uncollectible_asked(asked: &schema::MarkUncollectibleRequest) -> Result<UncollectibleMark, Status> {
    let mut fields = Fields::default();
    let reason = fields.text("reason", &asked.reason, REASON_MAX);
    let decision = fields.decision("decision", asked.decision.as_ref());
    fields.check().map(|()| UncollectibleMark { document_id: asked.document_id, reason, decision })
}

pub(super) fn collectible_asked(asked: &schema::MarkCollectibleRequest) -> Result<CollectibleMark, Status> {
    let mut fields = Fields::default();
    let reason = fields.text("reason", &asked.reason, REASON_MAX);
    fields.check().map(|()| CollectibleMark { document_id: asked.document_id, reason })
}

pub(super) fn reminder_asked(asked: &schema::MarkReminderSentRequest) -> Result<DocumentHappening, Status> {
    let mut fields = Fields::default();
    let how = fields.optional_text("how", &asked.how, REASON_MAX);
    let max = REMINDER_DAYS.len() as u8;
    let number = u8::try_from(asked.number).ok().filter(|number| (1..=max).contains(number));
    if number.is_none() {
        let args = [("min", "1".to_owned()), ("max", max.to_string()), ("value", asked.number.to_string())];
        fields.note("number", Wrong::OutOfRange, &args);
    }
    fields.check().map(|()| DocumentHappening::Reminder(number.unwrap_or_default(), how))
}

/// Documents whose letters are printed together, at most.
const LETTERS_MAX: usize = 100;

/// Of which documents letters are to be printed.
pub(super) fn letters_asked(asked: &schema::RenderRemindersRequest) -> Result<Vec<i64>, Status> {
    let (mut fields, documents) = (Fields::default(), &asked.document_ids);
    if documents.is_empty() {
        fields.note("document_ids", Wrong::Missing, &[]);
    }
    if documents.len() > LETTERS_MAX {
        fields.note("document_ids", Wrong::TooMany, &[("max", LETTERS_MAX.to_string()), ("count", documents.len().to_string())]);
    }
    for (at, document) in documents.iter().enumerate().take(LETTERS_MAX) {
        if documents[..at].contains(document) {
            fields.note(format!("document_ids[{at}]"), Wrong::NamedTwice, &[]);
        }
    }
    fields.check().map(|()| documents.clone())
}

pub(super) fn switch_asked(asked: &schema::SwitchRemindersRequest) -> Result<DocumentHappening, Status> {
    let mut fields = Fields::default();
    let reason = fields.text("reason", &asked.reason, REASON_MAX);
    fields.check().map(|()| DocumentHappening::RemindersOff(!asked.on, reason))
}

/// Most days of one call.
const HOLIDAYS_MAX: usize = 400;

/// From which day to which holidays are shown.
pub(super) fn holidays_asked(asked: &schema::ListHolidaysRequest) -> Result<(NaiveDate, NaiveDate), Status> {
    let mut fields = Fields::default();
    let from = fields.optional_date("from", asked.from.as_ref()).unwrap_or(NaiveDate::from_ymd_opt(1900, 1, 1).unwrap_or_default());
    let to = fields.optional_date("to", asked.to.as_ref()).unwrap_or(NaiveDate::from_ymd_opt(2200, 1, 1).unwrap_or_default());
    fields.check().map(|()| (from, to))
}

type Holidays = Vec<(NaiveDate, String)>;

/// Which days are holidays, and which are none.
pub(super) fn holidays_set_asked(asked: &schema::SetHolidaysRequest) -> Result<(Holidays, Vec<NaiveDate>), Status> {
    let mut fields = Fields::default();
    for (field, count) in [("closed", asked.closed.len()), ("open", asked.open.len())] {
        if count > HOLIDAYS_MAX {
            fields.note(field, Wrong::TooMany, &[("max", HOLIDAYS_MAX.to_string()), ("count", count.to_string())]);
        }
    }
    if asked.closed.is_empty() && asked.open.is_empty() {
        fields.note("closed", Wrong::Missing, &[]);
    }
    let mut closed = Holidays::new();
    for (place, holiday) in asked.closed.iter().enumerate().take(HOLIDAYS_MAX) {
        let day = holiday_asked(&mut fields, &format!("closed[{place}].day"), holiday.day.as_ref());
        if closed.iter().any(|(other, _)| *other == day) {
            fields.note(format!("closed[{place}].day"), Wrong::NamedTwice, &[]);
        }
        closed.push((day, fields.text(&format!("closed[{place}].name"), &holiday.name, NUMBER_MAX)));
    }
    let open = asked.open.iter().enumerate().take(HOLIDAYS_MAX);
    let open = open.map(|(place, day)| holiday_asked(&mut fields, &format!("open[{place}]"), Some(day))).collect();
    fields.check().map(|()| (closed, open))
}

/// A day that billing reckons with.
fn holiday_asked(fields: &mut Fields, field: &str, asked: Option<&Date>) -> NaiveDate {
    let day = fields.date(field, asked);
    if !fields.has(field) && Day::try_from(day).is_err() {
        fields.note(field, Wrong::NoDate, &[]);
    }
    day
}
