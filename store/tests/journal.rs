//! A batch is stored whole or not at all, and once.

#![allow(clippy::unwrap_used)]

mod common;

use common::{awkward, batch, fix, now, state, stored, violation, violations};
use futures_util::TryStreamExt;
use geofence::{Batch, Report, StoredReport, Timestamp, ViolationKind};
use store::Store;
use store::testing::TestDatabase;

async fn all(store: &Store) -> Vec<(i64, StoredReport)> {
    store.reports_after(0, None).await.unwrap().try_collect().await.unwrap()
}

#[tokio::test]
async fn a_report_reads_back_exactly_whatever_the_tags_clock_says() {
    let database = TestDatabase::create().await;
    let store = database.store().await;
    let received = now();
    let instants = [i64::MIN, -1, 0, 315_532_800_000, received.millis(), 4_070_908_800_000, i64::MAX];
    let reports: Vec<_> = instants.iter().map(|at| stored(1, received, awkward(Timestamp::from_millis(*at)))).collect();
    let partitions = store.status().await.unwrap().partitions.len();
    let mut journal = store.journal_connection(0).await.unwrap();
    journal.append(&batch(1, reports.clone()), received).await.unwrap();

    assert_eq!(all(&store).await, reports.iter().map(|report| (1, *report)).collect::<Vec<_>>());
    let status = store.status().await.unwrap();
    assert!(status.partitions.len() <= partitions.max(1), "a lying clock made a partition: {:?}", status.partitions);
    assert_eq!(status.reports_astray, 0);
    for report in &reports {
        let asked = [(1, report.report)];
        assert_eq!(store.reports_stored(&asked).await.unwrap(), [true], "{:?}", report.report.taken_at);
        let taken = report.report.taken_at;
        if taken < Timestamp::MAX {
            assert_eq!(store.reports_of_tag(1, taken, taken.plus_millis(1)).await.unwrap(), [*report]);
        }
    }
}

#[tokio::test]
async fn repeats_are_found_among_many_and_only_by_their_whole_content() {
    let database = TestDatabase::create().await;
    let store = database.store().await;
    let received = now();
    let reports: Vec<_> = (0..3000).map(|n| stored(n % 50, received, fix(received.plus_seconds(-n), 357_000_000 + n as i32))).collect();
    store.journal_connection(0).await.unwrap().append(&batch(1, reports.clone()), received).await.unwrap();

    let known = (reports[7].tag_id, reports[7].report);
    let other_tag = (known.0 + 1, known.1);
    let other_place = (known.0, Report { latitude_e7: 1, ..known.1 });
    let other_signal = (known.0, Report { signals: geofence::Signals::from_bits(0), ..known.1 });
    let oldest = (reports[2999].tag_id, reports[2999].report);
    let asked = [other_tag, known, other_place, other_signal, oldest, known];
    assert_eq!(store.reports_stored(&asked).await.unwrap(), [false, true, false, false, true, true]);
    assert!(store.reports_stored(&[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_batch_that_fails_at_its_end_leaves_nothing() {
    let database = TestDatabase::create().await;
    let store = database.store().await;
    let mut journal = store.journal_connection(0).await.unwrap();
    let at = now();
    // Wearer 99 does not exist: the violation is refused after the reports and the memory went in.
    let refused = Batch {
        reports: vec![stored(1, at, fix(at, 1))],
        states: vec![state(1, 5)],
        ..violations(5, vec![violation(99, 99, ViolationKind::Sos, at)])
    };
    assert!(journal.append(&refused, at).await.is_err());
    assert_eq!(all(&store).await, []);
    assert_eq!(store.tag_states(None).await.unwrap(), []);
    assert_eq!((store.highest_batch().await.unwrap(), store.alert_last_sequence().await.unwrap()), (0, 0));

    let accepted = Batch { violations: vec![], ..refused };
    journal.append(&accepted, at).await.unwrap();
    assert_eq!(all(&store).await, [(5, accepted.reports[0])]);
    assert_eq!(store.tag_states(Some(&[1, 2])).await.unwrap(), accepted.states);
    assert_eq!(store.highest_batch().await.unwrap(), 5);
}

#[tokio::test]
async fn a_journal_whose_connection_was_cut_goes_on_with_the_next_batch() {
    let database = TestDatabase::create().await;
    let store = database.store().await;
    let mut journal = store.journal_connection(0).await.unwrap();
    let at = now();
    journal.append(&batch(1, vec![stored(1, at, fix(at, 1))]), at).await.unwrap();
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    database.client().await.batch_execute(kill).await.unwrap();
    let next = batch(2, vec![stored(1, at, fix(at, 2))]);
    if journal.append(&next, at).await.is_err() {
        assert_eq!(store.highest_batch().await.unwrap(), 1);
        journal.append(&next, at).await.unwrap();
    }
    assert_eq!(all(&store).await.len(), 2);
}

#[tokio::test]
async fn a_caller_that_stops_waiting_leaves_no_half_batch() {
    let database = TestDatabase::create().await;
    let store = database.store().await;
    let mut journal = store.journal_connection(0).await.unwrap();
    let at = now();
    let reports: Vec<_> = (0..20_000).map(|n| stored(n, at, fix(at, n as i32))).collect();
    for micros in [0, 300, 3000, 10_000] {
        let before = all(&store).await.len();
        let limit = std::time::Duration::from_micros(micros);
        let _given_up = tokio::time::timeout(limit, journal.append(&batch(1, reports.clone()), at)).await;
        journal.append(&batch(2, vec![stored(1, at, fix(at, -1))]), at).await.unwrap();
        let added = all(&store).await.len() - before;
        assert!(added == 1 || added == 20_001, "{added} of 20,001 rows after {micros} µs");
    }
}

#[tokio::test]
async fn a_tags_memory_is_never_replaced_by_an_older_one() {
    let database = TestDatabase::create().await;
    let store = database.store().await;
    let mut journal = store.journal_connection(0).await.unwrap();
    for (number, kept) in [(3, 3), (2, 3), (4, 4)] {
        let written = Batch { states: vec![state(1, number)], ..batch(number, vec![]) };
        journal.append(&written, now()).await.unwrap();
        assert_eq!(store.tag_states(None).await.unwrap(), [state(1, kept)]);
    }
}

#[tokio::test]
async fn recovery_begins_at_the_lowest_checkpoint_that_misses_something() {
    let database = TestDatabase::create().await;
    let store = database.store().await;
    let mut journal = store.journal_connection(0).await.unwrap();
    assert_eq!(store.recovery_start().await.unwrap(), 0);
    for (shard, number, checkpoint, start) in [(0, 10, 0, 0), (0, 12, 10, 10), (1, 13, 11, 10), (0, 14, 14, 11), (1, 15, 15, 15)] {
        let written = Batch { shard, checkpoint, ..batch(number, vec![]) };
        journal.append(&written, now()).await.unwrap();
        assert_eq!(store.recovery_start().await.unwrap(), start, "after batch {number}");
    }
    journal.append(&Batch { shard: 7, checkpoint: 2, ..batch(16, vec![]) }, now()).await.unwrap();
    assert_eq!(store.recovery_start().await.unwrap(), 2);
    store.shards_retire(2).await.unwrap();
    assert_eq!((store.recovery_start().await.unwrap(), store.highest_batch().await.unwrap()), (16, 16));
}

#[tokio::test]
async fn reports_are_read_back_by_batch_and_by_tag() {
    let database = TestDatabase::create().await;
    let store = database.store().await;
    let mut journal = store.journal_connection(0).await.unwrap();
    let at = now();
    for number in 1..=4 {
        let reports = (1..=3).map(|tag| stored(tag, at, fix(at.plus_seconds(number), tag as i32))).collect();
        journal.append(&batch(number, reports), at).await.unwrap();
    }
    let some: Vec<_> = store.reports_after(2, Some(&[3, 1])).await.unwrap().try_collect().await.unwrap();
    let seen: Vec<_> = some.iter().map(|(number, report)| (*number, report.tag_id)).collect();
    assert_eq!(seen, [(3, 1), (3, 3), (4, 1), (4, 3)]);
    let none: Vec<_> = store.reports_after(4, None).await.unwrap().try_collect().await.unwrap();
    assert_eq!(none, []);
}
