//! All of a document: its lines, what paid it, what became of it.

use super::deposits::terms;
use super::document_events::{DocumentEvent, events};
use super::documents::{DocumentRow, DocumentShown, document_row, documents_of, shown};
use super::facts_said::facts_said;
use super::owing::settled;
use super::pay_accounts::{PayAccount, account_of};
use super::payments::bill_id_of;
use super::reckon::{Look, books_now};
use super::{AsOf, BooksError};
use crate::{Store, StoreError};
use access::Caller;
use billing::identifier::BillId;
use billing::page::FactSaid;
use billing::{Document, Kind, Money, Origin, StoredDocument};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, HashMap};
use tokio_postgres::{GenericClient, Transaction};

const BODY: &str = "SELECT body::text FROM billing_documents WHERE document_id = $1";
const WEARER: &str = "SELECT FROM wearers w WHERE reference = $1 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($2))";
/// When money came: by the entry of the payment or of the credit note.
const CAME_AT: &str = "SELECT text, at FROM ledger_entries WHERE wearer_id = $1 ORDER BY place";

/// What later requests of a deposit asked for, rials.
const ASKED_LATER: &str = "
    SELECT coalesce(sum(total), 0)::bigint FROM billing_documents WHERE wearer_id = $1 AND kind = 'deposit_request' AND document_id > $2";

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
    /// What is still asked for by the request of a deposit: what is required and did not come yet, less what later requests ask for, at most its amount. Nothing
    /// while no tag is fitted or the books are blocked, and of other documents.
    pub deposit_asked: Money,
    /// What the facts are that its lines name, by their names.
    pub facts: BTreeMap<String, FactSaid>,
    /// The bill id of its wearer, if the number of the file is not too long for one; and whether it is an internal reference.
    pub bill_id: (Option<BillId>, bool),
}

impl Store {
    /// One document within the caller's reach, with all that is known of it now.
    ///
    /// # Errors
    /// When there is none such.
    pub async fn document(&self, caller: &Caller, document_id: i64, now: DateTime<Utc>) -> Result<DocumentWhole, BooksError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let row = document_row(&*transaction, caller, document_id).await?;
        whole(&transaction, row, now).await
    }

    /// All documents of a wearer that are not paid, the oldest first.
    ///
    /// # Errors
    /// When there is no such wearer within the caller's reach.
    pub async fn documents_open(&self, caller: &Caller, wearer: &str, now: DateTime<Utc>) -> Result<Vec<DocumentWhole>, BooksError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        transaction.query_opt(WEARER, &[&wearer, &caller.roots]).await?.ok_or(BooksError::UnknownWearer)?;
        let rows = documents_of(&*transaction, caller, wearer).await?;
        let mut documents = Vec::new();
        for one in shown(&*transaction, rows, AsOf::instant(now)?).await? {
            if one.invoice.as_ref().is_some_and(|invoice| !invoice.open.is_zero()) {
                documents.push(whole(&transaction, one.row, now).await?);
            }
        }
        Ok(documents)
    }
}

pub(super) async fn whole(transaction: &Transaction<'_>, row: DocumentRow, now: DateTime<Utc>) -> Result<DocumentWhole, BooksError> {
    let body = transaction.query_one(BODY, &[&row.document_id]).await?;
    let document = read(body.get(0), row.document_id)?;
    let payments = payments(transaction, &row, now).await?;
    let events = events(transaction, row.document_id, now).await?;
    let shown = shown(transaction, vec![row], AsOf::instant(now)?).await?.pop();
    let shown = shown.ok_or_else(|| StoreError::Unreadable("a document is gone".to_owned()))?;
    let account = account_of(transaction, shown.row.document_id).await?;
    let bill_id = bill_id_of(transaction, shown.row.wearer_id).await?;
    let deposit_asked = match document.kind {
        Kind::DepositRequest => deposit_asked(transaction, &shown.row, now).await?,
        _ => Money::zero(shown.row.total.currency()),
    };
    let facts = facts_said(transaction, document.events().into_iter().map(ToString::to_string)).await?;
    Ok(DocumentWhole { shown, document, payments, events, account, deposit_asked, facts, bill_id })
}

/// The oldest request is paid first.
pub(super) async fn deposit_asked(transaction: &Transaction<'_>, row: &DocumentRow, now: DateTime<Utc>) -> Result<Money, BooksError> {
    let Ok(books) = books_now(transaction, row.wearer_id, now, Look::Preview).await? else { return Ok(Money::zero(row.total.currency())) };
    let required = terms(transaction, row.wearer_id, &books).await?.0.minor_units();
    let later: i64 = transaction.query_one(ASKED_LATER, &[&row.wearer_id, &row.document_id]).await?.get(0);
    let missing = required - books.books.deposit.counted.minor_units() - later;
    Ok(Money::rials(missing.clamp(0, row.total.minor_units())))
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
