//! The WGS84 ellipsoid: radii of curvature, points in space, geodesic distance. Degrees in, metres out.

use geographiclib_rs::{Geodesic, InverseGeodesic};
use std::sync::LazyLock;

/// Semi-major axis, metres.
const A_M: f64 = 6_378_137.0;
/// Flattening.
const F: f64 = 1.0 / 298.257_223_563;
/// First eccentricity squared.
const E2: f64 = F * (2.0 - F);

static GEODESIC: LazyLock<Geodesic> = LazyLock::new(Geodesic::wgs84);

/// Length of the geodesic between two points given as (latitude, longitude), metres; exact to nanometres.
pub(crate) fn geodesic_m(from: (f64, f64), to: (f64, f64)) -> f64 {
    GEODESIC.inverse(from.0, from.1, to.0, to.1)
}

/// What a step in latitude and in longitude is worth around one latitude.
#[derive(Clone, Copy)]
pub(crate) struct Radii {
    /// Metres a radian of latitude (meridional radius M).
    pub meridian: f64,
    /// Metres a radian of longitude (N cos φ).
    pub parallel: f64,
    /// How fast `parallel` shrinks with latitude: M sin φ (exactly its derivative, negated).
    pub narrowing: f64,
    /// How fast `narrowing` grows with latitude: M cos φ, to the flattening.
    pub narrowing_growth: f64,
}

impl Radii {
    pub fn at(latitude: f64) -> Self {
        let (sin, cos) = latitude.to_radians().sin_cos();
        let w2 = 1.0 - E2 * sin * sin;
        let normal = A_M / w2.sqrt();
        let meridian = normal * (1.0 - E2) / w2;
        Self { meridian, parallel: normal * cos, narrowing: meridian * sin, narrowing_growth: meridian * cos }
    }
}

/// A point of the surface in space (Earth-centred, metres).
pub(crate) fn in_space(latitude: f64, longitude: f64) -> [f64; 3] {
    let (sin_lat, cos_lat) = latitude.to_radians().sin_cos();
    let (sin_lon, cos_lon) = longitude.to_radians().sin_cos();
    let normal = A_M / (1.0 - E2 * sin_lat * sin_lat).sqrt();
    [normal * cos_lat * cos_lon, normal * cos_lat * sin_lon, normal * (1.0 - E2) * sin_lat]
}

/// `longitude` moved by whole turns to within 180 degrees of `centre`.
pub(crate) fn wrap_near(longitude: f64, centre: f64) -> f64 {
    let turns = ((longitude - centre) / 360.0).round();
    if turns == 0.0 { longitude } else { longitude - 360.0 * turns }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_of_arc_is_as_long_as_the_books_say() {
        let radii = Radii::at(35.7);
        let step = 1e-5_f64;
        let north = geodesic_m((35.7 - step / 2.0, 51.0), (35.7 + step / 2.0, 51.0));
        let east = geodesic_m((35.7, 51.0), (35.7, 51.0 + step));
        assert!((radii.meridian * step.to_radians() / north - 1.0).abs() < 1e-8);
        assert!((radii.parallel * step.to_radians() / east - 1.0).abs() < 1e-8);
    }

    #[test]
    fn a_longitude_is_read_near_its_zone() {
        assert_eq!(wrap_near(-179.0, 179.0), 181.0);
        assert_eq!(wrap_near(179.0, -179.5), -181.0);
        assert_eq!(wrap_near(51.0, 51.4), 51.0);
    }
}
