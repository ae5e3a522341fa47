//! Issuing: carries the books of persons on to an instant, and writes what is new, within a transaction.

use super::ledger;
use super::numbers::{self, Numbers};
use super::reckon::{Look, Reckoned, reckon};
use super::rows::{Accounts, Documents, Work};
use crate::StoreError;
use billing::Kind;
use billing::calendar::Moment;
use chrono::{DateTime, SubsecRound, Utc};
use std::collections::{BTreeMap, HashMap};
use tokio_postgres::Transaction;

const RUNS: &str = "
    INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by)
    SELECT w, 'run', t, t, $3 FROM unnest($1::bigint[], $2::timestamptz[]) AS given (w, t) RETURNING wearer_id, fact_id";

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

/// What is due to these persons, within a transaction that goes on.
pub(super) async fn issue(transaction: &Transaction<'_>, persons: &[i64], now: DateTime<Utc>) -> Result<Issued, StoreError> {
    let now = moment(now)?;
    let reckoned = reckon(transaction, persons, now, Look::Issue).await?;
    written(transaction, reckoned, now).await
}

/// The same with an extra run that `by` asked for: whoever has something to issue by it has it among the facts.
pub(super) async fn issue_extra(
    transaction: &Transaction<'_>,
    persons: &[i64],
    now: DateTime<Utc>,
    by: &str,
) -> Result<Issued, StoreError> {
    let now = moment(now)?;
    let mut reckoned = reckon(transaction, persons, now, Look::Extra).await?;
    record_runs(transaction, &mut reckoned, by).await?;
    written(transaction, reckoned, now).await
}

/// The database keeps microseconds: an instant that it gives back must be the one that was reckoned with.
fn moment(now: DateTime<Utc>) -> Result<Moment, StoreError> {
    Moment::try_from(now.trunc_subsecs(6)).map_err(|error| StoreError::Refused(error.to_string()))
}

/// Records the extra runs that issue something. Whose books are ahead of the run already (money came in while it went on) has it just after that.
async fn record_runs(transaction: &Transaction<'_>, reckoned: &mut [Reckoned], by: &str) -> Result<(), StoreError> {
    let due = reckoned.iter().filter_map(|one| {
        let at = one.person.through?;
        let new = &one.books.as_ref().ok()?.0.documents[one.kept..];
        new.iter().any(|document| document.run_at == at).then_some((one.person.wearer_id, at.utc()))
    });
    let (due, times): (Vec<i64>, Vec<DateTime<Utc>>) = due.unzip();
    if due.is_empty() {
        return Ok(());
    }
    let rows = transaction.query(RUNS, &[&due, &times, &by]).await?;
    let mut facts: HashMap<i64, i64> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    for person in reckoned.iter_mut().map(|one| &mut one.person) {
        if let (Some(fact), Some(at)) = (facts.remove(&person.wearer_id), person.through) {
            person.known.insert(format!("finance:{fact}"), at.utc());
        }
    }
    Ok(())
}

async fn written(transaction: &Transaction<'_>, mut reckoned: Vec<Reckoned>, now: Moment) -> Result<Issued, StoreError> {
    number(transaction, &mut reckoned).await?;
    reckoned.iter_mut().for_each(leave_time_to_pay);
    write(transaction, &reckoned, now).await
}

/// Time to pay is counted from the day on which an invoice is really issued (decision D34), if its run came late: after an outage, or once what blocked it was
/// mended.
fn leave_time_to_pay(one: &mut Reckoned) {
    let (Ok((books, _)), Some(today)) = (&mut one.books, one.person.through.map(Moment::day)) else { return };
    for document in books.documents[one.kept..].iter_mut().filter(|document| document.kind == Kind::Invoice) {
        let late = today.days_since(document.run_at.day()).max(0);
        document.due = document.due.map(|due| due.plus(late));
    }
}

/// Gives new documents their numbers.
async fn number(transaction: &Transaction<'_>, reckoned: &mut [Reckoned]) -> Result<(), StoreError> {
    let mut wanted = BTreeMap::new();
    for one in reckoned.iter() {
        let Ok((books, _)) = &one.books else { continue };
        for row in books.documents[one.kept..].iter().filter_map(|document| numbers::row(one.person.centre_of(document), document)) {
            *wanted.entry(row).or_default() += 1;
        }
    }
    let mut numbers = Numbers::take(transaction, wanted).await?;
    for one in reckoned {
        let Reckoned { person, books, kept } = one;
        let (Ok((books, _)), posted) = (books, person.entries) else { continue };
        let mut given = HashMap::new();
        for document in &mut books.documents[*kept..] {
            let number = numbers::row(person.centre_of(document), document).and_then(|row| numbers.next(row));
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
