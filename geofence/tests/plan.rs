//! Plans that change while a wearer is judged.

use geofence::{Fix, Judge, Leave, Plan, Timestamp, Violation, Zone};
use serde_json::{Value, json};
use std::sync::Arc;

fn time(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_672_531_200_000 + seconds * 1000)
}

fn zone(key: i64, id: &str, properties: Value) -> Arc<Zone> {
    let mut all = json!({"zone": id, "sense": "inclusion", "radius_m": 200});
    all.as_object_mut().expect("an object").extend(properties.as_object().expect("an object").clone());
    let feature = json!({"type": "Feature", "geometry": {"type": "Point", "coordinates": [51.4, 35.7]}, "properties": all});
    Arc::new(Zone::from_feature(key, &serde_json::from_value(feature).expect("a feature")).expect("a zone"))
}

fn plan(zones: &[Arc<Zone>]) -> Arc<Plan> {
    Arc::new(Plan::new(zones.to_vec(), vec![]))
}

/// A judge with its findings as text.
struct Room {
    judge: Judge,
    found: Vec<Violation>,
}

impl Room {
    fn open(zones: &[Arc<Zone>]) -> Self {
        Self { judge: Judge::new(plan(zones), time(0)), found: vec![] }
    }

    fn fix(&mut self, second: i64, latitude: f64) {
        let fix = Fix::new(time(second), latitude, 51.4, None).expect("valid");
        self.judge.fix(&fix, &mut self.found);
    }

    fn told(&mut self) -> Vec<String> {
        let seconds = |at: Timestamp| at.millis_since(time(0)) / 1000;
        let text = |found: Violation| {
            let end = found.end.map_or("open".to_owned(), |end| format!("{} {}", seconds(end.0), end.1.name()));
            format!("{} {} {} to {end}", found.zone, found.kind.name(), seconds(found.start))
        };
        self.found.drain(..).map(text).collect()
    }
}

#[test]
fn a_zone_that_vanishes_turns_off_at_the_newest_judged_instant() {
    for vanished in [vec![], vec![zone(1, "home", json!({"valid_to": time(60).to_string()}))]] {
        let mut room = Room::open(&[zone(1, "home", json!({}))]);
        [0, 30, 60].into_iter().for_each(|second| room.fix(second, 35.8));
        assert_eq!(room.told(), ["home inclusion 0 to open"]);
        room.judge.set_plan(plan(&vanished));
        assert_eq!(room.judge.next_due(), Some(time(60)));
        room.judge.advance(time(90), &mut room.found);
        assert_eq!(room.told(), ["home inclusion 0 to 60 zone_off"]);
        assert_eq!(room.judge.next_due(), None);
    }
}

#[test]
fn a_violation_goes_on_under_a_new_version_of_its_zone() {
    let mut room = Room::open(&[zone(1, "home", json!({}))]);
    [0, 30, 60].into_iter().for_each(|second| room.fix(second, 35.8));
    room.found.clear();
    let (old, new) = (json!({"valid_to": time(100).to_string()}), json!({"valid_from": time(100).to_string(), "radius_m": 300}));
    room.judge.set_plan(plan(&[zone(1, "home", old), zone(1, "home", new)]));
    room.fix(110, 35.7);
    room.fix(140, 35.7);
    assert_eq!(room.told(), ["home inclusion 0 to 110 kept"]);
}

#[test]
fn a_new_zone_is_in_force_from_its_boundary() {
    let mut room = Room::open(&[]);
    room.fix(50, 35.8);
    room.judge.set_plan(plan(&[zone(2, "work", json!({"valid_from": time(60).to_string()}))]));
    room.judge.advance(time(119), &mut room.found);
    assert_eq!(room.told(), [] as [&str; 0]);
    room.judge.advance(time(120), &mut room.found);
    assert_eq!(room.told(), ["work inclusion 60 to open"]);
}

#[test]
fn a_memory_is_read_back_under_a_plan_that_has_changed() {
    let mut room = Room::open(&[zone(1, "home", json!({})), zone(2, "street", json!({"sense": "exclusion"}))]);
    [0, 30, 60].into_iter().for_each(|second| room.fix(second, 35.8));
    room.found.clear();
    let mut bytes = vec![];
    room.judge.save(&mut bytes);
    let changed = plan(&[zone(1, "home", json!({"radius_m": 300})), zone(3, "park", json!({"sense": "exclusion"}))]);
    room.judge = Judge::restore(changed, &bytes).expect("its own memory");
    room.fix(90, 35.7);
    room.fix(120, 35.7);
    assert_eq!(room.told(), ["home inclusion 0 to 90 kept", "park exclusion 90 to open"]);
}

#[test]
fn what_time_alone_found_is_refuted_by_a_report_that_was_under_way() {
    let mut room = Room::open(&[zone(1, "home", json!({"valid_from": time(100).to_string()}))]);
    room.fix(50, 35.8);
    room.judge.advance(time(160), &mut room.found);
    assert_eq!(room.told(), ["home inclusion 100 to open"]);
    room.fix(130, 35.7);
    assert_eq!(room.told(), ["home inclusion 100 to 100 refuted"]);
    room.fix(120, 35.8);
    assert_eq!(room.told(), [] as [&str; 0], "an older report than the newest is ignored");
}

#[test]
fn an_inclusion_zone_is_due_when_its_hours_its_versions_and_leave_allow_it() {
    // The test's second 0 is a Sunday, 03:30 in Tehran.
    let night = json!([{"days": ["sun"], "from": "22:00", "to": "06:00"}]);
    let leave = |from, to| Leave { from: time(from), to: time(to), exclusion: false };
    let hour = 3600;
    let at_22 = 18 * hour + 1800;
    let rows = [
        (vec![], vec![], None),
        (vec![zone(1, "home", json!({}))], vec![], Some((0, 300))),
        (vec![zone(1, "home", json!({"sense": "exclusion"}))], vec![], None),
        (vec![zone(1, "home", json!({"open_after_s": 900}))], vec![], Some((0, 900))),
        (vec![zone(1, "home", json!({"timetable": night}))], vec![], Some((at_22, 300))),
        (vec![zone(1, "home", json!({"timetable": night}))], vec![leave(at_22 - 60, at_22 + hour)], Some((at_22 + hour, 300))),
        (vec![zone(1, "home", json!({}))], vec![leave(-hour, 0)], Some((0, 300))),
        (vec![zone(1, "home", json!({}))], vec![leave(-hour, 1)], Some((1, 300))),
        (vec![zone(1, "home", json!({"valid_from": time(hour).to_string()}))], vec![], Some((hour, 300))),
        (vec![zone(1, "home", json!({"valid_to": time(0).to_string()}))], vec![], None),
        (vec![zone(1, "home", json!({"valid_from": time(48 * hour).to_string()}))], vec![], None),
        // The earliest of two; of those that are due together the one that takes longest.
        (vec![zone(1, "home", json!({"timetable": night})), zone(2, "work", json!({}))], vec![], Some((0, 300))),
        (vec![zone(1, "home", json!({})), zone(2, "work", json!({"stale_after_s": 600}))], vec![], Some((0, 600))),
    ];
    for (zones, leaves, expected) in rows {
        let due = Plan::new(zones.clone(), leaves).inclusion_due(time(0), time(48 * hour));
        let shown = due.map(|(at, takes_ms)| (at.millis_since(time(0)) / 1000, takes_ms / 1000));
        assert_eq!(shown, expected, "{zones:?}");
    }
}

#[test]
fn a_zone_of_a_set_binds_who_is_in_it_and_only_then() {
    let away = |spans: &[(i64, i64)]| {
        let shared = zone(1, "port", json!({"sense": "exclusion"}));
        let of_wearer: Vec<Arc<Zone>> = spans.iter().filter_map(|(from, to)| shared.within(time(*from), time(*to))).map(Arc::new).collect();
        let mut room = Room::open(&of_wearer);
        (0..20).for_each(|step| room.fix(step * 30, 35.7));
        room.judge.advance(time(600), &mut room.found);
        room.told()
    };
    assert_eq!(away(&[(0, 10_000)]), ["port exclusion 0 to open"]);
    assert_eq!(away(&[(100, 200)]), ["port exclusion 100 to 200 zone_off"]);
    assert_eq!(away(&[(100, 200), (300, 400)]), ["port exclusion 100 to 200 zone_off", "port exclusion 300 to 400 zone_off"]);
    assert_eq!(away(&[(200, 200)]), [""; 0], "an empty span is none");
    let until_noon = zone(1, "port", json!({"sense": "exclusion", "valid_to": time(150).to_string()}));
    assert!(until_noon.within(time(150), time(200)).is_none());
    assert_eq!(until_noon.within(time(100), time(200)).map(|zone| zone.in_force()), Some((time(100), time(150))));
}
