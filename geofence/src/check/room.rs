//! How much room zones leave: the place that is farthest from all their edges.
//!
//! The signed distance to an edge changes by at most a metre a metre. A cell whose middle is d from the edge and whose corners are h from its
//! middle holds no place farther than d + h from it: cells are halved where that promises most, until nothing better can come.

use crate::Zone;
use rstar::primitives::Rectangle;
use std::collections::BinaryHeap;

/// Cells looked at. Where that is not enough (a zone of a thousand kilometres in rags), the best place found stands.
const CELLS_MAX: usize = 4_000;
/// Nearer than this to the best there is, metres.
const NEAR_ENOUGH_M: f64 = 0.5;
/// A degree is nowhere longer, metres.
const METRES_PER_DEGREE: f64 = 111_700.0;
/// For the 0.1 % by which distances may be wrong.
const SLACK: f64 = 1.005;

/// The best place.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Room {
    /// Metres to the nearest edge; below zero there is no place that keeps all zones.
    pub depth_m: f64,
    /// Latitude and longitude.
    pub place: (f64, f64),
}

struct Cell {
    /// Nothing within lies deeper, metres.
    most_m: f64,
    middle: (f64, f64),
    /// Latitude and longitude from the middle to a side.
    half: (f64, f64),
}

impl PartialEq for Cell {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Cell {}
impl PartialOrd for Cell {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Cell {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.most_m.total_cmp(&other.most_m)
    }
}

/// The place deepest within all of `within` and farthest from all of `without`; any that is `enough_m` deep will do, and where there is none
/// that keeps them all, any that does not. `None` if `within` is empty.
pub(super) fn room(within: &[&Zone], without: &[&Zone], enough_m: f64) -> Option<Room> {
    let box_of = |zone: &&Zone| zone.frame.degrees(zone.shape.anchor(), zone.shape.reach_m());
    let size = |[west, south, east, north]: [f64; 4]| (east - west) * (north - south);
    let [west, south, east, north] = within.iter().map(box_of).min_by(|one, other| size(*one).total_cmp(&size(*other)))?;
    let depth_m = |place: (f64, f64)| {
        let inside = within.iter().map(|zone| zone.edge_m(place.0, place.1));
        inside.chain(without.iter().map(|zone| -zone.edge_m(place.0, place.1))).fold(f64::INFINITY, f64::min)
    };
    let middle = (f64::midpoint(south, north).clamp(-90.0, 90.0), f64::midpoint(west, east));
    let mut best = Room { depth_m: depth_m(middle), place: middle };
    let half = ((north - south) / 2.0, (east - west) / 2.0);
    let mut cells = BinaryHeap::from([cell(middle, half, best.depth_m)]);
    for _ in 0..CELLS_MAX {
        let Some(cell_now) = cells.pop() else { break };
        if best.depth_m >= enough_m || cell_now.most_m <= (best.depth_m + NEAR_ENOUGH_M).max(0.0) {
            break;
        }
        let half = (cell_now.half.0 / 2.0, cell_now.half.1 / 2.0);
        for (up, right) in [(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)] {
            let middle = (cell_now.middle.0 + up * half.0, cell_now.middle.1 + right * half.1);
            let found_m = depth_m(middle);
            if found_m > best.depth_m {
                best = Room { depth_m: found_m, place: middle };
            }
            cells.push(cell(middle, half, found_m));
        }
    }
    Some(best)
}

fn cell(middle: (f64, f64), half: (f64, f64), depth_m: f64) -> Cell {
    // Wider towards the equator.
    let nearest = (middle.0.abs() - half.0).max(0.0);
    let (north_m, east_m) = (half.0 * METRES_PER_DEGREE, half.1 * METRES_PER_DEGREE * nearest.to_radians().cos());
    Cell { most_m: depth_m * (if depth_m < 0.0 { 1.0 / SLACK } else { SLACK }) + north_m.hypot(east_m) * SLACK, middle, half }
}

/// Whether the boxes around two zones touch.
pub(super) fn may_meet(one: &Zone, other: &Zone) -> bool {
    let others: Vec<_> = other.boxes(0.0).collect();
    one.boxes(0.0).any(|own| {
        let apart =
            |axis: usize, other: &Rectangle<[f64; 2]>| own.upper()[axis] < other.lower()[axis] || other.upper()[axis] < own.lower()[axis];
        others.iter().any(|other| !apart(0, other) && !apart(1, other))
    })
}
