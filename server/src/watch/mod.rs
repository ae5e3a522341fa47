//! `paband watch`: alerts in a terminal, each once, for as long as the operator listens.

pub mod calendar;
pub mod line;
mod place;
mod screen;
mod session;
#[cfg(test)]
mod tests;

use anyhow::Context;
use clap::Args;
use place::Place;
use screen::Screen;
use session::session;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

/// Waits between tries to reach the server: the first, doubled up to the longest.
const RETRY_FIRST: Duration = Duration::from_millis(250);
const RETRY_LONGEST: Duration = Duration::from_secs(8);

/// Where the server is, and how to connect as a monitoring room.
#[derive(Args, Clone, Debug)]
pub struct RoomArgs {
    /// Where the server listens for rooms: http://HOST:PORT, or https:// with --ca.
    #[arg(long, env = "PABAND_SERVER", default_value = "http://127.0.0.1:7743")]
    pub server: String,
    /// PEM file of the authority that signed the server's certificate, for https.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// PEM file of this room's own certificate, where the server asks for one.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub certificate: Option<PathBuf>,
    /// PEM file of the key of --certificate.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    pub key: Option<PathBuf>,
}

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

impl RoomArgs {
    /// How to reach the server.
    ///
    /// # Errors
    /// When the address or a PEM file is not usable.
    pub fn endpoint(&self) -> anyhow::Result<Endpoint> {
        let args = self;
        let endpoint = Endpoint::from_shared(args.server.clone())
            .with_context(|| format!("--server {} is no address; write http://HOST:PORT", args.server))?
            .connect_timeout(Duration::from_secs(5))
            .http2_keep_alive_interval(Duration::from_secs(10))
            .keep_alive_timeout(Duration::from_secs(10))
            .keep_alive_while_idle(true);
        if args.ca.is_none() && args.certificate.is_none() {
            return Ok(endpoint);
        }
        let mut tls = ClientTlsConfig::new();
        if let Some(ca) = &args.ca {
            tls = tls.ca_certificate(Certificate::from_pem(pem(ca)?));
        }
        if let (Some(certificate), Some(key)) = (&args.certificate, &args.key) {
            tls = tls.identity(Identity::from_pem(pem(certificate)?, pem(key)?));
        }
        endpoint.tls_config(tls).context("the PEM files of --ca, --certificate and --key do not fit")
    }
}

impl WatchArgs {
    /// What happens from now on at one server, with no file kept.
    pub fn of_server(server: String) -> Self {
        Self { room: RoomArgs { server, ca: None, certificate: None, key: None }, after: None, state: None, persian: false }
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
            lost = session(&endpoint, &mut place, &mut screen) => lost?,
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

fn pem(path: &PathBuf) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
