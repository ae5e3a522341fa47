//! Everything that one wearer is subject to: all versions of all zones, and leaves.

use crate::device::{Deaf, DeviceRules};
use crate::plain::Plain;
use crate::recent::Wanted;
use crate::{Fix, Rules, Sense, Timestamp, Zone, ZoneSet};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::sync::Arc;

/// An approved absence: inclusion zones are off in [from, to).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Leave {
    /// First instant of the leave.
    pub from: Timestamp,
    /// First instant after it.
    pub to: Timestamp,
    /// Exclusion zones are off too.
    pub exclusion: bool,
}

/// All versions of all zones of one wearer, and the leaves. Shared zones are shared by `Arc`, large sets of them by [`ZoneSet`].
#[derive(Debug)]
pub struct Plan {
    /// By (key, in force from); the zones that are always on come first, apart from the rest. Inline, because every fix of every wearer
    /// comes by here: one cache miss less.
    zones: SmallVec<[Arc<Zone>; 3]>,
    /// In the order of `zones`, here for the same reason: most fixes are plain to all zones, and no zone is looked at.
    plains: SmallVec<[Plain; 3]>,
    /// How many are always on.
    steady: u32,
    /// Boxed, because most wearers have none of it.
    more: Option<Box<More>>,
    /// How the tag itself is watched; `None` = by its positions alone.
    watch: Option<Arc<Watch>>,
}

/// How a tag is watched beside its positions (policy 4); shared by many wearers.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Watch {
    /// The parameters.
    pub rules: DeviceRules,
    /// When the service itself heard nothing, in ascending order.
    pub deaf: Vec<Deaf>,
}

#[derive(Debug)]
struct More {
    leaves: Box<[Leave]>,
    set: Option<Arc<ZoneSet>>,
    wanted: Wanted,
}

/// What a plan says of one zone at one instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Phase {
    /// The sense in which it is on; `None` = off.
    pub on: Option<Sense>,
    /// That holds until here (exclusive), then the plan must be asked again.
    pub until: Timestamp,
}

impl Plan {
    /// The plan of a wearer with these versions of zones. Versions of one zone (equal keys) must not overlap; where they do, the one
    /// in force from later wins.
    pub fn new(zones: Vec<Arc<Zone>>, leaves: Vec<Leave>) -> Self {
        Self::with_set(zones, None, leaves)
    }

    /// The same with a set of zones shared with many wearers. Keys of the set must not occur among `zones`.
    pub fn with_set(mut zones: Vec<Arc<Zone>>, set: Option<Arc<ZoneSet>>, mut leaves: Vec<Leave>) -> Self {
        leaves.retain(|leave| leave.from < leave.to);
        let no_exclusion = leaves.iter().any(|leave| leave.exclusion);
        if let Some(set) = &set {
            zones.extend(set.singly(no_exclusion).cloned());
        }
        zones.sort_by_key(|zone| (zone.key, zone.from));
        let is_steady = |group: &[Arc<Zone>]| match group {
            [zone] => zone.is_always_on() && if zone.sense() == Sense::Inclusion { leaves.is_empty() } else { !no_exclusion },
            _ => false,
        };
        let groups = || zones.chunk_by(|a, b| a.key == b.key);
        let steady: Vec<Arc<Zone>> = groups().filter(|group| is_steady(group)).flatten().cloned().collect();
        let timed: Vec<&[Arc<Zone>]> = groups().filter(|group| !is_steady(group)).collect();
        let set = set.filter(|_| !no_exclusion);
        let wanted = Wanted::by(&zones);
        let zones: SmallVec<[Arc<Zone>; 3]> = steady.iter().cloned().chain(timed.iter().copied().flatten().cloned()).collect();
        Self {
            steady: steady.len() as u32,
            plains: zones.iter().map(|zone| Plain::of(zone)).collect(),
            zones,
            watch: None,
            more: (!leaves.is_empty() || set.is_some() || wanted != Wanted::DEFAULT)
                .then(|| Box::new(More { leaves: leaves.into_boxed_slice(), set, wanted })),
        }
    }

    /// The same plan with the tag itself watched (policy 4).
    #[must_use]
    pub fn watched(self, watch: Arc<Watch>) -> Self {
        Self { watch: Some(watch), ..self }
    }

    /// How the tag itself is watched.
    pub(crate) fn watch(&self) -> Option<&Watch> {
        self.watch.as_deref()
    }

    /// The shared set whose always-on exclusion zones are judged through its tree.
    pub(crate) fn set(&self) -> Option<&ZoneSet> {
        self.more.as_ref()?.set.as_deref()
    }

    /// What the zones that may turn on ask of a fix.
    pub(crate) fn wanted(&self) -> &Wanted {
        self.more.as_ref().map_or(&Wanted::DEFAULT, |more| &more.wanted)
    }

    /// Whether a fix surely breaks the rule of no zone (a shared set's tree apart), whichever of them are on.
    pub(crate) fn is_plain(&self, fix: &Fix) -> bool {
        self.plains.iter().all(|plain| plain.is_kept_by(fix))
    }

    /// Zones that are on at all times.
    pub(crate) fn steady(&self) -> &[Arc<Zone>] {
        &self.zones[..self.steady as usize]
    }

    /// Versions of each zone that is not on at all times, in order of key.
    pub(crate) fn timed(&self) -> impl Iterator<Item = &[Arc<Zone>]> {
        self.zones[self.steady as usize..].chunk_by(|a, b| a.key == b.key)
    }

    /// The zone with this key that is on at all times or judged through the set's tree.
    pub(crate) fn steady_zone(&self, key: i64) -> Option<&Arc<Zone>> {
        let steady = self.steady();
        let own = steady.binary_search_by_key(&key, |zone| zone.key).ok().map(|index| &steady[index]);
        own.or_else(|| self.set()?.in_tree(key))
    }

    /// Any version of the zone with this key.
    pub(crate) fn zone_with(&self, key: i64) -> Option<&Arc<Zone>> {
        self.zones.iter().find(|zone| zone.key == key).or_else(|| self.set()?.in_tree(key))
    }

    /// The version of the zone with this name that is in force at `time`.
    pub(crate) fn zone_at(&self, id: &str, time: Timestamp) -> Option<&Zone> {
        let in_force = |zone: &&Arc<Zone>| zone.id() == id && zone.from <= time && time < zone.to;
        self.zones.iter().find(in_force).map(|zone| &**zone)
    }

    /// The parameters of the zone with this name, of its newest version.
    pub(crate) fn rules_of(&self, id: &str) -> Option<Rules> {
        self.zones.iter().rev().find(|zone| zone.id() == id).map(|zone| *zone.rules())
    }

    /// What the plan says of a zone with these versions at `time`.
    pub(crate) fn phase(&self, versions: &[Arc<Zone>], time: Timestamp) -> Phase {
        let next_from = versions.iter().map(|zone| zone.from).find(|from| *from > time).unwrap_or(Timestamp::MAX);
        let Some(zone) = version_at(versions, time) else {
            return Phase { on: None, until: next_from };
        };
        let (in_hours, hours_until) = zone.named.terms.timetable.as_ref().map_or((true, Timestamp::MAX), |timetable| timetable.at(time));
        let (on_leave, leave_until) = self.on_leave(zone.sense(), time);
        let until = zone.to.min(next_from).min(hours_until).min(leave_until);
        Phase { on: (in_hours && !on_leave).then_some(zone.sense()), until }
    }

    /// The first instant in [since, until) at which an inclusion zone is on, and how many milliseconds its rules may take from then on to find the
    /// wearer absent: the larger of open_after and stale_after.
    pub fn inclusion_due(&self, since: Timestamp, until: Timestamp) -> Option<(Timestamp, i64)> {
        let groups = self.zones.chunk_by(|a, b| a.key == b.key);
        let dues = groups.filter_map(|versions| {
            let mut time = since;
            while time < until {
                let phase = self.phase(versions, time);
                if phase.on == Some(Sense::Inclusion) {
                    let rules = version_at(versions, time)?.rules();
                    return Some((time, rules.open_after_ms.max(rules.stale_after_ms)));
                }
                time = phase.until;
            }
            None
        });
        dues.min_by_key(|(due, takes_ms)| (*due, -takes_ms))
    }

    fn leaves(&self) -> &[Leave] {
        self.more.as_ref().map_or(&[], |more| &more.leaves)
    }

    /// Whether a leave turns zones of this sense off at `time`, and until when that surely holds.
    fn on_leave(&self, sense: Sense, time: Timestamp) -> (bool, Timestamp) {
        let leaves = || self.leaves().iter().filter(|leave| sense == Sense::Inclusion || leave.exclusion);
        let is_off = leaves().any(|leave| leave.from <= time && time < leave.to);
        let changes = leaves().flat_map(|leave| [leave.from, leave.to]).filter(|change| *change > time);
        (is_off, changes.min().unwrap_or(Timestamp::MAX))
    }
}

/// The version in force at `time`.
pub(crate) fn version_at(versions: &[Arc<Zone>], time: Timestamp) -> Option<&Arc<Zone>> {
    let begun = versions.partition_point(|zone| zone.from <= time);
    begun.checked_sub(1).map(|index| &versions[index]).filter(|zone| time < zone.to)
}
