//! `paband retention`: what is kept for how long, and deleting what is over.

use crate::cli::RetentionCommand;
use crate::config::Config;
use crate::database::Database;
use anyhow::{Context, Result};
use store::{DataKind, Deletion, KindStatus, Retention};

/// Runs the timed deletion, or says how it stands.
pub async fn run(config: &Config, command: RetentionCommand) -> Result<()> {
    crate::logging::start(&config.log)?;
    let retention = config.retention.limits();
    let database = Database::open(config).await?;
    let now = chrono::Utc::now();
    match command {
        RetentionCommand::Run { dry_run } => {
            let done = database.store.retention_run(&super::caller("retention run"), &retention, now, dry_run).await;
            database.close().await?;
            let done = done.context("the deletion broke off; what it had deleted is recorded, and the next run goes on")?;
            done.iter().for_each(|deletion| say!("{}", deleted(deletion, dry_run)));
        }
        RetentionCommand::Status => {
            let kinds = database.store.retention_status(&retention, now).await;
            database.close().await?;
            say!("{:<12} {:>10}  {:<12} {:<20} last run", "kind", "kept, days", "oldest", "next deletes before");
            kinds?.iter().for_each(|status| say!("{}", stands(status, &retention)));
        }
    }
    Ok(())
}

/// `tracks       older than 2024-11-26: 480 rows deleted, 39 held`
fn deleted(Deletion { kind, older_than, rows, held, .. }: &Deletion, dry_run: bool) -> String {
    let word = if dry_run { "would be deleted" } else { "deleted" };
    let unit = if *kind == DataKind::Files { "archives" } else { "rows" };
    format!("{:<12} older than {}: {rows} {unit} {word}, {held} held", kind.name(), older_than.date_naive())
}

fn stands(KindStatus { kind, older_than, oldest, last }: &KindStatus, retention: &Retention) -> String {
    let oldest = oldest.map_or_else(|| "-".to_owned(), |oldest| oldest.date_naive().to_string());
    let last = last.as_ref().map_or_else(
        || "never".to_owned(),
        |last| format!("{}: {} deleted, {} held", last.at.format("%Y-%m-%d %H:%M"), last.rows, last.held),
    );
    format!("{:<12} {:>10}  {oldest:<12} {:<20} {last}", kind.name(), retention.days(*kind), older_than.date_naive().to_string())
}
