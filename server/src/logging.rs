//! Where log lines go and how they look.

use crate::config::{Log, LogFormat};
use anyhow::{Context, Result};
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{fmt, registry};

/// The parts whose every line is written here, and so known to carry no position, name, payload or secret.
const OURS: [&str; 7] = ["paband", "ingest", "store", "monitor_api", "geofence", "billing", "simulator"];

/// Sends log lines to standard error. `PABAND_LOG` wins over the configured level; libraries say no more than `info` at any level.
///
/// # Errors
/// When the level cannot be understood.
pub fn start(log: &Log) -> Result<()> {
    // The pool's own words about lost connections only repeat what its callers say with more sense.
    let level = std::env::var("PABAND_LOG").unwrap_or_else(|_| format!("{},deadpool_postgres=error", log.level));
    let filter = EnvFilter::try_new(&level).with_context(|| format!("the log level {level:?} is not understood; try info"))?;
    let lines = registry().with(filter).with(filter_fn(may_be_told));
    let to_stderr = fmt::layer().with_writer(std::io::stderr);
    match log.format {
        LogFormat::Text => {
            let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
            lines.with(to_stderr.with_ansi(ansi).with_target(false)).init();
        }
        LogFormat::Json => lines.with(to_stderr.json()).init(),
    }
    Ok(())
}

/// What libraries say for their own developers shows what passes through them: headers with session keys, parameters of statements.
fn may_be_told(line: &Metadata<'_>) -> bool {
    let part = line.target().split("::").next().unwrap_or_default();
    *line.level() <= Level::INFO || OURS.contains(&part)
}
