//! What goes wrong in the town, and when. Times are seconds from the start of the run.

use super::wearer::{Regime, STREET_DISTANCE_M, Wearer};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use serde::Serialize;

/// How fast people leave and come back: by car, metres a second.
pub(super) const SPEED_M_S: f64 = 15.0;
/// How far those go who leave home, metres: beyond every home zone.
const LEAVE_M: f64 = 450.0;

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
}

/// Something that happens to one wearer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Incident {
    pub begins_s: f64,
    /// Place among the town's wearers.
    pub wearer: usize,
    pub kind: IncidentKind,
}

impl IncidentKind {
    /// With its share, percent.
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
        }
    }

    fn any(random: &mut Xoshiro256PlusPlus) -> Self {
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
    fn fits(self, regime: Regime) -> bool {
        match self {
            Self::LeavesHome | Self::LeavesSilently => regime == Regime::Home,
            Self::EntersStreet => regime == Regime::KeepAway,
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
        }
    }

    /// How far on the way out the wearer is, metres, so many seconds after the beginning.
    pub fn metres_out(self, passed_s: f64) -> f64 {
        let (there_m, back_by_s) = match self {
            Self::LeavesHome => (LEAVE_M, self.seconds()),
            Self::EntersStreet => (STREET_DISTANCE_M, self.seconds()),
            // At home again while nobody hears it.
            Self::LeavesSilently => (LEAVE_M, self.seconds() - 100.0),
            _ => return 0.0,
        };
        (passed_s * SPEED_M_S).min((back_by_s - passed_s) * SPEED_M_S).clamp(0.0, there_m)
    }

    /// Whether the tag can reach the server so many seconds after the beginning.
    pub fn radio(self, passed_s: f64) -> bool {
        !matches!(self, Self::GoesSilent | Self::LeavesSilently) && !self.is_flat(passed_s)
    }

    /// Whether the tag has no power left.
    pub fn is_flat(self, passed_s: f64) -> bool {
        self == Self::RunsFlat && (70.0..180.0).contains(&passed_s)
    }
}

/// The endless sequence of incidents of one seed.
#[derive(Debug)]
pub(super) struct Schedule {
    random: Xoshiro256PlusPlus,
    /// Begins so often, seconds on the average.
    every_s: f64,
    next_s: f64,
    /// By wearer: busy until.
    busy_until_s: Vec<f64>,
    opening: std::vec::IntoIter<(f64, IncidentKind)>,
}

impl Schedule {
    pub fn new(seed: u64, wearers: usize, per_minute: f64) -> Self {
        // Begun before the start, so that the first alerts come in the first seconds.
        let opening = vec![
            (-52.0, IncidentKind::EntersStreet),
            (-25.0, IncidentKind::LeavesHome),
            (4.0, IncidentKind::CutsStrap),
            (16.0, IncidentKind::CallsForHelp),
            (24.0, IncidentKind::LeavesSilently),
        ];
        Self {
            random: Xoshiro256PlusPlus::seed_from_u64(seed ^ 0x1CED),
            every_s: 60.0 / per_minute,
            next_s: 30.0,
            busy_until_s: vec![f64::MIN; wearers],
            opening: opening.into_iter(),
        }
    }

    /// The next incident that begins up to `now_s`, if anybody is free for it.
    pub fn next(&mut self, wearers: &[Wearer], now_s: f64) -> Option<Incident> {
        let (begins_s, kind) = self.due(now_s)?;
        let free: Vec<usize> =
            (0..wearers.len()).filter(|place| kind.fits(wearers[*place].regime) && self.busy_until_s[*place] < begins_s).collect();
        let wearer = *free.get(self.random.random_range(0..free.len().max(1)))?;
        // A minute of peace before the next.
        self.busy_until_s[wearer] = begins_s + kind.seconds() + 60.0;
        Some(Incident { begins_s, wearer, kind })
    }

    fn due(&mut self, now_s: f64) -> Option<(f64, IncidentKind)> {
        if let Some(first) = self.opening.as_slice().first() {
            return if first.0 <= now_s { self.opening.next() } else { None };
        }
        if self.next_s > now_s {
            return None;
        }
        let begins_s = self.next_s;
        self.next_s += self.every_s * self.random.random_range(0.5..1.5);
        Some((begins_s, IncidentKind::any(&mut self.random)))
    }
}
