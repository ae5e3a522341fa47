//! Questions about areas: which zones hold a place, and which are near it.

use crate::Zone;
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};
use std::sync::Arc;

/// An R-tree over the bounding boxes of zones.
#[derive(Debug)]
pub struct ZoneIndex {
    zones: Box<[Arc<Zone>]>,
    tree: RTree<GeomWithData<Rectangle<[f64; 2]>, u32>>,
}

impl ZoneIndex {
    /// An index over these zones, whenever they are in force.
    pub fn new(zones: Vec<Arc<Zone>>) -> Self {
        let entry = |(zone, index): (&Arc<Zone>, u32)| zone.boxes(0.0).map(move |bounds| GeomWithData::new(bounds, index));
        let tree = RTree::bulk_load(zones.iter().zip(0..).flat_map(entry).collect());
        Self { zones: zones.into_boxed_slice(), tree }
    }

    /// The zones, in the order given.
    pub fn zones(&self) -> &[Arc<Zone>] {
        &self.zones
    }

    /// Positions (in [`ZoneIndex::zones`]) of the zones whose bounding box holds a place (degrees); a zone across the 180th
    /// meridian may come twice. No zone that holds the place is missing.
    pub(crate) fn candidates(&self, latitude: f64, longitude: f64) -> impl Iterator<Item = usize> {
        let place = AABB::from_point([longitude, latitude]);
        self.tree.locate_in_envelope_intersecting(place).map(|entry| entry.data as usize)
    }

    /// Zones that hold a place or reach within `within_m` metres of it, each with the signed distance of the place to its edge
    /// (positive inside), the deepest first. Latitude −90 to 90 and longitude −180 to 180, degrees.
    pub fn near(&self, latitude: f64, longitude: f64, within_m: f64) -> Vec<(&Arc<Zone>, f64)> {
        let mut hits: Vec<usize> = Zone::boxes_around(latitude, longitude, within_m)
            .flat_map(|around| self.tree.locate_in_envelope_intersecting(AABB::from_corners(around.lower(), around.upper())))
            .map(|entry| entry.data as usize)
            .collect();
        hits.sort_unstable();
        hits.dedup();
        let with_edge = hits.into_iter().map(|index| (&self.zones[index], self.zones[index].edge_m(latitude, longitude)));
        let mut near: Vec<_> = with_edge.filter(|(_, edge_m)| *edge_m >= -within_m).collect();
        near.sort_by(|a, b| b.1.total_cmp(&a.1));
        near
    }
}
