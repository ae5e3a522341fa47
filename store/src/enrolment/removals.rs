//! Tags taken off: by one person, or by two while an order is in force.

use super::checklist::order;
use super::installations::{Worn, wearer_locked, worn};
use super::tag_standing::{NewEvent, happened};
use super::{EnrolmentError, fittings};
use crate::change::{self, Change};
use crate::{Store, StoreError};
use access::Caller;
use chrono::{DateTime, Utc};
use enrolment::{Condition, DepositConsequence, RemovalReason, TagState, removal_needs_second_person};
use std::collections::HashMap;
use tokio_postgres::{GenericClient, Row, Transaction};

const RECORD: &str = "
    INSERT INTO removals (fitting_id, at, recorded_at, removed_by, confirmed_by, reason, explanation, condition, condition_note, deposit,
        deposit_rial, tag_state)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING removal_id";
const PHOTO: &str = "
    INSERT INTO removal_photos (removal_id, photo_id)
    SELECT $1, p.photo_id FROM photos p JOIN fittings f USING (wearer_id) WHERE p.photo_id = $2 AND p.subject = 'removal' AND f.fitting_id = $3
    ON CONFLICT DO NOTHING RETURNING photo_id";
/// The tag is in the hands of who took it off: the wearer's unit answers for it from now on.
const ANSWERS: &str = "
    UPDATE tags t SET unit_id = w.unit_id FROM fittings f JOIN wearers w USING (wearer_id)
    WHERE f.fitting_id = $1 AND t.tag_id = f.tag_id AND t.unit_id <> w.unit_id";
const LOCK_TAG: &str = "SELECT FROM tag_inventory WHERE tag_id = $1 FOR NO KEY UPDATE";
const TAG_STATE: &str = "UPDATE tag_inventory SET state = $2, version = version + 1 WHERE tag_id = $1";
const ACTOR: &str = "SELECT set_config('paband.actor', $1, true), set_config('paband.reason', $2, true)";

macro_rules! removal_columns {
    () => {
        "SELECT m.removal_id, m.fitting_id, m.at, m.recorded_at, m.removed_by, coalesce(m.confirmed_by, ''), m.reason, m.explanation, m.condition,
            m.condition_note, array(SELECT p.photo_id FROM removal_photos p WHERE p.removal_id = m.removal_id ORDER BY 1), m.deposit, m.deposit_rial,
            m.tag_state
        FROM removals m "
    };
}

const OF_FITTINGS: &str = concat!(removal_columns!(), "WHERE m.fitting_id = ANY ($1)");
const ONE: &str = concat!(
    removal_columns!(),
    "JOIN fittings f USING (fitting_id) JOIN wearers w USING (wearer_id)
    WHERE m.removal_id = $2 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($1))"
);

/// A removal as it is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AskedRemoval {
    /// The wearer's file reference.
    pub wearer: String,
    /// When it came off; `None` = when it is recorded.
    pub at: Option<DateTime<Utc>>,
    /// Why and how. The explanation may be empty where no order is in force.
    pub how: HowRemoved,
}

/// Why and how a tag is taken off.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HowRemoved {
    /// Why.
    pub reason: RemovalReason,
    /// In words.
    pub explanation: String,
    /// How the equipment came back.
    pub condition: Condition,
    /// May be empty.
    pub condition_note: String,
    /// Of the equipment.
    pub photo_ids: Vec<i64>,
    /// What follows for the deposit.
    pub deposit: DepositConsequence,
    /// What the tag is from then on.
    pub tag_state: TagState,
}

/// How a fitting ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Removal {
    /// Which.
    pub removal_id: i64,
    /// Of which fitting.
    pub fitting_id: i64,
    /// When the tag came off.
    pub at: DateTime<Utc>,
    /// When somebody said so.
    pub recorded_at: DateTime<Utc>,
    /// Who; where two decided, who proposed it.
    pub removed_by: String,
    /// The second person; empty where none was needed.
    pub confirmed_by: String,
    /// Why and how.
    pub how: HowRemoved,
}

/// What came of asking for a removal under a key that was used before.
pub enum RemovalDone {
    /// The tag is off.
    Removed(Removal),
    /// It was proposed, under this number.
    Proposed(i64),
}

impl Store {
    /// Takes a tag off, if one person may decide it.
    ///
    /// # Errors
    /// `SecondPersonNeeded` while an order is in force: then it is proposed. When there is no such wearer within reach or the wearer wears
    /// nothing, the instant is before the fitting, or a photo is none of this wearer's equipment.
    pub async fn tag_remove(&self, caller: &Caller, asked: &AskedRemoval, now: DateTime<Utc>) -> Result<RemovalDone, EnrolmentError> {
        caller.about_wearer(&asked.wearer);
        let mut client = self.client().await?;
        let removal_id = match change::begin(&mut client, caller).await? {
            // Under one key either a removal or a proposal came about: the removal's number is kept below zero.
            Change::Done(done) if done > 0 => return Ok(RemovalDone::Proposed(done)),
            Change::Done(done) => -done,
            Change::Open(open) => {
                let (old, needs_second) = standing(&open.transaction, caller, asked, now).await?;
                if needs_second {
                    return Err(EnrolmentError::SecondPersonNeeded);
                }
                let removal_id = record(&open.transaction, caller, &old, (asked.at.unwrap_or(now), &asked.how), None, now).await?;
                open.commit(-removal_id).await?;
                removal_id
            }
        };
        let row = client.query_opt(ONE, &[&caller.roots, &removal_id]).await?;
        Ok(RemovalDone::Removed(removal_from(&row.ok_or(EnrolmentError::UnknownWearer)?)?))
    }
}

/// The unit that taking the tag off concerns, if it is possible now.
pub(crate) async fn removal_concerns(
    transaction: &Transaction<'_>,
    caller: &Caller,
    asked: &AskedRemoval,
    now: DateTime<Utc>,
) -> Result<i64, EnrolmentError> {
    let (wearer_id, unit_id) = wearer_locked(transaction, caller, &asked.wearer).await?;
    standing_of(transaction, wearer_id, asked, now).await?;
    Ok(unit_id)
}

/// Takes off what `proposer` proposed to take off and the caller confirms. Returns the number of the removal. If no order is in force any more,
/// two persons decided it all the same.
pub(crate) async fn removal_confirmed(
    transaction: &Transaction<'_>,
    caller: &Caller,
    asked: &AskedRemoval,
    proposer: &str,
    now: DateTime<Utc>,
) -> Result<i64, EnrolmentError> {
    let (old, _) = standing(transaction, caller, asked, now).await?;
    record(transaction, caller, &old, (asked.at.unwrap_or(now), &asked.how), Some(proposer), now).await
}

/// What the wearer has on, and whether taking it off needs a second person.
async fn standing(
    transaction: &Transaction<'_>,
    caller: &Caller,
    asked: &AskedRemoval,
    now: DateTime<Utc>,
) -> Result<(Worn, bool), EnrolmentError> {
    caller.about_wearer(&asked.wearer);
    let (wearer_id, _) = wearer_locked(transaction, caller, &asked.wearer).await?;
    standing_of(transaction, wearer_id, asked, now).await
}

async fn standing_of(
    transaction: &Transaction<'_>,
    wearer_id: i64,
    asked: &AskedRemoval,
    now: DateTime<Utc>,
) -> Result<(Worn, bool), EnrolmentError> {
    let old = worn(transaction, wearer_id).await?.ok_or(EnrolmentError::WearerHasNoTag)?;
    let at = asked.at.unwrap_or(now);
    if at <= old.since {
        return Err(EnrolmentError::RemovalBeforeFitting(old.since));
    }
    // An order that was in force then, or is now: whichever asks for more.
    let mut needs_second = false;
    for instant in [at, now] {
        let binding = order(transaction, wearer_id, instant).await?;
        needs_second |= removal_needs_second_person(binding.is_some(), binding.is_some_and(|order| order.is_suspended));
    }
    if needs_second && asked.how.explanation.is_empty() {
        return Err(EnrolmentError::ExplanationNeeded);
    }
    Ok((old, needs_second))
}

/// Ends the fitting, writes down how, and puts the tag where it belongs.
pub(super) async fn record(
    transaction: &Transaction<'_>,
    caller: &Caller,
    old: &Worn,
    (at, how): (DateTime<Utc>, &HowRemoved),
    proposer: Option<&str>,
    now: DateTime<Utc>,
) -> Result<i64, EnrolmentError> {
    transaction.query_opt(LOCK_TAG, &[&old.tag_id]).await?;
    transaction.query_one(ACTOR, &[&caller.name(), &how.reason.name()]).await?;
    fittings::end(transaction, old.fitting_id, at).await?;
    let (removed_by, confirmed_by) = match proposer {
        Some(proposer) => (proposer, Some(caller.name())),
        None => (caller.name(), None),
    };
    let row: &[&(dyn tokio_postgres::types::ToSql + Sync)] = &[
        &old.fitting_id,
        &at,
        &now,
        &removed_by,
        &confirmed_by,
        &how.reason.name(),
        &how.explanation,
        &how.condition.name(),
        &how.condition_note,
        &how.deposit.name(),
        &how.deposit.rial(),
        &how.tag_state.name(),
    ];
    let removal_id: i64 = transaction.query_one(RECORD, row).await?.get(0);
    for photo_id in &how.photo_ids {
        let kept = transaction.query_opt(PHOTO, &[&removal_id, photo_id, &old.fitting_id]).await?;
        kept.ok_or(EnrolmentError::UnknownPhoto(*photo_id))?;
    }
    transaction.execute(TAG_STATE, &[&old.tag_id, &how.tag_state.name()]).await?;
    transaction.execute(ANSWERS, &[&old.fitting_id]).await?;
    happened(transaction, caller, &[old.tag_id], NewEvent { kind: "removed", transfer_id: None, note: how.condition.name() }, now).await?;
    caller.about(format!("tag {} off at {}", old.imei, at.to_rfc3339()));
    Ok(removal_id)
}

/// The removals of these fittings.
pub(super) async fn of_fittings(client: &impl GenericClient, fittings: &[i64]) -> Result<HashMap<i64, Removal>, EnrolmentError> {
    let rows = client.query(OF_FITTINGS, &[&fittings]).await?;
    rows.iter().map(|row| Ok((row.get(1), removal_from(row)?))).collect()
}

fn removal_from(row: &Row) -> Result<Removal, EnrolmentError> {
    let unreadable = || EnrolmentError::from(StoreError::Unreadable(format!("removal {}", row.get::<_, i64>(0))));
    Ok(Removal {
        removal_id: row.get(0),
        fitting_id: row.get(1),
        at: row.get(2),
        recorded_at: row.get(3),
        removed_by: row.get(4),
        confirmed_by: row.get(5),
        how: HowRemoved {
            reason: RemovalReason::named(row.get(6)).ok_or_else(unreadable)?,
            explanation: row.get(7),
            condition: Condition::named(row.get(8)).ok_or_else(unreadable)?,
            condition_note: row.get(9),
            photo_ids: row.get(10),
            deposit: DepositConsequence::named(row.get(11), row.get(12)).ok_or_else(unreadable)?,
            tag_state: TagState::named(row.get(13)).ok_or_else(unreadable)?,
        },
    })
}
