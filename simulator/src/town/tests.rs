use super::*;
use crate::identity::{distinct, is_imei};
use geofence::{Signal, Timestamp};
use incident::Incident;
use schedule::Schedule;
use serde_json::Value;

mod scenes;

fn town(seed: u64, wearers: u32) -> Town {
    Town::generate(seed, wearers).unwrap()
}

#[test]
fn the_same_seed_gives_the_same_town() {
    let (one, same, other) = (town(7, 50), town(7, 50), town(8, 50));
    assert_eq!((one.tags_csv(), one.zones_geojson()), (same.tags_csv(), same.zones_geojson()));
    assert_ne!(one.zones_geojson(), other.zones_geojson());
    assert_ne!(one.tags_csv(), other.tags_csv());
}

#[test]
fn every_tag_has_its_own_valid_imei() {
    let town = town(1, WEARERS_MAX);
    assert!(town.wearers.iter().all(|wearer| is_imei(&wearer.identity.imei)));
    distinct(town.wearers.iter().map(|wearer| (wearer.reference.as_str(), &wearer.identity))).unwrap();
    assert_eq!(town.tags().len(), WEARERS_MAX as usize);
}

#[test]
fn a_town_without_people_or_without_end_is_refused() {
    for wearers in [0, WEARERS_MAX + 1] {
        assert!(Town::generate(1, wearers).is_err());
    }
}

#[test]
fn zones_are_closed_rings_or_circles_near_the_town() {
    let zones: Value = serde_json::from_str(&town(3, 40).zones_geojson()).unwrap();
    let features = zones["features"].as_array().unwrap();
    assert_eq!(features.len(), 41, "one a wearer and the airport");
    for feature in features {
        let (geometry, properties) = (&feature["geometry"], &feature["properties"]);
        let points = match geometry["type"].as_str().unwrap() {
            "Point" => {
                assert!(properties["radius_m"].as_f64().unwrap() > 0.0);
                vec![geometry["coordinates"].clone()]
            }
            "Polygon" => geometry["coordinates"][0].as_array().unwrap().clone(),
            other => panic!("{other}"),
        };
        assert!(points.len() == 1 || (points.len() == 5 && points[0] == points[4]), "closed");
        for point in points {
            let (longitude, latitude) = (point[0].as_f64().unwrap(), point[1].as_f64().unwrap());
            assert!((51.2..51.6).contains(&longitude) && (35.6..35.8).contains(&latitude), "{point}");
        }
        assert!(["inclusion", "exclusion"].contains(&properties["sense"].as_str().unwrap()));
    }
}

/// The incidents of the first ten minutes.
fn incidents(town: &Town, seed: u64) -> Vec<Incident> {
    let mut schedule = Schedule::new(seed, town.wearers.len(), 4.0, town.scenes.incidents(Timestamp::from_millis(0)));
    (0..3000).filter_map(|tick| schedule.next(&town.wearers, f64::from(tick) * 0.2)).collect()
}

#[test]
fn incidents_are_the_same_for_a_seed_mixed_and_a_few_a_minute() {
    let town = town(7, 50);
    let happened = incidents(&town, 7);
    assert_eq!(happened, incidents(&town, 7));
    assert!((33..=48).contains(&happened.len()), "{}", happened.len());
    let kinds: std::collections::BTreeSet<_> = happened.iter().map(|incident| incident.kind).collect();
    assert!(kinds.len() >= 5, "{kinds:?}");
}

#[test]
fn the_first_alerts_come_in_the_first_seconds_scenes_or_not() {
    let happened = incidents(&town(7, 50), 7);
    for expected in [
        (-52.0, IncidentKind::EntersStreet),
        (-25.0, IncidentKind::LeavesHome),
        (4.0, IncidentKind::CutsStrap),
        (16.0, IncidentKind::CallsForHelp),
        (24.0, IncidentKind::LeavesSilently),
    ] {
        assert!(happened.iter().any(|incident| (incident.begins_s, incident.kind) == expected), "{expected:?}");
    }
}

/// What the tag of the first such incident says from the start of the run on, a report every 5 s: seconds, metres from home, the report.
fn told(kind: IncidentKind) -> Vec<(f64, f64, geofence::Report)> {
    let town = town(7, 50);
    let incident = incidents(&town, 7).into_iter().find(|incident| incident.kind == kind).unwrap();
    let (wearer, mut random) = (&town.wearers[incident.wearer], Xoshiro256PlusPlus::seed_from_u64(1));
    let [east, north] = wearer.home.e7();
    let seconds =
        (0..).map(|step| incident.begins_s + f64::from(step) * 5.0).take_while(|now_s| *now_s < incident.begins_s + kind.seconds());
    seconds
        .filter_map(|now_s| {
            let taken_at = Timestamp::from_millis(1_795_000_000_000).plus_millis((now_s * 1000.0) as i64);
            let report = day::report(wearer, Some(&incident), now_s, taken_at, &mut random)?;
            let (east_m, north_m) = (f64::from(report.longitude_e7 - east) * 0.00905, f64::from(report.latitude_e7 - north) * 0.0111);
            Some((now_s - incident.begins_s, east_m.hypot(north_m), report))
        })
        .collect()
}

#[test]
fn who_leaves_is_far_away_and_comes_back() {
    for (kind, far_m) in [(IncidentKind::LeavesHome, 400.0), (IncidentKind::LeavesSilently, 400.0), (IncidentKind::EntersStreet, 860.0)] {
        let far = told(kind).iter().filter(|(_, away_m, _)| *away_m > far_m).count();
        assert!(far >= 6, "{kind:?}: {far} reports from afar");
        let mut fixes = told(kind).into_iter().filter(|(_, _, report)| report.signals.is(Signal::Fix));
        let (_, away_m, _) = fixes.next_back().unwrap();
        assert!(away_m < 100.0, "{kind:?} ends {away_m} m from home");
    }
}

#[test]
fn what_a_tag_says_of_itself_follows_the_incident() {
    assert!(told(IncidentKind::CutsStrap).iter().all(|(_, _, report)| report.signals.is(Signal::StrapOpen)));
    assert!(told(IncidentKind::CallsForHelp).iter().all(|(_, _, report)| report.signals.is(Signal::Sos)));
    let flat = told(IncidentKind::RunsFlat);
    assert!(flat.iter().any(|(_, _, report)| report.battery_percent < 5));
    assert!(!flat.iter().any(|(passed_s, _, _)| (70.0..180.0).contains(passed_s)), "no power, no report");
}
