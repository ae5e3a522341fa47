//! Somebody disturbs the satellites' signals over the town for a while.
//!
//! Near the transmitter that forges them every receiver computes the same false position and finds it excellent; farther away the noise is
//! merely too loud, and there is no position. Nothing else of the tag is touched: its strap, its button, its network.

use super::day::fix;
use super::place::Place;
use super::wearer::Wearer;
use geofence::{Cell, Report, Signal, Source};
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;
use std::ops::Range;

/// In smaller towns there is none: it would be no more than some wearers without position.
const TOWN_MIN: usize = 30;
/// Least number of wearers that are disturbed. With fewer living together there is no interference.
const WEARERS_MIN: usize = 25;
/// While it goes on, seconds from the start of the run.
pub(super) const DISTURBED_S: Range<f64> = 100.0..190.0;
/// Where the forged signals put everybody at the beginning, and how fast that place moves east, metres a second.
const FORGED: Place = Place { east_m: 210_000.0, north_m: -215_000.0 };
const FORGED_M_S: f64 = 3.0;

/// How a tag is disturbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The tag finds itself where it is not.
    Spoofed,
    /// The tag finds nothing.
    Blind,
}

/// Who is disturbed, and how, by place among the town's wearers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Interference {
    pub members: BTreeMap<usize, Trouble>,
}

impl Interference {
    /// Most of those who live in the fullest cell, without the `spared`; `None` if too few are left.
    pub fn plan(seed: u64, wearers: &[Wearer], spared: &[usize]) -> Option<Self> {
        let mut cells: BTreeMap<Cell, Vec<usize>> = BTreeMap::new();
        for place in (0..wearers.len()).filter(|place| !spared.contains(place)) {
            let [longitude, latitude] = wearers[place].home.degrees();
            cells.entry(Cell::of(latitude, longitude)).or_default().push(place);
        }
        let mut neighbours = cells.into_values().max_by_key(Vec::len)?;
        let least = WEARERS_MIN.max(wearers.len().div_ceil(2));
        if wearers.len() < TOWN_MIN || neighbours.len() < least {
            return None;
        }
        neighbours.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(seed ^ 0x5A7E));
        // One in five hears the satellites still, behind some hill.
        neighbours.truncate(least.max(neighbours.len() * 4 / 5));
        let trouble = |order: usize| if order % 5 < 3 { Trouble::Spoofed } else { Trouble::Blind };
        Some(Self { members: neighbours.into_iter().enumerate().map(|(order, place)| (place, trouble(order))).collect() })
    }

    /// The first, by place, whom it disturbs so.
    pub fn first(&self, trouble: Trouble) -> Option<usize> {
        self.members.iter().find(|(_, own)| **own == trouble).map(|(place, _)| *place)
    }

    /// What becomes of a report of this wearer, taken `now_s` seconds after the start.
    pub fn disturb(&self, wearer: usize, report: Report, now_s: f64, random: &mut Xoshiro256PlusPlus) -> Report {
        match self.members.get(&wearer).filter(|_| DISTURBED_S.contains(&now_s)) {
            None => report,
            Some(Trouble::Blind) => without_fix(report),
            Some(Trouble::Spoofed) => forged(report, now_s, random),
        }
    }
}

/// The same report of a tag that found no satellite.
fn without_fix(report: Report) -> Report {
    let said = Report::at(report.taken_at);
    Report { battery_percent: report.battery_percent, signals: report.signals.with(Signal::Fix, false), ..said }
}

/// The same report from where the forged signals put the tag: indoors, too, for they are louder than the true ones.
fn forged(report: Report, now_s: f64, random: &mut Xoshiro256PlusPlus) -> Report {
    let at = Place { east_m: FORGED.east_m + (now_s - DISTURBED_S.start) * FORGED_M_S, ..FORGED };
    let (satellites, speed_cms) = (random.random_range(12..18), (FORGED_M_S * 100.0) as u16);
    fix(Report { satellites, speed_cms, course_deg: 90, source: Source::Gnss, ..report }, at, random.random_range(3.0..5.0), random)
}
