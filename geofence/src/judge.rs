//! The judge of one wearer: reports in, violations out.

use crate::coarse::{KeptAt, Lag};
use crate::device::{Device, Heard};
use crate::state::State;
use crate::tracker::tell;
use crate::{Cell, EndReason, Fix, Order, Plan, Report, Signals, Timestamp, Violation};
use std::sync::Arc;

/// Most findings by time alone since the last report that a later one may still correct at once. Beyond it (a wearer unheard for weeks) a
/// report from before now is late: the past must be judged again.
const AHEAD_MAX: usize = 64;

/// One wearer's standing to all zones, and the state of the tag. Deterministic: the same calls give the same findings, on any machine.
#[derive(Clone, Debug)]
pub struct Judge {
    pub(crate) plan: Arc<Plan>,
    pub(crate) memory: Memory,
    /// Boxed, because most wearers have not been found to break anything by time alone since their last report.
    pub(crate) ahead: Option<Box<Ahead>>,
    /// The newest judged report.
    pub(crate) newest: Order,
    /// The newest report when the memory was last kept as a checkpoint.
    pub(crate) kept_at: KeptAt,
    /// How long after it was taken the newest report was received.
    pub(crate) lag: Lag,
}

const _: () = assert!(size_of::<Judge>() <= 176, "a judge grew: a million of them are held");

/// A tag whose newest report came later than this is catching up: it sends what it kept, milliseconds ...
const LAG_MS: i64 = 10_000;
/// ... until nothing has come for this long, milliseconds.
const CATCHING_UP_MS: i64 = 10_000;

/// What judgement remembers.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Memory {
    pub zones: State,
    pub device: Device,
}

/// Time ran ahead of the reports, and a report under way may be from before.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Ahead {
    /// What was found since can be taken back.
    WayBack(WayBack),
    /// More was found than can be taken back: only judging the past again can.
    NoWayBack,
}

/// The way back to the newest report.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct WayBack {
    /// As of the newest report, before time ran ahead.
    pub settled: Memory,
    /// What was found since.
    pub told: Vec<Violation>,
}

impl Judge {
    /// Judges from `from` (the fitting): earlier boundaries are not looked at (policy 8.12).
    pub fn new(plan: Arc<Plan>, from: Timestamp) -> Self {
        let memory = Memory { zones: State::new(&plan, from), device: Device::new(from) };
        Self { plan, memory, ahead: None, newest: Order::before(from), kept_at: KeptAt::of(from), lag: Lag::default() }
    }

    /// Whether a report belongs before one that has been judged: [`Judge::report`] would not look at it, the past must be judged again.
    pub fn is_late(&self, order: &Order) -> bool {
        *order < self.newest || (self.has_no_way_back() && order.at() <= self.clock())
    }

    /// Judges one report. Reports come in their [`Order`], but may come after [`Judge::advance`] has gone past them: what was found
    /// by time alone is then judged again, and what does not stand is told once more with [`EndReason::Refuted`]. A late report is not
    /// looked at. Pushes the newest state of each violation opened, grown or ended.
    pub fn report(&mut self, report: &Report, received_at: Timestamp, found: &mut Vec<Violation>) {
        let fix = Fix::of_report(report, received_at);
        let order = Order::with_fix(report, received_at, fix.as_ref());
        if self.is_late(&order) {
            return;
        }
        self.newest = order;
        self.lag = Lag::of_millis(received_at.millis_since(order.at()));
        let battery_percent = (report.battery_percent != Report::BATTERY_UNSAID).then_some(report.battery_percent);
        let clock_is_off = report.clock_is_off(received_at);
        self.hear(&Heard { at: order.at(), fix: fix.as_ref(), clock_is_off, signals: report.signals, battery_percent }, found);
    }

    /// Judges one position without a report around it; otherwise as [`Judge::report`].
    pub fn fix(&mut self, fix: &Fix, found: &mut Vec<Violation>) {
        if fix.taken_at > self.memory.zones.newest_fix {
            let heard = Heard { at: fix.taken_at, fix: Some(fix), clock_is_off: false, signals: Signals::default(), battery_percent: None };
            self.hear(&heard, found);
        }
    }

    /// Judges what was heard, not before anything heard so far.
    pub(crate) fn hear(&mut self, heard: &Heard, found: &mut Vec<Violation>) {
        match self.ahead.take().map(|ahead| *ahead) {
            Some(Ahead::WayBack(back)) if heard.at <= self.memory.zones.clock => self.hear_again(back, heard, found),
            _ => self.memory.take(&self.plan, heard, found),
        }
    }

    pub(crate) fn has_no_way_back(&self) -> bool {
        matches!(self.ahead.as_deref(), Some(Ahead::NoWayBack))
    }

    /// Goes back, takes it in, and lets time run ahead again.
    fn hear_again(&mut self, back: WayBack, heard: &Heard, found: &mut Vec<Violation>) {
        let now = self.memory.zones.clock;
        self.memory = back.settled;
        let mut again = Vec::new();
        self.memory.take(&self.plan, heard, &mut again);
        self.advance(now, &mut again);
        for old in back.told {
            if !again.iter().any(|new| new.is_same(&old)) {
                tell(found, old.refuted());
            }
        }
        again.into_iter().for_each(|violation| tell(found, violation));
    }

    /// Finds what falls due by time alone up to and including `now`. Silence is a matter of when reports are received: while a tag sends an
    /// hour's backlog it is not silent, although its newest report is an hour old.
    pub fn advance(&mut self, now: Timestamp, found: &mut Vec<Violation>) {
        if self.has_no_way_back() || self.next_due().is_none_or(|due| due > now) {
            self.advance_memory(now, found);
            return;
        }
        let mut back = match self.ahead.take().map(|ahead| *ahead) {
            Some(Ahead::WayBack(back)) => back,
            _ => WayBack { settled: self.memory.clone(), told: Vec::new() },
        };
        let mut told = Vec::new();
        self.advance_memory(now, &mut told);
        for violation in told {
            tell(&mut back.told, violation.clone());
            tell(found, violation);
        }
        let ahead = if back.told.len() > AHEAD_MAX { Ahead::NoWayBack } else { Ahead::WayBack(back) };
        self.ahead = Some(Box::new(ahead));
    }

    fn advance_memory(&mut self, now: Timestamp, found: &mut Vec<Violation>) {
        let (zones_now, device_now) = (self.zones_now(now), now.plus_millis(-self.lag.millis()));
        self.memory.advance(&self.plan, zones_now, device_now, found);
    }

    /// When [`Judge::advance`] may find something next (it may also find nothing then); `None` if never without another report.
    pub fn next_due(&self) -> Option<Timestamp> {
        let device = self.plan.watch().and_then(|watch| self.memory.device.next_due(&watch.rules, &watch.deaf));
        let device = device.map(|due| due.plus_millis(self.lag.millis()));
        let zones = self.memory.zones.next_due().map(|due| if self.lag.millis() > LAG_MS { due.max(self.caught_up_at()) } else { due });
        zones.into_iter().chain(device).min()
    }

    /// When a tag that sends a backlog is taken to have sent all of it.
    fn caught_up_at(&self) -> Timestamp {
        self.newest.at().plus_millis(self.lag.millis() + CATCHING_UP_MS)
    }

    /// Up to when zones are judged by time alone: while a tag catches up, not further than it has come.
    fn zones_now(&self, now: Timestamp) -> Timestamp {
        let catches_up = self.lag.millis() > LAG_MS && now < self.caught_up_at();
        if catches_up { self.memory.zones.clock.max(self.newest.at()).min(now) } else { now }
    }

    /// Goes on under another plan: trackers go on by zone key. What turns off or on by the change itself does so at the newest judged
    /// instant and is told by the next call of [`Judge::report`] or [`Judge::advance`].
    pub fn set_plan(&mut self, plan: Arc<Plan>) {
        self.memory.zones.change_plan(&self.plan, &plan);
        if let Some(Ahead::WayBack(back)) = self.ahead.as_deref_mut() {
            back.settled.zones.change_plan(&self.plan, &plan);
        }
        self.plan = plan;
    }

    /// The plan in force.
    pub const fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Everything up to and including this instant that time alone brings has been judged.
    pub const fn clock(&self) -> Timestamp {
        self.memory.zones.clock
    }

    /// As of the newest report: the cell of the last place that could be believed, and whether the report was in trouble: without a
    /// position, or with one that cannot be true. What interference in an area is recognized by.
    pub fn sighting(&self) -> Option<(Cell, bool)> {
        self.memory.device.sighting()
    }

    /// When the newest judged report was taken.
    pub const fn newest_at(&self) -> Timestamp {
        self.newest.at()
    }

    /// The newest state of each violation that has not ended.
    pub fn open(&self) -> Vec<Violation> {
        let mut open = Vec::new();
        self.memory.zones.open(&mut open);
        self.memory.device.open(&mut open);
        open
    }
}

impl Memory {
    /// Takes in what was heard.
    fn take(&mut self, plan: &Plan, heard: &Heard, found: &mut Vec<Violation>) {
        if let Some(watch) = plan.watch() {
            self.device.take(heard, &watch.rules, &watch.deaf, found);
        }
        if let Some(fix) = heard.fix.filter(|fix| fix.taken_at > self.zones.newest_fix) {
            self.zones.take(plan, fix, found);
        }
    }

    fn advance(&mut self, plan: &Plan, now: Timestamp, device_now: Timestamp, found: &mut Vec<Violation>) {
        if let Some(watch) = plan.watch() {
            self.device.advance(device_now, &watch.rules, &watch.deaf, found);
        }
        self.zones.advance(plan, now, found);
    }
}

impl Violation {
    /// It was not so: told once more, with no time between its start and its end.
    pub(crate) fn refuted(self) -> Self {
        Self { end: Some((self.start, EndReason::Refuted)), ..self }
    }
}
