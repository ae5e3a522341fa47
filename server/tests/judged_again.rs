//! The past judged again, through the whole system: late reports, leave and zones recorded after they began, a tag exchanged, and what
//! explains the verdicts.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use access::Caller;
use bytes::BytesMut;
use chrono::{DateTime, Utc};
use common::{Server, Session, connect, until};
use enrolment::ReturnOutcome;
use enrolment::leave::{LeaveAct, LeaveKind, LeaveTerms};
use geofence::{Evidence, Report, Signal, Timestamp};
use simulator::identity::Identity;
use simulator::wire::teltonika::{Codec, put_packet};
use store::testing::{TestDatabase, staff};
use store::{Decision, LeaveApproval, LeaveEnd, NewLeave, ReturnFilter, Store, TagRow};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A wearer with a home, a tag, and a server.
struct Stage {
    server: Server,
    database: TestDatabase,
    sql: tokio_postgres::Client,
    /// The seconds of the test count from here, some hours ago.
    begins: Timestamp,
}

impl Stage {
    async fn new() -> Self {
        let database = TestDatabase::create().await;
        let store = database.store().await;
        let begins = Timestamp::from_millis((chrono::Utc::now().timestamp() - 6 * 3600) * 1000);
        let home = r#"{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[51.4,35.7]},
            "properties":{"wearer":"W-1","zone":"home","sense":"inclusion","radius_m":200}}]}"#;
        store.zones_import(&staff(), home, begins, "").await.unwrap();
        let tag = Identity::of_wearer("W-1");
        let row = TagRow { imei: tag.imei, wearer: Some("W-1".into()), key: None, fitted_at: begins };
        store.tags_register(&staff(), "central", &[row]).await.unwrap();
        let server = Server::start(Some(database.url()), "");
        server.keep(&Session::operator(database.url()).await);
        let sql = connect(database.url()).await;
        Self { server, database, sql, begins }
    }

    fn at(&self, second: i64) -> Timestamp {
        self.begins.plus_seconds(second)
    }

    fn fix(&self, second: i64, metres_east: f64) -> Report {
        let report = Report { latitude_e7: 357_000_000, satellites: 9, accuracy_dm: 50, ..Report::at(self.at(second)) };
        let longitude_e7 = 514_000_000 + (metres_east / 90_500.0 * 1e7) as i32;
        Report { longitude_e7, signals: report.signals.with(Signal::Fix, true), ..report }
    }

    /// One packet on a connection of its own, acknowledged.
    async fn send(&self, wearer: &str, reports: &[Report]) {
        let mut socket = TcpStream::connect(self.server.teltonika).await.unwrap();
        let imei = Identity::of_wearer(wearer).imei;
        socket.write_all(&[&(imei.len() as u16).to_be_bytes(), imei.as_bytes()].concat()).await.unwrap();
        assert_eq!(socket.read_u8().await.unwrap(), 1);
        for reports in reports.chunks(100) {
            let mut bytes = BytesMut::new();
            put_packet(Codec::EightExtended, reports, &mut bytes);
            socket.write_all(&bytes).await.unwrap();
            assert_eq!(socket.read_u32().await.unwrap(), reports.len() as u32);
        }
    }

    /// Violations of the home zone as the database knows them: `start..end reason | corrected because`, in seconds.
    async fn violations(&self) -> Vec<String> {
        let rows = "SELECT started_at, ended_at, end_reason, corrected_because FROM alerts WHERE kind = 'inclusion' ORDER BY started_at";
        let seconds = |millis: i64| (millis - self.begins.millis()) / 1000;
        let shown = |row: &tokio_postgres::Row| {
            let end = row.get::<_, Option<i64>>(1).map_or("open".to_owned(), |end| seconds(end).to_string());
            let reason = row.get::<_, Option<&str>>(2).unwrap_or("");
            format!("{}..{end} {reason} | {}", seconds(row.get(0)), row.get::<_, Option<&str>>(3).unwrap_or(""))
        };
        self.sql.query(rows, &[]).await.unwrap().iter().map(shown).collect()
    }

    async fn becomes(&self, expected: &[&str]) {
        let patience = std::time::Instant::now();
        let mut found = self.violations().await;
        while found != expected && patience.elapsed().as_secs() < 30 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            found = self.violations().await;
        }
        assert_eq!(found, expected, "\n{}", self.server.log());
    }
}

/// At home from 0 to 600, away from 660 to 1200, at home again.
fn day(stage: &Stage) -> Vec<Report> {
    (0..40).map(|minute| stage.fix(minute * 60, if (11..=20).contains(&minute) { 900.0 } else { 0.0 })).collect()
}

/// How many reports a line of the log says were judged again.
fn reports_judged_again(line: &str) -> Option<u64> {
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    (line["fields"]["message"] == "judged again").then(|| line["fields"]["reports"].as_u64())?
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_after_a_live_report_is_judged_in_its_place() {
    let stage = Stage::new().await;
    let day = day(&stage);
    // Heard until minute 12, then live again at minute 39; what lies between comes afterwards, newest first.
    stage.send("W-1", &day[..12]).await;
    stage.send("W-1", &day[39..]).await;
    stage.becomes(&[]).await;
    let mut backlog = day[12..39].to_vec();
    backlog.reverse();
    for reports in backlog.chunks(1) {
        stage.send("W-1", reports).await;
    }
    stage.becomes(&["660..1260 kept | late report"]).await;
    // Drop by drop, and yet not the square: 27 late reports of a past of 40.
    let judged: u64 = stage.server.log().lines().filter_map(reports_judged_again).sum();
    eprintln!("{judged} reports judged again");
    assert!(judged > 0 && judged <= 6 * 40, "{judged} reports were judged again");
    // Once more, all of it: nothing changes.
    stage.send("W-1", &day).await;
    let late: i64 = stage.sql.query_one("SELECT count(*) FROM alerts WHERE found_late", &[]).await.unwrap().get(0);
    assert!(late >= 1);
    stage.becomes(&["660..1260 kept | late report"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leave_recorded_late_takes_the_violation_back_and_says_who_and_why() {
    let stage = Stage::new().await;
    stage.send("W-1", &day(&stage)).await;
    stage.becomes(&["660..1260 kept | "]).await;
    let leave = "INSERT INTO leaves (wearer_id, valid_from, valid_to)
        SELECT wearer_id, to_timestamp($1), to_timestamp($2) FROM wearers WHERE reference = 'W-1'";
    let seconds = |second: i64| stage.at(second).millis() as f64 / 1000.0;
    stage.sql.batch_execute("BEGIN; SET LOCAL paband.actor = 'sara'; SET LOCAL paband.reason = 'decision 17, entered late'").await.unwrap();
    stage.sql.execute(leave, &[&seconds(600), &seconds(3000)]).await.unwrap();
    stage.sql.batch_execute("COMMIT").await.unwrap();
    let because = "leave recorded by sara: decision 17, entered late";
    stage.becomes(&[&format!("660..660 refuted | {because}")]).await;
    let requests = async || stage.sql.query_one("SELECT count(*) FROM judging_requests", &[]).await.unwrap().get::<_, i64>(0);
    until("the request is answered", async || requests().await == 0).await;
    // Withdrawn again: the violation stands again.
    stage.sql.batch_execute("DELETE FROM leaves").await.unwrap();
    until("the violation stands again", async || stage.violations().await[0].starts_with("660..1260 kept")).await;
}

/// An order for W-1 that began long ago.
const ORDER: &str = "
    INSERT INTO orders (wearer_id) SELECT wearer_id FROM wearers WHERE reference = 'W-1';
    INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date, legal_basis, regime)
        SELECT order_id, 1, 'new', now() - interval '9 days', now(), 'test', 'Branch 3', '9', now(), 'ipc_62', 'tag' FROM orders";

#[tokio::test(flavor = "multi_thread")]
async fn leave_that_two_persons_record_late_moves_the_violation_to_its_end_and_tells_who_came_back() {
    let stage = Stage::new().await;
    stage.sql.batch_execute(ORDER).await.unwrap();
    stage.send("W-1", &day(&stage)).await;
    stage.becomes(&["660..1260 kept | "]).await;
    let store = Store::connect(stage.database.url(), 4).await.unwrap();
    let at = |second: i64| DateTime::from_timestamp_millis(stage.at(second).millis()).unwrap();
    let terms = LeaveTerms { from: at(600), to: at(900), kind: LeaveKind::Hours };
    let (sara, reza) = (Caller::command("sara", "test"), Caller::command("reza", "test"));
    let new = NewLeave { wearer: "W-1".into(), terms, exclusion: false, purpose: "doctor".into(), late_reason: "it was urgent".into() };
    let requested = store.leave_request(&sara, &new, Utc::now()).await.unwrap();
    let decision = Decision { authority: "Branch 3".into(), number: "17".into(), date: Utc::now().date_naive() };
    let approval = LeaveApproval {
        leave_id: requested.leave_id,
        expected_version: requested.version,
        decision,
        exclusion: false,
        warnings_read: vec![],
        late_reason: String::new(),
    };
    assert!(store.leave_approve(&sara, &approval, Utc::now()).await.is_err(), "who asked does not approve");
    let leave = store.leave_approve(&reza, &approval, Utc::now()).await.unwrap();
    // Away until 1260: excused to 900 and not beyond.
    let because = "leave recorded by reza: leave 1, decision 17 of Branch 3: it was urgent";
    stage.becomes(&[&format!("660..660 refuted | {because}"), &format!("900..1260 kept | {because}")]).await;
    let filter =
        ReturnFilter { unit: String::new(), from: at(0), to: Utc::now(), missing_only: false, after: Default::default(), limit: 10 };
    let returns = store.leave_returns(&sara, &filter, Utc::now()).await.unwrap().returns;
    let late: i64 = stage.sql.query_one("SELECT alert_id FROM alerts WHERE end_reason = 'kept'", &[]).await.unwrap().get(0);
    assert_eq!(returns.iter().map(|one| one.outcome).collect::<Vec<_>>(), [ReturnOutcome::HomeLate(late, at(1260))]);
    // It was meant for somebody else: as if it had never been.
    let end = LeaveEnd { leave_id: 1, expected_version: leave.version, act: LeaveAct::Annul, reason: "another W-1".into() };
    store.leave_end(&sara, &end, Utc::now()).await.unwrap();
    until("the violation stands again", async || stage.violations().await[0].starts_with("660..1260 kept")).await;
    assert!(store.leave_returns(&sara, &filter, Utc::now()).await.unwrap().returns.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zone_drawn_for_the_past_is_judged_in_the_past() {
    let stage = Stage::new().await;
    stage.send("W-1", &day(&stage)).await;
    stage.becomes(&["660..1260 kept | "]).await;
    // The zone was too small from the beginning: 1,000 m.
    let wider = format!(
        r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","geometry":{{"type":"Point","coordinates":[51.4,35.7]}},
        "properties":{{"wearer":"W-1","zone":"home","sense":"inclusion","radius_m":1500,"valid_from":"{}"}}}}]}}"#,
        stage.at(1)
    );
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), wider).unwrap();
    stage.server.paband(&["zone", "import", file.path().to_str().unwrap(), "--reason", "drawn too small"]);
    let uid = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap());
    stage.becomes(&[&format!("660..660 refuted | zone home changed by sara (uid {uid}): drawn too small")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_tag_goes_on_where_the_one_before_ended() {
    let stage = Stage::new().await;
    let day = day(&stage);
    stage.send("W-1", &day[..15]).await;
    stage.becomes(&["660..open  | "]).await;
    // Exchanged at minute 15 without coming home, recorded now.
    let exchange = "WITH ended AS (UPDATE fittings SET period = tstzrange(lower(period), to_timestamp($1)) RETURNING wearer_id),
        new AS (INSERT INTO tags (imei) VALUES ($2) RETURNING tag_id)
        SELECT 1 FROM ended, new";
    let seconds = stage.at(15 * 60 - 30).millis() as f64 / 1000.0;
    let imei = Identity::of_wearer("W-1-next").imei;
    stage.sql.query(exchange, &[&seconds, &imei]).await.unwrap();
    let fit = "INSERT INTO fittings (tag_id, wearer_id, period)
        SELECT t.tag_id, w.wearer_id, tstzrange(to_timestamp($1), NULL) FROM tags t, wearers w WHERE t.imei = $2 AND w.reference = 'W-1'";
    stage.sql.execute(fit, &[&seconds, &imei]).await.unwrap();
    until("the new tag is known", async || stage.server.logged("new facts in force")).await;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    stage.send("W-1-next", &day[15..]).await;
    until("one violation from tag to tag", async || stage.violations().await[0].starts_with("660..1260 kept")).await;
    assert_eq!(stage.violations().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_ends_what_is_open_and_leave_recorded_afterwards_still_counts() {
    let mut stage = Stage::new().await;
    stage.send("W-1", &day(&stage)[..16]).await;
    stage.becomes(&["660..open  | "]).await;
    let removed = "UPDATE fittings SET period = tstzrange(lower(period), to_timestamp($1))";
    stage.sql.execute(removed, &[&(stage.at(1000).millis() as f64 / 1000.0)]).await.unwrap();
    until("the violation ends with the removal", async || stage.violations().await[0].starts_with("660..1000 zone_off | tag removed by "))
        .await;
    let leave = "INSERT INTO leaves (wearer_id, valid_from, valid_to)
        SELECT wearer_id, to_timestamp($1), to_timestamp($2) FROM wearers WHERE reference = 'W-1'";
    let seconds = |second: i64| stage.at(second).millis() as f64 / 1000.0;
    stage.sql.execute(leave, &[&seconds(600), &seconds(3000)]).await.unwrap();
    until("the violation is taken back", async || stage.violations().await[0].starts_with("660..660 refuted | leave recorded by ")).await;
    let requests = async || stage.sql.query_one("SELECT count(*) FROM judging_requests", &[]).await.unwrap().get::<_, i64>(0);
    until("the request is answered", async || requests().await == 0).await;
    // Asked for while nobody runs: answered at the next start.
    assert!(stage.server.terminate().success());
    stage.sql.batch_execute("DELETE FROM leaves").await.unwrap();
    stage.server.spawn();
    until("the violation stands again", async || stage.violations().await[0].starts_with("660..1000 zone_off")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_verdict_explains_itself_and_wearers_stood_as_told() {
    let stage = Stage::new().await;
    stage.send("W-1", &day(&stage)).await;
    stage.becomes(&["660..1260 kept | "]).await;
    let id: i64 = stage.sql.query_one("SELECT alert_id FROM alerts WHERE kind = 'inclusion'", &[]).await.unwrap().get(0);
    let room = format!("http://{}", stage.server.rooms);
    let json = stage.server.paband(&["explain", &id.to_string(), "--json", "--server", &room]);
    let evidence = Evidence::parse(&json).unwrap();
    assert_eq!(evidence.judge().unwrap().as_ref(), Some(&evidence.violation));
    assert_eq!(evidence.zones["features"][0]["properties"]["version"], 1);
    assert!(evidence.reports.len() < 20, "only what proves it is shown: {}", evidence.reports.len());
    // Without the database.
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &json).unwrap();
    let verdict = stage.server.paband(&["judge", "--evidence", file.path().to_str().unwrap()]);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&verdict).unwrap(), evidence.violation);
    let text = stage.server.paband(&["explain", &id.to_string(), "--server", &room]);
    assert!(text.contains("outside an inclusion zone") && text.contains("geofence-policy 1"), "{text}");

    let (from, to) = (stage.at(-600).to_string(), stage.at(2400).to_string());
    let spans = stage.server.paband(&["standing", "--from", &from, "--to", &to, "--wearer", "W-1", "--server", &room]);
    let standings: Vec<&str> = spans.lines().map(|line| line.split("  ").nth(3).unwrap().trim()).collect();
    assert_eq!(standings, ["not monitored", "kept", "broken", "UNKNOWN", "kept"], "{spans}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_imei_on_two_live_connections_is_a_doubt_about_its_identity() {
    let stage = Stage::new().await;
    let imei = Identity::of_wearer("W-1").imei;
    let mut first = TcpStream::connect(stage.server.teltonika).await.unwrap();
    first.write_all(&[&(imei.len() as u16).to_be_bytes(), imei.as_bytes()].concat()).await.unwrap();
    assert_eq!(first.read_u8().await.unwrap(), 1);
    stage.send("W-1", &[stage.fix(60, 0.0)]).await;
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    let mut bytes = BytesMut::new();
    put_packet(Codec::EightExtended, &[stage.fix(120, 0.0)], &mut bytes);
    first.write_all(&bytes).await.unwrap();
    assert_eq!(first.read_u32().await.unwrap(), 1, "nothing is lost for the doubt");
    let doubts = "SELECT count(*) FROM alerts WHERE kind = 'identity' AND wearer_id IS NOT NULL AND end_reason IS NULL";
    until("the doubt is an alert", async || stage.sql.query_one(doubts, &[]).await.unwrap().get::<_, i64>(0) == 1).await;
}
