//! `paband simulate`: a fleet of tags over real sockets.

use anyhow::{Context, Result};
use clap::{Args, Subcommand, ValueEnum};
use simulator::client::{Endpoint, Protocol, Tls};
use simulator::wire::teltonika::Codec;
use simulator::{load, replay, town};
use std::path::{Path, PathBuf};

/// What kind of fleet.
#[derive(Debug, Subcommand)]
pub enum SimulateCommand {
    /// A town of wearers with homes and zones: most comply, some leave, cut a strap, run flat, fall silent and come back.
    Town(TownArgs),
    /// Many tags that report at a given rate.
    Load(LoadArgs),
    /// Recorded tracks, as if their tags were on the line.
    Replay(ReplayArgs),
}

/// Which protocol the tags speak.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ProtocolChoice {
    /// paband's own.
    Native,
    /// Teltonika codec 8.
    Teltonika8,
    /// Teltonika codec 8 extended.
    Teltonika,
}

/// Where the server listens.
#[derive(Args, Debug)]
pub struct ServerArgs {
    /// Address of the server's listener for paband's own protocol.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:7700")]
    native: String,
    /// Address of the server's listener for Teltonika.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:7701")]
    teltonika: String,
    /// Speak TLS and trust this authority (PEM).
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
}

/// Options of a town.
#[derive(Args, Debug)]
pub struct TownArgs {
    /// Wearers.
    #[arg(long, default_value_t = 50)]
    wearers: u32,
    /// The same seed makes the same town.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only write `tags.csv` and `zones.geojson` here, for `paband tag import` and `paband zone import`.
    #[arg(long, value_name = "DIR")]
    enrol: Option<PathBuf>,
    /// Things that go wrong, a minute, in the whole town.
    #[arg(long, default_value_t = 4.0)]
    incidents_per_minute: f64,
    /// Stop after so many seconds.
    #[arg(long)]
    seconds: Option<f64>,
    #[command(flatten)]
    server: ServerArgs,
}

/// Options of a load.
#[derive(Args, Debug)]
pub struct LoadArgs {
    /// Tags.
    #[arg(long)]
    tags: u32,
    /// Reports a second of all tags together; as fast as the server stores if absent.
    #[arg(long)]
    rate: Option<f64>,
    /// Connections that share the tags (native; Teltonika has one a tag).
    #[arg(long, default_value_t = 4)]
    connections: u32,
    /// Reports in one frame.
    #[arg(long, default_value_t = 1)]
    reports_per_frame: usize,
    /// Stop after so many seconds; run until Ctrl-C if absent.
    #[arg(long)]
    seconds: Option<f64>,
    /// What the tags speak.
    #[arg(long, value_enum, default_value_t = ProtocolChoice::Native)]
    protocol: ProtocolChoice,
    /// Only write `tags.csv` and `zones.geojson` here, for `paband tag import` and `paband zone import`.
    #[arg(long, value_name = "DIR")]
    enrol: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArgs,
}

/// Options of a replay.
#[derive(Args, Debug)]
pub struct ReplayArgs {
    /// CSV with the header `wearer,taken_at,lat,lon,accuracy_m[,received_at]`; `.gz` is unpacked.
    file: PathBuf,
    /// CSV `imei,wearer,key` of the wearers' tags; invented from the wearers' names if absent.
    #[arg(long, value_name = "FILE")]
    tags: Option<PathBuf>,
    /// Only write the wearers' tags to this file, for `paband tag import --fitted-at ...`.
    #[arg(long, value_name = "FILE")]
    enrol: Option<PathBuf>,
    /// Times as fast as recorded; as fast as the server stores if absent.
    #[arg(long)]
    speed: Option<f64>,
    /// Move all times so that the track ends now.
    #[arg(long)]
    shift_to_now: bool,
    /// What the tags speak.
    #[arg(long, value_enum, default_value_t = ProtocolChoice::Teltonika)]
    protocol: ProtocolChoice,
    #[command(flatten)]
    server: ServerArgs,
}

/// Runs a fleet and prints what it did.
pub async fn run(command: SimulateCommand) -> Result<()> {
    let stop = super::told_to_stop()?;
    match command {
        SimulateCommand::Town(args) => {
            let town = town::Town::generate(args.seed, args.wearers)?;
            if let Some(directory) = &args.enrol {
                return enrol(directory, town.tags_csv().as_bytes(), town.zones_geojson().as_bytes());
            }
            let options = town::Options {
                incidents_per_minute: args.incidents_per_minute,
                seconds: args.seconds,
                ..town::Options::new(args.server.endpoint(ProtocolChoice::Native)?, args.server.endpoint(ProtocolChoice::Teltonika)?)
            };
            print(&town::run(&town, options, stop).await?)
        }
        SimulateCommand::Load(args) => {
            if let Some(directory) = &args.enrol {
                let (mut tags, mut zones) = (Vec::new(), Vec::new());
                load::fleet::write_tags(0..args.tags, &mut tags)?;
                load::fleet::write_zones(0..args.tags, &mut zones)?;
                return enrol(directory, &tags, &zones);
            }
            super::raise_open_files_limit();
            print(&load::run(args.options()?, stop).await?)
        }
        SimulateCommand::Replay(args) => {
            if let Some(file) = &args.enrol {
                let tags = replay::tags_csv(&args.file)?;
                std::fs::write(file, tags).with_context(|| format!("cannot write {}", file.display()))?;
                say!("wrote {}", file.display());
                return Ok(());
            }
            print(&replay::run(args.options()?, stop).await?)
        }
    }
}

impl ServerArgs {
    fn endpoint(&self, protocol: ProtocolChoice) -> Result<Endpoint> {
        let address = match protocol {
            ProtocolChoice::Native => &self.native,
            ProtocolChoice::Teltonika8 | ProtocolChoice::Teltonika => &self.teltonika,
        };
        let tls = self.tls_ca.as_deref().map(Tls::trusting).transpose()?;
        Ok(Endpoint { address: address.clone(), tls })
    }
}

impl ProtocolChoice {
    fn protocol(self) -> Protocol {
        match self {
            Self::Native => Protocol::Native,
            Self::Teltonika8 => Protocol::Teltonika(Codec::Eight),
            Self::Teltonika => Protocol::Teltonika(Codec::EightExtended),
        }
    }
}

impl LoadArgs {
    fn options(&self) -> Result<load::Options> {
        Ok(load::Options {
            tags: self.tags,
            reports_per_s: self.rate,
            connections: self.connections,
            reports_per_frame: self.reports_per_frame,
            frames_on_the_way_max: 8,
            seconds: self.seconds,
            protocol: self.protocol.protocol(),
            endpoint: self.server.endpoint(self.protocol)?,
            quiet: false,
        })
    }
}

impl ReplayArgs {
    fn options(&self) -> Result<replay::Options> {
        Ok(replay::Options {
            file: self.file.clone(),
            tags: self.tags.clone(),
            endpoint: self.server.endpoint(self.protocol)?,
            protocol: self.protocol.protocol(),
            pace: self.speed.map_or(replay::Pace::Unlimited, replay::Pace::Times),
            shift_to_now: self.shift_to_now,
            quiet: false,
        })
    }
}

fn enrol(directory: &Path, tags: &[u8], zones: &[u8]) -> Result<()> {
    std::fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
    for (name, text) in [("tags.csv", tags), ("zones.geojson", zones)] {
        let path = directory.join(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        say!("wrote {}", path.display());
    }
    Ok(())
}

fn print(summary: &impl serde::Serialize) -> Result<()> {
    say!("{}", serde_json::to_string_pretty(summary)?);
    Ok(())
}
