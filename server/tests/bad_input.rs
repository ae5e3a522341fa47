//! Bad input is counted and answered as its protocol says; other tags never notice.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use bytes::BytesMut;
use common::{Server, connect, until};
use geofence::{Report, Signal, Timestamp};
use simulator::identity::Identity;
use simulator::wire::teltonika::{Codec, put_packet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use store::TagRow;
use store::testing::{TestDatabase, staff};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const SHORT_LIMITS: &str = "login_s = 2\nidle_s = 4\nframe_s = 2\ncheckpoint_s = 1";

/// A server with one known tag.
struct Stage {
    server: Server,
    database: TestDatabase,
    tag: Identity,
}

impl Stage {
    async fn new(limits: &str) -> Self {
        let database = TestDatabase::create().await;
        let store = database.store().await;
        let tag = Identity::of_wearer("W-1");
        let row = TagRow { imei: tag.imei.clone(), wearer: Some("W-1".into()), key: Some(tag.key), fitted_at: Timestamp::from_millis(0) };
        store.tags_register(&staff(), "central", &[row]).await.unwrap();
        let server = Server::start(Some(database.url()), limits);
        Self { server, database, tag }
    }

    async fn open(&self) -> TcpStream {
        TcpStream::connect(self.server.teltonika).await.unwrap()
    }

    async fn logged_in(&self) -> TcpStream {
        let mut socket = self.open().await;
        socket.write_all(&login(&self.tag.imei)).await.unwrap();
        assert_eq!(socket.read_u8().await.unwrap(), 1);
        socket
    }

    /// Another tag's report is stored and acknowledged as ever.
    async fn others_are_unaffected(&self, second: i64) {
        let mut socket = self.logged_in().await;
        socket.write_all(&packet(second)).await.unwrap();
        assert_eq!(socket.read_u32().await.unwrap(), 1, "an honest report is acknowledged");
    }

    async fn stored(&self) -> i64 {
        connect(self.database.url()).await.query_one("SELECT count(*) FROM reports", &[]).await.unwrap().get(0)
    }

    async fn quarantined(&self, reason: &str) -> i64 {
        let client = connect(self.database.url()).await;
        client.query_one("SELECT count(*) FROM quarantine WHERE reason = $1", &[&reason]).await.unwrap().get(0)
    }
}

fn login(imei: &str) -> Vec<u8> {
    [&[0, 15], imei.as_bytes()].concat()
}

fn report(second: i64) -> Report {
    let at = Report::at(Timestamp::from_millis(1_700_000_000_000 + second * 1000));
    Report { latitude_e7: 357_000_000, longitude_e7: 514_000_000, satellites: 9, signals: at.signals.with(Signal::Fix, true), ..at }
}

fn packet(second: i64) -> BytesMut {
    let mut bytes = BytesMut::new();
    put_packet(Codec::EightExtended, &[report(second)], &mut bytes);
    bytes
}

/// The server closes; what it said before.
async fn read_to_close(mut socket: TcpStream) -> Vec<u8> {
    let mut said = Vec::new();
    tokio::time::timeout(Duration::from_secs(20), socket.read_to_end(&mut said)).await.expect("the server closes").ok();
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_wrong_checksums_and_absurd_lengths_are_refused() {
    let stage = Stage::new(SHORT_LIMITS).await;

    let mut garbage = stage.open().await;
    garbage.write_all(&[0x47; 4096]).await.unwrap();
    assert!(read_to_close(garbage).await.len() <= 1, "garbage gets at most a refusal");

    let mut broken = stage.logged_in().await;
    let mut bytes = packet(1);
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    broken.write_all(&bytes).await.unwrap();
    assert_eq!(broken.read_u32().await.unwrap(), 0, "a wrong checksum is never acknowledged");
    broken.write_all(&packet(2)).await.unwrap();
    assert_eq!(broken.read_u32().await.unwrap(), 1, "and the stream goes on");

    let mut absurd = stage.logged_in().await;
    absurd.write_all(&[0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]).await.unwrap();
    assert!(read_to_close(absurd).await.is_empty(), "an absurd length ends the stream");

    let mut native = TcpStream::connect(stage.server.native).await.unwrap();
    native.write_all(&[0xFF; 64]).await.unwrap();
    read_to_close(native).await;

    stage.others_are_unaffected(3).await;
    assert_eq!(stage.stored().await, 2);
    until("the broken packet is in the quarantine", async || stage.quarantined("wrong_checksum").await == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_tag_is_refused_and_set_aside() {
    let stage = Stage::new(SHORT_LIMITS).await;
    let mut unknown = stage.open().await;
    unknown.write_all(&login("490154203237518")).await.unwrap();
    assert_eq!(read_to_close(unknown).await, [0]);
    until("the login is in the quarantine", async || stage.quarantined("unknown_tag").await == 1).await;
    stage.others_are_unaffected(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_frame_and_a_slow_loris_are_cut_off() {
    let mut stage = Stage::new(SHORT_LIMITS).await;
    let started = Instant::now();
    let silent = stage.open().await;
    let mut half_login = stage.open().await;
    half_login.write_all(&login(&stage.tag.imei)[..9]).await.unwrap();
    let mut loris = stage.logged_in().await;
    let dripping = tokio::spawn(async move {
        for byte in packet(1) {
            if loris.write_all(&[byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        panic!("nobody stopped the slow writer");
    });
    assert!(read_to_close(silent).await.is_empty());
    assert!(read_to_close(half_login).await.is_empty());
    dripping.await.unwrap();
    let idle = stage.logged_in().await;
    assert!(read_to_close(idle).await.is_empty(), "an idle connection is closed");
    assert!(started.elapsed() > Duration::from_secs(4), "not sooner than the limits say");
    stage.others_are_unaffected(2).await;
    assert!(stage.server.is_alive());
    for reason in ["login_timeout", "frame_timeout", "idle"] {
        assert!(stage.server.logged(reason), "{reason} is told");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_steady_stream_cut_in_the_middle_of_frames_goes_on() {
    let stage = Stage::new(SHORT_LIMITS).await;
    let mut socket = stage.logged_in().await;
    let started = Instant::now();
    let mut second = 0;
    let first = packet(second);
    socket.write_all(&first[..20]).await.unwrap();
    let mut rest = first[20..].to_vec();
    // Longer than a single frame may take: each frame came whole, only never at the end of a read.
    while started.elapsed() < Duration::from_secs(5) {
        second += 1;
        let next = packet(second);
        rest.extend_from_slice(&next[..20]);
        socket.write_all(&rest).await.unwrap();
        assert_eq!(socket.read_u32().await.expect("the connection lives on"), 1);
        rest = next[20..].to_vec();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_connections_at_once_do_not_harm_others() {
    let mut stage = Stage::new("login_s = 60").await;
    let before = stage.server.resident();
    let address: SocketAddr = stage.server.teltonika;
    let mut held = Vec::new();
    while held.len() < 9_900 {
        let opening: Vec<_> = (0..100).map(|_| tokio::spawn(TcpStream::connect(address))).collect();
        for socket in opening {
            held.push(socket.await.unwrap().expect("this machine allows 10,000 open files"));
        }
    }
    // Each begins something and leaves it unfinished.
    for socket in &mut held {
        socket.write_all(&[0, 15, b'3']).await.unwrap();
    }
    stage.others_are_unaffected(1).await;
    let grown = stage.server.resident().saturating_sub(before);
    assert!(grown < 200 * 1024 * 1024, "{grown} bytes for 10,000 idle connections");
    drop(held);
    stage.others_are_unaffected(2).await;
    assert!(stage.server.is_alive());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_too_many_is_closed_and_the_others_stay() {
    let stage = Stage::new("connections_max = 2").await;
    let mut first = stage.logged_in().await;
    let _second = stage.logged_in().await;
    assert!(read_to_close(stage.open().await).await.is_empty());
    first.write_all(&packet(1)).await.unwrap();
    assert_eq!(first.read_u32().await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_a_busy_run_holds_no_position_and_no_payload() {
    let stage = Stage::new(SHORT_LIMITS).await;
    for second in 0..20 {
        stage.others_are_unaffected(second).await;
    }
    let mut garbage = stage.open().await;
    garbage.write_all(b"\x00\x0fSECRETSECRETSEC and more of it").await.unwrap();
    read_to_close(garbage).await;
    let log = stage.server.log();
    for secret in ["35.7", "51.4", "357000000", "514000000", "SECRET", &stage.tag.key_hex()] {
        assert!(!log.contains(secret), "the log shows {secret}");
    }
}
