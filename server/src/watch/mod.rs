//! `paband watch`: alerts in a terminal, each once, for as long as the operator listens.

pub mod calendar;
pub mod line;
mod place;
mod screen;
mod session;
#[cfg(test)]
mod tests;

use crate::room::RoomArgs;
use clap::Args;
use place::Place;
use screen::Screen;
use session::session;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Waits between tries to reach the server: the first, doubled up to the longest.
const RETRY_FIRST: Duration = Duration::from_millis(250);
const RETRY_LONGEST: Duration = Duration::from_secs(8);

/// Show alerts as they happen. Survives restarts of the server; shows each event once.
#[derive(Args, Clone, Debug)]
pub struct WatchArgs {
    #[command(flatten)]
    pub room: RoomArgs,
    /// Show everything after this event; 0 = from the first ever. Without it: what happens from now on.
    #[arg(long, value_name = "SEQUENCE", value_parser = clap::value_parser!(i64).range(0..))]
    pub after: Option<i64>,
    /// Keep the number of the last event shown in this file, and go on behind it at the next start (then --after is not used).
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Name the kinds of alerts in Persian too. Needs a terminal that shows right-to-left text.
    #[arg(long)]
    pub persian: bool,
}

impl WatchArgs {
    /// What happens from now on at one server, with no file kept.
    pub fn of_server(server: String) -> Self {
        Self { room: RoomArgs::of_server(server), after: None, state: None, persian: false }
    }
}

/// What [`run`] is to do.
#[derive(Clone, Debug)]
pub struct WatchOptions {
    /// From the command line.
    pub args: WatchArgs,
    /// Whether `out` shows colours.
    pub colour: bool,
}

impl From<WatchArgs> for WatchOptions {
    /// Colours for a terminal, unless `NO_COLOR` says otherwise (no-color.org).
    fn from(args: WatchArgs) -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { args, colour: !refused && std::io::stdout().is_terminal() }
    }
}

/// Shows events on `out` until `cancel`.
///
/// # Errors
/// When an option or a file is not usable, or `out` or the state file cannot be written. A server that is away is no error.
pub async fn run(options: WatchOptions, out: impl Write, cancel: CancellationToken) -> anyhow::Result<()> {
    let endpoint = options.args.room.endpoint()?;
    let mut place = Place::open(options.args.state.clone(), options.args.after)?;
    let mut screen = Screen::new(out, options.colour, options.args.persian);
    let mut retry_after = RETRY_FIRST;
    loop {
        let lost = tokio::select! {
            () = cancel.cancelled() => return Ok(()),
            lost = session(&options.args.room, &endpoint, &mut place, &mut screen) => lost?,
        };
        if lost.had_answer {
            retry_after = RETRY_FIRST;
        }
        screen.lost(&options.args.room.server, &lost.why)?;
        tokio::select! {
            () = cancel.cancelled() => return Ok(()),
            () = tokio::time::sleep(retry_after) => {}
        }
        retry_after = (retry_after * 2).min(RETRY_LONGEST);
    }
}
