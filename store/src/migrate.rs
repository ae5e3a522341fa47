//! Bringing the tables up to date.

use crate::{DatabaseAuthority, Store, StoreError};
use chrono::{DateTime, Utc};
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

/// What the role that the service works in may do.
const SERVICE_ROLE: &str = include_str!("service_role.sql");

/// Whether the role is there: of a database that is up to date nothing more is asked of whoever serves.
const HAS_ROLE: &str = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'paband_service')";

impl Store {
    /// Takes the steps that are missing, one program at a time, and makes the partitions of the coming days. The login that `url` names must own
    /// the tables, or for the first time be able to make them and the role that the service works in; where nothing is missing, any will do.
    ///
    /// # Errors
    /// When the database does not answer, or a step fails; the steps before it stay.
    pub async fn migrate(url: &str, authority: Option<&DatabaseAuthority>) -> Result<MigrationReport, StoreError> {
        let mut client = crate::store::connect_owner(url, authority).await?;
        client.execute("SELECT pg_advisory_lock($1)", &[&LOCK]).await?;
        let report = take_steps(&mut client).await;
        client.execute("SELECT pg_advisory_unlock($1)", &[&LOCK]).await?;
        report
    }
}

async fn take_steps(client: &mut Client) -> Result<MigrationReport, StoreError> {
    let has_role: bool = client.query_one(HAS_ROLE, &[]).await?.get(0);
    if has_role && crate::status::pending(client).await?.is_empty() {
        return Ok(MigrationReport { applied: Vec::new(), mode: mode(client).await? });
    }
    let report = embedded::migrations::runner().run_async(client).await;
    let report = report.map_err(|error| StoreError::Schema(crate::error::with_causes(&error)))?;
    let mode = mode(client).await?;
    let now: DateTime<Utc> = client.query_one("SELECT now()", &[]).await?.get(0);
    crate::maintain::partitions_ahead(client, mode, now.into()).await?;
    client.batch_execute(SERVICE_ROLE).await?;
    Ok(MigrationReport { applied: report.applied_migrations().iter().map(ToString::to_string).collect(), mode })
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
