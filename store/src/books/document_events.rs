//! What became of documents: sent, objected to, given up, reminded of, void. Only added to.

use super::AsOf;
use crate::StoreError;
use crate::enrolment::Decision;
use chrono::{DateTime, Utc};
use tokio_postgres::{GenericClient, Row};

const OF_DOCUMENT: &str = "
    SELECT event_id, kind, at, recorded_at, recorded_by, coalesce(confirmed_by, ''), text, coalesce(outcome, ''), coalesce(answers, 0),
        coalesce(reminder, 0::smallint), authority, decision_number, decision_date
    FROM billing_document_events WHERE document_id = $1 AND recorded_at < $2 ORDER BY event_id";

/// What an objection came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ObjectionOutcome {
    /// The wearer is right: facts are corrected, and the next run credits.
    Upheld,
    /// In part.
    PartlyUpheld,
    /// The document stands.
    Rejected,
}

impl ObjectionOutcome {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Upheld, Self::PartlyUpheld, Self::Rejected];

    /// As the database writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Upheld => "upheld",
            Self::PartlyUpheld => "partly_upheld",
            Self::Rejected => "rejected",
        }
    }
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DocumentHappening {
    /// It was handed over or sent: how.
    Sent(String),
    /// The wearer objects: in these words.
    Objection(String),
    /// An objection was answered.
    Answer {
        /// Which.
        objection: i64,
        /// How.
        outcome: ObjectionOutcome,
        /// In these words.
        text: String,
    },
    /// It cannot be collected, for this reason and by this decision; confirmed by a second person.
    Uncollectible {
        /// Why.
        reason: String,
        /// By which decision.
        decision: Decision,
        /// Who confirmed it.
        confirmed_by: String,
    },
    /// It is asked for again, for this reason; confirmed by a second person.
    Collectible {
        /// Why.
        reason: String,
        /// Who confirmed it.
        confirmed_by: String,
    },
    /// The reminder of this number was sent: how.
    Reminder(u8, String),
    /// No reminders any more (`true`) or again, for this reason.
    RemindersOff(bool, String),
    /// It is void, for this reason: it asks for nothing.
    Void(String),
}

/// Something that happened to a document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DocumentEvent {
    /// Which.
    pub event_id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// When it was written down.
    pub recorded_at: DateTime<Utc>,
    /// By whom.
    pub recorded_by: String,
    /// What.
    pub happening: DocumentHappening,
}

/// Everything that happened to a document and was written down by `now`.
pub(super) async fn events(client: &impl GenericClient, document_id: i64, now: DateTime<Utc>) -> Result<Vec<DocumentEvent>, StoreError> {
    client.query(OF_DOCUMENT, &[&document_id, &AsOf::instant(now)?.before]).await?.iter().map(event_from).collect()
}

/// Why no reminders are sent, if they were switched off.
pub(super) fn reminders_off(events: &[DocumentEvent]) -> Option<&str> {
    let said = events.iter().rev().find_map(|event| match &event.happening {
        DocumentHappening::RemindersOff(is_off, reason) => Some((*is_off, reason.as_str())),
        _ => None,
    });
    said.filter(|(is_off, _)| *is_off).map(|(_, reason)| reason)
}

fn event_from(row: &Row) -> Result<DocumentEvent, StoreError> {
    let text: String = row.get(6);
    let happening = match row.get(1) {
        "sent" => DocumentHappening::Sent(text),
        "objection" => DocumentHappening::Objection(text),
        "answer" => {
            let outcome = ObjectionOutcome::ALL.into_iter().find(|outcome| outcome.name() == row.get::<_, &str>(7));
            let outcome = outcome.ok_or_else(|| StoreError::Unreadable(format!("event {}", row.get::<_, i64>(0))))?;
            DocumentHappening::Answer { objection: row.get(8), outcome, text }
        }
        "uncollectible" => {
            let decision = Decision { authority: row.get(10), number: row.get(11), date: row.get(12) };
            DocumentHappening::Uncollectible { reason: text, decision, confirmed_by: row.get(5) }
        }
        "collectible" => DocumentHappening::Collectible { reason: text, confirmed_by: row.get(5) },
        "void" => DocumentHappening::Void(text),
        "reminder" => DocumentHappening::Reminder(u8::try_from(row.get::<_, i16>(9)).unwrap_or_default(), text),
        kind => DocumentHappening::RemindersOff(kind == "reminders_off", text),
    };
    Ok(DocumentEvent { event_id: row.get(0), at: row.get(2), recorded_at: row.get(3), recorded_by: row.get(4), happening })
}
