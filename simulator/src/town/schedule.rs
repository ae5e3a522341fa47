//! When something happens to whom.

use super::incident::{Incident, IncidentKind};
use super::wearer::Wearer;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

/// Between two incidents of one wearer at least, seconds.
const PEACE_S: f64 = 60.0;

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
    /// Of wearers who are kept free for it, by beginning.
    staged: std::vec::IntoIter<Incident>,
}

impl Schedule {
    /// For so many wearers. To those of `staged` nothing else happens until a minute after it.
    pub fn new(seed: u64, wearers: usize, per_minute: f64, mut staged: Vec<Incident>) -> Self {
        // Begun before the start, so that the first alerts come in the first seconds.
        let opening = vec![
            (-52.0, IncidentKind::EntersStreet),
            (-25.0, IncidentKind::LeavesHome),
            (4.0, IncidentKind::CutsStrap),
            (16.0, IncidentKind::CallsForHelp),
            (24.0, IncidentKind::LeavesSilently),
        ];
        let mut busy_until_s = vec![f64::MIN; wearers];
        for incident in &staged {
            busy_until_s[incident.wearer] = incident.ends_s() + PEACE_S;
        }
        staged.sort_by(|one, other| one.begins_s.total_cmp(&other.begins_s));
        Self {
            random: Xoshiro256PlusPlus::seed_from_u64(seed ^ 0x1CED),
            every_s: 60.0 / per_minute,
            next_s: 30.0,
            busy_until_s,
            opening: opening.into_iter(),
            staged: staged.into_iter(),
        }
    }

    /// The next incident that begins up to `now_s`, if anybody is free for it.
    pub fn next(&mut self, wearers: &[Wearer], now_s: f64) -> Option<Incident> {
        if self.staged.as_slice().first().is_some_and(|incident| incident.begins_s <= now_s) {
            return self.staged.next();
        }
        let (begins_s, kind) = self.due(now_s)?;
        let free: Vec<usize> =
            (0..wearers.len()).filter(|place| kind.fits(wearers[*place].regime) && self.busy_until_s[*place] < begins_s).collect();
        let wearer = *free.get(self.random.random_range(0..free.len().max(1)))?;
        let incident = Incident { begins_s, wearer, kind };
        self.busy_until_s[wearer] = incident.ends_s() + PEACE_S;
        Some(incident)
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
