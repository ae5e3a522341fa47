//! What a run would issue, and what everybody would owe by another tariff or policy: reckoned by the code that bills, written nowhere.

use super::WorkReason;
use super::people::people;
use super::reckon::{Ground, Look, beside, reckon};
use crate::{Store, StoreError};
use billing::calendar::{Moment, Month};
use billing::{BillingError, Document, Money, Policy, Tariff, Tariffs, Timeline, rate};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use tokio_postgres::IsolationLevel;

const REFERENCES: &str = "SELECT wearer_id, reference FROM wearers WHERE wearer_id = ANY ($1)";

/// A person in a preview.
#[derive(Clone, Debug)]
pub struct Previewed {
    /// The file reference.
    pub wearer: String,
    /// What would be issued, without numbers of a centre; or why the facts make no bill.
    pub documents: Result<Vec<Document>, WorkReason>,
}

/// Another tariff or other switches, to be tried.
#[derive(Clone, Debug, Default)]
pub struct Alternative {
    /// A row beside those of the table, as if it had always been known.
    pub tariff: Option<Tariff>,
    /// In place of the policy in force.
    pub policy: Option<Policy>,
}

/// What some persons owe as things are, and by an alternative.
#[derive(Clone, Debug, Default)]
pub struct WhatIf {
    /// Persons reckoned.
    pub persons: u64,
    /// Persons whose facts make no bill.
    pub blocked: u64,
    /// Persons who would owe something else.
    pub changed: u64,
    /// Of each month, what is owed and what would be.
    pub months: BTreeMap<Month, (Money, Money)>,
    /// Those with another sum over all months: file reference, what is owed, what would be.
    pub persons_changed: Vec<(String, Money, Money)>,
}

impl Store {
    /// What a run at `at` would issue to these persons, by the facts recorded until now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn books_preview(&self, persons: &[i64], at: DateTime<Utc>) -> Result<Vec<Previewed>, StoreError> {
        let at = Moment::try_from(at).map_err(|error| StoreError::Refused(error.to_string()))?;
        let mut client = self.client().await?;
        let transaction = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start().await?;
        let mut references = references(&transaction, persons).await?;
        let reckoned = reckon(&transaction, persons, at, Look::Preview).await?;
        let previewed = reckoned.into_iter().map(|mut one| Previewed {
            wearer: references.remove(&one.person.wearer_id).unwrap_or_default(),
            documents: one.books.as_mut().map(|(books, _)| books.documents.split_off(one.kept)).map_err(|reason| reason.clone()),
        });
        Ok(previewed.collect())
    }

    /// What these persons owe for the months `months.0` to `months.1`, by the facts recorded until now: as things are, and by the alternative.
    ///
    /// # Errors
    /// When the database does not answer, or the tariff makes no table with the others.
    pub async fn books_what_if(&self, persons: &[i64], alternative: &Alternative, months: (Month, Month)) -> Result<WhatIf, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start().await?;
        let references = references(&transaction, persons).await?;
        let people = people(&transaction, persons, Look::Preview).await?;
        let end = Moment::start_of(months.1.last_day());
        let ground = Ground::of(&transaction, persons, end, Look::Preview).await?;
        let policy = alternative.policy.clone().unwrap_or_else(|| ground.policy.clone());
        let tariffs = with(&ground.tariffs, alternative.tariff.clone())?;
        let reckoned = beside(move || {
            let mut sums = WhatIf::default();
            for mut person in people {
                let wearer = references.get(&person.wearer_id).cloned().unwrap_or_default();
                let timeline = ground.timeline(&mut person).map_err(|_| ());
                let owed = timeline.and_then(|timeline| owed(&timeline, &tariffs, &policy, months).map_err(|_| ()));
                sums.add(wearer, owed);
            }
            sums
        });
        reckoned.await
    }
}

type Owed = BTreeMap<Month, (Money, Money)>;

/// Of each month, what is owed and what would be.
fn owed(timeline: &Timeline, tariffs: &Tariffs, policy: &Policy, months: (Month, Month)) -> Result<Owed, BillingError> {
    let as_is = rate(&timeline.facts, &timeline.tariffs, &timeline.policy, timeline.as_of)?;
    let would_be = rate(&timeline.facts, tariffs, policy, timeline.as_of)?;
    let mut owed = Owed::new();
    let nothing = Money::zero(tariffs.currency());
    let within = |month: &Month| (months.0..=months.1).contains(month);
    for (key, item) in as_is.items.iter().filter(|(key, _)| within(&key.month)) {
        let sums = owed.entry(key.month).or_insert((nothing, nothing));
        sums.0 = sums.0.plus(item.amount)?;
    }
    for (key, item) in would_be.items.iter().filter(|(key, _)| within(&key.month)) {
        let sums = owed.entry(key.month).or_insert((nothing, nothing));
        sums.1 = sums.1.plus(item.amount)?;
    }
    Ok(owed)
}

impl WhatIf {
    /// Adds a person; one who cannot be reckoned is counted.
    fn add(&mut self, wearer: String, owed: Result<Owed, ()>) {
        let Ok(owed) = owed else {
            self.blocked += 1;
            return;
        };
        self.persons += 1;
        let Some(sums) = owed.values().copied().reduce(|sum, month| plus(sum, month).unwrap_or(sum)) else { return };
        if sums.0 != sums.1 {
            self.changed += 1;
            self.persons_changed.push((wearer, sums.0, sums.1));
        }
        self.add_months(owed);
    }

    fn add_months(&mut self, months: Owed) {
        for (month, owed) in months {
            let sums = self.months.entry(month).or_insert((Money::zero(owed.0.currency()), Money::zero(owed.0.currency())));
            // Beyond 64 bits of rials there is no money.
            *sums = plus(*sums, owed).unwrap_or(*sums);
        }
    }

    /// Adds what others came to; of those who changed, the `keep` that change most stay.
    pub fn take(&mut self, other: Self, keep: usize) {
        self.persons += other.persons;
        self.blocked += other.blocked;
        self.changed += other.changed;
        self.add_months(other.months);
        self.persons_changed.extend(other.persons_changed);
        let change = |(_, is, would_be): &(String, Money, Money)| is.minor_units().abs_diff(would_be.minor_units());
        self.persons_changed.sort_by(|a, b| change(b).cmp(&change(a)).then_with(|| a.0.cmp(&b.0)));
        self.persons_changed.truncate(keep);
    }
}

fn plus(one: (Money, Money), other: (Money, Money)) -> Option<(Money, Money)> {
    Some((one.0.plus(other.0).ok()?, one.1.plus(other.1).ok()?))
}

/// The table with one more row.
fn with(tariffs: &Tariffs, row: Option<Tariff>) -> Result<Tariffs, StoreError> {
    let Some(row) = row else { return Ok(tariffs.clone()) };
    let rows = tariffs.rows().iter().cloned().chain([row]).collect();
    Tariffs::new(rows).map_err(|error| StoreError::Refused(error.to_string()))
}

async fn references(transaction: &tokio_postgres::Transaction<'_>, persons: &[i64]) -> Result<BTreeMap<i64, String>, StoreError> {
    Ok(transaction.query(REFERENCES, &[&persons]).await?.iter().map(|row| (row.get(0), row.get(1))).collect())
}
