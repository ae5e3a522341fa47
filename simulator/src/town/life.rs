//! The town's people, second by second. Time is an argument; never knows how a report reaches the server.

use super::backlog::Backlog;
use super::incident::Incident;
use super::interference::{DISTURBED_S, Interference};
use super::schedule::Schedule;
use super::wearer::Wearer;
use super::{Town, day};
use geofence::{Report, Timestamp};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

/// An instant of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    /// Seconds since the run began.
    pub passed_s: f64,
    /// The same instant as tags write it.
    pub at: Timestamp,
}

/// All people of a town in one run.
pub(super) struct Life<'a> {
    pub wearers: &'a [Wearer],
    schedule: Schedule,
    interference: Option<Interference>,
    pub players: Vec<Player>,
}

/// One wearer with a tag.
pub(super) struct Player {
    incident: Option<Incident>,
    pub report_every_s: f64,
    /// When the next report is taken, seconds since the run began.
    pub report_at_s: f64,
    backlog: Backlog,
    random: Xoshiro256PlusPlus,
}

/// What a tag does at one instant.
#[derive(Debug, Default)]
pub(super) struct Deed {
    /// Whether it has a network.
    pub radio: bool,
    /// What it hands over to be sent, in this order.
    pub reports: Vec<Report>,
}

impl<'a> Life<'a> {
    /// A run that began then; each tag reports so often, seconds, and so many things go wrong a minute besides the scenes.
    pub fn begin(town: &'a Town, report_every_s: f64, incidents_per_minute: f64, run_began: Timestamp) -> Self {
        let wearers = &town.wearers[..];
        let player = |place: usize| Player {
            incident: None,
            report_every_s,
            // One after the other over an interval, so that they do not all report at once.
            report_at_s: report_every_s * place as f64 / wearers.len() as f64,
            backlog: Backlog::default(),
            random: Xoshiro256PlusPlus::seed_from_u64(town.seed.wrapping_add(place as u64)),
        };
        let staged = town.scenes.incidents(run_began);
        Self {
            wearers,
            schedule: Schedule::new(town.seed, wearers.len(), incidents_per_minute, staged),
            interference: town.scenes.interference.clone(),
            players: (0..wearers.len()).map(player).collect(),
        }
    }

    /// The next incident that begins up to now; to be asked until there is none.
    pub fn happens(&mut self, now: Now) -> Option<Incident> {
        let incident = self.schedule.next(self.wearers, now.passed_s)?;
        self.players[incident.wearer].incident = Some(incident);
        Some(incident)
    }

    /// How many are disturbed, if that began after `before_s` and up to now.
    pub fn disturbance(&self, before_s: f64, now: Now) -> Option<usize> {
        let began = before_s < DISTURBED_S.start && DISTURBED_S.start <= now.passed_s;
        self.interference.as_ref().filter(|_| began).map(|interference| interference.members.len())
    }

    /// What this wearer's tag does now. `delivered` = the server has stored all that it sent.
    pub fn step(&mut self, place: usize, now: Now, delivered: bool) -> Deed {
        let (player, now_s) = (&mut self.players[place], now.passed_s);
        player.incident = player.incident.filter(|incident| now_s <= incident.ends_s());
        let radio = player.incident.is_none_or(|incident| incident.kind.radio(now_s - incident.begins_s));
        let network = radio || player.incident.is_none_or(|incident| !incident.kind.tells_late());
        if network && player.backlog.is_due() {
            player.report_at_s = now_s;
        }
        let report = player.report(&self.wearers[place], now);
        let report = report.map(|report| match &self.interference {
            Some(interference) => interference.disturb(place, report, now_s, &mut player.random),
            None => report,
        });
        Deed { radio, reports: player.backlog.take(network, report, delivered) }
    }
}

impl Player {
    /// The report of now, if it is time for one.
    fn report(&mut self, wearer: &Wearer, now: Now) -> Option<Report> {
        if now.passed_s < self.report_at_s {
            return None;
        }
        self.report_at_s = (self.report_at_s + self.report_every_s).max(now.passed_s);
        day::report(wearer, self.incident.as_ref(), now.passed_s, now.at, &mut self.random)
    }
}
