//! Packed corners: steps of 1e-7 degree from an anchor, 4 bytes a corner within 360 m or so of it, else 8.

use std::ops::Range;

/// Corners as planes of 16 bits: all steps east, then all steps north; if they are wide, each plane is followed by its upper halves.
#[derive(Clone, Debug)]
pub(super) struct Corners {
    planes: Box<[i16]>,
    is_wide: bool,
    /// The corner after the last is the first: it is not kept twice.
    is_closed: bool,
}

impl Corners {
    /// Packs steps north and east; a single closed ring comes without its last corner.
    pub fn of(corners: impl Iterator<Item = (i32, i32)> + Clone, is_closed: bool) -> Self {
        let fits = |step: i32| i16::try_from(step).is_ok();
        let is_wide = !corners.clone().all(|(north, east)| fits(north) && fits(east));
        let low = |step: i32| step as i16;
        let high = |step: i32| (step >> 16) as i16;
        let (north, east) = (corners.clone().map(|corner| corner.0), corners.map(|corner| corner.1));
        let planes = if is_wide {
            let east = east.clone().map(low).chain(east.map(high));
            east.chain(north.clone().map(low)).chain(north.map(high)).collect()
        } else {
            east.map(low).chain(north.map(low)).collect()
        };
        Self { planes, is_wide, is_closed }
    }

    /// Corners, the last of a closed ring too.
    pub fn len(&self) -> usize {
        self.kept() + usize::from(self.is_closed)
    }

    fn kept(&self) -> usize {
        self.planes.len() / if self.is_wide { 4 } else { 2 }
    }

    /// Steps north and east of one corner.
    pub fn at(&self, index: usize) -> (i32, i32) {
        let index = if index == self.kept() { 0 } else { index };
        let plane = |number: usize| self.planes[number * self.kept() + index];
        if self.is_wide { (wide(plane(2), plane(3)), wide(plane(0), plane(1))) } else { (i32::from(plane(1)), i32::from(plane(0))) }
    }

    /// Square of the distance in metres from a place (steps north and east) to the nearest edge of a ring, and whether a ray to the
    /// east of it crosses an odd number of edges; `metres` are those of a step north and east.
    pub fn scan(&self, ring: Range<usize>, here: (i32, i32), metres: (f32, f32)) -> (f32, bool) {
        let kept = ring.start..ring.end.min(self.kept());
        let edges = kept.len() - 1;
        let (nearest2, is_odd) = self.scan_kept(kept, edges, here, metres);
        if ring.end <= self.kept() {
            return (nearest2, is_odd);
        }
        let ends = [self.at(self.kept() - 1), self.at(0)];
        let (last2, is_crossed) = scan(1, |index| ends[index], here, metres);
        (nearest2.min(last2), is_odd ^ is_crossed)
    }

    fn scan_kept(&self, ring: Range<usize>, edges: usize, here: (i32, i32), metres: (f32, f32)) -> (f32, bool) {
        // Slices of one known length: the compiler then drops the bounds checks and uses vector instructions.
        let plane = |number: usize| &self.planes[number * self.kept() + ring.start..][..edges + 1];
        if self.is_wide {
            let (x, x_high, y, y_high) = (plane(0), plane(1), plane(2), plane(3));
            scan(edges, |index| (wide(y[index], y_high[index]), wide(x[index], x_high[index])), here, metres)
        } else {
            let (x, y) = (plane(0), plane(1));
            scan(edges, |index| (i32::from(y[index]), i32::from(x[index])), here, metres)
        }
    }
}

fn wide(low: i16, high: i16) -> i32 {
    i32::from(high) << 16 | i32::from(low as u16)
}

/// Bits of positive floats are ordered as integers; their minimum compiles to vector instructions, that of floats does not.
#[inline(always)]
fn scan(edges: usize, corner: impl Fn(usize) -> (i32, i32), here: (i32, i32), metres: (f32, f32)) -> (f32, bool) {
    let mut nearest = i32::MAX;
    let mut crossings = 0_i32;
    for index in 0..edges {
        let (a, b) = (corner(index), corner(index + 1));
        let (ax, ay) = (a.1.wrapping_sub(here.1) as f32 * metres.1, a.0.wrapping_sub(here.0) as f32 * metres.0);
        let (bx, by) = (b.1.wrapping_sub(here.1) as f32 * metres.1, b.0.wrapping_sub(here.0) as f32 * metres.0);
        let (dx, dy) = (bx - ax, by - ay);
        let length2 = (dx * dx + dy * dy).max(f32::MIN_POSITIVE);
        let t = (-(ax * dx + ay * dy) / length2).clamp(0.0, 1.0);
        let (x, y) = (ax + t * dx, ay + t * dy);
        nearest = nearest.min((x * x + y * y).to_bits() as i32);
        let straddles = (ay > 0.0) != (by > 0.0);
        let is_east = (ax * by - bx * ay > 0.0) == (by > ay);
        crossings ^= i32::from(straddles & is_east);
    }
    (f32::from_bits(nearest as u32), crossings == 1)
}
