//! Which of a wearer's reports prove a violation: the fewest that give it again when judged by themselves.

use super::{Grounds, ended_by_reports, judged};
use crate::command::CommandError;
use crate::{EndReason, Fix, Order, Plan, Rules, StoredReport, Timestamp, Violation};
use std::sync::Arc;

/// Reports after the end that may belong to the closing run.
const CLOSING_MAX: usize = 200;
/// Where no zone is concerned: how long before the start a report may matter, milliseconds.
const BEFORE_MS: i64 = 3_600_000;

/// Chosen reports, and between which instants they are judged.
pub(super) struct Chosen {
    pub from: Timestamp,
    pub until: Timestamp,
    pub reports: Vec<StoredReport>,
}

/// Tries from the least to the most: the runs alone from the start, from before the boundary, everything from before the boundary, and
/// everything there is.
pub(super) fn choose(plan: &Arc<Plan>, rules: Option<Rules>, grounds: &Grounds) -> Result<Chosen, CommandError> {
    let violation = ended_by_reports(&grounds.violation);
    let start = violation.start;
    let boundary = start.plus_millis(-1 - rules.map_or(BEFORE_MS, |rules| rules.stale_after_ms));
    let few = proving(plan, &violation, grounds);
    let earliest = grounds.reports.first().map_or(boundary, |stored| at(stored).min(boundary));
    let since = |reports: &[StoredReport], from| reports.iter().filter(|stored| at(stored) >= from).copied().collect::<Vec<_>>();
    let before_start = grounds.reports.iter().map(at).take_while(|at| *at < start).last().unwrap_or(start);
    let tries = [
        (start, since(&few, start)),
        (before_start, since(&few, before_start)),
        (boundary, since(&few, boundary)),
        (boundary, since(&grounds.reports, boundary)),
        (earliest, grounds.reports.clone()),
    ];
    let given = tries.into_iter().find_map(|(from, reports)| complete(plan, &violation, from, reports));
    given.ok_or_else(|| {
        CommandError::Evidence("the stored reports do not show this violation (any more): it was refuted or corrected".to_owned())
    })
}

fn at(stored: &StoredReport) -> Timestamp {
    stored.report.judged_at(stored.received_at)
}

/// Cuts off what is not needed after the violation is told as it is known; `None` if these reports do not tell it.
fn complete(plan: &Arc<Plan>, violation: &Violation, from: Timestamp, reports: Vec<StoredReport>) -> Option<Chosen> {
    let gives = |count: usize, until: Timestamp| {
        let found = judged(plan, from, reports[..count].to_vec(), until);
        found.iter().any(|found| found == violation)
    };
    // By time alone it may be found, or end, after the last report.
    let by_time = violation.end.map_or(violation.found_at, |(at, _)| at.max(violation.found_at));
    let least = reports.iter().take_while(|stored| at(stored) <= by_time).count();
    let last = reports.len().min(least + CLOSING_MAX);
    let until = |count: usize| count.checked_sub(1).map_or(by_time, |last| at(&reports[last]).max(by_time));
    let count = (least..=last).chain([reports.len()]).find(|&count| gives(count, until(count)))?;
    Some(Chosen { from, until: until(count), reports: reports[..count].to_vec() })
}

/// The opening run with what may precede it, the furthest and the newest breaking fix, and what follows the end. Of other kinds: everything.
fn proving(plan: &Plan, violation: &Violation, grounds: &Grounds) -> Vec<StoredReport> {
    let (Some(last_breaking_at), Some(_)) = (violation.last_breaking_at, violation.max_beyond_m) else {
        return grounds.reports.clone();
    };
    let closing_from = violation.end.filter(|(_, reason)| *reason == EndReason::Kept).map_or(Timestamp::MAX, |(at, _)| at);
    let furthest = furthest(plan, violation, grounds);
    let matters = |stored: &&StoredReport| {
        let at = at(stored);
        at <= violation.found_at
            || at == last_breaking_at
            || at >= closing_from
            || Some(Order::of(&stored.report, stored.received_at)) == furthest
    };
    grounds.reports.iter().filter(matters).copied().collect()
}

/// The breaking fix furthest beyond the edge, from the start to the newest one.
fn furthest(plan: &Plan, violation: &Violation, grounds: &Grounds) -> Option<Order> {
    let beyond = |stored: &StoredReport| {
        let fix = Fix::of_report(&stored.report, stored.received_at)?;
        let zone = plan.zone_at(&violation.zone, fix.taken_at()).filter(|zone| zone.can_use(&fix))?;
        let edge_m = zone.edge_m(fix.latitude, fix.longitude);
        zone.is_broken_by(&fix).then(|| (edge_m.abs(), Order::of(&stored.report, stored.received_at)))
    };
    let during = |stored: &&StoredReport| violation.start <= at(stored) && Some(at(stored)) <= violation.last_breaking_at;
    let furthest = grounds.reports.iter().filter(during).filter_map(beyond).max_by(|a, b| a.0.total_cmp(&b.0));
    furthest.map(|(_, order)| order)
}
