//! What one message of a tag says, in the field's terms, whichever protocol carried it.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// How the tag found its position.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[repr(u8)]
pub enum Source {
    /// Satellites.
    #[default]
    Gnss = 0,
    /// Mobile network cells.
    Cell = 1,
    /// Wi-Fi access points.
    Wifi = 2,
    /// A beacon at home or on a body.
    Beacon = 3,
}

impl Source {
    /// The source with this number, if there is one.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Gnss),
            1 => Some(Self::Cell),
            2 => Some(Self::Wifi),
            3 => Some(Self::Beacon),
            _ => None,
        }
    }
}

/// A yes-or-no fact that a report may carry, or may leave unsaid.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Signal {
    /// The position is a real fix now; `false` when coordinates are the last known ones or none.
    Fix = 0,
    /// The strap is open or cut.
    StrapOpen = 1,
    /// The case is opened or broken.
    CaseTamper = 2,
    /// The wearer pressed for help.
    Sos = 3,
    /// The charger is connected.
    Charging = 4,
    /// The tag is being switched off.
    PowerOff = 5,
    /// The radio is jammed.
    Jamming = 6,
    /// The tag is moving.
    Motion = 7,
    /// The home beacon is heard.
    AtHomeBeacon = 8,
}

/// The signals of a report: two bits each, so that "not reported" is never read as "no".
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Signals(u32);

impl Signals {
    /// From the stored form.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The stored form: bit `2n` says that signal `n` is reported, bit `2n + 1` its value.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// What the report says of `signal`; `None` if it says nothing.
    pub const fn get(self, signal: Signal) -> Option<bool> {
        match (self.0 >> (2 * signal as u32)) & 3 {
            1 => Some(false),
            3 => Some(true),
            _ => None,
        }
    }

    /// The same signals with `signal` reported as `value`.
    #[must_use]
    pub const fn with(self, signal: Signal, value: bool) -> Self {
        let shift = 2 * signal as u32;
        let pair = if value { 3 } else { 1 };
        Self((self.0 & !(3 << shift)) | (pair << shift))
    }

    /// Whether the report says that `signal` is so.
    pub const fn is(self, signal: Signal) -> bool {
        matches!(self.get(signal), Some(true))
    }
}

impl std::fmt::Debug for Signals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signals({:#x})", self.0)
    }
}

/// One message of a tag: a position and/or its state. Two reports of one tag that are equal are the same report sent twice.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Report {
    /// When the tag took it, by the tag's own clock.
    pub taken_at: Timestamp,
    /// WGS84 latitude in 1e-7 degree. May be out of range: the tag said so. 0 with longitude 0 means none.
    pub latitude_e7: i32,
    /// WGS84 longitude in 1e-7 degree.
    pub longitude_e7: i32,
    /// Radius that holds the true position with about 95 %, decimetres, rounded up; 0 = the tag does not say; 65,535 = that or more.
    pub accuracy_dm: u16,
    /// Speed over ground, centimetres a second; saturates.
    pub speed_cms: u16,
    /// Course, degrees from north, 0 to 359.
    pub course_deg: u16,
    /// Altitude, metres.
    pub altitude_m: i16,
    /// Satellites used.
    pub satellites: u8,
    /// Battery, percent 0 to 100; [`Report::BATTERY_UNSAID`] = not reported.
    pub battery_percent: u8,
    /// How the position was found.
    pub source: Source,
    /// Yes-or-no facts.
    pub signals: Signals,
}

impl Report {
    /// The value of `battery_percent` when the tag says nothing of it.
    pub const BATTERY_UNSAID: u8 = 255;

    /// A report of nothing but its time.
    pub const fn at(taken_at: Timestamp) -> Self {
        Self {
            taken_at,
            latitude_e7: 0,
            longitude_e7: 0,
            accuracy_dm: 0,
            speed_cms: 0,
            course_deg: 0,
            altitude_m: 0,
            satellites: 0,
            battery_percent: Self::BATTERY_UNSAID,
            source: Source::Gnss,
            signals: Signals::from_bits(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Signal, Signals};

    #[test]
    fn a_signal_is_yes_no_or_unsaid() {
        let said = Signals::default().with(Signal::StrapOpen, true).with(Signal::Charging, false);
        assert_eq!(said.get(Signal::StrapOpen), Some(true));
        assert_eq!(said.get(Signal::Charging), Some(false));
        assert_eq!(said.get(Signal::Sos), None);
        assert_eq!(said.with(Signal::StrapOpen, false).get(Signal::StrapOpen), Some(false));
    }
}
