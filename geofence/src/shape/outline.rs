//! The outline of a polygon, a multipolygon or a line: its packed corners, rings and parts.

use super::corners::Corners;
use super::far;
use super::near::{NEAR_LATITUDE, NEAR_M, Plane, crosses};
use super::whole;
use crate::ellipsoid::wrap_near;
use std::ops::Range;

/// A corner: latitude, longitude, degrees.
type Corner = (f64, f64);

/// Widest zone, degrees of longitude. A wider one has no side that is "near": refused.
const WIDTH_MAX_DEG: f64 = 180.0;
/// Zones end here, degrees of latitude: none holds a pole.
const LATITUDE_MAX: f64 = 89.9;

/// A coordinate this near to whole 1e-7 degrees is whole (0.1 micrometres: the rounding of decimal texts).
const WHOLE: f64 = 1e-5;
/// What is finer is told in these parts of 1e-7 degree.
const PARTS_OF_STEP: f64 = 65_536.0;

/// Why corners make no outline.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum OutlineError {
    /// A polygon's ring has too few corners.
    #[error("a ring needs at least 4 positions, the last equal to the first")]
    RingTooShort,
    /// A polygon's ring does not end where it began.
    #[error("a ring is not closed: repeat its first position at its end")]
    RingOpen,
    /// A line has no edge.
    #[error("a line needs at least 2 positions")]
    LineTooShort,
    /// A MultiPolygon without polygons, or a polygon without rings.
    #[error("the geometry is empty")]
    Empty,
    /// A coordinate that no zone may have.
    #[error("longitude {0}, latitude {1} cannot be part of a zone: longitude must be within ±360, latitude within ±{LATITUDE_MAX}")]
    OutOfRange(f64, f64),
    /// A zone around half the Earth.
    #[error("the zone is wider than {WIDTH_MAX_DEG} degrees of longitude: split it")]
    TooWide,
}

/// Packed corners. Longitudes run on across the 180th meridian.
#[derive(Clone, Debug)]
pub(crate) struct Outline {
    /// Latitude and longitude of the middle, 1e-7 degree.
    anchor: (i32, i32),
    corners: Corners,
    more: Option<Box<More>>,
}

/// What most outlines do not need.
#[derive(Clone, Debug, Default)]
struct More {
    /// Where rings begin, and whether a part begins there; empty for a single ring.
    rings: Vec<(usize, bool)>,
    /// What the corners as written have beyond their packed steps north and east, in 65536ths of a step; empty where whole steps say it all.
    /// A map program writes 15 digits: what is finer than a micrometre is left out.
    fine: Box<[(i16, i16)]>,
    /// An open line has no inside.
    is_strip: bool,
    /// What is within this distance belongs to the zone, metres.
    distance_m: f64,
}

impl Outline {
    /// Polygons (each an outer ring and its holes) with closed rings.
    pub fn polygons(parts: Vec<Vec<Vec<Corner>>>) -> Result<Self, OutlineError> {
        if parts.is_empty() || parts.iter().any(Vec::is_empty) {
            return Err(OutlineError::Empty);
        }
        for ring in parts.iter().flatten() {
            match ring.as_slice() {
                [first, _, _, .., last] if first == last => {}
                [_, _, _, _, ..] => return Err(OutlineError::RingOpen),
                _ => return Err(OutlineError::RingTooShort),
            }
        }
        Self::packed(parts, false)
    }

    /// A line: what it encloses is inside if it is closed, nothing is if it is open.
    pub fn line(line: Vec<Corner>) -> Result<Self, OutlineError> {
        if line.len() < 2 {
            return Err(OutlineError::LineTooShort);
        }
        let is_strip = line.first() != line.last();
        Self::packed(vec![vec![line]], is_strip)
    }

    fn packed(parts: Vec<Vec<Vec<Corner>>>, is_strip: bool) -> Result<Self, OutlineError> {
        let mut rings = Vec::new();
        let mut corners: Vec<Corner> = Vec::new();
        for part in parts {
            for (ring_of_part, ring) in part.into_iter().enumerate() {
                rings.push((corners.len(), ring_of_part == 0));
                append_unrolled(&mut corners, &ring, ring_of_part == 0)?;
            }
        }
        let middle = recentre(&mut corners)?;
        let anchor = (whole(middle.0), whole(middle.1));
        let step = |value: f64, anchor: i32| ((value * 1e7).round() as i64 - i64::from(anchor)) as i32;
        let is_closed = rings.len() == 1 && corners.first() == corners.last();
        let kept = &corners[..corners.len() - usize::from(is_closed)];
        let packed = Corners::of(kept.iter().map(|corner| (step(corner.0, anchor.0), step(corner.1, anchor.1))), is_closed);
        let is_whole = |value: f64| (value * 1e7 - f64::from(whole(value))).abs() < WHOLE;
        let is_whole = corners.iter().all(|corner| is_whole(corner.0) && is_whole(corner.1));
        let rings = if rings.len() > 1 { rings } else { Vec::new() };
        let beyond = |value: f64| ((value * 1e7 - (value * 1e7).round()) * PARTS_OF_STEP) as i16;
        let fine = if is_whole { Box::default() } else { corners.iter().map(|corner| (beyond(corner.0), beyond(corner.1))).collect() };
        let is_more = is_strip || !rings.is_empty() || !is_whole;
        let more = is_more.then(|| Box::new(More { rings, fine, is_strip, distance_m: 0.0 }));
        Ok(Self { anchor, corners: packed, more })
    }

    /// The same with everything within a distance of it, metres.
    pub fn reaching(mut self, distance_m: f64) -> Self {
        if distance_m != 0.0 {
            self.more.get_or_insert_default().distance_m = distance_m;
        }
        self
    }

    /// What is within this distance belongs to the zone, metres (0 = the inside alone).
    pub fn distance_m(&self) -> f64 {
        self.more.as_ref().map_or(0.0, |more| more.distance_m)
    }

    /// Latitude and longitude of the middle, 1e-7 degree.
    pub const fn anchor(&self) -> (i32, i32) {
        self.anchor
    }

    /// An open line.
    pub fn is_strip(&self) -> bool {
        self.more.as_ref().is_some_and(|more| more.is_strip)
    }

    /// South, west, north, east of all corners from the anchor, 1e-7 degree.
    pub fn bounds(&self) -> [i32; 4] {
        let corners = (0..self.corners.len()).map(|index| self.corners.at(index));
        corners.fold([i32::MAX, i32::MAX, i32::MIN, i32::MIN], |bounds, (north, east)| {
            [bounds[0].min(north), bounds[1].min(east), bounds[2].max(north), bounds[3].max(east)]
        })
    }

    /// See [`Corners::scan`].
    pub fn scan(&self, ring: Range<usize>, here: (i32, i32), metres: (f32, f32)) -> (f32, bool) {
        self.corners.scan(ring, here, metres)
    }

    /// The rings as ranges of corners, each with whether it begins a part (its outer ring).
    pub fn rings(&self) -> impl Iterator<Item = (Range<usize>, bool)> + Clone + '_ {
        let starts: &[(usize, bool)] = match &self.more {
            Some(more) if !more.rings.is_empty() => &more.rings,
            _ => &[(0, true)],
        };
        starts.iter().enumerate().map(|(index, (start, is_outer))| {
            let end = starts.get(index + 1).map_or(self.corners.len(), |next| next.0);
            (*start..end, *is_outer)
        })
    }

    fn corner(&self, index: usize) -> Corner {
        let fine = self.more.as_ref().and_then(|more| more.fine.get(index)).copied().unwrap_or_default();
        let degrees = |step: i32, anchor: i32, fine: i16| {
            let whole = (i64::from(step) + i64::from(anchor)) as f64;
            (whole + f64::from(fine) / PARTS_OF_STEP) / 1e7
        };
        let (north, east) = self.corners.at(index);
        (degrees(north, self.anchor.0, fine.0), degrees(east, self.anchor.1, fine.1))
    }

    /// Both ends of every edge, as steps north and east from the middle.
    pub fn steps(&self) -> impl Iterator<Item = ((i32, i32), (i32, i32))> + '_ {
        self.rings().flat_map(|(ring, _)| (ring.start..ring.end - 1).map(|index| (self.corners.at(index), self.corners.at(index + 1))))
    }

    fn edges(&self, ring: Range<usize>) -> impl Iterator<Item = (Corner, Corner)> + Clone + '_ {
        (ring.start..ring.end - 1).map(|index| (self.corner(index), self.corner(index + 1)))
    }

    /// The edges of all rings.
    pub fn all_edges(&self) -> impl Iterator<Item = (Corner, Corner)> + '_ {
        self.rings().flat_map(|(ring, _)| self.edges(ring))
    }

    /// Signed distance to the nearest edge, metres, positive inside; the largest of the parts.
    pub fn signed_m(&self, latitude: f64, longitude: f64) -> f64 {
        let longitude = wrap_near(longitude, f64::from(self.anchor.1) / 1e7);
        let rings: Vec<_> = self.rings().collect();
        let mut best_m = f64::NEG_INFINITY;
        let mut start = 0;
        while start < rings.len() {
            let holes = rings[start + 1..].iter().take_while(|ring| !ring.1).count();
            best_m = best_m.max(self.part_m(&rings[start..=start + holes], (latitude, longitude)));
            start += holes + 1;
        }
        best_m
    }

    /// Signed distance of one part: an outer ring and its holes.
    fn part_m(&self, rings: &[(Range<usize>, bool)], fix: Corner) -> f64 {
        let plane = Plane::around(fix.0, fix.1);
        let mut nearest_m = f64::INFINITY;
        let mut is_inside = !self.is_strip();
        for (ring, is_outer) in rings {
            let mut is_odd = false;
            for (from, to) in self.edges(ring.clone()) {
                let (from, to) = (plane.step_to(from), plane.step_to(to));
                if let Some(nearer_m) = plane.edge_under_m(from, to, nearest_m) {
                    nearest_m = nearer_m;
                }
                is_odd ^= crosses(from, to);
            }
            is_inside &= is_odd == *is_outer;
        }
        if nearest_m > NEAR_M || fix.0.abs() > NEAR_LATITUDE {
            nearest_m = far::distance_m(fix, rings.iter().flat_map(|(ring, _)| self.edges(ring.clone())));
        }
        if is_inside { nearest_m } else { -nearest_m }
    }
}

/// Appends a ring with longitudes running on: a step of more than half a turn goes the short way. A new part begins as near as
/// can be to the corners before it.
fn append_unrolled(corners: &mut Vec<Corner>, ring: &[Corner], is_outer: bool) -> Result<(), OutlineError> {
    let mut near = corners.last().map(|corner| corner.1);
    if is_outer && let Some(first) = corners.first() {
        near = Some(first.1);
    }
    for &(latitude, longitude) in ring {
        if !(latitude.abs() <= LATITUDE_MAX && longitude.abs() <= 360.0) {
            return Err(OutlineError::OutOfRange(longitude, latitude));
        }
        let longitude = near.map_or(longitude, |near| wrap_near(longitude, near));
        near = Some(longitude);
        corners.push((latitude, longitude));
    }
    Ok(())
}

/// Moves all corners by whole turns so that their middle lies within ±180, and returns the middle.
fn recentre(corners: &mut [Corner]) -> Result<Corner, OutlineError> {
    let bounds = |pick: fn(&Corner) -> f64, corners: &[Corner]| {
        corners.iter().map(pick).fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
    };
    let (south, north) = bounds(|corner| corner.0, corners);
    let (west, east) = bounds(|corner| corner.1, corners);
    if east - west > WIDTH_MAX_DEG {
        return Err(OutlineError::TooWide);
    }
    let middle = f64::midpoint(west, east);
    let turn = wrap_near(middle, 0.0) - middle;
    if turn != 0.0 {
        corners.iter_mut().for_each(|corner| corner.1 += turn);
    }
    Ok((f64::midpoint(south, north), middle + turn))
}
