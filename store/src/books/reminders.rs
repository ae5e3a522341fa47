//! Which open invoices a person is to be reminded of, and which reminders were sent. Reads books and documents alone: nothing of monitoring.

use super::holidays::closed_days;
use super::{AsOf, OpenInvoice};
use crate::{Store, StoreError};
use billing::calendar::Day;
use billing::{REMINDER_DAYS, reminder_day, reminder_number};
use chrono::{DateTime, Utc};
use std::collections::{BTreeSet, HashMap};
use tokio_postgres::Row;

/// What was sent and whether reminders are off, of documents, as of an instant.
const STATES: &str = "
    SELECT d.document_id, coalesce((SELECT max(reminder) FROM billing_document_events e WHERE e.document_id = d.document_id AND kind = 'reminder' AND at < $2), 0)::smallint,
        (SELECT CASE WHEN kind = 'reminders_off' THEN text END FROM billing_document_events e
            WHERE e.document_id = d.document_id AND kind IN ('reminders_off', 'reminders_on') AND at < $2 ORDER BY event_id DESC LIMIT 1)
    FROM unnest($1::bigint[]) AS d (document_id)";
const SENT: &str = "
    SELECT e.document_id, d.number, w.reference, e.reminder, d.due, e.at, e.recorded_by
    FROM billing_document_events e JOIN billing_documents d USING (document_id) JOIN wearers w USING (wearer_id)
    WHERE e.kind = 'reminder' AND e.at >= $2 AND e.at < $3 AND w.unit_id = ANY ($1) ORDER BY e.document_id DESC";

/// Every letter of documents of which the last one was sent, as of an instant.
const ALL_SENT: &str = "
    SELECT e.document_id, e.reminder, e.at, e.recorded_by, e.text FROM billing_document_events e
    WHERE e.document_id = ANY ($1) AND e.kind = 'reminder' AND e.at < $2 AND EXISTS (
        SELECT FROM billing_document_events l WHERE l.document_id = e.document_id AND l.kind = 'reminder' AND l.reminder = $3 AND l.at < $2)
    ORDER BY e.document_id, e.reminder";

/// How a reminder stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReminderState {
    /// To be sent.
    Due {
        /// What is open on the invoice.
        open: OpenInvoice,
    },
    /// It would be due, and reminders are off for this reason.
    Off {
        /// What is open on the invoice.
        open: OpenInvoice,
        /// Why.
        reason: String,
    },
    /// Sent.
    Sent {
        /// When.
        at: DateTime<Utc>,
        /// By whom it was recorded.
        by: String,
    },
    /// All were sent, and something is open still: for the report to the centre.
    Report {
        /// What is open on the invoice.
        open: OpenInvoice,
        /// Every letter, the first one first.
        sent: Vec<ReminderSent>,
    },
}

/// A letter that was sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReminderSent {
    /// 1 to 3.
    pub number: u8,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom it was recorded.
    pub by: String,
    /// How it was sent.
    pub how: String,
}

/// One reminder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReminderRow {
    /// Of which document.
    pub document_id: i64,
    /// Its number.
    pub document: String,
    /// The wearer's file reference.
    pub wearer: String,
    /// 1 to 3.
    pub number: u8,
    /// The last day to pay.
    pub due: Day,
    /// From which day on it is to be sent.
    pub day: Day,
    /// How it stands.
    pub state: ReminderState,
}

impl Store {
    /// Reminders of the wearers of these units that are to be sent on a day, or would be if they were not off: of each document the newest whose day has
    /// come and of which none was sent.
    ///
    /// # Errors
    /// When the database does not answer, or holds something unreadable.
    pub async fn reminders_due(&self, units: &[i64], as_of: AsOf) -> Result<Vec<ReminderRow>, StoreError> {
        let mut open = self.open_invoices(units, as_of).await?;
        let client = self.client().await?;
        let holidays = closed_days(&**client).await?;
        open.retain(|one| !one.is_uncollectible && reminder_number(one.invoice.due, as_of.day, &holidays).is_some());
        let documents: Vec<i64> = open.iter().map(|one| one.document_id).collect();
        let rows = client.query(STATES, &[&documents, &as_of.before]).await?;
        let mut states: HashMap<i64, (i16, Option<String>)> = rows.iter().map(|row| (row.get(0), (row.get(1), row.get(2)))).collect();
        let mut reminders: Vec<ReminderRow> = open
            .into_iter()
            .filter_map(|one| {
                let (sent, off) = states.remove(&one.document_id).unwrap_or_default();
                due(one, (as_of, &holidays), sent, off)
            })
            .collect();
        reminders.sort_by_key(|reminder| std::cmp::Reverse(reminder.document_id));
        Ok(reminders)
    }

    /// Open invoices of the wearers of these units of which the last reminder was sent, the newest document first (decision D36: then a report to the centre).
    ///
    /// # Errors
    /// When the database does not answer, or holds something unreadable.
    pub async fn reminders_over(&self, units: &[i64], as_of: AsOf) -> Result<Vec<ReminderRow>, StoreError> {
        let mut open = self.open_invoices(units, as_of).await?;
        let client = self.client().await?;
        let holidays = closed_days(&**client).await?;
        open.retain(|one| !one.is_uncollectible);
        let documents: Vec<i64> = open.iter().map(|one| one.document_id).collect();
        let rows = client.query(ALL_SENT, &[&documents, &as_of.before, &(REMINDER_DAYS.len() as i16)]).await?;
        let mut sent: HashMap<i64, Vec<ReminderSent>> = HashMap::new();
        for row in &rows {
            let number = u8::try_from(row.get::<_, i16>(1)).unwrap_or_default();
            let one = ReminderSent { number, at: row.get(2), by: row.get(3), how: row.get(4) };
            sent.entry(row.get(0)).or_default().push(one);
        }
        let mut reports: Vec<ReminderRow> =
            open.into_iter().filter_map(|one| sent.remove(&one.document_id).and_then(|sent| report(one, sent, &holidays))).collect();
        reports.sort_by_key(|report| std::cmp::Reverse(report.document_id));
        Ok(reports)
    }

    /// Reminders that were sent in [from, to), the newest document first.
    ///
    /// # Errors
    /// When the database does not answer, or holds something unreadable.
    pub async fn reminders_sent(&self, units: &[i64], from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<ReminderRow>, StoreError> {
        let client = self.client().await?;
        let holidays = closed_days(&**client).await?;
        client.query(SENT, &[&units, &from, &to]).await?.iter().map(|row| sent_from(row, &holidays)).collect()
    }
}

fn due(open: OpenInvoice, (as_of, holidays): (AsOf, &BTreeSet<Day>), sent: i16, off: Option<String>) -> Option<ReminderRow> {
    let due = open.invoice.due;
    let number = reminder_number(due, as_of.day, holidays).filter(|number| i16::from(*number) > sent)?;
    Some(ReminderRow {
        document_id: open.document_id,
        document: open.invoice.number.to_string(),
        wearer: open.wearer.clone(),
        number,
        due,
        day: reminder_day(due, number, holidays)?,
        state: match off {
            Some(reason) => ReminderState::Off { open, reason },
            None => ReminderState::Due { open },
        },
    })
}

fn report(open: OpenInvoice, sent: Vec<ReminderSent>, holidays: &BTreeSet<Day>) -> Option<ReminderRow> {
    let (due, number) = (open.invoice.due, REMINDER_DAYS.len() as u8);
    Some(ReminderRow {
        document_id: open.document_id,
        document: open.invoice.number.to_string(),
        wearer: open.wearer.clone(),
        number,
        due,
        day: reminder_day(due, number, holidays)?,
        state: ReminderState::Report { open, sent },
    })
}

fn sent_from(row: &Row, holidays: &BTreeSet<Day>) -> Result<ReminderRow, StoreError> {
    let unreadable = || StoreError::Unreadable(format!("a reminder of document {}", row.get::<_, i64>(0)));
    let number = u8::try_from(row.get::<_, i16>(3)).map_err(|_| unreadable())?;
    let due = row.get::<_, Option<chrono::NaiveDate>>(4).and_then(|due| due.try_into().ok()).ok_or_else(unreadable)?;
    Ok(ReminderRow {
        document_id: row.get(0),
        document: row.get::<_, Option<String>>(1).unwrap_or_default(),
        wearer: row.get(2),
        number,
        due,
        day: reminder_day(due, number, holidays).ok_or_else(unreadable)?,
        state: ReminderState::Sent { at: row.get(5), by: row.get(6) },
    })
}
