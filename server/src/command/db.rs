//! `paband db`.

use crate::cli::DbCommand;
use crate::config::Config;
use crate::database::Database;
use anyhow::{Context, Result};

/// Brings the database up to date, or says how it stands.
pub async fn run(config: &Config, command: DbCommand) -> Result<()> {
    crate::logging::start(&config.log)?;
    match command {
        DbCommand::Migrate => {
            let database = Database::open_unmigrated(config).await?;
            let report = database.store.migrate().await?;
            println!("{}", if report.applied.is_empty() { "up to date already".to_owned() } else { format!("applied: {}", report.applied.join(", ")) });
            database.close().await
        }
        DbCommand::Url => {
            let database = Database::open_unmigrated(config).await?;
            println!("{}", database.private_url().context("a database is configured: its address is where you configured it")?);
            database.close().await
        }
        DbCommand::Status => {
            let database = Database::open_unmigrated(config).await?;
            println!("{}", database.described);
            print!("{}", database.store.status().await?);
            database.close().await
        }
    }
}
