//! Documents as they are read: one, lists, and what of them is paid.

use super::owing::{given_up, settled};
use super::{AsOf, BooksError};
use crate::{Store, StoreError};
use access::Caller;
use billing::calendar::Day;
use billing::{Invoice, Money, Status};
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::HashMap;
use tokio_postgres::{GenericClient, Row};

macro_rules! document_columns {
    () => {
        "SELECT d.document_id, d.wearer_id, w.reference, w.unit_id, issuer.code, issuer.name_fa, issuer.name_en, d.kind, d.run_at, d.issued_at, d.number,
            d.total, d.due, e.at, coalesce(w.name, '')
        FROM billing_documents d JOIN wearers w USING (wearer_id) JOIN units issuer ON issuer.unit_id = d.unit_id
            LEFT JOIN wearers m ON m.wearer_id = w.merged_into
            LEFT JOIN LATERAL (SELECT e.kind, e.at FROM billing_document_events e
                WHERE e.document_id = d.document_id AND e.kind IN ('uncollectible', 'collectible') ORDER BY e.event_id DESC LIMIT 1
            ) e ON e.kind = 'uncollectible' "
    };
}

/// A file, and those that were merged into it: their documents are the person's.
macro_rules! files_of {
    () => {
        "d.wearer_id IN (SELECT f.wearer_id FROM wearers f WHERE f.reference = $1
            UNION ALL SELECT b.wearer_id FROM wearers b JOIN wearers f ON f.wearer_id = b.merged_into WHERE f.reference = $1)"
    };
}

const ONE: &str = concat!(
    document_columns!(),
    "WHERE d.document_id = $1 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id IN (w.unit_id, m.unit_id) AND r.above_id = ANY ($2))"
);
const LIST: &str = concat!(
    document_columns!(),
    "WHERE ($1 = '' OR ",
    files_of!(),
    ") AND ($3::text[] = '{}' OR d.kind = ANY ($3)) AND ($4 = '' OR d.number = $4)
        AND ($5::timestamptz IS NULL OR d.run_at >= $5) AND ($6::timestamptz IS NULL OR d.run_at < $6) AND ($7::bigint = 0 OR d.document_id < $7)
        AND (NOT $8::boolean OR d.due IS NOT NULL) AND ($9::date IS NULL OR d.due < $9) AND ($10::date IS NULL OR d.due >= $10)
        AND ($2 = '' OR EXISTS (SELECT FROM unit_reach r JOIN units u ON u.unit_id = r.above_id WHERE r.unit_id = w.unit_id AND u.code = $2))
        AND ($13::bigint[] IS NULL OR w.unit_id = ANY ($13))
        AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id IN (w.unit_id, m.unit_id) AND r.above_id = ANY ($11))
    ORDER BY d.document_id DESC LIMIT $12"
);
const OF_WEARER: &str = concat!(
    document_columns!(),
    "WHERE ",
    files_of!(),
    " AND d.due IS NOT NULL AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id IN (w.unit_id, m.unit_id) AND r.above_id = ANY ($2))
    ORDER BY d.document_id"
);

/// Documents looked at for one page of a list by status, at most: the page may be short, and the next one goes on.
const LOOKED_AT_MAX: usize = 10_000;
const LOOKED_AT: i64 = 500;

/// A document without its lines.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DocumentRow {
    /// Which.
    pub document_id: i64,
    pub(super) wearer_id: i64,
    /// The wearer's file reference.
    pub wearer: String,
    /// The wearer's name; empty while unknown.
    pub wearer_name: String,
    pub(super) unit_id: i64,
    /// The code of the centre that issued it.
    pub issuer: String,
    /// Its name in Persian and in English.
    pub issuer_names: (String, String),
    /// As documents write it.
    pub kind: String,
    /// The run that issued it.
    pub run_at: DateTime<Utc>,
    /// When it was written.
    pub issued_at: DateTime<Utc>,
    /// Its number, if its kind is numbered.
    pub number: Option<String>,
    /// The sum of its lines, rials.
    pub total: Money,
    /// Of invoices: the last day to pay.
    pub due: Option<Day>,
    /// Since when it is given up.
    pub uncollectible_since: Option<DateTime<Utc>>,
}

/// How a document stands: derived from the ledger, kept nowhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DocumentStatus {
    /// It asks for no money.
    Told,
    /// To pay, and time is left.
    Open,
    /// To pay since the due date passed.
    Overdue,
    /// Nothing left to pay.
    Paid,
    /// Given up, and not paid.
    Uncollectible,
    /// It was issued in error, and asks for nothing.
    Void,
}

/// A document and how it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DocumentShown {
    /// What was issued.
    pub row: DocumentRow,
    /// Of invoices: what is open.
    pub invoice: Option<Invoice>,
    /// How it stands.
    pub status: DocumentStatus,
}

/// Which documents to list. The default is all of them.
#[derive(Clone, Debug, Default)]
pub struct DocumentFilter {
    /// Only this wearer's; empty = all.
    pub wearer: String,
    /// Only of wearers whose file lies in this unit or below, by code; empty = all.
    pub unit: String,
    /// Only of wearers whose own file lies in one of these units; none = all. A file that was merged counts where it lies, as in the ledger.
    pub units: Option<Vec<i64>>,
    /// Only of these kinds; empty = all.
    pub kinds: Vec<&'static str>,
    /// Only of this number; empty = all.
    pub number: String,
    /// Only issued in [from, to).
    pub from: Option<DateTime<Utc>>,
    /// See `from`.
    pub to: Option<DateTime<Utc>>,
    /// Only those that stand so.
    pub status: Option<DocumentStatus>,
    /// Only ids below this; 0 = all.
    pub before: i64,
    /// At most so many.
    pub limit: u32,
}

/// A page of documents.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DocumentPage {
    /// Newest first.
    pub documents: Vec<DocumentShown>,
    /// Where the next page begins; 0 = that was all.
    pub next_before: i64,
}

impl Store {
    /// Documents within the caller's reach that match the filter, newest first.
    ///
    /// # Errors
    /// When the database does not answer, or holds something unreadable.
    pub async fn document_list(&self, caller: &Caller, filter: &DocumentFilter, now: DateTime<Utc>) -> Result<DocumentPage, StoreError> {
        let (client, as_of, wanted) = (self.client().await?, AsOf::instant(now)?, filter.limit as usize);
        let portion = if filter.status.is_some() { LOOKED_AT } else { i64::from(filter.limit) };
        let (mut page, mut before, mut looked_at) = (Vec::new(), filter.before, 0);
        loop {
            let rows = rows(&**client, caller, filter, as_of.day, (before, portion)).await?;
            let is_last = (rows.len() as i64) < portion;
            looked_at += rows.len();
            for shown in shown(&**client, rows, as_of).await? {
                before = shown.row.document_id;
                if filter.status.is_none_or(|status| status == shown.status) {
                    page.push(shown);
                }
                if page.len() == wanted {
                    return Ok(DocumentPage { documents: page, next_before: before });
                }
            }
            if is_last || looked_at >= LOOKED_AT_MAX {
                return Ok(DocumentPage { documents: page, next_before: if is_last { 0 } else { before } });
            }
        }
    }
}

pub(super) async fn rows(
    client: &impl GenericClient,
    caller: &Caller,
    filter: &DocumentFilter,
    today: Day,
    (before, limit): (i64, i64),
) -> Result<Vec<DocumentRow>, StoreError> {
    let asks_money = filter.status.is_some_and(|status| status != DocumentStatus::Told);
    let today = today.gregorian();
    let due_before = (filter.status == Some(DocumentStatus::Overdue)).then_some(today);
    let due_from = (filter.status == Some(DocumentStatus::Open)).then_some(today);
    let DocumentFilter { wearer, unit, units, kinds, number, from, to, .. } = filter;
    let rows = client
        .query(LIST, &[wearer, unit, kinds, number, from, to, &before, &asks_money, &due_before, &due_from, &caller.roots, &limit, units])
        .await?;
    rows.iter().map(row_from).collect()
}

/// The documents of a wearer that ask for money, the oldest first.
pub(super) async fn documents_of(client: &impl GenericClient, caller: &Caller, wearer: &str) -> Result<Vec<DocumentRow>, StoreError> {
    client.query(OF_WEARER, &[&wearer, &caller.roots]).await?.iter().map(row_from).collect()
}

/// How these documents stand.
pub(super) async fn shown(client: &impl GenericClient, rows: Vec<DocumentRow>, as_of: AsOf) -> Result<Vec<DocumentShown>, StoreError> {
    let mut persons: Vec<i64> = rows.iter().map(|row| row.wearer_id).collect();
    persons.sort_unstable();
    persons.dedup();
    let settled = settled(client, &persons, as_of.before).await?;
    let given_up = given_up(client, as_of.before).await?;
    let mut open: HashMap<&str, &Invoice> = HashMap::new();
    for invoice in settled.values().flat_map(|settled| settled.receivables.invoices()) {
        open.insert(&invoice.number, invoice);
    }
    let one = |row: DocumentRow| {
        let invoice = row.number.as_deref().and_then(|number| open.get(number)).map(|invoice| (*invoice).clone());
        let status = status(invoice.as_ref(), given_up.contains(&row.document_id), as_of.day);
        DocumentShown { row, invoice, status }
    };
    Ok(rows.into_iter().map(one).collect())
}

fn status(invoice: Option<&Invoice>, is_given_up: bool, today: Day) -> DocumentStatus {
    match invoice.map(|invoice| invoice.status(today)) {
        None => DocumentStatus::Told,
        Some(Status::Void) => DocumentStatus::Void,
        Some(Status::Paid) => DocumentStatus::Paid,
        Some(_) if is_given_up => DocumentStatus::Uncollectible,
        Some(Status::Open) => DocumentStatus::Open,
        Some(Status::Overdue) => DocumentStatus::Overdue,
    }
}

/// One document within the caller's reach, without its lines.
pub(super) async fn document_row(client: &impl GenericClient, caller: &Caller, document_id: i64) -> Result<DocumentRow, BooksError> {
    let row = client.query_opt(ONE, &[&document_id, &caller.roots]).await?.ok_or(BooksError::UnknownDocument)?;
    let row = row_from(&row)?;
    caller.about_wearer(&row.wearer);
    caller.about(row.number.clone().unwrap_or_else(|| format!("document {document_id}")));
    Ok(row)
}

fn row_from(row: &Row) -> Result<DocumentRow, StoreError> {
    let due = row.get::<_, Option<NaiveDate>>(12).map(Day::try_from).transpose();
    Ok(DocumentRow {
        document_id: row.get(0),
        wearer_id: row.get(1),
        wearer: row.get(2),
        unit_id: row.get(3),
        issuer: row.get(4),
        issuer_names: (row.get(5), row.get(6)),
        kind: row.get(7),
        run_at: row.get(8),
        issued_at: row.get(9),
        number: row.get(10),
        total: Money::rials(row.get(11)),
        due: due.map_err(|error| StoreError::Unreadable(error.to_string()))?,
        uncollectible_since: row.get(13),
        wearer_name: row.get(14),
    })
}
