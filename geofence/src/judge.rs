//! The judge of one wearer: reports in, violations out.

use crate::device::{Device, Heard};
use crate::state::State;
use crate::tracker::tell;
use crate::{EndReason, Fix, Order, Plan, Report, Signals, Timestamp, Violation};
use std::sync::Arc;

/// Most findings by time alone since the last report that a later one may still correct. Beyond it (a wearer unheard for weeks) the
/// way back is dropped, and what such a report shows is judged as if it were taken then.
const AHEAD_MAX: usize = 64;

/// One wearer's standing to all zones, and the state of the tag. Deterministic: the same calls give the same findings, on any machine.
#[derive(Clone, Debug)]
pub struct Judge {
    pub(crate) plan: Arc<Plan>,
    pub(crate) memory: Memory,
    pub(crate) ahead: Option<Box<Ahead>>,
    /// The newest judged report.
    pub(crate) newest: Order,
    /// The newest report when the memory was last kept as a checkpoint.
    pub(crate) kept_at: Timestamp,
}

/// What judgement remembers.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Memory {
    pub zones: State,
    pub device: Device,
}

/// The way back: time ran ahead of the reports, and a report under way may be from before.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Ahead {
    /// As of the newest report, before time ran ahead.
    pub settled: Memory,
    /// What was found since.
    pub told: Vec<Violation>,
}

impl Judge {
    /// Judges from `from` (the fitting): earlier boundaries are not looked at (policy 8.12).
    pub fn new(plan: Arc<Plan>, from: Timestamp) -> Self {
        let memory = Memory { zones: State::new(&plan, from), device: Device::new(from) };
        Self { plan, memory, ahead: None, newest: Order::before(from), kept_at: from }
    }

    /// Whether a report belongs before one that has been judged: [`Judge::report`] would not look at it, the past must be judged again.
    pub fn is_late(&self, order: &Order) -> bool {
        *order < self.newest
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
        match self.ahead.take() {
            Some(ahead) if heard.at <= self.memory.zones.clock => self.hear_again(*ahead, heard, found),
            _ => self.memory.take(&self.plan, heard, found),
        }
    }

    /// Goes back, takes it in, and lets time run ahead again.
    fn hear_again(&mut self, ahead: Ahead, heard: &Heard, found: &mut Vec<Violation>) {
        let now = self.memory.zones.clock;
        self.memory = ahead.settled;
        let mut again = Vec::new();
        self.memory.take(&self.plan, heard, &mut again);
        self.advance(now, &mut again);
        for old in ahead.told {
            if !again.iter().any(|new| new.is_same(&old)) {
                tell(found, old.refuted());
            }
        }
        again.into_iter().for_each(|violation| tell(found, violation));
    }

    /// Finds what falls due by time alone up to and including `now`.
    pub fn advance(&mut self, now: Timestamp, found: &mut Vec<Violation>) {
        if self.next_due().is_none_or(|due| due > now) {
            self.memory.advance(&self.plan, now, found);
            return;
        }
        let mut ahead = self.ahead.take().unwrap_or_else(|| Box::new(Ahead { settled: self.memory.clone(), told: Vec::new() }));
        let mut told = Vec::new();
        self.memory.advance(&self.plan, now, &mut told);
        for violation in told {
            tell(&mut ahead.told, violation.clone());
            tell(found, violation);
        }
        self.ahead = (ahead.told.len() <= AHEAD_MAX).then_some(ahead);
    }

    /// When [`Judge::advance`] may find something next (it may also find nothing then); `None` if never without another report.
    pub fn next_due(&self) -> Option<Timestamp> {
        let device = self.plan.watch().and_then(|watch| self.memory.device.next_due(&watch.rules, &watch.deaf));
        self.memory.zones.next_due().into_iter().chain(device).min()
    }

    /// Goes on under another plan: trackers go on by zone key. What turns off or on by the change itself does so at the newest judged
    /// instant and is told by the next call of [`Judge::report`] or [`Judge::advance`].
    pub fn set_plan(&mut self, plan: Arc<Plan>) {
        self.memory.zones.change_plan(&self.plan, &plan);
        self.ahead = None;
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

    fn advance(&mut self, plan: &Plan, now: Timestamp, found: &mut Vec<Violation>) {
        if let Some(watch) = plan.watch() {
            self.device.advance(now, &watch.rules, &watch.deaf, found);
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
