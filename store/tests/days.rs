//! Tables come to be once, days get their partitions ahead, and closed days their index.

#![allow(clippy::unwrap_used)]

mod common;

use common::{batch, fix, now, stored};
use futures_util::TryStreamExt;
use geofence::Timestamp;
use store::testing::TestDatabase;
use store::{StorageMode, Store};

const DAY_MILLIS: i64 = 86_400_000;

#[tokio::test]
async fn migrating_twice_or_at_once_takes_every_step_once() {
    let database = TestDatabase::create().await;
    let stores: Vec<Store> = [Store::connect(database.url(), 1).await.unwrap(), Store::connect(database.url(), 1).await.unwrap()].into();
    let before = stores[0].status().await.unwrap();
    assert_eq!((before.mode, before.applied.len()), (None, 0));
    assert!(before.pending.len() >= 6 && before.pending[0] == "V1__tags_and_wearers", "{:?}", before.pending);
    let (first, second) = tokio::join!(Store::migrate(database.url(), None), Store::migrate(database.url(), None));
    assert_eq!(first.unwrap().applied.len() + second.unwrap().applied.len(), before.pending.len());
    assert_eq!(Store::migrate(database.url(), None).await.unwrap().applied, Vec::<String>::new());
    let after = stores[1].status().await.unwrap();
    assert_eq!((after.applied, after.pending), (before.pending, vec![]));
}

#[tokio::test]
async fn partitions_are_made_from_yesterday_to_a_week_ahead() {
    let database = TestDatabase::create().await;
    let store = database.store().await;
    let status = store.status().await.unwrap();
    if status.mode == Some(StorageMode::Hypertable) {
        assert_eq!(status.partitions, []);
        return;
    }
    let count = status.partitions.len();
    assert!(count == 9 || count == 10, "{count}");
    store.maintain(now()).await.unwrap();
    assert_eq!(store.maintain(now()).await.unwrap().partitions_made, 0);
    let later = now().plus_millis(3 * DAY_MILLIS);
    assert!((2..=4).contains(&store.maintain(later).await.unwrap().partitions_made));
}

#[tokio::test]
async fn what_went_astray_is_taken_to_its_day_when_that_is_made() {
    let database = TestDatabase::create().await;
    let store = database.store().await;
    let later = now().plus_millis(30 * DAY_MILLIS);
    let report = stored(1, later, fix(later, 1));
    store.journal_connection(0).await.unwrap().append(&batch(1, vec![report]), later).await.unwrap();
    if store.status().await.unwrap().mode == Some(StorageMode::Partitioned) {
        assert_eq!(store.status().await.unwrap().reports_astray, 1);
    }
    store.maintain(later).await.unwrap();
    assert_eq!(store.status().await.unwrap().reports_astray, 0);
    let all: Vec<_> = store.reports_after(0, None).await.unwrap().try_collect().await.unwrap();
    assert_eq!(all, [(1, report)]);
}

#[tokio::test]
async fn a_closed_day_is_indexed_and_reads_use_the_index() {
    let database = TestDatabase::create().await;
    let store = database.store().await;
    let day = Timestamp::from_millis(now().millis().div_euclid(DAY_MILLIS) * DAY_MILLIS);
    let before = day.plus_millis(-DAY_MILLIS);
    let mut journal = store.journal_connection(0).await.unwrap();
    for (day, number) in [(before, 1), (day, 2)] {
        let reports = (0..20_000).map(|n| stored(n % 500, day.plus_millis(n), fix(day.plus_millis(n), n as i32))).collect();
        journal.append(&batch(number, reports), day).await.unwrap();
    }
    let early = store.maintain(day.plus_seconds(3599)).await.unwrap();
    assert!(early.ranges_covered > 0);
    assert_eq!(early.days_indexed, 0, "what was read before midnight may still be on its way");
    assert_eq!(store.maintain(day.plus_seconds(3600)).await.unwrap().days_indexed, 1);
    assert_eq!(store.maintain(day.plus_seconds(3600)).await.unwrap().days_indexed, 0);
    let indexed = store.status().await.unwrap().partitions;
    assert_eq!(indexed.iter().filter(|day| day.indexed_by_tag).count(), 1);

    assert_eq!(store.reports_of_tag(7, before, day).await.unwrap().len(), 40);
    assert_eq!(store.reports_of_tag(7, before, day.plus_seconds(60)).await.unwrap().len(), 80);
    let after: Vec<_> = store.reports_after(1, None).await.unwrap().try_collect().await.unwrap();
    assert_eq!(after.len(), 20_000);
    let explain = format!(
        "EXPLAIN SELECT * FROM reports WHERE tag_id = 7 AND taken_at >= {} AND taken_at < {} AND received_at >= to_timestamp({})",
        before.millis(),
        day.millis(),
        before.millis() / 1000 - 600
    );
    let plan = database.client().await.query(&explain, &[]).await.unwrap();
    let plan: String = plan.iter().map(|row| row.get::<_, String>(0) + "\n").collect();
    assert!(plan.contains("_tag_taken"), "{plan}");
}

#[tokio::test]
async fn a_batch_over_several_days_finds_every_partition() {
    let database = TestDatabase::create().await;
    let store = database.store().await;
    let at = now();
    let mut journal = store.journal_connection(0).await.unwrap();
    let days: [&[i64]; 4] = [&[0], &[-1, 0, 1], &[1], &[0, 500]];
    let mut expected = Vec::new();
    for (days, number) in days.into_iter().zip(1..) {
        let received = |day: &i64| at.plus_millis(day * DAY_MILLIS);
        let reports: Vec<_> = days.iter().map(|day| stored(1, received(day), fix(received(day), number as i32))).collect();
        journal.append(&batch(number, reports.clone()), at).await.unwrap();
        expected.extend(reports.into_iter().map(|report| (number, report)));
    }
    let all: Vec<_> = store.reports_after(0, None).await.unwrap().try_collect().await.unwrap();
    assert_eq!(all, expected);
    let last: Vec<_> = store.reports_after(2, Some(&[1])).await.unwrap().try_collect().await.unwrap();
    assert_eq!(last, expected[4..]);
}
