//! Which fixes plainly keep the rule of a zone: nearly all fixes of nearly all wearers, told by four comparisons beside the wearer's other
//! memory, without a look at the zone.

use crate::{Fix, Sense, Zone};

/// A box around (or in) a zone: south, west, north, east in whole 1e-7 degrees. In order it lies inside an inclusion zone; with its sides
/// exchanged an exclusion zone lies inside it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plain([i32; 4]);

impl Plain {
    /// Holds no fix.
    const NEVER: Self = Self([i32::MAX; 4]);

    pub fn of(zone: &Zone) -> Self {
        match zone.sense() {
            Sense::Inclusion => zone.shape.inner_box().map_or(Self::NEVER, Self),
            Sense::Exclusion => Self::around(zone),
        }
    }

    fn around(zone: &Zone) -> Self {
        let union = |a: [f64; 4], b: [f64; 4]| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])];
        let sides =
            zone.boxes(0.0).map(|bounds| [bounds.lower()[1], bounds.lower()[0], bounds.upper()[1], bounds.upper()[0]]).reduce(union);
        let Some([south, west, north, east]) = sides else { return Self::NEVER };
        let (low, high) = (|degrees: f64| (degrees * 1e7).floor() as i32 - 1, |degrees: f64| (degrees * 1e7).ceil() as i32 + 1);
        Self([high(north), high(east), low(south), low(west)])
    }

    /// Whether a fix surely does not break the rule: it is inside an inclusion zone or not inside an exclusion zone, but for a centimetre, and
    /// no fix is finer than 3 m.
    pub fn is_kept_by(&self, fix: &Fix) -> bool {
        let [south, west, north, east] = self.0;
        let (latitude, longitude) = fix.steps;
        if south <= north {
            (south..=north).contains(&latitude) && (west..=east).contains(&longitude)
        } else {
            !((north..=south).contains(&latitude) && (east..=west).contains(&longitude))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Plain;
    use crate::{Fix, Timestamp, Zone};
    use proptest::prelude::*;

    const SHAPES: [&str; 6] = [
        r#"{"type":"Point","coordinates":[51.4,35.7]}"#,
        r#"{"type":"Point","coordinates":[179.999,-70.0]}"#,
        r#"{"type":"Polygon","coordinates":[[[51.4,35.7],[51.41,35.7],[51.41,35.71],[51.404,35.711],[51.4,35.7]]]}"#,
        r#"{"type":"Polygon","coordinates":[[[51.4,35.7],[51.5,35.7],[51.5,35.8],[51.4,35.8],[51.4,35.7]],[[51.41,35.71],[51.44,35.71],[51.44,35.74],[51.41,35.71]]]}"#,
        r#"{"type":"Polygon","coordinates":[[[179.99,10.0],[-179.99,10.0],[-179.99,10.01],[179.99,10.01],[179.99,10.0]]]}"#,
        r#"{"type":"LineString","coordinates":[[51.4,35.7],[51.41,35.71],[51.42,35.7]]}"#,
    ];

    fn zone(shape: usize, sense: &str) -> Zone {
        let reach = ["radius_m", "radius_m", "", "", "", "distance_m"][shape];
        let reach = if reach.is_empty() { String::new() } else { format!(r#","{reach}":300"#) };
        let text = format!(r#"{{"type":"Feature","geometry":{},"properties":{{"zone":"z","sense":"{sense}"{reach}}}}}"#, SHAPES[shape]);
        Zone::from_feature(1, &serde_json::from_str(&text).unwrap()).unwrap()
    }

    proptest! {
        /// What is plain never breaks the rule.
        #[test]
        fn a_plain_fix_keeps_the_rule(shape in 0..SHAPES.len(), inclusion: bool, north in -1.0..1.0_f64, east in -1.0..1.0_f64, scale in 0..3_i32) {
            let zone = zone(shape, if inclusion { "inclusion" } else { "exclusion" });
            let (latitude, longitude) = zone.shape.anchor();
            let reach = 0.1 * 0.1_f64.powi(scale);
            let longitude = f64::from(longitude) / 1e7 + east * reach;
            let longitude = f64::rem_euclid(longitude + 180.0, 360.0) - 180.0;
            let fix = Fix::new(Timestamp::from_millis(0), f64::from(latitude) / 1e7 + north * reach, longitude, Some(3.0)).unwrap();
            prop_assert!(!(Plain::of(&zone).is_kept_by(&fix) && zone.is_broken_by(&fix)));
        }
    }

    #[test]
    fn who_is_at_home_or_far_from_what_is_forbidden_is_plain() {
        let at = |latitude, longitude| Fix::new(Timestamp::from_millis(0), latitude, longitude, None).unwrap();
        for (shape, sense, latitude, longitude, is_plain) in [
            (0, "inclusion", 35.7001, 51.4001, true),
            (0, "inclusion", 35.7027, 51.4, false),
            (0, "exclusion", 35.71, 51.4, true),
            (0, "exclusion", 35.7, 51.4, false),
            (2, "inclusion", 35.705, 51.405, true),
            (2, "exclusion", 35.712, 51.405, true),
            (5, "inclusion", 35.705, 51.405, false),
        ] {
            assert_eq!(
                Plain::of(&zone(shape, sense)).is_kept_by(&at(latitude, longitude)),
                is_plain,
                "{shape} {sense} {latitude} {longitude}"
            );
        }
    }
}
