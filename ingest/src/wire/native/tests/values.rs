use super::*;
use geofence::{Signal, Source};
use proptest::prelude::*;
use proto::tag::Flag;

fn heard(said: Report) -> geofence::Report {
    match Connection::logged_in().say(0, batch(1, vec![said])) {
        Ok(Event::Submitted(submission)) => submission.reports[0],
        other => panic!("not submitted: {other:?}"),
    }
}

#[test]
fn a_value_out_of_range_is_refused_by_name() {
    let check = |said: Report, field: &str| {
        let mut connection = Connection::logged_in();
        connection.say(0, batch(1, vec![report(), said])).expect_err("out of range");
        match &connection.told()[..] {
            [(0, Told::Refusal(refusal))] => {
                assert_eq!(refusal.reason(), Reason::Protocol);
                assert_eq!(refusal.text, format!("report 2 of the batch: {field} is out of range"));
            }
            other => panic!("not refused: {other:?}"),
        }
    };
    check(Report { latitude_e7: 900_000_001, ..report() }, "latitude_e7");
    check(Report { latitude_e7: i32::MIN, ..report() }, "latitude_e7");
    check(Report { longitude_e7: -1_800_000_001, ..report() }, "longitude_e7");
    check(Report { course_deg: 360, ..report() }, "course_deg");
    check(Report { altitude_m: 32_768, ..report() }, "altitude_m");
    check(Report { satellites: 256, ..report() }, "satellites");
    check(Report { battery_percent_plus_one: 102, ..report() }, "battery_percent_plus_one");
    check(Report { source: 4, ..report() }, "source");
    check(Report { source: -1, ..report() }, "source");
    check(Report { fix: 3, ..report() }, "fix");
    check(Report { sos: 3, ..report() }, "sos");
    check(Report { at_home_beacon: -1, ..report() }, "at_home_beacon");
}

#[test]
fn a_batch_is_neither_empty_nor_too_long() {
    let check = |count: usize, taken: bool| {
        let mut connection = Connection::logged_in();
        assert_eq!(connection.say(0, batch(1, vec![report(); count])).is_ok(), taken, "{count} reports");
    };
    check(0, false);
    check(1, true);
    check(REPORTS_MAX, true);
    check(REPORTS_MAX + 1, false);
}

#[test]
fn a_fix_needs_coordinates() {
    let check = |latitude_e7, fix: Flag, expected| {
        let said = Report { latitude_e7, longitude_e7: 0, fix: fix.into(), ..report() };
        assert_eq!(heard(said).signals.get(Signal::Fix), Some(expected));
    };
    check(1, Flag::Unsaid, true);
    check(1, Flag::Yes, true);
    check(1, Flag::No, false);
    check(0, Flag::Unsaid, false);
    check(0, Flag::Yes, false);
}

#[test]
fn what_is_unsaid_stays_unsaid() {
    let heard = heard(Report::default());
    assert_eq!(heard.signals.bits(), geofence::Signals::default().with(Signal::Fix, false).bits());
    assert_eq!(heard.battery_percent, geofence::Report::BATTERY_UNSAID);
    assert_eq!(heard.taken_at, Timestamp::from_millis(0));
}

prop_compose! {
    fn any_report()(
        (taken_at_ms, latitude_e7, longitude_e7) in (any::<i64>(), 1..=900_000_000i32, -1_800_000_000..=1_800_000_000i32),
        (accuracy_dm, speed_cms) in (0..100_000u32, 0..100_000u32),
        (course_deg, altitude_m, satellites) in (0..360u32, -32_768..=32_767i32, 0..=255u32),
        (battery_percent_plus_one, source) in (0..=101u32, 0..=3i32),
        flags in prop::array::uniform9(0..=2i32),
    ) -> Report {
        let [fix, strap_open, case_tamper, charging, motion, sos, power_off, jamming, at_home_beacon] = flags;
        Report {
            taken_at_ms, latitude_e7, longitude_e7, fix, accuracy_dm, source, speed_cms, course_deg, altitude_m, satellites,
            battery_percent_plus_one, strap_open, case_tamper, charging, motion, sos, power_off, jamming, at_home_beacon,
        }
    }
}

/// What a report must become, said without a look at the decoder.
fn expected(said: &Report) -> geofence::Report {
    let flags = [
        (Signal::StrapOpen, said.strap_open),
        (Signal::CaseTamper, said.case_tamper),
        (Signal::Charging, said.charging),
        (Signal::Motion, said.motion),
        (Signal::Sos, said.sos),
        (Signal::PowerOff, said.power_off),
        (Signal::Jamming, said.jamming),
        (Signal::AtHomeBeacon, said.at_home_beacon),
    ];
    let fix = geofence::Signals::default().with(Signal::Fix, said.fix != 1);
    geofence::Report {
        taken_at: Timestamp::from_millis(said.taken_at_ms),
        latitude_e7: said.latitude_e7,
        longitude_e7: said.longitude_e7,
        accuracy_dm: said.accuracy_dm.min(65_535) as u16,
        speed_cms: said.speed_cms.min(65_535) as u16,
        course_deg: said.course_deg as u16,
        altitude_m: said.altitude_m as i16,
        satellites: said.satellites as u8,
        battery_percent: (said.battery_percent_plus_one as u8).wrapping_sub(1),
        source: [Source::Gnss, Source::Cell, Source::Wifi, Source::Beacon][said.source as usize],
        signals: flags.iter().filter(|(_, flag)| *flag > 0).fold(fix, |signals, (signal, flag)| signals.with(*signal, *flag == 2)),
    }
}

proptest! {
    #[test]
    fn any_batch_survives_the_wire(said in prop::collection::vec(any_report(), 1..30)) {
        let wanted: Vec<_> = said.iter().map(expected).collect();
        match Connection::logged_in().say(0, batch(1, said)) {
            Ok(Event::Submitted(submission)) => prop_assert_eq!(submission.reports, wanted),
            other => prop_assert!(false, "not submitted: {:?}", other),
        }
    }
}
