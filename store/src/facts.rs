//! What shards must know of tags, wearers, zones and leaves, and what of it changed.

use crate::{Store, StoreError};
use chrono::{DateTime, Utc};
use futures_util::{Stream, StreamExt};
use geofence::{Leave, Timestamp, Zone, ZoneReader};
use geojson::{Feature, JsonObject};
use serde_json::Value;
use std::collections::HashSet;
use std::sync::Arc;
use tokio_postgres::{IsolationLevel, Row, Transaction};

/// What changed after a version, whole: a tag that is here replaces all that was known of it.
#[derive(Debug)]
pub struct Facts {
    /// Ask next for what changed after this.
    pub version: i64,
    /// Versions of zones that are new, or whose end changed, or that bind a wearer here and are not known to whoever asks.
    pub zones: Vec<ZoneRow>,
    /// Tags of which anything changed.
    pub tags: Vec<TagFacts>,
    /// Wearers who wear nothing any more and whose past must be judged again, each with the tag worn last and the end of the wearing.
    pub retired: Vec<(i64, Timestamp, WearerFacts)>,
}

/// One version of one zone.
#[derive(Debug)]
pub struct ZoneRow {
    /// Names this version.
    pub row_id: i64,
    /// The zone; its key names it through all its versions.
    pub zone: Arc<Zone>,
}

/// All there is to know of a tag.
#[derive(Clone, PartialEq)]
pub struct TagFacts {
    /// Which tag.
    pub tag_id: i64,
    /// Its IMEI.
    pub imei: String,
    /// Its login key.
    pub key: Option<[u8; 32]>,
    /// Who wears it now: the fitting whose end is not recorded.
    pub wearer: Option<WearerFacts>,
    /// When somebody last stopped wearing it.
    pub worn_until: Option<Timestamp>,
}

impl std::fmt::Debug for TagFacts {
    /// Never shows the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TagFacts")
            .field("tag_id", &self.tag_id)
            .field("imei", &self.imei)
            .field("wearer", &self.wearer)
            .finish_non_exhaustive()
    }
}

/// All that judgement needs of a wearer.
#[derive(Clone, PartialEq, Debug)]
pub struct WearerFacts {
    /// Which wearer.
    pub wearer_id: i64,
    /// The file reference.
    pub reference: String,
    /// Since when the tag is on.
    pub fitted_at: Timestamp,
    /// Since when the wearer is monitored, with whichever tag.
    pub monitored_from: Timestamp,
    /// A span that must be judged again: its newest request, from when, and why.
    pub request: Option<(i64, Timestamp, String)>,
    /// All versions of all zones that bind this wearer, everyone's included, in ascending order.
    pub zone_rows: Vec<i64>,
    /// Versions of the zones of sets that the wearer joined or left while monitored: they bind from (inclusive) to (exclusive) alone.
    pub zone_spans: Vec<(i64, Timestamp, Timestamp)>,
    /// Approved absences.
    pub leaves: Vec<Leave>,
}

const ZONES: &str = "
    SELECT v.row_id, v.zone_id, v.feature::text, v.valid_from, v.valid_to
    FROM zone_facts JOIN zone_versions v USING (row_id)
    WHERE facts_version > $1 AND v.valid_from IS DISTINCT FROM v.valid_to ORDER BY row_id";

/// The same of versions asked for.
const ZONES_ASKED: &str = "
    SELECT row_id, zone_id, feature::text, valid_from, valid_to FROM zone_versions
    WHERE row_id = ANY($1) AND valid_from IS DISTINCT FROM valid_to ORDER BY row_id";

const EVERYONES: &str = "
    SELECT v.row_id FROM zones JOIN zone_versions v USING (zone_id) WHERE everyone AND v.valid_from IS DISTINCT FROM v.valid_to";

const TAGS: &str = "
    WITH changed AS MATERIALIZED (
        SELECT t.tag_id, t.imei, t.key, f.wearer_id, lower(f.period) AS fitted_at
        FROM tag_facts JOIN tags t USING (tag_id) LEFT JOIN fittings f ON f.tag_id = t.tag_id AND upper_inf(f.period)
        WHERE facts_version > $1
    ), zone_rows AS (
        SELECT z.wearer_id, array_agg(v.row_id) FILTER (WHERE since IS NULL) AS row_ids, array_agg(v.row_id) FILTER (WHERE since IS NOT NULL) AS bound_ids,
            array_agg(since) FILTER (WHERE since IS NOT NULL) AS sinces, array_agg(until) FILTER (WHERE since IS NOT NULL) AS untils
        FROM changed JOIN zone_bindings z USING (wearer_id) JOIN zones USING (zone_id) JOIN zone_versions v USING (zone_id)
        WHERE v.valid_from IS DISTINCT FROM v.valid_to AND NOT everyone
        GROUP BY z.wearer_id
    ), absences AS (
        SELECT l.wearer_id, array_agg(valid_from ORDER BY leave_id) AS froms, array_agg(valid_to ORDER BY leave_id) AS tos,
            array_agg(exclusion ORDER BY leave_id) AS exclusions
        FROM changed JOIN leaves l USING (wearer_id) GROUP BY l.wearer_id
    ), past_fittings AS (
        SELECT f.tag_id, max(upper(f.period)) AS worn_until FROM changed JOIN fittings f USING (tag_id) WHERE NOT upper_inf(f.period) GROUP BY f.tag_id
    ), monitored AS (
        SELECT f.wearer_id, min(lower(f.period)) AS monitored_from FROM changed JOIN fittings f USING (wearer_id) GROUP BY f.wearer_id
    ), requests AS (
        SELECT r.wearer_id, max(request_id) AS request_id, min(from_at) AS from_at, string_agg(DISTINCT cause, '; ') AS cause
        FROM changed JOIN judging_requests r USING (wearer_id) GROUP BY r.wearer_id
    )
    SELECT c.tag_id, c.imei, c.key, c.wearer_id, w.reference, c.fitted_at, z.row_ids, a.froms, a.tos, a.exclusions,
        p.worn_until, m.monitored_from, r.request_id, r.from_at, r.cause, z.bound_ids, z.sinces, z.untils
    FROM changed c LEFT JOIN wearers w USING (wearer_id) LEFT JOIN zone_rows z USING (wearer_id) LEFT JOIN absences a USING (wearer_id)
        LEFT JOIN past_fittings p USING (tag_id) LEFT JOIN monitored m USING (wearer_id) LEFT JOIN requests r USING (wearer_id)";

/// The same of wearers who wear nothing any more and have a request: the columns of a wearer are those of [`TAGS`].
const RETIRED: &str = "
    WITH requests AS (
        SELECT r.wearer_id, max(request_id) AS request_id, min(from_at) AS from_at, string_agg(DISTINCT cause, '; ') AS cause
        FROM judging_requests r
        WHERE NOT EXISTS (SELECT FROM fittings f WHERE f.wearer_id = r.wearer_id AND upper_inf(f.period)) GROUP BY r.wearer_id
    )
    SELECT f.tag_id, upper(f.period), NULL, r.wearer_id, w.reference, lower(f.period),
        z.row_ids,
        (SELECT array_agg(valid_from ORDER BY leave_id) FROM leaves l WHERE l.wearer_id = r.wearer_id),
        (SELECT array_agg(valid_to ORDER BY leave_id) FROM leaves l WHERE l.wearer_id = r.wearer_id),
        (SELECT array_agg(exclusion ORDER BY leave_id) FROM leaves l WHERE l.wearer_id = r.wearer_id),
        NULL, (SELECT min(lower(g.period)) FROM fittings g WHERE g.wearer_id = r.wearer_id), r.request_id, r.from_at, r.cause,
        z.bound_ids, z.sinces, z.untils
    FROM requests r JOIN wearers w USING (wearer_id) CROSS JOIN LATERAL (
        SELECT tag_id, period FROM fittings g WHERE g.wearer_id = r.wearer_id ORDER BY upper(period) DESC LIMIT 1
    ) AS f CROSS JOIN LATERAL (
        SELECT array_agg(v.row_id) FILTER (WHERE since IS NULL) AS row_ids, array_agg(v.row_id) FILTER (WHERE since IS NOT NULL) AS bound_ids,
            array_agg(since) FILTER (WHERE since IS NOT NULL) AS sinces, array_agg(until) FILTER (WHERE since IS NOT NULL) AS untils
        FROM zone_bindings b JOIN zones USING (zone_id) JOIN zone_versions v USING (zone_id)
        WHERE b.wearer_id = r.wearer_id AND v.valid_from IS DISTINCT FROM v.valid_to AND NOT everyone
    ) AS z";

impl Store {
    /// Everything that changed after this version, as of one instant; after 0: everything.
    ///
    /// # Errors
    /// When the database does not answer, or holds a zone that cannot be compiled.
    pub async fn facts_after(&self, version: i64) -> Result<Facts, StoreError> {
        self.facts_after_knowing(version, |_| true).await
    }

    /// The same for one who has not kept all versions of zones: those that bind a tag of the answer and are not known are in it too.
    ///
    /// # Errors
    /// As [`Store::facts_after`].
    pub async fn facts_after_knowing(&self, version: i64, is_known: impl Fn(i64) -> bool) -> Result<Facts, StoreError> {
        let mut client = self.client().await?;
        let one_instant = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
        let transaction = one_instant.start().await?;
        let newest: i64 = transaction.query_one("SELECT version FROM facts_head", &[]).await?.get(0);
        if newest == version {
            return Ok(Facts { version, zones: Vec::new(), tags: Vec::new(), retired: Vec::new() });
        }
        // One reader, so that zones share the names and rules they have in common.
        let mut reader = ZoneReader::default();
        let mut zones = collect(rows(&transaction, ZONES, version).await?, |row| zone_from(row, &mut reader)).await?;
        let everyones: Vec<i64> = transaction.query(EVERYONES, &[]).await?.iter().map(|row| row.get(0)).collect();
        let tags = collect(rows(&transaction, TAGS, version).await?, |row| tag_from(row, &everyones)).await?;
        let retired = transaction.query(RETIRED, &[]).await?;
        let retired: Vec<_> = retired.iter().map(|row| retired_from(row, &everyones)).collect();
        // The first answer has all there are.
        if version > 0 {
            let wearers = tags.iter().filter_map(|tag| tag.wearer.as_ref()).chain(retired.iter().map(|(_, _, wearer)| wearer));
            let read: HashSet<i64> = zones.iter().map(|zone| zone.row_id).collect();
            let rows = wearers.flat_map(|wearer| wearer.zone_rows.iter().copied().chain(wearer.zone_spans.iter().map(|span| span.0)));
            let asked: HashSet<i64> = rows.filter(|row_id| !read.contains(row_id) && !is_known(*row_id)).collect();
            zones.extend(zones_asked(&transaction, asked.into_iter().collect(), &mut reader).await?);
        }
        transaction.commit().await?;
        Ok(Facts { version: newest, zones, tags, retired })
    }
}

async fn zones_asked(transaction: &Transaction<'_>, row_ids: Vec<i64>, reader: &mut ZoneReader) -> Result<Vec<ZoneRow>, StoreError> {
    if row_ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = transaction.query(ZONES_ASKED, &[&row_ids]).await?;
    rows.iter().map(|row| zone_from(row, reader)).collect()
}

async fn rows(
    transaction: &Transaction<'_>,
    query: &str,
    version: i64,
) -> Result<impl Stream<Item = Result<Row, tokio_postgres::Error>> + use<>, StoreError> {
    Ok(transaction.query_raw(query, [version]).await?)
}

/// Row by row, so that a million are never held twice.
async fn collect<T>(
    rows: impl Stream<Item = Result<Row, tokio_postgres::Error>>,
    mut read: impl FnMut(&Row) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut rows = std::pin::pin!(rows);
    let mut all = Vec::new();
    while let Some(row) = rows.next().await {
        all.push(read(&row?)?);
    }
    Ok(all)
}

pub(crate) fn zone_from(row: &Row, reader: &mut ZoneReader) -> Result<ZoneRow, StoreError> {
    let row_id = row.get(0);
    let unreadable = |error: &dyn std::fmt::Display| StoreError::Unreadable(format!("version {row_id} of a zone: {error}"));
    let mut feature: Feature = serde_json::from_str(row.get(2)).map_err(|error| unreadable(&error))?;
    let times = [("valid_from", row.get::<_, Option<DateTime<Utc>>>(3)), ("valid_to", row.get::<_, Option<DateTime<Utc>>>(4))];
    let properties = feature.properties.get_or_insert_with(JsonObject::new);
    for (name, time) in times {
        let text = time.map(|time| Value::from(Timestamp::from(time).to_string()));
        match text {
            Some(text) => properties.insert(name.into(), text),
            None => properties.remove(name),
        };
    }
    let zone = reader.read(row.get(1), &feature).map_err(|error| unreadable(&error))?;
    Ok(ZoneRow { row_id, zone: Arc::new(zone) })
}

fn tag_from(row: &Row, everyones: &[i64]) -> Result<TagFacts, StoreError> {
    let key = row.get::<_, Option<&[u8]>>(2).map(<[u8; 32]>::try_from).transpose();
    let key = key.map_err(|_| StoreError::Unreadable("a tag's key that has not 32 bytes".into()))?;
    let wearer = row.get::<_, Option<i64>>(3).map(|wearer_id| wearer_from(row, wearer_id, everyones));
    let worn_until = row.get::<_, Option<DateTime<Utc>>>(10).map(Timestamp::from);
    Ok(TagFacts { tag_id: row.get(0), imei: row.get(1), key, wearer, worn_until })
}

fn retired_from(row: &Row, everyones: &[i64]) -> (i64, Timestamp, WearerFacts) {
    (row.get(0), Timestamp::from(row.get::<_, DateTime<Utc>>(1)), wearer_from(row, row.get(3), everyones))
}

fn wearer_from(row: &Row, wearer_id: i64, everyones: &[i64]) -> WearerFacts {
    let own = row.get::<_, Option<Vec<i64>>>(6).unwrap_or_default();
    let times = |column: usize| row.get::<_, Option<Vec<DateTime<Utc>>>>(column).unwrap_or_default().into_iter().map(Timestamp::from);
    let exclusions = row.get::<_, Option<Vec<bool>>>(9).unwrap_or_default();
    let leaves = times(7).zip(times(8)).zip(exclusions).map(|((from, to), exclusion)| Leave { from, to, exclusion }).collect();
    let fitted_at = Timestamp::from(row.get::<_, DateTime<Utc>>(5));
    let monitored_from = row.get::<_, Option<DateTime<Utc>>>(11).map_or(fitted_at, Timestamp::from);
    let (always, zone_spans) = spans_from(row, monitored_from);
    let mut zone_rows = Vec::with_capacity(own.len() + always.len() + everyones.len());
    zone_rows.extend(own.into_iter().chain(always).chain(everyones.iter().copied()));
    zone_rows.sort_unstable();
    let request = row.get::<_, Option<i64>>(12).map(|number| (number, Timestamp::from(row.get::<_, DateTime<Utc>>(13)), row.get(14)));
    WearerFacts { wearer_id, reference: row.get(4), fitted_at, monitored_from, zone_rows, zone_spans, leaves, request }
}

/// The versions of the zones of sets: those that bind from the beginning of the monitoring to this day, and the others with their spans.
fn spans_from(row: &Row, monitored_from: Timestamp) -> (Vec<i64>, Vec<(i64, Timestamp, Timestamp)>) {
    let bound = row.get::<_, Option<Vec<i64>>>(15).unwrap_or_default();
    let sinces = row.get::<_, Option<Vec<DateTime<Utc>>>>(16).unwrap_or_default();
    let untils = row.get::<_, Option<Vec<Option<DateTime<Utc>>>>>(17).unwrap_or_default();
    let until = |until: Option<DateTime<Utc>>| until.map_or(Timestamp::MAX, Timestamp::from);
    let spans = bound.into_iter().zip(sinces).zip(untils).map(|((row_id, since), end)| (row_id, Timestamp::from(since), until(end)));
    let (always, spans): (Vec<_>, Vec<_>) = spans.partition(|(_, since, until)| *since <= monitored_from && *until == Timestamp::MAX);
    (always.into_iter().map(|(row_id, _, _)| row_id).collect(), spans)
}
