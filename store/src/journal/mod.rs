//! The journal: one batch, one transaction. Its statements go out together, so that a batch costs two round trips.

mod copy;
mod violations;

use crate::StoreError;
use crate::time::server_time;
use chrono::{DateTime, Utc};
use futures_util::SinkExt;
use geofence::{Batch, StoredReport, TagState, Timestamp};
use tokio_postgres::{Client, NoTls, Statement};

/// A tag's clock this far ahead of the server's needs a note of where its report is stored, milliseconds.
pub(crate) const AHEAD_MILLIS: i64 = 10 * 60 * 1000;

const AHEAD_WRITE: &str = "
    INSERT INTO reports_ahead (tag_id, taken_at, received_at) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[])
    ON CONFLICT DO NOTHING";

const STATES_WRITE: &str = "
    INSERT INTO tag_state (tag_id, batch, bytes) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) ORDER BY 1
    ON CONFLICT (tag_id) DO UPDATE SET batch = excluded.batch, bytes = excluded.bytes WHERE tag_state.batch < excluded.batch";

const HEAD_WRITE: &str = "
    INSERT INTO journal_heads AS h (shard, batch, checkpoint) VALUES ($1, $2, $3)
    ON CONFLICT (shard) DO UPDATE SET batch = greatest(h.batch, excluded.batch), checkpoint = greatest(h.checkpoint, excluded.checkpoint)";

/// What a batch brought about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Appended {
    /// Alert events written: 0 when every violation was known as it stands.
    pub alert_events: usize,
}

/// A connection that writes one batch at a time.
pub struct JournalConnection {
    config: tokio_postgres::Config,
    /// Taken out while a batch is under way: an error, or a caller that stops waiting, leaves none, and the server rolls back.
    session: Option<Session>,
}

impl std::fmt::Debug for JournalConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JournalConnection").field("connected", &self.session.is_some()).finish_non_exhaustive()
    }
}

impl JournalConnection {
    pub(crate) async fn connect(config: tokio_postgres::Config) -> Result<Self, StoreError> {
        let session = Some(Session::open(&config).await?);
        Ok(Self { config, session })
    }

    /// Stores the whole batch durably, or nothing of it. `now` is the server's clock. After an error the next call connects anew.
    ///
    /// # Errors
    /// When the database refused, or did not confirm: then it is open whether the batch is stored, and only reading back tells.
    pub async fn append(&mut self, batch: &Batch, now: Timestamp) -> Result<Appended, StoreError> {
        let session = match self.session.take().filter(|session| !session.client.is_closed()) {
            Some(session) => session,
            None => Session::open(&self.config).await?,
        };
        let alert_events = session.append(batch, now).await?;
        self.session = Some(session);
        Ok(Appended { alert_events })
    }
}

/// A live connection with its prepared statements.
struct Session {
    client: Client,
    copy: Statement,
    ahead: Statement,
    states: Statement,
    head: Statement,
    violations: Statement,
}

impl Session {
    async fn open(config: &tokio_postgres::Config) -> Result<Self, StoreError> {
        let (client, connection) = config.connect(NoTls).await?;
        // Ends with the client; what goes wrong on the way is told to whoever waits on the client.
        tokio::spawn(connection);
        let (copy, ahead, states, head, violations) = tokio::try_join!(
            client.prepare(copy::COPY),
            client.prepare(AHEAD_WRITE),
            client.prepare(STATES_WRITE),
            client.prepare(HEAD_WRITE),
            client.prepare(violations::WRITE),
        )?;
        Ok(Self { client, copy, ahead, states, head, violations })
    }

    /// Futures polled together are sent in the order written, without waiting for each other's answers. If one fails, the server
    /// refuses those after it and turns the COMMIT into a rollback.
    async fn append(&self, batch: &Batch, now: Timestamp) -> Result<usize, StoreError> {
        let rest = async {
            let (_, (), (), alert_events, ()) = tokio::try_join!(
                self.head(batch),
                self.ahead(&batch.reports),
                self.states(&batch.states),
                violations::write(&self.client, &self.violations, &batch.violations, batch.number, now),
                self.run("COMMIT"),
            )?;
            Ok::<_, StoreError>(alert_events)
        };
        if batch.reports.is_empty() {
            let ((), alert_events) = tokio::try_join!(self.run("BEGIN"), rest)?;
            return Ok(alert_events);
        }
        let begin_copy = async { Ok(self.client.copy_in(&self.copy).await?) };
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

    async fn ahead(&self, reports: &[StoredReport]) -> Result<(), StoreError> {
        let ahead: Vec<_> = reports.iter().filter(|stored| is_ahead(stored)).collect();
        if ahead.is_empty() {
            return Ok(());
        }
        let tags: Vec<i64> = ahead.iter().map(|stored| stored.tag_id).collect();
        let taken: Vec<i64> = ahead.iter().map(|stored| stored.report.taken_at.millis()).collect();
        let received: Vec<DateTime<Utc>> = ahead.iter().map(|stored| server_time(stored.received_at)).collect();
        self.client.execute(&self.ahead, &[&tags, &taken, &received]).await?;
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

    async fn head(&self, batch: &Batch) -> Result<u64, StoreError> {
        Ok(self.client.execute(&self.head, &[&i32::from(batch.shard), &batch.number, &batch.checkpoint]).await?)
    }
}

fn is_ahead(stored: &StoredReport) -> bool {
    stored.report.taken_at.millis_since(stored.received_at) > AHEAD_MILLIS
}
