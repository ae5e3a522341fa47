//! The command line.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// paband: electronic monitoring, from the tag's bytes to the room's alert.
#[derive(Debug, Parser)]
#[command(name = "paband", version, propagate_version = true)]
pub struct Cli {
    /// Configuration file (TOML). Without one, the defaults run everything on this machine.
    #[arg(long, global = true, env = "PABAND_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start everything at once to look at: database, server, a simulated town, and its alerts live in this terminal.
    Demo(DemoArgs),
    /// Run the server until it is told to stop (Ctrl-C or SIGTERM).
    Serve,
    /// Run a fleet of simulated tags against a server.
    #[command(subcommand)]
    Simulate(crate::command::simulate::SimulateCommand),
    /// Log in at a server; the session is kept for the other commands.
    Login(LoginArgs),
    /// End the kept session.
    Logout(crate::room::RoomArgs),
    /// Make one of the first two administrators, on the server itself; they make all other people.
    Administrator {
        /// The name to log in with.
        name: String,
    },
    /// Who may call what.
    Rights,
    /// The audit of who looked at what and changed what.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Show alerts as they come.
    Watch(crate::watch::WatchArgs),
    /// Zones.
    #[command(subcommand)]
    Zone(ZoneCommand),
    /// Tags.
    #[command(subcommand)]
    Tag(TagCommand),
    /// Why an alert was found: the rule, the zone, and the reports that prove it.
    Explain(ExplainArgs),
    /// How wearers stand now, or stood at an instant or over a span of time.
    Standing(StandingArgs),
    /// Judge recorded tracks by zones, from files alone.
    Judge(JudgeArgs),
    /// Billing.
    #[command(subcommand)]
    Billing(crate::command::billing::BillingCommand),
    /// Certificates for a start and for development, from authorities of one's own.
    #[command(subcommand)]
    Pki(crate::command::pki::PkiCommand),
    /// What is kept for how long, and deleting what is over.
    #[command(subcommand)]
    Retention(RetentionCommand),
    /// Archives of data that were handed to an authority.
    #[command(subcommand)]
    Release(ReleaseCommand),
    /// The database.
    #[command(subcommand)]
    Db(DbCommand),
    /// The configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
}

/// Options of the demonstration.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Wearers in the town.
    #[arg(long, default_value_t = 50)]
    pub wearers: u32,
    /// The same seed makes the same town.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Stop by itself after so many seconds; 0 = run until Ctrl-C.
    #[arg(long, default_value_t = 0)]
    pub seconds: u64,
    /// Where the demonstration keeps its database.
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
}

/// Options of `login`.
#[derive(Debug, Args)]
pub struct LoginArgs {
    /// The name to log in with. Password and second factor are asked for; without a terminal they are the first two lines of the input.
    pub name: String,
    #[command(flatten)]
    pub room: crate::room::RoomArgs,
}

/// Commands on the audit.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Walk along the whole chain and say whether an entry was changed, moved or taken out, and which.
    Verify {
        /// A head kept elsewhere that must lie on the chain; may be given several times.
        #[arg(long, value_name = "FILE")]
        head: Vec<PathBuf>,
    },
    /// Print the newest entry's number and hash, to keep elsewhere.
    Head,
}

/// Commands on zones.
#[derive(Debug, Subcommand)]
pub enum ZoneCommand {
    /// Import zones of wearers from GeoJSON: all of the file, or nothing of it.
    Import {
        /// A FeatureCollection; each feature has the properties `wearer` (or `wearers`), `zone` and `sense`. `leaves` may stand beside.
        file: PathBuf,
        /// Why. What was already in force or over by now is judged again, and says who changed it and why.
        #[arg(long, default_value = "")]
        reason: String,
    },
}

/// Commands on tags.
#[derive(Debug, Subcommand)]
pub enum TagCommand {
    /// Import tags from CSV with the columns `imei,wearer,key` (wearer and key may be empty; key is 64 hexadecimal digits).
    Import {
        /// The file.
        file: PathBuf,
        /// From when the tags are on their wearers, RFC 3339; now if absent. Earlier reports are stored and judged by no zone.
        #[arg(long, value_name = "TIME")]
        fitted_at: Option<geofence::Timestamp>,
        /// The code of the unit that new tags and wearers belong to.
        #[arg(long, default_value = "central")]
        unit: String,
    },
}

/// Options of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The alert's number.
    pub alert_id: i64,
    /// Print the evidence as a JSON document, for `paband judge --evidence`.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub purpose: crate::room::PurposeArgs,
    #[command(flatten)]
    pub room: crate::room::RoomArgs,
}

/// Options of `standing`.
#[derive(Debug, Args)]
pub struct StandingArgs {
    /// As of this instant, RFC 3339; with --to: from here. Now if absent.
    #[arg(long, value_name = "TIME")]
    pub from: Option<geofence::Timestamp>,
    /// Up to here, exclusive.
    #[arg(long, value_name = "TIME", requires = "from")]
    pub to: Option<geofence::Timestamp>,
    /// Only this wearer, by file reference.
    #[arg(long)]
    pub wearer: Option<String>,
    /// Only who was not watched: UNKNOWN or not monitored.
    #[arg(long)]
    pub unwatched: bool,
    #[command(flatten)]
    pub room: crate::room::RoomArgs,
}

/// Options of `judge`.
#[derive(Debug, Args)]
pub struct JudgeArgs {
    /// GeoJSON FeatureCollection of zones.
    #[arg(long, value_name = "ZONES.geojson", required_unless_present = "evidence")]
    pub zones: Option<PathBuf>,
    /// CSV with the header `wearer,taken_at,lat,lon,accuracy_m[,received_at]`; `.gz` is unpacked.
    #[arg(long, value_name = "TRACK.csv", required_unless_present = "evidence")]
    pub track: Option<PathBuf>,
    /// Judge an evidence again (from `paband explain --json`), without zones, track or database: prints the verdict, and fails if it is another.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["zones", "track", "until", "all_rules"])]
    pub evidence: Option<PathBuf>,
    /// Also find silence, lack of position, implausible jumps and interference in an area; by default zones alone are judged.
    #[arg(long)]
    pub all_rules: bool,
    /// "Now" for what is still open, RFC 3339; the newest fix if absent.
    #[arg(long, value_name = "TIME")]
    pub until: Option<geofence::Timestamp>,
    /// One JSON object a line.
    #[arg(long, value_enum, default_value_t = JudgeOutput::Json)]
    pub output: JudgeOutput,
}

/// How findings are written.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum JudgeOutput {
    /// One JSON object a line.
    Json,
}

/// Commands on the timed deletion.
#[derive(Debug, Subcommand)]
pub enum RetentionCommand {
    /// Delete what is older than its limit and not under a legal hold. A running server does it once a day.
    Run {
        /// Only say what would be deleted and what is held.
        #[arg(long)]
        dry_run: bool,
    },
    /// Say of each kind its limit, the oldest of it and the last run.
    Status,
}

/// Commands on releases.
#[derive(Debug, Subcommand)]
pub enum ReleaseCommand {
    /// Print the public key that archives are checked with, and its fingerprint.
    Key,
    /// Check an archive by itself: that it is whole, and which key signed it. Needs no database.
    Verify {
        /// The archive.
        file: PathBuf,
        /// The public key (PEM) that must have signed it; else the one in the archive, which vouches only for itself.
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
    },
}

/// Commands on the database.
#[derive(Debug, Subcommand)]
pub enum DbCommand {
    /// Bring the database up to date.
    Migrate,
    /// Say how the database stands.
    Status,
    /// Print the address of paband's own PostgreSQL while it runs, for psql.
    Url,
}

/// Commands on the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Check the configuration and print what is in force.
    Check,
}
