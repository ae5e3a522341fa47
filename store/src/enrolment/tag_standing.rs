//! A tag locked for a change, and what stands in the way of it.

use super::EnrolmentError;
use access::Caller;
use chrono::{DateTime, Utc};
use enrolment::TagState;
use tokio_postgres::Transaction;

/// Held until the change is over: whoever else changes or fits this tag waits. What is read after it is newer than what the one before did.
const LOCK: &str = "
    SELECT i.tag_id FROM tags t JOIN tag_inventory i USING (tag_id)
    WHERE t.imei = $1 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = t.unit_id AND r.above_id = ANY ($2)) FOR NO KEY UPDATE OF i";

const STANDING: &str = "
    SELECT t.imei, i.version, i.state, t.unit_id,
        (SELECT f.wearer_id FROM fittings f WHERE f.tag_id = t.tag_id AND upper_inf(f.period)),
        (SELECT p.transfer_id FROM tag_transfer_items p WHERE p.tag_id = t.tag_id AND p.outcome IS NULL),
        (SELECT n.installation_id FROM installations n WHERE n.tag_id = t.tag_id AND n.state = 'open')
    FROM tags t JOIN tag_inventory i USING (tag_id)
    WHERE t.tag_id = $1 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = t.unit_id AND r.above_id = ANY ($2))";

/// The wearer's reference, if within reach.
const WEARER_SEEN: &str = "
    SELECT w.reference FROM wearers w
    WHERE w.wearer_id = $1 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($2))";

/// What happened, how the tag is from then on and who answers for it: written after the change itself.
const EVENT: &str = "
    INSERT INTO tag_events (tag_id, kind, at, by, unit_id, state, transfer_id, note)
    SELECT t.tag_id, $2, $3, $4, t.unit_id,
        CASE WHEN EXISTS (SELECT FROM fittings f WHERE f.tag_id = t.tag_id AND upper_inf(f.period)) THEN 'fitted' ELSE i.state END, $5, $6
    FROM tags t JOIN tag_inventory i USING (tag_id) WHERE t.tag_id = ANY ($1)";

/// A tag that nobody else changes now.
pub(super) struct LockedTag {
    pub tag_id: i64,
    pub imei: String,
    pub version: i64,
    /// While nobody wears it.
    pub state: TagState,
    pub unit_id: i64,
    worn_by: Option<i64>,
    transfer_id: Option<i64>,
    installation_id: Option<i64>,
}

impl LockedTag {
    /// The tag of this IMEI, if it is within reach.
    pub async fn take(transaction: &Transaction<'_>, caller: &Caller, imei: &str) -> Result<Self, EnrolmentError> {
        let unknown = || EnrolmentError::UnknownTag(imei.to_owned());
        let tag_id: i64 = transaction.query_opt(LOCK, &[&imei, &caller.roots]).await?.ok_or_else(unknown)?.get(0);
        // A statement of its own: it sees what whoever held the lock before has done.
        let row = transaction.query_opt(STANDING, &[&tag_id, &caller.roots]).await?.ok_or_else(unknown)?;
        Ok(Self {
            tag_id,
            imei: row.get(0),
            version: row.get(1),
            state: state_read(row.get(2))?,
            unit_id: row.get(3),
            worn_by: row.get(4),
            transfer_id: row.get(5),
            installation_id: row.get(6),
        })
    }

    /// Refuses unless the caller saw this version.
    pub fn expect_version(&self, expected: i64) -> Result<(), EnrolmentError> {
        if self.version == expected { Ok(()) } else { Err(EnrolmentError::VersionChanged(self.version)) }
    }

    /// Refuses if somebody wears it, it travels, or it is being put on somebody in another installation than `own`.
    pub async fn expect_idle(&self, transaction: &Transaction<'_>, caller: &Caller, own: Option<i64>) -> Result<(), EnrolmentError> {
        if let Some(wearer_id) = self.worn_by {
            let seen = transaction.query_opt(WEARER_SEEN, &[&wearer_id, &caller.roots]).await?;
            return Err(EnrolmentError::TagIsWorn { imei: self.imei.clone(), wearer: seen.map(|row| row.get(0)) });
        }
        if self.transfer_id.is_some() {
            return Err(EnrolmentError::TagOnTheWay(self.imei.clone()));
        }
        if self.installation_id.is_some() && self.installation_id != own {
            return Err(EnrolmentError::TagBeingFitted(self.imei.clone()));
        }
        Ok(())
    }

    /// Refuses unless it may be put on somebody now.
    pub async fn expect_usable(&self, transaction: &Transaction<'_>, caller: &Caller, own: Option<i64>) -> Result<(), EnrolmentError> {
        self.expect_idle(transaction, caller, own).await?;
        let (imei, state) = (self.imei.clone(), self.state);
        if state.is_usable() { Ok(()) } else { Err(EnrolmentError::TagNotUsable { imei, state }) }
    }
}

/// What happened to tags.
pub(super) struct NewEvent<'a> {
    pub kind: &'a str,
    pub transfer_id: Option<i64>,
    pub note: &'a str,
}

/// Writes down what happened to these tags. Comes after the change itself.
pub(super) async fn happened(
    transaction: &Transaction<'_>,
    caller: &Caller,
    tags: &[i64],
    event: NewEvent<'_>,
    now: DateTime<Utc>,
) -> Result<(), EnrolmentError> {
    transaction.execute(EVENT, &[&tags, &event.kind, &now, &caller.name(), &event.transfer_id, &event.note]).await?;
    Ok(())
}

/// A state as the database holds it.
pub(super) fn state_read(name: &str) -> Result<TagState, EnrolmentError> {
    TagState::named(name).ok_or_else(|| crate::StoreError::Unreadable(format!("the state {name} of a tag")).into())
}
