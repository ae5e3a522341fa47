//! Why somebody looks, and how much that shows.

use crate::house::{As, House, IMEI, WEARER, sql};
use crate::raw::{ask, reason_of, send};
use access::Role;
use geofence::{Batch, Report, Signal, StoredReport, Timestamp};
use prost::Message;
use proto::enrolment::{GetWearerRequest, ListWearersRequest, ListWearersResponse, Wearer};
use proto::monitor::position::Place;
use proto::monitor::{ExplainRequest, ExplainResponse, GetPositionRequest, GetTrackRequest, Position};
use store::testing::staff;
use tonic_types::StatusExt;

const GET_WEARER: &str = "/paband.enrolment.v1.Wearers/GetWearer";
const GET_POSITION: &str = "/paband.monitor.v1.Tracking/GetPosition";
const GET_TRACK: &str = "/paband.monitor.v1.Tracking/GetTrack";

const HOME: &str = r#"{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[51.4,35.7]},
    "properties":{"wearer":"1404/12","zone":"home","sense":"inclusion","radius_m":200}}]}"#;

fn file() -> Vec<u8> {
    GetWearerRequest { reference: WEARER.into() }.encode_to_vec()
}

/// A wearer with a tag, a home, and three reports of the last minutes, stored in no order: at home, on the way, at home.
async fn house_with_a_track() -> (House, i64) {
    let house = House::new().await;
    let now = chrono::Utc::now().timestamp();
    sql(&house.database, "INSERT INTO fittings (tag_id, wearer_id, period) VALUES (1, 1, tstzrange(now() - interval '1 day', NULL))").await;
    house.store.zones_import(&staff(), HOME, Timestamp::from_millis((now - 3600) * 1000), "").await.unwrap();
    let report = |minutes: i64, longitude_e7| {
        let taken_at = Timestamp::from_millis((now - 60 * minutes) * 1000);
        let report = Report { latitude_e7: 357_000_000, longitude_e7, satellites: 9, accuracy_dm: 50, ..Report::at(taken_at) };
        let report = Report { signals: report.signals.with(Signal::Fix, true), ..report };
        StoredReport { tag_id: 1, received_at: Timestamp::from_millis(now * 1000), late: false, report }
    };
    let reports = vec![report(1, 514_000_000), report(3, 514_000_000), report(2, 514_500_000)];
    let mut journal = house.store.journal_connection(900).await.unwrap();
    journal.append(&Batch { number: 1, reports, ..Batch::default() }, Timestamp::from_millis(now * 1000)).await.unwrap();
    (house, now)
}

fn is_presence(position: &Position) -> bool {
    matches!(&position.place, Some(Place::Presence(presence)) if presence.zones == ["home"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_needs_a_purpose_of_the_catalogue_and_a_case_where_that_says_so() {
    let house = House::new().await;
    let judge = house.log_in("judge", &[(Role::Supervisor, "central")]).await;
    let case = |number: &str| judge.clone().purpose("judicial").with("paband-case", number);
    let rows = [
        ("none", judge.clone(), Some("PURPOSE_NEEDED")),
        ("an empty one", judge.clone().purpose(" "), Some("PURPOSE_NEEDED")),
        ("an unknown one", judge.clone().purpose("curiosity"), Some("PURPOSE_UNKNOWN")),
        ("an endless one", judge.clone().purpose(&"a".repeat(5000)), Some("PURPOSE_UNKNOWN")),
        ("no code", judge.clone().purpose("%00"), Some("PURPOSE_UNKNOWN")),
        ("two", judge.clone().purpose("alert").purpose("billing"), Some("PURPOSE_UNKNOWN")),
        ("without its case", judge.clone().purpose("judicial"), Some("CASE_NEEDED")),
        ("with an empty case", case("%20"), Some("CASE_NEEDED")),
        ("with an unreadable case", case("%FF"), Some("CASE_NEEDED")),
        ("with a case of two lines", case("1%0Ajudge"), Some("CASE_NEEDED")),
        ("with an endless case", case(&"1".repeat(101)), Some("CASE_NEEDED")),
        ("with two cases", case("1").with("paband-case", "2"), Some("CASE_NEEDED")),
        ("with its case", case("%DB%B1%DB%B4"), None),
        ("one that needs no case", judge.clone().purpose("supervision"), None),
        ("one whose case is unreadable", judge.clone().purpose("supervision").with("paband-case", "%FF"), Some("CASE_NEEDED")),
    ];
    for (what, who, expected) in rows {
        let answer = send(&house.channel().await, GET_WEARER, &who, file()).await;
        assert_eq!(reason_of(&answer).as_deref(), expected, "{what}");
    }
    sql(&house.database, "UPDATE purposes SET is_on = false WHERE code = 'supervision'").await;
    let answer = send(&house.channel().await, GET_WEARER, &judge.purpose("supervision"), file()).await;
    assert_eq!(reason_of(&answer).as_deref(), Some("PURPOSE_UNKNOWN"), "one that was switched off");
}

#[tokio::test(flavor = "multi_thread")]
async fn at_home_only_the_home_is_shown_unless_the_purpose_needs_the_place() {
    let (house, now) = house_with_a_track().await;
    let operator = house.operator("op7").await;
    let channel = house.channel().await;
    let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    for (purpose, places) in [("supervision", [true, false, true]), ("alert", [false; 3])] {
        let who = operator.clone().purpose(purpose);
        let request = GetPositionRequest { wearer: WEARER.into() };
        let last: Position = ask(&channel, GET_POSITION, &who, &request).await.unwrap();
        assert_eq!(is_presence(&last), places[2], "{purpose}: {last:?}");
        let request = GetTrackRequest { wearer: WEARER.into(), from: at(now - 600), to: at(now + 1) };
        let track = send(&channel, GET_TRACK, &who, request.encode_to_vec()).await.unwrap();
        let track: Vec<Position> = track.iter().map(|position| Position::decode(position.as_slice()).unwrap()).collect();
        assert_eq!(track.iter().map(is_presence).collect::<Vec<_>>(), places, "{purpose}");
        let minutes: Vec<i64> = track.iter().map(|position| (now - position.taken_at.unwrap().seconds) / 60).collect();
        assert_eq!(minutes, [3, 2, 1], "in the order of the tag's clock");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_national_id_is_masked_in_lists_and_whole_in_the_file() {
    let house = House::new().await;
    sql(&house.database, "UPDATE wearers SET national_id = '0012345612', name = 'نام'").await;
    sql(&house.database, "INSERT INTO fittings (tag_id, wearer_id, period) VALUES (1, 1, tstzrange(now(), NULL))").await;
    let who = house.operator("op7").await.purpose("file");
    let channel = house.channel().await;
    let list: ListWearersResponse =
        ask(&channel, "/paband.enrolment.v1.Wearers/ListWearers", &who, &ListWearersRequest::default()).await.unwrap();
    assert_eq!(list.wearers[0].national_id, "00••••••12");
    let whole: Wearer = ask(&channel, GET_WEARER, &who, &GetWearerRequest { reference: WEARER.into() }).await.unwrap();
    assert_eq!((whole.national_id.as_str(), whole.imei.as_str(), whole.unit.as_str()), ("0012345612", IMEI, "central"));
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_the_gate_are_in_the_language_of_the_call() {
    let house = House::new().await;
    let channel = house.channel().await;
    let operator = house.operator("op7").await;
    for (path, who) in [
        (GET_WEARER, As::nobody()),
        (GET_WEARER, operator.clone()),
        ("/paband.access.v1.People/ListPeople", operator.clone()),
        ("/paband.monitor.v1.Alerts/Delete", operator),
        (crate::accounts::LOG_IN, As::nobody()),
    ] {
        let status = send(&channel, path, &who.with("accept-language", "fa"), Vec::new()).await.unwrap_err();
        let localized = status.get_details_localized_message().unwrap();
        assert_eq!(localized.locale, "fa-IR");
        assert!(localized.message.chars().any(|letter| ('\u{600}'..'\u{700}').contains(&letter)), "{path}: {}", localized.message);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_proves_a_verdict_is_places_and_needs_a_purpose_that_needs_them() {
    let house = House::new().await;
    house.writer("home", geofence::ViolationKind::Inclusion).await.open(1).await;
    let judge = house.log_in("judge", &[(Role::Supervisor, "central")]).await;
    let explain = async |purpose: &str| {
        let asked = ExplainRequest { alert_id: 1 };
        let answer: Result<ExplainResponse, tonic::Status> =
            ask(&house.channel().await, "/paband.monitor.v1.Judgement/Explain", &judge.clone().purpose(purpose), &asked).await;
        reason_of(&answer)
    };
    assert_eq!(explain("supervision").await.as_deref(), Some("PURPOSE_TOO_NARROW"));
    assert_eq!(explain("alert").await.as_deref(), Some("NOT_PROVED"), "no report is stored that shows it");
}
