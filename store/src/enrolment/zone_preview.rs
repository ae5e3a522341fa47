//! What other zones would have found in the days that have passed.

use super::EnrolmentError;
use super::zone_change::ZoneChange;
use super::zone_draw::draw;
use super::zones::{ZoneOrigin, ZoneVersion, versions, whom};
use crate::alerts::end_from;
use crate::names::kind_named;
use crate::{Store, StoreError};
use access::Caller;
use chrono::{DateTime, TimeDelta, Utc};
use geofence::check::{Finding, is_refused};
use geofence::{Leave, Plan, Timestamp, Violation, Zone, ZoneReader, preview};
use geojson::Feature;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio_postgres::{Row, Transaction};

/// When the wearer wore a tag within a span; tags that followed each other without a gap are one.
const WORN: &str = "
    SELECT lower(worn), upper(worn) FROM (
        SELECT unnest(range_agg(period * tstzrange($2, $3))) AS worn FROM fittings WHERE wearer_id = $1 AND period && tstzrange($2, $3)
    ) AS spans ORDER BY 1";

const LEAVES: &str = "SELECT valid_from, valid_to, exclusion FROM leaves WHERE wearer_id = $1 AND valid_to > $2 AND valid_from < $3";

const FOUND: &str = "
    SELECT zone, kind, started_at, found_at, ended_at, end_reason, max_beyond_m, last_breaking_at, restored_at FROM alerts
    WHERE wearer_id = $1 AND kind IN ('inclusion', 'exclusion', 'presence_unknown') AND end_reason IS DISTINCT FROM 'refuted'
        AND started_at < $3 AND (ended_at IS NULL OR ended_at >= $2)
    ORDER BY started_at, zone, kind";

/// What a change would have brought.
#[derive(Clone, PartialEq, Debug)]
pub struct ZonePreview {
    /// From here; of what was under way then the beginning is not known.
    pub from: DateTime<Utc>,
    /// To here.
    pub to: DateTime<Utc>,
    /// Violations with the changed zones.
    pub with_change: Vec<Violation>,
    /// Violations that were found with the zones as they were.
    pub found: Vec<Violation>,
    /// Reports that were judged.
    pub reports: usize,
    /// What is wrong with the change. If that refuses it, nothing was judged.
    pub findings: Vec<Finding>,
}

impl Store {
    /// Judges the reports of the last days, by the judge's own code, as if the change had been in force through all of them: the zones of the change,
    /// the others as they were, leave as recorded.
    ///
    /// # Errors
    /// When the wearer is not within reach, or a zone to end is not there.
    pub async fn zone_preview(
        &self,
        caller: &Caller,
        change: &ZoneChange,
        back: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<ZonePreview, EnrolmentError> {
        let findings = self.zone_check(caller, change, now).await?;
        let (from, to) = (now - back, now);
        let mut shown = ZonePreview { from, to, with_change: Vec::new(), found: Vec::new(), reports: 0, findings };
        if is_refused(&shown.findings) {
            return Ok(shown);
        }
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let wearer_id = whom(&transaction, caller, &change.wearer).await?.wearer_id;
        let zones = zones(&versions(&transaction, wearer_id, from).await?, change, now)?;
        let leaves = leaves(&transaction, wearer_id, from, to).await?;
        let worn = transaction.query(WORN, &[&wearer_id, &from, &to]).await?;
        let found = transaction.query(FOUND, &[&wearer_id, &from.timestamp_millis(), &to.timestamp_millis()]).await?;
        shown.found = found.iter().map(violation_from).collect::<Result<_, _>>()?;
        drop(transaction);
        drop(client);
        for span in &worn {
            let (from, to) = (Timestamp::from(span.get::<_, DateTime<Utc>>(0)), Timestamp::from(span.get::<_, DateTime<Utc>>(1)));
            let reports = self.reports_of_wearer(wearer_id, from, to).await?;
            shown.reports += reports.len();
            let plan = Plan::new(zones.clone(), leaves.clone());
            let judging = tokio::task::spawn_blocking(move || preview(plan, reports, from, to.plus_millis(-1))).await;
            let judged = judging.map_err(|error| StoreError::Unreadable(error.to_string()))?;
            shown.with_change.extend(judged.map_err(|error| StoreError::Unreadable(error.to_string()))?);
        }
        Ok(shown)
    }
}

/// The zones to judge by: those of the change through all the days, others from when to when they were in force.
fn zones(standing: &[ZoneVersion], change: &ZoneChange, now: DateTime<Utc>) -> Result<Vec<Arc<Zone>>, StoreError> {
    let drawn = always(&change.features, now);
    let names: BTreeSet<&str> = drawn.iter().filter_map(name).chain(change.ends.iter().map(String::as_str)).collect();
    let gives_way = |version: &&ZoneVersion| version.origin == ZoneOrigin::Own && names.contains(version.zone.as_str());
    let kept: Vec<ZoneVersion> = standing.iter().filter(|version| !gives_way(version)).cloned().collect();
    let kept = draw(&kept, &[], &[], now).drafts.into_iter().map(|draft| draft.feature);
    let (mut reader, mut keys) = (ZoneReader::default(), Vec::<String>::new());
    let mut read = |feature: Feature| {
        let name = name(&feature).unwrap_or_default().to_owned();
        let key = keys.iter().position(|known| *known == name).unwrap_or_else(|| {
            keys.push(name);
            keys.len() - 1
        });
        let zone = reader.read(key as i64, &feature);
        zone.map(Arc::new).map_err(|error| StoreError::Unreadable(format!("a zone: {error}")))
    };
    kept.chain(drawn).map(&mut read).collect()
}

/// The zones of a change without from when to when; of one zone in several versions the first alone.
fn always(features: &[Feature], now: DateTime<Utc>) -> Vec<Feature> {
    let mut begun = draw(&[], features, &[], now).begins;
    begun.dedup_by(|later, first| later.zone == first.zone);
    begun.into_iter().map(|version| version.feature).collect()
}

fn name(feature: &Feature) -> Option<&str> {
    feature.property("zone").and_then(|name| name.as_str())
}

async fn leaves(transaction: &Transaction<'_>, wearer_id: i64, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<Leave>, StoreError> {
    let rows = transaction.query(LEAVES, &[&wearer_id, &from, &to]).await?;
    let time = |row: &Row, column: usize| Timestamp::from(row.get::<_, DateTime<Utc>>(column));
    Ok(rows.iter().map(|row| Leave { from: time(row, 0), to: time(row, 1), exclusion: row.get(2) }).collect())
}

fn violation_from(row: &Row) -> Result<Violation, StoreError> {
    let tag_clock = |column: usize| row.get::<_, Option<i64>>(column).map(Timestamp::from_millis);
    Ok(Violation {
        zone: row.get::<_, &str>(0).into(),
        kind: kind_named(row.get(1))?,
        start: Timestamp::from_millis(row.get(2)),
        found_at: Timestamp::from_millis(row.get(3)),
        end: end_from(tag_clock(4), row.get(5))?,
        max_beyond_m: row.get(6),
        last_breaking_at: tag_clock(7),
        restored_at: tag_clock(8),
    })
}
