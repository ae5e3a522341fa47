//! Issuing: carries the books of persons on to an instant, and writes what is new. One transaction a portion of persons.

use super::facts::{Facts, facts};
use super::numbers::{self, Numbers};
use super::people::{Person, people};
use super::tariffs::tariffs;
use super::{PersonError, ledger};
use crate::{Store, StoreError};
use billing::calendar::Moment;
use billing::{Books, Document, Fact, Policy, StoredDocument, Tariffs, Timeline, carry_on, rate};
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::{BTreeMap, HashMap};
use tokio_postgres::Transaction;

const DOCUMENTS: &str = "
    INSERT INTO billing_documents (wearer_id, place, unit_id, kind, run_at, number, total, due, body, issued_at)
    SELECT w, p, u, k, r, n, t, d, b::json, $10 FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::text[], $5::timestamptz[], $6::text[], $7::bigint[],
        $8::date[], $9::text[]) AS given (w, p, u, k, r, n, t, d, b)";
const ACCOUNT: &str = "
    INSERT INTO billing_accounts AS a (wearer_id, through, documents, entries, facts) VALUES ($1, $2, $3, $4, $5::text::jsonb)
    ON CONFLICT (wearer_id) DO UPDATE SET through = excluded.through, documents = excluded.documents, entries = excluded.entries, facts = excluded.facts";
const WORK_OUT: &str = "DELETE FROM billing_work WHERE wearer_id = ANY ($1)";
const WORK_IN: &str = "INSERT INTO billing_work (wearer_id, place, found_at, is_block, reason) VALUES ($1, $2, $3, $4, $5)";

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
}

/// Whoever was ever fitted with evidence.
const BILLED: &str =
    "SELECT DISTINCT wearer_id FROM installations WHERE state = 'completed' AND wearer_id > $1 ORDER BY wearer_id LIMIT $2";

impl Store {
    /// Persons with books, at most `limit`, after this one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn books_persons(&self, after: i64, limit: i64) -> Result<Vec<i64>, StoreError> {
        Ok(self.client().await?.query(BILLED, &[&after, &limit]).await?.iter().map(|row| row.get(0)).collect())
    }

    /// Carries the books of these persons on to `now`: all of them in one transaction, whoever is blocked apart. Asked again it issues nothing.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn books_carry_on(&self, persons: &[i64], now: DateTime<Utc>) -> Result<Issued, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let now = Moment::try_from(now).map_err(|error| StoreError::Refused(error.to_string()))?;
        let people = people(&transaction, persons).await?;
        let ground = Ground { facts: facts(&transaction, persons).await?, tariffs: tariffs(&transaction).await?, now };
        // Reckoning takes a processor, not the database: beside the tasks that wait for sockets.
        let reckoned = tokio::task::spawn_blocking(move || people.into_iter().map(|person| ground.reckoned(person)).collect::<Vec<_>>());
        let mut reckoned = reckoned.await.map_err(|error| StoreError::Unreadable(error.to_string()))?;
        number(&transaction, &mut reckoned).await?;
        let issued = write(&transaction, &reckoned, now).await?;
        transaction.commit().await?;
        Ok(issued)
    }
}

/// A person's books at an instant, with what they were reckoned from.
pub(super) struct BooksNow {
    /// Documents that are not issued yet have numbers of their own here.
    pub books: Books,
    /// What happened to the person.
    pub facts: Vec<Fact>,
    /// The tariff table.
    pub tariffs: Tariffs,
    /// The instant.
    pub as_of: Moment,
}

/// The last that finance recorded: by another machine perhaps, whose clock is ahead.
const LAST_RECORDED: &str = "SELECT max(recorded_at) FROM billing_facts WHERE wearer_id = $1";

/// The books of one person with everything that was recorded, this transaction's own too; or why they cannot be reckoned. Nothing is written; the person
/// stays locked.
pub(super) async fn books_now(
    transaction: &Transaction<'_>,
    wearer_id: i64,
    now: DateTime<Utc>,
) -> Result<Result<BooksNow, String>, StoreError> {
    let Some(mut person) = people(transaction, &[wearer_id]).await?.pop() else { return Ok(Err("there is no such person".to_owned())) };
    let last: Option<DateTime<Utc>> = transaction.query_one(LAST_RECORDED, &[&wearer_id]).await?.get(0);
    let now = Moment::try_from(last.map_or(now, |last| last.max(now))).map_err(|error| StoreError::Refused(error.to_string()))?;
    let mut ground = Ground { facts: facts(transaction, &[wearer_id]).await?, tariffs: tariffs(transaction).await?, now };
    let reckoned = tokio::task::spawn_blocking(move || {
        let books = ground.books(&mut person).map(|(books, _)| books).map_err(|error| error.to_string())?;
        let facts = ground.facts.remove(&wearer_id).and_then(Result::ok).unwrap_or_default();
        Ok(BooksNow { books, facts, tariffs: ground.tariffs, as_of: person.through.unwrap_or(now) })
    });
    reckoned.await.map_err(|error| StoreError::Unreadable(error.to_string()))
}

/// What all persons of a portion are reckoned by.
struct Ground {
    facts: Facts,
    tariffs: Tariffs,
    now: Moment,
}

/// A person's books as of now, or why there are none.
struct Reckoned {
    person: Person,
    books: Result<(Books, Vec<String>), String>,
    /// Documents that were there before.
    kept: usize,
}

impl Ground {
    fn reckoned(&self, mut person: Person) -> Reckoned {
        let kept = person.documents.as_ref().map_or(0, Vec::len);
        let books = self.books(&mut person).map_err(|error| error.to_string());
        Reckoned { person, books, kept }
    }

    fn books(&self, person: &mut Person) -> Result<(Books, Vec<String>), PersonError> {
        let facts = match self.facts.get(&person.wearer_id) {
            Some(Ok(facts)) => facts.clone(),
            Some(Err(error)) => return Err(PersonError::Facts(error.to_string())),
            None => Vec::new(),
        };
        // Always after what was done already, whatever the clock says: what was recorded since counts from just after it.
        let after = |through: Moment| Moment::try_from(through.utc() + chrono::TimeDelta::microseconds(1)).unwrap_or(through);
        let as_of = person.through.map_or(self.now, |through| after(through).max(self.now));
        let facts = person.as_known(facts);
        let documents = std::mem::replace(&mut person.documents, Ok(Vec::new())).map_err(PersonError::Facts)?;
        let timeline = Timeline { facts, tariffs: self.tariffs.clone(), policy: Policy::default(), as_of };
        let books = carry_on(&timeline, documents, person.through)?;
        let truth = rate(&timeline.facts, &timeline.tariffs, &timeline.policy, as_of)?;
        let work = truth.work.iter().chain(&books.work).map(|work| work.reason.to_string()).collect();
        person.through = Some(as_of);
        Ok((books, work))
    }
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
    let (mut issued, mut columns, mut entries) = (Issued::default(), Columns::default(), Vec::new());
    let persons: Vec<i64> = reckoned.iter().map(|one| one.person.wearer_id).collect();
    transaction.execute(WORK_OUT, &[&persons]).await?;
    for Reckoned { person, books, kept } in reckoned {
        let wearer_id = person.wearer_id;
        let (books, work) = match books {
            Ok(books) => books,
            Err(reason) => {
                transaction.execute(WORK_IN, &[&wearer_id, &0_i32, &now.utc(), &true, reason]).await?;
                issued.blocked += 1;
                continue;
            }
        };
        for (place, reason) in (0_i32..).zip(work) {
            transaction.execute(WORK_IN, &[&wearer_id, &place, &now.utc(), &false, reason]).await?;
        }
        columns.add(person, &books.documents[*kept..], *kept)?;
        let new = books.ledger.entries().iter().enumerate().skip(person.entries);
        entries.extend(new.map(|(place, entry)| (wearer_id, place as i32, entry.clone())));
        account(transaction, person, books).await?;
        issued.persons += 1;
        issued.documents += (books.documents.len() - kept) as u64;
    }
    issued.entries = entries.len() as u64;
    columns.insert(transaction, now.utc()).await?;
    ledger::write(transaction, &entries).await?;
    Ok(issued)
}

async fn account(transaction: &Transaction<'_>, person: &Person, books: &Books) -> Result<(), StoreError> {
    let facts = serde_json::to_string(&person.known).expect("names and instants are always written");
    let (documents, entries) = (books.documents.len() as i32, books.ledger.entries().len() as i32);
    let through = person.through.map(Moment::utc);
    transaction.execute(ACCOUNT, &[&person.wearer_id, &through, &documents, &entries, &facts]).await?;
    Ok(())
}

/// New documents as the columns of their table.
#[derive(Default)]
struct Columns {
    wearers: Vec<i64>,
    places: Vec<i32>,
    units: Vec<i64>,
    kinds: Vec<&'static str>,
    runs: Vec<DateTime<Utc>>,
    numbers: Vec<Option<String>>,
    totals: Vec<i64>,
    dues: Vec<Option<NaiveDate>>,
    bodies: Vec<String>,
}

impl Columns {
    fn add(&mut self, person: &Person, documents: &[Document], kept: usize) -> Result<(), StoreError> {
        for (place, document) in (kept as i32..).zip(documents) {
            self.wearers.push(person.wearer_id);
            self.places.push(place);
            self.units.push(person.unit_id);
            self.kinds.push(document.kind.name());
            self.runs.push(document.run_at.utc());
            self.numbers.push(document.number.as_deref().map(str::to_owned));
            self.totals.push(document.total.minor_units());
            self.dues.push(document.due.map(billing::calendar::Day::gregorian));
            let body = serde_json::to_string(&StoredDocument::from(document));
            self.bodies.push(body.map_err(|error| StoreError::Unreadable(error.to_string()))?);
        }
        Ok(())
    }

    async fn insert(&self, transaction: &Transaction<'_>, now: DateTime<Utc>) -> Result<(), StoreError> {
        let Self { wearers, places, units, kinds, runs, numbers, totals, dues, bodies } = self;
        transaction.execute(DOCUMENTS, &[wearers, places, units, kinds, runs, numbers, totals, dues, bodies, &now]).await?;
        Ok(())
    }
}
