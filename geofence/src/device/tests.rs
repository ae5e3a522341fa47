//! Scenarios in seconds since the fitting: what is heard, and what is found.

use super::{Deaf, Device, DeviceRules, Heard};
use crate::{EndReason, Fix, Signal, Signals, Timestamp, Violation};
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Said {
    at: i64,
    /// Metres east of the first place; `None` = no position.
    east_m: Option<f64>,
    signals: Vec<(Signal, bool)>,
    battery: Option<u8>,
    clock_is_off: bool,
}

fn here(at: i64) -> Said {
    Said { at, east_m: Some(0.0), signals: Vec::new(), battery: None, clock_is_off: false }
}

fn nowhere(at: i64) -> Said {
    Said { east_m: None, ..here(at) }
}

fn east(at: i64, east_m: f64) -> Said {
    Said { east_m: Some(east_m), ..here(at) }
}

fn saying(at: i64, signal: Signal, value: bool) -> Said {
    Said { signals: vec![(signal, value)], ..here(at) }
}

fn battery(at: i64, percent: u8) -> Said {
    Said { battery: Some(percent), ..here(at) }
}

fn instant(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

fn take(device: &mut Device, said: &Said, deaf: &[Deaf], found: &mut Vec<Violation>) {
    let fix = said.east_m.and_then(|east_m| Fix::new(instant(said.at), 35.7, 51.4 + east_m / 90_500.0, Some(5.0)));
    let signals = said.signals.iter().fold(Signals::default(), |signals, (signal, value)| signals.with(*signal, *value));
    let heard = Heard { at: instant(said.at), fix: fix.as_ref(), clock_is_off: said.clock_is_off, signals, battery_percent: said.battery };
    device.take(&heard, &DeviceRules::default(), deaf, found);
}

/// The newest state of each violation: `silent 0 found 600 end 900 heard`.
fn shown(found: &[Violation]) -> Vec<String> {
    let seconds = |time: Timestamp| time.millis() / 1000;
    let one = |violation: &Violation| {
        let mut text = format!("{} {}", violation.kind.name(), seconds(violation.start));
        if violation.found_at != violation.start {
            text += &format!(" found {}", seconds(violation.found_at));
        }
        if let Some(at) = violation.restored_at {
            text += &format!(" restored {}", seconds(at));
        }
        if let Some((at, reason)) = violation.end {
            text += &format!(" end {} {}", seconds(at), EndReason::name(reason));
        }
        text
    };
    found.iter().map(one).collect()
}

fn check(said: &[Said], until: i64, expected: &[&str]) {
    check_deaf(said, until, &[], expected);
}

fn check_deaf(said: &[Said], until: i64, deaf: &[Deaf], expected: &[&str]) {
    let (mut device, mut found) = (Device::new(instant(0)), Vec::new());
    said.iter().for_each(|said| take(&mut device, said, deaf, &mut found));
    device.advance(instant(until), &DeviceRules::default(), deaf, &mut found);
    assert_eq!(shown(&found), expected);
}

#[test]
fn a_tag_that_is_not_heard_is_silent_until_the_next_report() {
    check(&[here(0)], 599, &[]);
    check(&[here(0)], 600, &["silent 0 found 600"]);
    check(&[here(0), here(600)], 700, &[]);
    check(&[here(0), here(601)], 700, &["silent 0 found 600 end 601 heard"]);
    check(&[], 600, &["silent 0 found 600"]);
    check(&[here(0), here(900), here(2000)], 2100, &["silent 0 found 600 end 900 heard", "silent 900 found 1500 end 2000 heard"]);
}

#[test]
fn silence_is_not_counted_while_the_service_was_deaf() {
    let deaf = [Deaf { from: instant(100), to: instant(5000) }, Deaf { from: instant(5300), to: instant(6000) }];
    check_deaf(&[here(50)], 6599, &deaf, &[]);
    check_deaf(&[here(50)], 6600, &deaf, &["silent 50 found 6600"]);
    check_deaf(&[here(50), here(5100), here(5290)], 6599, &deaf, &[]);
    check_deaf(&[here(6000)], 6600, &deaf, &["silent 6000 found 6600"]);
}

#[test]
fn a_tag_that_is_heard_without_a_position_is_found_after_a_quarter_of_an_hour_or_an_hour_at_home() {
    let without = |to: i64| (1..=to).map(|n| nowhere(n * 300)).collect::<Vec<_>>();
    check(&[vec![here(0)], without(2)].concat(), 899, &[]);
    check(&[vec![here(0)], without(2)].concat(), 900, &["no_position 0 found 900"]);
    check(&[vec![here(0)], without(4), vec![here(1300)]].concat(), 1300, &["no_position 0 found 900 end 1300 fix"]);
    let at_home = Said { signals: vec![(Signal::AtHomeBeacon, true)], ..here(0) };
    check(&[vec![at_home.clone()], without(11)].concat(), 3599, &[]);
    check(&[vec![at_home], without(11)].concat(), 3600, &["no_position 0 found 3600"]);
    // Nothing heard at all is silence; the report after it shows the lack of a position.
    check(&[here(0), nowhere(1000)], 1000, &["silent 0 found 600 end 1000 heard", "no_position 0 found 1000"]);
}

#[test]
fn strap_case_and_help_open_at_once_and_stay_open() {
    for (signal, name) in [(Signal::StrapOpen, "strap_open"), (Signal::CaseTamper, "case_tamper"), (Signal::Sos, "sos")] {
        let said = [saying(0, signal, false), saying(60, signal, true), here(120), saying(180, signal, true)];
        check(&said, 200, &[&format!("{name} 60")]);
        let said = [saying(0, signal, true), saying(60, signal, false), saying(120, signal, true)];
        check(&said, 200, &[&format!("{name} 0 restored 60"), &format!("{name} 120")]);
    }
}

#[test]
fn each_discharge_is_told_once() {
    let falling = [battery(0, 30), battery(60, 20), battery(120, 19), battery(180, 10), battery(240, 9)];
    check(&falling, 300, &["battery_low 60", "battery_critical 180"]);
    check(&falling, 900, &["battery_low 60", "battery_critical 180", "silent 240 found 840", "flat 240 found 840"]);
    let up = |said: Said| [falling.to_vec(), vec![said]].concat();
    check(&up(battery(300, 18)), 300, &["battery_low 60", "battery_critical 180"]);
    check(&up(battery(300, 19)), 300, &["battery_low 60 end 300 restored", "battery_critical 180 end 300 restored", "battery_low 300"]);
    check(&up(saying(300, Signal::Charging, true)), 300, &["battery_low 60 end 300 restored", "battery_critical 180 end 300 restored"]);
}

#[test]
fn charger_power_and_radio_are_told_at_once_and_end_when_restored() {
    let charging = |at, yes| saying(at, Signal::Charging, yes);
    check(&[charging(0, false), charging(60, true), here(120), charging(180, false)], 200, &["charging_removed 180"]);
    check(&[charging(60, true), charging(180, false), charging(240, true)], 300, &["charging_removed 180 end 240 restored"]);
    check(&[saying(60, Signal::PowerOff, true), here(200)], 300, &["power_off 60 end 200 restored"]);
    check(&[saying(60, Signal::Jamming, true), here(200)], 300, &["jamming 60"]);
    check(&[saying(60, Signal::Jamming, true), saying(200, Signal::Jamming, false)], 300, &["jamming 60 end 200 restored"]);
}

#[test]
fn nobody_moves_faster_than_seventy_metres_a_second() {
    // 10 m of accuracy on both sides together are given.
    check(&[here(0), east(10, 705.0)], 20, &[]);
    check(&[here(0), east(10, 715.0)], 20, &["implausible 10"]);
    let back = [here(0), east(60, 50_000.0), east(120, 50_000.0), east(180, 50_000.0), east(240, 50_000.0)];
    check(&back[..4], 200, &["implausible 60"]);
    check(&back, 240, &["implausible 60 end 240 restored"]);
    let wrong_clock = Said { clock_is_off: true, ..nowhere(30) };
    check(&[here(0), wrong_clock, here(60), here(90), here(120)], 120, &["implausible 30 end 120 restored"]);
}

fn any_said() -> impl Strategy<Value = Said> {
    let signal = proptest::sample::select(vec![
        Signal::StrapOpen,
        Signal::Sos,
        Signal::Charging,
        Signal::PowerOff,
        Signal::Jamming,
        Signal::AtHomeBeacon,
    ]);
    let gap = prop_oneof![0..120_i64, 200..1000_i64];
    let east = proptest::option::weighted(0.7, prop_oneof![-100.0..100.0, -50_000.0..50_000.0]);
    let signals = proptest::collection::vec((signal, any::<bool>()), 0..2);
    let battery = proptest::option::of(0..40_u8);
    (gap, east, signals, battery, proptest::bool::weighted(0.05)).prop_map(|(at, east_m, signals, battery, off)| {
        let east_m = east_m.filter(|_| !off);
        Said { at, east_m, signals, battery, clock_is_off: off }
    })
}

proptest! {
    #[test]
    fn steps_repeats_and_restarts_change_nothing(
        mut said in proptest::collection::vec(any_said(), 1..40),
        steps in proptest::collection::vec(1..700_i64, 1..9),
    ) {
        let mut at = 0;
        for said in &mut said {
            at += said.at;
            said.at = at;
        }
        let deaf = [Deaf { from: instant(3000), to: instant(4000) }];
        let rules = DeviceRules::default();
        let (mut plain, mut stepped) = (Device::new(instant(0)), Device::new(instant(0)));
        let (mut found, mut found_stepped) = (Vec::new(), Vec::new());
        let mut clock = 0;
        for (said, step) in said.iter().zip(steps.iter().cycle()) {
            take(&mut plain, said, &deaf, &mut found);
            while clock + step < said.at {
                clock += step;
                stepped.advance(instant(clock), &rules, &deaf, &mut found_stepped);
            }
            take(&mut stepped, said, &deaf, &mut found_stepped);
            let once = (stepped.clone(), found_stepped.clone());
            take(&mut stepped, said, &deaf, &mut found_stepped);
            prop_assert_eq!(&once, &(stepped.clone(), found_stepped.clone()), "a repeat changes something");
            stepped = postcard::from_bytes(&postcard::to_stdvec(&stepped).unwrap()).unwrap();
        }
        prop_assert_eq!(shown(&found), shown(&found_stepped));
        prop_assert_eq!(plain, stepped);
    }
}
