//! The staged scenes: what is sent, when, and in which order; and that the judge finds in it what is to be shown.

use super::*;
use geofence::Report;
use geofence::command::judge_files;
use incident::UNHEARD_S;
use interference::{DISTURBED_S, Trouble};
use life::{Life, Now};
use scene::BACKLOG_BEGINS_S;
use std::ops::Range;

/// 2026-11-22T09:00:20Z, a Sunday: 12:30:20 in Tehran.
const START: Timestamp = Timestamp::from_millis(1_795_338_020_000);
/// How long until the server has stored what was sent, seconds.
const ANSWER_S: f64 = 0.5;

/// What a tag hands over at one instant.
#[derive(Clone, Debug, PartialEq)]
struct Told {
    at_s: f64,
    wearer: usize,
    radio: bool,
    reports: Vec<Report>,
}

fn staged(seed: u64, wearers: u32) -> Town {
    town(seed, wearers).starting_at(START)
}

/// Every telling of a run of so many seconds, a tick every 0.2 s.
fn lived(town: &Town, seconds: u32) -> Vec<Told> {
    let mut life = Life::begin(town, 5.0, 4.0, START);
    let (mut told, mut told_s) = (Vec::new(), vec![f64::MIN; town.wearers.len()]);
    for tick in 0..seconds * 5 {
        let at_s = f64::from(tick) / 5.0;
        let now = Now { passed_s: at_s, at: START.plus_millis(i64::from(tick) * 200) };
        while life.happens(now).is_some() {}
        for (wearer, told_s) in told_s.iter_mut().enumerate() {
            let deed = life.step(wearer, now, at_s - *told_s > ANSWER_S);
            if !deed.reports.is_empty() {
                *told_s = at_s;
                told.push(Told { at_s, wearer, radio: deed.radio, reports: deed.reports });
            }
        }
    }
    told
}

/// Seconds after the start.
fn taken_s(report: &Report) -> f64 {
    report.taken_at.millis_since(START) as f64 / 1000.0
}

/// All reports of one wearer that were taken in that time.
fn reports(told: &[Told], wearer: usize, taken: Range<f64>) -> Vec<Report> {
    let own = told.iter().filter(|told| told.wearer == wearer).flat_map(|told| told.reports.iter().copied());
    own.filter(|report| taken.contains(&taken_s(report))).collect()
}

/// Metres from here to where the report says it was.
fn metres_from(longitude_e7: i32, latitude_e7: i32, report: &Report) -> f64 {
    let (east, north) = (report.longitude_e7 - longitude_e7, report.latitude_e7 - latitude_e7);
    (f64::from(east) * 0.00905).hypot(f64::from(north) * 0.0111)
}

fn metres_from_home(town: &Town, wearer: usize, report: &Report) -> f64 {
    let [longitude, latitude] = town.wearers[wearer].home.e7();
    metres_from(longitude, latitude, report)
}

#[test]
fn a_life_is_the_same_for_a_seed_and_a_start() {
    let town = staged(7, 40);
    assert_eq!(lived(&town, 120), lived(&staged(7, 40), 120));
    assert_ne!(lived(&town, 20), lived(&staged(8, 40), 20));
}

#[test]
fn interference_takes_most_neighbours_of_a_town_but_not_of_a_hamlet() {
    assert_eq!(staged(1, 29).scenes.interference, None);
    for (seed, wearers) in [(1, 30), (7, 31), (1, 50), (2, 200)] {
        let town = staged(seed, wearers);
        let members = &town.scenes.interference.as_ref().unwrap().members;
        assert!(members.len() >= 25 && members.len() * 2 >= wearers as usize, "{} of {wearers}", members.len());
        for trouble in [Trouble::Spoofed, Trouble::Blind] {
            assert!(members.values().filter(|own| **own == trouble).count() >= 10, "{trouble:?} of {wearers}");
        }
        let spared = [town.scenes.backlog.unwrap(), town.scenes.curfew.as_ref().unwrap().wearer];
        assert!(spared.iter().all(|wearer| !members.contains_key(wearer)));
    }
}

#[test]
fn spoofed_tags_agree_on_a_place_300_km_away_and_blind_ones_know_none() {
    let town = staged(1, 50);
    let told = lived(&town, 200);
    let members = &town.scenes.interference.as_ref().unwrap().members;
    let spoofed = *members.iter().find(|(_, trouble)| **trouble == Trouble::Spoofed).unwrap().0;
    let reference = reports(&told, spoofed, DISTURBED_S)[0];
    for (wearer, trouble) in members {
        for report in reports(&told, *wearer, DISTURBED_S) {
            if *trouble == Trouble::Blind {
                assert_eq!((report.signals.get(Signal::Fix), report.satellites, report.latitude_e7), (Some(false), 0, 0));
                continue;
            }
            assert!(report.signals.is(Signal::Fix) && report.satellites >= 12, "as if all were well");
            assert!((290_000.0..310_000.0).contains(&metres_from_home(&town, *wearer, &report)));
            // The forged place moves 3 m a second; a measurement is a few metres off.
            let apart_m = metres_from(reference.longitude_e7, reference.latitude_e7, &report);
            assert!((apart_m - 3.0 * (taken_s(&report) - taken_s(&reference))).abs() < 30.0, "{apart_m} m apart");
        }
    }
}

#[test]
fn interference_ends_and_leaves_the_others_alone() {
    let town = staged(1, 50);
    let members = &town.scenes.interference.as_ref().unwrap().members;
    for Told { wearer, reports, .. } in lived(&town, 240) {
        for report in reports.iter().filter(|report| report.signals.is(Signal::Fix)) {
            let disturbed = members.contains_key(&wearer) && DISTURBED_S.contains(&taken_s(report));
            assert!(disturbed || metres_from_home(&town, wearer, report) < 1_100.0, "{wearer} {}", taken_s(report));
        }
    }
}

#[test]
fn strap_and_call_for_help_are_told_during_interference() {
    let town = staged(1, 50);
    let told = lived(&town, 200);
    let interference = town.scenes.interference.as_ref().unwrap();
    for (trouble, signal, seconds) in [(Trouble::Spoofed, Signal::StrapOpen, 115.0..190.0), (Trouble::Blind, Signal::Sos, 135.0..147.0)] {
        let told = reports(&told, interference.first(trouble).unwrap(), seconds);
        assert!(told.len() >= 2 && told.iter().all(|report| report.signals.is(signal)), "{signal:?}");
    }
}

#[test]
fn a_backlog_comes_after_a_newer_report_in_one_batch_newest_first() {
    let town = staged(1, 50);
    let wearer = town.scenes.backlog.unwrap();
    let (lost_s, back_s) = (BACKLOG_BEGINS_S + UNHEARD_S.start, BACKLOG_BEGINS_S + UNHEARD_S.end);
    let told: Vec<Told> = lived(&town, 110).into_iter().filter(|told| told.wearer == wearer && told.at_s >= lost_s).collect();
    assert!(told.iter().all(|told| told.radio && told.at_s >= back_s), "nothing is told without a network");

    let [live, batch, later @ ..] = &told[..] else { panic!("{told:?}") };
    assert!(live.at_s - back_s < 0.5 && live.reports.len() == 1 && taken_s(&live.reports[0]) == live.at_s, "{live:?}");
    assert!(batch.at_s - live.at_s > ANSWER_S && batch.at_s - live.at_s < 2.0, "as soon as the first is stored");
    assert!(batch.reports.is_sorted_by(|one, next| one.taken_at > next.taken_at), "newest first");
    assert!(batch.reports.len() >= 11 && batch.reports.iter().all(|report| (lost_s..back_s).contains(&taken_s(report))));
    assert!(later.len() >= 4 && later.iter().all(|told| told.reports.len() == 1 && taken_s(&told.reports[0]) == told.at_s));
    assert!(batch.reports.iter().filter(|report| metres_from_home(&town, wearer, report) > 875.0).count() >= 3, "in the street");
    assert!(metres_from_home(&town, wearer, batch.reports.first().unwrap()) < 600.0, "and out of it again");
}

#[test]
fn a_backlog_waits_until_the_newer_report_is_stored() {
    let (at, mut backlog) = (|second: i64| Report::at(Timestamp::from_millis(second * 1000)), backlog::Backlog::default());
    for second in [1, 2, 3] {
        assert_eq!(backlog.take(false, Some(at(second)), true), []);
    }
    assert!(backlog.is_due());
    assert_eq!(backlog.take(true, Some(at(4)), true), [at(4)]);
    assert_eq!(backlog.take(true, None, false), [], "not stored yet");
    assert_eq!(backlog.take(true, Some(at(9)), true), [at(9), at(3), at(2), at(1)]);
    assert_eq!(backlog.take(true, Some(at(14)), true), [at(14)]);
}

#[test]
fn a_curfew_begins_at_the_first_whole_minute_60_s_away_in_tehran() {
    let check = |start: &str, begins: &str, day: &str, from: &str, to: &str| {
        let curfew = curfew::Curfew::after(0, start.parse().unwrap());
        assert_eq!(curfew.begins.to_string(), begins);
        assert_eq!(curfew.timetable(), serde_json::json!([{ "days": [day], "from": from, "to": to }]), "{start}");
    };
    check("2026-11-22T09:00:20Z", "2026-11-22T09:02:00Z", "sun", "12:32", "13:32");
    check("2026-11-22T09:00:00Z", "2026-11-22T09:01:00Z", "sun", "12:31", "13:31");
    check("2026-11-22T09:00:00.001Z", "2026-11-22T09:02:00Z", "sun", "12:32", "13:32");
    check("2026-11-24T20:27:30Z", "2026-11-24T20:29:00Z", "tue", "23:59", "00:59");
    check("2026-11-24T20:28:30Z", "2026-11-24T20:30:00Z", "wed", "00:00", "01:00");
    check("2026-11-27T23:00:30Z", "2026-11-27T23:02:00Z", "sat", "02:32", "03:32");
}

#[test]
fn who_misses_the_curfew_is_away_all_the_time_and_unheard_in_the_minute_after_it_began() {
    let town = staged(1, 50);
    let curfew = town.scenes.curfew.as_ref().unwrap();
    let begins_s = curfew.begins.millis_since(START) as f64 / 1000.0;
    assert!((60.0..=120.0).contains(&begins_s));
    let told = reports(&lived(&town, 400), curfew.wearer, 0.0..400.0);
    assert!(told.iter().all(|report| report.signals.is(Signal::Fix) && metres_from_home(&town, curfew.wearer, report) > 400.0));
    let (before, after): (Vec<_>, Vec<_>) = told.iter().map(|report| taken_s(report) - begins_s).partition(|seconds| *seconds < 0.0);
    assert!(before.last().is_some_and(|last_s| (-25.0..-5.0).contains(last_s)), "{before:?}");
    assert!(after.first().is_some_and(|first_s| (90.0..96.0).contains(first_s)), "{after:?}");
}

#[test]
fn a_town_without_a_known_start_has_no_curfew_staged() {
    let (plain, staged) = (town(1, 50), staged(1, 50));
    assert_eq!(plain.scenes.curfew, None);
    assert_eq!(plain.tags_csv(), staged.tags_csv());
    assert_eq!((plain.scenes().len(), staged.scenes().len()), (2, 3));
    assert!(staged.scenes()[2].starts_with("12:33 in Tehran: W-0047, "), "{:?}", staged.scenes());
    assert!(town(1, 5).starting_at(START).scenes().is_empty());
}

/// What `paband judge --all-rules` finds in a run, as `wearer kind zone start found`, seconds after the start.
fn judged(town: &Town, seconds: u32) -> Vec<String> {
    let mut track = "wearer,taken_at,lat,lon,accuracy_m\n".to_owned();
    for Told { wearer, reports, .. } in lived(town, seconds) {
        for report in reports {
            let [longitude, latitude] = [report.longitude_e7, report.latitude_e7].map(|e7| f64::from(e7) / 1e7);
            let position = match report.signals.is(Signal::Fix) {
                true => format!("{latitude},{longitude},{}", f64::from(report.accuracy_dm) / 10.0),
                false => ",,".to_owned(),
            };
            track += &format!("{},{},{position}\n", town.wearers[wearer].reference, report.taken_at);
        }
    }
    let until = START.plus_seconds(seconds.into());
    let rows = judge_files(&town.zones_geojson(), track.as_bytes(), Some(until), true).unwrap();
    let after = |at: Timestamp| at.millis_since(START).div_euclid(1000);
    let row = |row: &geofence::command::Row| {
        let violation = &row.violation;
        format!("{} {:?} {} {}", row.wearer, violation.kind, after(violation.start), after(violation.found_at))
    };
    rows.iter().map(row).collect()
}

#[test]
fn the_judge_finds_what_is_staged() {
    let town = staged(1, 50);
    let found = judged(&town, 170);
    let name = |wearer: usize| &town.wearers[wearer].reference;
    assert!(found.contains(&format!("{} Inclusion 100 160", name(town.scenes.curfew.as_ref().unwrap().wearer))), "{found:#?}");
    let crossing = format!("{} Exclusion 3", name(town.scenes.backlog.unwrap()));
    assert!(found.iter().any(|row| row.starts_with(&crossing)), "{found:#?}");
    // Its start may be earlier: who is indoors loses the position now and then, and counts as the first who turned.
    let interference = found.iter().find(|row| row.starts_with(" AreaInterference ")).and_then(|row| row.rsplit_once(' '));
    assert!(interference.is_some_and(|(_, found_s)| (100..106).contains(&found_s.parse::<i64>().unwrap())), "{found:#?}");
}
