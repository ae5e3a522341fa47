//! Shapes by chance.

use crate::{codes, draft, found, home, of_degree, polygon};
use geofence::Zone;
use geofence::check::{Severity, ZoneDraft, check_zones, is_refused};
use geojson::Feature;
use proptest::prelude::*;
use serde_json::{Value, json};

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
