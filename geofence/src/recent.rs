//! The last fixes of a wearer: what a zone that turns on judges by.

use crate::shape::whole;
use crate::{Fix, Rules, Sense, Timestamp, Zone};
use serde::{Deserialize, Serialize};
use std::num::NonZeroU64;
use std::sync::Arc;
use thin_vec::ThinVec;

/// The newest fix, and those before it that are finer: zones differ in the accuracy they accept.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub(crate) struct Recent {
    newest: Option<Kept>,
    /// Newest first, each finer than all after it in time; zones of one wearer rarely differ.
    finer: ThinVec<Kept>,
}

/// A fix in 32 bytes, also where there may be none: a million are held.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Kept {
    taken_at: Timestamp,
    latitude: f64,
    longitude: f64,
    /// The bits of the metres, which are 3 at least.
    accuracy: NonZeroU64,
}

const _: () = assert!(size_of::<Recent>() <= 40, "the last fixes grew: those of a million wearers are held");

/// The written form.
#[derive(Serialize, Deserialize)]
struct Written {
    newest: Option<Fix>,
    finer: Option<Vec<Fix>>,
}

impl Kept {
    /// A fix; `None` without an accuracy, which no fix is.
    const fn of(fix: &Fix) -> Option<Self> {
        match NonZeroU64::new(fix.accuracy_m.to_bits()) {
            Some(accuracy) => Some(Self { taken_at: fix.taken_at, latitude: fix.latitude, longitude: fix.longitude, accuracy }),
            None => None,
        }
    }

    const fn accuracy_m(&self) -> f64 {
        f64::from_bits(self.accuracy.get())
    }

    fn fix(&self) -> Fix {
        let steps = (whole(self.latitude), whole(self.longitude));
        Fix { taken_at: self.taken_at, latitude: self.latitude, longitude: self.longitude, accuracy_m: self.accuracy_m(), steps }
    }
}

impl From<Written> for Recent {
    fn from(written: Written) -> Self {
        let finer = written.finer.iter().flatten().filter_map(Kept::of).collect();
        Self { newest: written.newest.as_ref().and_then(Kept::of), finer }
    }
}

impl From<Recent> for Written {
    fn from(recent: Recent) -> Self {
        let finer: Vec<Fix> = recent.finer.iter().map(Kept::fix).collect();
        Self { newest: recent.newest.as_ref().map(Kept::fix), finer: (!finer.is_empty()).then_some(finer) }
    }
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
    pub fn push(&mut self, fix: &Fix, wanted: &Wanted) {
        if fix.accuracy_m > wanted.widest_cap_m {
            return;
        }
        let before = std::mem::replace(&mut self.newest, Kept::of(fix));
        if fix.accuracy_m <= wanted.finest_cap_m {
            self.finer = ThinVec::new();
            return;
        }
        let is_wanted = |old: &Kept| old.accuracy_m() < fix.accuracy_m && fix.taken_at.millis_since(old.taken_at) <= wanted.stale_after_ms;
        self.finer = before.into_iter().chain(self.finer.iter().copied()).filter(is_wanted).collect();
    }

    /// The newest fix at or before `boundary` that `cap_m` accepts, unless it is older than `stale_after_ms`.
    pub fn at(&self, boundary: Timestamp, cap_m: f64, stale_after_ms: i64) -> Option<Fix> {
        let usable = |fix: &&Kept| fix.accuracy_m() <= cap_m && fix.taken_at <= boundary;
        let fix = self.newest.iter().chain(&self.finer).find(usable)?;
        (boundary.millis_since(fix.taken_at) <= stale_after_ms).then(|| fix.fix())
    }
}
