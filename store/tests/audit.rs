//! The audit: whatever is done to an entry behind its back shows, and the service itself cannot do it.

#![allow(clippy::unwrap_used)]

use access::{AuditEntry, AuditFault, AuditHead, AuditLink, Caller};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta};
use futures_util::SinkExt;
use std::time::Instant;
use store::testing::{TestDatabase, staff};
use store::{AuditFilter, Store};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

/// Entries of one statement.
const TOGETHER: i64 = 20_000;

async fn house() -> (TestDatabase, Store, Client) {
    let database = TestDatabase::create().await;
    let (store, owner) = (database.store().await, database.client().await);
    (database, store, owner)
}

/// So many looks at wearers, made by the database.
async fn looks(owner: &Client, count: i64) {
    let entries = "SELECT audit_append((SELECT jsonb_agg(jsonb_build_object('who', 'person:sara', 'role', 'operator', 'unit', 'tehran',
        'act', '/paband.monitor.v1.Tracking/GetPosition', 'wearer', 'W-' || n % 1000, 'subject', '', 'purpose', 'alert', 'case_number', '',
        'address', '10.0.0.7', 'result', 'done')) FROM generate_series(1, $1::bigint) AS n))";
    for _ in 0..count / TOGETHER {
        owner.execute(entries, &[&TOGETHER]).await.unwrap();
    }
    if count % TOGETHER > 0 {
        owner.execute(entries, &[&(count % TOGETHER)]).await.unwrap();
    }
}

/// A chain of so many looks, reckoned here and copied in: the database needs minutes for a million.
async fn chain(owner: &Client, count: i64) {
    let entry = AuditEntry {
        who: "person:sara".into(),
        role: "operator".into(),
        unit: "tehran".into(),
        result: "done".into(),
        ..AuditEntry::default()
    };
    let mut link = AuditLink { number: 0, at: DateTime::from_timestamp(1_764_000_000, 0).unwrap(), entry, hash: [0; 32] };
    let sink = owner.copy_in("COPY audit FROM STDIN (FORMAT csv)").await.unwrap();
    let mut sink = std::pin::pin!(sink);
    let mut rows = String::new();
    for number in 1..=count {
        let previous = link.hash;
        link.number = number;
        link.entry.wearer = format!("W-{}", number % 1000);
        link.at += TimeDelta::milliseconds(7);
        link.hash = link.digest(&previous);
        let hash: String = link.hash.iter().map(|byte| format!("{byte:02x}")).collect();
        rows += &format!(
            "{number},{},person:sara,operator,tehran,\"\",{},\"\",\"\",\"\",\"\",done,\\x{hash}\n",
            link.at.to_rfc3339(),
            link.entry.wearer
        );
        if number % 10_000 == 0 || number == count {
            sink.send(Bytes::from(std::mem::take(&mut rows))).await.unwrap();
        }
    }
    sink.finish().await.unwrap();
    owner.execute("UPDATE audit_head SET number = $1, hash = $2", &[&count, &link.hash.as_slice()]).await.unwrap();
}

async fn verify(store: &Store, kept: Vec<AuditHead>) -> Result<AuditHead, AuditFault> {
    store.audit_verify(kept, |_| {}).await.unwrap()
}

#[tokio::test]
async fn what_callers_say_is_kept_word_for_word_and_hashed_alike_by_database_and_program() {
    let (_database, store, _owner) = house().await;
    let awkward = ["", "1404/12", "سارا «ش»", "a:3:b\"\\\n\t'", "👩‍⚖️", "\u{1}\u{7f}", "a\0b"];
    for text in awkward {
        let caller = Caller::command("tests", "look");
        caller.about_wearer(text);
        caller.about(text);
        store.audit_note(caller.entry("done")).await.unwrap();
    }
    assert_eq!(verify(&store, vec![]).await.unwrap().number, awkward.len() as i64);
    let page = store.audit_search(&staff(), &AuditFilter { limit: 100, ..AuditFilter::default() }).await.unwrap();
    let kept: Vec<&str> = page.entries.iter().rev().map(|link| link.entry.wearer.as_str()).collect();
    assert_eq!(kept[..6], awkward[..6]);
    assert_eq!(kept[6], "ab", "what no text of the database can hold is left out");
}

#[tokio::test]
async fn the_service_can_neither_change_nor_remove_nor_write_directly() {
    let (database, store, owner) = house().await;
    looks(&owner, 3).await;
    // In the role of the service's sessions.
    owner.batch_execute("SET ROLE paband_service").await.unwrap();
    for attempt in [
        "UPDATE audit SET who = 'person:other' WHERE number = 2",
        "DELETE FROM audit WHERE number = 2",
        "TRUNCATE audit",
        "INSERT INTO audit SELECT * FROM audit WHERE number = 2",
        "UPDATE audit_head SET number = 1",
        "DELETE FROM audit_head",
        "ALTER TABLE audit DISABLE TRIGGER ALL",
        "DROP TABLE audit",
        "DROP FUNCTION audit_append(jsonb)",
    ] {
        let refused = owner.batch_execute(attempt).await.unwrap_err();
        assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{attempt}: {refused}");
    }
    assert_eq!(verify(&store, vec![]).await.unwrap().number, 3);
    drop(database);
}

#[tokio::test]
async fn whatever_the_owner_of_the_tables_does_to_an_entry_shows() {
    let (_database, store, owner) = house().await;
    looks(&owner, 50).await;
    let kept = store.audit_head().await.unwrap().0;
    looks(&owner, 5).await;
    assert_eq!(verify(&store, vec![kept]).await.unwrap().number, 55);
    for (tampering, fault) in [
        ("UPDATE audit SET wearer = 'W-x' WHERE number = 20", AuditFault::Changed(20)),
        ("UPDATE audit SET at = at + interval '1 microsecond' WHERE number = 20", AuditFault::Changed(20)),
        ("UPDATE audit SET hash = set_byte(hash, 31, get_byte(hash, 31) # 1) WHERE number = 55", AuditFault::Changed(55)),
        ("DELETE FROM audit WHERE number BETWEEN 20 AND 22", AuditFault::Missing { first: 20, last: 22 }),
        ("DELETE FROM audit WHERE number = 1", AuditFault::Missing { first: 1, last: 1 }),
        ("DELETE FROM audit WHERE number > 52", AuditFault::Head { vouched: 55, found: 52 }),
        (
            "UPDATE audit SET number = -number WHERE number IN (20, 30);
             UPDATE audit SET number = CASE number WHEN -20 THEN 30 ELSE 20 END WHERE number < 0",
            AuditFault::Changed(20),
        ),
        // The newest entries taken off, and the head set back as if they had never been: only a head kept elsewhere tells.
        (
            "DELETE FROM audit WHERE number > 48; UPDATE audit_head SET number = 48, hash = (SELECT hash FROM audit WHERE number = 48)",
            AuditFault::Head { vouched: 50, found: 48 },
        ),
    ] {
        owner.batch_execute(&format!("CREATE TABLE a AS TABLE audit; CREATE TABLE h AS TABLE audit_head; {tampering}")).await.unwrap();
        assert_eq!(verify(&store, vec![kept]).await, Err(fault), "{tampering}");
        let restore = "TRUNCATE audit, audit_head; INSERT INTO audit TABLE a; INSERT INTO audit_head TABLE h; DROP TABLE a, h";
        owner.batch_execute(restore).await.unwrap();
        assert_eq!(verify(&store, vec![kept]).await.unwrap().number, 55);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_changed_byte_among_a_million_entries_is_found() {
    let (_database, store, owner) = house().await;
    chain(&owner, 1_000_000).await;
    let started = Instant::now();
    assert_eq!(verify(&store, vec![]).await.unwrap().number, 1_000_000);
    eprintln!("a million entries verified in {:.1} s", started.elapsed().as_secs_f64());
    owner.batch_execute("UPDATE audit SET address = '10.0.0.8' WHERE number = 765432").await.unwrap();
    assert_eq!(verify(&store, vec![]).await, Err(AuditFault::Changed(765_432)));
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_of_many_at_once_have_numbers_without_gaps() {
    let (_database, store, owner) = house().await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..400 {
        let store = store.clone();
        tasks.spawn(async move {
            let caller = Caller::command("tests", "look");
            caller.about(format!("look {number}"));
            store.audit_note(caller.entry("done")).await.unwrap();
        });
    }
    tasks.join_all().await;
    assert_eq!(verify(&store, vec![]).await.unwrap().number, 400);
    let subjects: i64 = owner.query_one("SELECT count(DISTINCT subject) FROM audit", &[]).await.unwrap().get(0);
    assert_eq!(subjects, 400);
}

#[tokio::test]
async fn auditors_see_what_their_units_did_and_what_was_done_to_their_wearers() {
    let (_database, store, owner) = house().await;
    owner
        .batch_execute(
            "INSERT INTO units (code, parent_id, kind, name_fa, name_en, is_on) VALUES ('tehran', 1, 'province', 'x', 'x', true), ('qom', 1, 'province', 'x', 'x', true);
             INSERT INTO wearers (reference, unit_id) VALUES ('W-tehran', 2), ('W-qom', 3)",
        )
        .await
        .unwrap();
    let look = async |unit: &str, wearer: &str| {
        let mut caller = Caller::nobody("look", "");
        unit.clone_into(&mut caller.unit);
        caller.about_wearer(wearer);
        store.audit_note(caller.entry("done")).await.unwrap();
    };
    look("tehran", "W-tehran").await; // 1
    look("central", "W-tehran").await; // 2
    look("qom", "W-qom").await; // 3
    look("central", "").await; // 4
    let seen_from = async |roots: &[i64]| {
        let mut caller = Caller::nobody("search", "");
        caller.roots = roots.to_vec();
        let page = store.audit_search(&caller, &AuditFilter { limit: 10, ..AuditFilter::default() }).await.unwrap();
        page.entries.iter().map(|link| link.number).collect::<Vec<_>>()
    };
    assert_eq!(seen_from(&[2]).await, [2, 1]);
    assert_eq!(seen_from(&[3]).await, [3]);
    assert_eq!(seen_from(&[2, 3]).await, [3, 2, 1]);
    assert_eq!(seen_from(&[1]).await, [4, 3, 2, 1]);
    assert_eq!(seen_from(&[]).await, Vec::<i64>::new());
    // Pages go on where the one before ended.
    let page = store.audit_search(&staff(), &AuditFilter { limit: 3, ..AuditFilter::default() }).await.unwrap();
    assert_eq!((page.entries.len(), page.next), (3, Some(2)));
    let rest = store.audit_search(&staff(), &AuditFilter { limit: 3, before: 2, ..AuditFilter::default() }).await.unwrap();
    assert_eq!((rest.entries.len(), rest.next), (1, None));
}
