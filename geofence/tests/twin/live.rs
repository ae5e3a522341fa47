//! The same cases as a server lives them: reports one by one, time running ahead of them, the memory saved and read back at every step.

use crate::draw::Case;
use geofence::command::{TrackReader, judge_files};
use geofence::{EndReason, Fix, Judge, Leave, Plan, Timestamp, Violation, Zone, ZoneSet};
use proptest::prelude::*;
use std::sync::Arc;

/// What a file shows in the end.
pub fn by_file(case: &Case) -> Vec<Violation> {
    let rows = judge_files(&case.zones_text(), case.track_text().as_bytes(), case.until, false).expect("the drawn files are well written");
    sorted(rows.into_iter().map(|row| row.violation).collect())
}

pub fn plan(case: &Case) -> Plan {
    let zone = |feature| Arc::new(Zone::from_feature(7, &serde_json::from_value(feature).unwrap()).unwrap());
    let instant = |seconds: i64| Timestamp::from_millis(seconds * 1000);
    let leaves = case.leaves.iter().map(|leave| Leave { from: instant(leave.0), to: instant(leave.1), exclusion: leave.2 });
    Plan::new(case.versions.iter().cloned().map(zone).collect(), leaves.collect())
}

/// The first row, the fixes in order, and the end of the track.
pub fn track(case: &Case) -> Option<(Timestamp, Vec<Fix>, Timestamp)> {
    let text = case.track_text();
    let rows: Vec<_> = TrackReader::new(text.as_bytes()).unwrap().map(|row| row.unwrap()).collect();
    let until = case.until.or(rows.iter().map(|row| row.taken_at).max())?;
    let rows: Vec<_> = rows.into_iter().filter(|row| row.taken_at <= until).collect();
    let from = rows.iter().map(|row| row.taken_at).min()?;
    let mut fixes: Vec<Fix> = rows.iter().filter_map(|row| row.fix()).collect();
    fixes.sort_by(Fix::in_order);
    fixes.dedup_by_key(|fix| fix.taken_at());
    Some((from, fixes, until))
}

fn sorted(mut violations: Vec<Violation>) -> Vec<Violation> {
    violations.sort_by(|a, b| (a.start, a.kind, &a.zone).cmp(&(b.start, b.kind, &b.zone)));
    violations
}

/// The newest state of everything told, without what was refuted.
#[derive(Default)]
pub struct Told(Vec<Violation>);

impl Told {
    pub fn learn(&mut self, found: &mut Vec<Violation>) {
        for violation in found.drain(..) {
            self.0.retain(|old| !old.is_same(&violation));
            self.0.push(violation);
        }
    }

    pub fn standing(self) -> Vec<Violation> {
        sorted(self.0.into_iter().filter(|violation| !matches!(violation.end, Some((_, EndReason::Refuted)))).collect())
    }
}

fn saved_and_restored(judge: Judge) -> Judge {
    let mut bytes = Vec::new();
    judge.save(&mut bytes);
    Judge::restore(judge.plan().clone(), &bytes).expect("its own memory")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_server_that_runs_ahead_and_restarts_ends_with_the_same(case in crate::draw::case(), delays in proptest::collection::vec(0..400_i64, 1..40)) {
        let Some((from, fixes, until)) = track(&case) else { return Ok(()) };
        let mut judge = Judge::new(Arc::new(plan(&case)), from);
        let (mut found, mut told) = (Vec::new(), Told::default());
        for (fix, delay) in fixes.iter().zip(delays.iter().cycle()) {
            // The server's timer fires while the report is under way.
            let now = fix.taken_at().plus_seconds(delay / 30 * 30).min(until);
            if judge.next_due().is_some_and(|due| due <= now) {
                judge.advance(now, &mut found);
            }
            judge = saved_and_restored(judge);
            judge.fix(fix, &mut found);
            judge = saved_and_restored(judge);
            told.learn(&mut found);
        }
        judge.advance(until, &mut found);
        told.learn(&mut found);
        prop_assert_eq!(told.standing(), by_file(&case), "{}", case.describe());
    }

    #[test]
    fn a_shared_set_is_judged_as_a_loop_over_its_zones(case in crate::draw::case(), others in proptest::collection::vec(crate::draw::case(), 0..6)) {
        let Some((from, fixes, until)) = track(&case) else { return Ok(()) };
        let features = others.iter().chain([&case]).enumerate().flat_map(|(key, case)| case.versions.iter().map(move |version| (key, version)));
        let zones: Vec<Arc<Zone>> = features.map(|(key, version)| {
            let mut version = version.clone();
            version["properties"]["zone"] = serde_json::json!(format!("z{key}"));
            Arc::new(Zone::from_feature(key as i64, &serde_json::from_value(version).unwrap()).unwrap())
        }).collect();
        let leaves: Vec<Leave> = case.leaves.iter().map(|leave| Leave { from: Timestamp::from_millis(leave.0 * 1000), to: Timestamp::from_millis(leave.1 * 1000), exclusion: leave.2 }).collect();
        let plans = [Plan::new(zones.clone(), leaves.clone()), Plan::with_set(vec![], Some(Arc::new(ZoneSet::new(zones))), leaves)];
        let [looped, by_set] = plans.map(|plan| {
            let mut judge = Judge::new(Arc::new(plan), from);
            let (mut found, mut told) = (Vec::new(), Told::default());
            for fix in &fixes {
                judge.fix(fix, &mut found);
                told.learn(&mut found);
            }
            judge.advance(until, &mut found);
            told.learn(&mut found);
            told.standing()
        });
        prop_assert_eq!(looped, by_set);
    }
}
