//! Damage to the equipment as it is read: one, a person's, and lists.

use super::record::lock;
use super::{BooksError, MoneyRefusal};
use crate::{Store, StoreError};
use access::Caller;
use billing::Money;
use chrono::{DateTime, NaiveDate, Utc};
use tokio_postgres::{Row, Transaction};

macro_rules! damage_columns {
    () => {
        "SELECT d.damage_id, d.version, w.reference, d.state, d.assessed, d.amount, d.report, d.photo_ids, d.assessed_by, d.assessed_at, d.object_until,
            d.objection, d.objected_at, coalesce(d.objection_by, ''), d.answer, coalesce(d.answered_by, ''), d.answered_at, coalesce(d.settled_by, ''),
            d.settled_at, d.wearer_id, d.assessed_by_id, n.day, n.how, n.recorded_by, n.recorded_at
        FROM damages d JOIN wearers w USING (wearer_id) LEFT JOIN LATERAL (
            SELECT * FROM damage_notices n WHERE n.damage_id = d.damage_id ORDER BY n.notice_id DESC LIMIT 1) n ON true
        WHERE EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($1)) "
    };
}

const ONE: &str = concat!(damage_columns!(), "AND d.damage_id = $2");
const OF_WEARER: &str = concat!(damage_columns!(), "AND d.wearer_id = $2 ORDER BY d.damage_id DESC");
const WHOSE: &str = "SELECT wearer_id FROM damages WHERE damage_id = $1";
/// What a damage waits for at $2, in the words of [`DamageStep`].
const LIST: &str = concat!(
    damage_columns!(),
    "AND ($3 = '' OR EXISTS (SELECT FROM unit_reach r JOIN units u ON u.unit_id = r.above_id WHERE r.unit_id = w.unit_id AND u.code = $3))
        AND ($4::text[] = '{}' OR CASE WHEN d.state IN ('objected', 'dropped', 'settled') THEN d.state WHEN n.day IS NULL THEN 'untold'
            WHEN d.state = 'assessed' AND d.object_until > $2 THEN 'waiting' ELSE 'ready' END = ANY ($4))
        AND ($5::bigint = 0 OR d.damage_id < $5) ORDER BY d.damage_id DESC LIMIT $6"
);

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
    /// Until when the person may object, exclusive; `None` until they were told.
    pub object_until: Option<DateTime<Utc>>,
    /// That the person was told of it: the newest time.
    pub notice: Option<DamageNotice>,
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
    pub(super) wearer_id: i64,
    pub(super) assessed_by_id: Option<i64>,
}

/// That the person was told of a damage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DamageNotice {
    /// On which day, in Tehran.
    pub day: NaiveDate,
    /// How it was handed over.
    pub how: String,
    /// Who wrote it down.
    pub recorded_by: String,
    /// When.
    pub recorded_at: DateTime<Utc>,
}

/// What a damage waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DamageStep {
    /// The person is to be told.
    Tell,
    /// The time to object is not over.
    Wait,
    /// An objection is to be answered.
    Answer,
    /// It may be taken.
    Settle,
    /// Nothing: nothing is left of it.
    Dropped,
    /// Nothing: it was taken.
    Settled,
}

impl DamageStep {
    const fn name(self) -> &'static str {
        match self {
            Self::Tell => "untold",
            Self::Wait => "waiting",
            Self::Answer => "objected",
            Self::Settle => "ready",
            Self::Dropped => "dropped",
            Self::Settled => "settled",
        }
    }
}

/// Which damages to list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DamageFilter {
    /// Of wearers whose file lies in this unit or below, by code; empty = all.
    pub unit: String,
    /// Only those that wait for one of these; empty = all.
    pub steps: Vec<DamageStep>,
    /// Only numbers below this; 0 = all.
    pub before: i64,
    /// At most so many.
    pub limit: u32,
}

impl Store {
    /// Damages within the caller's reach, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn damage_list(&self, caller: &Caller, filter: &DamageFilter, now: DateTime<Utc>) -> Result<Vec<Damage>, StoreError> {
        let DamageFilter { unit, steps, before, limit } = filter;
        let steps: Vec<&str> = steps.iter().map(|step| step.name()).collect();
        let client = self.client().await?;
        let rows = client.query(LIST, &[&caller.roots, &now, unit, &steps, before, &i64::from(*limit)]).await?;
        rows.iter().map(damage_from).collect()
    }
}

impl Damage {
    /// What it waits for: the same as the list says.
    pub fn step(&self, now: DateTime<Utc>) -> DamageStep {
        match self.state {
            DamageState::Objected => DamageStep::Answer,
            DamageState::Dropped => DamageStep::Dropped,
            DamageState::Settled => DamageStep::Settled,
            _ if self.notice.is_none() => DamageStep::Tell,
            DamageState::Assessed if self.object_until.is_none_or(|until| until > now) => DamageStep::Wait,
            DamageState::Assessed | DamageState::Answered => DamageStep::Settle,
        }
    }

    pub(super) fn must_be(&self, state: DamageState) -> Result<(), MoneyRefusal> {
        if self.state == state { Ok(()) } else { Err(MoneyRefusal::DamageOver(self.state.name())) }
    }
}

/// Every damage of a wearer, newest first.
pub(super) async fn of_wearer(transaction: &Transaction<'_>, caller: &Caller, wearer_id: i64) -> Result<Vec<Damage>, StoreError> {
    transaction.query(OF_WEARER, &[&caller.roots, &wearer_id]).await?.iter().map(damage_from).collect()
}

pub(super) async fn one(transaction: &Transaction<'_>, caller: &Caller, damage_id: i64) -> Result<Damage, BooksError> {
    let row = transaction.query_opt(ONE, &[&caller.roots, &damage_id]).await?.ok_or(MoneyRefusal::UnknownDamage)?;
    let damage = damage_from(&row)?;
    caller.about_wearer(&damage.wearer);
    caller.about(format!("damage {damage_id}"));
    Ok(damage)
}

/// The same to be changed: at this version, and nobody else changes anything about its wearer until the commit.
pub(super) async fn one_to_change(
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
        notice: row.get::<_, Option<NaiveDate>>(21).map(|day| DamageNotice {
            day,
            how: row.get(22),
            recorded_by: row.get(23),
            recorded_at: row.get(24),
        }),
    })
}
