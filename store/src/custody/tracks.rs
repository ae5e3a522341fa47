//! Timed deletion of tracks, day by day: a day goes whole, or is written anew with the reports that are held.
//!
//! Both ways of keeping reports allow the same: a day is a table of its own, a partition or a chunk, and what is put back goes where it was.

use super::HOLDS_STAY;
use super::deletion::{Run, begin};
use crate::maintain::{Day, days};
use crate::{StorageMode, StoreError, migrate, recovery};
use chrono::{DateTime, TimeDelta, Utc};
use tokio_postgres::Transaction;

/// Whether a standing hold concerns `reports r`: its tag was on the held wearer, in the span, when the report was taken or when it was received.
macro_rules! is_held {
    () => {
        "EXISTS (SELECT FROM held s WHERE s.tag_id = r.tag_id AND (s.span @> tag_instant(r.taken_at) OR s.span @> r.received_at))"
    };
}

const COUNT: &str = concat!(
    "WITH held AS MATERIALIZED (SELECT tag_id, span FROM spans_held)
    SELECT count(*), count(*) FILTER (WHERE ",
    is_held!(),
    "), (SELECT coalesce(max(hold_id), 0) FROM legal_holds) FROM {day} r"
);
const KEEP: &str = concat!(
    "INSERT INTO reports_held WITH held AS MATERIALIZED (SELECT tag_id, span FROM spans_held)
    SELECT r.* FROM {day} r WHERE ",
    is_held!()
);
/// What lies in no day's table, and recovery no longer needs.
const ASTRAY: &str = concat!(
    "WITH held AS MATERIALIZED (SELECT tag_id, span FROM spans_held),
    old AS (SELECT r.ctid AS row, ",
    is_held!(),
    " AS is_held FROM reports_astray r WHERE received_at < $1 AND batch <= $2),
    gone AS (
        DELETE FROM reports_astray r USING old WHERE r.ctid = old.row AND NOT old.is_held RETURNING r.tag_id, r.taken_at, r.received_at
    ), noted AS (
        DELETE FROM reports_elsewhere e USING gone g WHERE (e.tag_id, e.taken_at, e.received_at) = (g.tag_id, g.taken_at, g.received_at)
    )
    SELECT (SELECT count(*) FROM gone), (SELECT count(*) FROM old WHERE is_held)"
);

const NEWEST_HOLD: &str = "SELECT coalesce(max(hold_id), 0) FROM legal_holds";

/// Recovery still reads a day with a report of a batch that the kept memories do not contain.
const NEEDED: &str = "SELECT EXISTS (SELECT FROM report_days WHERE starts_at >= $1 AND starts_at < $2 AND highest_batch > $3)";

const NOTED_GONE: &str = "
    DELETE FROM reports_elsewhere e WHERE received_at >= $1 AND received_at < $2 AND NOT EXISTS (
        SELECT FROM reports_held h WHERE h.tag_id = e.tag_id AND h.taken_at = e.taken_at AND h.received_at = e.received_at)";
const DAY_GONE: &str = "DELETE FROM report_days WHERE starts_at >= $1 AND starts_at < $2";
const KEPT_SINCE: &str = "UPDATE tracks_kept SET since = greatest(since, $1)";

/// Judgements as of an instant before the kept reports: they hold positions, and nothing is judged again from there.
const CHECKPOINTS_GONE: &str = "
    DELETE FROM judge_checkpoints c WHERE judged_at < (SELECT (extract(epoch FROM since) * 1000)::bigint FROM tracks_kept) AND NOT EXISTS (
        SELECT FROM legal_holds h WHERE h.wearer_id = c.wearer_id AND h.lifted_at IS NULL
            AND tstzrange(h.from_at, h.to_at) @> tag_instant(c.judged_at))";

/// Deletes the days before the run's limit.
pub(super) async fn delete(run: &mut Run<'_>) -> Result<(), StoreError> {
    let mut client = run.store.client().await?;
    let mode = migrate::mode(&client).await?;
    let recovered: i64 = client.query_one(recovery::START, &[]).await?.get(0);
    let older_than = run.deletion.older_than;
    for day in days(&client, mode).await?.iter().filter(|day| day.ends_at <= older_than) {
        let bounds = (day.ends_at - TimeDelta::days(1), day.ends_at);
        if !client.query_one(NEEDED, &[&bounds.0, &bounds.1, &recovered]).await?.get::<_, bool>(0) {
            while !delete_day(run, &mut client, day).await? {}
        }
    }
    if mode == StorageMode::Partitioned {
        delete_astray(run, &mut client, recovered).await?;
    }
    if run.dry_run {
        return Ok(());
    }
    let transaction = begin(&mut client).await?;
    transaction.batch_execute(HOLDS_STAY).await?;
    transaction.execute(CHECKPOINTS_GONE, &[]).await?;
    run.record(transaction, 0, "").await
}

/// Deletes one day but for what is held. False = a hold came meanwhile: nothing was done, and it must be looked at again.
async fn delete_day(run: &mut Run<'_>, client: &mut tokio_postgres::Client, day: &Day) -> Result<bool, StoreError> {
    let transaction = begin(client).await?;
    // Without a lock: a closed day does not change, and counting may take minutes.
    let counted = transaction.query_one(&of_day(COUNT, day), &[]).await?;
    let (all, held, newest_hold): (i64, i64, i64) = (counted.get(0), counted.get(1), counted.get(2));
    let nothing_to_do = all == held && all > 0;
    if run.dry_run || nothing_to_do {
        run.deletion.rows += all - held;
        run.deletion.held += held;
        transaction.rollback().await?;
        return Ok(true);
    }
    transaction.batch_execute("CREATE TEMPORARY TABLE reports_held (LIKE reports) ON COMMIT DROP").await?;
    if held > 0 {
        transaction.execute(&of_day(KEEP, day), &[]).await?;
    }
    transaction.batch_execute(HOLDS_STAY).await?;
    if transaction.query_one(NEWEST_HOLD, &[]).await?.get::<_, i64>(0) != newest_hold {
        transaction.rollback().await?;
        return Ok(false);
    }
    exchange(&transaction, day, held > 0).await?;
    if all > 0 {
        transaction.execute(KEPT_SINCE, &[&day.ends_at]).await?;
    }
    run.deletion.rows += all - held;
    run.deletion.held += held;
    run.record(transaction, all - held, &format!(", received on {}", (day.ends_at - TimeDelta::days(1)).format("%Y-%m-%d"))).await?;
    Ok(true)
}

/// The day's table goes, or is emptied and takes back what is held.
async fn exchange(transaction: &Transaction<'_>, day: &Day, some_held: bool) -> Result<(), StoreError> {
    let (from, to) = (day.ends_at - TimeDelta::days(1), day.ends_at);
    transaction.execute(NOTED_GONE, &[&from, &to]).await?;
    transaction.execute(DAY_GONE, &[&from, &to]).await?;
    let exchange = if some_held {
        of_day("TRUNCATE {day}; INSERT INTO reports SELECT * FROM reports_held", day)
    } else {
        of_day("DROP TABLE {day}", day)
    };
    Ok(transaction.batch_execute(&exchange).await?)
}

async fn delete_astray(run: &mut Run<'_>, client: &mut tokio_postgres::Client, recovered: i64) -> Result<(), StoreError> {
    let transaction = begin(client).await?;
    transaction.batch_execute(HOLDS_STAY).await?;
    let counted = transaction.query_one(ASTRAY, &[&run.deletion.older_than, &recovered]).await?;
    let (gone, held): (i64, i64) = (counted.get(0), counted.get(1));
    run.deletion.rows += gone;
    run.deletion.held += held;
    if run.dry_run || gone == 0 {
        return Ok(transaction.rollback().await?);
    }
    transaction.execute(KEPT_SINCE, &[&run.deletion.older_than]).await?;
    run.record(transaction, gone, ", in no day's table").await
}

/// The oldest day with a report.
pub(super) async fn oldest(client: &tokio_postgres::Client) -> Result<Option<DateTime<Utc>>, StoreError> {
    for day in days(client, migrate::mode(client).await?).await? {
        if client.query_one(&of_day("SELECT EXISTS (SELECT FROM {day})", &day), &[]).await?.get(0) {
            return Ok(Some(day.ends_at - TimeDelta::days(1)));
        }
    }
    Ok(None)
}

fn of_day(query: &str, day: &Day) -> String {
    query.replace("{day}", &day.name)
}

impl crate::Store {
    /// Reports received before this may be missing; `None` = nothing was ever deleted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tracks_kept_since(&self) -> Result<Option<geofence::Timestamp>, StoreError> {
        let since: DateTime<Utc> = self.client().await?.query_one("SELECT since FROM tracks_kept", &[]).await?.get(0);
        Ok((since.timestamp() > EVER).then(|| since.into()))
    }
}

/// The year 1, in seconds since 1970: what the migration writes.
const EVER: i64 = -62_135_596_800;
