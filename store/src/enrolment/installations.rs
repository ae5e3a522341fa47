//! Tags being put on: begun, told about by people, given up. What completes one is in `fittings`.

use super::EnrolmentError;
use super::error::by_constraint;
use super::tag_standing::LockedTag;
use crate::change::{self, Change};
use crate::{Store, StoreError};
use access::Caller;
use chrono::{DateTime, Utc};
use enrolment::checklist::{InstallationKind, Item, Statement, StatementKind};
use enrolment::{Payer, ReplacementReason};
use geofence::Timestamp;
use tokio_postgres::{GenericClient, Row, Transaction};

macro_rules! installation_columns {
    () => {
        "SELECT n.installation_id, n.version, n.kind, w.reference, t.imei, n.state, n.begun_at, n.begun_by, n.ended_at, coalesce(n.ended_by, ''),
            coalesce(n.abandon_reason, ''), coalesce(n.fitting_id, 0), n.wearer_id, n.tag_id,
            (SELECT o.imei FROM fittings f JOIN tags o USING (tag_id) WHERE f.fitting_id = n.old_fitting_id), n.reason, n.payer, n.note
        FROM installations n JOIN wearers w USING (wearer_id) JOIN tags t USING (tag_id)
        WHERE EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($1)) "
    };
}

const ONE: &str = concat!(installation_columns!(), "AND n.installation_id = $2");
const OPEN: &str = concat!(installation_columns!(), "AND n.state = 'open' ORDER BY n.installation_id LIMIT 1000");

/// Held until the change is over: whoever else fits, exchanges or removes a tag of this wearer waits. The journal, which refers to wearers, does not.
const LOCK_WEARER: &str = "
    SELECT w.wearer_id, w.unit_id FROM wearers w
    WHERE w.reference = $1 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($2)) FOR NO KEY UPDATE";
/// A file that was merged into another one goes on there.
const MERGED: &str = "SELECT m.reference FROM wearers w JOIN wearers m ON m.wearer_id = w.merged_into WHERE w.wearer_id = $1";
const LOCK: &str = "SELECT FROM installations WHERE installation_id = $1 FOR UPDATE";
const WORN: &str = "
    SELECT f.fitting_id, t.imei, t.tag_id, lower(f.period) FROM fittings f JOIN tags t USING (tag_id)
    WHERE f.wearer_id = $1 AND upper_inf(f.period)";
const OPEN_OF_WEARER: &str = "SELECT installation_id FROM installations WHERE wearer_id = $1 AND state = 'open'";
const BEGIN: &str = "
    INSERT INTO installations (kind, wearer_id, tag_id, begun_at, begun_by, old_fitting_id, reason, payer, note)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING installation_id";
const STATE: &str = "
    INSERT INTO installation_statements (installation_id, item, kind, text, reason, by, at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
const NEXT_VERSION: &str = "UPDATE installations SET version = version + 1 WHERE installation_id = $1";
const ABANDON: &str = "
    UPDATE installations SET state = 'abandoned', version = version + 1, ended_at = $2, ended_by = $3, abandon_reason = $4 WHERE installation_id = $1";

/// How an installation stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InstallationState {
    /// Under way.
    Open,
    /// It became a fitting.
    Completed,
    /// Given up.
    Abandoned,
}

/// A replacement to begin.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewReplacement {
    /// Why.
    pub reason: ReplacementReason,
    /// Who pays.
    pub payer: Payer,
    /// May be empty.
    pub note: String,
}

/// What is known of a replacement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replacement {
    /// IMEI of the tag whose place is taken.
    pub imei: String,
    /// Why, and who pays.
    pub asked: NewReplacement,
}

/// A tag being put on somebody, or that was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Installation {
    /// Which.
    pub installation_id: i64,
    /// Grows with whatever is said of it.
    pub version: i64,
    /// First tag or replacement.
    pub kind: InstallationKind,
    /// On whom, by file reference.
    pub wearer: String,
    /// Which tag.
    pub imei: String,
    /// How it stands.
    pub state: InstallationState,
    /// When.
    pub begun_at: DateTime<Utc>,
    /// By whom.
    pub begun_by: String,
    /// `None` while it is open.
    pub ended_at: Option<DateTime<Utc>>,
    /// Empty while it is open.
    pub ended_by: String,
    /// Why it was given up.
    pub abandon_reason: String,
    /// What it became; 0 = nothing yet.
    pub fitting_id: i64,
    /// Of a replacement.
    pub replacement: Option<Replacement>,
    pub(super) wearer_id: i64,
    pub(super) tag_id: i64,
}

impl Installation {
    pub(super) fn expect_open(&self) -> Result<(), EnrolmentError> {
        match self.state {
            InstallationState::Open => Ok(()),
            InstallationState::Completed => Err(EnrolmentError::InstallationOver("completed".to_owned())),
            InstallationState::Abandoned => Err(EnrolmentError::InstallationOver("abandoned".to_owned())),
        }
    }

    pub(super) fn expect_version(&self, expected: i64) -> Result<(), EnrolmentError> {
        if self.version == expected { Ok(()) } else { Err(EnrolmentError::VersionChanged(self.version)) }
    }
}

/// What a wearer has on.
pub(super) struct Worn {
    pub fitting_id: i64,
    pub imei: String,
    pub tag_id: i64,
    pub since: DateTime<Utc>,
}

impl Store {
    /// Opens the checklist of a tag for a wearer: of a first tag, or of one that takes the place of the one worn now.
    ///
    /// # Errors
    /// When there is no such wearer or tag within reach, or the tag cannot be put on that wearer now.
    pub async fn installation_begin(
        &self,
        caller: &Caller,
        (wearer, imei): (&str, &str),
        replacement: Option<&NewReplacement>,
        now: DateTime<Utc>,
    ) -> Result<Installation, EnrolmentError> {
        caller.about_wearer(wearer);
        caller.about(format!("tag {imei}"));
        let mut client = self.client().await?;
        let installation_id = match change::begin(&mut client, caller).await? {
            Change::Done(installation_id) => installation_id,
            Change::Open(open) => {
                let installation_id = begin(&open.transaction, caller, (wearer, imei), replacement, now).await?;
                open.commit(installation_id).await?;
                installation_id
            }
        };
        one(&**client, caller, installation_id).await
    }

    /// Notes what a person says of an item: that it is so, that it is not needed, or that it may pass for a reason.
    ///
    /// # Errors
    /// When there is no such installation within reach, it is over, or the item cannot be let pass.
    pub async fn installation_state(
        &self,
        caller: &Caller,
        installation_id: i64,
        said: (Item, StatementKind, &str, &str),
        now: DateTime<Utc>,
    ) -> Result<Installation, EnrolmentError> {
        let mut client = self.client().await?;
        if let Change::Open(open) = change::begin(&mut client, caller).await? {
            state(&open.transaction, caller, installation_id, said, now).await?;
            open.commit(installation_id).await?;
        }
        one(&**client, caller, installation_id).await
    }

    /// Gives up what was begun.
    ///
    /// # Errors
    /// When there is no such installation within reach, it is over, or somebody said something of it meanwhile.
    pub async fn installation_abandon(
        &self,
        caller: &Caller,
        installation_id: i64,
        expected_version: i64,
        reason: &str,
        now: DateTime<Utc>,
    ) -> Result<Installation, EnrolmentError> {
        let mut client = self.client().await?;
        if let Change::Open(open) = change::begin(&mut client, caller).await? {
            let found = locked(&open.transaction, caller, installation_id).await?;
            found.expect_open()?;
            found.expect_version(expected_version)?;
            open.transaction.execute(ABANDON, &[&installation_id, &now, &caller.name(), &reason]).await?;
            open.commit(installation_id).await?;
        }
        one(&**client, caller, installation_id).await
    }

    /// What is being put on within reach, oldest first, at most a thousand.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn installation_list(&self, caller: &Caller) -> Result<Vec<Installation>, EnrolmentError> {
        self.client().await?.query(OPEN, &[&caller.roots]).await?.iter().map(installation_from).collect()
    }
}

async fn begin(
    transaction: &Transaction<'_>,
    caller: &Caller,
    (wearer, imei): (&str, &str),
    replacement: Option<&NewReplacement>,
    now: DateTime<Utc>,
) -> Result<i64, EnrolmentError> {
    let (wearer_id, _) = wearer_locked(transaction, caller, wearer).await?;
    if let Some(merged) = transaction.query_opt(MERGED, &[&wearer_id]).await? {
        return Err(EnrolmentError::WearerMerged(merged.get(0)));
    }
    let old = worn(transaction, wearer_id).await?;
    let old_fitting_id = match (old, replacement) {
        (Some(old), None) => return Err(EnrolmentError::WearerHasTag(old.imei)),
        (None, Some(_)) => return Err(EnrolmentError::WearerHasNoTag),
        (old, _) => old.map(|old| old.fitting_id),
    };
    if let Some(open) = transaction.query_opt(OPEN_OF_WEARER, &[&wearer_id]).await? {
        return Err(EnrolmentError::WearerBeingFitted(open.get(0)));
    }
    let tag = LockedTag::take(transaction, caller, imei).await?;
    tag.expect_usable(transaction, caller, None).await?;
    let kind = if replacement.is_some() { InstallationKind::Replacement } else { InstallationKind::Fitting };
    let (reason, payer) = (replacement.map(|asked| asked.reason.name()), replacement.map(|asked| asked.payer.name()));
    let note = replacement.map_or("", |asked| asked.note.as_str());
    let begun = transaction
        .query_one(BEGIN, &[&kind.name(), &wearer_id, &tag.tag_id, &now, &caller.name(), &old_fitting_id, &reason, &payer, &note])
        .await;
    // The locks leave no way here; the indices are the last wall.
    let begun = begun.map_err(|error| {
        by_constraint(error, |name| match name {
            "a_wearer_has_one_installation" => Some(EnrolmentError::WearerBeingFitted(0)),
            "a_tag_has_one_installation" => Some(EnrolmentError::TagBeingFitted(tag.imei.clone())),
            _ => None,
        })
    })?;
    Ok(begun.get(0))
}

async fn state(
    transaction: &Transaction<'_>,
    caller: &Caller,
    installation_id: i64,
    (item, kind, text, reason): (Item, StatementKind, &str, &str),
    now: DateTime<Utc>,
) -> Result<(), EnrolmentError> {
    let found = locked(transaction, caller, installation_id).await?;
    found.expect_open()?;
    if kind == StatementKind::Overridden && !(item.may_be_overridden() && item.is_of(found.kind)) {
        return Err(EnrolmentError::ItemNotOverridable(item));
    }
    transaction.execute(STATE, &[&installation_id, &item.name(), &kind.name(), &text, &reason, &caller.name(), &now]).await?;
    transaction.execute(NEXT_VERSION, &[&installation_id]).await?;
    caller.about(format!("installation {installation_id}: {} {}", item.name(), kind.name()));
    Ok(())
}

/// The wearer's number and unit, if within reach. Nobody else fits, exchanges or removes a tag of this wearer until the transaction ends.
pub(super) async fn wearer_locked(transaction: &Transaction<'_>, caller: &Caller, reference: &str) -> Result<(i64, i64), EnrolmentError> {
    let row = transaction.query_opt(LOCK_WEARER, &[&reference, &caller.roots]).await?.ok_or(EnrolmentError::UnknownWearer)?;
    Ok((row.get(0), row.get(1)))
}

/// What the wearer has on now.
pub(super) async fn worn(transaction: &Transaction<'_>, wearer_id: i64) -> Result<Option<Worn>, EnrolmentError> {
    let row = transaction.query_opt(WORN, &[&wearer_id]).await?;
    Ok(row.map(|row| Worn { fitting_id: row.get(0), imei: row.get(1), tag_id: row.get(2), since: row.get(3) }))
}

/// An installation within reach that nobody else changes until the transaction ends.
pub(super) async fn locked(transaction: &Transaction<'_>, caller: &Caller, installation_id: i64) -> Result<Installation, EnrolmentError> {
    // Only what is within reach is locked.
    one(transaction, caller, installation_id).await?;
    transaction.query_opt(LOCK, &[&installation_id]).await?;
    one(transaction, caller, installation_id).await
}

/// An installation within reach; the audit notes it and its wearer.
pub(super) async fn one(client: &impl GenericClient, caller: &Caller, installation_id: i64) -> Result<Installation, EnrolmentError> {
    caller.about(format!("installation {installation_id}"));
    let row = client.query_opt(ONE, &[&caller.roots, &installation_id]).await?;
    let found = installation_from(&row.ok_or(EnrolmentError::UnknownInstallation)?)?;
    caller.about_wearer(&found.wearer);
    Ok(found)
}

/// What people said of an installation, oldest first.
pub(super) async fn statements(client: &impl GenericClient, installation_id: i64) -> Result<Vec<Statement>, EnrolmentError> {
    const STATEMENTS: &str = "
        SELECT item, kind, text, reason, by, at FROM installation_statements WHERE installation_id = $1 ORDER BY statement_id";
    client.query(STATEMENTS, &[&installation_id]).await?.iter().map(statement_from).collect()
}

fn statement_from(row: &Row) -> Result<Statement, EnrolmentError> {
    let (item, kind): (&str, &str) = (row.get(0), row.get(1));
    let (Some(item), Some(kind)) = (Item::named(item), StatementKind::named(kind)) else {
        return Err(StoreError::Unreadable(format!("the statement {kind} of {item}")).into());
    };
    let at = Timestamp::from(row.get::<_, DateTime<Utc>>(5));
    Ok(Statement { item, kind, text: row.get(2), reason: row.get(3), by: row.get(4), at })
}

fn installation_from(row: &Row) -> Result<Installation, EnrolmentError> {
    let kind = match row.get(2) {
        "replacement" => InstallationKind::Replacement,
        _ => InstallationKind::Fitting,
    };
    let state = match row.get(5) {
        "completed" => InstallationState::Completed,
        "abandoned" => InstallationState::Abandoned,
        _ => InstallationState::Open,
    };
    Ok(Installation {
        installation_id: row.get(0),
        version: row.get(1),
        kind,
        wearer: row.get(3),
        imei: row.get(4),
        state,
        begun_at: row.get(6),
        begun_by: row.get(7),
        ended_at: row.get(8),
        ended_by: row.get(9),
        abandon_reason: row.get(10),
        fitting_id: row.get(11),
        wearer_id: row.get(12),
        tag_id: row.get(13),
        replacement: replacement_from(row)?,
    })
}

fn replacement_from(row: &Row) -> Result<Option<Replacement>, EnrolmentError> {
    let (Some(imei), Some(reason), Some(payer)) = (row.get(14), row.get::<_, Option<&str>>(15), row.get::<_, Option<&str>>(16)) else {
        return Ok(None);
    };
    let (Some(reason), Some(payer)) = (ReplacementReason::named(reason), Payer::named(payer)) else {
        return Err(StoreError::Unreadable(format!("a replacement because of {reason}, paid by {payer}")).into());
    };
    Ok(Some(Replacement { imei, asked: NewReplacement { reason, payer, note: row.get(17) } }))
}
