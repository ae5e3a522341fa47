//! Objections to documents that wait for an answer, the oldest first.

use super::BooksError;
use crate::Store;
use access::Caller;
use chrono::{DateTime, Utc};
use tokio_postgres::Row;

/// Of documents of a merged file too, within reach of either unit, as documents are listed.
const WAITING: &str = "
    SELECT o.event_id, d.document_id, d.kind, coalesce(d.number, ''), w.reference, u.code, o.at, o.recorded_by, o.text, count(*) OVER ()
    FROM billing_document_events o JOIN billing_documents d USING (document_id) JOIN wearers w USING (wearer_id) JOIN units u ON u.unit_id = w.unit_id
        LEFT JOIN wearers m ON m.wearer_id = w.merged_into
    WHERE o.kind = 'objection' AND NOT EXISTS (SELECT FROM billing_document_events a WHERE a.answers = o.event_id AND a.kind = 'answer')
        AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id IN (w.unit_id, m.unit_id) AND r.above_id = ANY ($1))
    ORDER BY o.at, o.event_id LIMIT $2";

/// An objection without an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WaitingObjection {
    /// The event.
    pub objection_id: i64,
    /// Against which document.
    pub document_id: i64,
    /// As documents write it.
    pub kind: String,
    /// Its number; empty where the kind has none.
    pub document: String,
    /// The wearer's file reference.
    pub wearer: String,
    /// The code of the unit where the file lies.
    pub unit: String,
    /// When it came.
    pub at: DateTime<Utc>,
    /// Who wrote it down.
    pub recorded_by: String,
    /// In the wearer's words.
    pub text: String,
}

impl Store {
    /// Objections of wearers of a unit and those below that have no answer, the oldest first, at most `limit`; and how many there are.
    ///
    /// # Errors
    /// When the caller does not reach the unit, or the database does not answer.
    pub async fn objections_waiting(&self, caller: &Caller, unit: &str, limit: u32) -> Result<(Vec<WaitingObjection>, u64), BooksError> {
        let roots = self.books_scope(caller, unit).await?;
        let rows = self.client().await?.query(WAITING, &[&roots, &i64::from(limit)]).await?;
        let total = rows.first().map_or(0, |row| row.get::<_, i64>(9).unsigned_abs());
        Ok((rows.iter().map(waiting_from).collect(), total))
    }
}

fn waiting_from(row: &Row) -> WaitingObjection {
    WaitingObjection {
        objection_id: row.get(0),
        document_id: row.get(1),
        kind: row.get(2),
        document: row.get(3),
        wearer: row.get(4),
        unit: row.get(5),
        at: row.get(6),
        recorded_by: row.get(7),
        text: row.get(8),
    }
}
