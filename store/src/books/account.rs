//! The account of one person as of any instant: by the `billing` crate alone, from the facts as they were known then.

use super::facts::facts;
use super::merged::{MergedFile, merged_into};
use super::people::{Person, people};
use super::reckon::Look;
use super::tariffs::{policy, tariffs};
use super::{BooksError, PersonError, WorkReason};
use crate::{Store, StoreError};
use access::Caller;
use billing::calendar::{Moment, Month};
use billing::{
    AccountNumbers, BillingError, Books, Document, Money, MonthTruth, OrderId, Rated, Timeline, carry_on, difference, months, rate,
};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use tokio_postgres::IsolationLevel;

const WEARER: &str = "
    SELECT wearer_id FROM wearers w WHERE reference = $1 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($2))";

/// What a person's account says.
#[derive(Clone, Debug)]
pub struct PersonAccount {
    /// As of when.
    pub as_of: Moment,
    /// Until when documents and money are in the books; `None` = the person was never billed.
    pub through: Option<Moment>,
    /// The numbers.
    pub numbers: AccountNumbers,
    /// The truth by order and month, whatever was billed when.
    pub months: BTreeMap<(OrderId, Month), MonthTruth>,
    /// Each day, and why it costs what it costs.
    pub rated: Rated,
    /// What the next run would still change.
    pub unbilled: Money,
    /// What a person must look at.
    pub work: Vec<WorkReason>,
    /// Files of the same person that were merged into this one: each has its own books.
    pub merged: Vec<MergedFile>,
}

impl Store {
    /// The account of a wearer within the caller's reach, as it was known at an instant.
    ///
    /// # Errors
    /// When there is no such wearer, or the person's facts contradict each other.
    pub async fn account(&self, caller: &Caller, wearer: &str, at: DateTime<Utc>) -> Result<PersonAccount, BooksError> {
        let as_of = Moment::try_from(at).map_err(|error| StoreError::Refused(error.to_string()))?;
        let mut client = self.client().await?;
        let transaction = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start().await?;
        let row = transaction.query_opt(WEARER, &[&wearer, &caller.roots]).await?.ok_or(BooksError::UnknownWearer)?;
        let persons = [row.get::<_, i64>(0)];
        let person = people(&transaction, &persons, Look::Preview).await?.pop().ok_or(BooksError::UnknownWearer)?;
        let known = facts(&transaction, &persons).await?.facts.remove(&persons[0]).unwrap_or_else(|| Ok(Vec::new()));
        let timeline = Timeline {
            facts: known.map_err(|error| BooksError::Blocked((&error).into()))?,
            tariffs: tariffs(&transaction).await?,
            policy: policy(&transaction).await?,
            as_of,
        };
        // Reckoning takes a processor, not the database.
        let reckoned = tokio::task::spawn_blocking(move || reckoned(person, timeline)).await;
        let reckoned = reckoned.map_err(|error| StoreError::Unreadable(error.to_string()))?;
        let merged = merged_into(&*transaction, persons[0], at + TimeDelta::microseconds(1)).await?;
        reckoned.map(|account| PersonAccount { merged, ..account }).map_err(|error| BooksError::Blocked((&error).into()))
    }
}

fn reckoned(mut person: Person, mut timeline: Timeline) -> Result<PersonAccount, PersonError> {
    let as_of = timeline.as_of;
    timeline.facts = person.as_known(timeline.facts);
    let documents = std::mem::replace(&mut person.documents, Ok(Vec::new())).map_err(PersonError::Facts)?;
    let (books, through) = books(&timeline, documents, person.through)?;
    let truth = rate(&timeline.facts, &timeline.tariffs, &timeline.policy, as_of)?;
    let work = truth.work.iter().chain(&books.work).map(WorkReason::from).collect();
    Ok(PersonAccount {
        as_of,
        through,
        numbers: AccountNumbers::of(&books, &timeline)?,
        months: months(&truth)?,
        unbilled: difference(&truth, &books.billed)?.total,
        rated: truth,
        work,
        merged: Vec::new(),
    })
}

/// The books as they were then: what was issued by then, and no more; what is due and not issued yet is unbilled.
fn books(timeline: &Timeline, documents: Vec<Document>, through: Option<Moment>) -> Result<(Books, Option<Moment>), BillingError> {
    let Some(through) = through.map(|through| through.min(timeline.as_of)) else {
        return Ok((Books::new(timeline.tariffs.currency()), None));
    };
    let issued = documents.into_iter().filter(|document| document.run_at <= through).collect();
    let books = carry_on(&Timeline { as_of: through, ..timeline.clone() }, issued, Some(through))?;
    Ok((books, Some(through)))
}
