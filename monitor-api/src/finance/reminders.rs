//! The service of reminders: letters, and nothing else. It never reads or writes anything of monitoring.

use super::document_asked::{holidays_asked, holidays_set_asked, letters_asked, page_asked, reminder_asked, switch_asked};
use super::documents::happened;
use super::shown::{UNIT_MAX, as_of, day, language, unit_ids, units};
use super::{money, refused, reminder_page};
use crate::accounts::instant;
use crate::alerts::store_failed;
use crate::catalogue::text;
use crate::events::Happening;
use crate::fields::{Fields, date};
use crate::gate::{asked, caller};
use crate::reason::{Reason, Wrong, reminder_hint};
use crate::status::refusal;
use billing::calendar::{Day, Moment};
use chrono::Utc;
use proto::billing as schema;
use proto::billing::reminders_server::Reminders;
use store::{ReminderRow, ReminderState, Store};
use tonic::{Code, Request, Response, Status};

/// Tells whom to remind, writes the letters, and writes down who was sent one.
pub(crate) struct ReminderService {
    store: Store,
}

impl ReminderService {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }
}

#[tonic::async_trait]
impl Reminders for ReminderService {
    async fn list_reminders(
        &self,
        request: Request<schema::ListRemindersRequest>,
    ) -> Result<Response<schema::ListRemindersResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let mut fields = Fields::default();
        let unit = fields.optional_text("unit", &asked.unit, UNIT_MAX);
        let as_of = as_of(&mut fields, asked.day.as_ref(), Utc::now())?;
        let state = schema::ReminderState::try_from(asked.state);
        if state.is_err() {
            fields.note("state", Wrong::UnknownChoice, &[("value", asked.state.to_string())]);
        }
        let (before, limit) = page_asked(&mut fields, asked.before_document_id, asked.page_size);
        fields.check()?;
        let (wished, units) = (state.unwrap_or_default(), unit_ids(&units(&self.store, &caller, &unit).await?));
        let failed = |error| store_failed("ListReminders", &error);
        let mut found = Vec::new();
        if wished == schema::ReminderState::Report {
            found = self.store.reminders_over(&units, as_of).await.map_err(failed)?;
        } else if wished != schema::ReminderState::Sent {
            found = self.store.reminders_due(&units, as_of).await.map_err(failed)?;
        }
        if matches!(wished, schema::ReminderState::Sent | schema::ReminderState::Unspecified) {
            let from = Moment::start_of(as_of.day).utc();
            found.extend(self.store.reminders_sent(&units, from, as_of.before).await.map_err(failed)?);
            found.sort_by_key(|one| std::cmp::Reverse(one.document_id));
        }
        let reminders = found
            .into_iter()
            .map(|one| reminder(one, as_of.day))
            .filter(|one| wished == schema::ReminderState::Unspecified || one.state() == wished);
        let mut reminders: Vec<_> = reminders.filter(|one| before == 0 || one.document_id < before).collect();
        let next_before_document_id = cut(&mut reminders, limit as usize);
        caller.about(format!("{} reminders", reminders.len()));
        Ok(Response::new(schema::ListRemindersResponse { reminders, next_before_document_id }))
    }

    async fn render_reminders(
        &self,
        request: Request<schema::RenderRemindersRequest>,
    ) -> Result<Response<schema::RenderDocumentResponse>, Status> {
        let (caller, asked) = (caller(&request)?, request.into_inner());
        let documents = letters_asked(&asked)?;
        let letters =
            self.store.reminder_letters(&caller, &documents, Utc::now()).await.map_err(|error| refused("RenderReminders", &error))?;
        let html = reminder_page::html(&letters, language(asked.language)).map_err(|error| {
            Happening::RequestFailed { request: "RenderReminders", error: &error.to_string() }.tell();
            refusal(Code::Internal, Reason::Internal, &[])
        })?;
        let (file_name, media_type) = ("reminders.html".to_owned(), "text/html; charset=utf-8".to_owned());
        Ok(Response::new(schema::RenderDocumentResponse { file_name, media_type, content: html.into_bytes() }))
    }

    async fn list_holidays(&self, request: Request<schema::ListHolidaysRequest>) -> Result<Response<schema::ListHolidaysResponse>, Status> {
        caller(&request)?;
        let (from, to) = holidays_asked(&request.into_inner())?;
        let found = self.store.holidays(from, to).await.map_err(|error| store_failed("ListHolidays", &error))?;
        let holidays =
            found.into_iter().map(|one| schema::Holiday { day: Some(date(one.day)), name: one.name, recorded_by: one.recorded_by });
        Ok(Response::new(schema::ListHolidaysResponse { holidays: holidays.collect() }))
    }

    async fn set_holidays(&self, request: Request<schema::SetHolidaysRequest>) -> Result<Response<schema::SetHolidaysResponse>, Status> {
        let (caller, asked) = asked(request)?;
        let (closed, open) = holidays_set_asked(&asked)?;
        let done = self.store.holidays_set(&caller, &closed, &open).await;
        done.map(|()| Response::new(schema::SetHolidaysResponse {})).map_err(|error| refused("SetHolidays", &error))
    }

    async fn mark_reminder_sent(&self, request: Request<schema::MarkReminderSentRequest>) -> Result<Response<schema::Document>, Status> {
        let ((caller, asked), now) = (asked(request)?, Utc::now());
        happened(&self.store, "MarkReminderSent", (&caller, asked.document_id), (reminder_asked(&asked)?, now), now).await
    }

    async fn switch_reminders(&self, request: Request<schema::SwitchRemindersRequest>) -> Result<Response<schema::Document>, Status> {
        let ((caller, asked), now) = (asked(request)?, Utc::now());
        happened(&self.store, "SwitchReminders", (&caller, asked.document_id), (switch_asked(&asked)?, now), now).await
    }
}

/// Cuts a page; both a due and a sent one of a document stay together. Where the next page begins.
fn cut(reminders: &mut Vec<schema::Reminder>, limit: usize) -> i64 {
    let Some(last) = reminders.get(limit.saturating_sub(1)).map(|one| one.document_id) else { return 0 };
    let end = reminders.iter().position(|one| one.document_id < last).unwrap_or(reminders.len());
    let has_more = end < reminders.len();
    reminders.truncate(end);
    if has_more { last } else { 0 }
}

fn reminder(row: ReminderRow, today: Day) -> schema::Reminder {
    let shown = schema::Reminder {
        document_id: row.document_id,
        document: row.document,
        wearer: row.wearer,
        number: u32::from(row.number),
        due: Some(day(row.due)),
        remind_on: Some(day(row.day)),
        days_past_due: today.days_since(row.due),
        hardship_hint: text(&reminder_hint("hardship"), &[]),
        ..schema::Reminder::default()
    };
    match row.state {
        ReminderState::Due { open } => {
            schema::Reminder { state: schema::ReminderState::Due.into(), open: Some(money(open.invoice.open)), ..shown }
        }
        ReminderState::Off { open, reason } => {
            schema::Reminder { state: schema::ReminderState::Off.into(), open: Some(money(open.invoice.open)), reason, ..shown }
        }
        ReminderState::Report { open, sent } => {
            let sent = sent.into_iter().map(|one| schema::SentReminder {
                number: u32::from(one.number),
                at: Some(instant(one.at)),
                recorded_by: one.by,
                how: one.how,
            });
            let (state, sent) = (schema::ReminderState::Report.into(), sent.collect());
            schema::Reminder { state, open: Some(money(open.invoice.open)), sent, ..shown }
        }
        ReminderState::Sent { at, by } => {
            schema::Reminder { state: schema::ReminderState::Sent.into(), sent_at: Some(instant(at)), sent_by: by, ..shown }
        }
    }
}
