//! `paband db`.

use crate::cli::DbCommand;
use crate::config::Config;
use crate::database::Database;
use anyhow::{Context, Result};
use store::{StorageMode, StorageStatus};

/// Brings the database up to date, or says how it stands.
pub async fn run(config: &Config, command: DbCommand) -> Result<()> {
    crate::logging::start(&config.log)?;
    match command {
        DbCommand::Migrate => {
            let report = Database::migrate(config).await?;
            say!(
                "{}",
                if report.applied.is_empty() { "up to date already".to_owned() } else { format!("applied: {}", report.applied.join(", ")) }
            );
            Ok(())
        }
        DbCommand::Url => {
            let database = Database::open_unmigrated(config).await?;
            say!("{}", database.private_url().context("a database is configured: its address is where you configured it")?);
            database.close().await
        }
        DbCommand::Status => {
            let database = Database::open_unmigrated(config).await?;
            say!("{}", database.described);
            print(&database.store.status().await?);
            database.close().await
        }
    }
}

fn print(status: &StorageStatus) {
    let mode = match status.mode {
        None => "not migrated yet: run paband db migrate",
        Some(StorageMode::Hypertable) => "TimescaleDB hypertable",
        Some(StorageMode::Partitioned) => "native partitions by day",
    };
    say!("PostgreSQL {}, {} MB; reports in: {mode}", status.server, status.bytes / 1_000_000);
    say!("migrations: {} applied{}", status.applied.len(), pending(status));
    say!("{} tags, {} wearers, {} zone versions", status.tags, status.wearers, status.zone_versions);
    say!("{} alerts, {} of them open; newest batch {}", status.alerts, status.alerts_open, status.highest_batch);
    say!("quarantine: {} items, {} ever", status.quarantined, status.quarantined_ever);
    if status.reports_astray > 0 {
        say!("WARNING: {} reports lie in no day's partition; the maintenance of a running server moves them", status.reports_astray);
    }
    for day in &status.partitions {
        let index = if day.indexed_by_tag { "closed, indexed by tag" } else { "open" };
        say!("  {:<28} {:>10} kB  {index}", day.name, day.bytes / 1000);
    }
}

fn pending(status: &StorageStatus) -> String {
    if status.pending.is_empty() { String::new() } else { format!(", PENDING: {}", status.pending.join(", ")) }
}
