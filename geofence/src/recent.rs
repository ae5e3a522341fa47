//! The last fixes of a wearer: what a zone that turns on judges by.

use crate::{Fix, Rules, Sense, Timestamp, Zone};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The newest fix, and those before it that are finer: zones differ in the accuracy they accept.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Recent {
    newest: Option<Fix>,
    /// Newest first, each finer than all after it in time. Boxed: zones of one wearer rarely differ.
    #[allow(clippy::box_collection)]
    finer: Option<Box<Vec<Fix>>>,
}

/// What the zones of a plan ask of a fix.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Wanted {
    /// Usable for every zone, metres.
    pub finest_cap_m: f64,
    /// Usable for any zone, metres.
    pub widest_cap_m: f64,
    /// An older fix counts at no boundary, milliseconds.
    pub stale_after_ms: i64,
}

impl Wanted {
    /// By the defaults of policy 3.
    pub const DEFAULT: Self = {
        let rules = Rules::of(Sense::Inclusion);
        Self { finest_cap_m: rules.accuracy_cap_m, widest_cap_m: rules.accuracy_cap_m, stale_after_ms: rules.stale_after_ms }
    };

    /// By all zones of a plan, and the defaults: a plan may change.
    pub fn by(zones: &[Arc<Zone>]) -> Self {
        zones.iter().map(|zone| zone.rules()).fold(Self::DEFAULT, |wanted, rules| Self {
            finest_cap_m: wanted.finest_cap_m.min(rules.accuracy_cap_m),
            widest_cap_m: wanted.widest_cap_m.max(rules.accuracy_cap_m),
            stale_after_ms: wanted.stale_after_ms.max(rules.stale_after_ms),
        })
    }
}

impl Recent {
    /// Takes in a fix that is newer than all before it.
    pub fn push(&mut self, fix: Fix, wanted: &Wanted) {
        if fix.accuracy_m > wanted.widest_cap_m {
            return;
        }
        let before = self.newest.replace(fix);
        if fix.accuracy_m <= wanted.finest_cap_m {
            self.finer = None;
            return;
        }
        let mut finer = self.finer.take().unwrap_or_default();
        finer.splice(0..0, before);
        finer.retain(|old| old.accuracy_m < fix.accuracy_m && fix.taken_at.millis_since(old.taken_at) <= wanted.stale_after_ms);
        self.finer = (!finer.is_empty()).then_some(finer);
    }

    /// The newest fix at or before `boundary` that `cap_m` accepts, unless it is older than `stale_after_ms`.
    pub fn at(&self, boundary: Timestamp, cap_m: f64, stale_after_ms: i64) -> Option<&Fix> {
        let usable = |fix: &&Fix| fix.accuracy_m <= cap_m && fix.taken_at <= boundary;
        let finer = self.finer.iter().flat_map(|finer| finer.iter());
        let fix = self.newest.iter().chain(finer).find(usable)?;
        (boundary.millis_since(fix.taken_at) <= stale_after_ms).then_some(fix)
    }
}
