//! The zones that bind a wearer, as they stand and as they are planned.

use super::EnrolmentError;
use crate::{Store, StoreError};
use access::Caller;
use chrono::{DateTime, Utc};
use geojson::Feature;
use serde_json::{Value, json};
use tokio_postgres::{Row, Transaction};

const WEARER: &str = "
    SELECT w.wearer_id, w.unit_id, coalesce(p.version, 0) FROM wearers w LEFT JOIN zone_plans p USING (wearer_id)
    WHERE w.reference = $1 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($2))";

/// The wearer's row first: nobody else changes the wearer's zones meanwhile. Another file of the same person goes on: this one is not changed.
const LOCK: &str = "
    SELECT FROM wearers w WHERE w.reference = $1 AND w.merged_into IS NULL
        AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($2)) FOR UPDATE";

/// What binds the wearer from an instant on: own zones, those of sets, everyone's.
const VERSIONS: &str = "
    SELECT z.reference, v.feature::text, greatest(v.valid_from, b.since), least(v.valid_to, b.until), v.version, v.recorded_at, v.recorded_by,
        v.reason, z.wearer_id IS NOT NULL, z.everyone, coalesce(s.reference, ''), v.row_id, z.zone_id
    FROM zones z JOIN zone_versions v USING (zone_id) LEFT JOIN zone_bindings b ON b.zone_id = z.zone_id AND b.wearer_id = $1
        LEFT JOIN zone_set_zones i ON i.zone_id = z.zone_id LEFT JOIN zone_sets s ON s.set_id = i.set_id
    WHERE (z.everyone OR b.zone_id IS NOT NULL) AND v.valid_from IS DISTINCT FROM v.valid_to
        AND NOT isempty(tstzrange(v.valid_from, v.valid_to) * tstzrange(b.since, b.until) * tstzrange($2, NULL))
    ORDER BY z.reference, 3";

/// Whose zone it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ZoneOrigin {
    /// The wearer's own.
    Own,
    /// Of a set, by its reference.
    Set(String),
    /// Of a file's list of wearers.
    List,
    /// Everybody's.
    Everyone,
}

/// One version of one zone that binds a wearer.
#[derive(Clone, PartialEq, Debug)]
pub struct ZoneVersion {
    /// The zone's name.
    pub zone: String,
    /// As drawn, without whose it is and from when to when.
    pub feature: Feature,
    /// In force from here ...
    pub from: DateTime<Utc>,
    /// ... to here, exclusive; `None` = until it is changed.
    pub to: Option<DateTime<Utc>>,
    /// Of the zone: 1, 2, 3 ...
    pub version: i32,
    /// When it was drawn.
    pub recorded_at: DateTime<Utc>,
    /// By whom; empty = by a file.
    pub recorded_by: String,
    /// Why.
    pub reason: String,
    /// Whose it is.
    pub origin: ZoneOrigin,
    pub(crate) row_id: i64,
    pub(crate) zone_id: i64,
}

/// All zones that bind a wearer, in force or planned.
#[derive(Clone, PartialEq, Debug)]
pub struct ZonePlan {
    /// The file reference.
    pub wearer: String,
    /// Grows with every change of the wearer's zones and sets.
    pub version: i64,
    /// By name, then by beginning.
    pub zones: Vec<ZoneVersion>,
}

/// Which wearer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whom {
    pub wearer_id: i64,
    pub unit_id: i64,
    pub version: i64,
}

impl Store {
    /// The zones of a wearer that are in force at `now` or planned.
    ///
    /// # Errors
    /// When the wearer is not within reach.
    pub async fn zone_plan(&self, caller: &Caller, wearer: &str, now: DateTime<Utc>) -> Result<ZonePlan, EnrolmentError> {
        caller.about_wearer(wearer);
        let mut client = self.client().await?;
        plan(&*client.transaction().await?, caller, wearer, now).await
    }
}

/// The same within a transaction.
pub(crate) async fn plan(
    transaction: &Transaction<'_>,
    caller: &Caller,
    wearer: &str,
    now: DateTime<Utc>,
) -> Result<ZonePlan, EnrolmentError> {
    let whom = whom(transaction, caller, wearer).await?;
    let zones = versions(transaction, whom.wearer_id, now).await?;
    Ok(ZonePlan { wearer: wearer.to_owned(), version: whom.version, zones })
}

/// The wearer within the caller's reach.
pub(crate) async fn whom(transaction: &Transaction<'_>, caller: &Caller, wearer: &str) -> Result<Whom, EnrolmentError> {
    let row = transaction.query_opt(WEARER, &[&wearer, &caller.roots]).await?.ok_or(EnrolmentError::UnknownWearer)?;
    Ok(Whom { wearer_id: row.get(0), unit_id: row.get(1), version: row.get(2) })
}

/// The same, locked against every other change.
pub(crate) async fn whom_locked(transaction: &Transaction<'_>, caller: &Caller, wearer: &str) -> Result<Whom, EnrolmentError> {
    transaction.query_opt(LOCK, &[&wearer, &caller.roots]).await?.ok_or(EnrolmentError::UnknownWearer)?;
    // Only now: what the one before us did is seen.
    whom(transaction, caller, wearer).await
}

/// What binds a wearer from an instant on.
pub(crate) async fn versions(transaction: &Transaction<'_>, wearer_id: i64, since: DateTime<Utc>) -> Result<Vec<ZoneVersion>, StoreError> {
    transaction.query(VERSIONS, &[&wearer_id, &since]).await?.iter().map(version_from).collect()
}

pub(crate) fn version_from(row: &Row) -> Result<ZoneVersion, StoreError> {
    let feature = serde_json::from_str(row.get(1));
    let feature = feature.map_err(|error| StoreError::Unreadable(format!("version {} of a zone: {error}", row.get::<_, i64>(11))))?;
    let origin = match (row.get(8), row.get(9), row.get::<_, String>(10)) {
        (true, ..) => ZoneOrigin::Own,
        (false, true, _) => ZoneOrigin::Everyone,
        (false, false, set) if set.is_empty() => ZoneOrigin::List,
        (false, false, set) => ZoneOrigin::Set(set),
    };
    Ok(ZoneVersion {
        zone: row.get(0),
        feature,
        from: row.get(2),
        to: row.get(3),
        version: row.get(4),
        recorded_at: row.get(5),
        recorded_by: row.get(6),
        reason: row.get(7),
        origin,
        row_id: row.get(11),
        zone_id: row.get(12),
    })
}

impl ZoneVersion {
    /// The feature with from when to when.
    pub fn written(&self) -> Feature {
        timed(&self.feature, self.from, self.to)
    }
}

/// The feature as files have it, with whose it is and from when to when.
pub fn feature_written(feature: &Feature, wearer: &str, from: DateTime<Utc>, to: Option<DateTime<Utc>>) -> Feature {
    let mut feature = timed(feature, from, to);
    feature.set_property("wearer", wearer);
    feature
}

/// The feature with from when to when.
pub(crate) fn timed(feature: &Feature, from: DateTime<Utc>, to: Option<DateTime<Utc>>) -> Feature {
    let time = |time: DateTime<Utc>| geofence::Timestamp::from(time).to_string();
    let mut feature = feature.clone();
    feature.set_property("valid_from", time(from));
    if let Some(to) = to {
        feature.set_property("valid_to", time(to));
    }
    feature
}

/// Zones as a GeoJSON file that `ChangeZones` and `paband judge` read.
pub fn collection(features: &[Feature]) -> Value {
    json!({"type": "FeatureCollection", "features": features})
}
