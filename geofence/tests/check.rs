//! What is found wrong with drawn zones, and that nothing is found where nothing is wrong.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use geofence::check::{CheckTerms, Finding, FindingCode, Severity, ZoneDraft, check_zones, is_refused};
use geofence::{Timestamp, Zone};
use geojson::Feature;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Metres of a degree at the town of these tests.
const NORTH_M: f64 = 110_950.0;
const EAST_M: f64 = 90_500.0;

fn now() -> Timestamp {
    "2026-11-21T08:00:00Z".parse().unwrap()
}

/// Metres east and north of the middle of the town.
fn at(east_m: f64, north_m: f64) -> Value {
    json!([51.4 + east_m / EAST_M, 35.7 + north_m / NORTH_M])
}

fn ring(corners: &[(f64, f64)]) -> Value {
    let mut ring: Vec<Value> = corners.iter().map(|(east_m, north_m)| at(*east_m, *north_m)).collect();
    ring.push(ring[0].clone());
    Value::from(ring)
}

fn polygon(corners: &[(f64, f64)]) -> Value {
    json!({"type": "Polygon", "coordinates": [ring(corners)]})
}

/// A square around a place, with sides of so many metres.
fn square(middle: (f64, f64), side_m: f64) -> Value {
    let half = side_m / 2.0;
    let corner = |east: f64, north: f64| (middle.0 + east * half, middle.1 + north * half);
    polygon(&[corner(-1.0, -1.0), corner(1.0, -1.0), corner(1.0, 1.0), corner(-1.0, 1.0)])
}

fn circle(middle: (f64, f64)) -> Value {
    json!({"type": "Point", "coordinates": at(middle.0, middle.1)})
}

fn draft(zone: &str, sense: &str, geometry: Value, more: Value) -> ZoneDraft {
    let mut properties = json!({"zone": zone, "sense": sense});
    properties.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let feature = json!({"type": "Feature", "geometry": geometry, "properties": properties});
    ZoneDraft { feature: serde_json::from_value(feature).unwrap(), is_new: true, is_shared: false }
}

/// A house of 12 by 12 m with 150 m around it, always.
fn home() -> ZoneDraft {
    draft("home", "inclusion", square((0.0, 0.0), 12.0), json!({"distance_m": 150, "residence": true}))
}

fn standing(draft: ZoneDraft) -> ZoneDraft {
    ZoneDraft { is_new: false, ..draft }
}

fn of_degree(max_m: f64) -> CheckTerms {
    CheckTerms { now: now(), distance_max_m: Some(max_m), of_wearer: true }
}

fn found(drafts: &[ZoneDraft]) -> Vec<Finding> {
    check_zones(drafts, &of_degree(200.0))
}

fn codes(findings: &[Finding], severity: Severity) -> Vec<&'static str> {
    findings.iter().filter(|finding| finding.severity == severity).map(|finding| finding.code.code()).collect()
}

/// One zone beside the home, and what it is refused for.
fn refused(what: &str, zone: ZoneDraft, expected: &[&str]) {
    let findings = found(&[home(), zone]);
    assert_eq!(codes(&findings, Severity::Refused), expected, "{what}: {findings:#?}");
    for finding in &findings {
        let names: Vec<&str> = finding.arguments.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, finding.code.arguments(), "{what}");
    }
}

#[test]
fn a_home_as_the_regulation_wants_it_is_as_it_should_be() {
    assert_eq!(found(&[home()]), []);
    let drawn = draft("home", "inclusion", square((0.0, 0.0), 240.0), json!({"residence": square((20.0, 0.0), 12.0)}));
    assert_eq!(found(&[drawn]), [], "drawn by hand around the building");
}

#[test]
fn a_shape_that_is_none_is_refused_where_it_is_wrong() {
    let far = json!({"distance_m": 0});
    let shape = |geometry| draft("school", "exclusion", geometry, far.clone());
    let at_town = |ring: &[(f64, f64)]| {
        let moved: Vec<(f64, f64)> = ring.iter().map(|(east, north)| (east + 5000.0, *north)).collect();
        shape(polygon(&moved))
    };
    let bow_tie = [(0.0, 0.0), (400.0, 400.0), (400.0, 0.0), (0.0, 400.0)];
    let spike = [(0.0, 0.0), (400.0, 0.0), (400.0, 400.0), (200.0, 400.0), (200.0, 200.0), (200.0, 400.0), (0.0, 400.0)];
    let pinched = [(0.0, 0.0), (200.0, 200.0), (400.0, 0.0), (400.0, 400.0), (200.0, 200.0), (0.0, 400.0)];
    let along = [(0.0, 0.0), (400.0, 0.0), (400.0, 400.0), (300.0, 0.0), (100.0, 0.0), (0.0, 400.0)];
    let line = [(0.0, 0.0), (400.0, 0.0), (800.0, 0.0)];
    let twice = [(0.0, 0.0), (0.0, 0.0), (400.0, 0.0), (400.0, 400.0), (400.0, 400.0), (0.0, 400.0)];
    for (what, corners, expected) in [
        ("a bow tie", &bow_tie[..], &["SELF_CROSSING"][..]),
        ("a spike", &spike, &["SELF_CROSSING"]),
        ("pinched at a corner", &pinched, &["SELF_CROSSING"]),
        ("along itself", &along, &["SELF_CROSSING"]),
        ("all on one line", &line, &["NO_AREA"]),
        ("two corners", &[(0.0, 0.0), (400.0, 0.0), (0.0, 0.0)], &["NO_AREA"]),
        ("corners said twice", &twice, &[]),
    ] {
        refused(what, at_town(corners), expected);
    }
    let place = found(&[at_town(&bow_tie)])[0].place.unwrap();
    assert!((place.0 - (35.7 + 200.0 / NORTH_M)).abs() < 1e-6 && (place.1 - (51.4 + 5200.0 / EAST_M)).abs() < 1e-6, "{place:?}");
    let with_hole = |hole: &[(f64, f64)]| {
        let outline = ring(&[(5000.0, 0.0), (6000.0, 0.0), (6000.0, 1000.0), (5000.0, 1000.0)]);
        shape(json!({"type": "Polygon", "coordinates": [outline, ring(hole)]}))
    };
    refused("a hole", with_hole(&[(5400.0, 400.0), (5600.0, 400.0), (5500.0, 600.0)]), &[]);
    refused("a hole that touches", with_hole(&[(5400.0, 400.0), (5600.0, 400.0), (5500.0, 1000.0)]), &[]);
    refused("a hole that leaves", with_hole(&[(5400.0, 400.0), (5600.0, 400.0), (5500.0, 1600.0)]), &["HOLE_OUTSIDE"]);
    refused("a hole beside", with_hole(&[(7400.0, 400.0), (7600.0, 400.0), (7500.0, 600.0)]), &["HOLE_OUTSIDE"]);
    let open = json!({"type": "Polygon", "coordinates": [[[52.0, 35.0], [52.1, 35.0], [52.1, 35.1], [52.0, 35.1]]]});
    refused("an open ring", shape(open), &["RING_OPEN"]);
    refused("no shape", shape(json!({"type": "MultiPoint", "coordinates": [[52.0, 35.0]]})), &["NO_SHAPE"]);
    refused("nothing at all", shape(json!(null)), &["NO_SHAPE"]);
    refused(
        "beyond a pole",
        shape(json!({"type": "Polygon", "coordinates": [[[52.0, 95.0], [52.1, 35.0], [52.1, 35.1], [52.0, 95.0]]]})),
        &["OUT_OF_RANGE"],
    );
    let many =
        (0..2001).map(|corner| f64::from(corner) * std::f64::consts::TAU / 2001.0).map(|turn| (turn.cos() * 900.0, turn.sin() * 900.0));
    refused("too many corners", at_town(&many.collect::<Vec<_>>()), &["TOO_MANY_CORNERS"]);
}

#[test]
fn parts_that_cross_and_many_corners_are_warned_of() {
    let part = |east_m: f64| json!([ring(&[(east_m, 0.0), (east_m + 400.0, 0.0), (east_m + 400.0, 400.0), (east_m, 400.0)])]);
    let parts = draft("school", "exclusion", json!({"type": "MultiPolygon", "coordinates": [part(5000.0), part(5200.0)]}), json!({}));
    assert_eq!(codes(&found(&[home(), parts]), Severity::Warned), ["PARTS_CROSS"]);
    let many = (0..1500).map(|corner| f64::from(corner) * std::f64::consts::TAU / 1500.0);
    let many: Vec<(f64, f64)> = many.map(|turn| (turn.cos() * 900.0 + 5000.0, turn.sin() * 900.0)).collect();
    let findings = found(&[home(), draft("school", "exclusion", polygon(&many), json!({}))]);
    assert_eq!(codes(&findings, Severity::Warned), ["TOO_MANY_CORNERS"]);
}

#[test]
fn a_property_that_cannot_be_read_is_named() {
    let with = |more: Value| draft("work", "inclusion", circle((0.0, 0.0)), more);
    for (more, expected) in [
        (json!({}), "PROPERTY_MISSING"),
        (json!({"radius_m": "wide"}), "PROPERTY_WRONG"),
        (json!({"radius_m": 100, "radius": 100}), "PROPERTY_UNKNOWN"),
        (json!({"radius_m": 100, "timetable": "never"}), "PROPERTY_WRONG"),
        (json!({"radius_m": 100, "valid_from": "2027-01-02", "valid_to": "2027-01-01"}), "PROPERTY_WRONG"),
    ] {
        refused("a property", with(more), &[expected]);
    }
    refused("no name", draft("", "inclusion", circle((0.0, 0.0)), json!({"radius_m": 100})), &["PROPERTY_WRONG"]);
}

#[test]
fn tiny_and_huge_zones_are_refused_and_large_ones_warned_of() {
    let of = |sense: &str, radius_m: f64| draft("z", sense, circle((400_000.0, 0.0)), json!({"radius_m": radius_m}));
    for (sense, radius_m, expected) in [
        ("exclusion", 24.0, (&["TOO_SMALL"][..], &[][..])),
        ("exclusion", 25.5, (&[], &[])),
        ("exclusion", 99_000.0, (&[], &[])),
        ("exclusion", 101_000.0, (&[], &["LARGE"])),
        ("exclusion", 1_510_000.0, (&["TOO_LARGE", "EXCLUSION_OVER_HOME"], &[])),
    ] {
        let findings = found(&[standing(home()), of(sense, radius_m)]);
        let mut refusing = codes(&findings, Severity::Refused);
        refusing.retain(|code| *code != "NO_PLACE_LEFT");
        assert_eq!((&refusing[..], &codes(&findings, Severity::Warned)[..]), expected, "{sense} of {radius_m} m");
    }
    let wide = |radius_m: f64| found(&[draft("province", "inclusion", circle((0.0, 0.0)), json!({"radius_m": radius_m})), home()]);
    assert_eq!(codes(&wide(26_000.0), Severity::Warned), ["LARGE"]);
    assert_eq!(codes(&wide(501_000.0), Severity::Refused), ["TOO_LARGE"]);
    let house_alone = draft("home", "inclusion", square((0.0, 0.0), 12.0), json!({"residence": true}));
    assert_eq!(codes(&found(&[house_alone]), Severity::Refused), ["TOO_SMALL"], "six metres from the wall are within every error");
    let thin = draft("street", "exclusion", polygon(&[(5000.0, 0.0), (6000.0, 0.0), (6000.0, 30.0), (5000.0, 30.0)]), json!({}));
    refused("a strip of 30 m", thin, &["TOO_SMALL"]);
}

#[test]
fn longitude_and_latitude_exchanged_are_noticed() {
    let exchanged = json!({"type": "Point", "coordinates": [35.7, 51.4]});
    let findings = found(&[home(), draft("school", "exclusion", exchanged, json!({"radius_m": 300}))]);
    assert_eq!(codes(&findings, Severity::Warned), ["FAR_AWAY"]);
}

#[test]
fn the_distance_counts_from_the_building_and_the_order_says_how_far() {
    let of = |distance_m: f64| draft("home", "inclusion", square((0.0, 0.0), 12.0), json!({"distance_m": distance_m, "residence": true}));
    for (distance_m, max_m, is_right) in [
        (200.0, 200.0, true),
        (202.0, 200.0, false),
        (500.0, 500.0, true),
        (600.0, 500.0, false),
        (1000.0, 1000.0, true),
        (60.0, 50.0, false),
    ] {
        let findings = check_zones(&[of(distance_m)], &of_degree(max_m));
        assert_eq!(codes(&findings, Severity::Refused).is_empty(), is_right, "{distance_m} of {max_m}: {findings:#?}");
    }
    let drawn = |side_m: f64| draft("home", "inclusion", square((0.0, 0.0), side_m), json!({"residence": square((0.0, 0.0), 12.0)}));
    assert_eq!(codes(&found(&[drawn(280.0)]), Severity::Refused), [""; 0]);
    assert_eq!(codes(&found(&[drawn(320.0)]), Severity::Refused), ["ABOVE_DEGREE"], "its corners are farther than its sides");
    let point = draft("home", "inclusion", circle((0.0, 0.0)), json!({"radius_m": 150, "residence": true}));
    assert_eq!(codes(&found(&[point]), Severity::Refused), ["RESIDENCE_NO_OUTLINE"]);
    let forbidden = draft("home", "exclusion", square((0.0, 0.0), 12.0), json!({"distance_m": 150, "residence": true}));
    assert_eq!(codes(&found(&[forbidden]), Severity::Refused), ["RESIDENCE_NOT_INCLUSION"]);
    let quarter = draft("home", "inclusion", square((0.0, 0.0), 400.0), json!({"distance_m": 100, "residence": true}));
    assert_eq!(codes(&found(&[quarter]), Severity::Warned), ["RESIDENCE_LARGE"]);
    let town = draft("home", "inclusion", square((0.0, 0.0), 1100.0), json!({"distance_m": 100, "residence": true}));
    assert_eq!(codes(&found(&[town]), Severity::Refused), ["RESIDENCE_LARGE"]);
}

#[test]
fn who_has_no_order_or_no_residence_is_warned_of() {
    let work = draft("work", "inclusion", circle((0.0, 0.0)), json!({"radius_m": 100}));
    let no_order = CheckTerms { now: now(), distance_max_m: None, of_wearer: true };
    assert_eq!(codes(&check_zones(std::slice::from_ref(&work), &no_order), Severity::Warned), ["NO_ORDER", "NO_RESIDENCE"]);
    assert_eq!(check_zones(std::slice::from_ref(&work), &CheckTerms { of_wearer: false, ..no_order }), [], "a set has neither");
    let findings = check_zones(&[work, standing(home())], &of_degree(200.0));
    assert_eq!(findings, []);
}

#[test]
fn a_home_outside_its_own_zone_and_a_forbidden_home_are_refused() {
    let beside = draft("home", "inclusion", square((0.0, 0.0), 300.0), json!({"residence": square((152.0, 0.0), 12.0)}));
    assert_eq!(codes(&check_zones(&[beside], &of_degree(500.0)), Severity::Refused), ["HOME_OUTSIDE"]);
    let school = |east_m: f64, more: Value| {
        let mut properties = json!({"radius_m": 100});
        properties.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        draft("school", "exclusion", circle((east_m, 0.0)), properties)
    };
    refused("over the home", school(90.0, json!({})), &["EXCLUSION_OVER_HOME"]);
    refused("beside the home", school(120.0, json!({})), &[]);
    let at_night = json!({"timetable": [{"days": ["sat"], "from": "22:00", "to": "06:00"}]});
    let by_day = json!({"timetable": [{"days": ["sat"], "from": "08:00", "to": "12:00"}]});
    let mut home_at_night = home();
    home_at_night.feature.set_property("timetable", at_night["timetable"].clone());
    let findings = found(&[home_at_night, school(0.0, by_day)]);
    assert_eq!((is_refused(&findings), codes(&findings, Severity::Warned)), (false, vec!["EXCLUSION_OVER_HOME"]), "never on at once");
}

#[test]
fn zones_that_nobody_can_keep_at_once_are_refused() {
    let work = |east_m: f64, more: Value| {
        let mut properties = json!({"radius_m": 200});
        properties.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        draft("work", "inclusion", circle((east_m, 0.0)), properties)
    };
    let hours = |from: &str, to: &str| json!([{"days": ["sat", "sun", "mon"], "from": from, "to": to}]);
    refused("two places at once", work(5000.0, json!({})), &["NO_PLACE_LEFT"]);
    refused("the same place", work(100.0, json!({})), &[]);
    let mut night = home();
    night.feature.set_property("timetable", hours("18:00", "07:00"));
    let check = |from: &str, to: &str, expected: &[&str]| {
        let findings = found(&[night.clone(), work(5000.0, json!({"timetable": hours(from, to)}))]);
        assert_eq!(codes(&findings, Severity::Refused), expected, "{from} to {to}: {findings:#?}");
    };
    check("07:00", "18:00", &[]);
    check("06:59", "18:00", &["NO_PLACE_LEFT"]);
    let covered = draft("quarter", "exclusion", circle((0.0, 0.0)), json!({"radius_m": 400}));
    let no_residence = draft("stay", "inclusion", circle((0.0, 0.0)), json!({"radius_m": 300}));
    assert_eq!(codes(&found(&[no_residence.clone(), covered.clone()]), Severity::Refused), ["NO_PLACE_LEFT"]);
    let two_halves = [-250.0, 250.0].map(|east_m| draft(&format!("half{east_m}"), "exclusion", square((east_m, 0.0), 700.0), json!({})));
    let findings = found(&[no_residence.clone(), two_halves[0].clone(), two_halves[1].clone()]);
    assert!(codes(&findings, Severity::Refused).contains(&"NO_PLACE_LEFT"), "{findings:#?}");
    let most = draft("quarter", "exclusion", circle((-60.0, 0.0)), json!({"radius_m": 320}));
    assert_eq!(codes(&found(&[standing(no_residence), most, standing(home())]), Severity::Warned), [] as [&str; 0]);
}

#[test]
fn what_stood_already_is_not_found_wrong_again() {
    let tiny = draft("old", "exclusion", circle((5000.0, 0.0)), json!({"radius_m": 5}));
    assert_eq!(found(&[home(), standing(tiny)]), []);
}

#[test]
fn hours_that_never_come_are_refused_and_short_ones_warned_of() {
    let with = |timetable: Value, exceptions: Value| {
        draft("work", "inclusion", circle((0.0, 0.0)), json!({"radius_m": 100, "timetable": timetable, "exceptions": exceptions}))
    };
    let weekly = |from: &str, to: &str| json!([{"days": ["sat"], "from": from, "to": to}]);
    refused("no hours", with(json!([]), json!([])), &["NEVER_ON"]);
    let once = json!([{"date": "2027-03-21", "from": "10:00", "to": "12:00", "on": true}]);
    refused("one day in four months", with(json!([]), once), &[]);
    let gone = json!([{"date": "2026-03-21", "from": "10:00", "to": "12:00", "on": true}]);
    refused("a day that has passed", with(json!([]), gone), &["NEVER_ON"]);
    let mut short_lived = with(weekly("10:00", "12:00"), json!([{"date": "2026-11-28", "from": "10:00", "to": "12:00", "on": false}]));
    short_lived.feature.set_property("valid_from", "2026-11-27");
    short_lived.feature.set_property("valid_to", "2026-11-30");
    refused("its only day is cancelled", short_lived, &["NEVER_ON"]);
    let mut past = with(json!("always"), json!(null));
    past.feature.set_property("valid_to", "2026-11-20");
    refused("over already", past, &["ENDED"]);
    let findings = found(&[home(), with(weekly("10:00", "10:10"), json!(null))]);
    assert_eq!(codes(&findings, Severity::Warned), ["SHORT_HOURS"]);
    assert_eq!(findings[0].arguments, [("minutes", "10".to_owned()), ("from", "2026-11-28T06:30:00Z".to_owned())]);
}

#[test]
fn a_name_stands_for_one_zone_at_a_time() {
    let shared = |zone: &str| ZoneDraft {
        is_shared: true,
        is_new: false,
        ..draft(zone, "exclusion", circle((9000.0, 0.0)), json!({"radius_m": 100}))
    };
    assert_eq!(codes(&found(&[home(), shared("home")]), Severity::Refused), ["NAME_TAKEN"]);
    assert_eq!(codes(&found(&[home(), home()]), Severity::Refused), ["TWICE_IN_FORCE"]);
    let (mut one, mut other) = (home(), home());
    one.feature.set_property("valid_to", "2027-01-01");
    other.feature.set_property("valid_from", "2027-01-01");
    assert_eq!(found(&[one, other]), []);
}

#[test]
fn any_meridian_may_run_through_a_zone() {
    let across = |corners: Value| draft("z", "exclusion", json!({"type": "Polygon", "coordinates": [corners]}), json!({}));
    let right = across(json!([[179.9, 10.0], [-179.9, 10.0], [-179.9, 10.1], [179.9, 10.1], [179.9, 10.0]]));
    let crossing = across(json!([[179.9, 10.0], [-179.9, 10.1], [-179.9, 10.0], [179.9, 10.1], [179.9, 10.0]]));
    refused("across the 180th", right, &[]);
    refused("across it, crossing itself", crossing, &["SELF_CROSSING"]);
}

/// A ring around the middle: at each turn a distance.
fn star(distances_m: &[f64]) -> Vec<(f64, f64)> {
    let count = distances_m.len() as f64;
    let corner = |(index, distance_m): (usize, &f64)| {
        let turn = index as f64 * std::f64::consts::TAU / count;
        (5000.0 + turn.cos() * distance_m, turn.sin() * distance_m)
    };
    distances_m.iter().enumerate().map(corner).collect()
}

/// Whether some two edges of a ring that are no neighbours cross: each with each, in metres.
fn crosses_itself(ring: &[(f64, f64)]) -> bool {
    let side = |a: (f64, f64), b: (f64, f64), c: (f64, f64)| (b.0 - a.0) * (c.1 - a.1) - (b.1 - a.1) * (c.0 - a.0);
    let edge = |index: usize| (ring[index], ring[(index + 1) % ring.len()]);
    (0..ring.len()).any(|one| {
        (one + 2..ring.len()).filter(|other| (other + 1) % ring.len() != one).any(|other| {
            let ((a, b), (c, d)) = (edge(one), edge(other));
            side(a, b, c) * side(a, b, d) < 0.0 && side(c, d, a) * side(c, d, b) < 0.0
        })
    })
}

proptest! {
    #[test]
    fn a_star_is_right_and_two_corners_exchanged_are_told_as_each_with_each_tells(
        distances in prop::collection::vec(200.0..900.0_f64, 5..40),
        exchange in (0_usize..40, 0_usize..40),
    ) {
        let corners = star(&distances);
        let simple = draft("z", "exclusion", polygon(&corners), json!({}));
        prop_assert_eq!(codes(&found(&[home(), simple.clone()]), Severity::Refused), [""; 0]);
        prop_assert!(Zone::from_feature(1, &simple.feature).is_ok());
        let (one, other) = (exchange.0 % corners.len(), exchange.1 % corners.len());
        let mut exchanged = corners;
        exchanged.swap(one, other);
        let refused = codes(&found(&[home(), draft("z", "exclusion", polygon(&exchanged), json!({}))]), Severity::Refused);
        prop_assert_eq!(refused.contains(&"SELF_CROSSING"), crosses_itself(&exchanged));
    }

    #[test]
    fn what_passes_can_be_judged_by_and_nothing_panics(
        corners in prop::collection::vec((-720.0..720.0_f64, -100.0..100.0_f64), 0..12),
        close in any::<bool>(),
        distance in prop::option::of(-10.0..10_000.0_f64),
        kind in 0..4,
    ) {
        let mut ring: Vec<Value> = corners.iter().map(|(longitude, latitude)| json!([longitude, latitude])).collect();
        if close && !ring.is_empty() {
            ring.push(ring[0].clone());
        }
        let geometry = match kind {
            0 => json!({"type": "Polygon", "coordinates": [ring]}),
            1 => json!({"type": "MultiPolygon", "coordinates": [[ring]]}),
            2 => json!({"type": "LineString", "coordinates": ring}),
            _ => json!({"type": "Point", "coordinates": ring.first().cloned().unwrap_or_else(|| json!([51.4, 35.7]))}),
        };
        let feature = json!({"type": "Feature", "geometry": geometry, "properties":
            {"zone": "z", "sense": "exclusion", "residence": true, "distance_m": if kind == 3 { None } else { distance }, "radius_m": if kind == 3 { distance } else { None }}});
        let Ok(feature) = serde_json::from_value::<Feature>(feature) else { return Ok(()) };
        let draft = ZoneDraft { feature, is_new: true, is_shared: false };
        if !is_refused(&check_zones(std::slice::from_ref(&draft), &of_degree(200.0))) {
            prop_assert!(Zone::from_feature(1, &draft.feature).is_ok());
        }
    }
}

#[test]
fn every_code_is_another_one() {
    let codes: std::collections::BTreeSet<&str> = FindingCode::ALL.iter().map(|code| code.code()).collect();
    assert_eq!(codes.len(), FindingCode::ALL.len());
}
