//! Notices, and the place for what could not become reports.

#![allow(clippy::unwrap_used)]

mod common;

use common::{now, violation, violations, wearers};
use geofence::ViolationKind;
use std::time::{Duration, Instant};
use store::Channel;
use store::testing::TestDatabase;

#[tokio::test]
async fn listeners_tick_on_news_and_each_second_and_after_the_connection_was_cut() {
    let database = TestDatabase::create().await;
    let store = database.store().await;
    wearers(&store, 1).await;
    let mut journal = store.journal_connection(0).await.unwrap();
    let mut alerts = store.listen(Channel::Alerts);
    let mut facts = store.listen(Channel::Facts);
    let second = Duration::from_millis(1500);
    for round in 1..=3 {
        tokio::time::timeout(second, alerts.changed()).await.expect("a tick each second").unwrap();
        tokio::time::timeout(second, facts.changed()).await.expect("a tick each second").unwrap();
        if round == 2 {
            let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE 'LISTEN%'";
            assert_eq!(database.client().await.query(cut, &[]).await.unwrap().len(), 2);
        }
    }
    tokio::time::sleep(second).await;
    // Right after a tick, news makes another at once.
    alerts.mark_unchanged();
    alerts.changed().await.unwrap();
    let begun = Instant::now();
    let at = now();
    journal.append(&violations(1, vec![violation(1, 1, ViolationKind::Sos, at)]), at).await.unwrap();
    alerts.changed().await.unwrap();
    assert!(begun.elapsed() < Duration::from_millis(700), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn the_quarantine_keeps_the_newest_and_counts_all() {
    let database = TestDatabase::create().await;
    let store = database.store().await;
    database.client().await.batch_execute("UPDATE quarantine_limit SET slots = 5").await.unwrap();
    for n in 0..12_u8 {
        store.quarantine("wrong_checksum", (n % 2 == 0).then_some("86\0"), &vec![n; 5000]).await.unwrap();
    }
    let status = store.status().await.unwrap();
    assert_eq!((status.quarantined, status.quarantined_ever), (5, 12));
    let kept = database.client().await.query("SELECT raw, length, imei FROM quarantine ORDER BY number", &[]).await.unwrap();
    assert_eq!(kept.iter().map(|row| row.get::<_, Vec<u8>>(0)[0]).collect::<Vec<_>>(), [7, 8, 9, 10, 11]);
    assert!(kept.iter().all(|row| row.get::<_, Vec<u8>>(0).len() == 4096 && row.get::<_, i64>(1) == 5000));
    assert_eq!(kept[1].get::<_, Option<String>>(2).as_deref(), Some("86"));
}
