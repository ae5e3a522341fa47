//! All of a document: its lines, what paid it, what became of it.

use super::document_events::{DocumentEvent, events};
use super::documents::{DocumentRow, DocumentShown, document_row, documents_of, shown};
use super::owing::settled;
use super::pay_accounts::{PayAccount, account_of};
use super::payments::bill_id_of;
use super::{AsOf, BooksError};
use crate::{Store, StoreError};
use access::Caller;
use billing::identifier::BillId;
use billing::{Document, Kind, Money, Origin, StoredDocument};
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use tokio_postgres::GenericClient;

const BODY: &str = "SELECT body::text FROM billing_documents WHERE document_id = $1";
const WEARER: &str = "SELECT FROM wearers w WHERE reference = $1 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($2))";
/// When money came: by the entry of the payment or of the credit note.
const CAME_AT: &str = "SELECT text, at FROM ledger_entries WHERE wearer_id = $1 ORDER BY place";

/// Deposit money that came since an instant and was not taken back, rials; nothing is asked for while no tag is fitted.
const DEPOSITED: &str = "
    SELECT coalesce(sum(p.amount), 0)::bigint FROM ledger_entries e JOIN ledger_postings p USING (entry_id)
    WHERE e.wearer_id = $1 AND e.at >= $2 AND p.account = 'assets:cash:deposit' AND e.text ~ '^(deposit|reversal) finance:'
    HAVING EXISTS (SELECT FROM fittings f WHERE f.wearer_id = $1 AND upper_inf(f.period))";

/// Money or credit that went to a document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DocumentPayment {
    /// The fact of the payment or the number of the credit note; empty for a refund that was taken back.
    pub from: String,
    /// Whether it is a credit note.
    pub is_credit: bool,
    /// When it came.
    pub at: Option<DateTime<Utc>>,
    /// How much of it.
    pub amount: Money,
}

/// All of a document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DocumentWhole {
    /// What was issued, and how it stands.
    pub shown: DocumentShown,
    /// Its lines.
    pub document: Document,
    /// What paid it.
    pub payments: Vec<DocumentPayment>,
    /// What became of it.
    pub events: Vec<DocumentEvent>,
    /// The account it was issued with.
    pub account: Option<PayAccount>,
    /// What is still asked for by the request of a deposit: its amount less what came since, while a tag is fitted. Of other documents nothing.
    pub deposit_asked: Money,
    /// The bill id of its wearer, if the number of the file is not too long for one; and whether it is an internal reference.
    pub bill_id: (Option<BillId>, bool),
}

impl Store {
    /// One document within the caller's reach, with all that is known of it now.
    ///
    /// # Errors
    /// When there is none such.
    pub async fn document(&self, caller: &Caller, document_id: i64, now: DateTime<Utc>) -> Result<DocumentWhole, BooksError> {
        let client = self.client().await?;
        let row = document_row(&**client, caller, document_id).await?;
        whole(&**client, row, now).await
    }

    /// All documents of a wearer that are not paid, the oldest first.
    ///
    /// # Errors
    /// When there is no such wearer within the caller's reach.
    pub async fn documents_open(&self, caller: &Caller, wearer: &str, now: DateTime<Utc>) -> Result<Vec<DocumentWhole>, BooksError> {
        let client = self.client().await?;
        client.query_opt(WEARER, &[&wearer, &caller.roots]).await?.ok_or(BooksError::UnknownWearer)?;
        let rows = documents_of(&**client, caller, wearer).await?;
        let mut documents = Vec::new();
        for one in shown(&**client, rows, AsOf::instant(now)?).await? {
            if one.invoice.as_ref().is_some_and(|invoice| !invoice.open.is_zero()) {
                documents.push(whole(&**client, one.row, now).await?);
            }
        }
        Ok(documents)
    }
}

async fn whole(client: &impl GenericClient, row: DocumentRow, now: DateTime<Utc>) -> Result<DocumentWhole, BooksError> {
    let body = client.query_one(BODY, &[&row.document_id]).await?;
    let document = read(body.get(0), row.document_id)?;
    let payments = payments(client, &row, now).await?;
    let events = events(client, row.document_id, now).await?;
    let shown = shown(client, vec![row], AsOf::instant(now)?).await?.pop();
    let shown = shown.ok_or_else(|| StoreError::Unreadable("a document is gone".to_owned()))?;
    let account = account_of(client, shown.row.document_id).await?;
    let bill_id = bill_id_of(client, shown.row.wearer_id).await?;
    let deposit_asked = deposit_asked(client, &shown.row, document.kind).await?;
    Ok(DocumentWhole { shown, document, payments, events, account, deposit_asked, bill_id })
}

async fn deposit_asked(client: &impl GenericClient, row: &DocumentRow, kind: Kind) -> Result<Money, StoreError> {
    if kind != Kind::DepositRequest {
        return Ok(Money::rials(0));
    }
    let came = client.query_opt(DEPOSITED, &[&row.wearer_id, &row.run_at]).await?.map(|came| came.get::<_, i64>(0));
    Ok(Money::rials(came.map_or(0, |came| (row.total.minor_units() - came).max(0))))
}

async fn payments(client: &impl GenericClient, row: &DocumentRow, now: DateTime<Utc>) -> Result<Vec<DocumentPayment>, BooksError> {
    let Some(number) = &row.number else { return Ok(Vec::new()) };
    let settled = settled(client, &[row.wearer_id], AsOf::instant(now)?.before).await?;
    let Some(settled) = settled.get(&row.wearer_id) else { return Ok(Vec::new()) };
    let came_at: HashMap<String, DateTime<Utc>> =
        client.query(CAME_AT, &[&row.wearer_id]).await?.iter().map(|entry| (entry.get(0), entry.get(1))).collect();
    let one = |(origin, amount): (&Origin, Money)| {
        let (from, is_credit, text) = match origin {
            Origin::Payment(id) => (id.to_string(), false, format!("payment {id}")),
            Origin::CreditNote(number) => (number.to_string(), true, number.to_string()),
            Origin::RefundBack => (String::new(), false, String::new()),
        };
        DocumentPayment { from, is_credit, at: came_at.get(&text).copied(), amount }
    };
    Ok(settled.receivables.payers(number).into_iter().map(one).collect())
}

fn read(body: &str, document_id: i64) -> Result<Document, StoreError> {
    let unreadable = |error: &dyn std::fmt::Display| StoreError::Unreadable(format!("document {document_id}: {error}"));
    let stored: StoredDocument = serde_json::from_str(body).map_err(|error| unreadable(&error))?;
    stored.read().map_err(|error| unreadable(&error))
}
