//! A set of zones that many wearers share, with an R-tree over those that are always forbidden.

use crate::{Fix, Sense, Zone};
use rstar::{AABB, RTree, primitives::GeomWithData, primitives::Rectangle};
use std::sync::Arc;

type Entry = GeomWithData<Rectangle<[f64; 2]>, u32>;

/// Shared zones (the airports of a country, a border strip). Exclusion zones that are always on lie in an R-tree: a fix far from all
/// of them costs one look into it. Others are judged one by one.
#[derive(Debug)]
pub struct ZoneSet {
    /// By (key, in force from). Those of the tree first.
    zones: Box<[Arc<Zone>]>,
    in_tree: usize,
    tree: RTree<Entry>,
}

impl ZoneSet {
    /// A set of versions of zones; equal keys are versions of one zone.
    pub fn new(mut zones: Vec<Arc<Zone>>) -> Self {
        zones.sort_by_key(|zone| (zone.key, zone.from));
        let goes_into_tree = |group: &[Arc<Zone>]| matches!(group, [zone] if zone.is_always_on() && zone.sense() == Sense::Exclusion);
        let groups = || zones.chunk_by(|a, b| a.key == b.key);
        let in_tree: Vec<_> = groups().filter(|group| goes_into_tree(group)).flatten().cloned().collect();
        let rest = groups().filter(|group| !goes_into_tree(group)).flatten().cloned();
        let entries = in_tree.iter().zip(0..).flat_map(|(zone, index)| zone.boxes(0.0).map(move |bounds| Entry::new(bounds, index)));
        let tree = RTree::bulk_load(entries.collect());
        Self { in_tree: in_tree.len(), tree, zones: in_tree.iter().cloned().chain(rest).collect() }
    }

    /// The zones that a plan must judge one by one; all of them for a wearer whose leaves turn exclusion zones off.
    pub(crate) fn singly(&self, all: bool) -> impl Iterator<Item = &Arc<Zone>> {
        self.zones[if all { 0 } else { self.in_tree }..].iter()
    }

    /// The zone of the tree with this key.
    pub(crate) fn in_tree(&self, key: i64) -> Option<&Arc<Zone>> {
        let zones = &self.zones[..self.in_tree];
        zones.binary_search_by_key(&key, |zone| zone.key).ok().map(|index| &zones[index])
    }

    /// The zones of the tree that a fix may be inside of.
    pub(crate) fn around(&self, fix: &Fix) -> impl Iterator<Item = &Arc<Zone>> {
        let point = AABB::from_point([fix.longitude, fix.latitude]);
        self.tree.locate_in_envelope_intersecting(point).map(|entry| &self.zones[entry.data as usize])
    }
}
