//! The shapes of zones and the signed distance to their edge, on the WGS84 ellipsoid.
//!
//! # Why the error stays under 0.1 %
//! Edges are straight in longitude/latitude (RFC 7946), so any plane whose axes are a multiple of longitude and of latitude keeps
//! them straight; only lengths are distorted.
//! * **Circle**: radius minus the geodesic (Karney), exact.
//! * **Near** (foot within 50 km, fix within 80° of the equator; `near.rs`): the foot on each edge is found in the plane with the
//!   radii of the fix's own latitude, then measured with the radii of the latitude half-way. Half-way radii are right to
//!   dφ²/24 + dλ² sin²φ/24, at 50 km and 80° under 8.6e-5. A foot off by the first-order error c·d (c = tan φ/R) lengthens the
//!   distance by c² d³/8: at 50 km and 80° 12 m, 2.5e-4. Both vanish with the distance: at 1 km they are under 1e-6.
//! * **Far** (`far.rs`): the nearest point is sought by straight lines through space. A lon/lat-straight piece of length L leaves its
//!   chord by at most L²κ/8; pieces are halved until that is under 1e-4 of the distance. The order of straight-line distances is the
//!   order of geodesics to 2.6e-4 up to 5,000 km (arc minus chord is s³/24R², R varies by 0.5 %); farther, edges are
//!   sampled by geodesics every half degree, which misses at most h²/8d: 1.6e-5. The distance told is the geodesic to the point found.

mod corners;
mod far;
mod frame;
mod inner;
mod near;
mod outline;

pub(crate) use frame::Frame;
pub(crate) use outline::Outline;
pub use outline::OutlineError;

use crate::ellipsoid::{geodesic_m, wrap_near};

/// Degrees in whole 1e-7 degrees.
pub(crate) fn whole(degrees: f64) -> i32 {
    (degrees * 1e7).round() as i32
}

/// Where a zone is.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    /// Everything within a radius of a point.
    Circle {
        /// Degrees.
        centre: (f64, f64),
        /// Metres.
        radius_m: f64,
        /// The centre in whole 1e-7 degrees.
        anchor: (i32, i32),
    },
    /// Everything inside the outline or within its distance.
    Outline(Outline),
}

impl Shape {
    /// Signed distance to the edge, metres, positive inside.
    pub fn edge_m(&self, latitude: f64, longitude: f64) -> f64 {
        match self {
            Self::Circle { centre, radius_m, .. } => radius_m - geodesic_m((latitude, longitude), *centre),
            Self::Outline(outline) => outline.distance_m() + outline.signed_m(latitude, longitude),
        }
    }

    /// Everything within `radius_m` metres of a centre (latitude and longitude, degrees).
    pub fn circle(centre: (f64, f64), radius_m: f64) -> Self {
        let centre = (centre.0, wrap_near(centre.1, 0.0));
        Self::Circle { centre, radius_m, anchor: (whole(centre.0), whole(centre.1)) }
    }

    /// Its middle, in whole 1e-7 degrees of latitude and longitude.
    pub const fn anchor(&self) -> (i32, i32) {
        match self {
            Self::Circle { anchor, .. } => *anchor,
            Self::Outline(outline) => outline.anchor(),
        }
    }

    /// The metres that the shape reaches beyond its centre or outline.
    pub fn reach_m(&self) -> f64 {
        match self {
            Self::Circle { radius_m, .. } => *radius_m,
            Self::Outline(outline) => outline.distance_m(),
        }
    }
}
