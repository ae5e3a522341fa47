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
    /// Nothing was heard from the tag for longer than the wearer's interval and buffer.
    Silent,
    /// The tag is heard, but has no valid position.
    NoPosition,
    /// The battery is at 20 % or less.
    BatteryLow,
    /// The battery is at 10 % or less.
    BatteryCritical,
    /// The tag fell silent with a nearly empty battery.
    Flat,
    /// The charger was taken off.
    ChargingRemoved,
    /// The tag is being switched off.
    PowerOff,
    /// The tag's radio is jammed.
    Jamming,
    /// The tag moved faster than 70 m/s, or its clock is off by more than 10 minutes.
    Implausible,
    /// One IMEI is live on two connections, or a tag that nobody registered reports.
    Identity,
    /// Many wearers of one area became implausible or lost their position together: one incident for all.
    AreaInterference,
}

impl ViolationKind {
    /// Every kind.
    pub const ALL: [Self; 17] = [
        Self::Inclusion,
        Self::Exclusion,
        Self::PresenceUnknown,
        Self::StrapOpen,
        Self::CaseTamper,
        Self::Sos,
        Self::Silent,
        Self::NoPosition,
        Self::BatteryLow,
        Self::BatteryCritical,
        Self::Flat,
        Self::ChargingRemoved,
        Self::PowerOff,
        Self::Jamming,
        Self::Implausible,
        Self::Identity,
        Self::AreaInterference,
    ];

    /// Whether nobody but a person may end it, with a note (policy 4).
    pub const fn ends_by_person(self) -> bool {
        matches!(self, Self::StrapOpen | Self::CaseTamper | Self::Sos | Self::Identity)
    }

    /// Whether it rests on positions, so that interference in the wearer's area explains it (policy 4).
    pub const fn rests_on_position(self) -> bool {
        matches!(self, Self::Inclusion | Self::Exclusion | Self::PresenceUnknown | Self::NoPosition | Self::Implausible)
    }

    /// The name used in files, in the database and towards clients: `presence_unknown`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inclusion => "inclusion",
            Self::Exclusion => "exclusion",
            Self::PresenceUnknown => "presence_unknown",
            Self::StrapOpen => "strap_open",
            Self::CaseTamper => "case_tamper",
            Self::Sos => "sos",
            Self::Silent => "silent",
            Self::NoPosition => "no_position",
            Self::BatteryLow => "battery_low",
            Self::BatteryCritical => "battery_critical",
            Self::Flat => "flat",
            Self::ChargingRemoved => "charging_removed",
            Self::PowerOff => "power_off",
            Self::Jamming => "jamming",
            Self::Implausible => "implausible",
            Self::Identity => "identity",
            Self::AreaInterference => "area_interference",
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
    /// A late report or corrected facts showed that it was not so.
    Refuted,
    /// The next report after a silence.
    Heard,
    /// What was amiss is well again: charger, battery, power, radio, plausible fixes.
    Restored,
}

impl EndReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [Self::Kept, Self::ZoneOff, Self::Fix, Self::ByPerson, Self::Refuted, Self::Heard, Self::Restored];

    /// The name used in files, in the database and towards clients: `zone_off`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::ZoneOff => "zone_off",
            Self::Fix => "fix",
            Self::ByPerson => "by_person",
            Self::Refuted => "refuted",
            Self::Heard => "heard",
            Self::Restored => "restored",
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
    /// When the tag said that it is well again, of a kind that only a person ends: shown, never an end.
    pub restored_at: Option<Timestamp>,
}

impl Violation {
    /// An open violation of no zone.
    pub fn opened(kind: ViolationKind, start: Timestamp, found_at: Timestamp) -> Self {
        Self { zone: Arc::from(""), kind, start, found_at, end: None, max_beyond_m: None, last_breaking_at: None, restored_at: None }
    }
}
