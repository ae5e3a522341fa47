//! The policy as tables: sections 3 and 8, reading by reading. A track is a text of seconds and places: `0I 30O 60U` is inside, outside
//! and on the edge; a place may be followed by an accuracy: `60O50`. The zone is a circle of 200 m.

use geofence::Timestamp;
use geofence::command::{Row, judge_files};
use serde_json::{Value, json};

/// 2023-01-01T00:00:00Z, a Sunday; 03:30 in Tehran.
const START: i64 = 1_672_531_200;

#[cfg(test)]
mod table {
    use super::*;

    pub fn time(seconds: i64) -> String {
        Timestamp::from_millis((START + seconds) * 1000).to_string()
    }

    fn seconds(time: Timestamp) -> i64 {
        time.millis() / 1000 - START
    }

    fn line(place: &str) -> String {
        let at = place.find(|c: char| c.is_ascii_uppercase()).unwrap();
        let north = match &place[at..=at] {
            "I" => "35.7",
            "O" => "35.71",
            "F" => "35.72",
            "U" => "35.7018",
            "X" => return format!("w,{},,,\n", time(place[..at].parse().unwrap())),
            other => panic!("{other}"),
        };
        format!("w,{},{north},51.4,{}\n", time(place[..at].parse().unwrap()), &place[at + 1..])
    }

    pub fn feature(properties: Value) -> Value {
        let mut all = json!({"wearer": "w", "zone": "z", "sense": "inclusion", "radius_m": 200});
        all.as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
        json!({"type": "Feature", "geometry": {"type": "Point", "coordinates": [51.4, 35.7]}, "properties": all})
    }

    pub fn rows(features: Value, leaves: Value, track: &str, until: Option<i64>) -> Vec<Row> {
        let zones = json!({"type": "FeatureCollection", "features": features, "leaves": leaves}).to_string();
        let lines: String = track.split_whitespace().map(line).collect();
        let track = format!("wearer,taken_at,lat,lon,accuracy_m\n{lines}");
        let until = until.map(|seconds| Timestamp::from_millis((START + seconds) * 1000));
        judge_files(&zones, track.as_bytes(), until, false).unwrap()
    }

    /// `kind start-end reason, found, last breaking`
    pub fn told(row: &Row) -> String {
        let violation = &row.violation;
        let end = violation.end.map_or("open".to_owned(), |end| format!("{} {}", seconds(end.0), end.1.name()));
        let last = violation.last_breaking_at.map_or(String::new(), |last| format!(" last {}", seconds(last)));
        format!("{} {} to {end}, found {}{last}", violation.kind.name(), seconds(violation.start), seconds(violation.found_at))
    }

    pub fn check(properties: Value, track: &str, until: Option<i64>, expected: &[&str]) {
        let told: Vec<String> = rows(json!([feature(properties.clone())]), json!([]), track, until).iter().map(told).collect();
        assert_eq!(told, expected, "{properties} {track}");
    }
}
use table::{check, feature, rows, time, told};

fn inclusion() -> Value {
    json!({})
}

fn exclusion() -> Value {
    json!({"sense": "exclusion"})
}

/// On from a second on; the first row of a track is before it.
fn from(second: i64) -> Value {
    json!({"valid_from": time(second)})
}

fn exclusion_from(second: i64) -> Value {
    json!({"sense": "exclusion", "valid_from": time(second)})
}

#[test]
fn a_violation_opens_after_enough_fixes_and_enough_time() {
    check(inclusion(), "0O 30O 60O", None, &["inclusion 0 to open, found 60 last 60"]);
    check(inclusion(), "0O 30O 59O", None, &[]);
    check(inclusion(), "0O 60O", None, &[]);
    check(inclusion(), "0O 10I 30O 60O 89O", None, &[]);
    check(inclusion(), "0O 10U 30O 50U 60O 90O", None, &["inclusion 0 to open, found 60 last 90"]);
    check(exclusion(), "0I 1I", None, &["exclusion 0 to open, found 1 last 1"]);
    check(exclusion(), "0I 1O 2I", None, &[]);
    check(exclusion(), "0I 1U 2I", None, &["exclusion 0 to open, found 2 last 2"]);
}

#[test]
fn a_violation_closes_at_the_first_fix_of_the_closing_run() {
    check(inclusion(), "0O 30O 60O 90I 119I", None, &["inclusion 0 to open, found 60 last 60"]);
    check(inclusion(), "0O 30O 60O 90I 120I", None, &["inclusion 0 to 90 kept, found 60 last 60"]);
    check(inclusion(), "0O 30O 60O 90I 100O 130I 160I", None, &["inclusion 0 to 130 kept, found 60 last 100"]);
    check(inclusion(), "0O 30O 60O 90I 100U 120I", None, &["inclusion 0 to 90 kept, found 60 last 60"]);
    check(exclusion(), "0I 1I 2O 32O 33I 34I", None, &["exclusion 0 to 2 kept, found 1 last 1", "exclusion 33 to open, found 34 last 34"]);
}

#[test]
fn a_gap_breaks_a_run_but_never_a_violation() {
    check(inclusion(), "0O 30O 330O", None, &["inclusion 0 to open, found 330 last 330"]);
    check(inclusion(), "0O 30O 331O", None, &[]);
    check(inclusion(), "0O 300U 600O 601O", None, &["inclusion 0 to open, found 601 last 601"]);
    check(inclusion(), "0O 30O 60O 5000I 5301I", None, &["inclusion 0 to open, found 60 last 60"]);
    check(inclusion(), "0O 30O 60O 5000I 5300I", None, &["inclusion 0 to 5000 kept, found 60 last 60"]);
    check(inclusion(), "0O 30O 60O 5000I 5301I 5331I", None, &["inclusion 0 to 5301 kept, found 60 last 60"]);
}

#[test]
fn a_fix_is_usable_up_to_the_cap_of_the_zone() {
    check(exclusion(), "0I100 1I100", None, &["exclusion 0 to open, found 1 last 1"]);
    check(exclusion(), "0I100.1 1I100.1", None, &[]);
    check(json!({"sense": "exclusion", "accuracy_cap_m": 150}), "0I150 1I150", None, &["exclusion 0 to open, found 1 last 1"]);
    check(exclusion(), "0X 1I 2X 3I", None, &["exclusion 1 to open, found 3 last 3"]);
}

#[test]
fn a_zone_that_turns_on_around_an_absent_wearer_opens_by_time_alone() {
    check(from(100), "0O", Some(160), &["inclusion 100 to open, found 160 last 100"]);
    check(from(100), "0O", Some(159), &[]);
    check(from(300), "0O", Some(900), &["inclusion 300 to open, found 360 last 300"]);
    check(from(100), "0O 110O 150O", Some(160), &["inclusion 100 to open, found 160 last 150"]);
    check(from(100), "0O 150U", Some(160), &["inclusion 100 to open, found 160 last 100"]);
    check(from(100), "0O 159I", Some(500), &[]);
    check(from(100), "0O 160I", Some(500), &[]);
    check(from(100), "0O 160O", Some(500), &["inclusion 100 to open, found 160 last 160"]);
    check(from(100), "0O 161I 191I", Some(500), &["inclusion 100 to 161 kept, found 160 last 100"]);
    check(from(100), "0I", Some(5000), &[]);
    check(from(100), "0O 100I", Some(500), &[]);
    check(from(100), "0I 100O", Some(500), &["inclusion 100 to open, found 160 last 100"]);
    check(exclusion_from(100), "0I", Some(100), &["exclusion 100 to open, found 100 last 100"]);
    check(exclusion_from(100), "0I 100O", Some(200), &[]);
    check(exclusion_from(100), "0I 110O 140O", Some(200), &["exclusion 100 to 110 kept, found 100 last 100"]);
}

#[test]
fn a_gap_after_the_boundary_counts_from_the_boundary() {
    let slow = |second: i64| json!({"valid_from": time(second), "open_after_s": 600});
    check(slow(100), "0O", Some(700), &["inclusion 100 to open, found 700 last 100"]);
    check(slow(100), "0O 400O", Some(700), &["inclusion 100 to open, found 700 last 400"]);
    check(slow(100), "0O 401O", Some(700), &[]);
}

#[test]
fn presence_is_unknown_without_a_fix_on_either_side_of_the_boundary() {
    check(from(400), "0X", Some(700), &["presence_unknown 700 to open, found 700"]);
    check(from(400), "0X", Some(699), &[]);
    check(from(400), "0I", Some(700), &["presence_unknown 700 to open, found 700"]);
    check(from(300), "0I", Some(700), &[]);
    check(from(400), "0X 700I", None, &[]);
    check(from(400), "0X 701I", None, &["presence_unknown 700 to 701 fix, found 700"]);
    check(from(400), "0X 701U", None, &["presence_unknown 700 to 701 fix, found 700"]);
    check(
        from(400),
        "0X 701O 731O 761O",
        None,
        &["presence_unknown 700 to 701 fix, found 700", "inclusion 701 to open, found 761 last 761"],
    );
    check(from(400), "0X 701O120", None, &["presence_unknown 700 to open, found 700"]);
    check(from(100), "0U", Some(900), &[]);
    check(exclusion_from(400), "0X", Some(700), &["presence_unknown 700 to open, found 700"]);
}

#[test]
fn what_is_open_ends_when_the_zone_turns_off() {
    let until = |second: i64| json!({"valid_to": time(second)});
    check(until(100), "0O 30O 60O 99I 100I 130I", None, &["inclusion 0 to 100 zone_off, found 60 last 60"]);
    check(until(60), "0O 30O 60O 90O", None, &[]);
    let span = |from: i64, to: i64| json!({"valid_from": time(from), "valid_to": time(to)});
    check(span(400, 800), "0X", Some(800), &["presence_unknown 700 to 800 zone_off, found 700"]);
    check(span(400, 800), "0X", Some(799), &["presence_unknown 700 to open, found 700"]);
    check(span(400, 700), "0X", Some(900), &[]);
    check(span(100, 160), "0O", Some(900), &[]);
}

#[test]
fn a_zone_on_at_the_first_row_is_on_without_a_boundary() {
    check(from(0), "0O", Some(900), &[]);
    check(from(0), "0X", Some(900), &[]);
    check(from(1), "0X", Some(900), &["presence_unknown 301 to open, found 301"]);
}

#[test]
fn rows_after_until_are_not_read_and_what_is_due_then_happens() {
    check(inclusion(), "0O 30O 60O 90I 120I", Some(100), &["inclusion 0 to open, found 60 last 60"]);
    check(inclusion(), "0O 30O 60O", Some(59), &[]);
    check(inclusion(), "100O", Some(50), &[]);
}

#[test]
fn versions_without_a_gap_go_on_and_each_fix_is_measured_by_its_own() {
    let version = |from: i64, to: i64, radius: i64, sense: &str| {
        feature(json!({"valid_from": time(from), "valid_to": time(to), "radius_m": radius, "sense": sense}))
    };
    let check = |features: Value, track: &str, until: Option<i64>, expected: &[&str]| {
        let told: Vec<String> = rows(features, json!([]), track, until).iter().map(told).collect();
        assert_eq!(told, expected, "{track}");
    };
    let grown = json!([version(-9, 45, 200, "inclusion"), version(45, 900, 5000, "inclusion")]);
    check(grown.clone(), "0O 30O 60O 90O", None, &[]);
    check(grown, "0O 10O 40O 60F", None, &[]);
    let same = json!([version(-9, 45, 200, "inclusion"), version(45, 900, 300, "inclusion")]);
    check(same, "0O 30O 60O 90O", None, &["inclusion 0 to open, found 60 last 90"]);
    let gap = json!([version(-9, 45, 200, "inclusion"), version(50, 900, 200, "inclusion")]);
    check(gap, "0O 30O 60O", Some(110), &["inclusion 50 to open, found 110 last 60"]);
    let turned = json!([version(-9, 45, 200, "exclusion"), version(45, 900, 200, "inclusion")]);
    check(turned, "0I 30I 60O", Some(200), &["exclusion 0 to 45 zone_off, found 30 last 30"]);
}

#[test]
fn a_leave_turns_inclusion_zones_off_and_exclusion_zones_only_if_it_says_so() {
    let check = |sense: &str, exclusion: bool, track: &str, expected: &[&str]| {
        let leaves = json!([{"wearer": "w", "from": time(100), "to": time(1000), "exclusion": exclusion}]);
        let told: Vec<String> = rows(json!([feature(json!({"sense": sense}))]), leaves, track, Some(2000)).iter().map(told).collect();
        assert_eq!(told, expected, "{sense} {exclusion} {track}");
    };
    check(
        "inclusion",
        false,
        "0O 30O 60O 200I",
        &["inclusion 0 to 100 zone_off, found 60 last 60", "presence_unknown 1300 to open, found 1300"],
    );
    check("inclusion", false, "0I 200O 300O 400O 900O", &["inclusion 1000 to open, found 1060 last 1000"]);
    check("exclusion", false, "0I 1I 200O 230O", &["exclusion 0 to 200 kept, found 1 last 1"]);
    check("exclusion", true, "0I 1I 200O 900O", &["exclusion 0 to 100 zone_off, found 1 last 1"]);
}

#[test]
fn the_largest_distance_is_told_with_one_decimal() {
    let rows = rows(json!([feature(inclusion())]), json!([]), "0O 30F 60O 90I 120I", None);
    let text = serde_json::to_string(&rows[0]).unwrap();
    let expected = r#"{"wearer":"w","zone":"z","kind":"inclusion","start":"2023-01-01T00:00:00Z","end":"2023-01-01T00:01:30Z","end_reason":"kept","found_at":"2023-01-01T00:01:00Z","max_beyond_m":2019.1,"last_breaking_at":"2023-01-01T00:01:00Z"}"#;
    assert_eq!(text, expected);
}

#[test]
fn of_different_fixes_at_one_instant_the_finest_is_judged() {
    check(exclusion(), "0I20 0O50 1I", None, &["exclusion 0 to open, found 1 last 1"]);
    check(exclusion(), "0I50 0O20 1I", None, &[]);
    // Equal accuracy: the least latitude, which is inside.
    check(exclusion(), "0O 0I 1I", None, &["exclusion 0 to open, found 1 last 1"]);
}

#[test]
fn a_timetable_turns_a_zone_on_in_tehran_time() {
    // 03:30 on a Sunday in Tehran is second 0.
    let row = |days: &[&str], from: &str, to: &str| json!({"timetable": [{"days": days, "from": from, "to": to}]});
    check(row(&["sun"], "03:32", "04:00"), "0O", Some(180), &["inclusion 120 to open, found 180 last 120"]);
    check(row(&["mon"], "03:32", "04:00"), "0O", Some(180), &[]);
    check(row(&["sat"], "22:00", "03:32"), "0O 30O 60O", Some(180), &["inclusion 0 to 120 zone_off, found 60 last 60"]);
    check(row(&["sat"], "03:32", "03:32"), "0O 30O 60O", Some(180), &["inclusion 0 to 120 zone_off, found 60 last 60"]);
    let both = json!({"timetable": [{"days": ["sat"], "from": "12:00", "to": "03:31"}, {"days": ["sun"], "from": "03:31", "to": "24:00"}]});
    check(both, "0O 30O 65O", None, &["inclusion 0 to open, found 65 last 65"]);
    let exception = |on: bool, more: Value| {
        let mut all = json!({"exceptions": [{"date": "2023-01-01", "from": "03:32", "to": "04:00", "on": on}]});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    check(exception(true, json!({"timetable": []})), "0O", Some(180), &["inclusion 120 to open, found 180 last 120"]);
    check(exception(false, json!({})), "0O 30O 60O", Some(180), &["inclusion 0 to 120 zone_off, found 60 last 60"]);
}

#[test]
fn rows_come_out_by_wearer_start_zone_and_kind() {
    let zones = json!({"type": "FeatureCollection", "features": [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [51.4, 35.7]}, "properties": {"wearers": "*", "zone": "b", "sense": "exclusion", "radius_m": 200}},
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [51.4, 35.7]}, "properties": {"wearers": ["B", "a"], "zone": "A", "sense": "exclusion", "radius_m": 300}},
    ]});
    let track = format!(
        "wearer,taken_at,lat,lon,accuracy_m\na,{0},35.7,51.4,\na,{1},35.7,51.4,\nB,{1},35.7,51.4,\nB,{0},35.7,51.4,\nc,{0},35.7,51.4,\nc,{1},35.7,51.4,\n",
        time(0),
        time(9)
    );
    let rows = judge_files(&zones.to_string(), track.as_bytes(), None, false).unwrap();
    let order: Vec<String> = rows.iter().map(|row| format!("{} {}", row.wearer, row.violation.zone)).collect();
    assert_eq!(order, ["B A", "B b", "a A", "a b", "c b"]);
}
