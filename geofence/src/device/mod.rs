//! The tag itself: strap, case, call for help, silence, lost position, battery, charger, jamming, and what cannot be (policy 4). Knows
//! nothing of zones.
//!
//! # Readings where policy 4 is silent
//! * **At one instant** reports are taken in before what falls due then happens, and the first valid fix is the position; a second one
//!   of the same instant, or a report without one after it, says nothing of position.
//! * **strap_open, case_tamper, sos** open when yes is said and the newest report that spoke of it had not said yes. A no afterwards is
//!   recorded as `restored_at`; another yes opens another one. [`Device::open`] tells the newest of each kind: an older one is a person's.
//! * **silent** has its start at the last report; the fitting counts as one. A deaf span begins the whole wait anew at its end.
//! * **no_position** needs something heard later than the last valid fix; the fitting counts as a fix. It falls due by time alone unless
//!   the tag is silent then (silence first at one instant), else at the next report, if that has no fix either.
//! * **battery**: nothing opens while the newest report that spoke of the charger said yes. A rise of 10 points
//!   begins another discharge: if it ends at or under the limit, that report opens the next violation.
//! * **flat** has the start and `found_at` of the silence and ends with battery_critical, at a report, not by being heard.
//! * **jamming** and **charging_removed**: "not said" changes nothing. **power_off** ends at any report that does not say yes.
//! * **implausible**: a report without a fix neither counts nor breaks the plausible ones in a row. A report whose clock is off has no
//!   position. Each fix is compared with the one before, plausible or not: who stays where he jumped to is plausible there.

mod battery;
mod open;
mod place;
mod rules;
mod said;
#[cfg(test)]
mod tests;

pub use rules::{Deaf, DeviceRules};

use crate::interference::Cell;
use crate::{EndReason, Fix, Signal, Signals, Timestamp, Violation, ViolationKind};
use battery::Battery;
use open::OpenList;
use place::Place;
use said::Said;
use serde::{Deserialize, Serialize};

/// Signals whose violations only a person ends.
const ALARMS: [(Signal, ViolationKind); 3] =
    [(Signal::StrapOpen, ViolationKind::StrapOpen), (Signal::CaseTamper, ViolationKind::CaseTamper), (Signal::Sos, ViolationKind::Sos)];

/// What one report says. Reports come in order of `at`.
pub(crate) struct Heard<'a> {
    /// The tag's clock, or the receiving clock when the tag's is off.
    pub at: Timestamp,
    /// A valid position (policy 1).
    pub fix: Option<&'a Fix>,
    /// The tag's clock is more than 10 minutes ahead of the receiving clock, or was never set.
    pub clock_is_off: bool,
    pub signals: Signals,
    /// 0 to 100; `None` = not said.
    pub battery_percent: Option<u8>,
}

/// What is remembered of one tag, small because a million of them are held.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Device {
    /// The newest report.
    heard: Timestamp,
    /// The newest report with a valid fix, or the fitting.
    fixed: Timestamp,
    /// Where that fix was.
    place: Option<Place>,
    /// Where the newest fix was that nothing spoke against.
    cell: Option<Cell>,
    said: Said,
    battery: Battery,
    /// Plausible fixes in a row while `implausible` is open.
    plausible: u8,
    open: OpenList,
}

const _: () = assert!(size_of::<Device>() <= 48, "a device grew: a million of them are held");

impl Device {
    /// A tag as it is at its fitting: heard, and seen, for the first time.
    pub fn new(from: Timestamp) -> Self {
        let (said, battery, open) = (Said::default(), Battery::default(), OpenList::default());
        Self { heard: from, fixed: from, place: None, cell: None, said, battery, plausible: 0, open }
    }

    /// Finds what fell due before this report, then takes it in. The deaf spans ascend and do not overlap.
    pub fn take(&mut self, heard: &Heard, rules: &DeviceRules, deaf: &[Deaf], found: &mut Vec<Violation>) {
        let just_before = heard.at.plus_millis(-1);
        self.advance(just_before, rules, deaf, found);
        self.heard = self.heard.max(heard.at);
        self.open.end(ViolationKind::Silent, heard.at, EndReason::Heard, found);
        self.take_signals(heard, found);
        self.take_battery(heard, rules, found);
        self.take_position(heard, rules, found);
        self.advance(just_before, rules, deaf, found); // a position that is seen only now to be overdue
    }

    /// Finds what falls due by time alone up to and including `now`.
    pub fn advance(&mut self, now: Timestamp, rules: &DeviceRules, deaf: &[Deaf], found: &mut Vec<Violation>) {
        while let Some((due, kind)) = self.due(rules, deaf).filter(|(due, _)| *due <= now) {
            if kind == ViolationKind::NoPosition {
                self.open.open(kind, self.fixed, due.max(self.heard), found);
                continue;
            }
            self.open.open(kind, self.heard, due, found);
            if self.open.has(ViolationKind::BatteryCritical) && !self.open.has(ViolationKind::Flat) {
                self.open.open(ViolationKind::Flat, self.heard, due, found);
            }
        }
    }

    /// When [`Device::advance`] will find something if nothing is heard until then.
    pub fn next_due(&self, rules: &DeviceRules, deaf: &[Deaf]) -> Option<Timestamp> {
        self.due(rules, deaf).map(|(due, _)| due)
    }

    /// Tells the newest open violation of each kind as it stands.
    pub fn open(&self, found: &mut Vec<Violation>) {
        self.open.tell_all(found);
    }

    /// For [`crate::InterferenceWatch`], after [`Device::take`]: where the tag was when its position was last believed, and whether it is
    /// in trouble: without a fix, or `implausible` not yet over. `None` before the first position.
    pub fn sighting(&self) -> Option<(Cell, bool)> {
        self.cell.map(|cell| (cell, self.is_without_fix() || self.open.has(ViolationKind::Implausible)))
    }

    fn is_without_fix(&self) -> bool {
        self.heard > self.fixed
    }

    /// What falls due next, and when.
    fn due(&self, rules: &DeviceRules, deaf: &[Deaf]) -> Option<(Timestamp, ViolationKind)> {
        if self.open.has(ViolationKind::Silent) {
            return None;
        }
        let silence_ms = rules.interval_ms.saturating_add(rules.silence_buffer_ms);
        let silent = (rules::due(self.heard, silence_ms, deaf), ViolationKind::Silent);
        if !self.is_without_fix() || self.open.has(ViolationKind::NoPosition) {
            return Some(silent);
        }
        let is_at_home = self.said.is(Signal::AtHomeBeacon);
        let lack_ms = if is_at_home { rules.no_position_at_home_ms } else { rules.no_position_ms };
        let lost = (rules::due(self.fixed, lack_ms, deaf), ViolationKind::NoPosition);
        Some(if lost.0 < silent.0 { lost } else { silent })
    }

    fn take_signals(&mut self, heard: &Heard, found: &mut Vec<Violation>) {
        let Heard { at, signals, .. } = *heard;
        for (signal, kind) in ALARMS {
            match self.said.hear(signal, signals) {
                Some(true) => self.open.open(kind, at, at, found),
                Some(false) => self.open.restore(kind, at, found),
                None => {}
            }
        }
        match self.said.hear(Signal::Jamming, signals) {
            Some(true) => self.open.open(ViolationKind::Jamming, at, at, found),
            Some(false) => self.open.end(ViolationKind::Jamming, at, EndReason::Restored, found),
            None => {}
        }
        match self.said.hear(Signal::Charging, signals) {
            Some(true) => self.open.end(ViolationKind::ChargingRemoved, at, EndReason::Restored, found),
            Some(false) => self.open.open(ViolationKind::ChargingRemoved, at, at, found),
            None => {}
        }
        match (signals.is(Signal::PowerOff), self.open.has(ViolationKind::PowerOff)) {
            (true, false) => self.open.open(ViolationKind::PowerOff, at, at, found),
            (false, true) => self.open.end(ViolationKind::PowerOff, at, EndReason::Restored, found),
            _ => {}
        }
        self.said.hear(Signal::AtHomeBeacon, signals);
    }

    fn take_battery(&mut self, heard: &Heard, rules: &DeviceRules, found: &mut Vec<Violation>) {
        if self.said.is(Signal::Charging) {
            Battery::charge(heard.at, &mut self.open, found);
        } else if let Some(percent) = heard.battery_percent {
            self.battery.hear(heard.at, percent, rules, &mut self.open, found);
        }
    }

    fn take_position(&mut self, heard: &Heard, rules: &DeviceRules, found: &mut Vec<Violation>) {
        let at = heard.at;
        let is_news = !heard.clock_is_off && (at > self.fixed || self.place.is_none());
        let fix = heard.fix.filter(|_| is_news);
        let place = fix.map(Place::of);
        let is_jump = self.place.zip(place).is_some_and(|(old, new)| {
            let millis = at.millis_since(self.fixed);
            old.is_too_fast(&new, millis, rules.speed_max_m_s)
        });
        self.judge_plausible(at, place.is_some(), heard.clock_is_off || is_jump, rules, found);
        if let Some(fix) = fix {
            self.open.end(ViolationKind::NoPosition, at, EndReason::Fix, found);
            (self.fixed, self.place) = (at, place);
            if !self.open.has(ViolationKind::Implausible) {
                self.cell = Some(Cell::of(fix.latitude, fix.longitude));
            }
        }
    }

    fn judge_plausible(&mut self, at: Timestamp, has_fix: bool, is_implausible: bool, rules: &DeviceRules, found: &mut Vec<Violation>) {
        let kind = ViolationKind::Implausible;
        if is_implausible {
            self.plausible = 0;
            if !self.open.has(kind) {
                self.open.open(kind, at, at, found);
            }
        } else if has_fix && self.open.has(kind) {
            self.plausible = self.plausible.saturating_add(1);
            if self.plausible >= rules.plausible_fixes {
                self.plausible = 0;
                self.open.end(kind, at, EndReason::Restored, found);
            }
        }
    }
}
