//! The judge of one wearer: reports in, violations out.

use crate::signals::SignalMemory;
use crate::state::State;
use crate::{Fix, Plan, Report, Timestamp, Violation};
use std::sync::Arc;

/// One wearer's standing to all zones and signals. Deterministic: the same calls give the same findings, on any machine.
#[derive(Clone, Debug)]
pub struct Judge {
    pub(crate) plan: Arc<Plan>,
    pub(crate) state: State,
    pub(crate) signals: SignalMemory,
}

impl Judge {
    /// Judges from `from` (the fitting): earlier boundaries are not looked at (policy 8.12).
    pub fn new(plan: Arc<Plan>, from: Timestamp) -> Self {
        let state = State::new(&plan, from);
        Self { plan, state, signals: SignalMemory::default() }
    }

    /// Judges one report. Reports come in order of `taken_at`; for zones, one that is not newer than the newest judged fix is
    /// ignored, while its signals still count. Pushes the newest state of each violation opened, grown or ended.
    pub fn report(&mut self, report: &Report, received_at: Timestamp, found: &mut Vec<Violation>) {
        self.signals.take(report, received_at, found);
        if let Some(fix) = Fix::of_report(report, received_at) {
            self.fix(&fix, found);
        }
    }

    /// Judges one position without a report around it; otherwise as [`Judge::report`].
    pub fn fix(&mut self, fix: &Fix, found: &mut Vec<Violation>) {
        if fix.taken_at > self.state.newest_fix {
            self.state.take(&self.plan, fix, found);
        }
    }

    /// Finds what falls due by time alone up to and including `now`.
    pub fn advance(&mut self, now: Timestamp, found: &mut Vec<Violation>) {
        self.state.advance(&self.plan, now, found);
    }

    /// When [`Judge::advance`] may find something next (it may also find nothing then); `None` if never without another report.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.state.next_due()
    }

    /// Goes on under another plan: trackers go on by zone key. What turns off or on by the change itself does so at the newest judged
    /// instant and is told by the next call of [`Judge::report`] or [`Judge::advance`].
    pub fn set_plan(&mut self, plan: Arc<Plan>) {
        let on = self.state.on(&self.plan);
        self.state.adopt(&plan, &on);
        self.plan = plan;
    }

    /// The plan in force.
    pub const fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }
}
