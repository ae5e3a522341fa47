//! Strap, case and call for help: violations without a zone, opened at once (policy 4).

use crate::fix::is_plausible_at;
use crate::{Report, Signal, Timestamp, Violation, ViolationKind};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const WATCHED: [(Signal, ViolationKind); 3] =
    [(Signal::StrapOpen, ViolationKind::StrapOpen), (Signal::CaseTamper, ViolationKind::CaseTamper), (Signal::Sos, ViolationKind::Sos)];

/// Which signals were yes in the newest report that spoke of them. "Not said" changes nothing.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct SignalMemory {
    newest: Timestamp,
    now: u8,
    /// The same for reports that come late: a backlog tells of an alarm once, and never hides one.
    late: u8,
}

impl Default for SignalMemory {
    fn default() -> Self {
        Self { newest: Timestamp::MIN, now: 0, late: 0 }
    }
}

impl SignalMemory {
    /// Opens a violation for each signal that goes from not-yes to yes. The judge never ends one: a person does.
    pub fn take(&mut self, report: &Report, received_at: Timestamp, found: &mut Vec<Violation>) {
        let is_late = report.taken_at < self.newest;
        if is_plausible_at(report.taken_at, received_at) {
            self.newest = self.newest.max(report.taken_at);
        }
        let memory = if is_late { &mut self.late } else { &mut self.now };
        for (bit, (signal, kind)) in WATCHED.into_iter().enumerate() {
            let mask = 1 << bit;
            match report.signals.get(signal) {
                Some(true) if *memory & mask == 0 => {
                    *memory |= mask;
                    found.push(opened(kind, report.taken_at));
                }
                Some(false) => *memory &= !mask,
                _ => {}
            }
        }
    }
}

fn opened(kind: ViolationKind, at: Timestamp) -> Violation {
    let zone = Arc::from("");
    Violation { zone, kind, start: at, found_at: at, end: None, max_beyond_m: None, last_breaking_at: None }
}
