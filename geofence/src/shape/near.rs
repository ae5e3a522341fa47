//! Distance from a fix to an edge within 50 km, in the plane of the radii of curvature.

use crate::ellipsoid::Radii;

/// Farther feet are sought in space.
pub(super) const NEAR_M: f64 = 50_000.0;
/// Nearer a pole a degree of longitude is too short for a plane.
pub(super) const NEAR_LATITUDE: f64 = 80.0;

/// Squares of distances by the fix's own radii that differ by more are in the order of the distances: up to [`NEAR_M`] those are wrong
/// by tan φ/R each metre, 4.5 % at 80°, and beyond it only the order to [`NEAR_M`] counts.
const SURELY_MORE: f64 = 1.3;

/// The plane around one fix.
pub(super) struct Plane {
    latitude: f64,
    longitude: f64,
    radii: Radii,
}

impl Plane {
    pub fn around(latitude: f64, longitude: f64) -> Self {
        Self { latitude, longitude, radii: Radii::at(latitude) }
    }

    /// A corner (latitude, longitude), degrees, as seen from the fix: radians north and east.
    pub fn step_to(&self, corner: (f64, f64)) -> (f64, f64) {
        ((corner.0 - self.latitude).to_radians(), (corner.1 - self.longitude).to_radians())
    }

    /// Metres from the fix to the edge between two corners, if that is less than `nearest_m`. Right only up to [`NEAR_M`].
    pub fn edge_under_m(&self, from: (f64, f64), to: (f64, f64), nearest_m: f64) -> Option<f64> {
        let (north, east) = (self.radii.meridian, self.radii.parallel);
        let (ax, ay) = (from.1 * east, from.0 * north);
        let (dx, dy) = (to.1 * east - ax, to.0 * north - ay);
        let length2 = dx * dx + dy * dy;
        let t = if length2 > 0.0 { (-(ax * dx + ay * dy) / length2).clamp(0.0, 1.0) } else { 0.0 };
        let (x, y) = (ax + t * dx, ay + t * dy);
        if x * x + y * y > SURELY_MORE * nearest_m * nearest_m {
            return None;
        }
        let distance_m = self.step_m(from.0 + t * (to.0 - from.0), from.1 + t * (to.1 - from.1));
        (distance_m < nearest_m).then_some(distance_m)
    }

    /// Metres of a step (radians north and east), by the radii half-way.
    fn step_m(&self, north: f64, east: f64) -> f64 {
        let half = north / 2.0;
        let parallel = self.radii.parallel - self.radii.narrowing * half - self.radii.narrowing_growth * half * half / 2.0;
        let (north, east) = (north * self.radii.meridian, east * parallel);
        (north * north + east * east).sqrt()
    }
}

/// Whether a ray to the east of the fix crosses the edge between two corners as seen from it (north, east).
pub(super) fn crosses(from: (f64, f64), to: (f64, f64)) -> bool {
    let straddles = (from.0 > 0.0) != (to.0 > 0.0);
    straddles && ((from.1 * to.0 - to.1 * from.0 > 0.0) == (to.0 > from.0))
}
