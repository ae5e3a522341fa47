//! What must be done to the tables as hours pass.

use crate::journal::HOUR_MILLIS;
use crate::migrate::mode;
use crate::time::server_time;
use crate::{StorageMode, Store, StoreError};
use chrono::{DateTime, TimeDelta, Utc};
use geofence::Timestamp;
use tokio_postgres::{Client, Transaction};

/// Hours ahead that have their partition: maintenance may fail for so long before a report goes astray.
const HOURS_AHEAD: i64 = 48;
/// An hour counts as closed so long after its end: what the server read in it is stored by then.
const CLOSED_AFTER: TimeDelta = TimeDelta::minutes(10);
/// Maintenance waits so long for a lock, then leaves the rest to the next run: a waiting one would hold up others.
const LOCK_WAIT: &str = "SET LOCAL lock_timeout = '5s'; SET LOCAL maintenance_work_mem = '256MB'";
/// One maintenance at a time.
const LOCK: &str = "SELECT pg_advisory_xact_lock(x'706162616e6465'::bigint)";

/// The hours of reports with their end and whether they have the index by tag and time.
const HOURS_PARTITIONED: &str = "
    SELECT child.oid, child.oid::regclass::text, to_timestamp(right(child.relname, 10), 'YYYYMMDDHH24') + interval '1 hour',
        to_regclass(child.relname || '_tag_taken') IS NOT NULL
    FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
    WHERE inhparent = 'reports'::regclass AND child.relname ~ '^reports_[0-9]{10}$' ORDER BY 3";
const HOURS_HYPERTABLE: &str = "
    SELECT chunk::oid, chunk::text, range_end, to_regclass(format('%I.%I', chunk_schema, chunk_name || '_tag_taken')) IS NOT NULL
    FROM timescaledb_information.chunks, LATERAL (SELECT format('%I.%I', chunk_schema, chunk_name)::regclass AS chunk) AS named
    WHERE hypertable_name = 'reports' ORDER BY 3";

/// The names of partitions that are missing, of hours from one to another.
const MISSING: &str = "
    SELECT 'reports_' || to_char(hour, 'YYYYMMDDHH24'), hour::text, (hour + interval '1 hour')::text
    FROM generate_series($1::timestamptz, $2::timestamptz, interval '1 hour') AS hour
    WHERE NOT EXISTS (SELECT FROM pg_inherits JOIN pg_class ON oid = inhrelid
        WHERE inhparent = 'reports'::regclass AND relname = 'reports_' || to_char(hour, 'YYYYMMDDHH24'))";

/// What maintenance did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Maintenance {
    /// Partitions made for coming hours.
    pub partitions_made: usize,
    /// Closed hours that got their indexes.
    pub hours_indexed: usize,
}

/// One hour of reports.
pub(crate) struct Hour {
    pub(crate) table: u32,
    pub(crate) name: String,
    ends_at: DateTime<Utc>,
    pub(crate) indexed: bool,
}

impl Store {
    /// Makes partitions ahead and gives closed hours their indexes: by tag and time for reading a track, by batch for recovery. Harmless
    /// at any time and as often as wanted; the sooner after an hour's end, the less is read without an index.
    ///
    /// # Errors
    /// When the database does not answer or refuses. What was done before stays done.
    pub async fn maintain(&self, now: Timestamp) -> Result<Maintenance, StoreError> {
        let mut client = self.client().await?;
        let mode = mode(&client).await?;
        let mut done = Maintenance { partitions_made: partitions_ahead(&mut client, mode, now).await?, hours_indexed: 0 };
        let closed_before = server_time(now) - CLOSED_AFTER;
        for hour in hours(&client, mode).await?.iter().filter(|hour| !hour.indexed && hour.ends_at <= closed_before) {
            index(&mut client, hour).await?;
            done.hours_indexed += 1;
        }
        Ok(done)
    }
}

/// The hours of reports, oldest first.
pub(crate) async fn hours(client: &Client, mode: StorageMode) -> Result<Vec<Hour>, StoreError> {
    let query = match mode {
        StorageMode::Partitioned => HOURS_PARTITIONED,
        StorageMode::Hypertable => HOURS_HYPERTABLE,
    };
    let rows = client.query(query, &[]).await?;
    Ok(rows.iter().map(|row| Hour { table: row.get(0), name: row.get(1), ends_at: row.get(2), indexed: row.get(3) }).collect())
}

/// Built in bulk on an hour that no longer changes: a fraction of what keeping it up row by row would cost.
async fn index(client: &mut Client, hour: &Hour) -> Result<(), StoreError> {
    let table = &hour.name;
    let name = table.rsplit('.').next().unwrap_or(table);
    let transaction = begin(client).await?;
    let build = format!(
        "CREATE INDEX IF NOT EXISTS {name}_batch ON {table} USING brin (batch) WITH (pages_per_range = 32);
         CREATE INDEX IF NOT EXISTS {name}_tag_taken ON {table} (tag_id, taken_at)"
    );
    transaction.batch_execute(&build).await?;
    transaction.commit().await?;
    client.batch_execute(&format!("ANALYZE {table}")).await?;
    Ok(())
}

/// Makes the partitions from the hour before `now` to [`HOURS_AHEAD`]; a hypertable makes its own.
pub(crate) async fn partitions_ahead(client: &mut Client, mode: StorageMode, now: Timestamp) -> Result<usize, StoreError> {
    if mode == StorageMode::Hypertable {
        return Ok(0);
    }
    let hour = now.millis().div_euclid(HOUR_MILLIS);
    let at = |hour: i64| server_time(Timestamp::from_millis(hour.saturating_mul(HOUR_MILLIS)));
    let bounds = [at(hour.saturating_sub(1)), at(hour.saturating_add(HOURS_AHEAD))];
    if client.query(MISSING, &[&bounds[0], &bounds[1]]).await?.is_empty() {
        return Ok(0);
    }
    let transaction = begin(client).await?;
    let missing = transaction.query(MISSING, &[&bounds[0], &bounds[1]]).await?;
    for row in &missing {
        partition(&transaction, row.get(0), row.get(1), row.get(2)).await?;
    }
    transaction.commit().await?;
    Ok(missing.len())
}

/// Makes an hour's partition beside the table and attaches it, which holds up neither writers nor readers of other hours; takes along
/// what had gone astray.
async fn partition(transaction: &Transaction<'_>, name: &str, from: &str, to: &str) -> Result<(), StoreError> {
    let make = format!(
        "CREATE TABLE {name} (LIKE reports);
         WITH astray AS (DELETE FROM reports_astray WHERE received_at >= '{from}' AND received_at < '{to}' RETURNING *)
         INSERT INTO {name} SELECT * FROM astray;
         ALTER TABLE reports ATTACH PARTITION {name} FOR VALUES FROM ('{from}') TO ('{to}')"
    );
    Ok(transaction.batch_execute(&make).await?)
}

/// A transaction that waits for no lock for long, and for no other maintenance's work in vain.
async fn begin(client: &mut Client) -> Result<Transaction<'_>, StoreError> {
    let transaction = client.transaction().await?;
    transaction.execute(LOCK, &[]).await?;
    transaction.batch_execute(LOCK_WAIT).await?;
    Ok(transaction)
}
