//! A box that lies wholly inside a shape: a fix in it needs no edge looked at.

use super::{Outline, Shape, whole};

/// No degree of latitude or longitude is longer, metres (a degree of latitude at the poles is 111,694).
const DEGREE_MAX_M: f64 = 111_700.0;
/// Half the sides of a square as a part of the radius of the circle around it, a little less than the root of a half.
const IN_CIRCLE: f64 = 0.7;
/// Boxes are tried from 18 twentieths of the bounding box down to 2.
const TWENTIETHS: std::ops::RangeInclusive<i64> = 2..=18;

impl Shape {
    /// South, west, north, east of a box in whole 1e-7 degrees all of which is inside, but for a centimetre of rounding. Around the middle;
    /// `None` where the middle is outside, or too little around it inside.
    pub fn inner_box(&self) -> Option<[i32; 4]> {
        let (north, east) = match self {
            Self::Circle { centre, radius_m, .. } => half_in_circle(centre.0.abs(), *radius_m)?,
            Self::Outline(outline) => half_in_outline(outline)?,
        };
        let (latitude, longitude) = self.anchor();
        let sides = [(latitude, -north), (longitude, -east), (latitude, north), (longitude, east)];
        let sides = sides.map(|(middle, step)| i32::try_from(i64::from(middle) + step).ok());
        Some([sides[0]?, sides[1]?, sides[2]?, sides[3]?])
    }
}

/// Steps north and east. A path along the box's half sides is no shorter than the geodesic to its corner, if each degree is taken at its longest.
fn half_in_circle(latitude: f64, radius_m: f64) -> Option<(i64, i64)> {
    let north = IN_CIRCLE * radius_m / DEGREE_MAX_M;
    let nearest_equator = (latitude - north).max(0.0);
    let east = north / nearest_equator.to_radians().cos();
    (latitude + north < 89.0 && east < 90.0).then(|| (i64::from(whole(north)) - 1, i64::from(whole(east)) - 1))
}

/// Steps north and east of the largest box tried that no edge meets.
fn half_in_outline(outline: &Outline) -> Option<(i64, i64)> {
    let [south, west, north, east] = outline.bounds().map(i64::from);
    let (north, east) = (north.min(-south), east.min(-west));
    let (latitude, longitude) = outline.anchor();
    if outline.signed_m(f64::from(latitude) / 1e7, f64::from(longitude) / 1e7) <= 0.0 {
        return None;
    }
    let halves = TWENTIETHS.rev().map(|part| (north * part / 20, east * part / 20));
    halves.filter(|half| half.0 > 0 && half.1 > 0).find(|half| !outline.steps().any(|(from, to)| meets(from, to, *half)))
}

/// Whether an edge (steps north and east from the middle) meets the box with these half sides around the middle. May say so of one that
/// barely does not.
fn meets(from: (i32, i32), to: (i32, i32), half: (i64, i64)) -> bool {
    let wide = |(north, east): (i32, i32)| (i64::from(north), i64::from(east));
    let (from, to) = (wide(from), wide(to));
    let is_beyond = |a: i64, b: i64, limit: i64| a.min(b) > limit || a.max(b) < -limit;
    if is_beyond(from.0, to.0, half.0) || is_beyond(from.1, to.1, half.1) {
        return false;
    }
    // All four corners on one side of the line through the edge: they do not meet.
    let side = |north: i64, east: i64| {
        let (run, rise) = (i128::from(to.1 - from.1), i128::from(to.0 - from.0));
        (run * i128::from(north - from.0) - rise * i128::from(east - from.1)).signum()
    };
    let sides = [side(half.0, half.1), side(half.0, -half.1), side(-half.0, half.1), side(-half.0, -half.1)];
    sides[0] == 0 || sides.iter().any(|other| *other != sides[0])
}
