//! Zones of one wearer drawn, replaced and ended.

use super::EnrolmentError;
use super::zone_draw::{Drawing, draw};
use super::zones::{Whom, ZonePlan, plan, versions, whom_locked};
use crate::change::{self, Change};
use crate::{Store, StoreError};
use access::Caller;
use chrono::{DateTime, TimeDelta, Utc};
use geofence::check::{CheckTerms, Finding, check_zones, is_refused};
use geojson::Feature;
use tokio_postgres::Transaction;

/// Zones are changed so far back at most: reports are judged again from then.
pub const ZONES_BACK: TimeDelta = TimeDelta::days(31);
/// Zones are planned so far ahead at most.
pub const ZONES_AHEAD: TimeDelta = TimeDelta::days(3 * 366);

const IS_LIVE: &str = "SELECT EXISTS (SELECT FROM fittings WHERE wearer_id = ANY ($1) AND (upper_inf(period) OR upper(period) > $2))";

/// What is kept under the key of a change that needed no second person; of one that did, the number of the proposal is kept.
pub(crate) const DONE_AT_ONCE: i64 = 0;

/// For what the triggers write about the past.
pub(crate) const WHO_AND_WHY: &str = "SELECT set_config('paband.actor', $1, true), set_config('paband.reason', $2, true)";

const DISTANCE_MAX: &str = "SELECT zone_distance_max($1, $2)";

const END: &str = "UPDATE zone_versions SET valid_to = $2 WHERE row_id = $1";
const ZONE: &str = "
    INSERT INTO zones (reference, wearer_id) VALUES ($1, $2)
    ON CONFLICT (wearer_id, reference) WHERE wearer_id IS NOT NULL DO UPDATE SET reference = excluded.reference RETURNING zone_id";
const BINDS: &str = "INSERT INTO zone_wearers (wearer_id, zone_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
pub(crate) const VERSION: &str = "
    INSERT INTO zone_versions (zone_id, version, feature, valid_from, valid_to, recorded_at, recorded_by, reason)
    SELECT $1, coalesce(max(version), 0) + 1, $2::text::jsonb, $3, $4, $5, $6, $7 FROM zone_versions WHERE zone_id = $1";

/// A change of one wearer's own zones.
#[derive(Clone, PartialEq, Debug)]
pub struct ZoneChange {
    /// The wearer's file reference.
    pub wearer: String,
    /// Zones to draw, or to draw otherwise.
    pub features: Vec<Feature>,
    /// Names of zones that end.
    pub ends: Vec<String>,
    /// From when on; `None` = when it takes effect.
    pub at: Option<DateTime<Utc>>,
    /// Why.
    pub reason: String,
    /// The plan's version that the caller saw.
    pub expected_version: i64,
}

/// Who stands behind a change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Eyes {
    /// One person: enough while the wearer wears no tag.
    Two,
    /// A second person confirms it.
    Four,
}

impl Store {
    /// Draws, replaces and ends zones: in force with the commit, and judged by within a second.
    ///
    /// # Errors
    /// When the wearer is not within reach, somebody else was quicker, the zones cannot be so ([`EnrolmentError::ZonesRefused`]), or the wearer
    /// wears a tag and a second person must confirm it.
    pub async fn zone_change(&self, caller: &Caller, change: &ZoneChange, now: DateTime<Utc>) -> Result<ZonePlan, EnrolmentError> {
        caller.about_wearer(&change.wearer);
        let mut client = self.client().await?;
        match change::begin(&mut client, caller).await? {
            Change::Done(proposed) if proposed > DONE_AT_ONCE => return Err(EnrolmentError::SecondPersonNeeded),
            Change::Done(_) => {}
            Change::Open(open) => {
                zone_change(&open.transaction, caller, change, Eyes::Two, now).await?;
                open.commit(DONE_AT_ONCE).await?;
            }
        }
        plan(&*client.transaction().await?, caller, &change.wearer, now).await
    }

    /// What would be found wrong with a change, and with it what is warned of. Nothing is stored.
    ///
    /// # Errors
    /// When the wearer is not within reach, or a zone to end is not there.
    pub async fn zone_check(&self, caller: &Caller, change: &ZoneChange, now: DateTime<Utc>) -> Result<Vec<Finding>, EnrolmentError> {
        caller.about_wearer(&change.wearer);
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let whom = super::zones::whom(&transaction, caller, &change.wearer).await?;
        Ok(checked(&transaction, whom, change, now).await?.1)
    }
}

/// The unit that a change concerns, if it is possible now.
pub(crate) async fn zone_change_concerns(
    transaction: &Transaction<'_>,
    caller: &Caller,
    change: &ZoneChange,
    now: DateTime<Utc>,
) -> Result<i64, EnrolmentError> {
    Ok(ready(transaction, caller, change, now).await?.0.unit_id)
}

/// Does it. The plan's version afterwards.
pub(crate) async fn zone_change(
    transaction: &Transaction<'_>,
    caller: &Caller,
    change: &ZoneChange,
    eyes: Eyes,
    now: DateTime<Utc>,
) -> Result<i64, EnrolmentError> {
    let (whom, drawing) = ready(transaction, caller, change, now).await?;
    if eyes == Eyes::Two && !drawing.is_empty() && is_live(transaction, &[whom.wearer_id], now).await? {
        return Err(EnrolmentError::SecondPersonNeeded);
    }
    transaction.execute(WHO_AND_WHY, &[&caller.name(), &change.reason]).await?;
    end(transaction, &drawing).await?;
    for version in &drawing.begins {
        let zone_id: i64 = transaction.query_one(ZONE, &[&version.zone, &whom.wearer_id]).await?.get(0);
        transaction.execute(BINDS, &[&whom.wearer_id, &zone_id]).await?;
        let feature = version.feature.to_string();
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
            [&zone_id, &feature, &version.from, &version.to, &now, &caller.name(), &change.reason];
        transaction.execute(VERSION, &values).await?;
    }
    Ok(super::zones::whom(transaction, caller, &change.wearer).await?.version)
}

/// In the steps in which judgement counts: one version ends where the next begins.
pub(crate) fn whole_millis(time: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(time.timestamp_millis()).unwrap_or(time)
}

/// Zones are changed from a little back to a few years ahead.
pub(crate) fn within_span(at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), EnrolmentError> {
    if at < now - ZONES_BACK || at > now + ZONES_AHEAD { Err(EnrolmentError::ZonesOutOfSpan) } else { Ok(()) }
}

/// Whether one of these wears a tag.
pub(crate) async fn is_live(transaction: &Transaction<'_>, wearers: &[i64], now: DateTime<Utc>) -> Result<bool, StoreError> {
    Ok(transaction.query_one(IS_LIVE, &[&wearers, &now]).await?.get(0))
}

/// Versions that give way.
pub(crate) async fn end(transaction: &Transaction<'_>, drawing: &Drawing) -> Result<(), StoreError> {
    for (row_id, at) in &drawing.ends {
        transaction.execute(END, &[row_id, at]).await?;
    }
    Ok(())
}

/// The wearer, locked, and what to write, if it may be so.
async fn ready(
    transaction: &Transaction<'_>,
    caller: &Caller,
    change: &ZoneChange,
    now: DateTime<Utc>,
) -> Result<(Whom, Drawing), EnrolmentError> {
    caller.about_wearer(&change.wearer);
    let whom = whom_locked(transaction, caller, &change.wearer).await?;
    if whom.version != change.expected_version {
        return Err(EnrolmentError::VersionChanged(whom.version));
    }
    let (drawing, findings) = checked(transaction, whom, change, now).await?;
    if is_refused(&findings) { Err(EnrolmentError::ZonesRefused(findings)) } else { Ok((whom, drawing)) }
}

async fn checked(
    transaction: &Transaction<'_>,
    whom: Whom,
    change: &ZoneChange,
    now: DateTime<Utc>,
) -> Result<(Drawing, Vec<Finding>), EnrolmentError> {
    let at = whole_millis(change.at.unwrap_or(now));
    within_span(at, now)?;
    let standing = versions(transaction, whom.wearer_id, at.min(now)).await?;
    let drawing = draw(&standing, &change.features, &change.ends, at);
    if !drawing.unknown.is_empty() {
        return Err(EnrolmentError::UnknownZone(drawing.unknown.join(", ")));
    }
    let distance: Option<i32> = transaction.query_one(DISTANCE_MAX, &[&whom.wearer_id, &at.max(now)]).await?.get(0);
    let terms = CheckTerms { now: now.into(), distance_max_m: distance.map(f64::from), of_wearer: true };
    let findings = check_zones(&drawing.drafts, &terms);
    Ok((drawing, findings))
}
