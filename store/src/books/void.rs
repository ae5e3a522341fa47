//! Invoices that are void (decision D25): a fact of finance about one, recorded under the person's lock, only while nobody paid it and nobody had it in hand.

use super::document_events::{DocumentHappening, events};
use super::documents::{DocumentRow, document_row};
use super::record::standing;
use super::{BooksError, document_acts};
use crate::Store;
use crate::change::{self, Change};
use access::Caller;
use billing::Reason;
use chrono::{DateTime, Utc};
use tokio_postgres::{GenericClient, Transaction};

const RECORD: &str = "
    INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, amount, voids, note) VALUES ($1, 'void', $2, $2, $3, $4, $5, $6)
    ON CONFLICT DO NOTHING RETURNING fact_id";
const IS_VOID: &str = "SELECT FROM billing_facts WHERE kind = 'void' AND voids = $1";

impl Store {
    /// Makes an invoice void, for this reason, and carries the person's books on: its entry is reversed, and the next run bills what is truly owed. The
    /// document stays as it is and keeps its number. Its number in the database.
    ///
    /// # Errors
    /// When there is none such within reach, it is no invoice of fees, somebody had it in hand, money or credit is on it, or a later document is about
    /// its month.
    pub async fn document_void(&self, caller: &Caller, document_id: i64, reason: &str) -> Result<i64, BooksError> {
        let mut client = self.client().await?;
        if let Change::Open(open) = change::begin(&mut client, caller).await? {
            let document = document_acts::document_locked(&open.transaction, caller, document_id).await?;
            void(&open.transaction, caller, &document, reason).await?;
            open.commit(document_id).await?;
        }
        let document = document_row(&**client, caller, document_id).await?;
        drop(client);
        self.books_follow(&[document.wearer_id]).await?;
        Ok(document_id)
    }
}

/// The person is locked: a payment that came before was seen, one that comes after finds the invoice void.
async fn void(transaction: &Transaction<'_>, caller: &Caller, document: &DocumentRow, reason: &str) -> Result<(), BooksError> {
    let now = Utc::now();
    if document.kind != billing::Kind::Invoice.name() {
        return Err(BooksError::VoidNoInvoice);
    }
    if document.uncollectible_since.is_some() {
        return Err(BooksError::UncollectibleAlready);
    }
    in_nobodys_hand(transaction, document.document_id, now).await?;
    let total = document.total.minor_units();
    let fact = transaction.query_opt(RECORD, &[&document.wearer_id, &now, &caller.name(), &total, &document.document_id, &reason]).await?;
    let fact_id: i64 = fact.ok_or(BooksError::DocumentVoid)?.get(0);
    borne(transaction, document, fact_id, now).await?;
    let happening = DocumentHappening::Void(reason.to_owned());
    document_acts::insert(transaction, document.document_id, &happening, now, (caller.name(), now)).await?;
    Ok(())
}

/// Refuses what was handed over, reminded of or objected to: whoever has the paper in hand gets another paper that corrects it.
async fn in_nobodys_hand(transaction: &Transaction<'_>, document_id: i64, now: DateTime<Utc>) -> Result<(), BooksError> {
    let in_hand = |happening: &DocumentHappening| {
        matches!(happening, DocumentHappening::Sent(_) | DocumentHappening::Reminder(..) | DocumentHappening::Objection(_))
    };
    let events = events(transaction, document_id, now).await?;
    if events.iter().any(|event| in_hand(&event.happening)) { Err(BooksError::DocumentSent) } else { Ok(()) }
}

/// The books with the fact: they say why the invoice stands, if it does.
async fn borne(transaction: &Transaction<'_>, document: &DocumentRow, fact_id: i64, now: DateTime<Utc>) -> Result<(), BooksError> {
    let books = standing(transaction, document.wearer_id, now).await?.books;
    let name = format!("finance:{fact_id}");
    let against = books.work.iter().find(|work| work.events.iter().any(|event| event.to_string() == name));
    match against.map(|work| &work.reason) {
        None => Ok(()),
        Some(Reason::VoidPaid(_)) => Err(BooksError::DocumentPaid),
        Some(Reason::VoidCorrected { later, .. }) => Err(BooksError::DocumentCorrected(later.to_string())),
        Some(_) => Err(BooksError::VoidNoInvoice),
    }
}

/// Refuses what is void: nothing is said about it any more.
pub(super) async fn stands(client: &impl GenericClient, document_id: i64) -> Result<(), BooksError> {
    match client.query_opt(IS_VOID, &[&document_id]).await? {
        Some(_) => Err(BooksError::DocumentVoid),
        None => Ok(()),
    }
}
