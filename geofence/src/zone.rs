//! One version of one zone, compiled for judging.

use crate::shape::{Frame, Shape};
use crate::{Fix, Rules, Sense, Timestamp, Timetable};
use rstar::primitives::Rectangle;
use std::sync::Arc;

/// One version of one zone: where, when, in which sense and by which parameters.
#[derive(Debug)]
pub struct Zone {
    pub(crate) key: i64,
    pub(crate) named: Arc<NamedTerms>,
    /// In force from here (inclusive) ...
    pub(crate) from: Timestamp,
    /// ... to here (exclusive).
    pub(crate) to: Timestamp,
    pub(crate) frame: Frame,
    pub(crate) shape: Shape,
}

/// A million wearers have zones of their own: one fits 112 bytes with the counts of its `Arc`.
const _: () = assert!(size_of::<Zone>() <= 96, "a zone grew: millions of them are held");

/// What zones of one name and the same terms have in common; shared, so that it costs a zone one pointer.
#[derive(Debug)]
pub(crate) struct NamedTerms {
    /// The name that staff gave it.
    pub id: Arc<str>,
    pub terms: Arc<Terms>,
}

/// What many zones have in common.
#[derive(Debug)]
pub(crate) struct Terms {
    pub sense: Sense,
    pub rules: Rules,
    /// `None` = always.
    pub timetable: Option<Timetable>,
}

/// What one fix says about one zone (policy 2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Inside by more than the accuracy.
    Inside,
    /// Outside by more than the accuracy.
    Outside,
    /// The edge is within the accuracy: neither counts nor breaks a run.
    Uncertain,
}

impl Verdict {
    /// By the signed distance to the edge and the accuracy, metres.
    pub fn of(edge_m: f64, accuracy_m: f64) -> Self {
        if edge_m > accuracy_m {
            Self::Inside
        } else if edge_m < -accuracy_m {
            Self::Outside
        } else {
            Self::Uncertain
        }
    }
}

impl Zone {
    /// The same version where it binds in [from, to) alone: of a set that a wearer joined or left. `None` if nothing is left of it.
    pub fn within(&self, from: Timestamp, to: Timestamp) -> Option<Self> {
        let (from, to) = (self.from.max(from), self.to.min(to));
        (from < to).then(|| Self { key: self.key, named: Arc::clone(&self.named), from, to, frame: self.frame, shape: self.shape.clone() })
    }

    /// Names the zone through all its versions.
    pub const fn key(&self) -> i64 {
        self.key
    }

    /// The name that staff gave it.
    pub fn id(&self) -> &str {
        &self.named.id
    }

    /// Whether the wearer must be inside or out.
    pub fn sense(&self) -> Sense {
        self.named.terms.sense
    }

    /// The parameters of judgement.
    pub fn rules(&self) -> &Rules {
        &self.named.terms.rules
    }

    /// When this version is in force: from (inclusive) and to (exclusive).
    pub const fn in_force(&self) -> (Timestamp, Timestamp) {
        (self.from, self.to)
    }

    /// Signed distance to the nearest edge, metres, positive inside; within 0.1 % on the WGS84 ellipsoid (see `shape`). Exact and slow:
    /// a microsecond or so. Latitude −90 to 90 and longitude −180 to 180, degrees.
    pub fn edge_m(&self, latitude: f64, longitude: f64) -> f64 {
        self.shape.edge_m(latitude, longitude)
    }

    /// The verdict of a fix: the quick look where its error bound cannot matter, the exact distance elsewhere.
    pub fn verdict(&self, fix: &Fix) -> Verdict {
        let bounds = self.frame.look(&self.shape, fix, fix.accuracy_m);
        let low = Verdict::of(bounds.low, fix.accuracy_m);
        if low == Verdict::of(bounds.high, fix.accuracy_m) {
            return low;
        }
        Verdict::of(self.edge_m(fix.latitude, fix.longitude), fix.accuracy_m)
    }

    /// The distance to the edge on either side, if it is more than `floor_m`.
    pub(crate) fn beyond_m(&self, fix: &Fix, floor_m: f64) -> Option<f64> {
        let bounds = self.frame.look(&self.shape, fix, f64::INFINITY);
        if bounds.low.abs().max(bounds.high.abs()) <= floor_m {
            return None;
        }
        let beyond_m = self.edge_m(fix.latitude, fix.longitude).abs();
        (beyond_m > floor_m).then_some(beyond_m)
    }

    /// Boxes (longitude, latitude, degrees) within ±180 that together hold every point within `beyond_m` of the zone.
    pub(crate) fn boxes(&self, beyond_m: f64) -> impl Iterator<Item = Rectangle<[f64; 2]>> + use<> {
        within_turn(self.frame.degrees(self.shape.anchor(), self.shape.reach_m() + beyond_m))
    }

    /// Boxes (longitude, latitude, degrees) within ±180 that together hold every point within `beyond_m` of a place.
    pub(crate) fn boxes_around(latitude: f64, longitude: f64, beyond_m: f64) -> impl Iterator<Item = Rectangle<[f64; 2]>> {
        let place = Shape::circle((latitude, longitude), 0.0);
        within_turn(Frame::of(&place).degrees(place.anchor(), beyond_m))
    }

    /// Whether a fix is usable for this zone (policy 8.2).
    pub(crate) fn can_use(&self, fix: &Fix) -> bool {
        fix.accuracy_m <= self.named.terms.rules.accuracy_cap_m
    }

    /// Whether it is on at every time, whatever the leaves.
    pub(crate) fn is_always_on(&self) -> bool {
        self.named.terms.timetable.is_none() && self.from == Timestamp::MIN && self.to == Timestamp::MAX
    }
}

/// A box of degrees (west, south, east, north) that may pass ±180, as boxes that do not.
fn within_turn([west, south, east, north]: [f64; 4]) -> impl Iterator<Item = Rectangle<[f64; 2]>> {
    let turned = move |turn: f64| ((west + turn).max(-180.0), (east + turn).min(180.0));
    let whole = [-360.0, 0.0, 360.0].into_iter().map(turned).filter(|(west, east)| west <= east);
    whole.map(move |(west, east)| Rectangle::from_corners([west, south], [east, north]))
}
