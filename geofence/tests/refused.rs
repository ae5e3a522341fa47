//! What is refused, and how it is said; and that nothing panics.

use geofence::command::{ZoneFile, judge_files};
use geofence::{Judge, Plan, Report, Signal, Signals, Source, Timestamp, Zone};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;

fn refusal(geometry: Value, properties: Value) -> String {
    let good = json!({"type": "Feature", "geometry": {"type": "Point", "coordinates": [51.4, 35.7]}, "properties": {"wearers": "*", "zone": "good", "sense": "inclusion", "radius_m": 9}});
    let mut all = json!({"wearer": "w", "zone": "z", "sense": "inclusion"});
    all.as_object_mut().expect("an object").extend(properties.as_object().expect("an object").clone());
    let bad = json!({"type": "Feature", "geometry": geometry, "properties": all});
    ZoneFile::parse(&json!({"type": "FeatureCollection", "features": [good, bad]}).to_string()).expect_err("refused").to_string()
}

#[test]
fn a_zone_that_cannot_be_judged_names_its_feature_and_what_to_do() {
    let point = json!({"type": "Point", "coordinates": [51.4, 35.7]});
    let polygon = json!({"type": "Polygon", "coordinates": [[[51.0, 35.0], [51.1, 35.0], [51.1, 35.1], [51.0, 35.0]]]});
    let rows = [
        (point.clone(), json!({}), "feature 2 (zone \"z\"): property \"radius_m\" is missing"),
        (point.clone(), json!({"radius_m": -1}), "\"radius_m\": must be a number"),
        (point.clone(), json!({"radius_m": "200"}), "\"radius_m\": must be a number"),
        (point.clone(), json!({"radius_m": 9, "distance_m": 9}), "a Point needs radius_m"),
        (polygon.clone(), json!({"radius_m": 9}), "takes distance_m"),
        (polygon.clone(), json!({"sense": "in"}), "must be \"inclusion\" or \"exclusion\""),
        (polygon.clone(), json!({"zone": null}), "property \"zone\" is missing"),
        (polygon.clone(), json!({"open_after": 9}), "unknown property \"open_after\""),
        (polygon.clone(), json!({"validFrom": "2026-01-01"}), "unknown property \"validFrom\""),
        (polygon.clone(), json!({"valid_from": "soon"}), "must be a time such as"),
        (polygon.clone(), json!({"valid_from": "2026-01-02", "valid_to": "2026-01-02"}), "must be after valid_from"),
        (polygon.clone(), json!({"open_fixes": 0}), "\"open_fixes\""),
        (polygon.clone(), json!({"open_fixes": 1.5}), "whole number"),
        (polygon.clone(), json!({"timetable": "never"}), "\"always\" or a list of rows"),
        (polygon.clone(), json!({"timetable": [{"days": ["sat"], "from": "1:00", "to": "02:00"}]}), "row 1: time \"1:00\""),
        (polygon.clone(), json!({"timetable": [{"days": ["saturday"], "from": "01:00", "to": "02:00"}]}), "day \"saturday\""),
        (polygon.clone(), json!({"timetable": [{"days": ["sat"], "from": "01:00", "to": "24:01"}]}), "24:01"),
        (polygon.clone(), json!({"exceptions": [{"date": "2022-02-30", "from": "01:00", "to": "02:00", "on": true}]}), "2022-02-30"),
        (polygon, json!({"wearers": "*"}), "not both"),
        (json!({"type": "LineString", "coordinates": [[51.0, 35.0], [51.1, 35.0]]}), json!({}), "\"distance_m\" is missing"),
        (json!({"type": "MultiPoint", "coordinates": [[51.0, 35.0]]}), json!({}), "MultiPoint cannot be a zone"),
        (json!({"type": "Polygon", "coordinates": [[[51.0, 35.0], [51.1, 35.0], [51.1, 35.1], [51.0, 35.1]]]}), json!({}), "not closed"),
        (json!({"type": "Polygon", "coordinates": [[[51.0, 35.0], [51.1, 35.0], [51.0, 35.0]]]}), json!({}), "at least 4 positions"),
        (json!({"type": "Polygon", "coordinates": []}), json!({}), "empty"),
        (
            json!({"type": "Polygon", "coordinates": [[[51.0, 95.0], [51.1, 35.0], [51.1, 35.1], [51.0, 95.0]]]}),
            json!({}),
            "cannot be part of a zone",
        ),
        (json!({"type": "Point", "coordinates": [51.0]}), json!({"radius_m": 9}), "feature 2"),
        (json!(null), json!({}), "no geometry"),
    ];
    for (geometry, properties, expected) in rows {
        let told = refusal(geometry.clone(), properties.clone());
        assert!(told.contains("feature 2") && told.contains(expected), "{geometry} {properties}: {told}");
    }
}

#[test]
fn a_property_that_says_nothing_of_judgement_is_ignored() {
    let feature = json!({"type": "Feature", "geometry": {"type": "Point", "coordinates": [51.4, 35.7]},
        "properties": {"wearer": "w", "zone": "z", "sense": "inclusion", "radius_m": 9, "name": "home", "colour": "red", "stroke-width": 2}});
    assert_eq!(ZoneFile::parse(&json!({"type": "FeatureCollection", "features": [feature]}).to_string()).expect("good").features.len(), 1);
}

#[test]
fn a_file_that_is_none_says_so() {
    let feature = |from: &str, to: &str| {
        json!({"type": "Feature", "geometry": {"type": "Point", "coordinates": [51.4, 35.7]},
        "properties": {"wearer": "w", "zone": "z", "sense": "inclusion", "radius_m": 9, "valid_from": from, "valid_to": to}})
    };
    let overlapping =
        json!({"type": "FeatureCollection", "features": [feature("2026-01-01", "2026-02-01"), feature("2026-01-31", "2026-03-01")]});
    let leaves =
        json!({"type": "FeatureCollection", "features": [], "leaves": [{"wearer": "w", "from": "2026-01-02", "to": "2026-01-01"}]});
    let track = "wearer,taken_at,lat,lon,accuracy_m\nw,2026-01-01T00:00:00Z,1,2,3\n";
    let rows: [(&str, &str, &str); 9] = [
        ("[]", track, "zones: no JSON object"),
        (r#"{"type":"Feature"}"#, track, "FeatureCollection"),
        (&overlapping.to_string(), track, "features 1 and 2 are versions of zone \"z\" of wearer \"w\" that overlap"),
        (&leaves.to_string(), track, "leave 1: to must be after from"),
        (r#"{"type":"FeatureCollection","features":[],"leave":[]}"#, track, "did you mean \"leaves\""),
        (r#"{"type":"FeatureCollection","features":[]}"#, "wearer,taken_at,lat,lon\n", "column \"accuracy_m\" is missing"),
        (
            r#"{"type":"FeatureCollection","features":[]}"#,
            "wearer,taken_at,lat,lon,accuracy_m\nw,2026-01-01T00:00:00Z,1,2,3\nw,noon,1,2,3\n",
            "line 3: taken_at \"noon\" cannot be read",
        ),
        (
            r#"{"type":"FeatureCollection","features":[]}"#,
            "wearer,taken_at,lat,lon,accuracy_m\nw,2026-01-01T00:00:00Z,x,2,3\n",
            "line 2: lat \"x\"",
        ),
        (r#"{"type":"FeatureCollection","features":[]}"#, "wearer,taken_at,lat,lon,accuracy_m\nw,2026-01-01T00:00:00Z,1\n", "track:"),
    ];
    for (zones, track, expected) in rows {
        let told = judge_files(zones, track.as_bytes(), None, false).expect_err("refused").to_string();
        assert!(told.contains(expected), "{told}");
    }
}

fn plan() -> Arc<Plan> {
    let text = r#"{"type":"Feature","geometry":{"type":"Point","coordinates":[51.4,35.7]},"properties":{"zone":"z","sense":"inclusion","radius_m":200}}"#;
    let feature = serde_json::from_str(text).expect("GeoJSON");
    Arc::new(Plan::new(vec![Arc::new(Zone::from_feature(1, &feature).expect("a zone"))], vec![]).watched(Arc::default()))
}

#[test]
fn strap_case_and_sos_open_at_once_when_they_become_yes_and_never_end() {
    let mut judge = Judge::new(plan(), Timestamp::from_millis(1_700_000_000_000));
    let mut told = Vec::new();
    let mut report = |second: i64, signals: Signals| {
        let at = Timestamp::from_millis(1_700_000_000_000 + second * 1000);
        let mut found = Vec::new();
        judge.report(&Report { signals, ..Report::at(at) }, at, &mut found);
        told.extend(found.into_iter().map(|violation| {
            format!("{} {} {:?}", violation.kind.name(), violation.start.millis() / 1000 - 1_700_000_000, violation.end)
                + if violation.restored_at.is_some() { " restored" } else { "" }
        }));
    };
    let none = Signals::default();
    report(1, none.with(Signal::StrapOpen, true));
    report(2, none.with(Signal::StrapOpen, true).with(Signal::Sos, true));
    report(3, none);
    report(4, none.with(Signal::StrapOpen, true));
    report(5, none.with(Signal::StrapOpen, false).with(Signal::CaseTamper, true));
    report(6, none.with(Signal::StrapOpen, true));
    // What comes late is for judging the past again.
    report(3, none.with(Signal::CaseTamper, false));
    report(7, none.with(Signal::Sos, true));
    assert_eq!(told, ["strap_open 1 None", "sos 2 None", "strap_open 1 None restored", "case_tamper 5 None", "strap_open 6 None"]);
}

#[test]
fn a_memory_of_another_form_is_refused() {
    let judge = Judge::new(plan(), Timestamp::from_millis(0));
    let mut bytes = Vec::new();
    judge.save(&mut bytes);
    assert!(Judge::restore(plan(), &bytes).is_ok());
    assert!(Judge::restore(plan(), &[]).expect_err("refused").to_string().contains("damaged"));
    bytes[0] = 99;
    assert!(Judge::restore(plan(), &bytes).expect_err("refused").to_string().contains("form 99"));
}

fn report() -> impl Strategy<Value = Report> {
    let time = prop_oneof![0..10_000_000_i64, any::<i64>()].prop_map(Timestamp::from_millis);
    (time, any::<[i32; 2]>(), any::<u16>(), any::<u32>(), 0..4_u8, any::<u8>(), any::<bool>()).prop_map(
        |(time, place, accuracy_dm, signals, source, satellites, near)| Report {
            latitude_e7: if near { 357_000_000 + place[0] % 100_000 } else { place[0] },
            longitude_e7: if near { 514_000_000 + place[1] % 100_000 } else { place[1] },
            accuracy_dm: if near { accuracy_dm % 900 } else { accuracy_dm },
            signals: Signals::from_bits(signals),
            source: Source::from_number(source).expect("0 to 3"),
            satellites,
            ..Report::at(time)
        },
    )
}

proptest! {
    #[test]
    fn nothing_a_tag_says_panics(reports in proptest::collection::vec((report(), any::<i64>(), any::<bool>()), 1..60)) {
        let mut judge = Judge::new(plan(), Timestamp::from_millis(1_000));
        let mut found = Vec::new();
        for (report, received_at, at_once) in reports {
            let received_at = if at_once { report.taken_at } else { Timestamp::from_millis(received_at) };
            judge.report(&report, received_at, &mut found);
            judge.advance(received_at, &mut found);
        }
    }

    #[test]
    fn nothing_in_a_file_panics(zones in ".{0,200}", track in "[0-9a-zA-Z,:.\\-\n\" ]{0,300}", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let header = format!("wearer,taken_at,lat,lon,accuracy_m\n{track}");
        let empty = r#"{"type":"FeatureCollection","features":[]}"#;
        let _ = judge_files(&zones, track.as_bytes(), None, true);
        let _ = judge_files(empty, header.as_bytes(), None, true);
        let _ = judge_files(empty, &bytes[..], None, true);
        let _ = Judge::restore(plan(), &bytes);
        let _ = Judge::restore(plan(), &[vec![1], bytes].concat());
    }
}
