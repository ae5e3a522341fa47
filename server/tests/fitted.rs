//! A tag put on through gRPC alone, with a tag that speaks over a real socket: begun, watched until it is green, completed, and then monitored.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use bytes::BytesMut;
use common::{PATIENCE, Server, Session, channel, connect, until};
use geofence::{Report, Signal, Timestamp};
use proto::enrolment::fittings_client::FittingsClient;
use proto::enrolment::inventory_client::InventoryClient;
use proto::enrolment::*;
use simulator::identity::Identity;
use simulator::wire::teltonika::{Codec, put_packet};
use store::testing::{TestDatabase, staff};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Of the regime `tag`, since yesterday.
const ORDER: &str = "
    INSERT INTO orders (wearer_id) SELECT wearer_id FROM wearers WHERE reference = 'W-1';
    INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date, legal_basis, regime)
        SELECT order_id, 1, 'new', now() - interval '1 day', now(), 'intake', 'Branch 3', '9/12', current_date, 'ipc_62', 'tag' FROM orders";

fn fix(at: Timestamp, metres_east: f64) -> Report {
    let report = Report { latitude_e7: 357_000_000, satellites: 9, accuracy_dm: 50, battery_percent: 93, ..Report::at(at) };
    let longitude_e7 = 514_000_000 + (metres_east / 90_500.0 * 1e7) as i32;
    Report { longitude_e7, signals: report.signals.with(Signal::Fix, true).with(Signal::StrapOpen, false), ..report }
}

/// A tag on its own connection. One that the server has not heard of yet is sent away, and comes again.
async fn tag(server: &Server, imei: &str) -> TcpStream {
    let started = std::time::Instant::now();
    loop {
        let mut socket = TcpStream::connect(server.teltonika).await.unwrap();
        socket.write_all(&[&(imei.len() as u16).to_be_bytes(), imei.as_bytes()].concat()).await.unwrap();
        if socket.read_u8().await.is_ok_and(|answer| answer == 1) {
            return socket;
        }
        assert!(started.elapsed() < PATIENCE, "tag {imei} is let in");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

/// Acknowledged; what is not stored is sent again, on a new connection, as tags do.
async fn send(server: &Server, socket: &mut TcpStream, reports: &[Report]) {
    let mut bytes = BytesMut::new();
    put_packet(Codec::EightExtended, reports, &mut bytes);
    let started = std::time::Instant::now();
    loop {
        socket.write_all(&bytes).await.unwrap();
        if socket.read_u32().await.is_ok_and(|stored| stored == reports.len() as u32) {
            return;
        }
        assert!(started.elapsed() < PATIENCE, "{}", server.log());
        *socket = tag(server, &Identity::of_wearer("W-1").imei).await;
    }
}

fn now() -> Timestamp {
    Timestamp::from(chrono::Utc::now())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_is_put_on_and_from_then_on_its_wearer_is_monitored() {
    let database = TestDatabase::create().await;
    let store = database.store().await;
    let home = r#"{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[51.4,35.7]},
        "properties":{"wearer":"W-1","zone":"home","sense":"inclusion","radius_m":200}}]}"#;
    store.zones_import(&staff(), home, now().plus_seconds(-86_400), "").await.unwrap();
    let tables = connect(database.url()).await;
    tables.batch_execute(ORDER).await.unwrap();
    let server = Server::start(Some(database.url()), "");
    let clerk = Session::of(database.url(), "sara", access::Role::Technical, "central").await.purpose("alert");
    let rooms = channel(server.rooms).await.unwrap();
    let mut inventory = InventoryClient::with_interceptor(rooms.clone(), clerk.clone());
    let mut fittings = FittingsClient::with_interceptor(rooms, clerk);

    let imei = Identity::of_wearer("W-1").imei;
    let protocol = TagProtocol::Teltonika.into();
    let register = RegisterTagRequest { imei: imei.clone(), protocol, unit: "central".into(), ..Default::default() };
    inventory.register_tag(register).await.unwrap();
    let begin = BeginFittingRequest { wearer: "W-1".into(), imei: imei.clone() };
    let installation_id = fittings.begin_fitting(begin).await.unwrap().into_inner().installation_id;
    let mut watch = fittings.watch_checklist(GetChecklistRequest { installation_id }).await.unwrap().into_inner();
    assert!(!watch.message().await.unwrap().unwrap().is_ready);

    let mut socket = tag(&server, &imei).await;
    let closed = now();
    send(&server, &mut socket, &[fix(closed, 0.0)]).await;
    let item = ChecklistItemKind::Undertaking.into();
    let signed = fittings.state_item(StateItemRequest { installation_id, item, ..Default::default() }).await.unwrap().into_inner();
    let green = async { while !watch.message().await.unwrap().expect("the stream goes on").is_ready {} };
    tokio::time::timeout(PATIENCE, green).await.expect("the checklist turns green");
    let complete = CompleteFittingRequest { installation_id, expected_version: signed.version };
    let fitting = fittings.complete_fitting(complete).await.unwrap().into_inner();
    let from = fitting.from.unwrap();
    assert_eq!(from.seconds * 1000 + i64::from(from.nanos / 1_000_000), closed.millis(), "from the closed strap on");

    // Away before the server has heard of the fitting or after: found in any case, and as a live breach.
    send(&server, &mut socket, &[10, 50, 90].map(|second| fix(closed.plus_seconds(second), 900.0))).await;
    let found = "SELECT count(*) FROM alerts JOIN wearers USING (wearer_id)
        WHERE kind = 'inclusion' AND reference = 'W-1' AND ended_at IS NULL AND NOT found_late";
    until("the breach is an alert", async || tables.query_one(found, &[]).await.unwrap().get::<_, i64>(0) == 1).await;
}
