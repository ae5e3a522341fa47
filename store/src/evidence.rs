//! What proves an alert, gathered from the tables.

use crate::alerts::{ONE, alert_from};
use crate::error::EvidenceError;
use crate::time::server_time;
use crate::{Alert, Store, StoreError};
use access::Caller;
use chrono::{DateTime, Utc};
use deadpool_postgres::Client;
use geofence::{Deaf, Evidence, Grounds, Timestamp, Violation};
use serde_json::{Value, json};

/// Reports so long before the start and after the end may belong to a run, milliseconds.
const AROUND_MS: i64 = 3_600_000;

const VERSIONS: &str = "
    SELECT v.feature::text, greatest(v.valid_from, b.since), least(v.valid_to, b.until), v.version
    FROM zones z JOIN zone_versions v USING (zone_id) LEFT JOIN zone_bindings b ON b.zone_id = z.zone_id AND b.wearer_id = $1
    WHERE z.reference = $2 AND v.valid_from IS DISTINCT FROM v.valid_to AND (z.everyone OR b.zone_id IS NOT NULL)
        AND NOT isempty(tstzrange(v.valid_from, v.valid_to) * tstzrange(b.since, b.until))
    ORDER BY 2";

const LEAVES: &str = "SELECT valid_from, valid_to, exclusion FROM leaves WHERE wearer_id = $1 ORDER BY valid_from";

const OUTAGES: &str = "SELECT lower(period), upper(period) FROM outages WHERE upper(period) > $1 AND lower(period) < $2 ORDER BY period";

impl Store {
    /// The alert, with what proves it: the versions of its zone, the leaves, and the reports of its runs. Judged by themselves these give the
    /// same verdict; if they do not (it was refuted), that is an error which says so.
    ///
    /// # Errors
    /// When there is no such alert within the caller's reach, nothing can prove it, or the database does not answer.
    pub async fn evidence(&self, caller: &Caller, alert_id: i64) -> Result<(Alert, Evidence), EvidenceError> {
        let client = self.client().await?;
        let row = client.query_opt(ONE, &[&alert_id, &caller.roots]).await.map_err(StoreError::from)?;
        let row = row.ok_or(EvidenceError::NotFound(alert_id))?;
        let alert = alert_from(&row)?;
        caller.about_wearer(&alert.wearer);
        let wearer_id = row.get::<_, Option<i64>>(19).ok_or(EvidenceError::NotOfAWearer(alert_id))?;
        let newest = alert.end.map_or(alert.found_at, |(at, _)| at).max(alert.last_breaking_at.unwrap_or(alert.found_at));
        let (from, to) = (alert.started_at.plus_millis(-AROUND_MS), newest.plus_millis(AROUND_MS));
        let features = versions(&client, wearer_id, &alert).await?;
        let leaves = leaves(&client, wearer_id, &alert.wearer).await?;
        let deaf = deaf(&client, from, to).await?;
        drop(client);
        let reports = self.reports_of_wearer(wearer_id, from, to).await?;
        let grounds = Grounds { wearer: alert.wearer.clone(), violation: violation(&alert), features, leaves, deaf, reports };
        let evidence = Evidence::of(grounds).map_err(|error| EvidenceError::Unproved(error.to_string()))?;
        Ok((alert, evidence))
    }
}

fn violation(alert: &Alert) -> Violation {
    Violation {
        zone: alert.zone.as_str().into(),
        kind: alert.kind,
        start: alert.started_at,
        found_at: alert.found_at,
        end: alert.end,
        max_beyond_m: alert.max_beyond_m,
        last_breaking_at: alert.last_breaking_at,
        restored_at: alert.restored_at,
    }
}

async fn versions(client: &Client, wearer_id: i64, alert: &Alert) -> Result<Vec<Value>, StoreError> {
    if alert.zone.is_empty() {
        return Ok(Vec::new());
    }
    let version = |row: &tokio_postgres::Row| {
        let feature = row.get::<_, &str>(0);
        let mut feature: Value =
            serde_json::from_str(feature).map_err(|error| StoreError::Unreadable(format!("a version of a zone: {error}")))?;
        let time = |column: usize| row.get::<_, Option<DateTime<Utc>>>(column).map(|time| Timestamp::from(time).to_string());
        let properties = &mut feature["properties"];
        if let Some(shared) = properties.as_object_mut() {
            shared.remove("wearers");
        }
        properties["wearer"] = alert.wearer.as_str().into();
        properties["valid_from"] = json!(time(1));
        properties["valid_to"] = json!(time(2));
        properties["version"] = row.get::<_, i32>(3).into();
        Ok(feature)
    };
    client.query(VERSIONS, &[&wearer_id, &alert.zone]).await?.iter().map(version).collect()
}

async fn leaves(client: &Client, wearer_id: i64, wearer: &str) -> Result<Vec<Value>, StoreError> {
    let rows = client.query(LEAVES, &[&wearer_id]).await?;
    let time = |row: &tokio_postgres::Row, column: usize| Timestamp::from(row.get::<_, DateTime<Utc>>(column)).to_string();
    let leave = |row| json!({"wearer": wearer, "from": time(row, 0), "to": time(row, 1), "exclusion": row.get::<_, bool>(2)});
    Ok(rows.iter().map(leave).collect())
}

async fn deaf(client: &Client, from: Timestamp, to: Timestamp) -> Result<Vec<Deaf>, StoreError> {
    let rows = client.query(OUTAGES, &[&server_time(from), &server_time(to)]).await?;
    let time = |row: &tokio_postgres::Row, column| Timestamp::from(row.get::<_, DateTime<Utc>>(column));
    Ok(rows.iter().map(|row| Deaf { from: time(row, 0), to: time(row, 1) }).collect())
}
