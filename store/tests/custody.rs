//! What is old goes, what is held stays, and what was handed over is remembered; in both ways of keeping reports.

#![allow(clippy::unwrap_used)]

mod common;

use access::{Caller, Purpose, Who};
use chrono::{DateTime, TimeDelta, Utc};
use common::{batch, fix, now, stored};
use geofence::{Batch, Checkpoint, Judge, StoredReport, Timestamp};
use store::testing::{TestDatabase, staff};
use store::{
    Act, Archive, DataKind, Decided, Deletion, HoldFilter, NewHold, NewProposal, PeopleError, ReleaseRequest, Retention, Store, TagRow,
};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
const RETENTION: Retention = Retention { tracks_days: 30, raw_frames_days: 10, sessions_days: 20, files_days: 5 };

/// The beginning of a day, so many days before today.
fn day(before: i64) -> Timestamp {
    Timestamp::from_millis((now().millis().div_euclid(DAY_MS) - before) * DAY_MS)
}

fn utc(time: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(time.millis()).unwrap()
}

/// w1 with tag 1 and w2 with tag 2, both for a year; each reported every hour of the 40th to the 29th day before today.
async fn town(database: &TestDatabase) -> Store {
    let store = database.store().await;
    let tag = |n: u8| TagRow { imei: format!("{n:015}"), wearer: Some(format!("w{n}")), key: None, fitted_at: day(365) };
    store.tags_register(&staff(), "central", &[tag(1), tag(2)]).await.unwrap();
    for before in [40, 33, 28] {
        store.maintain(day(before)).await.unwrap();
    }
    let mut journal = store.journal_connection(0).await.unwrap();
    for (before, number) in (29..=40).rev().zip(1..) {
        let report =
            |n: i64| stored(n % 2 + 1, day(before).plus_millis(n / 2 * HOUR_MS), fix(day(before).plus_millis(n / 2 * HOUR_MS), n as i32));
        journal.append(&Batch { checkpoint: number, ..batch(number, (0..48).map(report).collect()) }, now()).await.unwrap();
    }
    store.maintain(now()).await.unwrap();
    store
}

fn hold(wearer: &str, from: Timestamp, to: Option<Timestamp>) -> NewHold {
    NewHold {
        wearer: wearer.into(),
        from: utc(from),
        to: to.map(utc),
        authority: "Branch 3".into(),
        letter_number: "9/12".into(),
        reason: "appeal".into(),
    }
}

async fn run(store: &Store, dry_run: bool) -> Vec<Deletion> {
    store.retention_run(&Caller::command("paband", "retention"), &RETENTION, Utc::now(), dry_run).await.unwrap()
}

fn counted(deletions: &[Deletion], kind: DataKind) -> (i64, i64) {
    let deletion = deletions.iter().find(|deletion| deletion.kind == kind).unwrap();
    (deletion.rows, deletion.held)
}

async fn track(store: &Store, wearer: &str) -> Vec<StoredReport> {
    let wearer = store.wearer(&staff(), wearer).await.unwrap().unwrap();
    store.track(&wearer, day(60), now()).await.unwrap().reports
}

/// A supervisor of this unit; each test database has the people 1, 2 and 3.
fn supervisor(person_id: i64, unit_id: i64) -> Caller {
    let mut caller = Caller::nobody("test", "");
    caller.who = Who::Person { person_id, session_id: 1, name: format!("person{person_id}") };
    caller.roots = vec![unit_id];
    caller.purpose = Some(Purpose { code: "judicial".into(), case_number: "1405/7".into(), needs_place: true });
    caller
}

async fn people(database: &TestDatabase) {
    let people = "
        INSERT INTO units (code, parent_id, kind, name_fa, name_en, is_on) VALUES ('fars', 1, 'province', 'فارس', 'Fars', true), ('qom', 1, 'province', 'قم', 'Qom', true);
        INSERT INTO people (name, shown_name, unit_id, password) SELECT 'person' || n, 'Person ' || n, 1, 'x' FROM generate_series(1, 3) n;
        UPDATE wearers SET unit_id = 2 WHERE reference = 'w1'";
    database.client().await.batch_execute(people).await.unwrap();
}

async fn confirmed(store: &Store, act: &Act) -> Result<i64, PeopleError> {
    let new = NewProposal { method: "test", request: vec![], request_json: "{}".into() };
    let proposal = store.propose(&supervisor(1, 1), new, act, Utc::now()).await?;
    let decided = Decided::Confirmed(act.clone());
    Ok(store.proposal_decide(&supervisor(2, 2), proposal.proposal_id, &decided, Utc::now()).await?.result_id)
}

#[tokio::test]
async fn days_older_than_the_limit_go_and_younger_ones_stay() {
    let database = TestDatabase::create().await;
    let store = town(&database).await;
    let tables = store.status().await.unwrap().partitions.len();
    let dry = run(&store, true).await;
    assert_eq!((counted(&dry, DataKind::Tracks), dry[0].deletion_id), ((10 * 48, 0), 0));
    assert_eq!(track(&store, "w1").await.len(), 12 * 24, "a dry run changes nothing");
    assert_eq!(store.deletion_list(100).await.unwrap(), []);

    assert_eq!(counted(&run(&store, false).await, DataKind::Tracks), (10 * 48, 0));
    let left = track(&store, "w1").await;
    assert_eq!((left.len(), left[0].received_at), (2 * 24, day(30)));
    assert!(store.status().await.unwrap().partitions.len() <= tables - 10, "no empty tables are left");
    assert_eq!(counted(&run(&store, false).await, DataKind::Tracks), (0, 0), "nothing is left to do");
    let runs: Vec<_> = store.deletion_list(100).await.unwrap().into_iter().filter(|run| run.kind == DataKind::Tracks).collect();
    assert_eq!(runs.iter().map(|run| (run.rows, run.older_than)).collect::<Vec<_>>(), [(0, utc(day(30))), (480, utc(day(30)))]);
    let status = store.retention_status(&RETENTION, Utc::now()).await.unwrap();
    assert_eq!((status[0].oldest, status[0].last.as_ref()), (Some(utc(day(30))), runs.first()));
}

#[tokio::test]
async fn what_is_held_stays_across_days_until_the_hold_is_lifted() {
    let database = TestDatabase::create().await;
    let store = town(&database).await;
    people(&database).await;
    // From the afternoon of one day to the morning of the day after the next.
    let (from, to) = (day(38).plus_millis(15 * HOUR_MS), day(36).plus_millis(6 * HOUR_MS));
    let before: Vec<_> = track(&store, "w1").await.into_iter().filter(|stored| (from..to).contains(&stored.received_at)).collect();
    let placed = store.hold_place(&supervisor(1, 2), &hold("w1", from, Some(to)), Utc::now()).await.unwrap();
    let held = 9 + 24 + 6;

    let dry = run(&store, true).await;
    let done = run(&store, false).await;
    assert_eq!(counted(&done, DataKind::Tracks), (10 * 48 - held, held));
    assert_eq!(counted(&dry, DataKind::Tracks), counted(&done, DataKind::Tracks), "a dry run tells what a run does");
    let left = track(&store, "w1").await;
    assert_eq!(left[..held as usize], before, "the same reports, on the same way of reading");
    assert_eq!((left.len() as i64, track(&store, "w2").await.len()), (held + 2 * 24, 2 * 24));
    assert_eq!(counted(&run(&store, false).await, DataKind::Tracks), (0, held));
    assert_eq!(store.status().await.unwrap().reports_astray, 0);

    let lift = Act::LiftHold { hold_id: placed.hold_id, reason: "decided".into() };
    assert_eq!(confirmed(&store, &lift).await.unwrap(), placed.hold_id);
    assert!(matches!(confirmed(&store, &lift).await, Err(PeopleError::HoldOver)));
    assert_eq!(counted(&run(&store, false).await, DataKind::Tracks), (held, 0));
    assert_eq!(track(&store, "w1").await.len(), 2 * 24);
    let listed = store.hold_list(&supervisor(1, 2), &HoldFilter::default()).await.unwrap();
    assert!(listed.len() == 1 && listed[0].lifted_at.is_some());
    store.audit_verify(vec![], |_| ()).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_hold_follows_the_tag_that_was_on_the_wearer() {
    let database = TestDatabase::create().await;
    let store = town(&database).await;
    // Tag 1 went from w1 to w3 at noon of the 35th day before today.
    let noon = utc(day(35).plus_millis(12 * HOUR_MS));
    let client = database.client().await;
    client.execute("UPDATE fittings SET period = tstzrange(lower(period), $1) WHERE tag_id = 1", &[&noon]).await.unwrap();
    client.batch_execute("INSERT INTO wearers (reference) VALUES ('w3')").await.unwrap();
    client.execute("INSERT INTO fittings (tag_id, wearer_id, period) VALUES (1, 3, tstzrange($1, NULL))", &[&noon]).await.unwrap();
    store.hold_place(&staff(), &hold("w3", day(300), None), Utc::now()).await.unwrap();
    let held = 12 + 4 * 24;
    assert_eq!(counted(&run(&store, false).await, DataKind::Tracks), (480 - held, held));
    assert_eq!(track(&store, "w3").await.len() as i64, held + 48);
    assert_eq!(track(&store, "w1").await, []);
}

#[tokio::test]
async fn a_report_is_held_by_its_clock_or_by_its_arrival() {
    let database = TestDatabase::create().await;
    let store = town(&database).await;
    let mut journal = store.journal_connection(0).await.unwrap();
    let received = day(35);
    // Taken three days earlier, never set, and of a clock that says nonsense.
    let taken = [day(38), Timestamp::from_millis(0), Timestamp::MAX, Timestamp::MIN];
    let reports: Vec<_> = taken.iter().map(|at| stored(1, received.plus_millis(1), fix(*at, 7))).collect();
    journal.append(&Batch { checkpoint: 99, ..batch(99, reports) }, now()).await.unwrap();
    store.hold_place(&staff(), &hold("w1", day(38), Some(day(38).plus_millis(1))), Utc::now()).await.unwrap();
    store.hold_place(&staff(), &hold("w1", received.plus_millis(1), Some(received.plus_millis(2))), Utc::now()).await.unwrap();
    // Of the hourly ones the first of its day falls into the first span.
    assert_eq!(counted(&run(&store, false).await, DataKind::Tracks), (480 - 1, 5));
    let noted: i64 = database.client().await.query_one("SELECT count(*) FROM reports_elsewhere", &[]).await.unwrap().get(0);
    assert_eq!(noted, 4, "they are still found where their clocks say");
    assert_eq!(store.reports_of_tag(1, Timestamp::from_millis(-1), Timestamp::from_millis(1)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_day_that_recovery_needs_is_not_deleted() {
    let database = TestDatabase::create().await;
    let store = town(&database).await;
    let mut journal = store.journal_connection(1).await.unwrap();
    let late = stored(2, day(36).plus_millis(5), fix(day(36), 9));
    journal.append(&Batch { shard: 1, checkpoint: 50, ..batch(60, vec![late]) }, now()).await.unwrap();
    assert_eq!(counted(&run(&store, true).await, DataKind::Tracks), (9 * 48, 0));
    assert_eq!(counted(&run(&store, false).await, DataKind::Tracks), (9 * 48, 0));
    journal.append(&Batch { shard: 1, checkpoint: 61, ..batch(61, vec![]) }, now()).await.unwrap();
    assert_eq!(counted(&run(&store, false).await, DataKind::Tracks), (49, 0));
}

#[tokio::test]
async fn what_was_found_before_the_deletion_is_not_judged_again() {
    let database = TestDatabase::create().await;
    let store = town(&database).await;
    let mut journal = store.journal_connection(0).await.unwrap();
    let checkpoint = |before: i64| Checkpoint { wearer_id: 1, at: day(before), bytes: vec![Judge::FORM, before as u8] };
    let checkpoints = [39, 35, 29].map(checkpoint).to_vec();
    journal.append(&Batch { checkpoint: 99, checkpoints, ..batch(99, vec![]) }, now()).await.unwrap();
    let asked = [(1, day(38)), (1, day(28)), (2, day(38))];
    let begins = async || {
        store
            .pasts(&asked)
            .await
            .unwrap()
            .into_iter()
            .map(|past| (past.checkpoint.map(|kept| kept.at), past.kept_since))
            .collect::<Vec<_>>()
    };
    assert_eq!(begins().await, [(Some(day(39)), None), (Some(day(29)), None), (None, None)]);

    store.hold_place(&staff(), &hold("w1", day(36), Some(day(34))), Utc::now()).await.unwrap();
    run(&store, false).await;
    let kept = Some(day(30));
    assert_eq!(begins().await, [(Some(day(29)), kept), (Some(day(29)), kept), (None, kept)]);
    let pasts = store.pasts(&asked).await.unwrap();
    assert_eq!(pasts[2].reports.len(), 47, "those after the beginning of the first day that is whole");
    let left = database.client().await.query("SELECT judged_at FROM judge_checkpoints ORDER BY 1", &[]).await.unwrap();
    assert_eq!(left.iter().map(|row| row.get(0)).collect::<Vec<i64>>(), [day(35).millis(), day(29).millis()], "one is held");
}

#[tokio::test]
async fn raw_frames_and_sessions_go_after_their_time() {
    let database = TestDatabase::create().await;
    let store = town(&database).await;
    people(&database).await;
    for imei in [Some("000000000000001"), Some("000000000000002"), None] {
        store.quarantine("bad", imei, b"x").await.unwrap();
    }
    let old = "
        UPDATE quarantine SET recorded_at = now() - interval '12 days';
        INSERT INTO sessions (person_id, token_hash, began_at, last_used_at, idle_s, ends_at, address, ended_at, ended_because)
        SELECT 1, sha256(n::text::bytea), now() - interval '60 days', now() - make_interval(days => n), 600, now() - make_interval(days => n - 1), '', NULL, NULL
        FROM unnest(ARRAY[40, 25, 3, 0]) AS n;
        INSERT INTO log_in_failures VALUES ('::1', now() - interval '30 days'), ('::1', now())";
    database.client().await.batch_execute(old).await.unwrap();
    store.quarantine("bad", None, b"new").await.unwrap();
    store.hold_place(&staff(), &hold("w1", day(20), None), Utc::now()).await.unwrap();
    let dry = run(&store, true).await;
    let done = run(&store, false).await;
    assert_eq!(counted(&done, DataKind::RawFrames), (2, 1));
    assert_eq!(counted(&done, DataKind::Sessions), (3, 0));
    let numbers = |deletions: &[Deletion]| deletions.iter().map(|done| (done.kind, done.rows, done.held)).collect::<Vec<_>>();
    assert_eq!(numbers(&dry), numbers(&done));
    let audit =
        store.audit_search(&staff(), &store::AuditFilter { act: "retention".into(), limit: 100, ..Default::default() }).await.unwrap();
    let subjects: Vec<&str> = audit.entries.iter().map(|link| link.entry.subject.as_str()).collect();
    assert!(
        subjects.iter().any(|subject| subject.starts_with("raw_frames older than") && subject.ends_with(": 2 rows deleted, 1 held")),
        "{subjects:?}"
    );
}

#[tokio::test]
async fn holds_and_releases_of_another_unit_do_not_exist() {
    let database = TestDatabase::create().await;
    let store = town(&database).await;
    people(&database).await;
    let placed = store.hold_place(&supervisor(1, 2), &hold("w1", day(300), None), Utc::now()).await.unwrap();
    let release = release_of_w1();
    let id = confirmed(&store, &release).await.unwrap();
    let stranger = supervisor(3, 3);
    assert_eq!(store.hold_list(&stranger, &HoldFilter::default()).await.unwrap(), []);
    assert!(matches!(store.hold_place(&stranger, &hold("w1", day(3), None), Utc::now()).await, Err(PeopleError::UnknownWearer)));
    let propose = async |act: Act| {
        let new = NewProposal { method: "test", request: vec![], request_json: "{}".into() };
        store.propose(&stranger, new, &act, Utc::now()).await.unwrap_err()
    };
    assert!(matches!(propose(Act::LiftHold { hold_id: placed.hold_id, reason: "x".into() }).await, PeopleError::UnknownHold));
    assert!(matches!(propose(release).await, PeopleError::UnknownWearer));
    assert_eq!((store.release(&stranger, id).await.unwrap(), store.release_list(&stranger, "").await.unwrap()), (None, vec![]));
    assert_eq!(store.release_list(&supervisor(1, 2), "w1").await.unwrap().len(), 1);
}

fn release_of_w1() -> Act {
    let request = ReleaseRequest {
        wearer: "w1".into(),
        from: utc(day(40)),
        to: utc(day(35)),
        authority: "Branch 3".into(),
        letter_number: "9/12".into(),
        letter_date: "1405/08/30".into(),
        positions: true,
        violations: false,
    };
    let bytes: Vec<u8> = (0..(5 << 19)).map(|n| (n % 251) as u8).collect();
    let archive = Some(Archive { bytes: bytes.into(), sha256: [7; 32], positions: 120, violations: 0 });
    Act::ReleaseData { request, archive }
}

#[tokio::test]
async fn a_release_is_remembered_when_its_file_is_gone() {
    let database = TestDatabase::create().await;
    let store = town(&database).await;
    people(&database).await;
    let id = confirmed(&store, &release_of_w1()).await.unwrap();
    let caller = supervisor(1, 2);
    let release = store.release(&caller, id).await.unwrap().unwrap();
    assert_eq!(
        (release.proposed_by.as_str(), release.confirmed_by.as_str(), release.bytes, release.has_file),
        ("person1", "person2", 5 << 19, true)
    );
    let mut whole = Vec::new();
    for number in 0.. {
        let Some(piece) = store.release_piece(id, number).await.unwrap() else { break };
        whole.extend(piece);
    }
    let Act::ReleaseData { archive: Some(archive), .. } = release_of_w1() else { unreachable!() };
    assert_eq!(whole, archive.bytes);

    database.client().await.execute("UPDATE releases SET released_at = $1", &[&(Utc::now() - TimeDelta::days(7))]).await.unwrap();
    let placed = store.hold_place(&staff(), &hold("w1", day(36), Some(day(34))), Utc::now()).await.unwrap();
    assert_eq!(counted(&run(&store, false).await, DataKind::Files), (0, 1), "what is held is held in an archive too");
    confirmed(&store, &Act::LiftHold { hold_id: placed.hold_id, reason: "over".into() }).await.unwrap();
    assert_eq!(counted(&run(&store, true).await, DataKind::Files), (1, 0));
    assert_eq!(counted(&run(&store, false).await, DataKind::Files), (1, 0));
    assert_eq!(store.release_piece(id, 0).await.unwrap(), None);
    let release = store.release(&caller, id).await.unwrap().unwrap();
    assert!(!release.has_file && release.sha256 == [7; 32]);
}

#[tokio::test]
async fn whoever_runs_the_service_cannot_unwrite_what_was_held_deleted_or_handed_over() {
    let database = TestDatabase::create().await;
    town(&database).await;
    let client = database.client().await;
    client.batch_execute("SET ROLE paband_service").await.unwrap();
    for table in ["legal_holds", "deletions", "releases"] {
        let error = client.batch_execute(&format!("DELETE FROM {table}")).await.unwrap_err();
        assert!(format!("{error:?}").contains("permission denied"), "{error:?}");
    }
}
