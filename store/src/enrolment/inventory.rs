//! The inventory: tags registered, described, given a key, and moved from state to state while nobody wears them.

use super::error::by_constraint;
use super::tag_standing::{LockedTag, NewEvent, happened};
use super::{EnrolmentError, Tag, tag_list};
use crate::Store;
use crate::change::{self, Change};
use access::Caller;
use chrono::{DateTime, Utc};
use enrolment::{NewTag, TagState};
use tokio_postgres::Transaction;

const KNOWN: &str = "SELECT EXISTS (SELECT FROM tags WHERE imei = $1), EXISTS (SELECT FROM tag_inventory WHERE serial = $2)";
const REGISTER: &str = "INSERT INTO tags (imei, key, unit_id, registered_at) VALUES ($1, $2, $3, $4) RETURNING tag_id";
const DESCRIBE: &str = "UPDATE tag_inventory SET protocol = $2, serial = $3, model = $4, sim_number = $5, note = $6 WHERE tag_id = $1";
const RELABEL: &str = "
    UPDATE tag_inventory SET serial = $2, model = $3, sim_number = $4, note = $5, version = version + 1 WHERE tag_id = $1";
const SET_STATE: &str = "UPDATE tag_inventory SET state = $2, version = version + 1 WHERE tag_id = $1";
const SET_KEY: &str = "UPDATE tags SET key = $2 WHERE tag_id = $1";
const NEXT_VERSION: &str = "UPDATE tag_inventory SET version = version + 1 WHERE tag_id = $1";

/// What is said of a tag.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TagLabel {
    /// The maker's number.
    pub serial: Option<String>,
    /// May be empty.
    pub model: String,
    /// May be empty.
    pub sim_number: String,
    /// May be empty.
    pub note: String,
}

/// A change of one tag.
#[derive(Clone, PartialEq, Eq)]
pub enum TagChange {
    /// All that is said of it.
    Label(TagLabel),
    /// Its state, and why.
    State(TagState, String),
    /// Its login key.
    Key([u8; 32]),
}

impl std::fmt::Debug for TagChange {
    /// Never shows the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Label(label) => f.debug_tuple("Label").field(label).finish(),
            Self::State(state, reason) => f.debug_tuple("State").field(state).field(reason).finish(),
            Self::Key(_) => f.write_str("Key"),
        }
    }
}

impl Store {
    /// Registers a tag in stock of a unit.
    ///
    /// # Errors
    /// When there is no such unit within reach, or the IMEI or the serial number is another tag's.
    pub async fn tag_add(&self, caller: &Caller, new: &NewTag, now: DateTime<Utc>) -> Result<Tag, EnrolmentError> {
        let mut client = self.client().await?;
        let tag_id = match change::begin(&mut client, caller).await? {
            Change::Done(tag_id) => tag_id,
            Change::Open(open) => {
                let tag_id = tag_register(&open.transaction, caller, new, now).await?;
                open.commit(tag_id).await?;
                tag_id
            }
        };
        tag_list::by_number(&client, caller, tag_id).await
    }

    /// Changes a tag that the caller saw in this version.
    ///
    /// # Errors
    /// When there is no such tag within reach, somebody else changed it, or it cannot be changed so.
    pub async fn tag_change(
        &self,
        caller: &Caller,
        imei: &str,
        expected_version: i64,
        asked: &TagChange,
        now: DateTime<Utc>,
    ) -> Result<Tag, EnrolmentError> {
        caller.about(format!("tag {imei}"));
        let mut client = self.client().await?;
        let tag_id = match change::begin(&mut client, caller).await? {
            Change::Done(tag_id) => tag_id,
            Change::Open(open) => {
                let tag = LockedTag::take(&open.transaction, caller, imei).await?;
                tag.expect_version(expected_version)?;
                tag_alter(&open.transaction, caller, &tag, asked, now).await?;
                open.commit(tag.tag_id).await?;
                tag.tag_id
            }
        };
        tag_list::by_number(&client, caller, tag_id).await
    }
}

/// Registers a tag in stock of a unit within the caller's reach. Returns its number. What is refused before anything is written (a tag or
/// a serial number known already, an unknown unit) leaves the transaction usable.
pub(crate) async fn tag_register(
    transaction: &Transaction<'_>,
    caller: &Caller,
    new: &NewTag,
    now: DateTime<Utc>,
) -> Result<i64, EnrolmentError> {
    caller.about(format!("tag {}", new.imei));
    let unit_id = super::wearers::unit_within_reach(transaction, caller, &new.unit).await?;
    let serial_known = || EnrolmentError::SerialKnown(new.serial.clone().unwrap_or_default());
    let known = transaction.query_one(KNOWN, &[&new.imei, &new.serial]).await?;
    match (known.get(0), known.get(1)) {
        (true, _) => return Err(EnrolmentError::TagKnown(new.imei.clone())),
        (_, true) => return Err(serial_known()),
        _ => {}
    }
    let key = new.key.as_ref().map(<[u8; 32]>::as_slice);
    let registered = transaction.query_one(REGISTER, &[&new.imei, &key, &unit_id, &now]).await;
    let registered = registered
        .map_err(|error| by_constraint(error, |name| (name == "tags_imei_key").then(|| EnrolmentError::TagKnown(new.imei.clone()))));
    let tag_id: i64 = registered?.get(0);
    let described =
        transaction.execute(DESCRIBE, &[&tag_id, &new.protocol.name(), &new.serial, &new.model, &new.sim_number, &new.note]).await;
    described.map_err(|error| by_constraint(error, |name| (name == "serial_is_said_once").then(serial_known)))?;
    happened(transaction, caller, &[tag_id], NewEvent { kind: "registered", transfer_id: None, note: "" }, now).await?;
    Ok(tag_id)
}

async fn tag_alter(
    transaction: &Transaction<'_>,
    caller: &Caller,
    tag: &LockedTag,
    asked: &TagChange,
    now: DateTime<Utc>,
) -> Result<(), EnrolmentError> {
    let (kind, note) = match asked {
        TagChange::Label(label) => {
            let TagLabel { serial, model, sim_number, note } = label;
            let relabelled = transaction.execute(RELABEL, &[&tag.tag_id, serial, model, sim_number, note]).await;
            let known = || EnrolmentError::SerialKnown(serial.clone().unwrap_or_default());
            relabelled.map_err(|error| by_constraint(error, |name| (name == "serial_is_said_once").then(known)))?;
            ("changed", "")
        }
        TagChange::State(to, reason) => {
            tag.expect_idle(transaction, caller, None).await?;
            if !tag.state.may_become(*to) {
                return Err(EnrolmentError::TagStateStep { from: tag.state, to: *to });
            }
            transaction.execute(SET_STATE, &[&tag.tag_id, &to.name()]).await?;
            ("state", reason.as_str())
        }
        TagChange::Key(key) => {
            transaction.execute(NEXT_VERSION, &[&tag.tag_id]).await?;
            transaction.execute(SET_KEY, &[&tag.tag_id, &key.as_slice()]).await?;
            ("key_set", "")
        }
    };
    happened(transaction, caller, &[tag.tag_id], NewEvent { kind, transfer_id: None, note }, now).await
}
