//! The nearest point of edges that are far from a fix, through space.

use crate::ellipsoid::{geodesic_m, in_space};

/// The least radius of curvature of the ellipsoid, metres.
const RADIUS_MIN_M: f64 = 6_335_439.0;
/// How far a piece may leave its chord, as a part of its distance.
const TOLERANCE: f64 = 1e-4;
/// The same for a fix on the edge, metres.
const TOLERANCE_MIN_M: f64 = 1e-3;
/// From here on the order of straight lines is no longer the order of geodesics.
const CHORD_MAX_M: f64 = 5_000_000.0;
/// Step of the samples there, degrees.
const SAMPLE_DEG: f64 = 0.5;

/// A corner with its place in space.
#[derive(Clone, Copy)]
struct Place {
    at: (f64, f64),
    space: [f64; 3],
}

impl Place {
    fn of(at: (f64, f64)) -> Self {
        Self { at, space: in_space(at.0, at.1) }
    }
}

/// The nearest point so far.
struct Search {
    fix: [f64; 3],
    best_m: f64,
    best: (f64, f64),
}

/// Metres from `fix` to the nearest of `edges` (corners as latitude, longitude).
pub(super) fn distance_m(fix: (f64, f64), edges: impl Iterator<Item = ((f64, f64), (f64, f64))> + Clone) -> f64 {
    let mut search = Search { fix: in_space(fix.0, fix.1), best_m: f64::INFINITY, best: fix };
    for (from, to) in edges.clone() {
        search.piece(Place::of(from), Place::of(to));
    }
    if search.best_m < CHORD_MAX_M { geodesic_m(fix, search.best) } else { sampled_m(fix, edges) }
}

/// The same by geodesics alone.
fn sampled_m(fix: (f64, f64), edges: impl Iterator<Item = ((f64, f64), (f64, f64))>) -> f64 {
    let mut best_m = f64::INFINITY;
    for (from, to) in edges {
        let pieces = ((to.0 - from.0).abs().max((to.1 - from.1).abs()) / SAMPLE_DEG).ceil().max(1.0);
        for piece in 0..=pieces as u32 {
            best_m = best_m.min(geodesic_m(fix, between(from, to, f64::from(piece) / pieces)));
        }
    }
    best_m
}

impl Search {
    /// Takes in a piece of an edge, halved until its chord stands for it.
    fn piece(&mut self, from: Place, to: Place) {
        let (t, distance_m, length_m) = nearest_on_chord(self.fix, from.space, to.space);
        let bulge_m = bulge_m(from.at, to.at, length_m);
        if distance_m - bulge_m >= self.best_m {
            return;
        }
        if bulge_m <= (distance_m * TOLERANCE).max(TOLERANCE_MIN_M) {
            if distance_m < self.best_m {
                self.best_m = distance_m;
                self.best = between(from.at, to.at, t);
            }
            return;
        }
        let middle = Place::of(between(from.at, to.at, 0.5));
        self.piece(from, middle);
        self.piece(middle, to);
    }
}

/// The most that a lon/lat-straight piece leaves its chord: L²κ/8, with κ of the surface and of the curve on it (at most
/// 1.09 tan φ/R on a sphere). Pieces of more than a degree are always halved: their chord says nothing of their length.
fn bulge_m(from: (f64, f64), to: (f64, f64), chord_m: f64) -> f64 {
    if (to.0 - from.0).abs().max((to.1 - from.1).abs()) > 1.0 {
        return f64::INFINITY;
    }
    let tan = from.0.abs().max(to.0.abs()).to_radians().tan();
    let length_m = chord_m * 1.001;
    length_m * length_m * (1.0 + 1.2 * tan * tan).sqrt() / (8.0 * RADIUS_MIN_M)
}

/// Share of the chord at which it is nearest, the distance there, and the length of the chord.
fn nearest_on_chord(fix: [f64; 3], from: [f64; 3], to: [f64; 3]) -> (f64, f64, f64) {
    let (a, d) = (minus(fix, from), minus(to, from));
    let length2 = dot(d, d);
    let t = if length2 > 0.0 { (dot(a, d) / length2).clamp(0.0, 1.0) } else { 0.0 };
    let off = [a[0] - t * d[0], a[1] - t * d[1], a[2] - t * d[2]];
    (t, dot(off, off).sqrt(), length2.sqrt())
}

fn between(from: (f64, f64), to: (f64, f64), t: f64) -> (f64, f64) {
    (from.0 + t * (to.0 - from.0), from.1 + t * (to.1 - from.1))
}

fn minus(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
