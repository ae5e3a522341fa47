//! Tags on their way from unit to unit: sent by one, handed over to the other.

use super::tag_standing::{LockedTag, NewEvent, happened};
use super::wearers::unit_within_reach;
use super::{EnrolmentError, TagObstacle};
use crate::change::{self, Change};
use crate::{Store, StoreError};
use access::Caller;
use chrono::{DateTime, Utc};
use deadpool_postgres::Client;
use std::collections::HashMap;
use tokio_postgres::{Row, Transaction};

macro_rules! transfer_columns {
    () => {
        "SELECT x.transfer_id, sender.code, receiver.code, x.note, x.sent_at, x.sent_by, x.state, x.closed_at, coalesce(x.closed_by, ''), x.close_note,
            array(SELECT t.imei FROM tag_transfer_items p JOIN tags t USING (tag_id) WHERE p.transfer_id = x.transfer_id AND p.outcome IS NULL ORDER BY 1),
            array(SELECT t.imei FROM tag_transfer_items p JOIN tags t USING (tag_id) WHERE p.transfer_id = x.transfer_id AND p.outcome = 'came' ORDER BY 1),
            array(SELECT t.imei FROM tag_transfer_items p JOIN tags t USING (tag_id) WHERE p.transfer_id = x.transfer_id AND p.outcome = 'missing' ORDER BY 1)
        FROM tag_transfers x JOIN units sender ON sender.unit_id = x.from_unit JOIN units receiver ON receiver.unit_id = x.to_unit
        WHERE EXISTS (SELECT FROM unit_reach r WHERE r.unit_id IN (x.from_unit, x.to_unit) AND r.above_id = ANY ($1)) "
    };
}

const LIST: &str = concat!(transfer_columns!(), "AND (NOT $2::boolean OR x.state = 'open') ORDER BY x.transfer_id DESC LIMIT 1000");
const ONE: &str = concat!(transfer_columns!(), "AND x.transfer_id = $2");

/// Any unit that is in force can be sent to: whether it wants the tags, it says when they come.
const RECEIVER: &str = "SELECT unit_id FROM units WHERE code = $1 AND unit_in_force(unit_id)";
const SEND: &str =
    "INSERT INTO tag_transfers (from_unit, to_unit, note, sent_at, sent_by) VALUES ($1, $2, $3, $4, $5) RETURNING transfer_id";
const SEND_TAG: &str = "INSERT INTO tag_transfer_items (transfer_id, tag_id) SELECT $1, tag_id FROM unnest($2::bigint[]) AS tag_id";
const LOCK: &str = "
    SELECT x.state, x.from_unit, x.to_unit FROM tag_transfers x
    WHERE x.transfer_id = $1 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id IN (x.from_unit, x.to_unit) AND r.above_id = ANY ($2)) FOR UPDATE";
const REACHES: &str = "SELECT EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = $1 AND r.above_id = ANY ($2))";
/// In one order, so that no two changes of many tags wait for each other in a circle.
const LOCK_ITEMS: &str = r#"
    SELECT i.tag_id, t.imei FROM tag_transfer_items p JOIN tag_inventory i USING (tag_id) JOIN tags t USING (tag_id)
    WHERE p.transfer_id = $1 AND p.outcome IS NULL ORDER BY t.imei COLLATE "C" FOR NO KEY UPDATE OF i"#;
const OUTCOME: &str = "UPDATE tag_transfer_items SET outcome = $3 WHERE transfer_id = $1 AND tag_id = ANY ($2)";
const CLOSE: &str = "UPDATE tag_transfers SET state = $2, closed_at = $3, closed_by = $4, close_note = $5 WHERE transfer_id = $1";
const ANSWERS: &str = "UPDATE tags SET unit_id = $2 WHERE tag_id = ANY ($1)";

/// How a transfer stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TransferState {
    /// On the way.
    Open,
    /// Handed over.
    Received,
    /// Called back by the sender.
    Cancelled,
}

/// Tags sent from unit to unit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TagTransfer {
    /// Which.
    pub transfer_id: i64,
    /// The sending unit's code.
    pub from: String,
    /// The receiving unit's code.
    pub to: String,
    /// The sender's.
    pub note: String,
    /// When.
    pub sent_at: DateTime<Utc>,
    /// By whom.
    pub sent_by: String,
    /// How it stands.
    pub state: TransferState,
    /// `None` while it is open.
    pub closed_at: Option<DateTime<Utc>>,
    /// Empty while it is open.
    pub closed_by: String,
    /// Of the hand-over, or why it was called back.
    pub close_note: String,
    /// IMEIs; all while it is open.
    pub on_the_way: Vec<String>,
    /// IMEIs that came.
    pub came: Vec<String>,
    /// IMEIs that did not.
    pub missing: Vec<String>,
}

impl Store {
    /// Sends tags from a unit within the caller's reach to another unit. `imeis` are at least one.
    ///
    /// # Errors
    /// When there is no such unit, or with every tag that cannot go.
    pub async fn tags_send(
        &self,
        caller: &Caller,
        (from, to): (&str, &str),
        imeis: &[String],
        note: &str,
        now: DateTime<Utc>,
    ) -> Result<TagTransfer, EnrolmentError> {
        let mut client = self.client().await?;
        let transfer_id = match change::begin(&mut client, caller).await? {
            Change::Done(transfer_id) => transfer_id,
            Change::Open(open) => {
                let transfer_id = send(&open.transaction, caller, (from, to), imeis, note, now).await?;
                open.commit(transfer_id).await?;
                transfer_id
            }
        };
        one(&client, caller, transfer_id).await
    }

    /// The hand-over, by the receiving unit: these came, the others did not.
    ///
    /// # Errors
    /// When there is no such transfer to a unit within reach, it is over, or a tag is not in it.
    pub async fn tags_receive(
        &self,
        caller: &Caller,
        transfer_id: i64,
        imeis: &[String],
        note: &str,
        now: DateTime<Utc>,
    ) -> Result<TagTransfer, EnrolmentError> {
        caller.about(format!("transfer {transfer_id}"));
        let mut client = self.client().await?;
        if let Change::Open(open) = change::begin(&mut client, caller).await? {
            receive(&open.transaction, caller, transfer_id, imeis, note, now).await?;
            open.commit(transfer_id).await?;
        }
        one(&client, caller, transfer_id).await
    }

    /// Calls a transfer back, by the sending unit.
    ///
    /// # Errors
    /// When there is no such transfer from a unit within reach, or it is over.
    pub async fn transfer_cancel(
        &self,
        caller: &Caller,
        transfer_id: i64,
        reason: &str,
        now: DateTime<Utc>,
    ) -> Result<TagTransfer, EnrolmentError> {
        caller.about(format!("transfer {transfer_id}"));
        let mut client = self.client().await?;
        if let Change::Open(open) = change::begin(&mut client, caller).await? {
            cancel(&open.transaction, caller, transfer_id, reason, now).await?;
            open.commit(transfer_id).await?;
        }
        one(&client, caller, transfer_id).await
    }

    /// The newest thousand transfers from or to units within reach.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn transfer_list(&self, caller: &Caller, open_only: bool) -> Result<Vec<TagTransfer>, EnrolmentError> {
        let rows = self.client().await?.query(LIST, &[&caller.roots, &open_only]).await?;
        rows.iter().map(transfer_from).collect()
    }
}

async fn send(
    transaction: &Transaction<'_>,
    caller: &Caller,
    (from, to): (&str, &str),
    imeis: &[String],
    note: &str,
    now: DateTime<Utc>,
) -> Result<i64, EnrolmentError> {
    let from_unit = unit_within_reach(transaction, caller, from).await?;
    let to_unit: i64 = transaction.query_opt(RECEIVER, &[&to]).await?.ok_or(EnrolmentError::UnknownUnit)?.get(0);
    let tags = sendable(transaction, caller, from_unit, imeis).await?;
    let sent = transaction.query_one(SEND, &[&from_unit, &to_unit, &note, &now, &caller.name()]).await?;
    let transfer_id: i64 = sent.get(0);
    transaction.execute(SEND_TAG, &[&transfer_id, &tags]).await?;
    caller.about(format!("transfer {transfer_id}, {} tags", tags.len()));
    happened(transaction, caller, &tags, NewEvent { kind: "sent", transfer_id: Some(transfer_id), note }, now).await?;
    Ok(transfer_id)
}

/// The numbers of these tags, locked, if every one of them can go.
async fn sendable(transaction: &Transaction<'_>, caller: &Caller, from_unit: i64, imeis: &[String]) -> Result<Vec<i64>, EnrolmentError> {
    let mut order: Vec<usize> = (0..imeis.len()).collect();
    // In one order, so that no two changes of many tags wait for each other in a circle.
    order.sort_by_key(|at| (&imeis[*at], *at));
    let (mut tags, mut refused) = (HashMap::new(), Vec::new());
    for at in order {
        let obstacle = match LockedTag::take(transaction, caller, &imeis[at]).await {
            Ok(tag) if tags.contains_key(&tag.tag_id) => Some(TagObstacle::Twice),
            Ok(tag) if tag.unit_id != from_unit => Some(TagObstacle::Unknown),
            Ok(tag) => match tag.expect_idle(transaction, caller, None).await {
                Ok(()) => {
                    tags.insert(tag.tag_id, at);
                    None
                }
                Err(error) => Some(obstacle(error)?),
            },
            Err(error) => Some(obstacle(error)?),
        };
        refused.extend(obstacle.map(|obstacle| (at, obstacle)));
    }
    if refused.is_empty() {
        return Ok(tags.into_keys().collect());
    }
    refused.sort_by_key(|(at, _)| *at);
    Err(EnrolmentError::TagsRefused(refused))
}

fn obstacle(error: EnrolmentError) -> Result<TagObstacle, EnrolmentError> {
    match error {
        EnrolmentError::UnknownTag(_) => Ok(TagObstacle::Unknown),
        EnrolmentError::TagIsWorn { .. } => Ok(TagObstacle::Worn),
        EnrolmentError::TagOnTheWay(_) => Ok(TagObstacle::OnTheWay),
        EnrolmentError::TagBeingFitted(_) => Ok(TagObstacle::BeingFitted),
        other => Err(other),
    }
}

async fn receive(
    transaction: &Transaction<'_>,
    caller: &Caller,
    transfer_id: i64,
    imeis: &[String],
    note: &str,
    now: DateTime<Utc>,
) -> Result<(), EnrolmentError> {
    let (_, to_unit) = open_end(transaction, caller, transfer_id, |(_, to)| to).await?;
    let mut on_the_way = locked_items(transaction, transfer_id).await?;
    let (mut came, mut refused, mut seen) = (Vec::new(), Vec::new(), HashMap::new());
    for (at, imei) in imeis.iter().enumerate() {
        let twice = seen.insert(imei, at).is_some();
        match on_the_way.remove(imei) {
            Some(tag_id) => came.push(tag_id),
            None if twice => refused.push((at, TagObstacle::Twice)),
            None => refused.push((at, TagObstacle::NotInTransfer)),
        }
    }
    if !refused.is_empty() {
        return Err(EnrolmentError::TagsRefused(refused));
    }
    let missing: Vec<i64> = on_the_way.into_values().collect();
    transaction.execute(OUTCOME, &[&transfer_id, &came, &"came"]).await?;
    transaction.execute(OUTCOME, &[&transfer_id, &missing, &"missing"]).await?;
    transaction.execute(CLOSE, &[&transfer_id, &"received", &now, &caller.name(), &note]).await?;
    transaction.execute(ANSWERS, &[&came, &to_unit]).await?;
    let event = |kind| NewEvent { kind, transfer_id: Some(transfer_id), note };
    happened(transaction, caller, &came, event("received"), now).await?;
    happened(transaction, caller, &missing, event("missing"), now).await
}

async fn cancel(
    transaction: &Transaction<'_>,
    caller: &Caller,
    transfer_id: i64,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), EnrolmentError> {
    open_end(transaction, caller, transfer_id, |(from, _)| from).await?;
    let tags: Vec<i64> = locked_items(transaction, transfer_id).await?.into_values().collect();
    transaction.execute(OUTCOME, &[&transfer_id, &tags, &"cancelled"]).await?;
    transaction.execute(CLOSE, &[&transfer_id, &"cancelled", &now, &caller.name(), &reason]).await?;
    happened(transaction, caller, &tags, NewEvent { kind: "not_sent", transfer_id: Some(transfer_id), note: reason }, now).await
}

/// From and to of a transfer that is open, locked, if the caller reaches the end of it that may do this. To the other end it exists, and
/// still is not the one to do it: `UnknownTransfer` as to everybody else.
async fn open_end(
    transaction: &Transaction<'_>,
    caller: &Caller,
    transfer_id: i64,
    end: impl FnOnce((i64, i64)) -> i64,
) -> Result<(i64, i64), EnrolmentError> {
    let row = transaction.query_opt(LOCK, &[&transfer_id, &caller.roots]).await?.ok_or(EnrolmentError::UnknownTransfer)?;
    let units: (i64, i64) = (row.get(1), row.get(2));
    let reaches: bool = transaction.query_one(REACHES, &[&end(units), &caller.roots]).await?.get(0);
    match (reaches, row.get(0)) {
        (false, _) => Err(EnrolmentError::UnknownTransfer),
        (true, "open") => Ok(units),
        (true, over) => Err(EnrolmentError::TransferOver(over.to_owned())),
    }
}

/// IMEI and number of each tag that is on the way, locked.
async fn locked_items(transaction: &Transaction<'_>, transfer_id: i64) -> Result<HashMap<String, i64>, EnrolmentError> {
    let rows = transaction.query(LOCK_ITEMS, &[&transfer_id]).await?;
    Ok(rows.iter().map(|row| (row.get(1), row.get(0))).collect())
}

async fn one(client: &Client, caller: &Caller, transfer_id: i64) -> Result<TagTransfer, EnrolmentError> {
    let row = client.query_opt(ONE, &[&caller.roots, &transfer_id]).await?;
    transfer_from(&row.ok_or(EnrolmentError::UnknownTransfer)?)
}

fn transfer_from(row: &Row) -> Result<TagTransfer, EnrolmentError> {
    let state = match row.get(6) {
        "open" => TransferState::Open,
        "received" => TransferState::Received,
        "cancelled" => TransferState::Cancelled,
        other => return Err(StoreError::Unreadable(format!("the state {other} of a transfer")).into()),
    };
    Ok(TagTransfer {
        transfer_id: row.get(0),
        from: row.get(1),
        to: row.get(2),
        note: row.get(3),
        sent_at: row.get(4),
        sent_by: row.get(5),
        state,
        closed_at: row.get(7),
        closed_by: row.get(8),
        close_note: row.get(9),
        on_the_way: row.get(10),
        came: row.get(11),
        missing: row.get(12),
    })
}
