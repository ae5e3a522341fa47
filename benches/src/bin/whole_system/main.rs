//! The whole system beside its limits, in one run: the released binary, real sockets, a private durable PostgreSQL.
//!
//! `cargo build --release -p paband && cargo run --release -p benches --bin whole_system`
//!
//! Absolute figures depend on the machine and the hour; the ratios within one run are what counts.

mod bare;
mod latency;
mod memory;
mod raw_copy;
mod server;
mod storm;

use anyhow::{Context, Result};
use bare::Bare;
use clap::{Parser, ValueEnum};
use server::Server;
use simulator::client::{Endpoint, Protocol};
use simulator::load;
use simulator::wire::teltonika::Codec;
use std::path::PathBuf;
use tokio_util::sync::CancellationToken;

/// Measures the whole system.
#[derive(Parser)]
struct Args {
    /// The binary to measure.
    #[arg(long, default_value = "target/release/paband")]
    paband: PathBuf,
    /// Only these measurements; all if absent.
    #[arg(long, value_enum)]
    only: Vec<Measurement>,
    /// Seconds of load in each round.
    #[arg(long, default_value_t = 8.0)]
    seconds: f64,
    /// Rounds of each kind, taking turns; medians are printed.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Wearers whose curfew begins at once.
    #[arg(long, default_value_t = 100_000)]
    curfews: u32,
    /// Tags that fall silent at once.
    #[arg(long, default_value_t = 50_000)]
    silent: u32,
    /// Tags known in the memory measurement.
    #[arg(long, default_value_t = 1_000_000)]
    memory_tags: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Measurement {
    /// Reports in batches: tags to acknowledgement after COMMIT, beside raw COPY.
    Batches,
    /// One report a frame from 1,000 connections, beside a bare server that frames and acknowledges.
    Singles,
    /// From frame to alert and to acknowledgement at 50,000 reports a second.
    Latency,
    /// The delay of other tags' alerts while very many curfews begin, or tags fall silent, at one instant.
    Storm,
    /// Memory per known tag.
    Memory,
}

/// Tags of the load; each has a home and a zone to keep away from.
const TAGS: u32 = 1_000;
/// Journal connections, and connections of the raw COPY beside it.
const SHARDS: usize = 2;

#[tokio::main]
async fn main() -> Result<()> {
    if std::env::var_os(bare::VARIABLE).is_some() {
        return bare::serve().await;
    }
    let args = Args::parse();
    let wanted = |measurement| args.only.is_empty() || args.only.contains(&measurement);
    if wanted(Measurement::Batches) {
        batches(&args).await?;
    }
    if wanted(Measurement::Singles) {
        singles(&args).await?;
    }
    if wanted(Measurement::Latency) {
        latency::measure(&args.paband, args.seconds).await?;
    }
    if wanted(Measurement::Storm) {
        storm::measure(&args.paband, storm::Storm::Curfew, args.curfews).await?;
        storm::measure(&args.paband, storm::Storm::Silence, args.silent).await?;
    }
    if wanted(Measurement::Memory) {
        memory::measure(&args.paband, args.memory_tags).await?;
    }
    Ok(())
}

async fn batches(args: &Args) -> Result<()> {
    let server = Server::start(&args.paband, TAGS, SHARDS).await?;
    let copy = raw_copy::RawCopy::new(&server.database_url, SHARDS).await?;
    let (mut system, mut raw) = (Vec::new(), Vec::new());
    for round in 0..=args.rounds {
        let copied = copy.rows_per_s(args.seconds / 2.0).await?;
        let load = load(&server.native, Protocol::Native, 100, args.seconds).await?;
        server.truncate_reports().await?;
        if round > 0 {
            raw.push(copied);
            system.push(load.stored_per_s);
        }
    }
    println!(
        "durable end to end, 100 reports a frame: {:.0} reports/s; raw binary COPY of the same rows, {SHARDS} connections: {:.0} rows/s; ratio {:.2} (aim 0.8, least 0.5)",
        median(&mut system),
        median(&mut raw),
        median(&mut system) / median(&mut raw)
    );
    server.stop().await
}

async fn singles(args: &Args) -> Result<()> {
    let server = Server::start(&args.paband, TAGS, SHARDS).await?;
    let bare = Bare::start()?;
    let teltonika = Protocol::Teltonika(Codec::EightExtended);
    let (mut system, mut bare_rates) = (Vec::new(), Vec::new());
    for round in 0..=args.rounds {
        let framed = load(&bare.address, teltonika, 1, args.seconds / 2.0).await?;
        let load = load(&server.teltonika, teltonika, 1, args.seconds).await?;
        server.truncate_reports().await?;
        if round > 0 {
            bare_rates.push(framed.stored_per_s);
            system.push(load.stored_per_s);
        }
    }
    println!(
        "one report a frame, 1,000 connections: {:.0} frames/s to acknowledgement after COMMIT; bare tokio that frames and acknowledges: {:.0}; ratio {:.2} (aim 0.8, least 0.5)",
        median(&mut system),
        median(&mut bare_rates),
        median(&mut system) / median(&mut bare_rates)
    );
    server.stop().await
}

/// A load as fast as the server stores.
async fn load(address: &str, protocol: Protocol, reports_per_frame: usize, seconds: f64) -> Result<load::Summary> {
    let options = load::Options {
        tags: TAGS,
        reports_per_s: None,
        connections: 4,
        reports_per_frame,
        frames_on_the_way_max: 2,
        seconds: Some(seconds),
        protocol,
        endpoint: Endpoint::plain(address),
        quiet: true,
    };
    load::run(options, CancellationToken::new()).await.context("the load failed")
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
