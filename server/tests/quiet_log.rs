//! A busy run leaves nothing in the log that could tell who is watched, where they are, or how to get in.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use bytes::BytesMut;
use common::{Server, Session, Setup, channel, connect, until};
use geofence::{Report, Signal, Timestamp};
use proto::monitor::alerts_client::AlertsClient;
use proto::monitor::{AcknowledgeAlertRequest, Alert, CloseAlertRequest, ListAlertsRequest, WatchRequest};
use simulator::client::{Endpoint, Protocol, Tag, TagOptions};
use simulator::identity::Identity;
use simulator::wire::teltonika::{Codec, put_packet};
use std::process::Command;
use store::testing::TestDatabase;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;

const PASSWORD: &str = "s3same-opens";
const PERSON: &str = "Zobeydeh-Karimpour-7781";
const OTHER_PERSON: &str = "Esfandiyar-Golmohammadi-9923";
const ZONE: &str = "the-house-of-Karimpour";
const OFFICER: &str = "colonel-shahbazi";
const NOTE: &str = "spoke-with-the-sister";

/// Where everything here happens: 35.7391826 N, 51.4283715 E.
const LATITUDE_E7: i32 = 357_391_826;
const LONGITUDE_E7: i32 = 514_283_715;

/// None of this may be in any line.
const SECRETS: [&str; 12] = [
    PASSWORD,
    PERSON,
    OTHER_PERSON,
    "Karimpour",
    "Golmohammadi",
    OFFICER,
    "Shahbazi",
    NOTE,
    // Degrees and tenths of microdegrees, in whole or cut.
    "35.739",
    "51.4283",
    "357391",
    "514283",
];

fn now() -> Timestamp {
    chrono::Utc::now().into()
}

/// So many metres north of there, more or less.
fn report(metres: i32) -> Report {
    let at = Report::at(now());
    let signals = at.signals.with(Signal::Fix, true).with(Signal::StrapOpen, metres > 900);
    Report { latitude_e7: LATITUDE_E7 + 90 * metres, longitude_e7: LONGITUDE_E7, satellites: 9, signals, ..at }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

struct Stage {
    server: Server,
    database: TestDatabase,
    tags: [Identity; 2],
    officer: Session,
    /// What the commands beside the server logged.
    said: String,
}

impl Stage {
    async fn new() -> Self {
        let database = TestDatabase::create().await;
        let url = format!("{} password={PASSWORD}", database.url());
        let mut server = Server::set_up(Some(&url), &Setup { level: "trace", limits: "checkpoint_s = 1", ..Setup::default() });
        let tags = [PERSON, OTHER_PERSON].map(Identity::of_wearer);
        let said = import(&mut server, &tags);
        let officer = Session::operator_named(database.url(), OFFICER).await;
        Self { server, database, tags, officer, said }
    }

    async fn rooms(&self) -> AlertsClient<InterceptedService<Channel, Session>> {
        AlertsClient::with_interceptor(channel(self.server.rooms).await.unwrap(), self.officer.clone())
    }

    /// Both tags report over their protocols.
    async fn report(&self, metres: &[i32]) {
        let [native, teltonika] = &self.tags;
        let both =
            [(native, self.server.native, Protocol::Native), (teltonika, self.server.teltonika, Protocol::Teltonika(Codec::EightExtended))];
        for (tag, address, protocol) in both {
            let cancel = CancellationToken::new();
            let (connected, _orders) =
                Tag::start(TagOptions::new(tag.clone(), Endpoint::plain(address.to_string()), protocol), cancel.clone());
            for metres in metres {
                connected.push(report(*metres));
                connected.delivered().await;
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            cancel.cancel();
        }
    }

    /// Frames that are set aside: broken, unknown, of no protocol.
    async fn garbage(&self) -> Vec<u8> {
        let mut broken = BytesMut::new();
        put_packet(Codec::EightExtended, &[report(5)], &mut broken);
        let last = broken.len() - 1;
        broken[last] ^= 1;
        let login = [&[0, 15], self.tags[1].imei.as_bytes()].concat();
        let unknown = [&[0, 15][..], b"490154203237518"].concat();
        let teltonika = [[&login[..], &broken].concat(), unknown, vec![0x47; 4096], [&login[..], &[0, 0, 0, 0, 0xFF, 0xFF]].concat()];
        for bytes in &teltonika {
            send(self.server.teltonika, bytes).await;
        }
        for bytes in [vec![0xFF; 64], broken.to_vec()] {
            send(self.server.native, &bytes).await;
        }
        broken.to_vec()
    }

    async fn alerts(&self) -> Vec<Alert> {
        self.rooms().await.list_alerts(ListAlertsRequest::default()).await.unwrap().into_inner().alerts
    }

    /// Rooms look, take on, close, and ask for what is refused.
    async fn work_on_alerts(&self) {
        let mut rooms = self.rooms().await;
        let mut stream = rooms.watch(WatchRequest { after_sequence: Some(0) }).await.unwrap().into_inner();
        stream.message().await.unwrap().unwrap();
        for alert in self.alerts().await {
            rooms.acknowledge_alert(AcknowledgeAlertRequest { alert_id: alert.alert_id }).await.unwrap();
            let _refused_or_not = rooms.close_alert(CloseAlertRequest { alert_id: alert.alert_id, note: NOTE.to_owned() }).await;
        }
        rooms
            .list_alerts(ListAlertsRequest { wearer: PERSON.repeat(50), page_token: ZONE.to_owned(), ..Default::default() })
            .await
            .unwrap_err();
    }

    /// The database refuses a batch, and in doing so shows the row.
    async fn database_in_trouble(&self) {
        let admin = connect(self.database.url()).await;
        admin.batch_execute("ALTER TABLE reports ADD CONSTRAINT trouble CHECK (tag_id < 0) NOT VALID").await.unwrap();
        let trouble = self.report(&[0]);
        tokio::pin!(trouble);
        let told = until("the refused batch is told", async || self.server.logged("did not confirm a batch"));
        tokio::select! {
            () = &mut trouble => panic!("nothing can be stored now"),
            () = told => {}
        }
        admin.batch_execute("ALTER TABLE reports DROP CONSTRAINT trouble").await.unwrap();
        trouble.await;
        let others =
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
        admin.batch_execute(others).await.unwrap();
    }
}

async fn send(address: std::net::SocketAddr, bytes: &[u8]) {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(bytes).await.unwrap();
    let _answer = tokio::time::timeout(std::time::Duration::from_millis(500), socket.read_to_end(&mut Vec::new())).await;
}

/// Both persons' tags and zones, as staff bring them in.
fn import(server: &mut Server, tags: &[Identity; 2]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let (rows, zones) = (directory.path().join("tags.csv"), directory.path().join("zones.geojson"));
    let row = |(tag, person): (&Identity, &str)| format!("{},{person},{}\n", tag.imei, hex(&tag.key));
    let lines: String = tags.iter().zip([PERSON, OTHER_PERSON]).map(row).collect();
    std::fs::write(&rows, format!("imei,wearer,key\n{lines}")).unwrap();
    let zone = format!(
        r#"{{"type":"FeatureCollection","features":[{{"type":"Feature",
            "properties":{{"wearers":["{PERSON}","{OTHER_PERSON}"],"zone":"{ZONE}","sense":"inclusion","radius_m":200,"open_after_s":0,"open_fixes":1}},
            "geometry":{{"type":"Point","coordinates":[51.4283715,35.7391826]}}}}]}}"#
    );
    std::fs::write(&zones, zone).unwrap();
    let mut said = server.paband_log(&["tag", "import", rows.to_str().unwrap()]);
    said += &server.paband_log(&["zone", "import", zones.to_str().unwrap(), "--reason", NOTE]);
    said
}

/// A log line without the time at which it was written: that may have any digits.
fn timeless(line: &str) -> String {
    let Ok(serde_json::Value::Object(mut fields)) = serde_json::from_str(line) else { return line.to_owned() };
    fields.remove("timestamp");
    serde_json::Value::Object(fields).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_run_says_nothing_that_must_not_be_known() {
    let mut stage = Stage::new().await;
    until("rooms can watch", async || stage.server.logged("live alerts: in touch")).await;
    until("the zone is in force", async || stage.server.logged("new facts in force")).await;
    stage.report(&[10, 20, 450, 460, 950, 30, 40]).await;
    let garbage = stage.garbage().await;
    until("there are alerts", async || stage.alerts().await.len() >= 2).await;
    stage.work_on_alerts().await;
    stage.database_in_trouble().await;
    stage.report(&[15, 700]).await;
    until("it goes on", async || stage.server.logged("listening was interrupted")).await;
    stage.server.terminate();

    let log = stage.server.log() + &stage.said;
    for told in ["bytes set aside", "did not confirm a batch", "\"DEBUG\""] {
        assert!(log.contains(told), "the run was not busy enough: {told} is missing");
    }
    let mut secrets: Vec<String> = SECRETS.map(str::to_owned).to_vec();
    secrets.push(stage.officer.token().to_owned());
    for tag in &stage.tags {
        secrets.push(hex(&tag.key)[..16].to_owned());
        secrets.push(format!("{:?}", &tag.key[..6]).trim_matches(['[', ']']).to_owned());
    }
    // From behind the length: what is common to all frames proves nothing.
    secrets.push(hex(&garbage[10..18]));
    secrets.push(format!("{:?}", &garbage[10..18]).trim_matches(['[', ']']).to_owned());
    for line in log.lines().map(timeless) {
        let lower = line.to_lowercase();
        let leaked = secrets.iter().find(|secret| lower.contains(&secret.to_lowercase()));
        assert_eq!(leaked, None, "leaked in: {line}");
    }
}

#[test]
fn an_address_that_does_not_work_is_told_without_its_password() {
    for url in [
        format!("postgresql://paband:{PASSWORD}@127.0.0.1:1/paband"),
        format!("postgresql://paband:{PASSWORD}@10.255.255.1/paband"),
        format!("postgresql://paband:{PASSWORD}@10.255.255.1/paband?sslmode=disable"),
        format!("host=127.0.0.1 password=a {PASSWORD}"),
        PASSWORD.to_owned(),
    ] {
        for command in [["db", "status"], ["config", "check"]] {
            let mut paband = Command::new(env!("CARGO_BIN_EXE_paband"));
            let output =
                paband.args(command).env("DATABASE_URL", &url).env("PABAND_LOG", "trace").env_remove("PABAND_CONFIG").output().unwrap();
            let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
            assert!(!said.contains(PASSWORD), "{said}");
            assert!(command[0] == "config" || (!output.status.success() && said.contains("database")), "{said}");
        }
    }
}
