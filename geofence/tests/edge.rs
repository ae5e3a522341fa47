//! The signed distance beside an independent brute force: every edge walked in small steps, each step measured by a geodesic.

use geofence::{Fix, Timestamp, Verdict, Zone, ZoneIndex};
use geographiclib_rs::{Geodesic, InverseGeodesic};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;

/// Corners as longitude, latitude.
type Ring = Vec<[f64; 2]>;

#[cfg(test)]
mod brute {
    use super::*;

    fn metres(a: [f64; 2], b: [f64; 2]) -> f64 {
        Geodesic::wgs84().inverse(a[1], a[0], b[1], b[0])
    }

    /// Walks an edge in ever smaller steps around the nearest one.
    fn edge(fix: [f64; 2], from: [f64; 2], to: [f64; 2]) -> f64 {
        let at = |t: f64| [from[0] + t * (to[0] - from[0]), from[1] + t * (to[1] - from[1])];
        let (mut low, mut high) = (0.0, 1.0);
        let mut best = f64::INFINITY;
        while high - low > 1e-12 {
            let step = (high - low) / 40.0;
            let (distance, index) =
                (0..=40).map(|index| (metres(fix, at(low + step * f64::from(index))), index)).min_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
            best = best.min(distance);
            let nearest = low + step * f64::from(index);
            (low, high) = ((nearest - 1.5 * step).max(0.0), (nearest + 1.5 * step).min(1.0));
        }
        best
    }

    pub fn distance(fix: [f64; 2], rings: &[Ring]) -> f64 {
        rings.iter().flat_map(|ring| ring.windows(2)).map(|pair| edge(fix, pair[0], pair[1])).fold(f64::INFINITY, f64::min)
    }

    /// By the angle that the ring turns around the fix, seen in longitude and latitude.
    pub fn holds(fix: [f64; 2], ring: &Ring) -> bool {
        let angle = |corner: &[f64; 2]| (corner[1] - fix[1]).atan2(corner[0] - fix[0]);
        let turn: f64 = ring
            .windows(2)
            .map(|pair| {
                let turn = angle(&pair[1]) - angle(&pair[0]);
                (turn + std::f64::consts::PI).rem_euclid(std::f64::consts::TAU) - std::f64::consts::PI
            })
            .sum();
        turn.abs() > std::f64::consts::PI
    }

    pub fn check(zone: &Zone, fix: [f64; 2], expected: f64) -> Result<(), TestCaseError> {
        let edge = zone.edge_m(fix[1], (fix[0] + 540.0).rem_euclid(360.0) - 180.0);
        let error = (edge - expected).abs();
        prop_assert!(error <= 1e-3 * expected.abs() + 1e-6, "edge {edge} expected {expected} at {fix:?}");
        Ok(())
    }
}

fn zone(geometry: Value, more: Value) -> Zone {
    let mut properties = json!({"zone": "z", "sense": "inclusion"});
    properties.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let feature = serde_json::from_value(json!({"type": "Feature", "geometry": geometry, "properties": properties})).expect("a feature");
    Zone::from_feature(1, &feature).expect("a zone")
}

/// Star-shaped rings of a size in metres around a place, never self-crossing.
fn ring(centre: [f64; 2], metres: f64, radii: &[f64]) -> Ring {
    let degrees = metres / 111_195.0;
    let corner = |(index, radius): (usize, &f64)| {
        let (sin, cos) = (index as f64 / radii.len() as f64 * std::f64::consts::TAU).sin_cos();
        [centre[0] + degrees * radius * cos / centre[1].to_radians().cos(), centre[1] + degrees * radius * sin]
    };
    let mut ring: Ring = radii.iter().enumerate().map(corner).collect();
    ring.push(ring[0]);
    ring
}

fn drawn() -> impl Strategy<Value = (Ring, [f64; 2])> {
    let centre = prop_oneof![
        4 => (44.0..62.0_f64, 25.0..40.0_f64),
        1 => (-180.0..180.0_f64, -78.0..78.0_f64),
        1 => (179.9..180.1_f64, -60.0..60.0_f64),
    ];
    let size = (0.5..6.0_f64).prop_map(|power| 10_f64.powf(power));
    let off = (prop_oneof![Just(0.0), -3.0..2.0_f64], 0.0..std::f64::consts::TAU);
    (centre, size, proptest::collection::vec(0.3..1.0_f64, 3..12), off).prop_filter_map(
        "within the latitudes of the test",
        |((lon, lat), size, radii, (far, way))| {
            let size = if radii.len() < 5 { size.min(3e5) } else { size };
            let ring = ring([lon, lat], size, &radii);
            let degrees = size / 111_195.0 * 10_f64.powf(far);
            let fix = [lon + degrees * way.cos() / lat.to_radians().cos(), lat + degrees * way.sin()];
            let sane = fix[1].abs() < 85.0
                && (fix[0] - lon).abs() < 120.0
                && ring.iter().all(|corner| corner[1].abs() < 80.0 && (corner[0] - lon).abs() < 60.0);
            sane.then_some((ring, fix))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_edge_of_a_polygon_is_right_to_a_thousandth((ring, fix) in drawn()) {
        let distance = brute::distance(fix, std::slice::from_ref(&ring));
        let expected = if brute::holds(fix, &ring) { distance } else { -distance };
        let polygon = zone(json!({"type": "Polygon", "coordinates": [ring]}), json!({}));
        brute::check(&polygon, fix, expected)?;
        let with_distance = zone(json!({"type": "Polygon", "coordinates": [ring]}), json!({"distance_m": 150}));
        prop_assert!((with_distance.edge_m(fix[1], (fix[0] + 540.0).rem_euclid(360.0) - 180.0) - expected - 150.0).abs() <= 1e-3 * distance + 1e-6);
        let strip = zone(json!({"type": "LineString", "coordinates": ring[..ring.len() - 1]}), json!({"distance_m": 1}));
        brute::check(&strip, fix, 1.0 - brute::distance(fix, &[ring[..ring.len() - 1].to_vec()]))?;
    }

    #[test]
    fn the_quick_look_never_contradicts_the_exact_distance((ring, fix) in drawn(), near in 0.98..1.02_f64, accuracy in 3.0..100.0_f64) {
        let longitude = (fix[0] + 540.0).rem_euclid(360.0) - 180.0;
        let polygon = json!({"type": "Polygon", "coordinates": [ring]});
        let circle = json!({"type": "Point", "coordinates": ring[0]});
        for (geometry, more) in [(polygon.clone(), json!({})), (polygon, json!({"distance_m": 40.0})), (circle, json!({"radius_m": 3000.0}))] {
            let zone = zone(geometry, more);
            let edge = zone.edge_m(fix[1], longitude);
            // Accuracies about the distance itself are the hard ones.
            for accuracy in [accuracy, edge.abs() * near, edge.abs() * (1.0 + (near - 1.0) / 1e4)] {
                if let Some(fix) = Fix::new(Timestamp::from_millis(0), fix[1], longitude, Some(accuracy)) {
                    prop_assert_eq!(zone.verdict(&fix), Verdict::of(edge, fix.accuracy_m()));
                }
            }
        }
    }

    #[test]
    fn the_index_answers_as_a_loop_over_all_zones(rings in proptest::collection::vec(drawn(), 1..20), within in prop_oneof![Just(0.0), 0.0..50_000.0_f64]) {
        let zones: Vec<Arc<Zone>> = rings.iter().map(|(ring, _)| Arc::new(zone(json!({"type": "Polygon", "coordinates": [ring]}), json!({"distance_m": 10})))).collect();
        let index = ZoneIndex::new(zones.clone());
        for (ring, fix) in &rings {
            for place in [*fix, ring[0]] {
                let longitude = (place[0] + 540.0).rem_euclid(360.0) - 180.0;
                let mut expected: Vec<f64> = zones.iter().map(|zone| zone.edge_m(place[1], longitude)).filter(|edge| *edge >= -within).collect();
                expected.sort_by(|a, b| b.total_cmp(a));
                let near: Vec<f64> = index.near(place[1], longitude, within).into_iter().map(|(_, edge)| edge).collect();
                prop_assert_eq!(near, expected);
            }
        }
    }
}

fn square(centre: [f64; 2], half: f64) -> Ring {
    let corner = |east: f64, north: f64| [centre[0] + east * half, centre[1] + north * half];
    vec![corner(-1.0, -1.0), corner(1.0, -1.0), corner(1.0, 1.0), corner(-1.0, 1.0), corner(-1.0, -1.0)]
}

#[test]
fn a_hole_is_outside_and_a_multipolygon_is_its_best_part() {
    let holed = zone(json!({"type": "Polygon", "coordinates": [square([51.0, 35.0], 0.02), square([51.0, 35.0], 0.01)]}), json!({}));
    assert!(holed.edge_m(35.0, 51.0) < -900.0);
    assert!(holed.edge_m(35.0, 51.015) > 440.0);
    assert!(holed.edge_m(35.0, 51.03) < -900.0);
    let parts = json!({"type": "MultiPolygon", "coordinates": [[square([51.0, 35.0], 0.02)], [square([51.1, 35.0], 0.01), square([51.1, 35.0], 0.001)]]});
    let parts = zone(parts, json!({}));
    assert!(parts.edge_m(35.0, 51.0) > 1_800.0);
    assert!(parts.edge_m(35.0, 51.1) < -80.0);
    assert!(parts.edge_m(35.0, 51.105) > 300.0);
}

#[test]
fn a_zone_across_the_180th_meridian_is_one_however_it_is_written() {
    let jumping =
        json!({"type": "Polygon", "coordinates": [[[179.99, 10.0], [-179.99, 10.0], [-179.99, 10.02], [179.99, 10.02], [179.99, 10.0]]]});
    let running =
        json!({"type": "Polygon", "coordinates": [[[179.99, 10.0], [180.01, 10.0], [180.01, 10.02], [179.99, 10.02], [179.99, 10.0]]]});
    for geometry in [jumping, running] {
        let zone = zone(geometry, json!({}));
        let middle = zone.edge_m(10.01, 180.0);
        assert!((1_090.0..1_110.0).contains(&middle), "{middle}");
        assert!((zone.edge_m(10.01, -180.0) - middle).abs() < 1e-9);
        assert!(zone.edge_m(10.01, 179.98) < -1_000.0 && zone.edge_m(10.01, -179.98) < -1_000.0);
        assert_eq!(ZoneIndex::new(vec![Arc::new(zone)]).near(10.01, -179.995, 0.0).len(), 1);
    }
}

#[test]
fn a_distance_half_way_around_the_world_is_right() {
    let ring = square([51.0, 35.0], 0.5);
    let zone = zone(json!({"type": "Polygon", "coordinates": [ring]}), json!({}));
    for fix in [[-120.0, 10.0], [-129.0, -35.0], [140.0, -40.0], [60.0, -70.0], [-128.5, -35.2], [51.0, 89.99]] {
        let expected = brute::distance(fix, std::slice::from_ref(&ring));
        let edge = zone.edge_m(fix[1], fix[0]);
        assert!((edge + expected).abs() < 1e-3 * expected, "{edge} {expected} {fix:?}");
    }
}
