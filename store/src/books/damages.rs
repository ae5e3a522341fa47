//! Damage to the equipment: found, objected to, answered; taken only after that.

use super::record::{NewFact, borne, lock, record, wearer_locked};
use super::{BooksError, MoneyRefusal};
use crate::change::{self, Change};
use crate::people::is_one_person;
use crate::{Store, StoreError};
use access::Caller;
use billing::Money;
use billing::calendar::Moment;
use chrono::{DateTime, Utc};
use tokio_postgres::{Row, Transaction};

/// Days in which the person may object, after the day on which the damage was found (decision D39).
pub const OBJECTION_DAYS: i64 = 10;

macro_rules! damage_columns {
    () => {
        "SELECT d.damage_id, d.version, w.reference, d.state, d.assessed, d.amount, d.report, d.photo_ids, d.assessed_by, d.assessed_at, d.object_until,
            d.objection, d.objected_at, coalesce(d.objection_by, ''), d.answer, coalesce(d.answered_by, ''), d.answered_at, coalesce(d.settled_by, ''),
            d.settled_at, d.wearer_id, d.assessed_by_id
        FROM damages d JOIN wearers w USING (wearer_id)
        WHERE EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($1)) "
    };
}

const ONE: &str = concat!(damage_columns!(), "AND d.damage_id = $2");
const OF_WEARER: &str = concat!(damage_columns!(), "AND d.wearer_id = $2 ORDER BY d.damage_id DESC");
const WHOSE: &str = "SELECT wearer_id FROM damages WHERE damage_id = $1";
const ASSESS: &str = "
    INSERT INTO damages (wearer_id, assessed, amount, report, photo_ids, assessed_by, assessed_by_id, assessed_at, object_until)
    VALUES ($1, $2, $2, $3, $4, $5, $6, $7, $8) RETURNING damage_id";
const FOREIGN_PHOTO: &str = "
    SELECT p FROM unnest($2::bigint[]) AS p WHERE NOT EXISTS (SELECT FROM photos WHERE photo_id = p AND wearer_id = $1) LIMIT 1";
const OBJECT: &str = "
    UPDATE damages SET version = version + 1, state = 'objected', objection = $2, objected_at = $3, objection_by = $4 WHERE damage_id = $1";
const ANSWER: &str = "
    UPDATE damages SET version = version + 1, state = $2, amount = $3, answer = $4, answered_by = $5, answered_at = $6 WHERE damage_id = $1";
const SETTLE: &str = "
    UPDATE damages SET version = version + 1, state = 'settled', fact_id = $2, settled_by = $3, settled_at = $4 WHERE damage_id = $1";

/// How a damage stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DamageState {
    /// Found; the person may object.
    Assessed,
    /// The person objected.
    Objected,
    /// The objection was answered.
    Answered,
    /// The answer left nothing of it.
    Dropped,
    /// Taken.
    Settled,
}

impl DamageState {
    const ALL: [Self; 5] = [Self::Assessed, Self::Objected, Self::Answered, Self::Dropped, Self::Settled];

    /// As the table names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Assessed => "assessed",
            Self::Objected => "objected",
            Self::Answered => "answered",
            Self::Dropped => "dropped",
            Self::Settled => "settled",
        }
    }
}

/// A damage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Damage {
    /// Which.
    pub damage_id: i64,
    /// For changes of it.
    pub version: i64,
    /// Whose: the file reference.
    pub wearer: String,
    /// How it stands.
    pub state: DamageState,
    /// As it was found.
    pub assessed: Money,
    /// As it stands.
    pub amount: Money,
    /// What is broken.
    pub report: String,
    /// Photos of the wearer's file.
    pub photo_ids: Vec<i64>,
    /// Who found it.
    pub assessed_by: String,
    /// When.
    pub assessed_at: DateTime<Utc>,
    /// Until when the person may object, exclusive.
    pub object_until: DateTime<Utc>,
    /// What the person says; empty = nothing.
    pub objection: String,
    /// When.
    pub objected_at: Option<DateTime<Utc>>,
    /// Who wrote it down.
    pub objection_by: String,
    /// What was answered.
    pub answer: String,
    /// By whom.
    pub answered_by: String,
    /// When.
    pub answered_at: Option<DateTime<Utc>>,
    /// Who took it.
    pub settled_by: String,
    /// When.
    pub settled_at: Option<DateTime<Utc>>,
    wearer_id: i64,
    assessed_by_id: Option<i64>,
}

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
            if objected_at >= damage.object_until {
                return Err(MoneyRefusal::ObjectionLate(damage.object_until).into());
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
    /// When it is not within reach, was changed meanwhile, is settled, or the person may still object or waits for an answer.
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
    // Civil days: the tenth day after this one counts to its end.
    let today = Moment::try_from(now).map_err(|error| StoreError::Refused(error.to_string()))?.day();
    let until = Moment::start_of(today.plus(OBJECTION_DAYS + 1)).utc();
    let row =
        transaction.query_one(ASSESS, &[&wearer_id, amount, report, photo_ids, &caller.name(), &caller.person_id(), &now, &until]).await?;
    let damage_id = row.get(0);
    caller.about(format!("damage {damage_id}"));
    Ok(damage_id)
}

async fn damage_settle(transaction: &Transaction<'_>, caller: &Caller, which: (i64, i64)) -> Result<(), BooksError> {
    let (damage, now) = one_to_change(transaction, caller, which).await?;
    match damage.state {
        DamageState::Answered => {}
        // Nobody takes money for what nobody else has looked at.
        DamageState::Assessed if now >= damage.object_until => {
            if is_one_person(transaction, caller, (&damage.assessed_by, damage.assessed_by_id), now).await? {
                return Err(MoneyRefusal::SamePerson.into());
            }
        }
        DamageState::Assessed | DamageState::Objected => return Err(MoneyRefusal::ObjectionOpen(damage.object_until).into()),
        DamageState::Dropped | DamageState::Settled => return Err(MoneyRefusal::DamageOver(damage.state.name()).into()),
    }
    let fact = NewFact::new(damage.wearer_id, "damage", now, damage.amount.minor_units());
    let fact_id = record(transaction, caller, &NewFact { note: &damage.report, ..fact }, now).await?;
    borne(transaction, (damage.wearer_id, fact_id), now).await?;
    transaction.execute(SETTLE, &[&which.0, &fact_id, &caller.name(), &now]).await?;
    Ok(())
}

impl Damage {
    fn must_be(&self, state: DamageState) -> Result<(), MoneyRefusal> {
        if self.state == state { Ok(()) } else { Err(MoneyRefusal::DamageOver(self.state.name())) }
    }
}

/// Every damage of a wearer, newest first.
pub(super) async fn of_wearer(transaction: &Transaction<'_>, caller: &Caller, wearer_id: i64) -> Result<Vec<Damage>, StoreError> {
    transaction.query(OF_WEARER, &[&caller.roots, &wearer_id]).await?.iter().map(damage_from).collect()
}

async fn one(transaction: &Transaction<'_>, caller: &Caller, damage_id: i64) -> Result<Damage, BooksError> {
    let row = transaction.query_opt(ONE, &[&caller.roots, &damage_id]).await?.ok_or(MoneyRefusal::UnknownDamage)?;
    let damage = damage_from(&row)?;
    caller.about_wearer(&damage.wearer);
    caller.about(format!("damage {damage_id}"));
    Ok(damage)
}

/// The same to be changed: at this version, and nobody else changes anything about its wearer until the commit.
async fn one_to_change(
    transaction: &Transaction<'_>,
    caller: &Caller,
    (damage_id, expected_version): (i64, i64),
) -> Result<(Damage, DateTime<Utc>), BooksError> {
    let whose = transaction.query_opt(WHOSE, &[&damage_id]).await?.ok_or(MoneyRefusal::UnknownDamage)?;
    let now = lock(transaction, whose.get(0)).await?;
    let damage = one(transaction, caller, damage_id).await?;
    if damage.version == expected_version { Ok((damage, now)) } else { Err(MoneyRefusal::VersionChanged(damage.version).into()) }
}

fn damage_from(row: &Row) -> Result<Damage, StoreError> {
    let state = DamageState::ALL.into_iter().find(|state| state.name() == row.get::<_, &str>(3));
    Ok(Damage {
        damage_id: row.get(0),
        version: row.get(1),
        wearer: row.get(2),
        state: state.ok_or_else(|| StoreError::Unreadable(format!("damage {}", row.get::<_, i64>(0))))?,
        assessed: Money::rials(row.get(4)),
        amount: Money::rials(row.get(5)),
        report: row.get(6),
        photo_ids: row.get(7),
        assessed_by: row.get(8),
        assessed_at: row.get(9),
        object_until: row.get(10),
        objection: row.get(11),
        objected_at: row.get(12),
        objection_by: row.get(13),
        answer: row.get(14),
        answered_by: row.get(15),
        answered_at: row.get(16),
        settled_by: row.get(17),
        settled_at: row.get(18),
        wearer_id: row.get(19),
        assessed_by_id: row.get(20),
    })
}
