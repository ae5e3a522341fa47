//! The configuration file: one struct, unknown keys are errors, secrets never shown.

use crate::config_sessions::Sessions;
use anyhow::{Context, Result};
use ingest::WireProtocol;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Everything that can be configured. The defaults run the whole system on this machine.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where paband keeps its own files: the private PostgreSQL, if it runs one.
    pub state_dir: PathBuf,
    pub database: Database,
    /// One entry a listening socket for tags.
    pub tags: Vec<TagListener>,
    pub rooms: Rooms,
    pub machines: Machines,
    pub sessions: Sessions,
    pub limits: Limits,
    pub retention: Retention,
    pub release: Release,
    pub log: Log,
}

/// How long each kind of data is kept, days. Legal holds keep longer what they concern.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Reports of tags, by the day on which they were received; at least 30.
    pub tracks_days: u32,
    /// Bytes that could not become reports.
    pub raw_frames_days: u32,
    /// Sessions that are over, and failed log-ins.
    pub sessions_days: u32,
    /// Archives of released data; the record of a release stays.
    pub files_days: u32,
}

/// Data handed to authorities.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Release {
    /// The Ed25519 private key (PEM) that signs archives; without it, one is made in the state directory.
    pub key: Option<PathBuf>,
}

/// The database.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// A file that holds the connection URL. The environment's `DATABASE_URL` wins. With neither, paband runs a PostgreSQL of its own.
    pub url_file: Option<PathBuf>,
    /// PEM file of who vouches for a database on another machine. Only by this is such a database believed, and never without TLS.
    pub ca: Option<PathBuf>,
    /// Connections for questions (rooms, staff). The journal has its own, one a shard.
    pub connections: usize,
}

/// A listening socket for tags.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TagListener {
    pub protocol: WireProtocol,
    pub address: SocketAddr,
    /// With a certificate and its key, tags must speak TLS here.
    #[serde(default)]
    pub tls: Option<Tls>,
}

/// The gRPC side for people. Where other machines can reach it, it needs TLS.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rooms {
    pub address: SocketAddr,
    pub tls: Option<Tls>,
}

/// The gRPC side for other services and wall displays, who say by a certificate of `client_ca` which machine they are.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Machines {
    /// Without an address there is no such listener.
    pub address: Option<SocketAddr>,
    pub tls: Option<Tls>,
    /// PEM file of the authority that gives machines their certificates; it must vouch for nobody else.
    pub client_ca: Option<PathBuf>,
}

/// A certificate chain and its private key, PEM. Files that change come into force without a restart.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Limits that an installation may want to change. What happens at each is said at the limit itself in `ingest`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Shards, and with them journal connections; 0 = one a core.
    pub shards: usize,
    pub connections_max: usize,
    pub login_s: u64,
    pub idle_s: u64,
    pub frame_s: u64,
    pub batch_reports_max: usize,
    pub linger_ms: u64,
    /// A report that came later than this is judged in the background, days.
    pub judge_again_days: u64,
    pub reports_in_flight_max: usize,
    pub checkpoint_s: u64,
    /// For an orderly stop.
    pub stop_s: u64,
}

/// What paband writes about itself.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    pub format: LogFormat,
    /// `error`, `warn`, `info`, `debug`, or per part: `info,ingest=debug`. The environment's `PABAND_LOG` wins.
    pub level: String,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    Text,
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            state_dir: default_state_dir(),
            database: Database::default(),
            tags: vec![
                TagListener { protocol: WireProtocol::Native, address: local(7700), tls: None },
                TagListener { protocol: WireProtocol::Teltonika, address: local(7701), tls: None },
            ],
            rooms: Rooms::default(),
            machines: Machines::default(),
            sessions: Sessions::default(),
            limits: Limits::default(),
            retention: Retention::default(),
            release: Release::default(),
            log: Log::default(),
        }
    }
}

impl Default for Database {
    fn default() -> Self {
        Self { url_file: None, ca: None, connections: 8 }
    }
}

impl Default for Rooms {
    fn default() -> Self {
        Self { address: local(7743), tls: None }
    }
}

impl Default for Limits {
    fn default() -> Self {
        let connections = ingest::ConnectionLimits::default();
        let shards = ingest::ShardLimits::default();
        Self {
            shards: 0,
            connections_max: connections.connections_max,
            login_s: connections.login.as_secs(),
            idle_s: connections.idle.as_secs(),
            frame_s: connections.frame.as_secs(),
            batch_reports_max: shards.batch_reports_max,
            linger_ms: 4,
            judge_again_days: 7,
            reports_in_flight_max: shards.reports_in_flight_max,
            checkpoint_s: shards.checkpoint_after.as_secs(),
            stop_s: 30,
        }
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self { tracks_days: 730, raw_frames_days: 30, sessions_days: 365, files_days: 90 }
    }
}

impl Retention {
    /// As the store wants them.
    pub const fn limits(&self) -> store::Retention {
        let Self { tracks_days, raw_frames_days, sessions_days, files_days } = *self;
        store::Retention { tracks_days, raw_frames_days, sessions_days, files_days }
    }

    fn check(&self) -> Result<()> {
        let Self { tracks_days, raw_frames_days, sessions_days, files_days } = *self;
        let min = store::Retention::TRACKS_DAYS_MIN;
        anyhow::ensure!(
            tracks_days >= min,
            "retention.tracks_days is {tracks_days}; it must be at least {min}: late reports and corrections are judged over the tracks of that time"
        );
        for (name, days) in [("raw_frames_days", raw_frames_days), ("sessions_days", sessions_days), ("files_days", files_days)] {
            anyhow::ensure!(days > 0, "retention.{name} is 0; it must be at least 1");
        }
        Ok(())
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: "info".to_owned() }
    }
}

impl Limits {
    /// The shards to run.
    pub fn shard_count(&self) -> usize {
        match self.shards {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            count => count,
        }
    }

    /// As the door wants them.
    pub fn door(&self, timers_from: geofence::Timestamp) -> ingest::DoorOptions {
        ingest::DoorOptions {
            connections: ingest::ConnectionLimits {
                connections_max: self.connections_max,
                login: Duration::from_secs(self.login_s),
                idle: Duration::from_secs(self.idle_s),
                frame: Duration::from_secs(self.frame_s),
                ..ingest::ConnectionLimits::default()
            },
            shards: ingest::ShardLimits {
                batch_reports_max: self.batch_reports_max,
                linger: Duration::from_millis(self.linger_ms),
                again_horizon: Duration::from_secs(self.judge_again_days.saturating_mul(86_400)),
                reports_in_flight_max: self.reports_in_flight_max,
                checkpoint_after: Duration::from_secs(self.checkpoint_s),
                ..ingest::ShardLimits::default()
            },
            clock: crate::clock::now,
            timers_from,
        }
    }
}

impl Config {
    /// Reads the file, or gives the defaults where no file is named.
    ///
    /// # Errors
    /// When the file cannot be read, holds an unknown key, or a value makes no sense; the message says which and what to do.
    pub fn read(path: Option<&Path>) -> Result<Self> {
        let config = match path {
            None => Self::default(),
            Some(path) => {
                let text = std::fs::read_to_string(path).with_context(|| format!("cannot read the configuration {}", path.display()))?;
                toml::from_str(&text).with_context(|| format!("the configuration {} is wrong", path.display()))?
            }
        };
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<()> {
        let Limits { connections_max, login_s, idle_s, frame_s, batch_reports_max, reports_in_flight_max, checkpoint_s, .. } = self.limits;
        anyhow::ensure!(!self.tags.is_empty(), "no [[tags]] listener is configured: tags could not report");
        for (name, value) in [
            ("limits.connections_max", connections_max as u64),
            ("limits.login_s", login_s),
            ("limits.idle_s", idle_s),
            ("limits.frame_s", frame_s),
            ("limits.batch_reports_max", batch_reports_max as u64),
            ("limits.checkpoint_s", checkpoint_s),
            ("database.connections", self.database.connections as u64),
        ] {
            anyhow::ensure!(value > 0, "{name} is 0; it must be at least 1");
        }
        anyhow::ensure!(
            reports_in_flight_max >= batch_reports_max,
            "limits.reports_in_flight_max ({reports_in_flight_max}) is below limits.batch_reports_max ({batch_reports_max}): no batch would ever fill"
        );
        self.sessions.check()?;
        self.retention.check()?;
        crate::exposure::check(self)
    }

    /// The configured database URL, if there is one: the environment first, then the file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn database_url(&self) -> Result<Option<String>> {
        if let Ok(url) = std::env::var("DATABASE_URL")
            && !url.is_empty()
        {
            return Ok(Some(url));
        }
        let Some(path) = &self.database.url_file else { return Ok(None) };
        let url = std::fs::read_to_string(path).with_context(|| format!("cannot read database.url_file {}", path.display()))?;
        Ok(Some(url.trim().to_owned()))
    }
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn default_state_dir() -> PathBuf {
    let is_root = rustix::process::geteuid().is_root();
    match (is_root, std::env::var_os("XDG_STATE_HOME"), std::env::var_os("HOME")) {
        (true, ..) | (_, None, None) => PathBuf::from("/var/lib/paband"),
        (false, Some(state), _) => PathBuf::from(state).join("paband"),
        (false, None, Some(home)) => PathBuf::from(home).join(".local/state/paband"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Config, Limits, Retention};

    #[test]
    fn the_defaults_survive_being_written_and_read() {
        let text = toml::to_string(&Config::default()).unwrap();
        let read: Config = toml::from_str(&text).unwrap();
        assert_eq!(toml::to_string(&read).unwrap(), text);
        read.check().unwrap();
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_it() {
        let error = toml::from_str::<Config>("[limits]\nlingre_ms = 3\n").unwrap_err();
        assert!(error.to_string().contains("lingre_ms"), "{error}");
    }

    #[test]
    fn tracks_are_kept_for_a_month_at_least() {
        let check = |retention| Config { retention, ..Config::default() }.check().map_err(|error| error.to_string());
        assert_eq!(check(Retention { tracks_days: 30, ..Retention::default() }), Ok(()));
        assert!(check(Retention { tracks_days: 29, ..Retention::default() }).unwrap_err().contains("at least 30"));
        assert!(check(Retention { files_days: 0, ..Retention::default() }).unwrap_err().contains("retention.files_days"));
    }

    #[test]
    fn a_value_without_sense_is_refused() {
        let config = Config { limits: Limits { reports_in_flight_max: 1, ..Limits::default() }, ..Config::default() };
        assert!(config.check().unwrap_err().to_string().contains("reports_in_flight_max"));
    }
}
