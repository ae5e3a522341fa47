//! Legal holds: what must outlive the timed deletion.

use crate::change::{self, Change};
use crate::people::PeopleError;
use crate::{Store, StoreError};
use access::Caller;
use chrono::{DateTime, Utc};
use tokio_postgres::{Row, Transaction};

macro_rules! hold_columns {
    () => {
        "SELECT h.hold_id, w.reference, h.from_at, h.to_at, h.authority, h.letter_number, h.reason, h.placed_by, h.placed_at, h.lifted_at,
            w.unit_id
        FROM legal_holds h JOIN wearers w USING (wearer_id) "
    };
}

const LIST: &str = concat!(
    hold_columns!(),
    "WHERE ($1 = '' OR w.reference = $1) AND (NOT $2::boolean OR h.lifted_at IS NULL)
        AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($3))
    ORDER BY h.hold_id DESC LIMIT 1000"
);
const ONE: &str = concat!(
    hold_columns!(),
    "WHERE h.hold_id = $1 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($2)) FOR UPDATE OF h"
);
const PLACE: &str = "
    INSERT INTO legal_holds (wearer_id, from_at, to_at, authority, letter_number, reason, placed_by, placed_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING hold_id";
const LIFT: &str = "UPDATE legal_holds SET lifted_at = $2, lift_proposed_by = $3, lifted_by = $4, lift_reason = $5 WHERE hold_id = $1";

/// A hold to place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewHold {
    /// The wearer's file reference.
    pub wearer: String,
    /// Of what is from here ...
    pub from: DateTime<Utc>,
    /// ... to here, exclusive; `None` = from then on.
    pub to: Option<DateTime<Utc>>,
    /// Who ordered it.
    pub authority: String,
    /// In which letter.
    pub letter_number: String,
    /// Why.
    pub reason: String,
}

/// A hold. Nothing of its wearer in its span is deleted while it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hold {
    /// Which.
    pub hold_id: i64,
    /// What was ordered.
    pub order: NewHold,
    /// The name of who placed it.
    pub placed_by: String,
    /// When.
    pub placed_at: DateTime<Utc>,
    /// `None` while it stands.
    pub lifted_at: Option<DateTime<Utc>>,
    unit_id: i64,
}

/// Which holds to list. The default is all of them.
#[derive(Clone, Debug, Default)]
pub struct HoldFilter {
    /// Only this wearer's; empty = all.
    pub wearer: String,
    /// Only those that were not lifted.
    pub standing_only: bool,
}

impl Store {
    /// Places a hold, in force with the commit: a deletion under way takes it into account.
    ///
    /// # Errors
    /// When the wearer is not within reach.
    pub async fn hold_place(&self, caller: &Caller, new: &NewHold, now: DateTime<Utc>) -> Result<Hold, PeopleError> {
        caller.about_wearer(&new.wearer);
        let wearer = self.wearer(caller, &new.wearer).await?.ok_or(PeopleError::UnknownWearer)?;
        let mut client = self.client().await?;
        let hold_id = match change::begin(&mut client, caller).await? {
            Change::Done(hold_id) => hold_id,
            Change::Open(open) => {
                let hold_id = place(&open.transaction, caller, wearer.wearer_id, new, now).await?;
                open.commit(hold_id).await?;
                hold_id
            }
        };
        one(&*client.transaction().await?, caller, hold_id).await
    }

    /// The newest thousand holds within the caller's reach that match the filter, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn hold_list(&self, caller: &Caller, filter: &HoldFilter) -> Result<Vec<Hold>, StoreError> {
        let rows = self.client().await?.query(LIST, &[&filter.wearer, &filter.standing_only, &caller.roots]).await?;
        Ok(rows.iter().map(hold_from).collect())
    }
}

async fn place(transaction: &Transaction<'_>, caller: &Caller, wearer: i64, new: &NewHold, now: DateTime<Utc>) -> Result<i64, PeopleError> {
    let placed_by = caller.name();
    let row = transaction
        .query_one(PLACE, &[&wearer, &new.from, &new.to, &new.authority, &new.letter_number, &new.reason, &placed_by, &now])
        .await?;
    let hold_id: i64 = row.get(0);
    caller.about(format!("hold {hold_id}"));
    Ok(hold_id)
}

/// The unit that lifting this hold concerns, if it stands.
pub(crate) async fn hold_concerns(transaction: &Transaction<'_>, caller: &Caller, hold_id: i64) -> Result<i64, PeopleError> {
    let hold = one(transaction, caller, hold_id).await?;
    caller.about_wearer(&hold.order.wearer);
    caller.about(format!("hold {hold_id}"));
    if hold.lifted_at.is_some() { Err(PeopleError::HoldOver) } else { Ok(hold.unit_id) }
}

/// Lifts a hold that `proposer` proposed to lift and the caller confirms: the next deletion goes on.
pub(crate) async fn hold_lift(
    transaction: &Transaction<'_>,
    caller: &Caller,
    hold_id: i64,
    reason: &str,
    proposer: &str,
    now: DateTime<Utc>,
) -> Result<(), PeopleError> {
    hold_concerns(transaction, caller, hold_id).await?;
    transaction.execute(LIFT, &[&hold_id, &now, &proposer, &caller.name(), &reason]).await?;
    Ok(())
}

async fn one(transaction: &Transaction<'_>, caller: &Caller, hold_id: i64) -> Result<Hold, PeopleError> {
    let row = transaction.query_opt(ONE, &[&hold_id, &caller.roots]).await?;
    Ok(hold_from(&row.ok_or(PeopleError::UnknownHold)?))
}

fn hold_from(row: &Row) -> Hold {
    let order = NewHold {
        wearer: row.get(1),
        from: row.get(2),
        to: row.get(3),
        authority: row.get(4),
        letter_number: row.get(5),
        reason: row.get(6),
    };
    Hold { hold_id: row.get(0), order, placed_by: row.get(7), placed_at: row.get(8), lifted_at: row.get(9), unit_id: row.get(10) }
}
