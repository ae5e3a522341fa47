//! Shapes by themselves.

use crate::{EAST_M, NORTH_M, circle, codes, draft, found, home, polygon, refused, ring, square, standing};
use geofence::check::Severity;
use serde_json::{Value, json};

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
fn any_meridian_may_run_through_a_zone() {
    let across = |corners: Value| draft("z", "exclusion", json!({"type": "Polygon", "coordinates": [corners]}), json!({}));
    let right = across(json!([[179.9, 10.0], [-179.9, 10.0], [-179.9, 10.1], [179.9, 10.1], [179.9, 10.0]]));
    let crossing = across(json!([[179.9, 10.0], [-179.9, 10.1], [-179.9, 10.0], [179.9, 10.1], [179.9, 10.0]]));
    refused("across the 180th", right, &[]);
    refused("across it, crossing itself", crossing, &["SELF_CROSSING"]);
}
