//! What an operator relies on from day to day: a stop that loses nothing, a zone that holds at once, encryption, a command down the line.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{Server, Session, channel, connect, until};
use geofence::{Report, Signal, Timestamp};
use proto::monitor::alerts_client::AlertsClient;
use proto::monitor::tags_client::TagsClient;
use proto::monitor::{ListAlertsRequest, LocateNow, SendCommandRequest, send_command_request};
use simulator::client::{Endpoint, Protocol, Tag, TagOptions};
use simulator::identity::Identity;
use simulator::load::{self, fleet};
use std::time::Duration;
use store::TagRow;
use store::testing::{TestDatabase, staff};
use tokio_util::sync::CancellationToken;

const HOME: &str = r#"{"type":"FeatureCollection","features":[{"type":"Feature",
    "properties":{"wearer":"W-1","zone":"home","sense":"inclusion","radius_m":RADIUS,"open_after_s":0,"open_fixes":1},
    "geometry":{"type":"Point","coordinates":[51.4,35.7]}}]}"#;

fn now() -> Timestamp {
    chrono::Utc::now().into()
}

async fn one_tag(database: &TestDatabase) -> Identity {
    let tag = Identity::of_wearer("W-1");
    let row = TagRow { imei: tag.imei.clone(), wearer: Some("W-1".into()), key: Some(tag.key), fitted_at: now() };
    database.store().await.tags_register(&staff(), "central", &[row]).await.unwrap();
    tag
}

/// 450 m north of the middle of the home zone.
fn report() -> Report {
    let at = Report::at(now());
    Report { latitude_e7: 357_040_500, longitude_e7: 514_000_000, satellites: 9, signals: at.signals.with(Signal::Fix, true), ..at }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_in_the_middle_of_a_load_keeps_every_acknowledged_report() {
    let database = TestDatabase::create().await;
    let rows: Vec<_> =
        (0..50).map(fleet::identity).map(|tag| TagRow { imei: tag.imei, wearer: None, key: Some(tag.key), fitted_at: now() }).collect();
    database.store().await.tags_register(&staff(), "central", &rows).await.unwrap();
    let mut server = Server::start(Some(database.url()), "");
    let options = load::Options {
        tags: 50,
        reports_per_s: None,
        connections: 3,
        reports_per_frame: 20,
        frames_on_the_way_max: 4,
        seconds: Some(20.0),
        protocol: Protocol::Native,
        endpoint: Endpoint::plain(server.native.to_string()),
        quiet: true,
    };
    let stop = CancellationToken::new();
    let loading = tokio::spawn(load::run(options, stop.clone()));
    let client = connect(database.url()).await;
    let stored = async || client.query_one("SELECT count(*) FROM reports", &[]).await.unwrap().get::<_, i64>(0);
    until("the load is under way", async || stored().await > 20_000).await;
    let status = server.terminate();
    assert!(status.success(), "{status}: {}", server.log());
    assert!(server.logged("the door is closed; everything taken in is stored and answered"), "{}", server.log());
    stop.cancel();
    // The load may call a server that closes an error; what it was told before is what counts.
    if let Ok(summary) = loading.await.unwrap() {
        assert_eq!(
            stored().await as u64,
            summary.reports_stored,
            "acknowledged is stored, and what is stored was acknowledged before the close"
        );
    }
    server.spawn();
    let unwritten: i64 =
        client.query_one("SELECT coalesce(sum(batch - checkpoint), 0)::bigint FROM journal_heads", &[]).await.unwrap().get(0);
    assert_eq!(unwritten, 0, "all memory was written at the stop: the start reads nothing back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_zone_holds_without_a_restart() {
    let database = TestDatabase::create().await;
    let tag = one_tag(&database).await;
    let store = database.store().await;
    store.zones_import(&staff(), &HOME.replace("RADIUS", "1000"), now(), "").await.unwrap();
    let server = Server::start(Some(database.url()), "");
    let options = TagOptions::new(tag, Endpoint::plain(server.native.to_string()), Protocol::Native);
    let (tag, _orders) = Tag::start(options, CancellationToken::new());
    tag.push(report());
    tag.delivered().await;
    let mut rooms = AlertsClient::with_interceptor(channel(server.rooms).await.unwrap(), Session::operator(database.url()).await);
    let mut alerts = async || rooms.list_alerts(ListAlertsRequest::default()).await.unwrap().into_inner().alerts.len();
    assert_eq!(alerts().await, 0, "450 m is inside 1,000 m");
    store.zones_import(&staff(), &HOME.replace("RADIUS", "300"), now(), "").await.unwrap();
    until("the smaller zone is in force", async || server.logged("new facts in force")).await;
    tag.push(report());
    tag.delivered().await;
    until("the alert is listed", async || alerts().await == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rooms_command_reaches_the_tag() {
    let database = TestDatabase::create().await;
    let tag = one_tag(&database).await;
    let server = Server::start(Some(database.url()), "");
    let mut rooms = TagsClient::with_interceptor(channel(server.rooms).await.unwrap(), Session::operator(database.url()).await);
    let command =
        |imei: &str| SendCommandRequest { imei: imei.to_owned(), order: Some(send_command_request::Order::LocateNow(LocateNow {})) };
    let refused = rooms.send_command(command(&tag.imei)).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::FailedPrecondition, "not connected yet: {refused}");
    let options = TagOptions::new(tag.clone(), Endpoint::plain(server.native.to_string()), Protocol::Native);
    let (connected, mut orders) = Tag::start(options, CancellationToken::new());
    connected.push(report());
    connected.delivered().await;
    rooms.send_command(command(&tag.imei)).await.unwrap();
    let order = tokio::time::timeout(Duration::from_secs(20), orders.recv()).await.unwrap();
    assert_eq!(order, Some(simulator::wire::Order::LocateNow));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_with_a_certificate_takes_tags_that_trust_it_and_no_others() {
    let database = TestDatabase::create().await;
    let tag = one_tag(&database).await;
    let directory = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
    let (certificate, key) = (directory.path().join("tags.pem"), directory.path().join("tags.key"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let server = Server::start_with(Some(database.url()), "", &format!("tls = {{ certificate = {certificate:?}, key = {key:?} }}"));
    let deliver = async |tls| {
        let endpoint = Endpoint { address: server.native.to_string(), tls };
        let cancel = CancellationToken::new();
        let (connected, _orders) = Tag::start(TagOptions::new(tag.clone(), endpoint, Protocol::Native), cancel.clone());
        connected.push(report());
        let delivered = tokio::time::timeout(Duration::from_secs(3), connected.delivered()).await.is_ok();
        cancel.cancel();
        delivered
    };
    assert!(!deliver(None).await, "plain text finds no answer");
    assert!(deliver(Some(simulator::client::Tls::trusting(&certificate).unwrap())).await, "a tag that trusts the certificate is heard");
}
