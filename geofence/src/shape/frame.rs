//! The quick look at a zone: single-precision metres in one plane, with an error bound.
//!
//! The plane has the zone's anchor as origin and fixed metres a step east and north. In the band of latitudes around the zone those
//! are right to the part `bend` (computed when the zone is compiled), so every path in the band, and with it the distance
//! between two points of it, is right to `bend`: true distance = plane distance × (1 ± bend). Rounding adds 2⁻²⁰ of the extent at most
//! (16 roundings of 2⁻²⁴), and positions rounded to 1e-7 degree add 2 cm. What leaves the band is farther than its margin.

use super::{Outline, Shape};
use crate::Fix;
use crate::ellipsoid::Radii;

/// Width of the band beyond the zone, degrees of latitude.
const MARGIN_DEG: f64 = 0.1;
/// The same in metres, by the least radius of curvature.
const MARGIN_M: f64 = 11_050.0;
/// A poleward bulge of geodesics within the band that is not worth a thought, degrees.
const BULGE_DEG: f64 = 0.002;
/// Roundings to 1e-7 degree of fix and corner, metres.
const GRID_M: f64 = 0.02;
/// Rounding in single precision, as a part of the extent.
const ROUNDING: f64 = 1.0 / 1_048_576.0;
/// A plane that is wrong by more is not worth a look.
const BEND_MAX: f64 = 0.2;
/// A degree of latitude is nowhere shorter, metres.
const METRES_PER_DEGREE_MIN: f64 = 110_574.0;
/// Half a turn, 1e-7 degree.
const HALF_TURN: i64 = 1_800_000_000;
/// Steps (1e-7 degree) beyond which differences might not fit 32 bits.
const STEP_MAX: i64 = 1_000_000_000;

/// What is known of a signed distance without the exact computation, metres.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub low: f64,
    pub high: f64,
}

impl Bounds {
    const UNKNOWN: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY };
}

/// The compiled plane and bounding box of a zone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    /// How far the outline or the centre (without its distance or radius) reaches north and south, and east and west, of the origin, 1e-7
    /// degree. The origin is its middle.
    half: (i32, i32),
    /// Metres a step north and east.
    metres: (f32, f32),
    /// How wrong the plane may be, as a part; infinite = the frame is of no use.
    bend: f32,
}

impl Frame {
    pub fn of(shape: &Shape) -> Self {
        let anchor = shape.anchor();
        let half = match shape {
            Shape::Circle { .. } => (0, 0),
            Shape::Outline(outline) => half_of(outline.bounds()),
        };
        let latitude = |step: i32| (f64::from(anchor.0) + f64::from(step)) / 1e7;
        let middle = Radii::at(latitude(0));
        let (south, north) = (latitude(-half.0) - MARGIN_DEG - BULGE_DEG, latitude(half.0) + MARGIN_DEG + BULGE_DEG);
        let bend = bend(&middle, south, north);
        let step = 1e-7_f64.to_radians();
        let metres = ((middle.meridian * step) as f32, (middle.parallel * step) as f32);
        Self { half, metres, bend: if bend > BEND_MAX { f32::INFINITY } else { bend as f32 } }
    }

    /// West, south, east, north in degrees of everything within `beyond_m` of the outline or centre. Longitudes may pass ±180.
    pub fn degrees(&self, anchor: (i32, i32), beyond_m: f64) -> [f64; 4] {
        let degrees = |anchor: i32, step: i32| (f64::from(anchor) + f64::from(step)) / 1e7;
        let north_pad = beyond_m / METRES_PER_DEGREE_MIN + 1e-6;
        let south = degrees(anchor.0, -self.half.0) - north_pad;
        let north = degrees(anchor.0, self.half.0) + north_pad;
        let far = south.abs().max(north.abs());
        let east_pad = if far < 89.9 { (beyond_m / Radii::at(far).parallel).to_degrees() + 1e-6 } else { 180.0 };
        [degrees(anchor.1, -self.half.1) - east_pad, south, degrees(anchor.1, self.half.1) + east_pad, north]
    }

    /// Bounds of the signed distance; by the bounding box alone if that shows the fix more than `outside_by_m` beyond the edge.
    pub fn look(&self, shape: &Shape, fix: &Fix, outside_by_m: f64) -> Bounds {
        let Some(here) = self.step_to(shape.anchor(), fix) else { return Bounds::UNKNOWN };
        let (off_m, in_band) = self.off_box_m(here);
        let off_m = if in_band { off_m.min(MARGIN_M) } else { MARGIN_M };
        let high = shape.reach_m() - self.least_m(off_m, GRID_M + off_m * ROUNDING);
        if high < -outside_by_m || off_m >= MARGIN_M {
            return Bounds { low: f64::NEG_INFINITY, high };
        }
        self.in_plane(shape, here)
    }

    /// The least true distance of what is `plane_m` away in the plane: a path that leaves the band is longer than the margin.
    fn least_m(&self, plane_m: f64, rounding_m: f64) -> f64 {
        (plane_m * (1.0 - f64::from(self.bend)) - rounding_m).min(MARGIN_M)
    }

    /// Bounds of the signed distance by every edge; for a fix within the margin.
    fn in_plane(&self, shape: &Shape, here: (i32, i32)) -> Bounds {
        let signed_m = match shape {
            Shape::Circle { .. } => {
                let (north, east) = (here.0 as f32 * self.metres.0, here.1 as f32 * self.metres.1);
                -f64::from((north * north + east * east).sqrt())
            }
            Shape::Outline(outline) => self.signed_m(outline, here),
        };
        let rounding_m = self.rounding_m(here) + GRID_M;
        let least_m = self.least_m(signed_m.abs(), rounding_m);
        let most_m = signed_m.abs() * (1.0 + f64::from(self.bend)) + rounding_m;
        let (low, high) = if signed_m > 0.0 { (least_m, most_m) } else { (-most_m, -least_m) };
        Bounds { low: shape.reach_m() + low, high: shape.reach_m() + high }
    }

    fn rounding_m(&self, here: (i32, i32)) -> f64 {
        let far = |at: i32, half: i32| f64::from(at).abs() + f64::from(half);
        let north = far(here.0, self.half.0) * f64::from(self.metres.0);
        let east = far(here.1, self.half.1) * f64::from(self.metres.1);
        (north + east) * ROUNDING
    }

    /// Where a fix is from the origin, 1e-7 degree north and east; `None` where the frame is of no use.
    fn step_to(&self, anchor: (i32, i32), fix: &Fix) -> Option<(i32, i32)> {
        let north = i64::from(fix.steps.0) - i64::from(anchor.0);
        let mut east = i64::from(fix.steps.1) - i64::from(anchor.1);
        if east > HALF_TURN {
            east -= 2 * HALF_TURN;
        } else if east < -HALF_TURN {
            east += 2 * HALF_TURN;
        }
        (self.bend.is_finite() && north.abs() < STEP_MAX && east.abs() < STEP_MAX).then_some((north as i32, east as i32))
    }

    /// Metres in the plane from the bounding box (0 within it), and whether the fix is in the band.
    fn off_box_m(&self, here: (i32, i32)) -> (f64, bool) {
        let off = |at: i32, half: i32| at.saturating_abs().saturating_sub(half).max(0) as f32;
        let off_north = off(here.0, self.half.0);
        let north = off_north * self.metres.0;
        let east = off(here.1, self.half.1) * self.metres.1;
        (f64::from((north * north + east * east).sqrt()), f64::from(off_north) < MARGIN_DEG * 1e7)
    }

    /// Signed distance in the plane; the largest of the parts.
    fn signed_m(&self, outline: &Outline, here: (i32, i32)) -> f64 {
        let mut best_m = f32::NEG_INFINITY;
        let mut part: Option<(f32, bool)> = None;
        for (ring, is_outer) in outline.rings() {
            let (distance2, is_odd) = outline.scan(ring, here, self.metres);
            part = match part {
                Some((nearest2, is_inside)) if !is_outer => Some((nearest2.min(distance2), is_inside && !is_odd)),
                ended => {
                    best_m = best_m.max(ended.map_or(f32::NEG_INFINITY, signed));
                    Some((distance2, is_odd && !outline.is_strip()))
                }
            };
        }
        f64::from(best_m.max(part.map_or(f32::NEG_INFINITY, signed)))
    }
}

/// The same to all sides; a step of rounding more than one of them at most.
fn half_of([south, west, north, east]: [i32; 4]) -> (i32, i32) {
    (north.max(south.saturating_neg()), east.max(west.saturating_neg()))
}

fn signed((distance2, is_inside): (f32, bool)) -> f32 {
    if is_inside { distance2.sqrt() } else { -distance2.sqrt() }
}

/// How much the metres of a step differ in a band of latitudes from those of its middle, as a part.
fn bend(middle: &Radii, south: f64, north: f64) -> f64 {
    if south <= -89.99 || north >= 89.99 {
        return f64::INFINITY;
    }
    let equator = if south < 0.0 && north > 0.0 { 0.0 } else { south };
    let part = |latitude: f64| {
        let radii = Radii::at(latitude);
        let meridian = (radii.meridian / middle.meridian - 1.0).abs();
        meridian.max((radii.parallel / middle.parallel - 1.0).abs())
    };
    part(south).max(part(north)).max(part(equator)) * 1.01 + 1e-6
}
