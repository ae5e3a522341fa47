//! What judgement finds: violations and technical events, from their start to their end.

use crate::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Which rule is broken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ViolationKind {
    /// Outside an inclusion zone.
    Inclusion,
    /// Inside an exclusion zone.
    Exclusion,
    /// A zone turned on and nobody knows where the wearer is.
    PresenceUnknown,
    /// The strap was opened or cut.
    StrapOpen,
    /// The case was opened or broken.
    CaseTamper,
    /// The wearer asked for help.
    Sos,
}

impl ViolationKind {
    /// The name used in files, in the database and towards clients: `presence_unknown`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inclusion => "inclusion",
            Self::Exclusion => "exclusion",
            Self::PresenceUnknown => "presence_unknown",
            Self::StrapOpen => "strap_open",
            Self::CaseTamper => "case_tamper",
            Self::Sos => "sos",
        }
    }
}

/// Why a violation ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// A closing run of keeping fixes.
    Kept,
    /// The zone turned off.
    ZoneOff,
    /// The first usable fix after a `presence_unknown`.
    Fix,
    /// A person closed it with a note.
    ByPerson,
    /// A late report showed that it was not so.
    Refuted,
}

impl EndReason {
    /// The name used in files, in the database and towards clients: `zone_off`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::ZoneOff => "zone_off",
            Self::Fix => "fix",
            Self::ByPerson => "by_person",
            Self::Refuted => "refuted",
        }
    }
}

impl Violation {
    /// Whether both are states of one violation of one wearer.
    pub fn is_same(&self, other: &Self) -> bool {
        self.start == other.start && self.kind == other.kind && self.zone == other.zone
    }
}

/// One violation as it stands now. (wearer, zone, kind, start) names it for ever: the same finding made twice is one.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Violation {
    /// The zone's id as staff wrote it; empty for kinds that need no zone.
    pub zone: Arc<str>,
    /// Which rule.
    pub kind: ViolationKind,
    /// The first breaking fix of the run that opened it, or the boundary.
    pub start: Timestamp,
    /// The fix or instant at which both conditions were fulfilled.
    pub found_at: Timestamp,
    /// When and why it ended; `None` while open.
    pub end: Option<(Timestamp, EndReason)>,
    /// The largest distance beyond the edge so far, metres; `None` where there is no edge.
    pub max_beyond_m: Option<f64>,
    /// The newest breaking fix: what lies between it and the end is UNKNOWN. `None` where there is no edge.
    pub last_breaking_at: Option<Timestamp>,
}
