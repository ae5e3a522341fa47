//! Real tracks through real sockets: what is in the tables equals what `paband judge` says of the files, whatever dies on the way.
//!
//! A slice of the tracks runs by default. `PABAND_TRACK_ROWS=1000000` takes them whole.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{Server, Session, channel, connect, signal, until};
use flate2::{Compression, write::GzEncoder};
use proto::monitor::alerts_client::AlertsClient;
use proto::monitor::{AlertKind, EventKind, ListAlertsRequest, WatchRequest, watch_response};
use simulator::client::{Endpoint, Protocol};
use simulator::identity::Identity;
use simulator::replay::{self, Pace};
use simulator::wire::teltonika::Codec;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const ZONES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/two_people_zones.geojson");
const TRACKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/geolife_two_people.csv.gz");
const WEARERS: [&str; 2] = ["001", "005"];

/// The first rows of each wearer, as a file of their own; `None` where the tracks are not at hand.
fn slice(directory: &Path) -> Option<(PathBuf, usize)> {
    let Ok(file) = std::fs::File::open(TRACKS) else {
        eprintln!("skipped: {TRACKS} is not on this machine");
        return None;
    };
    let rows: usize = std::env::var("PABAND_TRACK_ROWS").map_or(4_000, |rows| rows.parse().unwrap());
    let path = directory.join("slice.csv.gz");
    let mut out = GzEncoder::new(std::fs::File::create(&path).unwrap(), Compression::fast());
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for (number, line) in BufReader::new(flate2::read::GzDecoder::new(file)).lines().enumerate() {
        let line = line.unwrap();
        let count = taken.entry(line.split(',').next().unwrap().to_owned()).or_default();
        if number == 0 || *count < rows {
            *count += 1;
            writeln!(out, "{line}").unwrap();
        }
    }
    out.finish().unwrap();
    Some((path, WEARERS.iter().map(|wearer| taken[*wearer]).sum()))
}

fn enrol(server: &Server, directory: &Path) {
    let tags = directory.join("tags.csv");
    let rows: String = WEARERS.iter().map(|wearer| format!("{},{wearer},\n", Identity::of_wearer(wearer).imei)).collect();
    std::fs::write(&tags, format!("imei,wearer,key\n{rows}")).unwrap();
    server.paband(&["tag", "import", tags.to_str().unwrap(), "--fitted-at", "2008-01-02T00:00:00Z"]);
    server.paband(&["zone", "import", ZONES]);
    // A zone is in force within a second; what is judged before is judged without it.
    std::thread::sleep(Duration::from_millis(1_200));
}

fn replay_options(file: PathBuf, server: &Server) -> replay::Options {
    replay::Options {
        file,
        tags: None,
        endpoint: Endpoint::plain(server.teltonika.to_string()),
        protocol: Protocol::Teltonika(Codec::EightExtended),
        pace: Pace::Unlimited,
        shift_to_now: false,
        quiet: true,
    }
}

/// What the files say: one line a violation, as `judge` prints it.
fn judged(server: &Server, track: &Path) -> Vec<String> {
    let judged = server.paband(&["judge", "--zones", ZONES, "--track", track.to_str().unwrap()]);
    let mut lines: Vec<String> = judged.lines().map(|line| comparable(&serde_json::from_str(line).unwrap())).collect();
    lines.sort();
    lines
}

fn comparable(row: &serde_json::Value) -> String {
    ["wearer", "zone", "kind", "start", "end", "end_reason", "found_at", "max_beyond_m", "last_breaking_at"]
        .map(|name| row[name].to_string())
        .join(" ")
}

/// What rooms are told, in the same words.
async fn alerts(server: &Server, database_url: &str) -> Vec<String> {
    let session = Session::operator(database_url).await;
    let mut client = AlertsClient::with_interceptor(channel(server.rooms).await.unwrap(), session);
    let (mut lines, mut page_token) = (Vec::new(), String::new());
    loop {
        // The file judged is zones alone.
        let kinds = OF_ZONES.map(i32::from).to_vec();
        let request = ListAlertsRequest { page_size: 200, page_token, kinds, ..ListAlertsRequest::default() };
        let page = client.list_alerts(request).await.unwrap().into_inner();
        lines.extend(page.alerts.iter().map(|alert| comparable(&row(alert))));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            lines.sort();
            return lines;
        }
    }
}

/// Kinds that `paband judge` finds without --all-rules.
const OF_ZONES: [AlertKind; 3] = [AlertKind::Inclusion, AlertKind::Exclusion, AlertKind::PresenceUnknown];

fn row(alert: &proto::monitor::Alert) -> serde_json::Value {
    let time = |at: &Option<prost_types::Timestamp>| {
        at.map(|at| geofence::Timestamp::from_millis(at.seconds * 1000 + i64::from(at.nanos) / 1_000_000).to_string())
    };
    let name = |text: &str, prefix: &str| text.trim_start_matches(prefix).to_lowercase();
    serde_json::json!({
        "wearer": alert.wearer,
        "zone": alert.zone,
        "kind": name(alert.kind().as_str_name(), "ALERT_KIND_"),
        "start": time(&alert.started_at),
        "end": time(&alert.ended_at),
        "end_reason": alert.ended_at.map(|_| name(alert.end_reason().as_str_name(), "END_REASON_")),
        "found_at": time(&alert.found_at),
        "max_beyond_m": alert.max_beyond_m.map(|metres| (metres * 10.0).round() / 10.0),
        "last_breaking_at": time(&alert.last_breaking_at),
    })
}

/// What a room saw: the kind of every event, in order, each number once. Reconnects for ever.
#[derive(Clone, Default)]
struct Room {
    seen: Arc<Mutex<Vec<(AlertKind, EventKind)>>>,
}

impl Room {
    async fn watch(server: &Server, database_url: &str) -> Self {
        let (room, address) = (Self::default(), server.rooms);
        let who = Session::operator(database_url).await;
        let watching = room.clone();
        tokio::spawn(async move {
            loop {
                watching.session(address, who.clone()).await;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        room
    }

    async fn session(&self, address: SocketAddr, who: Session) -> Option<()> {
        let after_sequence = Some(self.seen.lock().unwrap().len() as i64);
        let mut client = AlertsClient::with_interceptor(channel(address).await.ok()?, who);
        let mut stream = client.watch(WatchRequest { after_sequence }).await.ok()?.into_inner();
        while let Ok(Some(response)) = stream.message().await {
            if let Some(watch_response::Message::Event(event)) = response.message {
                let mut seen = self.seen.lock().unwrap();
                seen.push((event.alert.as_ref().unwrap().kind(), event.kind()));
                assert_eq!(event.sequence, seen.len() as i64, "an event is missing or came twice");
            }
        }
        Some(())
    }

    fn count(&self, kind: EventKind) -> usize {
        self.seen.lock().unwrap().iter().filter(|seen| OF_ZONES.contains(&seen.0) && seen.1 == kind).count()
    }
}

/// Tables, files and the room agree.
async fn agree(server: &Server, room: &Room, track: &Path, rows: usize, database_url: &str) {
    let database = connect(database_url).await;
    let stored: i64 = database.query_one("SELECT count(*) FROM reports", &[]).await.unwrap().get(0);
    assert_eq!(stored, rows as i64, "each distinct fix is stored once");
    let expected = judged(server, track);
    assert!(expected.len() > 4, "the slice is dull: {} violations", expected.len());
    assert_eq!(alerts(server, database_url).await, expected);
    let ended = expected.iter().filter(|line| line.contains("\"kept\"")).count();
    until("the room has seen everything", async || room.count(EventKind::Opened) + room.count(EventKind::Ended) >= expected.len() + ended)
        .await;
    assert_eq!((room.count(EventKind::Opened), room.count(EventKind::Ended)), (expected.len(), ended));
    eprintln!("{stored} reports, {} violations, {} events", expected.len(), expected.len() + ended);
}

fn private_url(server: &Server) -> String {
    server.paband(&["db", "url"]).trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_equal_the_judgement_of_the_files() {
    let directory = tempfile::tempdir().unwrap();
    let Some((track, rows)) = slice(directory.path()) else { return };
    let database = store::testing::TestDatabase::create().await;
    let mut server = Server::start(Some(database.url()), "");
    enrol(&server, directory.path());
    let room = Room::watch(&server, database.url()).await;
    let summary = replay::run(replay_options(track.clone(), &server), CancellationToken::new()).await.unwrap();
    assert_eq!((summary.reports, summary.not_stored), (rows as u64, 0));
    agree(&server, &room, &track, rows, database.url()).await;
    assert!(server.terminate().success(), "{}", server.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_kills_of_the_server_and_three_of_postgresql_change_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let Some((track, rows)) = slice(directory.path()) else { return };
    let mut server = Server::start(None, "checkpoint_s = 1");
    enrol(&server, directory.path());
    let url = private_url(&server);
    let room = Room::watch(&server, &url).await;
    let replaying = tokio::spawn(replay::run(replay_options(track.clone(), &server), CancellationToken::new()));
    let stored = async || {
        let Ok((client, connection)) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await else { return 0 };
        tokio::spawn(connection);
        client.query_one("SELECT count(*) FROM reports", &[]).await.map_or(0, |row| row.get::<_, i64>(0))
    };
    for kill in 1..=13 {
        // Spread over the run: each strikes when another fourteenth is in.
        until("the replay has come so far", async || stored().await >= rows as i64 * kill / 14 || replaying.is_finished()).await;
        assert!(!replaying.is_finished(), "the replay was over before kill {kill}");
        if kill % 4 == 0 {
            let pid = std::fs::read_to_string(server.state_dir().join("postgres/data/postmaster.pid")).unwrap();
            signal(pid.lines().next().unwrap().trim().parse().unwrap(), "KILL");
        } else {
            server.kill();
            server.spawn();
        }
    }
    let summary = replaying.await.unwrap().unwrap();
    assert_eq!((summary.reports, summary.not_stored), (rows as u64, 0));
    eprintln!("{} reports sent again", summary.resent);
    agree(&server, &room, &track, rows, &url).await;
    assert!(server.terminate().success(), "{}", server.log());
}
