//! Damage to the equipment: found, told to the person, objected to, answered; taken only after that.

use super::damages::{Damage, DamageState, DamageStep, one, one_to_change};
use super::record::{NewFact, borne, record, wearer_locked};
use super::{BooksError, MoneyRefusal};
use crate::change::{self, Change};
use crate::people::is_one_person;
use crate::{Store, StoreError};
use access::Caller;
use billing::calendar::{Day, Moment};
use chrono::{DateTime, NaiveDate, Utc};
use tokio_postgres::Transaction;

/// Days in which the person may object, after the day on which they were told (decision D39).
const OBJECTION_DAYS: i64 = 10;

const ASSESS: &str = "
    INSERT INTO damages (wearer_id, assessed, amount, report, photo_ids, assessed_by, assessed_by_id, assessed_at)
    VALUES ($1, $2, $2, $3, $4, $5, $6, $7) RETURNING damage_id";
const FOREIGN_PHOTO: &str = "
    SELECT p FROM unnest($2::bigint[]) AS p WHERE NOT EXISTS (SELECT FROM photos WHERE photo_id = p AND wearer_id = $1) LIMIT 1";
const TELL: &str = "UPDATE damages SET version = version + 1, object_until = $2 WHERE damage_id = $1";
const NOTICE: &str = "INSERT INTO damage_notices (damage_id, day, how, recorded_by, recorded_at) VALUES ($1, $2, $3, $4, $5)";
const OBJECT: &str = "
    UPDATE damages SET version = version + 1, state = 'objected', objection = $2, objected_at = $3, objection_by = $4 WHERE damage_id = $1";
const ANSWER: &str = "
    UPDATE damages SET version = version + 1, state = $2, amount = $3, answer = $4, answered_by = $5, answered_at = $6 WHERE damage_id = $1";
const SETTLE: &str = "
    UPDATE damages SET version = version + 1, state = 'settled', fact_id = $2, settled_by = $3, settled_at = $4 WHERE damage_id = $1";

/// A damage that was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewDamage {
    /// Whose: the file reference.
    pub wearer: String,
    /// Rials, above nothing.
    pub amount: i64,
    /// What is broken.
    pub report: String,
    /// Photos of the wearer's file.
    pub photo_ids: Vec<i64>,
}

impl Store {
    /// Records a damage. Nothing is taken yet.
    ///
    /// # Errors
    /// When the wearer is not within reach, or a photo is not theirs.
    pub async fn damage_assess(&self, caller: &Caller, new: &NewDamage) -> Result<Damage, BooksError> {
        caller.about_wearer(&new.wearer);
        let mut client = self.client().await?;
        let damage_id = match change::begin(&mut client, caller).await? {
            Change::Done(damage_id) => damage_id,
            Change::Open(open) => {
                let damage_id = damage_assess(&open.transaction, caller, new).await?;
                open.commit(damage_id).await?;
                damage_id
            }
        };
        one(&*client.transaction().await?, caller, damage_id).await
    }

    /// Writes down that the person was told of it on a day, and how: the time to object runs from then on.
    ///
    /// # Errors
    /// When it is not within reach, was changed meanwhile, is over, or the day is before it was found or the person was told before.
    pub async fn damage_tell(&self, caller: &Caller, which: (i64, i64), (day, how): (NaiveDate, &str)) -> Result<Damage, BooksError> {
        let mut client = self.client().await?;
        if let Change::Open(open) = change::begin(&mut client, caller).await? {
            let (damage, now) = one_to_change(&open.transaction, caller, which).await?;
            let until = object_until(&damage, day, now)?;
            open.transaction.execute(TELL, &[&which.0, &until]).await?;
            open.transaction.execute(NOTICE, &[&which.0, &day, &how, &caller.name(), &now]).await?;
            open.commit(which.0).await?;
        }
        one(&*client.transaction().await?, caller, which.0).await
    }

    /// Writes down what the person says against it, and when.
    ///
    /// # Errors
    /// When it is not within reach, was changed meanwhile, was objected to already, or that was too late.
    pub async fn damage_object(
        &self,
        caller: &Caller,
        which: (i64, i64),
        (objected_at, objection): (DateTime<Utc>, &str),
    ) -> Result<Damage, BooksError> {
        let mut client = self.client().await?;
        if let Change::Open(open) = change::begin(&mut client, caller).await? {
            let (damage, _) = one_to_change(&open.transaction, caller, which).await?;
            damage.must_be(DamageState::Assessed)?;
            // Whoever objects before anybody wrote down that they were told knows of it all the same.
            if let Some(until) = damage.object_until.filter(|until| objected_at >= *until) {
                return Err(MoneyRefusal::ObjectionLate(until).into());
            }
            open.transaction.execute(OBJECT, &[&which.0, &objection, &objected_at, &caller.name()]).await?;
            open.commit(which.0).await?;
        }
        one(&*client.transaction().await?, caller, which.0).await
    }

    /// Answers the objection: `amount` rials remain.
    ///
    /// # Errors
    /// When it is not within reach, was changed meanwhile, no objection waits, the caller found the damage, or more remains than was found.
    pub async fn damage_answer(&self, caller: &Caller, which: (i64, i64), (amount, answer): (i64, &str)) -> Result<Damage, BooksError> {
        let mut client = self.client().await?;
        if let Change::Open(open) = change::begin(&mut client, caller).await? {
            let (damage, now) = one_to_change(&open.transaction, caller, which).await?;
            damage.must_be(DamageState::Objected)?;
            if is_one_person(&open.transaction, caller, (&damage.assessed_by, damage.assessed_by_id), now).await? {
                return Err(MoneyRefusal::SamePerson.into());
            }
            if amount > damage.assessed.minor_units() {
                return Err(MoneyRefusal::AboveAssessed(damage.assessed.minor_units()).into());
            }
            let state = if amount == 0 { DamageState::Dropped } else { DamageState::Answered };
            open.transaction.execute(ANSWER, &[&which.0, &state.name(), &amount, &answer, &caller.name(), &now]).await?;
            open.commit(which.0).await?;
        }
        one(&*client.transaction().await?, caller, which.0).await
    }

    /// Takes it from the deposit, and invoices what exceeds that.
    ///
    /// # Errors
    /// When it is not within reach, was changed meanwhile, is settled, or the person was not told, may still object or waits for an answer.
    pub async fn damage_settle(&self, caller: &Caller, which: (i64, i64)) -> Result<Damage, BooksError> {
        let mut client = self.client().await?;
        if let Change::Open(open) = change::begin(&mut client, caller).await? {
            damage_settle(&open.transaction, caller, which).await?;
            open.commit(which.0).await?;
        }
        let damage = one(&*client.transaction().await?, caller, which.0).await?;
        drop(client);
        self.books_follow(&[damage.wearer_id]).await?;
        Ok(damage)
    }
}

async fn damage_assess(transaction: &Transaction<'_>, caller: &Caller, new: &NewDamage) -> Result<i64, BooksError> {
    let (wearer_id, now) = wearer_locked(transaction, caller, &new.wearer).await?;
    let NewDamage { amount, report, photo_ids, .. } = new;
    if let Some(row) = transaction.query_opt(FOREIGN_PHOTO, &[&wearer_id, photo_ids]).await? {
        return Err(MoneyRefusal::UnknownPhoto(row.get(0)).into());
    }
    let row = transaction.query_one(ASSESS, &[&wearer_id, amount, report, photo_ids, &caller.name(), &caller.person_id(), &now]).await?;
    let damage_id = row.get(0);
    caller.about(format!("damage {damage_id}"));
    Ok(damage_id)
}

async fn damage_settle(transaction: &Transaction<'_>, caller: &Caller, which: (i64, i64)) -> Result<(), BooksError> {
    let (damage, now) = one_to_change(transaction, caller, which).await?;
    match (damage.step(now), damage.object_until) {
        (DamageStep::Settle, _) => {}
        (DamageStep::Tell, _) => return Err(MoneyRefusal::DamageNotTold.into()),
        (DamageStep::Wait | DamageStep::Answer, until) => return Err(MoneyRefusal::ObjectionOpen(until.unwrap_or(now)).into()),
        (DamageStep::Dropped | DamageStep::Settled, _) => return Err(MoneyRefusal::DamageOver(damage.state.name()).into()),
    }
    // Nobody takes money for what nobody else has looked at.
    let found_by = (damage.assessed_by.as_str(), damage.assessed_by_id);
    if damage.state == DamageState::Assessed && is_one_person(transaction, caller, found_by, now).await? {
        return Err(MoneyRefusal::SamePerson.into());
    }
    let fact = NewFact::new(damage.wearer_id, "damage", now, damage.amount.minor_units());
    let fact_id = record(transaction, caller, &NewFact { note: &damage.report, ..fact }, now).await?;
    borne(transaction, (damage.wearer_id, fact_id), now).await?;
    transaction.execute(SETTLE, &[&which.0, &fact_id, &caller.name(), &now]).await?;
    Ok(())
}

/// Until when a person who was told on a day may object: civil days, the tenth day after it counts to its end.
fn object_until(damage: &Damage, day: NaiveDate, now: DateTime<Utc>) -> Result<DateTime<Utc>, BooksError> {
    if matches!(damage.state, DamageState::Dropped | DamageState::Settled) {
        return Err(MoneyRefusal::DamageOver(damage.state.name()).into());
    }
    let unreadable = |error: &dyn std::fmt::Display| StoreError::Refused(error.to_string());
    let day_of = |at: DateTime<Utc>| Moment::try_from(at).map(Moment::day).map_err(|error| unreadable(&error));
    let told = Day::try_from(day).map_err(|error| unreadable(&error))?;
    let found = day_of(damage.assessed_at)?;
    let before = damage.notice.as_ref().and_then(|notice| Day::try_from(notice.day).ok());
    let first = before.map_or(found, |before| before.max(found));
    if told < first {
        return Err(MoneyRefusal::ToldTooEarly(first).into());
    }
    if told > day_of(now)? {
        return Err(MoneyRefusal::ToldInFuture.into());
    }
    Ok(Moment::start_of(told.plus(OBJECTION_DAYS + 1)).utc())
}
