//! The trackers of one wearer. Most wearers have none at most times, so they are kept as small as can be.

use crate::tracker::{Finder, Standing, Tracker};
use crate::{Timestamp, Violation, Zone};
use thin_vec::ThinVec;

/// By key; a zone without a tracker stands plain.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Trackers(ThinVec<Tracker>);

impl Trackers {
    pub fn iter(&self) -> impl Iterator<Item = &Tracker> {
        self.0.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn at(&self, key: i64) -> Result<usize, usize> {
        self.0.binary_search_by_key(&key, |tracker| tracker.key)
    }

    pub fn has(&self, key: i64) -> bool {
        self.at(key).is_ok()
    }

    /// When time alone will change the standing to a zone.
    pub fn due(&self, key: i64) -> Option<Timestamp> {
        self.at(key).ok().and_then(|at| self.0[at].standing.due())
    }

    /// The earliest of those.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.0.iter().filter_map(|tracker| tracker.standing.due()).min()
    }

    /// The standing to a zone, which is plain until it is put back.
    pub fn take(&mut self, key: i64) -> Option<Tracker> {
        let at = self.at(key).ok()?;
        let tracker = self.0.remove(at);
        self.0.shrink_to_fit();
        Some(tracker)
    }

    /// Lets `change` change the standing to a zone.
    pub fn change(&mut self, zone: &Zone, change: impl FnOnce(Option<Standing>) -> Option<Standing>) {
        match self.at(zone.key) {
            Ok(at) => match change(Some(self.0[at].standing.clone())) {
                Some(standing) => self.0[at].standing = standing,
                None => drop(self.take(zone.key)),
            },
            Err(at) => {
                let Some(standing) = change(None) else { return };
                self.0.reserve_exact(1);
                self.0.insert(at, Tracker { key: zone.key, id: zone.named.id.clone(), sense: zone.sense(), standing });
            }
        }
    }

    /// Lets what is due happen.
    pub fn fall_due(&mut self, key: i64, found: &mut Vec<Violation>) {
        if let Ok(at) = self.at(key) {
            let tracker = &mut self.0[at];
            let mut finder = Finder { id: &tracker.id, sense: tracker.sense, found };
            tracker.standing = tracker.standing.clone().after_due(&mut finder);
        }
    }
}

impl From<Vec<Tracker>> for Trackers {
    fn from(mut trackers: Vec<Tracker>) -> Self {
        trackers.sort_by_key(|tracker| tracker.key);
        trackers.dedup_by_key(|tracker| tracker.key);
        Self(trackers.into())
    }
}
