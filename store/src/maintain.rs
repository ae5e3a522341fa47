//! What must be done to the tables as days pass.

use crate::journal::DAY_MILLIS;
use crate::migrate::mode;
use crate::time::server_time;
use crate::{StorageMode, Store, StoreError};
use chrono::{DateTime, TimeDelta, Utc};
use geofence::Timestamp;
use tokio_postgres::{Client, Transaction};

/// Days ahead that have their partition: maintenance may fail for so long before a report goes astray.
const DAYS_AHEAD: i64 = 7;
/// A day counts as closed so long after its end: what the server read on it is stored by then.
const CLOSED_AFTER: TimeDelta = TimeDelta::hours(1);
/// Maintenance waits so long for a lock, then leaves the rest to the next run: a waiting one would hold up others.
const LOCK_WAIT: &str = "SET LOCAL lock_timeout = '5s'; SET LOCAL maintenance_work_mem = '256MB'";
/// One maintenance at a time.
const LOCK: &str = "SELECT pg_advisory_xact_lock(x'706162616e6465'::bigint)";

/// The days of reports with their end and whether they have the index by tag and time.
const DAYS_PARTITIONED: &str = "
    SELECT child.oid, child.oid::regclass::text, to_timestamp(right(child.relname, 8), 'YYYYMMDD') + interval '1 day',
        to_regclass(child.relname || '_tag_taken') IS NOT NULL
    FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
    WHERE inhparent = 'reports'::regclass AND child.relname ~ '^reports_[0-9]{8}$' ORDER BY 3";
const DAYS_HYPERTABLE: &str = "
    SELECT chunk::oid, chunk::text, range_end, to_regclass(format('%I.%I', chunk_schema, chunk_name || '_tag_taken')) IS NOT NULL
    FROM timescaledb_information.chunks, LATERAL (SELECT format('%I.%I', chunk_schema, chunk_name)::regclass AS chunk) AS named
    WHERE hypertable_name = 'reports' ORDER BY 3";

/// Covers the pages written since the last time by the small index.
const COVER: &str = "
    SELECT coalesce(sum(brin_summarize_new_values(indexrelid)), 0)::bigint
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid JOIN pg_am ON pg_am.oid = relam
    WHERE amname = 'brin' AND indrelid = $1";

/// The names of partitions that are missing, of days from one to another.
const MISSING: &str = "
    SELECT 'reports_' || to_char(day, 'YYYYMMDD'), day::text, (day + interval '1 day')::text
    FROM generate_series($1::timestamptz, $2::timestamptz, interval '1 day') AS day
    WHERE NOT EXISTS (SELECT FROM pg_inherits JOIN pg_class ON oid = inhrelid
        WHERE inhparent = 'reports'::regclass AND relname = 'reports_' || to_char(day, 'YYYYMMDD'))";

/// What maintenance did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Maintenance {
    /// Partitions made for coming days.
    pub partitions_made: usize,
    /// Closed days that got their index by tag and time.
    pub days_indexed: usize,
    /// Ranges of pages that the small index of open days newly covers.
    pub ranges_covered: i64,
}

/// One day of reports.
pub(crate) struct Day {
    pub(crate) table: u32,
    pub(crate) name: String,
    pub(crate) ends_at: DateTime<Utc>,
    pub(crate) indexed: bool,
}

impl Store {
    /// Makes partitions ahead, covers new pages by the small index of open days, and gives closed days their index by tag and time.
    /// Harmless at any time and as often as wanted; better each minute than each hour: pages not yet covered are read whole.
    ///
    /// # Errors
    /// When the database does not answer or refuses. What was done before stays done.
    pub async fn maintain(&self, now: Timestamp) -> Result<Maintenance, StoreError> {
        let mut client = self.client().await?;
        let mode = mode(&client).await?;
        let mut done = Maintenance { partitions_made: partitions_ahead(&mut client, mode, now).await?, ..Maintenance::default() };
        let closed_before = server_time(now) - CLOSED_AFTER;
        for day in days(&client, mode).await?.iter().filter(|day| !day.indexed) {
            done.ranges_covered += client.query_one(COVER, &[&day.table]).await?.get::<_, i64>(0);
            if day.ends_at <= closed_before {
                index(&mut client, day).await?;
                done.days_indexed += 1;
            }
        }
        Ok(done)
    }
}

/// The days of reports, oldest first.
pub(crate) async fn days(client: &Client, mode: StorageMode) -> Result<Vec<Day>, StoreError> {
    let query = match mode {
        StorageMode::Partitioned => DAYS_PARTITIONED,
        StorageMode::Hypertable => DAYS_HYPERTABLE,
    };
    let rows = client.query(query, &[]).await?;
    Ok(rows.iter().map(|row| Day { table: row.get(0), name: row.get(1), ends_at: row.get(2), indexed: row.get(3) }).collect())
}

/// Built in bulk on a day that no longer changes: a fraction of what keeping it up row by row would cost.
async fn index(client: &mut Client, day: &Day) -> Result<(), StoreError> {
    let table = &day.name;
    let name = table.rsplit('.').next().unwrap_or(table);
    let transaction = begin(client).await?;
    transaction.batch_execute(&format!("CREATE INDEX IF NOT EXISTS {name}_tag_taken ON {table} (tag_id, taken_at)")).await?;
    transaction.commit().await?;
    client.batch_execute(&format!("ANALYZE {table}")).await?;
    Ok(())
}

/// Makes the partitions from the day before `now` to [`DAYS_AHEAD`]; a hypertable makes its own.
pub(crate) async fn partitions_ahead(client: &mut Client, mode: StorageMode, now: Timestamp) -> Result<usize, StoreError> {
    if mode == StorageMode::Hypertable {
        return Ok(0);
    }
    let day = now.millis().div_euclid(DAY_MILLIS);
    let at = |day: i64| server_time(Timestamp::from_millis(day.saturating_mul(DAY_MILLIS)));
    let bounds = [at(day.saturating_sub(1)), at(day.saturating_add(DAYS_AHEAD))];
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

/// Makes a day's partition beside the table and attaches it, which holds up neither writers nor readers of other days; takes along
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
