//! The judge of one wearer: reports in, violations out.

use crate::signals::SignalMemory;
use crate::state::State;
use crate::tracker::tell;
use crate::{EndReason, Fix, Plan, Report, Timestamp, Violation};
use std::sync::Arc;

/// Most findings by time alone since the last fix that a later report may still correct. Beyond it (a wearer unheard for weeks) the
/// way back is dropped, and what such a report shows is judged as if it were taken then.
const AHEAD_MAX: usize = 64;

/// One wearer's standing to all zones and signals. Deterministic: the same calls give the same findings, on any machine.
#[derive(Clone, Debug)]
pub struct Judge {
    pub(crate) plan: Arc<Plan>,
    pub(crate) state: State,
    pub(crate) ahead: Option<Box<Ahead>>,
    pub(crate) signals: SignalMemory,
}

/// The way back: time ran ahead of the reports, and a report under way may be from before.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Ahead {
    /// As of the newest report, before time ran ahead.
    pub settled: State,
    /// What was found since.
    pub told: Vec<Violation>,
}

impl Judge {
    /// Judges from `from` (the fitting): earlier boundaries are not looked at (policy 8.12).
    pub fn new(plan: Arc<Plan>, from: Timestamp) -> Self {
        let state = State::new(&plan, from);
        Self { plan, state, ahead: None, signals: SignalMemory::default() }
    }

    /// Judges one report. Reports come in order of `taken_at`, but may come after [`Judge::advance`] has gone past them: what was found
    /// by time alone is then judged again, and what does not stand is told once more with [`EndReason::Refuted`]. A report that is not
    /// newer than the newest judged fix is ignored for zones; its signals still count. Pushes the newest state of each violation
    /// opened, grown or ended.
    pub fn report(&mut self, report: &Report, received_at: Timestamp, found: &mut Vec<Violation>) {
        self.signals.take(report, received_at, found);
        if let Some(fix) = Fix::of_report(report, received_at) {
            self.fix(&fix, found);
        }
    }

    /// Judges one position without a report around it; otherwise as [`Judge::report`].
    pub fn fix(&mut self, fix: &Fix, found: &mut Vec<Violation>) {
        if fix.taken_at <= self.state.newest_fix {
            return;
        }
        match self.ahead.take() {
            Some(ahead) if fix.taken_at <= self.state.clock => self.fix_again(*ahead, fix, found),
            _ => self.state.take(&self.plan, fix, found),
        }
    }

    /// Goes back, takes the fix in, and lets time run ahead again.
    fn fix_again(&mut self, ahead: Ahead, fix: &Fix, found: &mut Vec<Violation>) {
        let now = self.state.clock;
        self.state = ahead.settled;
        let mut again = Vec::new();
        self.state.take(&self.plan, fix, &mut again);
        self.advance(now, &mut again);
        for old in ahead.told {
            if !again.iter().any(|new| new.is_same(&old)) {
                tell(found, Violation { end: Some((old.start.max(fix.taken_at), EndReason::Refuted)), ..old });
            }
        }
        again.into_iter().for_each(|violation| tell(found, violation));
    }

    /// Finds what falls due by time alone up to and including `now`.
    pub fn advance(&mut self, now: Timestamp, found: &mut Vec<Violation>) {
        if self.next_due().is_none_or(|due| due > now) {
            self.state.advance(&self.plan, now, found);
            return;
        }
        let mut ahead = self.ahead.take().unwrap_or_else(|| Box::new(Ahead { settled: self.state.clone(), told: Vec::new() }));
        let mut told = Vec::new();
        self.state.advance(&self.plan, now, &mut told);
        for violation in told {
            tell(&mut ahead.told, violation.clone());
            tell(found, violation);
        }
        self.ahead = (ahead.told.len() <= AHEAD_MAX).then_some(ahead);
    }

    /// When [`Judge::advance`] may find something next (it may also find nothing then); `None` if never without another report.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.state.next_due()
    }

    /// Goes on under another plan: trackers go on by zone key. What turns off or on by the change itself does so at the newest judged
    /// instant and is told by the next call of [`Judge::report`] or [`Judge::advance`].
    pub fn set_plan(&mut self, plan: Arc<Plan>) {
        self.state.change_plan(&self.plan, &plan);
        self.ahead = None;
        self.plan = plan;
    }

    /// The plan in force.
    pub const fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }
}
