//! Where the last valid fix was, and whether a wearer can have come from there.

use crate::Fix;
use crate::ellipsoid::geodesic_m;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;

/// No degree of latitude or longitude is longer, metres (a degree of latitude at the poles is 111,694).
const DEGREE_MAX_M: f64 = 111_700.0;

/// A position with its accuracy, to the step in which tags tell it.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Place {
    /// WGS84 latitude in 1e-7 degree.
    latitude_e7: i32,
    /// WGS84 longitude in 1e-7 degree.
    longitude_e7: i32,
    accuracy: Radius,
}

/// Metres, never 0, so that there may also be no place in the same 12 bytes: those of a million tags are held.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(from = "f32", into = "f32")]
struct Radius(NonZeroU32);

const _: () = assert!(size_of::<Option<Place>>() <= 12, "a place grew: those of a million tags are held");

impl From<f32> for Radius {
    fn from(metres: f32) -> Self {
        Self(NonZeroU32::new(metres.to_bits()).unwrap_or(NonZeroU32::MIN))
    }
}

impl From<Radius> for f32 {
    fn from(radius: Radius) -> Self {
        Self::from_bits(radius.0.get())
    }
}

impl Place {
    pub fn of(fix: &Fix) -> Self {
        Self { latitude_e7: fix.steps.0, longitude_e7: fix.steps.1, accuracy: Radius::from(fix.accuracy_m as f32) }
    }

    /// Metres.
    fn accuracy_m(&self) -> f64 {
        f64::from(f32::from(self.accuracy))
    }

    /// Latitude and longitude, degrees.
    fn degrees(&self) -> (f64, f64) {
        (f64::from(self.latitude_e7) / 1e7, f64::from(self.longitude_e7) / 1e7)
    }

    /// Whether `other`, reached in that many milliseconds, asks for more than `speed_max_m_s` even between the nearest points of both
    /// accuracy circles.
    pub fn is_too_fast(&self, other: &Self, millis: i64, speed_max_m_s: f64) -> bool {
        let reach_m = speed_max_m_s * millis as f64 / 1000.0 + self.accuracy_m() + other.accuracy_m();
        let (from, to) = (self.degrees(), other.degrees());
        // Along the meridian, then along the parallel, is no shorter: this spares nearly every fix the geodesic.
        let detour_m = ((from.0 - to.0).abs() + (from.1 - to.1).abs()) * DEGREE_MAX_M;
        detour_m > reach_m && geodesic_m(from, to) > reach_m
    }
}
