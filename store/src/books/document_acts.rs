//! Writing down what became of documents. Each is possible or not by how the document stands now.

use super::document_events::{DocumentEvent, DocumentHappening, ObjectionOutcome, events, reminders_off};
use super::documents::{DocumentRow, document_row};
use super::holidays::closed_days;
use super::owing::settled;
use super::void::stands;
use super::{AsOf, BooksError};
use crate::Store;
use crate::change::{self, Change, OpenChange};
use crate::enrolment::Decision;
use access::Caller;
use billing::reminder_number;
use chrono::{DateTime, Utc};
use tokio_postgres::Transaction;

const INSERT: &str = "
    INSERT INTO billing_document_events (document_id, kind, at, recorded_at, recorded_by, confirmed_by, text, outcome, answers, reminder, authority,
        decision_number, decision_date)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING RETURNING event_id";
const OBJECTION: &str = "
    SELECT o.document_id, EXISTS (SELECT FROM billing_document_events a WHERE a.answers = o.event_id)
    FROM billing_document_events o WHERE o.event_id = $1 AND o.kind = 'objection'";
/// One after the other for each document.
const LOCK: &str =
    "SELECT FROM wearers WHERE wearer_id = (SELECT wearer_id FROM billing_documents WHERE document_id = $1) FOR NO KEY UPDATE";

/// A document to be given up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UncollectibleMark {
    /// Which.
    pub document_id: i64,
    /// Why.
    pub reason: String,
    /// By which decision.
    pub decision: Decision,
}

/// A document that was given up, to be asked for again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CollectibleMark {
    /// Which.
    pub document_id: i64,
    /// Why.
    pub reason: String,
}

impl Store {
    /// Writes down that something happened to a document, at `at`. The document's number.
    ///
    /// # Errors
    /// When the document is not within reach, or it cannot have happened to it.
    pub async fn document_happened(
        &self,
        caller: &Caller,
        document_id: i64,
        happening: &DocumentHappening,
        at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<i64, BooksError> {
        let mut client = self.client().await?;
        let open: OpenChange<'_> = match change::begin(&mut client, caller).await? {
            Change::Done(done) => return Ok(done),
            Change::Open(open) => open,
        };
        let document = document_locked(&open.transaction, caller, document_id).await?;
        may_happen(&open.transaction, &document, happening, now).await?;
        insert(&open.transaction, document.document_id, happening, at, (caller.name(), now)).await?;
        open.commit(document.document_id).await?;
        Ok(document.document_id)
    }

    /// Answers an objection; the number of its document.
    ///
    /// # Errors
    /// When there is none such within reach, or it was answered.
    pub async fn objection_answer(
        &self,
        caller: &Caller,
        (objection, outcome, text): (i64, ObjectionOutcome, &str),
        now: DateTime<Utc>,
    ) -> Result<i64, BooksError> {
        let of = self.client().await?.query_opt(OBJECTION, &[&objection]).await?.ok_or(BooksError::UnknownObjection)?;
        let answer = DocumentHappening::Answer { objection, outcome, text: text.to_owned() };
        let answered = self.document_happened(caller, of.get(0), &answer, now, now).await;
        answered.map_err(|error| match error {
            BooksError::UnknownDocument => BooksError::UnknownObjection,
            other => other,
        })
    }
}

/// The document within reach; nobody else writes about its wearer until the commit.
pub(super) async fn document_locked(transaction: &Transaction<'_>, caller: &Caller, document_id: i64) -> Result<DocumentRow, BooksError> {
    transaction.query_opt(LOCK, &[&document_id]).await?;
    document_row(transaction, caller, document_id).await
}

async fn may_happen(
    transaction: &Transaction<'_>,
    document: &DocumentRow,
    happening: &DocumentHappening,
    now: DateTime<Utc>,
) -> Result<(), BooksError> {
    stands(transaction, document.document_id).await?;
    match happening {
        DocumentHappening::Sent(_) | DocumentHappening::Objection(_) | DocumentHappening::Void(_) => Ok(()),
        DocumentHappening::Answer { objection, .. } => {
            let row = transaction.query_one(OBJECTION, &[objection]).await?;
            if row.get(1) { Err(BooksError::ObjectionAnswered) } else { Ok(()) }
        }
        DocumentHappening::Uncollectible { .. } => still_owed(transaction, document, now).await,
        DocumentHappening::Collectible { .. } => was_given_up(document),
        DocumentHappening::RemindersOff(..) => match document.due {
            Some(_) => Ok(()),
            None => Err(BooksError::NothingOwed),
        },
        DocumentHappening::Reminder(number, _) => {
            still_owed(transaction, document, now).await?;
            let events = events(transaction, document.document_id, now).await?;
            let is_due =
                reminder_due(transaction, document, &events, now).await?.is_some_and(|due| *number <= due && !is_sent(&events, *number));
            if is_due { Ok(()) } else { Err(BooksError::ReminderNotDue) }
        }
    }
}

/// The number of the newest reminder whose day has come, unless reminders are off.
pub(super) async fn reminder_due(
    transaction: &Transaction<'_>,
    document: &DocumentRow,
    events: &[DocumentEvent],
    now: DateTime<Utc>,
) -> Result<Option<u8>, BooksError> {
    let (today, holidays) = (AsOf::instant(now)?.day, closed_days(transaction).await?);
    let newest = document.due.and_then(|due| reminder_number(due, today, &holidays));
    Ok(newest.filter(|_| reminders_off(events).is_none()))
}

/// Whether this reminder or a later one was sent.
pub(super) fn is_sent(events: &[DocumentEvent], number: u8) -> bool {
    events.iter().any(|event| matches!(event.happening, DocumentHappening::Reminder(sent, _) if sent >= number))
}

fn was_given_up(document: &DocumentRow) -> Result<(), BooksError> {
    document.uncollectible_since.map(|_| ()).ok_or(BooksError::NotUncollectible)
}

/// Refuses what is paid, asks for nothing, is void or was given up.
pub(super) async fn still_owed(transaction: &Transaction<'_>, document: &DocumentRow, now: DateTime<Utc>) -> Result<(), BooksError> {
    stands(transaction, document.document_id).await?;
    if document.uncollectible_since.is_some() {
        return Err(BooksError::UncollectibleAlready);
    }
    let settled = settled(transaction, &[document.wearer_id], AsOf::instant(now)?.before).await?;
    let invoices = settled.get(&document.wearer_id).map(|settled| settled.receivables.invoices()).unwrap_or_default();
    let is_open = invoices.iter().any(|invoice| Some(&*invoice.number) == document.number.as_deref() && !invoice.open.is_zero());
    if is_open { Ok(()) } else { Err(BooksError::NothingOwed) }
}

/// The unit that giving a document up concerns, if it is possible.
pub(crate) async fn uncollectible_concerns(
    transaction: &Transaction<'_>,
    caller: &Caller,
    mark: &UncollectibleMark,
    now: DateTime<Utc>,
) -> Result<i64, BooksError> {
    let document = document_locked(transaction, caller, mark.document_id).await?;
    still_owed(transaction, &document, now).await.map(|()| document.unit_id)
}

/// Gives a document up in the caller's transaction; its number.
pub(crate) async fn uncollectible_mark(
    transaction: &Transaction<'_>,
    caller: &Caller,
    mark: &UncollectibleMark,
    proposed_by: &str,
    now: DateTime<Utc>,
) -> Result<i64, BooksError> {
    uncollectible_concerns(transaction, caller, mark, now).await?;
    let UncollectibleMark { document_id, reason, decision } = mark.clone();
    let happening = DocumentHappening::Uncollectible { reason, decision, confirmed_by: caller.name().to_owned() };
    insert(transaction, document_id, &happening, now, (proposed_by, now)).await?;
    Ok(document_id)
}

/// The unit that asking for a document again concerns, if it was given up.
pub(crate) async fn collectible_concerns(
    transaction: &Transaction<'_>,
    caller: &Caller,
    mark: &CollectibleMark,
) -> Result<i64, BooksError> {
    let document = document_locked(transaction, caller, mark.document_id).await?;
    was_given_up(&document).map(|()| document.unit_id)
}

/// Asks for a document again in the caller's transaction; its number.
pub(crate) async fn collectible_mark(
    transaction: &Transaction<'_>,
    caller: &Caller,
    mark: &CollectibleMark,
    proposed_by: &str,
    now: DateTime<Utc>,
) -> Result<i64, BooksError> {
    collectible_concerns(transaction, caller, mark).await?;
    let happening = DocumentHappening::Collectible { reason: mark.reason.clone(), confirmed_by: caller.name().to_owned() };
    insert(transaction, mark.document_id, &happening, now, (proposed_by, now)).await?;
    Ok(mark.document_id)
}

pub(super) async fn insert(
    transaction: &Transaction<'_>,
    document_id: i64,
    happening: &DocumentHappening,
    at: DateTime<Utc>,
    (by, now): (&str, DateTime<Utc>),
) -> Result<i64, BooksError> {
    use DocumentHappening as What;
    let (kind, text) = match happening {
        What::Sent(text) => ("sent", text),
        What::Objection(text) => ("objection", text),
        What::Answer { text, .. } => ("answer", text),
        What::Uncollectible { reason, .. } => ("uncollectible", reason),
        What::Collectible { reason, .. } => ("collectible", reason),
        What::Reminder(_, text) => ("reminder", text),
        What::Void(text) => ("void", text),
        What::RemindersOff(true, text) => ("reminders_off", text),
        What::RemindersOff(false, text) => ("reminders_on", text),
    };
    let (outcome, answers) = match happening {
        What::Answer { outcome, objection, .. } => (Some(outcome.name()), Some(*objection)),
        _ => (None, None),
    };
    let reminder = if let What::Reminder(number, _) = happening { Some(i16::from(*number)) } else { None };
    let (decision, confirmed_by) = match happening {
        What::Uncollectible { decision, confirmed_by, .. } => (Some(decision), Some(confirmed_by)),
        What::Collectible { confirmed_by, .. } => (None, Some(confirmed_by)),
        _ => (None, None),
    };
    let authority = decision.map(|decision| &decision.authority);
    let (number, date) = (decision.map(|decision| &decision.number), decision.map(|decision| decision.date));
    let row = transaction
        .query_opt(
            INSERT,
            &[&document_id, &kind, &at, &now, &by, &confirmed_by, text, &outcome, &answers, &reminder, &authority, &number, &date],
        )
        .await?;
    Ok(row.ok_or(BooksError::HappenedAlready)?.get(0))
}
