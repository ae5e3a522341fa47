//! What is found wrong with drawn zones, and that nothing is found where nothing is wrong.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod property;
mod shapes;
mod zones;

use geofence::Timestamp;
use geofence::check::{CheckTerms, Finding, FindingCode, Severity, ZoneDraft, check_zones};
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
fn every_code_is_another_one() {
    let codes: std::collections::BTreeSet<&str> = FindingCode::ALL.iter().map(|code| code.code()).collect();
    assert_eq!(codes.len(), FindingCode::ALL.len());
}
