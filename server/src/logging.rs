//! Where log lines go and how they look.

use crate::config::{Log, LogFormat};
use anyhow::{Context, Result};
use tracing_subscriber::EnvFilter;

/// Sends log lines to standard error. `PABAND_LOG` wins over the configured level.
///
/// # Errors
/// When the level cannot be understood.
pub fn start(log: &Log) -> Result<()> {
    // The pool's own words about lost connections only repeat what its callers say with more sense.
    let level = std::env::var("PABAND_LOG").unwrap_or_else(|_| format!("{},deadpool_postgres=error", log.level));
    let filter = EnvFilter::try_new(&level).with_context(|| format!("the log level {level:?} is not understood; try info"))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match log.format {
        LogFormat::Text => lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).with_target(false).init(),
        LogFormat::Json => lines.json().init(),
    }
    Ok(())
}
