//! What goes wrong in the town, and when. Times are seconds from the start of the run.

use super::wearer::{Regime, STREET_DISTANCE_M};
use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;
use serde::Serialize;
use std::ops::Range;

/// How fast people leave and come back: by car, metres a second.
pub(super) const SPEED_M_S: f64 = 15.0;
/// How far those go who leave home, metres: beyond every home zone.
const LEAVE_M: f64 = 450.0;

/// How long who crosses the street unheard stays in it: at a report every 5 s at least three are taken there, seconds.
const CROSSING_STAY_S: f64 = 20.0;
/// While who crosses the street is unheard: gone well before the street, back well after it, seconds after the beginning.
pub(super) const UNHEARD_S: Range<f64> = 48.0..108.0;
/// Who misses a curfew is away from so long before it begins, seconds: long before the run starts.
pub(super) const CURFEW_LEAD_S: f64 = 300.0;
/// How long that curfew lasts, seconds. Its zone says the same.
pub(super) const CURFEW_S: f64 = 3_600.0;
/// While who misses a curfew takes no report, seconds after the beginning: from shortly before the curfew until it is found broken.
const CURFEW_MUTE_S: Range<f64> = CURFEW_LEAD_S - 15.0..CURFEW_LEAD_S + 90.0;

/// One way to break a rule, or to look as if.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentKind {
    /// Leaves home and comes back.
    LeavesHome,
    /// Goes into the street to keep away from, and out again.
    EntersStreet,
    /// Cuts the strap; later it is closed again.
    CutsStrap,
    /// Presses the button for help.
    CallsForHelp,
    /// The battery runs down to nothing, later it is charged.
    RunsFlat,
    /// Nothing is heard for two minutes, then the kept reports come together.
    GoesSilent,
    /// Leaves home while nothing is heard for more than five minutes: the kept reports show it, late.
    LeavesSilently,
    /// Goes into the street to keep away from and out again without a network; what the tag kept comes after its next report, newest first.
    CrossesStreetUnheard,
    /// Is away when a curfew begins, and says nothing for a while.
    MissesCurfew,
}

/// Something that happens to one wearer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Incident {
    pub begins_s: f64,
    /// Place among the town's wearers.
    pub wearer: usize,
    pub kind: IncidentKind,
}

impl Incident {
    /// When all is as before.
    pub fn ends_s(&self) -> f64 {
        self.begins_s + self.kind.seconds()
    }
}

impl IncidentKind {
    /// With its share, percent. The others are staged.
    const SHARES: [(Self, u32); 7] = [
        (Self::LeavesHome, 32),
        (Self::EntersStreet, 22),
        (Self::CutsStrap, 12),
        (Self::CallsForHelp, 12),
        (Self::RunsFlat, 6),
        (Self::GoesSilent, 6),
        (Self::LeavesSilently, 10),
    ];

    /// For a person: `W-0007 cuts the strap`.
    pub const fn words(self) -> &'static str {
        match self {
            Self::LeavesHome => "leaves home",
            Self::EntersStreet => "goes to the street to keep away from",
            Self::CutsStrap => "cuts the strap",
            Self::CallsForHelp => "calls for help",
            Self::RunsFlat => "lets the battery run flat",
            Self::GoesSilent => "goes silent",
            Self::LeavesSilently => "goes silent and leaves home",
            Self::CrossesStreetUnheard => "goes through the street to keep away from, out of the network",
            Self::MissesCurfew => "is away when a curfew begins",
        }
    }

    pub(super) fn any(random: &mut Xoshiro256PlusPlus) -> Self {
        let mut left = random.random_range(0..100);
        for (kind, share) in Self::SHARES {
            if left < share {
                return kind;
            }
            left -= share;
        }
        Self::LeavesHome
    }

    /// Whom it can happen to.
    pub(super) fn fits(self, regime: Regime) -> bool {
        match self {
            Self::LeavesHome | Self::LeavesSilently => regime == Regime::Home,
            Self::EntersStreet | Self::CrossesStreetUnheard => regime == Regime::KeepAway,
            Self::MissesCurfew => regime == Regime::Curfew,
            _ => true,
        }
    }

    /// How long it takes until all is as before.
    pub fn seconds(self) -> f64 {
        match self {
            Self::LeavesHome => 180.0,
            Self::EntersStreet => 2.0 * STREET_DISTANCE_M / SPEED_M_S + 45.0,
            Self::CutsStrap => 90.0,
            Self::CallsForHelp => 12.0,
            Self::RunsFlat => 240.0,
            Self::GoesSilent => 120.0,
            Self::LeavesSilently => 400.0,
            Self::CrossesStreetUnheard => 2.0 * STREET_DISTANCE_M / SPEED_M_S + CROSSING_STAY_S,
            Self::MissesCurfew => CURFEW_LEAD_S + CURFEW_S + LEAVE_M / SPEED_M_S,
        }
    }

    /// How far on the way out the wearer is, metres, so many seconds after the beginning.
    pub fn metres_out(self, passed_s: f64) -> f64 {
        let (there_m, back_by_s) = match self {
            Self::LeavesHome => (LEAVE_M, self.seconds()),
            Self::EntersStreet | Self::CrossesStreetUnheard => (STREET_DISTANCE_M, self.seconds()),
            // Long gone when the run starts.
            Self::MissesCurfew => return ((self.seconds() - passed_s) * SPEED_M_S).clamp(0.0, LEAVE_M),
            // At home again while nobody hears it.
            Self::LeavesSilently => (LEAVE_M, self.seconds() - 100.0),
            _ => return 0.0,
        };
        (passed_s * SPEED_M_S).min((back_by_s - passed_s) * SPEED_M_S).clamp(0.0, there_m)
    }

    /// Whether the tag can reach the server so many seconds after the beginning.
    pub fn radio(self, passed_s: f64) -> bool {
        match self {
            Self::GoesSilent | Self::LeavesSilently => false,
            Self::CrossesStreetUnheard => !UNHEARD_S.contains(&passed_s),
            _ => !self.is_flat(passed_s),
        }
    }

    /// Whether what is taken without a network waits until a newer report is through, and then comes newest first.
    pub fn tells_late(self) -> bool {
        self == Self::CrossesStreetUnheard
    }

    /// Whether the tag takes no report.
    pub fn is_mute(self, passed_s: f64) -> bool {
        self.is_flat(passed_s) || (self == Self::MissesCurfew && CURFEW_MUTE_S.contains(&passed_s))
    }

    /// Whether the tag has no power left.
    pub fn is_flat(self, passed_s: f64) -> bool {
        self == Self::RunsFlat && (70.0..180.0).contains(&passed_s)
    }
}
