//! The town alive: every tag on the line, people moving, things going wrong.

use super::Town;
use super::incident::{Incident, IncidentKind, Schedule};
use super::{day, wearer::Wearer};
use crate::client::{Endpoint, Protocol, Tag, TagOptions};
use crate::progress::Progress;
use crate::wire::{Order, teltonika::Codec};
use anyhow::{Result, bail, ensure};
use geofence::Timestamp;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How often the town moves.
const TICK: Duration = Duration::from_millis(200);
/// Longest interval that an order may set, seconds, as the protocol says.
const INTERVAL_S_MAX: u32 = 3600;

/// How a town is lived in.
#[derive(Clone, Debug)]
pub struct Options {
    /// The server's door for the native protocol; every second tag speaks it.
    pub native: Endpoint,
    /// The server's door for Teltonika; the others speak it (8 Extended).
    pub teltonika: Endpoint,
    /// Between two reports of a tag, until the server orders something else. Shorter than 5 s shows violations no sooner.
    pub report_every: Duration,
    /// Things that go wrong, a minute on the average, in the whole town; nearly each makes an alert.
    pub incidents_per_minute: f64,
    /// How long; `None` = until cancelled.
    pub seconds: Option<f64>,
    /// Say nothing of what happens.
    pub quiet: bool,
}

impl Options {
    /// A report every 5 s and four incidents a minute, until cancelled: the first alerts come within 20 s.
    pub fn new(native: Endpoint, teltonika: Endpoint) -> Self {
        Self { native, teltonika, report_every: Duration::from_secs(5), incidents_per_minute: 4.0, seconds: None, quiet: false }
    }
}

/// What happened in a town.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Reports taken.
    pub reports: u64,
    /// Of these the server said that they are stored.
    pub reports_stored: u64,
    /// What went wrong, and how often.
    pub incidents: BTreeMap<IncidentKind, u64>,
}

/// Lets the town live until its time is over or `cancel`.
///
/// # Errors
/// When the options make no sense, or the server refuses a tag of the town.
pub async fn run(town: &Town, options: Options, cancel: CancellationToken) -> Result<Summary> {
    ensure!(options.incidents_per_minute > 0.0, "incidents per minute: more than 0");
    ensure!(!options.report_every.is_zero(), "a tag reports at most every millisecond");
    let stop = cancel.child_token();
    let _stop_with_run = stop.clone().drop_guard();
    let mut life = Life::begin(town, &options, &stop);
    let mut progress = Progress::new("reports stored", None, options.quiet);
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = ticks.tick() => life.step(&mut progress).await?,
        }
        if options.seconds.is_some_and(|seconds| life.started.elapsed().as_secs_f64() >= seconds) {
            break;
        }
    }
    Ok(life.summary())
}

struct Life<'a> {
    wearers: &'a [Wearer],
    started: Instant,
    schedule: Schedule,
    players: Vec<Player>,
    incidents: BTreeMap<IncidentKind, u64>,
}

/// One wearer with a running tag.
struct Player {
    tag: Tag,
    orders: mpsc::Receiver<Order>,
    incident: Option<Incident>,
    report_every: Duration,
    report_at: Instant,
    random: Xoshiro256PlusPlus,
}

impl<'a> Life<'a> {
    fn begin(town: &'a Town, options: &Options, stop: &CancellationToken) -> Self {
        let (wearers, started) = (&town.wearers[..], Instant::now());
        let players = (0..wearers.len()).map(|place| {
            // One after the other over an interval, so that they do not all report at once.
            let turn = options.report_every.mul_f64(place as f64 / wearers.len() as f64);
            Player::begin(&wearers[place], options, started + turn, town.seed.wrapping_add(place as u64), stop)
        });
        Self {
            wearers,
            started,
            schedule: Schedule::new(town.seed, wearers.len(), options.incidents_per_minute),
            players: players.collect(),
            incidents: BTreeMap::new(),
        }
    }

    async fn step(&mut self, progress: &mut Progress) -> Result<()> {
        let now_s = self.started.elapsed().as_secs_f64();
        while let Some(incident) = self.schedule.next(self.wearers, now_s) {
            *self.incidents.entry(incident.kind).or_default() += 1;
            progress.say(&format!("{} {}", self.wearers[incident.wearer].reference, incident.kind.words()));
            self.players[incident.wearer].incident = Some(incident);
        }
        for (player, wearer) in self.players.iter_mut().zip(self.wearers) {
            player.step(wearer, now_s);
            if player.tag.is_refused() {
                let (imei, why) = (&wearer.identity.imei, player.tag.refused().await);
                bail!("the server refuses tag {imei} of {} ({why}): register the tags of this town first", wearer.reference);
            }
        }
        progress.show(self.summary().reports_stored, format!("{} incidents", self.incidents.values().sum::<u64>()));
        Ok(())
    }

    fn summary(&self) -> Summary {
        let mut summary = Summary { incidents: self.incidents.clone(), ..Summary::default() };
        for counters in self.players.iter().map(|player| player.tag.counters()) {
            summary.reports += counters.taken;
            summary.reports_stored += counters.stored;
        }
        summary
    }
}

impl Player {
    fn begin(wearer: &Wearer, options: &Options, report_at: Instant, seed: u64, stop: &CancellationToken) -> Self {
        let (endpoint, protocol) = match wearer.native {
            true => (&options.native, Protocol::Native),
            false => (&options.teltonika, Protocol::Teltonika(Codec::EightExtended)),
        };
        let (tag, orders) = Tag::start(TagOptions::new(wearer.identity.clone(), endpoint.clone(), protocol), stop.clone());
        Self { tag, orders, incident: None, report_every: options.report_every, report_at, random: Xoshiro256PlusPlus::seed_from_u64(seed) }
    }

    fn step(&mut self, wearer: &Wearer, now_s: f64) {
        if self.incident.is_some_and(|incident| now_s - incident.begins_s > incident.kind.seconds()) {
            self.incident = None;
        }
        self.tag.radio(self.incident.is_none_or(|incident| incident.kind.radio(now_s - incident.begins_s)));
        let now = Instant::now();
        self.heed_orders(now);
        if now < self.report_at {
            return;
        }
        self.report_at = (self.report_at + self.report_every).max(now);
        if let Some(report) = day::report(wearer, self.incident.as_ref(), now_s, clock(), &mut self.random) {
            self.tag.push(report);
        }
    }

    fn heed_orders(&mut self, now: Instant) {
        while let Ok(order) = self.orders.try_recv() {
            match order {
                Order::LocateNow => self.report_at = now,
                Order::SetInterval(seconds) => {
                    self.report_every = Duration::from_secs(seconds.clamp(1, INTERVAL_S_MAX).into());
                    self.report_at = self.report_at.min(now + self.report_every);
                }
                // An invented wearer reads no text.
                Order::Notify(..) => {}
            }
        }
    }
}

fn clock() -> Timestamp {
    Timestamp::from_millis(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64))
}
