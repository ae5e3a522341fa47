//! What must be done to the tables as days pass.

use crate::migrate::mode;
use crate::time::server_time;
use crate::{StorageMode, Store, StoreError};
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use geofence::Timestamp;
use tokio_postgres::Client;

/// Days ahead that have their partition: maintenance may fail for so long before a report goes astray.
const DAYS_AHEAD: u64 = 7;
/// A day counts as closed so long after its end: what the server read before midnight is stored by then.
const CLOSED_AFTER: TimeDelta = TimeDelta::hours(1);
/// Maintenance waits so long for a lock, then leaves the rest to the next run: a waiting one would hold up others.
const LOCK_WAIT: &str = "SET LOCAL lock_timeout = '5s'; SET LOCAL maintenance_work_mem = '256MB'";
/// One maintenance at a time.
const LOCK: &str = "SELECT pg_advisory_xact_lock(x'706162616e6465'::bigint)";

/// The days of reports with their end and whether they have the index by tag and time.
const DAYS_PARTITIONED: &str = "
    SELECT child.oid, child.oid::regclass::text, (to_date(right(child.relname, 8), 'YYYYMMDD') + 1)::timestamp AT TIME ZONE 'UTC',
        to_regclass(child.relname || '_tag_taken') IS NOT NULL
    FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
    WHERE inhparent = 'reports'::regclass AND child.relname ~ '^reports_[0-9]{8}$' ORDER BY 3";
const DAYS_HYPERTABLE: &str = "
    SELECT chunk::oid, chunk::text, range_end, to_regclass(format('%I.%I', chunk_schema, chunk_name || '_tag_taken')) IS NOT NULL
    FROM timescaledb_information.chunks, LATERAL (SELECT format('%I.%I', chunk_schema, chunk_name)::regclass AS chunk) AS named
    WHERE hypertable_name = 'reports' ORDER BY 3";

/// Asked of the catalog itself: a name that was looked up in vain may be remembered until the transaction ends.
const EXISTS: &str =
    "SELECT EXISTS (SELECT FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent = 'reports'::regclass AND relname = $1)";

/// Covers the pages written since the last time by the small indexes.
const SUMMARISE: &str = "
    SELECT coalesce(sum(brin_summarize_new_values(indexrelid)), 0)::bigint
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid JOIN pg_am ON pg_am.oid = relam
    WHERE amname = 'brin' AND indrelid = $1";

/// What maintenance did.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Maintenance {
    /// Partitions made for coming days.
    pub partitions_made: usize,
    /// Closed days that got their index by tag and time.
    pub days_indexed: usize,
    /// Ranges of pages that the small indexes now cover.
    pub ranges_summarised: i64,
}

/// One day of reports.
pub(crate) struct Day {
    pub(crate) table: u32,
    pub(crate) name: String,
    ends_at: DateTime<Utc>,
    pub(crate) indexed: bool,
}

impl Store {
    /// Makes partitions ahead, covers new pages by the small indexes, and gives closed days their index by tag and time. Harmless at any
    /// time and as often as wanted; at least hourly, better each minute: pages not yet covered are read whole.
    ///
    /// # Errors
    /// When the database does not answer or refuses. What was done before stays done.
    pub async fn maintain(&self, now: Timestamp) -> Result<Maintenance, StoreError> {
        let now = server_time(now);
        let mut client = self.client().await?;
        let mode = mode(&client).await?;
        let partitions_made = partitions_ahead(&mut client, mode, now).await?;
        let mut done = Maintenance { partitions_made, ..Maintenance::default() };
        for day in days(&client, mode).await?.iter().filter(|day| !day.indexed) {
            done.ranges_summarised += client.query_one(SUMMARISE, &[&day.table]).await?.get::<_, i64>(0);
            if day.ends_at + CLOSED_AFTER <= now {
                day_index(&mut client, day).await?;
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

/// Built in bulk on a day that no longer changes: a tenth of what keeping it up row by row would cost.
async fn day_index(client: &mut Client, day: &Day) -> Result<(), StoreError> {
    let transaction = client.transaction().await?;
    transaction.batch_execute(LOCK_WAIT).await?;
    transaction.execute(LOCK, &[]).await?;
    let table = &day.name;
    let index = format!("{}_tag_taken", table.rsplit('.').next().unwrap_or(table));
    transaction.batch_execute(&format!("CREATE INDEX IF NOT EXISTS {index} ON {table} (tag_id, taken_at)")).await?;
    transaction.commit().await?;
    client.batch_execute(&format!("ANALYZE {table}")).await?;
    Ok(())
}

/// Makes the partitions from yesterday to [`DAYS_AHEAD`]; a hypertable makes its own.
pub(crate) async fn partitions_ahead(client: &mut Client, mode: StorageMode, now: DateTime<Utc>) -> Result<usize, StoreError> {
    if mode == StorageMode::Hypertable {
        return Ok(0);
    }
    let today = now.date_naive();
    let yesterday = today.pred_opt().unwrap_or(today);
    let mut made = 0;
    for day in yesterday.iter_days().take_while(|day| *day <= today + Days::new(DAYS_AHEAD)) {
        made += usize::from(partition(client, day).await?);
    }
    Ok(made)
}

/// Makes a day's partition beside the table and attaches it, which holds up neither writers nor readers of other days; takes along
/// what had gone astray. Whether it was missing.
async fn partition(client: &mut Client, day: NaiveDate) -> Result<bool, StoreError> {
    let name = format!("reports_{}", day.format("%Y%m%d"));
    if client.query_one(EXISTS, &[&name]).await?.get(0) {
        return Ok(false);
    }
    let transaction = client.transaction().await?;
    transaction.batch_execute(LOCK_WAIT).await?;
    transaction.execute(LOCK, &[]).await?;
    if transaction.query_one(EXISTS, &[&name]).await?.get(0) {
        return Ok(false);
    }
    let (from, to) = (format!("'{day} 00:00Z'"), format!("'{} 00:00Z'", day + Days::new(1)));
    transaction
        .batch_execute(&format!(
            "CREATE TABLE {name} (LIKE reports);
             WITH astray AS (DELETE FROM reports_astray WHERE received_at >= {from} AND received_at < {to} RETURNING *)
             INSERT INTO {name} SELECT * FROM astray;
             ALTER TABLE reports ATTACH PARTITION {name} FOR VALUES FROM ({from}) TO ({to})"
        ))
        .await?;
    transaction.commit().await?;
    Ok(true)
}
