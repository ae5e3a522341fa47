//! How the storage stands, for `paband db status`.

use crate::migrate::known_steps;
use crate::{StorageMode, Store, StoreError};
use tokio_postgres::Client;

const SIZES: &str = "
    SELECT pg_total_relation_size($1::oid), (SELECT reltuples::bigint FROM pg_class WHERE oid = $1)";

const COUNTS: &str = "
    SELECT pg_database_size(current_database()), (SELECT count(*) FROM tags), (SELECT count(*) FROM wearers),
        (SELECT count(*) FROM zone_versions), (SELECT count(*) FROM alerts WHERE end_reason IS NULL), (SELECT count(*) FROM alerts),
        (SELECT count(*) FROM quarantine), (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM quarantine_number),
        (SELECT coalesce(max(batch), 0) FROM journal_heads)";

/// One day of reports.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Partition {
    /// Its table.
    pub name: String,
    /// Table and indexes, bytes.
    pub bytes: i64,
    /// Rows, as last estimated by the database; -1 = not known yet.
    pub rows_estimate: i64,
    /// It has the index by tag and time that closed days get.
    pub indexed_by_tag: bool,
}

/// How the storage stands.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct StorageStatus {
    /// The server's version, `15.20 (Debian …)`.
    pub server: String,
    /// Steps taken, `V1__tags_and_wearers`.
    pub applied: Vec<String>,
    /// Steps that this program knows and the database has not taken. Until the first is taken, what follows is empty.
    pub pending: Vec<String>,
    /// How reports are kept; `None` before the first migration.
    pub mode: Option<StorageMode>,
    /// The days of reports, oldest first.
    pub partitions: Vec<Partition>,
    /// Reports in no day's partition: should be 0. They slow reads until maintenance takes them to their day.
    pub reports_astray: i64,
    /// The whole database, bytes.
    pub bytes: i64,
    /// Tags registered.
    pub tags: i64,
    /// Wearers known.
    pub wearers: i64,
    /// Versions of zones.
    pub zone_versions: i64,
    /// Alerts that have not ended.
    pub alerts_open: i64,
    /// All alerts.
    pub alerts: i64,
    /// Items in quarantine now.
    pub quarantined: i64,
    /// Items that were ever put in quarantine.
    pub quarantined_ever: i64,
    /// The newest batch.
    pub highest_batch: i64,
}

impl Store {
    /// How the storage stands.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn status(&self) -> Result<StorageStatus, StoreError> {
        let client = self.client().await?;
        let server = client.query_one("SHOW server_version", &[]).await?.get(0);
        let applied = applied_steps(&client).await?;
        let pending = missing(&applied);
        let status = StorageStatus { server, applied, pending, ..StorageStatus::default() };
        if !status.pending.is_empty() {
            return Ok(status);
        }
        let mode = crate::migrate::mode(&client).await?;
        let row = client.query_one(COUNTS, &[]).await?;
        Ok(StorageStatus {
            mode: Some(mode),
            partitions: partitions(&client, mode).await?,
            reports_astray: astray(&client, mode).await?,
            bytes: row.get(0),
            tags: row.get(1),
            wearers: row.get(2),
            zone_versions: row.get(3),
            alerts_open: row.get(4),
            alerts: row.get(5),
            quarantined: row.get(6),
            quarantined_ever: row.get(7),
            highest_batch: row.get(8),
            ..status
        })
    }
}

/// The steps that this program knows and the database has not taken.
pub(crate) async fn pending(client: &Client) -> Result<Vec<String>, StoreError> {
    Ok(missing(&applied_steps(client).await?))
}

fn missing(applied: &[String]) -> Vec<String> {
    known_steps().into_iter().filter(|step| !applied.contains(step)).collect()
}

async fn applied_steps(client: &Client) -> Result<Vec<String>, StoreError> {
    let history = client.query_one("SELECT to_regclass('refinery_schema_history') IS NOT NULL", &[]).await?;
    if !history.get::<_, bool>(0) {
        return Ok(Vec::new());
    }
    let rows = client.query("SELECT format('V%s__%s', version, name) FROM refinery_schema_history ORDER BY version", &[]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

async fn partitions(client: &Client, mode: StorageMode) -> Result<Vec<Partition>, StoreError> {
    let mut partitions = Vec::new();
    for day in crate::maintain::days(client, mode).await? {
        let row = client.query_one(SIZES, &[&day.table]).await?;
        partitions.push(Partition { name: day.name, bytes: row.get(0), rows_estimate: row.get(1), indexed_by_tag: day.indexed });
    }
    Ok(partitions)
}

async fn astray(client: &Client, mode: StorageMode) -> Result<i64, StoreError> {
    match mode {
        StorageMode::Hypertable => Ok(0),
        StorageMode::Partitioned => Ok(client.query_one("SELECT count(*) FROM reports_astray", &[]).await?.get(0)),
    }
}
