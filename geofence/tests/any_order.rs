//! Reports in any order and any number of times: what stands in the end is what the sorted list shows (policy 5).
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "year/shard.rs"]
mod shard;

use geofence::{Leave, Plan, Report, Signal, Signals, StoredReport, Timestamp, Watch, Zone};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use shard::{Shard, in_one_go};
use std::cell::Cell;
use std::sync::Arc;

/// 21:30 of a Wednesday in Tehran: half an hour before a night that the wearer must be at home.
const START_MS: i64 = 1_668_016_800_000;
const CENTRE: (f64, f64) = (35.7, 51.4);

/// What happens between two arrivals.
#[derive(Clone, Copy, Debug)]
enum Between {
    Nothing,
    /// Time alone, up to so many seconds after the newest arrival.
    Time(i64),
    /// A restart.
    Restart,
    /// The turn of the past to be judged again.
    Again,
}

#[derive(Clone)]
struct Case {
    reports: Vec<StoredReport>,
    /// Indices of `reports`, each at least once, with what follows.
    arrivals: Vec<(usize, Between)>,
    is_watched: bool,
    on_leave: bool,
}

/// Short enough to be read: seconds since the start.
impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let since = |at: Timestamp| at.millis_since(start()) as f64 / 1000.0;
        writeln!(f, "watched {}, on leave {}", self.is_watched, self.on_leave)?;
        for (index, StoredReport { received_at, report, .. }) in self.reports.iter().enumerate() {
            let (taken, received, north) = (since(report.taken_at), since(*received_at), report.latitude_e7 - 357_000_000);
            let Report { accuracy_dm, satellites, battery_percent, signals, .. } = report;
            write!(f, "{index}: taken {taken} received {received} north {north} accuracy {accuracy_dm} dm ")?;
            writeln!(f, "satellites {satellites} battery {battery_percent} {signals:?}")?;
        }
        write!(f, "arrivals {:?}", self.arrivals)
    }
}

fn start() -> Timestamp {
    Timestamp::from_millis(START_MS)
}

impl Case {
    fn plan(&self) -> Arc<Plan> {
        let nights = json!({"zone": "home", "sense": "inclusion", "radius_m": 200, "timetable": [
            {"days": ["sat", "sun", "mon", "tue", "wed", "thu", "fri"], "from": "22:00", "to": "06:00"}]});
        let days = json!({"zone": "street", "sense": "exclusion", "radius_m": 200, "timetable": [
            {"days": ["sat", "mon", "thu", "fri"], "from": "05:30", "to": "22:10"}]});
        let always = json!({"zone": "airport", "sense": "exclusion", "radius_m": 300});
        let zones =
            vec![zone(1, nights, CENTRE), zone(2, days, (CENTRE.0 + 0.005, CENTRE.1)), zone(3, always, (CENTRE.0 + 0.02, CENTRE.1))];
        let leave = Leave { from: start().plus_seconds(86_400 + 3000), to: start().plus_seconds(86_400 + 9000), exclusion: true };
        let plan = Plan::new(zones, if self.on_leave { vec![leave] } else { vec![] });
        Arc::new(if self.is_watched { plan.watched(Arc::new(Watch::default())) } else { plan })
    }
}

fn zone(key: i64, properties: Value, (latitude, longitude): (f64, f64)) -> Arc<Zone> {
    let geometry = json!({"type": "Point", "coordinates": [longitude, latitude]});
    let feature = json!({"type": "Feature", "geometry": geometry, "properties": properties});
    Arc::new(Zone::from_feature(key, &serde_json::from_value(feature).unwrap()).unwrap())
}

fn case() -> impl Strategy<Value = Case> {
    let drawn = (reports(), any::<bool>(), any::<bool>());
    drawn.prop_flat_map(|(reports, is_watched, on_leave)| {
        let case = move |arrivals| Case { reports: reports.clone(), arrivals, is_watched, on_leave };
        arrivals(case(vec![]).reports.len()).prop_map(case)
    })
}

/// In bursts, with hours between some of them; each content once, with one receiving time.
fn reports() -> impl Strategy<Value = Vec<StoredReport>> {
    let gap = prop_oneof![
        20 => select(vec![0, 0, 10, 30, 30, 60, 60, 60, 120, 299, 300, 300, 301]),
        4 => select(vec![570, 600, 601, 900, 1770, 1800, 3600]),
        2 => select(vec![18_000, 28_800, 43_200, 84_600, 86_400]),
    ];
    vec((gap, report(), received()), 8..90).prop_map(|steps| {
        let (mut at, mut reports) = (start(), Vec::<StoredReport>::new());
        for (gap, report, (clock, received_s)) in steps {
            at = at.plus_seconds(gap);
            let taken_at = match clock {
                Clock::Right => at,
                Clock::Ahead(seconds) => at.plus_seconds(received_s + seconds),
                Clock::Unset => Timestamp::from_millis(at.millis() % 1_000_000),
            };
            let report = Report { taken_at, ..report };
            if reports.iter().all(|other| other.report != report) {
                reports.push(StoredReport { tag_id: 1, received_at: at.plus_seconds(received_s), late: false, report });
            }
        }
        reports
    })
}

#[derive(Clone, Copy, Debug)]
enum Clock {
    Right,
    /// Of the receiving clock, seconds.
    Ahead(i64),
    Unset,
}

/// How the tag's clock stands, and how long the report was on its way, seconds.
fn received() -> impl Strategy<Value = (Clock, i64)> {
    let clock =
        prop_oneof![20 => Just(Clock::Right), 1 => select(vec![599, 600, 601, 90_000]).prop_map(Clock::Ahead), 1 => Just(Clock::Unset)];
    (clock, select(vec![0, 0, 5, 30, 400, 90_000]))
}

/// All of a report but its time.
fn report() -> impl Strategy<Value = Report> {
    let north = select(vec![0, 0, 0, 500, 1600, 1700, 1900, 2000, 3000, 5000, 5000, 6500, 20_000, 20_000, 900_000]);
    let accuracy_dm = select(vec![0, 0, 20, 50, 50, 50, 200, 990, 1000, 1001, 4000]);
    let battery = select(vec![255, 255, 255, 90, 25, 20, 15, 10, 5]);
    (north, accuracy_dm, battery, select(vec![0, 7, 7, 7, 7, 7, 7, 7]), signals()).prop_map(
        |(north, accuracy_dm, battery_percent, satellites, signals)| {
            let (latitude_e7, longitude_e7) = ((CENTRE.0 * 1e7) as i32 + north * 10, (CENTRE.1 * 1e7) as i32);
            Report { latitude_e7, longitude_e7, accuracy_dm, battery_percent, satellites, signals, ..Report::at(start()) }
        },
    )
}

fn signals() -> impl Strategy<Value = Signals> {
    let all = vec![
        Signal::Fix,
        Signal::StrapOpen,
        Signal::CaseTamper,
        Signal::Sos,
        Signal::Charging,
        Signal::PowerOff,
        Signal::Jamming,
        Signal::Motion,
        Signal::AtHomeBeacon,
    ];
    let said = prop_oneof![3 => Just(vec![]), 2 => vec((select(all), any::<bool>()), 1..3)];
    said.prop_map(|said| said.into_iter().fold(Signals::default(), |signals, (signal, value)| signals.with(signal, value)))
}

/// Nearly in order, with some far out of it; or in no order at all. Some come again.
fn arrivals(count: usize) -> impl Strategy<Value = Vec<(usize, Between)>> {
    let delay = prop_oneof![12 => Just(0), 2 => 1..4_usize, 1 => 0..count];
    let nearly = vec(delay, count).prop_map(|delays| {
        let mut order: Vec<usize> = (0..delays.len()).collect();
        order.sort_by_key(|index| index + delays[*index]);
        order
    });
    let shuffled = Just((0..count).collect::<Vec<_>>()).prop_shuffle();
    let order = prop_oneof![3 => nearly.boxed(), 1 => shuffled.boxed()];
    let repeats = vec((0..2 * count, 0..count), 0..5);
    (order, repeats, vec(between(), 3 * count)).prop_map(|(mut order, repeats, between)| {
        for (place, index) in repeats {
            order.insert(place.min(order.len()), index);
        }
        order.into_iter().zip(between).collect()
    })
}

fn between() -> impl Strategy<Value = Between> {
    let seconds = select(vec![0, 30, 60, 299, 300, 600, 900, 901, 3600, 30_000, 90_000]);
    prop_oneof![8 => Just(Between::Nothing), 3 => seconds.prop_map(Between::Time), 1 => Just(Between::Restart), 2 => Just(Between::Again)]
}

/// The case as a shard lives it, up to `until`.
fn lived(case: &Case, until: Timestamp) -> Shard {
    let mut shard = Shard::new(case.plan(), start());
    for (index, between) in &case.arrivals {
        let stored = &case.reports[*index];
        shard.take(stored);
        match between {
            Between::Nothing => {}
            Between::Time(seconds) => drop(shard.advance(stored.report.judged_at(stored.received_at).plus_seconds(*seconds).min(until))),
            Between::Restart => shard.save_and_restore(),
            Between::Again => drop(shard.judge_again()),
        }
    }
    shard.advance(until);
    shard.judge_again();
    shard
}

#[test]
fn any_order_and_repetition_ends_as_the_sorted_list() {
    let (resumed, found, refuted) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(Config { cases: 1000, failure_persistence: None, ..Config::default() });
    let result = runner.run(&case(), |case| {
        // While a tag sends a backlog, time alone is held back: the end lies after everything was received.
        let newest = case.reports.iter().map(|stored| stored.received_at).max().unwrap();
        let until = newest.plus_seconds(100_000);
        let shard = lived(&case, until);
        let expected = in_one_go(case.plan(), start(), &case.reports, until);
        resumed.set(resumed.get() + shard.resumed);
        found.set(found.get() + expected.len());
        refuted.set(refuted.get() + shard.told.refuted());
        prop_assert_eq!(shard.told.standing(), expected);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    let counts = (resumed.get(), found.get(), refuted.get());
    assert!(counts.0 > 500 && counts.1 > 5000 && counts.2 > 1000, "the cases must reach checkpoints and refutations: {counts:?}");
}

fn at(s: i64, latitude_e7: i32, received: i64) -> StoredReport {
    let report = Report { latitude_e7, longitude_e7: 514_000_000, satellites: 7, ..Report::at(start().plus_seconds(s)) };
    StoredReport { tag_id: 1, received_at: start().plus_seconds(received), late: false, report }
}

/// Facts sent anew while a tag is unheard must not make what time alone found final.
#[test]
fn the_same_plan_set_anew_changes_nothing() {
    let case = Case { reports: vec![], arrivals: vec![], is_watched: true, on_leave: false };
    let reports: Vec<_> = (0..40).map(|n| at(n * 300, 357_000_000, if n == 0 { 0 } else { 12_000 })).collect();
    let until = start().plus_seconds(20_000);
    let mut shard = Shard::new(case.plan(), start());
    shard.take(&reports[0]);
    shard.advance(start().plus_seconds(2100)); // 22:05: presence_unknown and silent, both refuted by what comes next
    shard.judge.set_plan(case.plan());
    reports[1..].iter().for_each(|stored| drop(shard.take(stored)));
    shard.advance(until);
    assert_eq!(shard.dirty, None);
    assert_eq!(shard.told.standing(), in_one_go(case.plan(), start(), &reports, until));
}

/// A checkpoint of 86,100 must not contain boundaries seen after it.
#[test]
fn a_leave_entered_late_ends_at_its_own_boundary_after_facts_were_sent_in_a_silence() {
    let home = || zone(1, json!({"zone": "home", "sense": "inclusion", "radius_m": 200}), CENTRE);
    let plan = |leaves| Arc::new(Plan::new(vec![home()], leaves).watched(Arc::new(Watch::default())));
    let seconds = (0..288).map(|n| n * 300).chain((0..20).map(|n| 100_000 + n * 300));
    let reports: Vec<_> = seconds.map(|s| at(s, 358_000_000, s)).collect();
    let until = start().plus_seconds(106_000);
    let mut shard = Shard::new(plan(vec![]), start());
    reports[..288].iter().for_each(|stored| drop(shard.take(stored)));
    shard.advance(start().plus_seconds(95_000));
    shard.judge.set_plan(plan(vec![]));
    reports[288..].iter().for_each(|stored| drop(shard.take(stored)));
    shard.advance(until);
    let leave = Leave { from: start().plus_seconds(90_000), to: start().plus_seconds(101_000), exclusion: false };
    shard.judge.set_plan(plan(vec![leave]));
    shard.dirty = Some(leave.from);
    shard.judge_again();
    assert_eq!(shard.told.standing(), in_one_go(plan(vec![leave]), start(), &reports, until));
}
