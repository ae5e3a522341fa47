//! Bringing the tables up to date.

use crate::{Store, StoreError};
use chrono::{DateTime, Utc};
use std::ops::DerefMut;
use tokio_postgres::Client;

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Any program that migrates this database holds this advisory lock ("paband" in ASCII).
const LOCK: i64 = 0x7061_6261_6e64;

/// How reports are kept apart by the day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StorageMode {
    /// A TimescaleDB hypertable.
    Hypertable,
    /// PostgreSQL's own partitions.
    Partitioned,
}

impl StorageMode {
    pub(crate) fn named(name: &str) -> Result<Self, StoreError> {
        match name {
            "hypertable" => Ok(Self::Hypertable),
            "partitioned" => Ok(Self::Partitioned),
            _ => Err(StoreError::Unreadable(format!("the storage mode {name:?}"))),
        }
    }
}

/// What a migration did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MigrationReport {
    /// The steps taken now, `V2__zones_and_leaves`; empty when the tables were up to date.
    pub applied: Vec<String>,
    /// How reports are kept; chosen once, by the first migration.
    pub mode: StorageMode,
}

impl Store {
    /// Takes the steps that are missing, one program at a time, and makes the partitions of the coming days.
    ///
    /// # Errors
    /// When a step fails; the steps before it stay.
    pub async fn migrate(&self) -> Result<MigrationReport, StoreError> {
        let mut client = self.client().await?;
        client.execute("SELECT pg_advisory_lock($1)", &[&LOCK]).await?;
        let report = embedded::migrations::runner().run_async(client.deref_mut().deref_mut()).await;
        client.execute("SELECT pg_advisory_unlock($1)", &[&LOCK]).await?;
        let report = report.map_err(|error| StoreError::Schema(crate::error::with_causes(&error)))?;
        let mode = mode(&client).await?;
        let now: DateTime<Utc> = client.query_one("SELECT now()", &[]).await?.get(0);
        crate::maintain::partitions_ahead(&mut client, mode, now.into()).await?;
        Ok(MigrationReport { applied: report.applied_migrations().iter().map(ToString::to_string).collect(), mode })
    }
}

/// How this database keeps reports.
pub(crate) async fn mode(client: &Client) -> Result<StorageMode, StoreError> {
    StorageMode::named(client.query_one("SELECT mode FROM storage_mode", &[]).await?.get(0))
}

/// The steps that this program knows, `V1__tags_and_wearers`, in order.
pub(crate) fn known_steps() -> Vec<String> {
    let mut steps = embedded::migrations::runner().get_migrations().clone();
    steps.sort_by_key(refinery::Migration::version);
    steps.iter().map(ToString::to_string).collect()
}
