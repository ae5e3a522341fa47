//! Zones as intake draws them: checked, in force, planned, ended, tried out, and confirmed by a second person where somebody is watched.

use crate::house::{WEARER, reason, wrong_fields};
use crate::raw::{ask, reason_of};
use crate::zone_desk::{Desk, ZONES, circle, collection, drawing, features, home, seconds};
use geofence::command::judge_files;
use geofence::{Batch, Report, Signal, StoredReport, Timestamp};
use proto::access::{Proposal, ProposalState};
use proto::enrolment::change_zones_response::Outcome;
use proto::enrolment::*;
use serde_json::{Value, json};
use tonic::{Code, Status};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_drawn_is_listed_and_can_be_sent_back_and_judged_by_as_it_is() {
    let desk = Desk::new().await;
    desk.order("tag", "1").await;
    let plan = desk.draw(&[home(150), circle("school", "exclusion", 3000.0, 300)]).await;
    let shown: Vec<(&str, i32, &str)> =
        plan.zones.iter().map(|zone| (zone.zone.as_str(), zone.version, zone.recorded_by.as_str())).collect();
    assert_eq!(shown, [("home", 1, "clerk"), ("school", 1, "clerk")]);
    assert_eq!((plan.zones[0].origin(), plan.zones[0].reason.as_str()), (ZoneOrigin::Own, "order 12"));
    assert_eq!(features(&plan.geojson)[0]["properties"]["name"], "خانه", "what is for people is kept");
    let again = desk.draw(&features(&plan.geojson)).await;
    assert_eq!(again, ZonePlan { version: plan.version, ..plan.clone() }, "the same drawn again changes nothing");
    let track = format!("wearer,taken_at,lat,lon,accuracy_m\n{WEARER},2126-01-01T00:00:00Z,35.7,51.4,5\n");
    judge_files(&plan.geojson, track.as_bytes(), None, false).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_done_once_and_only_on_what_was_seen() {
    let desk = Desk::new().await;
    let clerk = desk.clerk.clone().with("paband-idempotency-key", "click-0001");
    let change = drawing(&[home(150)], 0);
    let path = format!("{ZONES}ChangeZones");
    let first: ChangeZonesResponse = ask(&desk.channel, &path, &clerk, &change).await.unwrap();
    let second: ChangeZonesResponse = ask(&desk.channel, &path, &clerk, &change).await.unwrap();
    assert_eq!(first, second);
    let stale = desk.change(&drawing(&[home(100)], 0)).await.unwrap_err();
    assert_eq!((stale.code(), reason(&stale).0.as_str()), (Code::Aborted, "VERSION_CHANGED"));
    let Some(Outcome::Plan(plan)) = first.outcome else { panic!() };
    assert_eq!(desk.list().await, plan);
}

#[tokio::test(flavor = "multi_thread")]
async fn zones_end_move_and_are_planned_in_one_change() {
    let desk = Desk::new().await;
    let plan = desk.draw(&[home(150)]).await;
    // A new home across the town while the old one ends: both at once could not be kept.
    let mut flat = home(100);
    flat["properties"]["zone"] = "flat".into();
    for corner in flat["geometry"]["coordinates"][0].as_array_mut().unwrap() {
        corner[0] = json!(corner[0].as_f64().unwrap() + 0.1);
    }
    let both = desk.change(&drawing(std::slice::from_ref(&flat), plan.version)).await.unwrap_err();
    assert_eq!(wrong_fields(&both), [("flat".to_owned(), "NO_PLACE_LEFT".to_owned())]);
    let moves = ChangeZonesRequest { ends: vec!["home".to_owned()], ..drawing(&[flat], plan.version) };
    let Outcome::Plan(moved) = desk.change(&moves).await.unwrap() else { panic!() };
    assert_eq!(moved.zones.iter().map(|zone| zone.zone.as_str()).collect::<Vec<_>>(), ["flat"]);
    // Next year it is larger, and then it ends.
    let mut larger = features(&moved.geojson)[0].clone();
    larger["properties"]["distance_m"] = json!(180);
    larger["properties"]["valid_from"] = json!("2027-11-01T00:00:00Z");
    larger["properties"]["valid_to"] = json!("2027-12-01T00:00:00Z");
    let mut until_then = features(&moved.geojson)[0].clone();
    until_then["properties"]["valid_to"] = json!("2027-11-01T00:00:00Z");
    let planned = desk.draw(&[larger, until_then]).await;
    let spans: Vec<(i64, Option<i64>)> = planned.zones[1..].iter().map(|zone| (seconds(zone.from), zone.to.map(|to| to.seconds))).collect();
    assert_eq!((planned.zones.len(), spans), (2, vec![(1_825_027_200, Some(1_827_619_200))]));
    let end = EndZoneRequest {
        wearer: WEARER.to_owned(),
        zone: "flat".to_owned(),
        at: None,
        reason: "released".to_owned(),
        expected_version: planned.version,
    };
    let ended: ChangeZonesResponse = ask(&desk.channel, &format!("{ZONES}EndZone"), &desk.clerk, &end).await.unwrap();
    let Some(Outcome::Plan(ended)) = ended.outcome else { panic!() };
    assert_eq!(ended.zones, [], "what was planned is withdrawn");
    let end = EndZoneRequest { expected_version: ended.version, ..end };
    let unknown: Result<ChangeZonesResponse, Status> = ask(&desk.channel, &format!("{ZONES}EndZone"), &desk.clerk, &end).await;
    assert_eq!(reason_of(&unknown).as_deref(), Some("UNKNOWN_ZONE"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_degree_of_the_order_says_how_far_and_every_finding_is_told_in_words() {
    let desk = Desk::new().await;
    let check = |features: Vec<Value>| {
        let asked = CheckZonesRequest { wearer: WEARER.to_owned(), geojson: collection(&features), ends: vec![], valid_from: None };
        let (channel, clerk) = (desk.channel.clone(), desk.clerk.clone().with("accept-language", "fa"));
        async move {
            let answer: CheckZonesResponse = ask(&channel, &format!("{ZONES}CheckZones"), &clerk, &asked).await.unwrap();
            answer.findings
        }
    };
    let kinds = |findings: &[Finding]| findings.iter().map(|finding| (finding.kind(), finding.refuses)).collect::<Vec<_>>();
    assert_eq!(kinds(&check(vec![home(900)]).await), [(FindingKind::NoOrder, false)]);
    desk.order("tag", "2").await;
    for (distance_m, expected) in [(500, vec![]), (502, vec![(FindingKind::AboveDegree, true)])] {
        assert_eq!(kinds(&check(vec![home(distance_m)]).await), expected, "{distance_m}");
    }
    desk.sql("INSERT INTO zone_degrees VALUES (2, 600, '2026-01-01')").await;
    assert_eq!(check(vec![home(600)]).await, []);
    desk.sql("UPDATE order_facts SET regime = 'house', zone_degree = NULL").await;
    assert_eq!(kinds(&check(vec![home(60)]).await), [(FindingKind::AboveDegree, true)]);
    let mut crossing = circle("park", "exclusion", 0.0, 1);
    crossing["properties"].as_object_mut().unwrap().remove("radius_m");
    crossing["geometry"] =
        json!({"type": "Polygon", "coordinates": [[[51.5, 35.7], [51.52, 35.72], [51.52, 35.7], [51.5, 35.73], [51.5, 35.7]]]});
    let findings = check(vec![home(45), crossing.clone()]).await;
    assert_eq!(kinds(&findings), [(FindingKind::SelfCrossing, true)]);
    assert!(findings[0].message.contains("قطع") && findings[0].latitude.is_some_and(|latitude| (35.7..35.73).contains(&latitude)));
    let refused = desk.change(&drawing(&[home(45), crossing], 0)).await.unwrap_err();
    assert_eq!(wrong_fields(&refused), [("park".to_owned(), "SELF_CROSSING".to_owned())]);
    assert_eq!(desk.list().await.zones, [], "all or nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_meant_is_refused_before_anything_is_looked_at() {
    let desk = Desk::new().await;
    let wrong = |change: ChangeZonesRequest| {
        let desk = &desk;
        async move { wrong_fields(&desk.change(&change).await.unwrap_err()) }
    };
    let field = |field: &str, reason: &str| vec![(field.to_owned(), reason.to_owned())];
    assert_eq!(wrong(drawing(&[], 0)).await, field("geojson", "MISSING"));
    assert_eq!(wrong(ChangeZonesRequest { reason: String::new(), ..drawing(&[home(150)], 0) }).await, field("reason", "MISSING"));
    let mut theirs = home(150);
    theirs["properties"]["wearer"] = "1404/13".into();
    assert_eq!(wrong(drawing(&[theirs], 0)).await, field("geojson", "OTHER_WEARER"));
    let at = |days: i64| Some(prost_types::Timestamp { seconds: chrono::Utc::now().timestamp() + days * 86_400, nanos: 0 });
    for days in [-32, 1200] {
        let status = desk.change(&ChangeZonesRequest { valid_from: at(days), ..drawing(&[home(150)], 0) }).await.unwrap_err();
        assert_eq!(reason(&status).0, "ZONES_OUT_OF_SPAN", "{days} days");
    }
    let large = ChangeZonesRequest { geojson: " ".repeat(1024 * 1024 + 1), ..drawing(&[], 0) };
    assert_eq!(wrong(large).await, field("geojson", "MISSING"));
    let large = ChangeZonesRequest { geojson: format!("{}x", " ".repeat(1024 * 1024)), ..drawing(&[], 0) };
    assert!(wrong(large).await.contains(&("geojson".to_owned(), "TOO_LONG".to_owned())));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_wears_a_tag_gets_other_zones_by_two_persons() {
    let desk = Desk::new().await;
    desk.draw(&[home(150)]).await;
    desk.fit().await;
    let seen = desk.list().await;
    let clerk = desk.clerk.clone().with("paband-idempotency-key", "click-0002");
    let change = drawing(&[home(100)], seen.version);
    let path = format!("{ZONES}ChangeZones");
    let asked: ChangeZonesResponse = ask(&desk.channel, &path, &clerk, &change).await.unwrap();
    let again: ChangeZonesResponse = ask(&desk.channel, &path, &clerk, &change).await.unwrap();
    assert_eq!(asked, again, "asked twice it is one proposal");
    let Some(Outcome::Proposal(proposal)) = asked.outcome else { panic!() };
    assert!(proposal.request_json.contains("distance_m") && proposal.state() == ProposalState::Waiting);
    assert_eq!(desk.list().await, seen, "nothing has changed yet");
    assert_eq!(reason_of(&desk.confirm(&desk.clerk, &proposal).await).as_deref(), Some("SAME_PERSON"));
    desk.confirm(&desk.second, &proposal).await.unwrap();
    let changed = desk.list().await;
    assert_eq!((changed.zones[0].version, changed.zones[0].recorded_by.as_str(), changed.version > seen.version), (2, "second", true));
    // Of two proposals on the same plan the second comes too late.
    let propose = |distance_m| {
        let (desk, version) = (&desk, changed.version);
        async move {
            match desk.change(&drawing(&[home(distance_m)], version)).await.unwrap() {
                Outcome::Proposal(proposal) => proposal,
                Outcome::Plan(plan) => panic!("{plan:?}"),
            }
        }
    };
    let (one, other) = (propose(110).await, propose(120).await);
    desk.confirm(&desk.second, &one).await.unwrap();
    assert_eq!(reason_of(&desk.confirm(&desk.second, &other).await).as_deref(), Some("VERSION_CHANGED"));
    // What was possible when it was proposed is checked again.
    let late = propose_end(&desk).await;
    desk.sql("UPDATE fittings SET period = tstzrange(lower(period), now())").await;
    desk.confirm(&desk.second, &late).await.unwrap();
    assert_eq!(desk.list().await.zones, []);
}

async fn propose_end(desk: &Desk) -> Proposal {
    let expected_version = desk.list().await.version;
    let end =
        EndZoneRequest { wearer: WEARER.to_owned(), zone: "home".to_owned(), at: None, reason: "released".to_owned(), expected_version };
    let asked: ChangeZonesResponse = ask(&desk.channel, &format!("{ZONES}EndZone"), &desk.clerk, &end).await.unwrap();
    match asked.outcome {
        Some(Outcome::Proposal(proposal)) => proposal,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_past_is_judged_again_with_who_and_why() {
    let desk = Desk::new().await;
    desk.draw(&[home(150)]).await;
    desk.fit().await;
    let day_ago = prost_types::Timestamp { seconds: chrono::Utc::now().timestamp() - 86_400, nanos: 0 };
    let change = ChangeZonesRequest {
        valid_from: Some(day_ago),
        ..drawing(&[circle("school", "exclusion", 3000.0, 300)], desk.list().await.version)
    };
    let Outcome::Proposal(proposal) = desk.change(&change).await.unwrap() else { panic!() };
    desk.confirm(&desk.second, &proposal).await.unwrap();
    let row = desk
        .house
        .database
        .client()
        .await
        .query_one("SELECT cause, extract(epoch FROM from_at)::bigint FROM judging_requests", &[])
        .await
        .unwrap();
    assert_eq!((row.get::<_, &str>(0), row.get::<_, i64>(1)), ("zone school changed by second: order 12", day_ago.seconds));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_zones_are_tried_out_on_the_days_that_have_passed() {
    let desk = Desk::new().await;
    desk.draw(&[home(150)]).await;
    desk.fit().await;
    // Two days ago, for twenty minutes, 250 m away from home; else at home. A fix every minute for three hours.
    let begin = chrono::Utc::now().timestamp() - 2 * 86_400;
    let report = |minute: i64| {
        let metres_east = if (60..80).contains(&minute) { 250.0 } else { 0.0 };
        let taken_at = Timestamp::from_millis((begin + minute * 60) * 1000);
        let report =
            Report { latitude_e7: 357_000_000, longitude_e7: 514_000_000 + (metres_east / 90_500.0 * 1e7) as i32, ..Report::at(taken_at) };
        let report = Report { accuracy_dm: 50, satellites: 9, signals: report.signals.with(Signal::Fix, true), ..report };
        StoredReport { tag_id: 1, received_at: taken_at.plus_seconds(1), late: false, report }
    };
    let mut journal = desk.house.store.journal_connection(77).await.unwrap();
    let batch = Batch { number: 9_000, reports: (0..180).map(report).collect(), ..Batch::default() };
    journal.append(&batch, Timestamp::from(chrono::Utc::now())).await.unwrap();
    let wide = desk.preview(&[home(300)], &[]).await;
    assert_eq!((wide.reports, wide.with_change, wide.findings.iter().any(|finding| finding.refuses)), (180, vec![], false));
    let narrow = desk.preview(&[home(200)], &[]).await;
    let minutes = |time: Option<prost_types::Timestamp>| (seconds(time) - begin) / 60;
    let found: Vec<(&str, &str, i64, i64)> = narrow
        .with_change
        .iter()
        .map(|found| (found.zone.as_str(), found.kind.as_str(), minutes(found.start), minutes(found.end)))
        .collect();
    assert_eq!(found, [("home", "inclusion", 60, 80)]);
    assert_eq!(narrow.found, [], "with the zones as they were nothing was found");
    // A place that was forbidden all the while; the home ended.
    let park = desk.preview(&[circle("park", "exclusion", 250.0, 50)], &["home"]).await;
    assert_eq!(park.with_change.iter().map(|found| (found.zone.as_str(), minutes(found.start))).collect::<Vec<_>>(), [("park", 60)]);
    // On leave nobody has to be at home.
    desk.sql("INSERT INTO leaves (wearer_id, valid_from, valid_to) VALUES (1, now() - interval '3 days', now() - interval '1 day')").await;
    let kinds: Vec<String> = desk.preview(&[home(200)], &[]).await.with_change.into_iter().map(|found| found.kind).collect();
    assert_eq!(kinds, ["presence_unknown"], "nothing was heard when the leave ended");
    let refused = desk.preview(&[circle("park", "exclusion", 250.0, 5)], &[]).await;
    assert_eq!((refused.findings[0].kind(), refused.reports), (FindingKind::TooSmall, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_and_a_set_grow_the_plans_version_too() {
    let desk = Desk::new().await;
    let before = desk.list().await.version;
    let file = json!({"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": {"type": "Point", "coordinates": [51.4, 35.7]},
        "properties": {"wearer": WEARER, "zone": "home", "sense": "inclusion", "radius_m": 200}}]});
    desk.house.store.zones_import(&store::testing::staff(), &file.to_string(), Timestamp::from(chrono::Utc::now()), "").await.unwrap();
    let plan = desk.list().await;
    assert!(plan.version > before && plan.zones[0].recorded_by.is_empty(), "{plan:?}");
}
