//! The database that a command works on: the configured one, or a PostgreSQL that paband runs for itself.

use crate::config::Config;
use anyhow::{Context, Result};
use store::postgres::ManagedPostgres;
use store::{DatabaseAuthority, Store};

/// An open database.
pub struct Database {
    pub store: Store,
    /// Where it is, for a person; without credentials.
    pub described: String,
    managed: Option<ManagedPostgres>,
}

impl Database {
    /// Connects to the configured database, or starts paband's own. Migrations are applied.
    pub async fn open(config: &Config) -> Result<Self> {
        let database = Self::open_unmigrated(config).await?;
        let report = match database.store.migrate().await {
            Ok(report) => report,
            Err(error) => {
                // What was started for this is not left running.
                database.close().await?;
                return Err(error).context("the database could not be brought up to date");
            }
        };
        if !report.applied.is_empty() {
            tracing::info!(applied = ?report.applied, "database brought up to date");
        }
        Ok(database)
    }

    /// The same without migrations: for looking only.
    pub async fn open_unmigrated(config: &Config) -> Result<Self> {
        let (url, managed, described) = match config.database_url()? {
            Some(url) => (url, None, "the configured PostgreSQL".to_owned()),
            None => {
                let described = format!("paband's own PostgreSQL in {}", config.state_dir.display());
                let managed = ManagedPostgres::start(&config.state_dir).await?;
                (managed.url(), Some(managed), described)
            }
        };
        let authority = authority(config)?;
        let store = Store::connect_trusting(&url, config.database.connections, authority.as_ref()).await;
        let store = store.context("no connection to the database")?;
        Ok(Self { store, described, managed })
    }

    /// The address of paband's own PostgreSQL, if that is in use.
    pub fn private_url(&self) -> Option<String> {
        self.managed.as_ref().map(ManagedPostgres::url)
    }

    /// Leaves the database. Stops paband's own PostgreSQL if this process started it: a command beside a running server must not.
    pub async fn close(self) -> Result<()> {
        match self.managed {
            Some(managed) if !managed.was_running() => managed.stop().await.context("PostgreSQL did not stop cleanly"),
            _ => Ok(()),
        }
    }

    /// Leaves the database for good: the server's end. Stops paband's own PostgreSQL, whoever started it.
    pub async fn shut_down(self) -> Result<()> {
        let Self { store, managed, .. } = self;
        // Connections end before the server they lead to.
        drop(store);
        match managed {
            Some(managed) => managed.stop().await.context("PostgreSQL did not stop cleanly"),
            None => Ok(()),
        }
    }
}

/// Who vouches for a database on another machine.
fn authority(config: &Config) -> Result<Option<DatabaseAuthority>> {
    let Some(path) = &config.database.ca else { return Ok(None) };
    let pem = std::fs::read(path).with_context(|| format!("cannot read database.ca {}", path.display()))?;
    let authority = DatabaseAuthority::from_pem(&pem).with_context(|| format!("database.ca {} cannot be used", path.display()))?;
    Ok(Some(authority))
}
