//! Zones beside the home, the order and one another.

use crate::{circle, codes, draft, found, home, now, of_degree, refused, square, standing};
use geofence::check::{CheckTerms, Severity, ZoneDraft, check_zones, is_refused};
use serde_json::{Value, json};

#[test]
fn the_distance_counts_from_the_building_and_the_order_says_how_far() {
    let of = |distance_m: f64| draft("home", "inclusion", square((0.0, 0.0), 12.0), json!({"distance_m": distance_m, "residence": true}));
    for (distance_m, max_m, is_right) in [
        (200.0, 200.0, true),
        (202.0, 200.0, false),
        (500.0, 500.0, true),
        (600.0, 500.0, false),
        (1000.0, 1000.0, true),
        (60.0, 50.0, false),
    ] {
        let findings = check_zones(&[of(distance_m)], &of_degree(max_m));
        assert_eq!(codes(&findings, Severity::Refused).is_empty(), is_right, "{distance_m} of {max_m}: {findings:#?}");
    }
    let drawn = |side_m: f64| draft("home", "inclusion", square((0.0, 0.0), side_m), json!({"residence": square((0.0, 0.0), 12.0)}));
    assert_eq!(codes(&found(&[drawn(280.0)]), Severity::Refused), [""; 0]);
    assert_eq!(codes(&found(&[drawn(320.0)]), Severity::Refused), ["ABOVE_DEGREE"], "its corners are farther than its sides");
    let point = draft("home", "inclusion", circle((0.0, 0.0)), json!({"radius_m": 150, "residence": true}));
    assert_eq!(codes(&found(&[point]), Severity::Refused), ["RESIDENCE_NO_OUTLINE"]);
    let forbidden = draft("home", "exclusion", square((0.0, 0.0), 12.0), json!({"distance_m": 150, "residence": true}));
    assert_eq!(codes(&found(&[forbidden]), Severity::Refused), ["RESIDENCE_NOT_INCLUSION"]);
    let quarter = draft("home", "inclusion", square((0.0, 0.0), 400.0), json!({"distance_m": 100, "residence": true}));
    assert_eq!(codes(&found(&[quarter]), Severity::Warned), ["RESIDENCE_LARGE"]);
    let town = draft("home", "inclusion", square((0.0, 0.0), 1100.0), json!({"distance_m": 100, "residence": true}));
    assert_eq!(codes(&found(&[town]), Severity::Refused), ["RESIDENCE_LARGE"]);
}

#[test]
fn who_has_no_order_or_no_residence_is_warned_of() {
    let work = draft("work", "inclusion", circle((0.0, 0.0)), json!({"radius_m": 100}));
    let no_order = CheckTerms { now: now(), distance_max_m: None, of_wearer: true };
    assert_eq!(codes(&check_zones(std::slice::from_ref(&work), &no_order), Severity::Warned), ["NO_ORDER", "NO_RESIDENCE"]);
    assert_eq!(check_zones(std::slice::from_ref(&work), &CheckTerms { of_wearer: false, ..no_order }), [], "a set has neither");
    let findings = check_zones(&[work, standing(home())], &of_degree(200.0));
    assert_eq!(findings, []);
}

#[test]
fn a_home_outside_its_own_zone_and_a_forbidden_home_are_refused() {
    let beside = draft("home", "inclusion", square((0.0, 0.0), 300.0), json!({"residence": square((152.0, 0.0), 12.0)}));
    assert_eq!(codes(&check_zones(&[beside], &of_degree(500.0)), Severity::Refused), ["HOME_OUTSIDE"]);
    let school = |east_m: f64, more: Value| {
        let mut properties = json!({"radius_m": 100});
        properties.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        draft("school", "exclusion", circle((east_m, 0.0)), properties)
    };
    refused("over the home", school(90.0, json!({})), &["EXCLUSION_OVER_HOME"]);
    refused("beside the home", school(120.0, json!({})), &[]);
    let at_night = json!({"timetable": [{"days": ["sat"], "from": "22:00", "to": "06:00"}]});
    let by_day = json!({"timetable": [{"days": ["sat"], "from": "08:00", "to": "12:00"}]});
    let mut home_at_night = home();
    home_at_night.feature.set_property("timetable", at_night["timetable"].clone());
    let findings = found(&[home_at_night, school(0.0, by_day)]);
    assert_eq!((is_refused(&findings), codes(&findings, Severity::Warned)), (false, vec!["EXCLUSION_OVER_HOME"]), "never on at once");
}

#[test]
fn zones_that_nobody_can_keep_at_once_are_refused() {
    let work = |east_m: f64, more: Value| {
        let mut properties = json!({"radius_m": 200});
        properties.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        draft("work", "inclusion", circle((east_m, 0.0)), properties)
    };
    let hours = |from: &str, to: &str| json!([{"days": ["sat", "sun", "mon"], "from": from, "to": to}]);
    refused("two places at once", work(5000.0, json!({})), &["NO_PLACE_LEFT"]);
    refused("the same place", work(100.0, json!({})), &[]);
    let mut night = home();
    night.feature.set_property("timetable", hours("18:00", "07:00"));
    let check = |from: &str, to: &str, expected: &[&str]| {
        let findings = found(&[night.clone(), work(5000.0, json!({"timetable": hours(from, to)}))]);
        assert_eq!(codes(&findings, Severity::Refused), expected, "{from} to {to}: {findings:#?}");
    };
    check("07:00", "18:00", &[]);
    check("06:59", "18:00", &["NO_PLACE_LEFT"]);
    let covered = draft("quarter", "exclusion", circle((0.0, 0.0)), json!({"radius_m": 400}));
    let no_residence = draft("stay", "inclusion", circle((0.0, 0.0)), json!({"radius_m": 300}));
    assert_eq!(codes(&found(&[no_residence.clone(), covered.clone()]), Severity::Refused), ["NO_PLACE_LEFT"]);
    let two_halves = [-250.0, 250.0].map(|east_m| draft(&format!("half{east_m}"), "exclusion", square((east_m, 0.0), 700.0), json!({})));
    let findings = found(&[no_residence.clone(), two_halves[0].clone(), two_halves[1].clone()]);
    assert!(codes(&findings, Severity::Refused).contains(&"NO_PLACE_LEFT"), "{findings:#?}");
    let most = draft("quarter", "exclusion", circle((-60.0, 0.0)), json!({"radius_m": 320}));
    assert_eq!(codes(&found(&[standing(no_residence), most, standing(home())]), Severity::Warned), [] as [&str; 0]);
}

#[test]
fn what_stood_already_is_not_found_wrong_again() {
    let tiny = draft("old", "exclusion", circle((5000.0, 0.0)), json!({"radius_m": 5}));
    assert_eq!(found(&[home(), standing(tiny)]), []);
}

#[test]
fn hours_that_never_come_are_refused_and_short_ones_warned_of() {
    let with = |timetable: Value, exceptions: Value| {
        draft("work", "inclusion", circle((0.0, 0.0)), json!({"radius_m": 100, "timetable": timetable, "exceptions": exceptions}))
    };
    let weekly = |from: &str, to: &str| json!([{"days": ["sat"], "from": from, "to": to}]);
    refused("no hours", with(json!([]), json!([])), &["NEVER_ON"]);
    let once = json!([{"date": "2027-03-21", "from": "10:00", "to": "12:00", "on": true}]);
    refused("one day in four months", with(json!([]), once), &[]);
    let gone = json!([{"date": "2026-03-21", "from": "10:00", "to": "12:00", "on": true}]);
    refused("a day that has passed", with(json!([]), gone), &["NEVER_ON"]);
    let mut short_lived = with(weekly("10:00", "12:00"), json!([{"date": "2026-11-28", "from": "10:00", "to": "12:00", "on": false}]));
    short_lived.feature.set_property("valid_from", "2026-11-27");
    short_lived.feature.set_property("valid_to", "2026-11-30");
    refused("its only day is cancelled", short_lived, &["NEVER_ON"]);
    let mut past = with(json!("always"), json!(null));
    past.feature.set_property("valid_to", "2026-11-20");
    refused("over already", past, &["ENDED"]);
    let findings = found(&[home(), with(weekly("10:00", "10:10"), json!(null))]);
    assert_eq!(codes(&findings, Severity::Warned), ["SHORT_HOURS"]);
    assert_eq!(findings[0].arguments, [("minutes", "10".to_owned()), ("from", "2026-11-28T06:30:00Z".to_owned())]);
}

#[test]
fn a_name_stands_for_one_zone_at_a_time() {
    let shared = |zone: &str| ZoneDraft {
        is_shared: true,
        is_new: false,
        ..draft(zone, "exclusion", circle((9000.0, 0.0)), json!({"radius_m": 100}))
    };
    assert_eq!(codes(&found(&[home(), shared("home")]), Severity::Refused), ["NAME_TAKEN"]);
    assert_eq!(codes(&found(&[home(), home()]), Severity::Refused), ["TWICE_IN_FORCE"]);
    let (mut one, mut other) = (home(), home());
    one.feature.set_property("valid_to", "2027-01-01");
    other.feature.set_property("valid_from", "2027-01-01");
    assert_eq!(found(&[one, other]), []);
}
