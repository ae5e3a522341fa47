//! Reports that were deleted after their time: what was found of then stands, and what is younger is still corrected.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use geofence::{EndReason, Leave, Past, Plan, Report, Signal, Signals, StoredReport, Timestamp, Violation, Zone, judge_again};
use serde_json::json;
use std::sync::Arc;

const MINUTE: i64 = 60;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_millis(1_668_016_800_000).plus_seconds(minute * MINUTE)
}

fn plan(leaves: Vec<Leave>) -> Arc<Plan> {
    let feature = json!({"type": "Feature", "geometry": {"type": "Point", "coordinates": [51.4, 35.7]},
        "properties": {"zone": "home", "sense": "inclusion", "radius_m": 200}});
    let home = Zone::from_feature(1, &serde_json::from_value(feature).unwrap()).unwrap();
    Arc::new(Plan::new(vec![Arc::new(home)], leaves))
}

/// A report a minute for two hours; outside in the minutes 10 to 20, 50 to 90 and 100 to 110.
fn reports() -> Vec<StoredReport> {
    let is_outside = |minute: i64| [10..20, 50..90, 100..110].iter().any(|span| span.contains(&minute));
    let report = |minute: i64| {
        let latitude_e7 = if is_outside(minute) { 358_000_000 } else { 357_000_000 };
        let signals = Signals::default().with(Signal::Fix, true);
        let report = Report { latitude_e7, longitude_e7: 514_000_000, accuracy_dm: 50, satellites: 9, signals, ..Report::at(at(minute)) };
        StoredReport { tag_id: 1, received_at: at(minute), late: false, report }
    };
    (0..120).map(report).collect()
}

fn told() -> Vec<Violation> {
    let again = judge_again(plan(vec![]), 1, at(0), Past { reports: reports(), ..Past::default() }, at(120)).unwrap();
    let mut found = again.found;
    found.sort_by_key(|violation| violation.start);
    assert_eq!(found.iter().map(|violation| violation.start).collect::<Vec<_>>(), [at(10), at(50), at(100)]);
    found
}

/// Judged again after the reports before this minute were deleted; what differs from what was told.
fn again(kept_since: i64, plan: Arc<Plan>) -> Vec<Violation> {
    let reports = reports().into_iter().filter(|stored| stored.received_at >= at(kept_since)).collect();
    let past = Past { checkpoint: None, reports, told: told(), kept_since: Some(at(kept_since)) };
    judge_again(plan, 1, at(0), past, at(120)).unwrap().found
}

#[test]
fn nothing_is_refuted_and_nothing_comes_twice_for_want_of_deleted_reports() {
    for kept_since in [5, 25, 60, 70, 89, 91, 105, 119] {
        assert_eq!(again(kept_since, plan(vec![])), [], "kept since minute {kept_since}");
    }
}

#[test]
fn what_is_younger_is_still_corrected() {
    let leave = Leave { from: at(0), to: at(119), exclusion: false };
    let found = again(60, plan(vec![leave]));
    let ends: Vec<_> = found.iter().map(|violation| (violation.start, violation.end.unwrap().1)).collect();
    assert_eq!(ends, [(at(100), EndReason::Refuted)]);
}
