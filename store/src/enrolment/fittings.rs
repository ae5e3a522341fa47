//! Fittings: an installation completed from its evidence, a tag exchanged without a hole, and a wearer's fittings read.

use super::EnrolmentError;
use super::checklist::look;
use super::error::by_constraint;
use super::evidence;
use super::installations::{Installation, locked, one, wearer_locked, worn};
use super::removals::{self, HowRemoved, Removal};
use super::tag_standing::{LockedTag, NewEvent, happened};
use crate::Store;
use crate::change::{self, Change};
use crate::time::server_time;
use access::Caller;
use chrono::{DateTime, TimeDelta, Utc};
use enrolment::checklist::{Checklist, InstallationKind, ItemFound};
use enrolment::{Condition, DepositConsequence, RemovalReason, TagState};
use tokio_postgres::{GenericClient, Row, Transaction};

macro_rules! fitting_columns {
    () => {
        "SELECT f.fitting_id, w.reference, t.imei, lower(f.period), upper(f.period), coalesce(n.installation_id, 0)
        FROM fittings f JOIN wearers w USING (wearer_id) JOIN tags t USING (tag_id) LEFT JOIN installations n USING (fitting_id)
        WHERE EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($1)) "
    };
}

const ONE: &str = concat!(fitting_columns!(), "AND f.fitting_id = $2");
const OF_WEARER: &str = concat!(fitting_columns!(), "AND w.reference = $2 ORDER BY lower(f.period) DESC LIMIT 1000");
const WEARER: &str = "
    SELECT FROM wearers w
    WHERE w.reference = $2 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($1))";

/// Both tags of a replacement, in the order in which transfers lock many.
const LOCK_TAGS: &str = r#"
    SELECT FROM tag_inventory i JOIN tags t USING (tag_id) WHERE t.imei = ANY ($1) ORDER BY t.imei COLLATE "C" FOR NO KEY UPDATE OF i"#;
const FIT: &str = "INSERT INTO fittings (tag_id, wearer_id, period) VALUES ($1, $2, tstzrange($3, NULL)) RETURNING fitting_id";
const END: &str = "UPDATE fittings SET period = tstzrange(lower(period), $2) WHERE fitting_id = $1";
const COMPLETE: &str = "
    UPDATE installations SET state = 'completed', version = version + 1, ended_at = $2, ended_by = $3, fitting_id = $4 WHERE installation_id = $1";
/// For what is judged again: who changed the facts.
const ACTOR: &str = "SELECT set_config('paband.actor', $1, true), set_config('paband.reason', $2, true)";

/// How the tag that is exchanged came back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exchanged {
    /// Its condition.
    pub condition: Condition,
    /// May be empty.
    pub condition_note: String,
    /// What it is from now on.
    pub tag_state: TagState,
}

/// A tag on a wearer, or that was.
#[derive(Clone, PartialEq, Debug)]
pub struct Fitting {
    /// Which.
    pub fitting_id: i64,
    /// On whom, by file reference.
    pub wearer: String,
    /// Which tag.
    pub imei: String,
    /// From here (inclusive) ...
    pub from: DateTime<Utc>,
    /// ... to here (exclusive); `None` = still.
    pub to: Option<DateTime<Utc>>,
    /// How the checklist stood when it began; empty of one that came with the tags of an older system.
    pub evidence: Vec<ItemFound>,
    /// How it ended.
    pub removal: Option<Removal>,
    /// 0 = none: as `evidence`.
    pub installation_id: i64,
}

impl Store {
    /// Looks at the checklist once more and begins the fitting; with `exchanged` the fitting of a replacement.
    ///
    /// # Errors
    /// When there is no such installation within reach, it is over or of the other kind, somebody said something of it meanwhile, an item
    /// is in the way, or the wearer or the tag cannot be fitted any more.
    pub async fn installation_complete(
        &self,
        caller: &Caller,
        installation_id: i64,
        expected_version: i64,
        exchanged: Option<&Exchanged>,
        now: DateTime<Utc>,
    ) -> Result<Fitting, EnrolmentError> {
        let mut client = self.client().await?;
        let fitting_id = match change::begin(&mut client, caller).await? {
            Change::Done(fitting_id) => fitting_id,
            Change::Open(open) => {
                let fitting_id = complete(&open.transaction, caller, (installation_id, expected_version), exchanged, now).await?;
                open.commit(fitting_id).await?;
                fitting_id
            }
        };
        let row = client.query_opt(ONE, &[&caller.roots, &fitting_id]).await?.ok_or(EnrolmentError::UnknownInstallation)?;
        let mut fittings = whole(&**client, &[row]).await?;
        fittings.pop().ok_or(EnrolmentError::UnknownInstallation)
    }

    /// Every fitting of a wearer with its evidence and its removal, newest first, at most a thousand.
    ///
    /// # Errors
    /// When there is no such wearer within reach.
    pub async fn fitting_list(&self, caller: &Caller, wearer: &str) -> Result<Vec<Fitting>, EnrolmentError> {
        caller.about_wearer(wearer);
        let client = self.client().await?;
        client.query_opt(WEARER, &[&caller.roots, &wearer]).await?.ok_or(EnrolmentError::UnknownWearer)?;
        let rows = client.query(OF_WEARER, &[&caller.roots, &wearer]).await?;
        whole(&**client, &rows).await
    }
}

/// Wearer, then tags, then the installation: whoever locks more than one does it in this order.
async fn complete(
    transaction: &Transaction<'_>,
    caller: &Caller,
    (installation_id, expected_version): (i64, i64),
    exchanged: Option<&Exchanged>,
    now: DateTime<Utc>,
) -> Result<i64, EnrolmentError> {
    let found = one(transaction, caller, installation_id).await?;
    let (wearer_id, _) = wearer_locked(transaction, caller, &found.wearer).await?;
    let tags: Vec<&str> = found.replacement.iter().map(|old| old.imei.as_str()).chain([found.imei.as_str()]).collect();
    transaction.query(LOCK_TAGS, &[&tags]).await?;
    let tag = LockedTag::take(transaction, caller, &found.imei).await?;
    let found = locked(transaction, caller, installation_id).await?;
    found.expect_open()?;
    found.expect_version(expected_version)?;
    if exchanged.is_some() != (found.kind == InstallationKind::Replacement) {
        return Err(EnrolmentError::OtherKind);
    }
    tag.expect_usable(transaction, caller, Some(installation_id)).await?;
    let list = look(transaction, &found, now).await?;
    let begins_at = list.ready().ok_or_else(|| EnrolmentError::FittingIncomplete(list.missing()))?;
    transaction.query_one(ACTOR, &[&caller.name(), &format!("installation {installation_id}")]).await?;
    let mut begins_at = server_time(begins_at);
    if let Some(exchanged) = exchanged {
        begins_at = end_old(transaction, caller, (wearer_id, begins_at), exchanged, now).await?;
    } else if let Some(old) = worn(transaction, wearer_id).await? {
        return Err(EnrolmentError::WearerHasTag(old.imei));
    }
    let fitting_id = fit(transaction, &found, begins_at).await?;
    evidence::write(transaction, fitting_id, &list.items).await?;
    transaction.execute(COMPLETE, &[&installation_id, &now, &caller.name(), &fitting_id]).await?;
    happened(transaction, caller, &[tag.tag_id], NewEvent { kind: "fitted", transfer_id: None, note: "" }, now).await?;
    caller.about(told(&found, &list, begins_at));
    Ok(fitting_id)
}

/// Inserts the fitting. Nothing that the locks let through can refuse it; the exclusion constraints are the last wall.
async fn fit(transaction: &Transaction<'_>, found: &Installation, begins_at: DateTime<Utc>) -> Result<i64, EnrolmentError> {
    let fitted = transaction.query_one(FIT, &[&found.tag_id, &found.wearer_id, &begins_at]).await;
    let fitted = fitted.map_err(|error| {
        by_constraint(error, |name| match name {
            "a_tag_is_on_one_wearer" | "a_wearer_has_one_tag" => Some(EnrolmentError::FittingOverlaps),
            "fittings_open_tag" => Some(EnrolmentError::TagIsWorn { imei: found.imei.clone(), wearer: None }),
            "fittings_open_wearer" => Some(EnrolmentError::FittingOverlaps),
            _ => None,
        })
    })?;
    Ok(fitted.get(0))
}

/// Ends the fitting of the tag that is exchanged at the instant at which the new one begins, which it returns: the two meet without a hole.
async fn end_old(
    transaction: &Transaction<'_>,
    caller: &Caller,
    (wearer_id, begins_at): (i64, DateTime<Utc>),
    exchanged: &Exchanged,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, EnrolmentError> {
    let old = worn(transaction, wearer_id).await?.ok_or(EnrolmentError::WearerHasNoTag)?;
    // A fitting lasts, be it a millisecond.
    let begins_at = begins_at.max(old.since + TimeDelta::milliseconds(1));
    let how = HowRemoved {
        reason: RemovalReason::Replacement,
        explanation: String::new(),
        condition: exchanged.condition,
        condition_note: exchanged.condition_note.clone(),
        photo_ids: Vec::new(),
        deposit: DepositConsequence::None,
        tag_state: exchanged.tag_state,
    };
    removals::record(transaction, caller, &old, (begins_at, &how), None, now).await?;
    Ok(begins_at)
}

/// Ends a fitting at an instant. What was found since is judged again.
pub(super) async fn end(transaction: &Transaction<'_>, fitting_id: i64, at: DateTime<Utc>) -> Result<(), EnrolmentError> {
    transaction.execute(END, &[&fitting_id, &at]).await?;
    Ok(())
}

/// Fittings with their evidence and removals.
async fn whole(client: &impl GenericClient, rows: &[Row]) -> Result<Vec<Fitting>, EnrolmentError> {
    let numbers: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
    let mut evidence = evidence::read(client, &numbers).await?;
    let mut removals = removals::of_fittings(client, &numbers).await?;
    let fitting = |row: &Row| {
        let fitting_id: i64 = row.get(0);
        Fitting {
            fitting_id,
            wearer: row.get(1),
            imei: row.get(2),
            from: row.get(3),
            to: row.get(4),
            evidence: evidence.remove(&fitting_id).unwrap_or_default(),
            removal: removals.remove(&fitting_id),
            installation_id: row.get(5),
        }
    };
    Ok(rows.iter().map(fitting).collect())
}

fn told(found: &Installation, list: &Checklist, begins_at: DateTime<Utc>) -> String {
    let passed = list.items.iter().filter(|item| item.state == enrolment::checklist::ItemState::Overridden);
    let passed: Vec<&str> = passed.map(|item| item.item.name()).collect();
    let passed = if passed.is_empty() { String::new() } else { format!(", let pass: {}", passed.join(" ")) };
    format!("tag {} from {}{passed}", found.imei, begins_at.to_rfc3339())
}
