//! A zone drawn for somebody who is watched, through the whole system: proposed, confirmed by a second person, and judged by within a second.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use bytes::BytesMut;
use common::{PATIENCE, Server, Session, channel};
use geofence::{Report, Signal, Timestamp};
use proto::access::ConfirmProposalRequest;
use proto::access::proposals_client::ProposalsClient;
use proto::enrolment::change_zones_response::Outcome;
use proto::enrolment::zones_client::ZonesClient;
use proto::enrolment::{ChangeZonesRequest, ListZonesRequest};
use proto::monitor::alerts_client::AlertsClient;
use proto::monitor::{AlertEvent, WatchRequest, watch_response::Message};
use simulator::identity::Identity;
use simulator::wire::teltonika::{Codec, put_packet};
use std::time::Instant;
use store::TagRow;
use store::testing::{TestDatabase, staff};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::Request;

/// A second, and what a machine that does other things too may take.
const IN_FORCE_MS_MAX: u128 = 3_000;

fn purposeful<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("paband-purpose", "alert".parse().unwrap());
    request
}

fn now() -> Timestamp {
    Timestamp::from(chrono::Utc::now())
}

/// A report of now from 120 m east of the middle of the home.
async fn report(server: &Server) {
    let taken_at = Timestamp::from_millis(now().millis() / 1000 * 1000);
    let report =
        Report { latitude_e7: 357_000_000, longitude_e7: 514_000_000 + 13_260, satellites: 9, accuracy_dm: 50, ..Report::at(taken_at) };
    let report = Report { signals: report.signals.with(Signal::Fix, true), ..report };
    let mut socket = TcpStream::connect(server.teltonika).await.unwrap();
    let imei = Identity::of_wearer("W-1").imei;
    socket.write_all(&[&(imei.len() as u16).to_be_bytes(), imei.as_bytes()].concat()).await.unwrap();
    assert_eq!(socket.read_u8().await.unwrap(), 1);
    let mut bytes = BytesMut::new();
    put_packet(Codec::EightExtended, &[report], &mut bytes);
    socket.write_all(&bytes).await.unwrap();
    assert_eq!(socket.read_u32().await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zone_that_two_persons_drew_is_judged_by_within_a_second() {
    let database = TestDatabase::create().await;
    let store = database.store().await;
    let begins = now().plus_seconds(-3600);
    let home = r#"{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[51.4,35.7]},
        "properties":{"wearer":"W-1","zone":"home","sense":"inclusion","radius_m":200}}]}"#;
    store.zones_import(&staff(), home, begins, "").await.unwrap();
    let row = TagRow { imei: Identity::of_wearer("W-1").imei, wearer: Some("W-1".into()), key: None, fitted_at: begins };
    store.tags_register(&staff(), "central", &[row]).await.unwrap();
    let server = Server::start(Some(database.url()), "");
    report(&server).await;

    let rooms = channel(server.rooms).await.unwrap();
    let operator = Session::operator(database.url()).await;
    let mut room = AlertsClient::with_interceptor(rooms.clone(), operator);
    // Whoever comes before the live tail has found the database comes again.
    let mut events = loop {
        match room.watch(WatchRequest { after_sequence: Some(0) }).await {
            Ok(events) => break events.into_inner(),
            Err(status) => assert_eq!(status.code(), tonic::Code::Unavailable, "{status}"),
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    let clerk = Session::of(database.url(), "clerk", access::Role::Intake, "central").await;
    let second = Session::of(database.url(), "second", access::Role::Intake, "central").await;
    let mut zones = ZonesClient::with_interceptor(rooms.clone(), clerk);
    let seen = zones.list_zones(purposeful(ListZonesRequest { wearer: "W-1".into() })).await.unwrap().into_inner();
    // Around where the tag is; the west of the home stays free.
    let school = r#"{"type":"Feature","geometry":{"type":"Point","coordinates":[51.401657,35.7]},
        "properties":{"zone":"school","sense":"exclusion","radius_m":100}}"#;
    let change = ChangeZonesRequest {
        wearer: "W-1".into(),
        geojson: school.into(),
        ends: vec![],
        valid_from: None,
        reason: "order 12".into(),
        expected_version: seen.version,
    };
    let Some(Outcome::Proposal(proposal)) = zones.change_zones(purposeful(change)).await.unwrap().into_inner().outcome else {
        panic!("one person alone changed the zones of somebody who is watched")
    };
    let confirm = ConfirmProposalRequest { proposal_id: proposal.proposal_id };
    ProposalsClient::with_interceptor(rooms, second).confirm_proposal(confirm).await.unwrap();
    let confirmed = Instant::now();
    let opened: AlertEvent = tokio::time::timeout(PATIENCE, async {
        loop {
            // That nothing was heard before the first report is told too.
            match events.message().await.unwrap().unwrap().message {
                Some(Message::Event(event)) if event.alert.as_ref().is_some_and(|alert| alert.zone == "school") => return event,
                _ => {}
            }
        }
    })
    .await
    .unwrap();
    let took = confirmed.elapsed().as_millis();
    assert_eq!(opened.alert.unwrap().wearer, "W-1");
    assert!(took < IN_FORCE_MS_MAX, "{took} ms");
}
