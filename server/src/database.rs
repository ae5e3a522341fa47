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
        let place = Place::find(config).await?;
        let report = match Store::migrate(&place.owner, place.authority.as_ref()).await {
            Ok(report) => report,
            Err(error) => {
                // What was started for this is not left running.
                place.leave().await?;
                return Err(error).context("the database could not be brought up to date");
            }
        };
        if !report.applied.is_empty() {
            tracing::info!(applied = ?report.applied, "database brought up to date");
        }
        Self::connect(config, place).await
    }

    /// The same without migrations: for looking only.
    pub async fn open_unmigrated(config: &Config) -> Result<Self> {
        let mut place = Place::find(config).await?;
        // Before the first migration there is no other role.
        place.service.clone_from(&place.owner);
        Self::connect(config, place).await
    }

    async fn connect(config: &Config, place: Place) -> Result<Self> {
        let store = Store::connect_trusting(&place.service, config.database.connections, place.authority.as_ref()).await;
        let store = store.context("no connection to the database")?;
        Ok(Self { store, described: place.described, managed: place.managed })
    }

    /// Takes the missing migrations and nothing else.
    pub async fn migrate(config: &Config) -> Result<store::MigrationReport> {
        let place = Place::find(config).await?;
        let report = Store::migrate(&place.owner, place.authority.as_ref()).await;
        place.leave().await?;
        report.context("the database could not be brought up to date")
    }

    /// The address of paband's own PostgreSQL, if that is in use.
    pub fn private_url(&self) -> Option<String> {
        self.managed.as_ref().map(ManagedPostgres::url)
    }

    /// Leaves the database. Stops paband's own PostgreSQL if this process started it: a command beside a running server must not.
    pub async fn close(self) -> Result<()> {
        drop(self.store);
        leave(self.managed).await
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

/// Where the database is.
struct Place {
    /// For who owns the tables.
    owner: String,
    /// For the service.
    service: String,
    /// Who vouches for it, if it is on another machine.
    authority: Option<DatabaseAuthority>,
    described: String,
    managed: Option<ManagedPostgres>,
}

impl Place {
    async fn find(config: &Config) -> Result<Self> {
        let authority = authority(config)?;
        if let Some(url) = config.database_url()? {
            return Ok(Self {
                owner: url.clone(),
                service: url,
                authority,
                described: "the configured PostgreSQL".to_owned(),
                managed: None,
            });
        }
        let described = format!("paband's own PostgreSQL in {}", config.state_dir.display());
        let managed = ManagedPostgres::start(&config.state_dir).await?;
        Ok(Self { owner: managed.url(), service: managed.service_url(), authority, described, managed: Some(managed) })
    }

    async fn leave(self) -> Result<()> {
        leave(self.managed).await
    }
}

async fn leave(managed: Option<ManagedPostgres>) -> Result<()> {
    match managed {
        Some(managed) if !managed.was_running() => managed.stop().await.context("PostgreSQL did not stop cleanly"),
        _ => Ok(()),
    }
}

/// Who vouches for a database on another machine.
fn authority(config: &Config) -> Result<Option<DatabaseAuthority>> {
    let Some(path) = &config.database.ca else { return Ok(None) };
    let pem = std::fs::read(path).with_context(|| format!("cannot read database.ca {}", path.display()))?;
    let authority = DatabaseAuthority::from_pem(&pem).with_context(|| format!("database.ca {} cannot be used", path.display()))?;
    Ok(Some(authority))
}
