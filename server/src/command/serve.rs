//! `paband serve`.

use crate::config::Config;
use crate::database::Database;
use crate::system::System;
use anyhow::Result;

/// Runs the server until it is told to stop.
pub async fn run(config: Config) -> Result<()> {
    crate::logging::start(&config.log)?;
    let stop = super::told_to_stop()?;
    let look = super::told_to_look()?;
    super::raise_open_files_limit();
    let database = Database::open(&config).await?;
    tracing::info!(database = database.described, "database ready");
    for warning in crate::exposure::warnings(&config) {
        tracing::warn!(warning, "not as safe as it could be");
    }
    let system = System::start(&config, database, look).await?;
    tracing::info!(rooms = %system.rooms, machines = system.machines.map(tracing::field::display), "ready");
    stop.cancelled().await;
    tracing::info!("stopping: no new connections; what is held is committed and answered");
    let stopped = system.stop().await?;
    anyhow::ensure!(
        stopped.connections_abandoned + stopped.shards_abandoned == 0,
        "stopped at the deadline: {} connections and {} shards were abandoned; nothing of it was acknowledged, the tags send it again",
        stopped.connections_abandoned,
        stopped.shards_abandoned
    );
    Ok(())
}
