//! The journal: one batch, one transaction. Its statements go out together, so that a batch costs two round trips.

mod again;
mod copy;
mod violations;

use crate::StoreError;
use crate::connector::Connector;
use crate::time::server_time;
use chrono::{DateTime, Utc};
use futures_util::SinkExt;
use geofence::{Batch, StoredReport, TagState, Timestamp};
use tokio_postgres::{Client, Statement};

/// A report is received at most this long before its tag's clock says that it was taken, milliseconds ...
pub(crate) const AHEAD_MILLIS: i64 = 10 * 60 * 1000;
/// ... and at most this long after. Of any other it is noted where it is stored.
pub(crate) const BEHIND_MILLIS: i64 = DAY_MILLIS;
/// Reports are kept apart by the day, milliseconds.
pub(crate) const DAY_MILLIS: i64 = 86_400_000;

/// Held by a shard's connection for as long as the database's side of it lives, even when the client is gone: until then a COMMIT of
/// the former connection may still be under way, and nobody may read back, nor write after it.
const SHARD_LOCK: &str = "SELECT pg_advisory_lock($1, $2)";
/// The first half of the lock's name, "paba" in ASCII; the second is the shard.
pub(crate) const SHARD_LOCK_CLASS: i32 = 0x7061_6261;

const ELSEWHERE_WRITE: &str = "
    INSERT INTO reports_elsewhere (tag_id, taken_at, received_at) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[])
    ON CONFLICT DO NOTHING";

const STATES_WRITE: &str = "
    INSERT INTO tag_state (tag_id, batch, bytes) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) ORDER BY 1
    ON CONFLICT (tag_id) DO UPDATE SET batch = excluded.batch, bytes = excluded.bytes WHERE tag_state.batch < excluded.batch";

const HEAD_WRITE: &str = "
    WITH days AS (
        INSERT INTO report_days AS r (starts_at, shard, highest_batch) SELECT starts_at, $1, $2 FROM unnest($4::timestamptz[]) AS starts_at
        ON CONFLICT (starts_at, shard) DO UPDATE SET highest_batch = excluded.highest_batch WHERE r.highest_batch < excluded.highest_batch
    )
    INSERT INTO journal_heads AS h (shard, batch, checkpoint) VALUES ($1, $2, $3)
    ON CONFLICT (shard) DO UPDATE SET batch = excluded.batch, checkpoint = excluded.checkpoint WHERE h.batch < excluded.batch";

/// The partition of a day; a hypertable has none that may be written to.
const PARTITION: &str = "
    SELECT oid::regclass::text FROM pg_inherits JOIN pg_class ON oid = inhrelid
    WHERE inhparent = 'reports'::regclass AND relname = 'reports_' || to_char($1::timestamptz, 'YYYYMMDD')";

/// What a batch brought about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Appended {
    /// Alert events written: 0 when every violation was known as it stands.
    pub alert_events: usize,
}

/// A connection that writes one batch at a time.
pub struct JournalConnection {
    connector: Connector,
    shard: u16,
    /// Taken out while a batch is under way: an error, or a caller that stops waiting, leaves none, and the server rolls back.
    session: Option<Session>,
}

impl std::fmt::Debug for JournalConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JournalConnection").field("connected", &self.session.is_some()).finish_non_exhaustive()
    }
}

impl JournalConnection {
    pub(crate) async fn connect(connector: Connector, shard: u16) -> Result<Self, StoreError> {
        let session = Some(Session::open(&connector, shard).await?);
        Ok(Self { connector, shard, session })
    }

    /// Connects anew unless a live connection is there, once the former one can no longer change anything. After an error of
    /// [`Self::append`] this comes before reading back.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn settle(&mut self) -> Result<(), StoreError> {
        if self.session.as_ref().is_none_or(|session| session.client.is_closed()) {
            self.session = None;
            self.session = Some(Session::open(&self.connector, self.shard).await?);
        }
        Ok(())
    }

    /// Stores the whole batch durably, or nothing of it. `now` is the server's clock. After an error the next call connects anew.
    ///
    /// # Errors
    /// When the database refused, or did not confirm: then it is open whether the batch is stored, and only reading back tells.
    pub async fn append(&mut self, batch: &Batch, now: Timestamp) -> Result<Appended, StoreError> {
        self.settle().await?;
        let mut session = self.session.take().expect("settling leaves a session");
        let alert_events = session.append(batch, now).await?;
        self.session = Some(session);
        Ok(Appended { alert_events })
    }
}

/// A live connection with its prepared statements.
struct Session {
    client: Client,
    copy: Statement,
    /// The COPY straight into the partition of the day last written to, if that day has one of its own.
    copy_day: Option<(DateTime<Utc>, Option<Statement>)>,
    elsewhere: Statement,
    states: Statement,
    head: Statement,
    violations: Statement,
    again: again::Statements,
}

impl Session {
    async fn open(connector: &Connector, shard: u16) -> Result<Self, StoreError> {
        let (client, connection) = connector.connect().await?;
        // Ends with the client; what goes wrong on the way is told to whoever waits on the client.
        tokio::spawn(connection);
        client.execute(SHARD_LOCK, &[&SHARD_LOCK_CLASS, &i32::from(shard)]).await?;
        let copy_all = copy::into_table("reports");
        let (copy, elsewhere, states, head, violations, again) = tokio::try_join!(
            client.prepare(&copy_all),
            client.prepare(ELSEWHERE_WRITE),
            client.prepare(STATES_WRITE),
            client.prepare(HEAD_WRITE),
            client.prepare(violations::WRITE),
            again::Statements::prepare(&client),
        )?;
        Ok(Self { client, copy, copy_day: None, elsewhere, states, head, violations, again })
    }

    /// Futures polled together are sent in the order written, without waiting for each other's answers. If one fails, the server
    /// refuses those after it and turns the COMMIT into a rollback.
    async fn append(&mut self, batch: &Batch, now: Timestamp) -> Result<usize, StoreError> {
        let days = days(&batch.reports);
        let copy = self.copy_for(&days).await?;
        let rest = async {
            let (_, (), (), (), alert_events, ()) = tokio::try_join!(
                self.head(batch, &days),
                self.elsewhere(&batch.reports),
                self.states(&batch.states),
                again::write(&self.client, &self.again, batch),
                violations::write(&self.client, &self.violations, &batch.violations, batch.number, now),
                self.run("COMMIT"),
            )?;
            Ok::<_, StoreError>(alert_events)
        };
        if batch.reports.is_empty() {
            let ((), alert_events) = tokio::try_join!(self.run("BEGIN"), rest)?;
            return Ok(alert_events);
        }
        let begin_copy = async { Ok(self.client.copy_in(&copy).await?) };
        let ((), sink) = tokio::try_join!(self.run("BEGIN"), begin_copy)?;
        let mut sink = Box::pin(sink);
        for piece in copy::pieces(&batch.reports, batch.number) {
            sink.feed(piece).await?;
        }
        let end_copy = async { Ok::<_, StoreError>(sink.as_mut().finish().await?) };
        let (_, alert_events) = tokio::try_join!(end_copy, rest)?;
        Ok(alert_events)
    }

    async fn run(&self, command: &str) -> Result<(), StoreError> {
        Ok(self.client.batch_execute(command).await?)
    }

    async fn elsewhere(&self, reports: &[StoredReport]) -> Result<(), StoreError> {
        let elsewhere: Vec<_> = reports.iter().filter(|stored| is_elsewhere(stored)).collect();
        if elsewhere.is_empty() {
            return Ok(());
        }
        let tags: Vec<i64> = elsewhere.iter().map(|stored| stored.tag_id).collect();
        let taken: Vec<i64> = elsewhere.iter().map(|stored| stored.report.taken_at.millis()).collect();
        let received: Vec<DateTime<Utc>> = elsewhere.iter().map(|stored| server_time(stored.received_at)).collect();
        self.client.execute(&self.elsewhere, &[&tags, &taken, &received]).await?;
        Ok(())
    }

    async fn states(&self, states: &[TagState]) -> Result<(), StoreError> {
        if states.is_empty() {
            return Ok(());
        }
        let tags: Vec<i64> = states.iter().map(|state| state.tag_id).collect();
        let batches: Vec<i64> = states.iter().map(|state| state.batch).collect();
        let bytes: Vec<&[u8]> = states.iter().map(|state| state.bytes.as_slice()).collect();
        self.client.execute(&self.states, &[&tags, &batches, &bytes]).await?;
        Ok(())
    }

    async fn head(&self, batch: &Batch, days: &[DateTime<Utc>]) -> Result<u64, StoreError> {
        Ok(self.client.execute(&self.head, &[&i32::from(batch.shard), &batch.number, &batch.checkpoint, &days]).await?)
    }

    /// A batch of one day goes straight to that day's partition: finding the partition row by row costs a fifth of the rows a second.
    async fn copy_for(&mut self, days: &[DateTime<Utc>]) -> Result<Statement, StoreError> {
        let [day] = *days else {
            return Ok(self.copy.clone());
        };
        if self.copy_day.as_ref().is_none_or(|(known, _)| *known != day) {
            let partition = self.client.query_opt(PARTITION, &[&day]).await?;
            let copy = match partition {
                Some(row) => Some(self.client.prepare(&copy::into_table(row.get(0))).await?),
                None => None,
            };
            self.copy_day = Some((day, copy));
        }
        let straight = self.copy_day.as_ref().and_then(|(_, copy)| copy.clone());
        Ok(straight.unwrap_or_else(|| self.copy.clone()))
    }
}

fn is_elsewhere(stored: &StoredReport) -> bool {
    let delay = stored.received_at.millis_since(stored.report.taken_at);
    !(-AHEAD_MILLIS..=BEHIND_MILLIS).contains(&delay)
}

/// The days on which these were received; nearly always one.
fn days(reports: &[StoredReport]) -> Vec<DateTime<Utc>> {
    let mut days: Vec<i64> = reports.iter().map(|stored| stored.received_at.millis().div_euclid(DAY_MILLIS)).collect();
    days.dedup();
    days.sort_unstable();
    days.dedup();
    days.into_iter().map(|day| server_time(Timestamp::from_millis(day.saturating_mul(DAY_MILLIS)))).collect()
}
