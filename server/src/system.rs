//! The running system: database, door, rooms, and the orderly stop of all three.

use crate::commands::DoorCommands;
use crate::config::Config;
use crate::database::Database;
use crate::directory::Directory;
use crate::facts::FactsFeed;
use crate::journal::ShardJournal;
use crate::tls::Certificates;
use anyhow::{Context, Result};
use geofence::{Deaf, Timestamp, Watch};
use ingest::{Door, Stopped, WireProtocol};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How often partitions are looked after, and the newest pages of the open day made quick to search.
const MAINTENANCE_EVERY: Duration = Duration::from_secs(60);

/// How often the service writes down that it runs.
const ALIVE_EVERY: Duration = Duration::from_secs(5);

/// After an outage the tags' backlog has so long to come in before time alone judges, seconds.
const BACKLOG_S: i64 = 30;

/// How long the connections of a server that was killed may take to end before this one gives up.
const FORMER_SERVER_MAX: Duration = Duration::from_secs(30);

/// How often the log says what the door counted.
const COUNTERS_EVERY: Duration = Duration::from_secs(60);

/// Everything that `paband serve` runs.
pub struct System {
    database: Database,
    door: Arc<Door>,
    /// What listens where.
    pub tags: Vec<(WireProtocol, SocketAddr)>,
    /// Where rooms connect.
    pub rooms: SocketAddr,
    /// Where machines connect, if they may.
    pub machines: Option<SocketAddr>,
    rooms_task: JoinHandle<Result<()>>,
    chores: Vec<JoinHandle<()>>,
    stop: CancellationToken,
    stop_within: Duration,
}

impl System {
    /// Opens the door after everything behind it stands. Notified by `look`, it looks for new certificates at once.
    pub async fn start(config: &Config, database: Database, look: Arc<Notify>) -> Result<Self> {
        let store = &database.store;
        let shards = u16::try_from(config.limits.shard_count()).context("limits.shards is over 65,535")?;
        store.maintain(crate::clock::now()).await.context("partitions could not be made")?;
        let directory = Arc::new(Directory::default());
        let (watch, timers_from) = after_outage(store).await.context("outages could not be read")?;
        let (feed, facts) =
            FactsFeed::load(store.clone(), Arc::clone(&directory), watch).await.context("tags and zones could not be read")?;
        tracing::info!(tags = directory.len(), "tags and zones read");
        let mut journals = Vec::new();
        store.journals_gone(FORMER_SERVER_MAX).await?;
        for shard in 0..shards {
            journals.push(Arc::new(ShardJournal::open(store, shard).await?));
        }
        let (sightings, seen) = mpsc::channel(crate::interference::QUEUE_MAX);
        let last_batch = store.highest_batch().await?;
        let door = Arc::new(
            Door::open(config.limits.door(timers_from), journals, Arc::<Directory>::clone(&directory), facts, last_batch, sightings).await,
        );
        // Every shard has a head of its own now; those of shards that are no more would keep recovery in the past.
        store.shards_retire(shards).await?;
        let stop = CancellationToken::new();
        let mut certificates = Certificates::default();
        let (listeners, rooms, machines) = crate::listeners::open(config, &mut certificates).await?;
        let options = monitor_api::Options {
            session_limits: config.sessions.limits(),
            fresh_for: Duration::from_secs(config.sessions.fresh_s),
            signer: crate::release_key::signer_to_serve(config)?,
            ..monitor_api::Options::default()
        };
        let serving = monitor_api::serve(listeners, store.clone(), DoorCommands::new(&door, &directory), options, stop.clone());
        let rooms_task = tokio::spawn(async move { serving.await.context("the rooms' side failed") });
        let mut tags = Vec::new();
        for listener in &config.tags {
            let tls = certificates.for_tags(listener)?;
            let address = door.listen(listener.address, listener.protocol, tls).await;
            let address = address.with_context(|| format!("cannot listen for tags on {}: is another program there?", listener.address))?;
            tags.push((listener.protocol, address));
        }
        let chores = vec![
            tokio::spawn(feed.follow(Arc::clone(&door), stop.clone())),
            tokio::spawn(maintain(store.clone(), stop.clone())),
            tokio::spawn(crate::interference::watch(store.clone(), seen, stop.clone())),
            tokio::spawn(crate::retention::run_daily(store.clone(), config.retention.limits(), stop.clone())),
            tokio::spawn(crate::billing_clock::run(store.clone(), stop.clone())),
            tokio::spawn(tell_alive(store.clone(), stop.clone())),
            tokio::spawn(crate::allocator::give_back(stop.clone())),
            tokio::spawn(tell_counters(Arc::clone(&door), stop.clone())),
            tokio::spawn(certificates.follow(look, stop.clone())),
        ];
        let stop_within = Duration::from_secs(config.limits.stop_s);
        Ok(Self { database, door, tags, rooms, machines, rooms_task, chores, stop, stop_within })
    }

    /// Counters of the door.
    pub fn counters(&self) -> Arc<ingest::Counters> {
        self.door.counters()
    }

    /// The database in use.
    pub fn store(&self) -> &store::Store {
        &self.database.store
    }

    /// Stops in order: no new bytes, commit and answer what is held, end the rooms' streams, close the database.
    pub async fn stop(self) -> Result<Stopped> {
        self.stop.cancel();
        for chore in self.chores {
            // A chore that failed has said so.
            let _ = chore.await;
        }
        self.rooms_task.await??;
        let door = Arc::into_inner(self.door).context("the door is still in use after everything that used it has ended")?;
        let stopped = door.stop(self.stop_within).await;
        // The next start knows from when nobody listened.
        self.database.store.service_alive(crate::clock::now()).await?;
        self.database.shut_down().await?;
        Ok(stopped)
    }
}

/// Writes down an outage that has just ended. How tags are watched, and from when time alone may judge.
async fn after_outage(store: &store::Store) -> Result<(Watch, Timestamp), store::StoreError> {
    let now = crate::clock::now();
    let (was_out, outages) = store.service_starts(now).await?;
    if was_out {
        tracing::warn!(outages = outages.len(), "the service was not running for a while: nobody was watched; written down as an outage");
    }
    let deaf = outages.into_iter().map(|(from, to)| Deaf { from, to }).collect();
    let timers_from = if was_out { now.plus_seconds(BACKLOG_S) } else { Timestamp::MIN };
    Ok((Watch { deaf, ..Watch::default() }, timers_from))
}

async fn tell_alive(store: store::Store, stop: CancellationToken) {
    while crate::clock::goes_on_after(ALIVE_EVERY, &stop).await {
        // While the database is away it is deaf for everyone; the shards say so.
        let _ = store.service_alive(crate::clock::now()).await;
    }
}

async fn maintain(store: store::Store, stop: CancellationToken) {
    while crate::clock::goes_on_after(MAINTENANCE_EVERY, &stop).await {
        if let Err(error) = store.maintain(crate::clock::now()).await {
            tracing::error!(error = &error as &dyn std::error::Error, "partitions could not be looked after; tried again in a minute");
        }
    }
}

async fn tell_counters(door: Arc<Door>, stop: CancellationToken) {
    let counters = door.counters();
    drop(door);
    let mut told = 0;
    while crate::clock::goes_on_after(COUNTERS_EVERY, &stop).await {
        let stored = counters.reports_stored.get();
        tracing::info!(
            connections = counters.connections_open(),
            reports_stored = stored,
            in_the_last_minute = stored - told,
            repeated = counters.reports_repeated.get(),
            late = counters.reports_late.get(),
            refused = counters.reports_refused.get(),
            refusals = ?counters.refusals(),
            "counted so far"
        );
        told = stored;
    }
}
