//! How far the books of persons have been carried on.

use super::BooksError;
use super::reckon::Look;
use crate::StoreError;
use access::Caller;
use billing::calendar::Moment;
use billing::{Document, Fact, StoredDocument};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, HashMap};
use tokio_postgres::Transaction;

/// One lock a person: two runs never bill the same person at once, and nobody records a fact of the person meanwhile.
const LOCK: &str = "SELECT wearer_id, unit_id FROM wearers WHERE wearer_id = ANY ($1) ORDER BY wearer_id FOR NO KEY UPDATE";
/// The same to look at: what is being written beside it does not matter.
const LOOK: &str = "SELECT wearer_id, unit_id FROM wearers WHERE wearer_id = ANY ($1) ORDER BY wearer_id";
const ACCOUNTS: &str = "SELECT wearer_id, through, entries, facts::text FROM billing_accounts WHERE wearer_id = ANY ($1)";
const DOCUMENTS: &str = "SELECT wearer_id, body::text, unit_id FROM billing_documents WHERE wearer_id = ANY ($1) ORDER BY wearer_id, place";

/// A person and what was billed so far.
pub(super) struct Person {
    /// Which.
    pub wearer_id: i64,
    /// The centre where the file lies now.
    pub unit_id: i64,
    /// The centres that issued documents, in the order of issue, and when.
    pub issued_by: Vec<(Moment, i64)>,
    /// Until when the books were carried on.
    pub through: Option<Moment>,
    /// Entries in the ledger.
    pub entries: usize,
    /// Since when each fact counts as known.
    pub known: BTreeMap<String, DateTime<Utc>>,
    /// Documents, or why they cannot be read.
    pub documents: Result<Vec<Document>, String>,
}

const LOCK_ONE: &str = "
    SELECT wearer_id FROM wearers w WHERE reference = $1 AND merged_into IS NULL
        AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($2)) FOR NO KEY UPDATE";

/// The number of a person within the caller's reach, of whom nobody else bills or records anything until the transaction ends.
pub(super) async fn lock(transaction: &Transaction<'_>, caller: &Caller, reference: &str) -> Result<i64, BooksError> {
    let row = transaction.query_opt(LOCK_ONE, &[&reference, &caller.roots]).await?;
    Ok(row.ok_or(BooksError::UnknownWearer)?.get(0))
}

/// Loads these persons.
pub(super) async fn people(transaction: &Transaction<'_>, persons: &[i64], look: Look) -> Result<Vec<Person>, StoreError> {
    let mut people: HashMap<i64, Person> = HashMap::new();
    for row in transaction.query(if look == Look::Preview { LOOK } else { LOCK }, &[&persons]).await? {
        let (wearer_id, unit_id) = (row.get(0), row.get(1));
        let person = Person {
            wearer_id,
            unit_id,
            issued_by: Vec::new(),
            through: None,
            entries: 0,
            known: BTreeMap::new(),
            documents: Ok(Vec::new()),
        };
        people.insert(wearer_id, person);
    }
    for row in transaction.query(ACCOUNTS, &[&persons]).await? {
        let Some(person) = people.get_mut(&row.get::<_, i64>(0)) else { continue };
        let unreadable =
            |error: &dyn std::fmt::Display| StoreError::Unreadable(format!("the account of person {}: {error}", row.get::<_, i64>(0)));
        person.through = Some(Moment::try_from(row.get::<_, DateTime<Utc>>(1)).map_err(|error| unreadable(&error))?);
        person.entries = usize::try_from(row.get::<_, i32>(2)).unwrap_or_default();
        person.known = serde_json::from_str(row.get(3)).map_err(|error| unreadable(&error))?;
    }
    for row in transaction.query(DOCUMENTS, &[&persons]).await? {
        let Some(person) = people.get_mut(&row.get::<_, i64>(0)) else { continue };
        let document = serde_json::from_str::<StoredDocument>(row.get(1)).map_err(|error| error.to_string());
        let document = document.and_then(|document| document.read().map_err(|error| error.to_string()));
        match (&mut person.documents, document) {
            (Ok(documents), Ok(document)) => {
                person.issued_by.push((document.run_at, row.get(2)));
                documents.push(document);
            }
            (kept, Err(error)) => *kept = Err(error),
            (Err(_), _) => {}
        }
    }
    let mut people: Vec<Person> = people.into_values().collect();
    people.sort_by_key(|person| person.wearer_id);
    Ok(people)
}

impl Person {
    /// The centre that issues a new document: the one that issued the first of its month, wherever the file went meanwhile; of a new month the one where the
    /// file lies (decision D33).
    pub(super) fn centre_of(&self, document: &Document) -> i64 {
        if self.issued_by.iter().all(|(_, unit_id)| *unit_id == self.unit_id) {
            return self.unit_id;
        }
        let month = document.run_at.day().month();
        let first = self.issued_by.iter().find(|(run_at, _)| run_at.day().month() == month);
        first.map_or(self.unit_id, |(_, unit_id)| *unit_id)
    }

    /// The facts with the instants from which they count as known. One that says it was recorded before the books were last carried on, and was not
    /// seen then (its transaction ended later), counts from just after.
    pub(super) fn as_known(&mut self, facts: Vec<Fact>) -> Vec<Fact> {
        let known = |fact: &mut Fact| {
            let name = fact.id.to_string();
            let said = fact.recorded_at.utc();
            let since = *self.known.entry(name).or_insert_with(|| match self.through {
                Some(through) if said <= through.utc() => through.utc() + chrono::TimeDelta::microseconds(1),
                _ => said,
            });
            fact.recorded_at = Moment::try_from(since).unwrap_or(fact.recorded_at);
        };
        let mut facts = facts;
        facts.iter_mut().for_each(known);
        facts
    }
}
