//! Since when the strap is closed, as the tag itself said. Monitoring and billing begin there.

use super::{Limits, Seen};
use geofence::{Signal, StoredReport, Timestamp};

/// What the tag last said of its strap.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Strap {
    /// Nothing yet.
    Unsaid,
    /// Open, in this report.
    Open(StoredReport),
    /// Closed: the first report that says so after any that says open.
    Closed(StoredReport),
}

/// The reports of this fitting by the instant at which each counts. One that was taken before it began tells of another time.
pub(super) fn reports_of(seen: &Seen, limits: &Limits) -> Vec<(Timestamp, StoredReport)> {
    let earliest = seen.begun_at.plus_millis(-limits.clock_behind_ms_max);
    let counts = |stored: &&StoredReport| stored.received_at >= seen.begun_at && stored.report.judged_at(stored.received_at) >= earliest;
    let mut reports: Vec<_> =
        seen.reports.iter().filter(counts).map(|stored| (stored.report.judged_at(stored.received_at), *stored)).collect();
    // Of one instant an open strap comes last: in doubt it is open.
    reports.sort_by_key(|(at, stored)| (*at, stored.report.signals.is(Signal::StrapOpen), stored.received_at));
    reports
}

/// How the strap is after these reports, which are in order.
pub(super) fn strap(reports: &[(Timestamp, StoredReport)]) -> Strap {
    reports.iter().fold(Strap::Unsaid, |strap, (_, stored)| match (stored.report.signals.get(Signal::StrapOpen), strap) {
        (None, strap) | (Some(false), strap @ Strap::Closed(_)) => strap,
        (Some(true), _) => Strap::Open(*stored),
        (Some(false), _) => Strap::Closed(*stored),
    })
}

/// The instant of the report by the tag's clock, never before somebody began and never in the future.
pub(super) fn begins_at(strap: Strap, seen: &Seen) -> Option<Timestamp> {
    match strap {
        Strap::Closed(stored) => Some(stored.report.judged_at(stored.received_at).max(seen.begun_at).min(seen.now)),
        Strap::Unsaid | Strap::Open(_) => None,
    }
}
