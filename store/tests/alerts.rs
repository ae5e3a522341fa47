//! Violations become alerts once, their events are numbered without gaps, and people decide what only people may.

#![allow(clippy::unwrap_used)]

mod common;

use access::Caller;
use common::{ended, now, violation, violations, wearers};
use geofence::{EndReason, Timestamp, ViolationKind};
use store::testing::{TestDatabase, staff};
use store::{Alert, AlertError, AlertEventKind, AlertFilter, Store};

async fn events(store: &Store) -> Vec<(i64, AlertEventKind, i64)> {
    let events = store.alert_events_after(0, i64::MAX).await.unwrap();
    events.iter().map(|event| (event.sequence, event.kind, event.alert.alert_id)).collect()
}

async fn only_alert(store: &Store) -> Alert {
    let page = store.alert_list(&staff(), &AlertFilter::default()).await.unwrap();
    assert_eq!(page.alerts.len(), 1, "{:?}", page.alerts);
    page.alerts.into_iter().next().unwrap()
}

#[tokio::test]
async fn a_violation_opens_grows_ends_and_never_reopens() {
    let database = TestDatabase::create().await;
    let store = database.store().await;
    wearers(&store, 1).await;
    let mut journal = store.journal_connection(0).await.unwrap();
    let start = now();
    let open = violation(1, 1, ViolationKind::Inclusion, start);
    let mut grown = open.clone();
    grown.violation.max_beyond_m = Some(50.0);
    grown.violation.last_breaking_at = Some(start.plus_seconds(60));
    let end = ended(grown.clone(), start.plus_seconds(90), EndReason::Kept);
    let earlier_end = ended(grown.clone(), start.plus_seconds(70), EndReason::Kept);
    // What a batch says, and how many events it must make.
    let steps = [
        (1, &open, 1),
        (1, &open, 0),
        (2, &open, 0),
        (3, &grown, 0),
        (4, &open, 0),
        (5, &end, 1),
        (5, &end, 0),
        (6, &end, 0),
        (7, &open, 0),
        (8, &grown, 0),
        (9, &earlier_end, 1),
        (5, &end, 0),
    ];
    for (number, said, new_events) in steps {
        let appended = journal.append(&violations(number, vec![said.clone()]), start).await.unwrap();
        assert_eq!(appended.alert_events, new_events, "batch {number}");
    }
    let alert = only_alert(&store).await;
    assert_eq!(alert.end, earlier_end.violation.end, "a late report corrected the end");
    assert_eq!((alert.max_beyond_m, alert.last_breaking_at), (Some(50.0), Some(start.plus_seconds(60))));
    assert_eq!((alert.wearer.as_str(), alert.imei.as_str(), alert.zone.as_str()), ("w1", "000000000000001", "home"));
    let told = store.alert_events_after(0, 10).await.unwrap();
    assert_eq!(told.iter().map(|event| event.alert.end).collect::<Vec<_>>(), [None, end.violation.end, earlier_end.violation.end]);
    assert_eq!(told[0].alert.max_beyond_m, Some(10.0), "an event shows the alert as it was then");
    assert_eq!(store.alert_events_after(1, 1).await.unwrap(), told[1..2]);
}

#[tokio::test]
async fn a_violation_found_and_ended_in_one_batch_makes_two_events() {
    let database = TestDatabase::create().await;
    let store = database.store().await;
    wearers(&store, 2).await;
    let start = now();
    let found = [1, 2].map(|wearer| ended(violation(wearer, wearer, ViolationKind::Exclusion, start), start, EndReason::ZoneOff));
    let mut journal = store.journal_connection(0).await.unwrap();
    assert_eq!(journal.append(&violations(1, found.to_vec()), start).await.unwrap().alert_events, 4);
    use AlertEventKind::{Ended, Opened};
    assert_eq!(events(&store).await, [(1, Opened, 1), (2, Ended, 1), (3, Opened, 2), (4, Ended, 2)]);
    assert_eq!(store.alert_last_sequence().await.unwrap(), 4);
}

#[tokio::test]
async fn what_is_over_five_minutes_old_is_found_late() {
    let database = TestDatabase::create().await;
    let store = database.store().await;
    wearers(&store, 1).await;
    let mut journal = store.journal_connection(0).await.unwrap();
    let known = now();
    let cases = [
        (known.plus_seconds(-300), false),
        (known.plus_seconds(-300).plus_millis(-1), true),
        (Timestamp::MIN, true),
        (Timestamp::MAX, false),
    ];
    for ((found_at, late), number) in cases.into_iter().zip(1..) {
        let said = violation(1, 1, ViolationKind::Sos, found_at);
        journal.append(&violations(number, vec![said]), known).await.unwrap();
        let newest = store.alert_list(&staff(), &AlertFilter { limit: 1, ..AlertFilter::default() }).await.unwrap().alerts.remove(0);
        assert_eq!((newest.found_at, newest.found_late, newest.recorded_at), (found_at, late, known));
    }
}

#[tokio::test]
async fn only_a_person_closes_a_strap_alert_and_it_stays_closed() {
    let database = TestDatabase::create().await;
    let store = database.store().await;
    wearers(&store, 1).await;
    let mut journal = store.journal_connection(0).await.unwrap();
    let start = now();
    let strap = violation(1, 1, ViolationKind::StrapOpen, start);
    let zone = violation(1, 1, ViolationKind::Inclusion, start);
    journal.append(&violations(1, vec![strap.clone(), zone]), start).await.unwrap();
    let alerts = store.alert_list(&staff(), &AlertFilter::default()).await.unwrap().alerts;
    let id_of = |kind| alerts.iter().find(|alert| alert.kind == kind).unwrap().alert_id;
    let (strap_id, zone_id) = (id_of(ViolationKind::StrapOpen), id_of(ViolationKind::Inclusion));

    assert!(matches!(
        store.alert_close(&Caller::command("sara", "test"), zone_id, "x", start).await,
        Err(AlertError::NotClosedByPerson(ViolationKind::Inclusion))
    ));
    assert!(matches!(store.alert_close(&Caller::command("sara", "test"), 99, "x", start).await, Err(AlertError::NotFound(99))));
    let closed =
        store.alert_close(&Caller::command("sara", "test"), strap_id, "visited, strap replaced", start.plus_seconds(9)).await.unwrap();
    assert_eq!(closed.end, Some((start.plus_seconds(9), EndReason::ByPerson)));
    assert_eq!(closed.note.as_deref(), Some("visited, strap replaced"));
    let again =
        store.alert_close(&Caller::command("sara", "test"), strap_id, "visited, strap replaced", start.plus_seconds(99)).await.unwrap();
    assert_eq!(again, closed);
    assert!(matches!(store.alert_close(&Caller::command("ali", "test"), strap_id, "mine", start).await, Err(AlertError::AlreadyEnded(_))));

    let refuted = ended(strap.clone(), start, EndReason::Refuted);
    assert_eq!(journal.append(&violations(2, vec![strap]), start).await.unwrap().alert_events, 0);
    assert_eq!(journal.append(&violations(3, vec![refuted]), start).await.unwrap().alert_events, 0);
    let last = store.alert_events_after(2, 10).await.unwrap();
    assert_eq!(last.len(), 1);
    assert_eq!((last[0].sequence, last[0].kind, &last[0].alert), (3, AlertEventKind::Ended, &closed));
}

#[tokio::test]
async fn the_first_person_to_acknowledge_keeps_the_alert() {
    let database = TestDatabase::create().await;
    let store = database.store().await;
    wearers(&store, 1).await;
    let start = now();
    let said = violations(1, vec![violation(1, 1, ViolationKind::Sos, start)]);
    store.journal_connection(0).await.unwrap().append(&said, start).await.unwrap();
    let taken = store.alert_acknowledge(&Caller::command("sara", "test"), 1, start).await.unwrap();
    assert_eq!(taken.acknowledged, Some(("sara".into(), start)));
    assert_eq!(store.alert_acknowledge(&Caller::command("sara", "test"), 1, start.plus_seconds(5)).await.unwrap(), taken);
    match store.alert_acknowledge(&Caller::command("ali", "test"), 1, start).await {
        Err(AlertError::AlreadyAcknowledged { by, at }) => assert_eq!((by.as_str(), at), ("sara", start)),
        other => panic!("{other:?}"),
    }
    assert!(matches!(store.alert_acknowledge(&Caller::command("ali", "test"), 2, start).await, Err(AlertError::NotFound(2))));
    assert_eq!(events(&store).await[1..], [(2, AlertEventKind::Acknowledged, 1)]);
}

#[tokio::test]
async fn numbers_have_no_gap_and_the_order_of_commits_under_many_writers() {
    let database = TestDatabase::create().await;
    let store = database.store().await;
    wearers(&store, 8).await;
    let start = now();
    let reader = tokio::spawn(read_until(store.clone(), 8 * 25));
    let writers = (1..=8).map(|wearer| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut journal = store.journal_connection(wearer as u16).await.unwrap();
            for step in 1..=50 {
                let at = start.plus_seconds(step);
                let mut said = vec![violation(wearer, wearer, ViolationKind::Sos, at)];
                if step % 2 == 0 {
                    said.push(violation(99, 99, ViolationKind::Sos, at));
                }
                let stored = journal.append(&violations(step, said), at).await.is_ok();
                assert_eq!(stored, step % 2 == 1);
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    assert_eq!(reader.await.unwrap(), (1..=8 * 25).collect::<Vec<i64>>());
}

/// What a room sees that always asks for what comes after the last it saw.
async fn read_until(store: Store, count: usize) -> Vec<i64> {
    let mut seen = Vec::new();
    while seen.len() < count {
        let new = store.alert_events_after(seen.last().copied().unwrap_or(0), 1000).await.unwrap();
        seen.extend(new.iter().map(|event| event.sequence));
    }
    seen
}

#[tokio::test]
async fn pages_go_back_from_the_newest_and_filters_hold() {
    let database = TestDatabase::create().await;
    let store = database.store().await;
    wearers(&store, 3).await;
    let start = now();
    let said: Vec<_> = (0..10).map(|n| violation(n % 3 + 1, n % 3 + 1, ViolationKind::Sos, start.plus_seconds(n))).collect();
    let mut journal = store.journal_connection(0).await.unwrap();
    journal.append(&violations(1, said), start).await.unwrap();
    store.alert_close(&Caller::command("sara", "test"), 3, "done", start).await.unwrap();
    store.alert_acknowledge(&Caller::command("sara", "test"), 4, start).await.unwrap();

    let mut filter = AlertFilter { limit: 4, ..AlertFilter::default() };
    let (mut seen, mut sizes) = (Vec::new(), Vec::new());
    loop {
        let page = store.alert_list(&staff(), &filter).await.unwrap();
        sizes.push(page.alerts.len());
        seen.extend(page.alerts.iter().map(|alert| alert.alert_id));
        match page.next {
            Some(next) => filter.before = Some(next),
            None => break,
        }
    }
    assert_eq!((seen, sizes), ((1..=10).rev().collect(), vec![4, 4, 2]));

    let all = AlertFilter::default();
    let cases = [
        (AlertFilter { open_only: true, ..all.clone() }, 9),
        (AlertFilter { unacknowledged_only: true, ..all.clone() }, 9),
        (AlertFilter { wearer: Some("w1".into()), ..all.clone() }, 4),
        (AlertFilter { wearer: Some("nobody".into()), ..all.clone() }, 0),
        (AlertFilter { kinds: vec![ViolationKind::StrapOpen], ..all.clone() }, 0),
        (AlertFilter { kinds: vec![ViolationKind::StrapOpen, ViolationKind::Sos], ..all.clone() }, 10),
        (AlertFilter { from: Some(start.plus_seconds(2)), to: Some(start.plus_seconds(5)), ..all }, 3),
    ];
    for (filter, count) in cases {
        let page = store.alert_list(&staff(), &filter).await.unwrap();
        assert_eq!((page.alerts.len(), page.next), (count, None), "{filter:?}");
    }
}
