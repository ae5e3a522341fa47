//! Reckoning the books of persons up to an instant, from what is recorded: for runs, and for looks that issue nothing.

use super::facts::{Recorded, facts};
use super::people::{Person, people};
use super::policy_acts::SWITCHES_STAY;
use super::tariffs::{policy, tariffs};
use super::{PersonError, WorkReason};
use crate::StoreError;
use billing::calendar::Moment;
use billing::{Books, Fact, FactId, Policy, Tariffs, Timeline, What, carry_on};
use chrono::{DateTime, TimeDelta, Utc};
use tokio_postgres::Transaction;

/// For what persons are reckoned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Look {
    /// To issue: nobody else bills them, or records a fact of them, until the transaction ends.
    Issue,
    /// The same with an extra run at that instant.
    Extra,
    /// To see what a run at that instant would issue.
    Preview,
}

/// What all persons of a portion are reckoned by.
pub(super) struct Ground {
    recorded: Recorded,
    pub tariffs: Tariffs,
    pub policy: Policy,
    now: Moment,
    look: Look,
}

/// A person's books as of an instant, or why there are none.
pub(super) struct Reckoned {
    pub person: Person,
    /// With the reasons for which somebody must look.
    pub books: Result<(Books, Vec<WorkReason>), WorkReason>,
    /// Documents that were there before.
    pub kept: usize,
}

impl Ground {
    pub(super) async fn of(transaction: &Transaction<'_>, persons: &[i64], now: Moment, look: Look) -> Result<Self, StoreError> {
        if look != Look::Preview {
            transaction.query_one(SWITCHES_STAY, &[]).await?;
        }
        let (tariffs, policy) = (tariffs(transaction).await?, policy(transaction).await?);
        Ok(Self { recorded: facts(transaction, persons).await?, tariffs, policy, now, look })
    }

    fn reckoned(&self, mut person: Person) -> Reckoned {
        let kept = person.documents.as_ref().map_or(0, Vec::len);
        let books = self.books(&mut person).map_err(|error| WorkReason::from(&error));
        Reckoned { person, books, kept }
    }

    /// What a person's books are reckoned from.
    pub(super) fn timeline(&self, person: &mut Person) -> Result<Timeline, PersonError> {
        let facts = match self.recorded.facts.get(&person.wearer_id) {
            Some(Ok(facts)) => facts.clone(),
            Some(Err(PersonError::NoOrder(fitting))) => return Err(PersonError::NoOrder(*fitting)),
            Some(Err(error)) => return Err(PersonError::Facts(error.to_string())),
            None => Vec::new(),
        };
        // Always after what was done already, whatever the clock says: what was recorded since counts from just after it.
        let after = |through: Moment| Moment::try_from(through.utc() + TimeDelta::microseconds(1)).unwrap_or(through);
        let as_of = person.through.map_or(self.now, |through| after(through).max(self.now));
        let mut facts = person.as_known(facts);
        if self.look != Look::Issue {
            facts.push(Fact { id: FactId::Name("extra run".into()), recorded_at: as_of, what: What::Run { at: as_of } });
        }
        Ok(Timeline { facts, tariffs: self.tariffs.clone(), policy: self.policy.clone(), as_of })
    }

    fn books(&self, person: &mut Person) -> Result<(Books, Vec<WorkReason>), PersonError> {
        let timeline = self.timeline(person)?;
        let documents = std::mem::replace(&mut person.documents, Ok(Vec::new())).map_err(PersonError::Facts)?;
        let books = carry_on(&timeline, documents, person.through)?;
        let reckoned = books.ledger.entries().len();
        if reckoned < person.entries {
            let (posted, what) = (person.entries, "entries of the ledger and facts have come apart");
            return Err(PersonError::Facts(format!(
                "{posted} entries were posted and {reckoned} follow from the facts: report this, {what}"
            )));
        }
        let late = self.recorded.late.get(&person.wearer_id).map_or(&[][..], Vec::as_slice);
        let found = books.work_list(&timeline)?;
        let late = late.iter().filter_map(|waiting| waiting.todo(timeline.as_of));
        let work = found.iter().map(WorkReason::from).chain(late).collect();
        person.through = Some(timeline.as_of);
        Ok((books, work))
    }
}

/// The books of these persons as of an instant.
pub(super) async fn reckon(transaction: &Transaction<'_>, persons: &[i64], now: Moment, look: Look) -> Result<Vec<Reckoned>, StoreError> {
    let people = people(transaction, persons, look).await?;
    let ground = Ground::of(transaction, persons, now, look).await?;
    beside(move || people.into_iter().map(|person| ground.reckoned(person)).collect()).await
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
/// stays locked, unless it is only to look.
pub(super) async fn books_now(
    transaction: &Transaction<'_>,
    wearer_id: i64,
    now: DateTime<Utc>,
    look: Look,
) -> Result<Result<BooksNow, WorkReason>, StoreError> {
    let Some(mut person) = people(transaction, &[wearer_id], look).await?.pop() else {
        return Ok(Err(WorkReason::from(&PersonError::Facts("there is no such person".to_owned()))));
    };
    let last: Option<DateTime<Utc>> = transaction.query_one(LAST_RECORDED, &[&wearer_id]).await?.get(0);
    let now = Moment::try_from(last.map_or(now, |last| last.max(now))).map_err(|error| StoreError::Refused(error.to_string()))?;
    let mut ground = Ground::of(transaction, &[wearer_id], now, look).await?;
    beside(move || {
        let books = ground.books(&mut person).map(|(books, _)| books).map_err(|error| WorkReason::from(&error))?;
        let facts = ground.recorded.facts.remove(&wearer_id).and_then(Result::ok).unwrap_or_default();
        Ok(BooksNow { books, facts, tariffs: ground.tariffs, as_of: person.through.unwrap_or(now) })
    })
    .await
}

/// Reckoning takes a processor, not the database: beside the tasks that wait for sockets.
pub(super) async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| StoreError::Unreadable(error.to_string()))
}
