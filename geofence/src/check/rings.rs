//! The corners of a drawn shape, exactly: whether its rings cross or touch themselves or each other.
//!
//! Edges are straight in longitude and latitude (RFC 7946), so where they cross is a question of whole numbers: steps of 1e-9 degree
//! (0.1 mm), multiplied in 128 bits. Nothing is rounded but the corners.

use crate::ellipsoid::wrap_near;
use geojson::{GeometryValue, Position};

/// Steps of a degree.
const STEPS: f64 = 1e9;

/// East and north, in steps.
type Corner = (i128, i128);

/// An outline and its holes, each without its repeated last corner and without corners that are the same as the one before.
type Part = Vec<Vec<Corner>>;

/// The rings of a shape. A circle and an open line have none.
#[derive(Debug, Default)]
pub(super) struct Rings {
    parts: Vec<Part>,
    /// As written, repeated ones too.
    pub corners: usize,
}

/// An edge, with the ring and the place in it.
struct Edge {
    from: Corner,
    to: Corner,
    ring: usize,
    index: usize,
}

/// How two rings, or a ring and itself, meet wrongly.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Crossing {
    /// One ring, at this place (latitude, longitude).
    Itself((f64, f64)),
    /// Two rings of one part.
    OfHole((f64, f64)),
    /// Two parts.
    OfParts((f64, f64)),
}

impl Rings {
    pub fn of(geometry: &GeometryValue) -> Self {
        let mut near = None;
        let mut rings = Self::default();
        match geometry {
            GeometryValue::Polygon { coordinates } => rings.add(coordinates, &mut near),
            GeometryValue::MultiPolygon { coordinates } => coordinates.iter().for_each(|part| rings.add(part, &mut near)),
            GeometryValue::LineString { coordinates } if coordinates.first() == coordinates.last() => {
                rings.add(std::slice::from_ref(coordinates), &mut near);
            }
            GeometryValue::LineString { coordinates } => rings.corners = coordinates.len(),
            _ => {}
        }
        rings
    }

    fn add(&mut self, rings: &[Vec<Position>], near: &mut Option<f64>) {
        self.corners += rings.iter().map(Vec::len).sum::<usize>();
        self.parts.push(rings.iter().map(|ring| whole(ring, near)).collect());
    }

    /// Whether some ring has fewer than three different corners, or all on one line.
    pub fn without_area(&self) -> bool {
        let is_line = |ring: &Vec<Corner>| ring.len() < 3 || ring.iter().all(|corner| side(ring[0], ring[1], *corner) == 0);
        self.parts.iter().flatten().any(is_line)
    }

    /// The first place found where rings cross or touch wrongly; a ring with itself before rings of a part before parts.
    pub fn crossing(&self) -> Option<Crossing> {
        let part_of: Vec<usize> = self.parts.iter().enumerate().flat_map(|(part, rings)| rings.iter().map(move |_| part)).collect();
        let rings: Vec<&Vec<Corner>> = self.parts.iter().flatten().collect();
        let mut edges = edges(&rings);
        edges.sort_unstable_by_key(|edge| edge.from.0.min(edge.to.0));
        let (mut of_hole, mut of_parts) = (None, None);
        for (at, edge) in edges.iter().enumerate() {
            let east = edge.from.0.max(edge.to.0);
            for other in edges[at + 1..].iter().take_while(|other| other.from.0.min(other.to.0) <= east) {
                let Some((place, is_touch)) = meeting(edge, other, &rings) else { continue };
                if edge.ring == other.ring {
                    return Some(Crossing::Itself(place));
                }
                // A hole may touch its outline at a point, and parts each other.
                match part_of[edge.ring] == part_of[other.ring] {
                    _ if is_touch => {}
                    true => of_hole = of_hole.or(Some(Crossing::OfHole(place))),
                    false => of_parts = of_parts.or(Some(Crossing::OfParts(place))),
                }
            }
        }
        of_hole.or_else(|| self.hole_outside()).or(of_parts)
    }

    /// A hole that lies beside its outline, or leaves it through a corner.
    fn hole_outside(&self) -> Option<Crossing> {
        let outside = |part: &Part| {
            let (outline, holes) = part.split_first()?;
            holes.iter().find(|hole| hole.iter().any(|corner| !is_inside(outline, *corner))).map(|hole| place(hole[0]))
        };
        self.parts.iter().find_map(outside).map(Crossing::OfHole)
    }
}

/// A ring in steps, with longitudes that run on from the corners before.
fn whole(ring: &[Position], near: &mut Option<f64>) -> Vec<Corner> {
    let mut corners: Vec<Corner> = Vec::with_capacity(ring.len());
    for position in ring {
        let &[longitude, latitude, ..] = position.as_slice() else { continue };
        let longitude = near.map_or(longitude, |near| wrap_near(longitude, near));
        *near = Some(longitude);
        let corner = ((longitude * STEPS).round() as i128, (latitude * STEPS).round() as i128);
        if corners.last() != Some(&corner) {
            corners.push(corner);
        }
    }
    if corners.len() > 1 && corners.first() == corners.last() {
        corners.pop();
    }
    corners
}

fn edges(rings: &[&Vec<Corner>]) -> Vec<Edge> {
    let of_ring = |(ring, corners): (usize, &&Vec<Corner>)| {
        let corners = (*corners).clone();
        let count = corners.len();
        (0..count).map(move |index| Edge { from: corners[index], to: corners[(index + 1) % count], ring, index }).collect::<Vec<_>>()
    };
    rings.iter().enumerate().flat_map(of_ring).collect()
}

/// Where two edges share a point that they may not share, and whether they only touch there.
fn meeting(one: &Edge, other: &Edge, rings: &[&Vec<Corner>]) -> Option<((f64, f64), bool)> {
    let north = |edge: &Edge| (edge.from.1.min(edge.to.1), edge.from.1.max(edge.to.1));
    let ((low, high), (other_low, other_high)) = (north(one), north(other));
    if low > other_high || other_low > high {
        return None;
    }
    let sides = [
        side(one.from, one.to, other.from),
        side(one.from, one.to, other.to),
        side(other.from, other.to, one.from),
        side(other.from, other.to, one.to),
    ];
    if sides == [0; 4] {
        return on_one_line(one, other, rings[one.ring].len()).map(|corner| (place(corner), false));
    }
    let straddles = |a: i128, b: i128| (a <= 0 && b >= 0) || (a >= 0 && b <= 0);
    if !(straddles(sides[0], sides[1]) && straddles(sides[2], sides[3])) {
        return None;
    }
    let touched = [(sides[0], other.from), (sides[1], other.to), (sides[2], one.from), (sides[3], one.to)];
    match touched.iter().find(|(side, _)| *side == 0) {
        Some(_) if one.ring == other.ring && are_neighbours(one, other, rings[one.ring].len()) => None,
        Some((_, corner)) => Some((place(*corner), true)),
        None => Some((crossing_at(one, other), false)),
    }
}

fn are_neighbours(one: &Edge, other: &Edge, count: usize) -> bool {
    (one.index + 1) % count == other.index || (other.index + 1) % count == one.index
}

/// Edges on one line: where they lie over each other. Neighbours that go on in the same direction share one corner only.
fn on_one_line(one: &Edge, other: &Edge, count: usize) -> Option<Corner> {
    let span = |edge: &Edge| if edge.from <= edge.to { (edge.from, edge.to) } else { (edge.to, edge.from) };
    let (one_span, other_span) = (span(one), span(other));
    let (from, to) = (one_span.0.max(other_span.0), one_span.1.min(other_span.1));
    let share_a_corner_only = one.ring == other.ring && are_neighbours(one, other, count) && from == to;
    (from <= to && !share_a_corner_only).then_some(from)
}

/// Twice the area of a triangle: on which side of a line a corner lies.
fn side(from: Corner, to: Corner, corner: Corner) -> i128 {
    ((to.0 - from.0) * (corner.1 - from.1) - (to.1 - from.1) * (corner.0 - from.0)).signum()
}

/// Whether a corner is inside a ring or on its edge.
fn is_inside(ring: &[Corner], corner: Corner) -> bool {
    let mut is_odd = false;
    for (from, to) in ring.iter().zip(ring.iter().cycle().skip(1)) {
        let which = side(*from, *to, corner);
        let between = |a: i128, b: i128, x: i128| a.min(b) <= x && x <= a.max(b);
        if which == 0 && between(from.0, to.0, corner.0) && between(from.1, to.1, corner.1) {
            return true;
        }
        is_odd ^= (from.1 > corner.1) != (to.1 > corner.1) && (which > 0) == (to.1 > from.1);
    }
    is_odd
}

fn crossing_at(one: &Edge, other: &Edge) -> (f64, f64) {
    let float = |corner: Corner| (corner.0 as f64, corner.1 as f64);
    let (a, b, c, d) = (float(one.from), float(one.to), float(other.from), float(other.to));
    let (r, s) = ((b.0 - a.0, b.1 - a.1), (d.0 - c.0, d.1 - c.1));
    let t = ((c.0 - a.0) * s.1 - (c.1 - a.1) * s.0) / (r.0 * s.1 - r.1 * s.0);
    ((a.1 + t * r.1) / STEPS, wrap_near((a.0 + t * r.0) / STEPS, 0.0))
}

/// Latitude and longitude, degrees.
fn place(corner: Corner) -> (f64, f64) {
    (corner.1 as f64 / STEPS, wrap_near(corner.0 as f64 / STEPS, 0.0))
}
