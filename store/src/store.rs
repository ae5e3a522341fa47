//! The pool of connections.

use crate::audit::AuditWriter;
use crate::connector::{self, Connector};
use crate::journal::SHARD_LOCK_CLASS;
use crate::people::Strangers;
use crate::{DatabaseAuthority, JournalConnection, StoreError};
use deadpool_postgres::{Client, Pool, Runtime, Timeouts};
use std::sync::Arc;
use std::time::Duration;

/// How long a caller waits for a free connection, and for a new one to be made, before it is told that the database cannot be reached.
const WAIT_MAX: Duration = Duration::from_secs(10);

const JOURNALS_LEFT: &str = "
    SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid::bigint = $1
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// What every session relies on, whatever the server's own settings.
const SETTINGS: &str = "-c TimeZone=UTC -c DateStyle=ISO -c synchronous_commit=on -c client_min_messages=warning -c jit=off";

/// The role that every session works in once the tables are there: it cannot touch the audit's past.
const ROLE: &str = "-c role=paband_service";

const HAS_TABLES: &str = "SELECT to_regclass('audit') IS NOT NULL AND EXISTS (SELECT FROM pg_roles WHERE rolname = 'paband_service')";

/// The database. Clones share one pool.
#[derive(Clone)]
pub struct Store {
    pool: Pool,
    connector: Connector,
    pub(crate) audit: AuditWriter,
    pub(crate) strangers: Arc<Strangers>,
}

impl std::fmt::Debug for Store {
    /// Never shows the address: it may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("connections", &self.pool.status().size).finish_non_exhaustive()
    }
}

impl Store {
    /// A pool of at most `connections` to the database at `url`; makes one at once, and no table. A journal and a listener each
    /// take one more, of their own. Sessions work in the role `paband_service`, unless the database was never migrated. For a database on this
    /// machine; see [`Self::connect_trusting`] for any other.
    ///
    /// # Errors
    /// When `url` makes no sense, leads away from this machine, or the database does not answer.
    pub async fn connect(url: &str, connections: usize) -> Result<Self, StoreError> {
        Self::connect_trusting(url, connections, None).await
    }

    /// The same, where a database away from this machine is reached by TLS and must show a certificate of `authority`.
    ///
    /// # Errors
    /// When `url` makes no sense, leads away from this machine without TLS or an authority, or the database does not answer.
    pub async fn connect_trusting(url: &str, connections: usize, authority: Option<&DatabaseAuthority>) -> Result<Self, StoreError> {
        let owner = connect_owner(url, authority).await?;
        let has_tables: bool = owner.query_one(HAS_TABLES, &[]).await?.get(0);
        drop(owner);
        let connector = connector(url, if has_tables { ROLE } else { "" }, authority)?;
        let pool = Pool::builder(connector.manager())
            .max_size(connections.max(1))
            .wait_timeout(Some(WAIT_MAX))
            .create_timeout(Some(WAIT_MAX))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| StoreError::Unreachable(error.to_string()))?;
        let audit = AuditWriter::start(pool.clone());
        let store = Self { pool, connector, audit, strangers: Arc::default() };
        let _answers = store.client().await?;
        Ok(store)
    }

    /// The connection of one shard, for one batch at a time, beside the pool. Waits until a former connection of the same shard is gone.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn journal_connection(&self, shard: u16) -> Result<JournalConnection, StoreError> {
        JournalConnection::connect(self.connector.clone(), shard).await
    }

    /// Waits until no journal connection of a former or another server is left: only then does reading back show everything.
    ///
    /// # Errors
    /// When some are still there after `patience`, or the database does not answer.
    pub async fn journals_gone(&self, patience: Duration) -> Result<(), StoreError> {
        let started = tokio::time::Instant::now();
        let client = self.client().await?;
        loop {
            let left: i64 = client.query_one(JOURNALS_LEFT, &[&i64::from(SHARD_LOCK_CLASS)]).await?.get(0);
            if left == 0 {
                return Ok(());
            }
            if started.elapsed() >= patience {
                return Err(StoreError::InUse);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn client(&self) -> Result<Client, StoreError> {
        Ok(self.pool.get().await?)
    }

    /// One more connection, if nobody else needs it now.
    pub(crate) async fn spare_client(&self) -> Option<Client> {
        let at_once = Timeouts { wait: Some(Duration::ZERO), create: Some(WAIT_MAX), recycle: None };
        self.pool.timeout_get(&at_once).await.ok()
    }

    pub(crate) fn connector(&self) -> Connector {
        self.connector.clone()
    }
}

/// One connection as whoever `url` names, in no other role.
pub(crate) async fn connect_owner(url: &str, authority: Option<&DatabaseAuthority>) -> Result<tokio_postgres::Client, StoreError> {
    let (client, connection) = connector(url, "", authority)?.connect().await?;
    tokio::spawn(connection);
    Ok(client)
}

fn connector(url: &str, more: &str, authority: Option<&DatabaseAuthority>) -> Result<Connector, StoreError> {
    let mut config = connector::config(url)?;
    config.connect_timeout(WAIT_MAX);
    if config.get_application_name().is_none() {
        config.application_name("paband");
    }
    let given = config.get_options().unwrap_or_default().to_owned();
    config.options(format!("{given} {SETTINGS} {more}"));
    Connector::new(config, authority)
}
