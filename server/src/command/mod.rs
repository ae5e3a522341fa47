//! One file a command.

pub mod administrator;
pub mod audit;
pub mod billing;
mod books_read;
pub mod db;
pub mod demo;
mod demo_people;
pub mod explain;
pub mod judge;
pub mod login;
pub mod pki;
pub mod release;
pub mod retention;
pub mod rights;
pub mod serve;
pub mod simulate;
pub mod staff;
pub mod standing;

use crate::config::Config;
use crate::watch::WatchArgs;
use anyhow::{Context, Result};
use std::sync::Arc;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Cancelled by the first Ctrl-C or SIGTERM.
pub fn told_to_stop() -> Result<CancellationToken> {
    let stop = CancellationToken::new();
    let cancelled = stop.clone();
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).context("SIGTERM cannot be heard")?;
    tokio::spawn(async move {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        cancelled.cancel();
    });
    Ok(stop)
}

/// Notified by each SIGHUP.
pub fn told_to_look() -> Result<Arc<Notify>> {
    let look = Arc::new(Notify::new());
    let notified = Arc::clone(&look);
    let mut hangup = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).context("SIGHUP cannot be heard")?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            notified.notify_one();
        }
    });
    Ok(look)
}

/// A connection is an open file: allows as many as the system lets this user have.
pub fn raise_open_files_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the limit of open files could not be raised; fewer tags can be connected at once");
    }
}

/// `paband config check`.
pub fn config_check(config: &Config) -> Result<()> {
    print!("{}", toml::to_string(config).context("the configuration cannot be written")?);
    let url = match config.database_url()? {
        Some(_) => "given (not shown)",
        None => "not given: paband runs its own PostgreSQL in state_dir",
    };
    say!("\n# database URL: {url}");
    for line in crate::tls::check(config)? {
        say!("# {line}");
    }
    for warning in crate::exposure::warnings(config) {
        say!("# WARNING: {warning}");
    }
    Ok(())
}

/// `paband watch`.
pub async fn watch(args: WatchArgs) -> Result<()> {
    let stop = told_to_stop()?;
    crate::watch::run(args.into(), std::io::stdout(), stop).await
}

/// Who runs this command, for the audit: the user of the operating system, and through whom if that is known.
pub fn caller(act: &str) -> access::Caller {
    let uid = rustix::process::getuid().as_raw();
    let said = ["SUDO_USER", "USER"].into_iter().find_map(|name| std::env::var(name).ok().filter(|user| !user.is_empty()));
    let user = said.map_or_else(|| format!("uid {uid}"), |user| format!("{user} (uid {uid})"));
    access::Caller::command(user, act)
}
