//! Where a wearer is and what the tag says, second by second.

use super::incident::{Incident, IncidentKind, SPEED_M_S};
use super::place::Place;
use super::wearer::{Regime, Wearer};
use geofence::{Report, Signal, Signals, Source, Timestamp};
use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;
use std::f64::consts::TAU;

/// Asia/Tehran is 3 h 30 min before UTC; since 2022 without summer time. Seconds.
pub(super) const TEHRAN_OFFSET_S: i64 = 12_600;
/// Those with a curfew are at home from 21:40 to 06:10, seconds of the day.
const HOME_FROM_S: i64 = 21 * 3600 + 40 * 60;
const HOME_TO_S: i64 = 6 * 3600 + 10 * 60;
/// Who may move walks around a block this far from home, metres, once in this time, seconds.
const BLOCK_M: f64 = 300.0;
const BLOCK_S: f64 = 1_800.0;
/// A battery loses one percent in this time, seconds; at the lower end it is charged to the upper one.
const BATTERY_PERCENT_S: f64 = 300.0;
const BATTERY: (f64, f64) = (30.0, 100.0);
/// Of the minutes indoors, one in so many is without any fix.
const GAP_ONE_IN: u64 = 9;

/// What the tag reports at `taken_at`, `now_s` seconds after the start; `None` = nothing.
pub(super) fn report(
    wearer: &Wearer,
    incident: Option<&Incident>,
    now_s: f64,
    taken_at: Timestamp,
    random: &mut Xoshiro256PlusPlus,
) -> Option<Report> {
    let state = incident.map(|incident| (incident.kind, now_s - incident.begins_s));
    if state.is_some_and(|(kind, passed_s)| kind.is_mute(passed_s)) {
        return None;
    }
    let at = place(wearer, state, now_s, taken_at);
    let (battery, charging) = battery(wearer, state, now_s);
    let indoors = at.metres_to(wearer.home) < 1.0;
    let is = |kind| state.is_some_and(|(now, _)| now == kind);
    let signals = Signals::default()
        .with(Signal::StrapOpen, is(IncidentKind::CutsStrap))
        .with(Signal::Sos, is(IncidentKind::CallsForHelp))
        .with(Signal::Charging, charging)
        .with(Signal::Motion, !indoors);
    let bare = Report { battery_percent: battery as u8, signals, ..Report::at(taken_at) };
    Some(if indoors { indoor_fix(bare, at, random) } else { outdoor_fix(bare, at, is_driving(state), random) })
}

/// Where the wearer really is.
fn place(wearer: &Wearer, state: Option<(IncidentKind, f64)>, now_s: f64, now: Timestamp) -> Place {
    let out_m = state.map_or(0.0, |(kind, passed_s)| kind.metres_out(passed_s));
    if out_m > 0.0 {
        return wearer.home.towards(wearer.street_heading(), out_m);
    }
    let returns = |(kind, _)| matches!(kind, IncidentKind::EntersStreet | IncidentKind::CrossesStreetUnheard);
    if state.is_some_and(returns) || !may_move(wearer.regime, now) {
        return wearer.home;
    }
    // Away from the street, there and back.
    let way = (now_s / BLOCK_S * TAU).sin().abs() * BLOCK_M;
    wearer.home.towards(wearer.street_heading() + TAU / 2.0, way)
}

fn is_driving(state: Option<(IncidentKind, f64)>) -> bool {
    state.is_some_and(|(kind, _)| kind != IncidentKind::MissesCurfew)
}

fn may_move(regime: Regime, now: Timestamp) -> bool {
    let second = (now.millis() / 1000 + TEHRAN_OFFSET_S).rem_euclid(86_400);
    match regime {
        Regime::Home => false,
        Regime::Curfew => (HOME_TO_S..HOME_FROM_S).contains(&second),
        Regime::KeepAway => true,
    }
}

/// Percent, and whether the charger is connected.
fn battery(wearer: &Wearer, state: Option<(IncidentKind, f64)>, now_s: f64) -> (f64, bool) {
    if let Some((IncidentKind::RunsFlat, passed_s)) = state {
        return if passed_s < 70.0 { (25.0 * (1.0 - passed_s / 70.0), false) } else { (passed_s - 180.0, true) };
    }
    let span = BATTERY.1 - BATTERY.0;
    let used = (BATTERY.1 - wearer.battery + now_s / BATTERY_PERCENT_S).rem_euclid(2.0 * span);
    // Down for one span, up for the next.
    if used < span { (BATTERY.1 - used, false) } else { (BATTERY.0 + used - span, true) }
}

/// Through walls: less exact, sometimes by Wi-Fi, sometimes nothing for a minute.
fn indoor_fix(bare: Report, at: Place, random: &mut Xoshiro256PlusPlus) -> Report {
    let minute = bare.taken_at.millis().unsigned_abs() / 60_000;
    let house = (at.east_m.to_bits() ^ at.north_m.to_bits()) >> 20;
    if (minute ^ house).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32 & 0xFFFF < 0x1_0000 / GAP_ONE_IN {
        return Report { signals: bare.signals.with(Signal::Fix, false), ..bare };
    }
    let wifi = random.random_bool(0.2);
    let accuracy_m = if wifi { random.random_range(25.0..45.0) } else { random.random_range(6.0..22.0) };
    let satellites = if wifi { 0 } else { random.random_range(4..9) };
    let source = if wifi { Source::Wifi } else { Source::Gnss };
    fix(Report { satellites, source, ..bare }, at, accuracy_m, random)
}

fn outdoor_fix(bare: Report, at: Place, by_car: bool, random: &mut Xoshiro256PlusPlus) -> Report {
    let (accuracy_m, satellites) = (random.random_range(4.0..12.0), random.random_range(8..16));
    let speed_cms = if by_car { SPEED_M_S * 100.0 } else { random.random_range(40.0..140.0) };
    fix(Report { satellites, speed_cms: speed_cms as u16, ..bare }, at, accuracy_m, random)
}

/// The measured position: off by a normal error of which 95 % lie within the accuracy.
pub(super) fn fix(bare: Report, at: Place, accuracy_m: f64, random: &mut Xoshiro256PlusPlus) -> Report {
    // 95 % of a Rayleigh distribution lie within 2.45 sigma; its radius from a uniform number in (0, 1].
    let error_m = accuracy_m / 2.45 * (-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt();
    let [longitude_e7, latitude_e7] = at.towards(random.random_range(0.0..TAU), error_m).e7();
    Report {
        latitude_e7,
        longitude_e7,
        accuracy_dm: (accuracy_m * 10.0).ceil() as u16,
        altitude_m: 1_200,
        signals: bare.signals.with(Signal::Fix, true),
        ..bare
    }
}
