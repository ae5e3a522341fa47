//! `paband demo`: the whole system at once, to look at.

use crate::cli::DemoArgs;
use crate::config::Config;
use crate::database::Database;
use crate::room::RoomArgs;
use crate::system::System;
use crate::watch::{WatchArgs, WatchOptions};
use anyhow::{Context, Result};
use ingest::WireProtocol;
use simulator::client::Endpoint;
use simulator::town::{self, Town};
use std::sync::Arc;
use std::time::Duration;
use store::TagRow;

/// Starts everything, shows the alerts, and stops everything in order.
pub async fn run(mut config: Config, args: DemoArgs) -> Result<()> {
    "warn".clone_into(&mut config.log.level);
    crate::logging::start(&config.log)?;
    let stop = super::told_to_stop()?;
    config.state_dir = args.state_dir.unwrap_or_else(|| config.state_dir.join("demo"));
    say!("Starting PostgreSQL ...");
    let database = Database::open(&config).await?;
    let town = Town::generate(args.seed, args.wearers)?.starting_at(crate::clock::now());
    enrol(&database, &town).await?;
    let system = System::start(&config, database, Arc::default()).await?;
    let room = RoomArgs::of_server(format!("http://{}", system.rooms));
    super::demo_people::operator(system.store(), &room, &config.state_dir.join("demo-operator.json")).await?;
    describe(&config, &system, &town);
    let after = system.store().alert_last_sequence().await?;

    let watch = WatchOptions::from(WatchArgs { after: Some(after), ..WatchArgs::of_server(room) });
    let watching = tokio::spawn(crate::watch::run(watch, std::io::stdout(), stop.child_token()));
    let options =
        town::Options { quiet: true, ..town::Options::new(door(&system, WireProtocol::Native)?, door(&system, WireProtocol::Teltonika)?) };
    let living = stop.child_token();
    let town = tokio::spawn({
        let living = living.clone();
        async move { town::run(&town, options, living).await }
    });
    tokio::select! {
        () = stop.cancelled() => {}
        () = tokio::time::sleep(Duration::from_secs(args.seconds)), if args.seconds > 0 => {}
    }
    stop.cancel();
    let summary = town.await??;
    watching.await??;
    say!("\nStopping ...");
    let stored = system.counters().reports_stored.get();
    system.stop().await?;
    say!(
        "{} reports taken by the town's tags, {} acknowledged, {stored} in the table. Incidents: {}",
        summary.reports,
        summary.reports_stored,
        serde_json::to_string(&summary.incidents)?
    );
    Ok(())
}

/// The town's wearers, tags and zones become known, as staff would make them known.
async fn enrol(database: &Database, town: &Town) -> Result<()> {
    let fitted_at = crate::clock::now();
    let caller = super::caller("demo");
    let tags = town.tags().into_iter().map(|tag| TagRow { imei: tag.imei, wearer: Some(tag.wearer), key: Some(tag.key), fitted_at });
    database.store.tags_register(&caller, "central", &tags.collect::<Vec<_>>()).await.context("the town's tags could not be enrolled")?;
    database.store.zones_import(&caller, &town.zones_geojson(), fitted_at, "").await.context("the town's zones could not be enrolled")?;
    Ok(())
}

fn door(system: &System, protocol: WireProtocol) -> Result<Endpoint> {
    let (_, address) = system
        .tags
        .iter()
        .find(|(spoken, _)| *spoken == protocol)
        .with_context(|| format!("the demonstration needs a {} listener", protocol.name()))?;
    Ok(Endpoint::plain(address.to_string()))
}

fn describe(config: &Config, system: &System, town: &Town) {
    let wearers = town.tags().len();
    say!("\nA town of {wearers} wearers reports over TCP. Alerts appear below, the first within half a minute. Ctrl-C ends it.\n");
    for (protocol, address) in &system.tags {
        say!("  tags, {:<10} {address}", protocol.name());
    }
    say!("  rooms, gRPC      http://{}   (another terminal: paband watch --server http://{})", system.rooms, system.rooms);
    say!("  database         {}", config.state_dir.display());
    for scene in town.scenes() {
        say!("  staged           {scene}");
    }
    say!();
}
