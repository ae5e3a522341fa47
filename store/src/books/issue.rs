//! Issuing: carries the books of persons on to an instant, and writes what is new. One transaction a portion of persons.

use super::numbers::{self, Numbers};
use super::reckon::{Look, Reckoned, reckon};
use super::rows::{Accounts, Documents, Work};
use super::{PersonError, WorkReason, ledger, runs};
use crate::{Store, StoreError};
use billing::Kind;
use billing::calendar::Moment;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, HashMap};
use tokio_postgres::Transaction;

/// What a run issued.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Issued {
    /// Persons whose books were carried on.
    pub persons: u64,
    /// Documents issued.
    pub documents: u64,
    /// Entries of the ledger.
    pub entries: u64,
    /// Persons whose facts contradict each other: nothing was issued to them, and the work list says why.
    pub blocked: u64,
    /// Sum of its invoices, rials.
    pub charged: i64,
    /// Sum of its credit notes, rials: 0 or below.
    pub credited: i64,
}

impl Issued {
    /// Adds what was issued to others.
    pub fn add(&mut self, other: &Self) {
        let Self { persons, documents, entries, blocked, charged, credited } = other;
        self.persons += persons;
        self.documents += documents;
        self.entries += entries;
        self.blocked += blocked;
        self.charged += charged;
        self.credited += credited;
    }
}

impl Store {
    /// Carries the books of these persons on to `now`: all of them in one transaction, whoever is blocked apart. Asked again it issues nothing.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn books_carry_on(&self, persons: &[i64], now: DateTime<Utc>) -> Result<Issued, StoreError> {
        self.books_portion(persons, now, None).await
    }

    /// The same as a portion of a run, which is told of it in the same transaction. A person with whom the database refuses it, or whose account cannot be
    /// read, is put on the work list and holds up nobody else.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn books_portion(&self, persons: &[i64], now: DateTime<Utc>, run_id: Option<i64>) -> Result<Issued, StoreError> {
        let together = self.books_together(persons, now, run_id).await;
        match (together, persons) {
            (Ok(issued), _) => Ok(issued),
            (Err(error), _) if error.is_recoverable() => Err(error),
            (Err(error), [person]) => self.books_block(*person, &error, now, run_id).await,
            (Err(error), _) => {
                tracing::warn!(%error, persons = persons.len(), "billing goes on one by one");
                let mut issued = Issued::default();
                for person in persons {
                    issued.add(&Box::pin(self.books_portion(&[*person], now, run_id)).await?);
                }
                Ok(issued)
            }
        }
    }

    /// Puts a person on the work list whose books cannot even be read or written.
    async fn books_block(&self, person: i64, error: &StoreError, now: DateTime<Utc>, run_id: Option<i64>) -> Result<Issued, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let (mut todo, issued) = (Work::default(), Issued { blocked: 1, ..Issued::default() });
        todo.add(person, 0, true, &WorkReason::from(&PersonError::Facts(error.to_string())));
        todo.replace(&transaction, &[person], now).await?;
        if let Some(run_id) = run_id {
            runs::tell(&transaction, run_id, &issued).await?;
        }
        transaction.commit().await?;
        Ok(issued)
    }

    async fn books_together(&self, persons: &[i64], now: DateTime<Utc>, run_id: Option<i64>) -> Result<Issued, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let issued = issue(&transaction, persons, now).await?;
        if let Some(run_id) = run_id {
            runs::tell(&transaction, run_id, &issued).await?;
        }
        transaction.commit().await?;
        Ok(issued)
    }
}

/// Within a transaction that goes on.
pub(super) async fn issue(transaction: &Transaction<'_>, persons: &[i64], now: DateTime<Utc>) -> Result<Issued, StoreError> {
    let now = Moment::try_from(now).map_err(|error| StoreError::Refused(error.to_string()))?;
    let mut reckoned = reckon(transaction, persons, now, Look::Issue).await?;
    number(transaction, &mut reckoned).await?;
    write(transaction, &reckoned, now).await
}

/// Gives new documents their numbers.
async fn number(transaction: &Transaction<'_>, reckoned: &mut [Reckoned]) -> Result<(), StoreError> {
    let mut wanted = BTreeMap::new();
    for one in reckoned.iter() {
        let Ok((books, _)) = &one.books else { continue };
        for row in books.documents[one.kept..].iter().filter_map(|document| numbers::row(one.person.unit_id, document)) {
            *wanted.entry(row).or_default() += 1;
        }
    }
    let mut numbers = Numbers::take(transaction, wanted).await?;
    for one in reckoned {
        let (unit_id, kept, posted) = (one.person.unit_id, one.kept, one.person.entries);
        let Ok((books, _)) = &mut one.books else { continue };
        let mut given = HashMap::new();
        for document in &mut books.documents[kept..] {
            let number = numbers::row(unit_id, document).and_then(|row| numbers.next(row));
            if let (Some(provisional), Some(number)) = (document.number.take(), number) {
                given.insert(provisional, number.clone());
                document.number = Some(number.into());
            }
        }
        books.rename_entries(posted, |text| given.get(text).cloned());
    }
    Ok(())
}

async fn write(transaction: &Transaction<'_>, reckoned: &[Reckoned], now: Moment) -> Result<Issued, StoreError> {
    let (mut issued, mut entries) = (Issued::default(), Vec::new());
    let (mut documents, mut accounts, mut todo) = (Documents::default(), Accounts::default(), Work::default());
    let persons: Vec<i64> = reckoned.iter().map(|one| one.person.wearer_id).collect();
    for Reckoned { person, books, kept } in reckoned {
        let wearer_id = person.wearer_id;
        let (books, work) = match books {
            Ok(books) => books,
            Err(reason) => {
                todo.add(wearer_id, 0, true, reason);
                issued.blocked += 1;
                continue;
            }
        };
        (0_i32..).zip(work).for_each(|(place, reason)| todo.add(wearer_id, place, false, reason));
        let new = &books.documents[*kept..];
        documents.add(person, new, *kept)?;
        accounts.add(person, books);
        let posted = books.ledger.entries().iter().enumerate().skip(person.entries);
        entries.extend(posted.map(|(place, entry)| (Some(wearer_id), place as i32, entry.clone())));
        issued.persons += 1;
        issued.documents += new.len() as u64;
        let sum = |kind| new.iter().filter(|document| document.kind == kind).map(|document| document.total.minor_units()).sum::<i64>();
        issued.charged += sum(Kind::Invoice);
        issued.credited += sum(Kind::CreditNote);
    }
    issued.entries = entries.len() as u64;
    todo.replace(transaction, &persons, now.utc()).await?;
    documents.insert(transaction, now.utc()).await?;
    accounts.write(transaction).await?;
    ledger::write(transaction, &entries).await?;
    Ok(issued)
}
