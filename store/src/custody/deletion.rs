//! Timed deletion: what is older than its limit goes, unless a legal hold keeps it, and what went is written down.

use super::{HOLDS_STAY, tracks};
use crate::{Store, StoreError, audit};
use access::Caller;
use chrono::{DateTime, TimeDelta, Utc};
use tokio_postgres::{Row, Transaction};

/// One deletion at a time ("paband" and a number, in ASCII).
const LOCK: &str = "SELECT pg_advisory_xact_lock(x'706162616e6466'::bigint)";
/// A deletion waits so long for a lock, then leaves the rest to the next run: a waiting one would hold up others.
const LOCK_WAIT: &str = "SET LOCAL lock_timeout = '2s'";

/// What could not be decoded, with the tag's number if that was readable.
const RAW_FRAMES: &str = "
    WITH old AS (
        SELECT slot, EXISTS (SELECT FROM tags t JOIN spans_held s USING (tag_id) WHERE t.imei = q.imei AND s.span @> q.recorded_at) AS is_held
        FROM quarantine q WHERE recorded_at < $1
    ), gone AS (DELETE FROM quarantine q USING old WHERE q.slot = old.slot AND NOT is_held AND q.recorded_at < $1 RETURNING q.slot)
    SELECT (SELECT count(*) FROM gone), (SELECT count(*) FROM old WHERE is_held)";

/// Sessions that were over by then, failed log-ins, and the keys of changes done.
const SESSIONS: &str = "
    WITH gone AS (
        DELETE FROM sessions WHERE coalesce(ended_at, least(ends_at, last_used_at + make_interval(secs => idle_s))) < $1 RETURNING session_id
    ), failures AS (DELETE FROM log_in_failures WHERE at < $1 RETURNING address),
    keys AS (DELETE FROM changes_done WHERE at < $1)
    SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM failures), 0::bigint";

/// The archives of releases; the record of each stays.
const FILES: &str = "
    WITH old AS (
        SELECT release_id, EXISTS (SELECT FROM legal_holds h WHERE h.wearer_id = r.wearer_id AND h.lifted_at IS NULL
            AND tstzrange(h.from_at, h.to_at) && tstzrange(r.from_at, r.to_at)) AS is_held
        FROM releases r WHERE released_at < $1 AND file_deleted_at IS NULL
    ), pieces AS (DELETE FROM release_files f USING old WHERE f.release_id = old.release_id AND NOT is_held),
    gone AS (
        UPDATE releases r SET file_deleted_at = now() FROM old WHERE r.release_id = old.release_id AND NOT is_held RETURNING r.release_id
    )
    SELECT (SELECT count(*) FROM gone), (SELECT count(*) FROM old WHERE is_held)";

const RECORD: &str = "INSERT INTO deletions (kind, at, older_than, rows, held) VALUES ($1, $2, $3, $4, $5) RETURNING deletion_id";
const RECORD_AGAIN: &str = "UPDATE deletions SET rows = $2, held = $3 WHERE deletion_id = $1";
const LIST: &str = "SELECT deletion_id, kind, at, older_than, rows, held FROM deletions ORDER BY deletion_id DESC LIMIT $1";
const LAST: &str = "SELECT deletion_id, kind, at, older_than, rows, held FROM deletions WHERE kind = $1 ORDER BY deletion_id DESC LIMIT 1";

/// What is deleted after its time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DataKind {
    /// Reports of tags.
    Tracks,
    /// Bytes that could not become reports.
    RawFrames,
    /// Sessions that are over, and failed log-ins.
    Sessions,
    /// Archives of releases.
    Files,
}

impl DataKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Tracks, Self::RawFrames, Self::Sessions, Self::Files];

    /// Its name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tracks => "tracks",
            Self::RawFrames => "raw_frames",
            Self::Sessions => "sessions",
            Self::Files => "files",
        }
    }

    /// When the oldest of it is from; of tracks the days tell, which have no index by that instant.
    const fn oldest(self) -> &'static str {
        match self {
            Self::Tracks => "SELECT NULL::timestamptz",
            Self::RawFrames => "SELECT min(recorded_at) FROM quarantine",
            Self::Sessions => "SELECT least((SELECT min(began_at) FROM sessions), (SELECT min(at) FROM log_in_failures))",
            Self::Files => "SELECT min(released_at) FROM releases WHERE file_deleted_at IS NULL",
        }
    }
}

/// How long each kind is kept, whole days of UTC.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Retention {
    /// Reports, by the day on which they were received. Never below [`Retention::TRACKS_DAYS_MIN`].
    pub tracks_days: u32,
    /// Bytes that could not become reports.
    pub raw_frames_days: u32,
    /// Sessions, from their end.
    pub sessions_days: u32,
    /// Archives of releases.
    pub files_days: u32,
}

impl Retention {
    /// Tracks younger than this are never deleted, whatever is asked for: late reports and corrections are still judged over them.
    pub const TRACKS_DAYS_MIN: u32 = 30;

    /// How long this kind is kept.
    pub fn days(&self, kind: DataKind) -> u32 {
        match kind {
            DataKind::Tracks => self.tracks_days.max(Self::TRACKS_DAYS_MIN),
            DataKind::RawFrames => self.raw_frames_days,
            DataKind::Sessions => self.sessions_days,
            DataKind::Files => self.files_days,
        }
    }

    /// What of this kind is older goes: the beginning of a day.
    pub fn older_than(&self, kind: DataKind, now: DateTime<Utc>) -> DateTime<Utc> {
        let midnight = now.date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
        midnight.checked_sub_signed(TimeDelta::days(i64::from(self.days(kind)))).unwrap_or(DateTime::UNIX_EPOCH)
    }
}

/// What one run did with one kind, or would do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deletion {
    /// Which; 0 = nothing was written down, in a dry run.
    pub deletion_id: i64,
    /// Of what.
    pub kind: DataKind,
    /// When.
    pub at: DateTime<Utc>,
    /// Everything older than this.
    pub older_than: DateTime<Utc>,
    /// Rows deleted; of files: archives.
    pub rows: i64,
    /// Rows that a legal hold kept.
    pub held: i64,
}

/// How one kind stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KindStatus {
    /// Of what.
    pub kind: DataKind,
    /// What the next run would look at: everything older than this.
    pub older_than: DateTime<Utc>,
    /// When the oldest of it is from; `None` = there is nothing of it.
    pub oldest: Option<DateTime<Utc>>,
    /// The newest run.
    pub last: Option<Deletion>,
}

impl Store {
    /// Deletes what is older than its limit and not held, one short transaction after another, each with its entry in the audit. What a run
    /// that breaks off has deleted is written down; the next run goes on. A dry run only counts.
    ///
    /// # Errors
    /// When the database does not answer, or something else holds a lock for long.
    pub async fn retention_run(
        &self,
        caller: &Caller,
        retention: &Retention,
        now: DateTime<Utc>,
        dry_run: bool,
    ) -> Result<Vec<Deletion>, StoreError> {
        if !dry_run {
            self.imports_expire(now).await?;
        }
        let mut deletions = Vec::new();
        for kind in DataKind::ALL {
            let deletion = Deletion { deletion_id: 0, kind, at: now, older_than: retention.older_than(kind, now), rows: 0, held: 0 };
            let mut run = Run { store: self, caller, deletion, dry_run };
            match kind {
                DataKind::Tracks => tracks::delete(&mut run).await?,
                DataKind::RawFrames => run.small(RAW_FRAMES).await?,
                DataKind::Sessions => run.small(SESSIONS).await?,
                DataKind::Files => run.small(FILES).await?,
            }
            deletions.push(run.deletion);
        }
        Ok(deletions)
    }

    /// How each kind stands against its limit.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn retention_status(&self, retention: &Retention, now: DateTime<Utc>) -> Result<Vec<KindStatus>, StoreError> {
        let client = self.client().await?;
        let mut kinds = Vec::new();
        for kind in DataKind::ALL {
            let oldest = match kind {
                DataKind::Tracks => tracks::oldest(&client).await?,
                _ => client.query_one(kind.oldest(), &[]).await?.get(0),
            };
            let last = client.query_opt(LAST, &[&kind.name()]).await?.as_ref().map(deletion_from).transpose()?;
            kinds.push(KindStatus { kind, older_than: retention.older_than(kind, now), oldest, last });
        }
        Ok(kinds)
    }

    /// What runs did, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn deletion_list(&self, limit: u32) -> Result<Vec<Deletion>, StoreError> {
        self.client().await?.query(LIST, &[&i64::from(limit)]).await?.iter().map(deletion_from).collect()
    }
}

/// A run over one kind.
pub(super) struct Run<'a> {
    pub store: &'a Store,
    pub caller: &'a Caller,
    pub deletion: Deletion,
    pub dry_run: bool,
}

impl Run<'_> {
    /// A kind that one statement deletes and counts. A dry run takes it back.
    async fn small(&mut self, delete: &str) -> Result<(), StoreError> {
        let mut client = self.store.client().await?;
        let transaction = begin(&mut client).await?;
        transaction.batch_execute(HOLDS_STAY).await?;
        let counted = transaction.query_one(delete, &[&self.deletion.older_than]).await?;
        (self.deletion.rows, self.deletion.held) = (counted.get(0), counted.get(1));
        if self.dry_run {
            return Ok(transaction.rollback().await?);
        }
        let deleted = self.deletion.rows;
        self.record(transaction, deleted, "").await
    }

    /// Writes down how far the run is, with an entry in the audit for the `deleted` rows of this transaction, and commits.
    pub async fn record(&mut self, transaction: Transaction<'_>, deleted: i64, what: &str) -> Result<(), StoreError> {
        let Deletion { deletion_id, kind, at, older_than, rows, held } = &self.deletion;
        if *deletion_id == 0 {
            let row = transaction.query_one(RECORD, &[&kind.name(), at, older_than, rows, held]).await?;
            self.deletion.deletion_id = row.get(0);
        } else {
            transaction.execute(RECORD_AGAIN, &[deletion_id, rows, held]).await?;
        }
        if deleted > 0 {
            let Deletion { kind, older_than, held, .. } = &self.deletion;
            let day = older_than.format("%Y-%m-%d");
            self.caller.about(format!("{} older than {day}{what}: {deleted} rows deleted, {held} held", kind.name()));
            audit::append(&transaction, &[self.caller.entry("done")]).await?;
        }
        Ok(transaction.commit().await?)
    }
}

/// A transaction of the only deletion at work, that waits for no other lock for long.
pub(super) async fn begin(client: &mut tokio_postgres::Client) -> Result<Transaction<'_>, StoreError> {
    let transaction = client.transaction().await?;
    transaction.execute(LOCK, &[]).await?;
    transaction.batch_execute(LOCK_WAIT).await?;
    Ok(transaction)
}

fn deletion_from(row: &Row) -> Result<Deletion, StoreError> {
    let name = row.get::<_, &str>(1);
    let kind = DataKind::ALL.into_iter().find(|kind| kind.name() == name);
    let kind = kind.ok_or_else(|| StoreError::Unreadable(format!("a deletion of {name:?}")))?;
    Ok(Deletion { deletion_id: row.get(0), kind, at: row.get(2), older_than: row.get(3), rows: row.get(4), held: row.get(5) })
}
