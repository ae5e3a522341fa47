//! Who owes what: settled from the ledger and the documents, for one person or for a country, as of any instant.

use super::AsOf;
use super::everybody::{Looked, everybody};
use super::written::{Depth, Written, written};
use crate::{Store, StoreError};
use billing::{Invoice, Settled};
use chrono::{DateTime, Utc};
use std::collections::{HashMap, HashSet};
use tokio_postgres::{GenericClient, IsolationLevel};

/// What was given up and not asked for again since: the last that was said counts.
const UNCOLLECTIBLE: &str = "
    SELECT document_id FROM (
        SELECT DISTINCT ON (document_id) document_id, kind FROM billing_document_events
        WHERE kind IN ('uncollectible', 'collectible') AND at < $1 ORDER BY document_id, event_id DESC
    ) said WHERE kind = 'uncollectible'";

/// An invoice that is not paid.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenInvoice {
    /// Which document.
    pub document_id: i64,
    /// The unit where the wearer's file lies now.
    pub unit_id: i64,
    /// The wearer's file reference.
    pub wearer: String,
    /// Its number, due date, total and what is open.
    pub invoice: Invoice,
    /// Somebody decided that it cannot be collected.
    pub is_uncollectible: bool,
}

impl Store {
    /// Every open invoice of the persons of these units, by person and in the order of issue.
    ///
    /// # Errors
    /// When the database does not answer, or holds something unreadable.
    pub async fn open_invoices(&self, units: &[i64], as_of: AsOf) -> Result<Vec<OpenInvoice>, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start().await?;
        let given_up = given_up(&*transaction, as_of.before).await?;
        let found = everybody(self, &transaction, units, (as_of.before, Depth::Receivables), open_of_person).await?;
        let mut open: Vec<(i64, OpenInvoice)> = found.into_iter().flatten().collect();
        open.iter_mut().for_each(|(_, one)| one.is_uncollectible = given_up.contains(&one.document_id));
        // Of one person in the order in which they were found.
        open.sort_by_key(|(wearer_id, _)| *wearer_id);
        Ok(open.into_iter().map(|(_, one)| one).collect())
    }
}

/// The documents that were given up before an instant.
pub(super) async fn given_up(client: &impl GenericClient, before: DateTime<Utc>) -> Result<HashSet<i64>, StoreError> {
    Ok(client.query(UNCOLLECTIBLE, &[&before]).await?.iter().map(|row| row.get(0)).collect())
}

/// Adds what is open of one person.
fn open_of_person(person: &Looked, written: &Written, open: &mut Vec<(i64, OpenInvoice)>) -> Result<(), StoreError> {
    let Looked { wearer_id, unit_id, reference } = person;
    // There is no credit while an invoice is open, so who owes nothing in all owes nothing.
    if written.receivable() <= 0 {
        return Ok(());
    }
    for invoice in written.settled(*wearer_id)?.receivables.invoices().iter().filter(|invoice| !invoice.open.is_zero()) {
        let Some(document) = written.documents.iter().find(|document| document.title == invoice.number) else { continue };
        let (document_id, wearer, invoice) = (document.document_id, reference.clone(), invoice.clone());
        open.push((*wearer_id, OpenInvoice { document_id, unit_id: *unit_id, wearer, invoice, is_uncollectible: false }));
    }
    Ok(())
}

/// What each of these persons owed before an instant; who has no entry owes nothing and has none.
pub(super) async fn settled(
    client: &impl GenericClient,
    persons: &[i64],
    before: DateTime<Utc>,
) -> Result<HashMap<i64, Settled>, StoreError> {
    let written = written(client, persons, before, Depth::Receivables).await?;
    let posted = written.iter().filter(|(_, written)| !written.entries.is_empty());
    posted.map(|(wearer_id, written)| Ok((*wearer_id, written.settled(*wearer_id)?))).collect()
}
