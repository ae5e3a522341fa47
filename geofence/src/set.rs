//! A set of zones that many wearers share, with an R-tree over those that are always forbidden.

use crate::{Fix, Sense, Zone, ZoneIndex};
use std::sync::Arc;

/// Shared zones (the airports of a country, a border strip). Exclusion zones that are always on lie in an R-tree: a fix far from all
/// of them costs one look into it, and who stands plain to them needs no memory. Others are judged one by one.
#[derive(Debug)]
pub struct ZoneSet {
    /// Always forbidden, by key.
    forbidden: ZoneIndex,
    /// By (key, in force from).
    others: Box<[Arc<Zone>]>,
}

impl ZoneSet {
    /// A set of versions of zones; equal keys are versions of one zone.
    pub fn new(mut zones: Vec<Arc<Zone>>) -> Self {
        zones.sort_by_key(|zone| (zone.key, zone.from));
        let is_forbidden = |group: &[Arc<Zone>]| matches!(group, [zone] if zone.is_always_on() && zone.sense() == Sense::Exclusion);
        let (forbidden, others): (Vec<_>, Vec<_>) = zones.chunk_by(|a, b| a.key == b.key).partition(|group| is_forbidden(group));
        Self { forbidden: ZoneIndex::new(forbidden.concat()), others: others.concat().into_boxed_slice() }
    }

    /// The zones that a plan must judge one by one; all of them for a wearer whose leaves turn exclusion zones off.
    pub(crate) fn singly(&self, all: bool) -> impl Iterator<Item = &Arc<Zone>> {
        let forbidden = self.forbidden.zones().iter().filter(move |_| all);
        forbidden.chain(&self.others)
    }

    /// The zone of the tree with this key.
    pub(crate) fn in_tree(&self, key: i64) -> Option<&Arc<Zone>> {
        let zones = self.forbidden.zones();
        zones.binary_search_by_key(&key, |zone| zone.key).ok().map(|index| &zones[index])
    }

    /// The zones of the tree that a fix may be inside of; one may come twice.
    pub(crate) fn around(&self, fix: &Fix) -> impl Iterator<Item = &Arc<Zone>> {
        self.forbidden.candidates(fix.latitude, fix.longitude).map(|index| &self.forbidden.zones()[index])
    }
}
