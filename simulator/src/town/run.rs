//! The town alive: every tag on the line, people moving, things going wrong.

use super::Town;
use super::incident::IncidentKind;
use super::life::{Life, Now, Player};
use super::wearer::Wearer;
use crate::client::{Endpoint, Protocol, Tag, TagOptions};
use crate::progress::Progress;
use crate::wire::{Order, teltonika::Codec};
use anyhow::{Result, bail, ensure};
use geofence::Timestamp;
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
    let mut line = Line::begin(town, &options, &stop);
    let mut progress = Progress::new("reports stored", None, options.quiet);
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = ticks.tick() => line.step(&mut progress).await?,
        }
        if options.seconds.is_some_and(|seconds| line.started.elapsed().as_secs_f64() >= seconds) {
            break;
        }
    }
    Ok(line.summary())
}

/// A town whose tags are on the line.
struct Line<'a> {
    life: Life<'a>,
    started: Instant,
    /// When the town last moved, seconds after the start.
    moved_s: f64,
    tags: Vec<(Tag, mpsc::Receiver<Order>)>,
    incidents: BTreeMap<IncidentKind, u64>,
}

impl<'a> Line<'a> {
    fn begin(town: &'a Town, options: &Options, stop: &CancellationToken) -> Self {
        Self {
            life: Life::begin(town, options.report_every.as_secs_f64(), options.incidents_per_minute, clock()),
            started: Instant::now(),
            moved_s: 0.0,
            tags: town.wearers.iter().map(|wearer| tag(wearer, options, stop)).collect(),
            incidents: BTreeMap::new(),
        }
    }

    async fn step(&mut self, progress: &mut Progress) -> Result<()> {
        let now = Now { passed_s: self.started.elapsed().as_secs_f64(), at: clock() };
        self.tell(now, progress);
        for (place, (tag, orders)) in self.tags.iter_mut().enumerate() {
            heed_orders(&mut self.life.players[place], orders, now.passed_s);
            let deed = self.life.step(place, now, tag.is_delivered());
            tag.radio(deed.radio);
            tag.push_all(deed.reports);
            if tag.is_refused() {
                let (wearer, why) = (&self.life.wearers[place], tag.refused().await);
                let (imei, reference) = (&wearer.identity.imei, &wearer.reference);
                bail!("the server refuses tag {imei} of {reference} ({why}): register the tags of this town first");
            }
        }
        progress.show(self.summary().reports_stored, format!("{} incidents", self.incidents.values().sum::<u64>()));
        Ok(())
    }

    /// What begins now.
    fn tell(&mut self, now: Now, progress: &Progress) {
        while let Some(incident) = self.life.happens(now) {
            *self.incidents.entry(incident.kind).or_default() += 1;
            progress.say(&format!("{} {}", self.life.wearers[incident.wearer].reference, incident.kind.words()));
        }
        if let Some(wearers) = self.life.disturbance(self.moved_s, now) {
            progress.say(&format!("{wearers} wearers lose their true position to interference"));
        }
        self.moved_s = now.passed_s;
    }

    fn summary(&self) -> Summary {
        let mut summary = Summary { incidents: self.incidents.clone(), ..Summary::default() };
        for counters in self.tags.iter().map(|(tag, _)| tag.counters()) {
            summary.reports += counters.taken;
            summary.reports_stored += counters.stored;
        }
        summary
    }
}

fn tag(wearer: &Wearer, options: &Options, stop: &CancellationToken) -> (Tag, mpsc::Receiver<Order>) {
    let (endpoint, protocol) = match wearer.native {
        true => (&options.native, Protocol::Native),
        false => (&options.teltonika, Protocol::Teltonika(Codec::EightExtended)),
    };
    Tag::start(TagOptions::new(wearer.identity.clone(), endpoint.clone(), protocol), stop.clone())
}

fn heed_orders(player: &mut Player, orders: &mut mpsc::Receiver<Order>, now_s: f64) {
    while let Ok(order) = orders.try_recv() {
        match order {
            Order::LocateNow => player.report_at_s = now_s,
            Order::SetInterval(seconds) => {
                player.report_every_s = seconds.clamp(1, INTERVAL_S_MAX).into();
                player.report_at_s = player.report_at_s.min(now_s + player.report_every_s);
            }
            // An invented wearer reads no text.
            Order::Notify(..) => {}
        }
    }
}

fn clock() -> Timestamp {
    Timestamp::from_millis(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64))
}
