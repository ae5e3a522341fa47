//! Incidents of an area, doubts about a tag's identity, and how wearers stood.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use access::Caller;
use common::{ended, now, violation, violations, wearers};
use geofence::{Cell, EndReason, Interference, ViolationKind};
use store::testing::{TestDatabase, staff};
use store::{AlertEventKind, AlertFilter, Standing, StandingFilter, Store};

async fn stage(database: &TestDatabase) -> Store {
    let store = database.store().await;
    wearers(&store, 3).await;
    store
}

async fn standing_at(store: &Store, at: geofence::Timestamp) -> Vec<(String, Standing)> {
    let filter = StandingFilter { from: at, to: at.plus_millis(1), wearer: None, standings: vec![], limit: 100 };
    store.standings(&staff(), &filter).await.unwrap().into_iter().map(|span| (span.wearer, span.standing)).collect()
}

#[tokio::test]
async fn an_incident_explains_what_rests_on_positions_and_never_hides_a_strap() {
    let database = TestDatabase::create().await;
    let store = stage(&database).await;
    let mut journal = store.journal_connection(0).await.unwrap();
    let start = now().plus_seconds(100);
    // What began well before the trouble is no work of it, a strap never is.
    let hour_before = violation(2, 2, ViolationKind::Exclusion, start.plus_seconds(-3600));
    let before = vec![violation(1, 1, ViolationKind::Inclusion, start), violation(1, 1, ViolationKind::StrapOpen, start), hour_before];
    journal.append(&violations(1, before), start).await.unwrap();
    let cell = Cell::of(35.7, 51.4);
    let open = Interference { cell, start, found_at: start.plus_seconds(60), end: None, joined: vec![1, 2] };
    store.incident(&open, start).await.unwrap();
    store.incident(&open, start).await.unwrap();
    // Found meanwhile: attached as it is written. Of a wearer elsewhere: not.
    let later = start.plus_seconds(200);
    let during = [(2, ViolationKind::NoPosition), (2, ViolationKind::Sos), (3, ViolationKind::Inclusion)];
    let during = during.map(|(wearer, kind)| violation(wearer, wearer, kind, later)).to_vec();
    journal.append(&violations(2, during), later).await.unwrap();
    store.incidents_attach(later).await.unwrap();
    let alerts = store.alert_list(&staff(), &AlertFilter::default()).await.unwrap().alerts;
    let incident = alerts.iter().find(|alert| alert.kind == ViolationKind::AreaInterference).unwrap();
    assert_eq!((incident.zone.as_str(), incident.wearer.as_str()), (cell.name().as_str(), ""));
    let mut explained: Vec<_> =
        alerts.iter().filter(|alert| alert.incident == Some(incident.alert_id)).map(|alert| (&*alert.wearer, alert.kind)).collect();
    explained.sort();
    assert_eq!(explained, [("w1", ViolationKind::Inclusion), ("w2", ViolationKind::NoPosition)]);
    let standings = standing_at(&store, start.plus_seconds(300)).await;
    assert_eq!(standings, [("w1".into(), Standing::Unknown), ("w2".into(), Standing::Unknown), ("w3".into(), Standing::Broken)]);
    assert_eq!(store.incidents_open().await.unwrap(), [Interference { joined: vec![1, 2], ..open.clone() }]);

    let end = start.plus_seconds(400);
    store.incident(&Interference { end: Some(end), joined: vec![], ..open }, end).await.unwrap();
    assert!(store.incidents_open().await.unwrap().is_empty());
    let events = store.alert_events_after(0, 100).await.unwrap();
    let of_incident: Vec<_> = events.iter().filter(|event| event.alert.alert_id == incident.alert_id).map(|event| event.kind).collect();
    assert_eq!(of_incident, [AlertEventKind::Opened, AlertEventKind::Ended]);
    assert_eq!(events.iter().filter(|event| event.kind == AlertEventKind::Attached).count(), 1);
    assert!(events.iter().zip(1..).all(|(event, number)| event.sequence == number), "the numbers have no gaps");
}

#[tokio::test]
async fn a_doubt_about_an_identity_is_one_alert_until_a_person_closes_it() {
    let database = TestDatabase::create().await;
    let store = stage(&database).await;
    for second in 0..3 {
        store.tag_unknown("999999999999999", now().plus_seconds(second)).await.unwrap();
        store.tag_on_two_connections(1, now().plus_seconds(second)).await.unwrap();
    }
    let alerts = store.alert_list(&staff(), &AlertFilter::default()).await.unwrap().alerts;
    let mut told: Vec<_> = alerts.iter().map(|alert| (alert.wearer.as_str(), alert.zone.as_str())).collect();
    told.sort_unstable();
    assert_eq!(told, [("", "999999999999999"), ("w1", "")]);
    for alert in &alerts {
        store.alert_close(&Caller::command("sara", "test"), alert.alert_id, "asked the technician", now().plus_seconds(9)).await.unwrap();
    }
    store.tag_unknown("999999999999999", now().plus_seconds(20)).await.unwrap();
    assert_eq!(store.alert_list(&staff(), &AlertFilter { open_only: true, ..AlertFilter::default() }).await.unwrap().alerts.len(), 1);
    // A flood of invented numbers does not drown the room.
    for number in 0..150 {
        store.tag_unknown(&format!("{number:015}"), now().plus_seconds(30)).await.unwrap();
    }
    let open = AlertFilter { open_only: true, limit: 1000, ..AlertFilter::default() };
    assert_eq!(store.alert_list(&staff(), &open).await.unwrap().alerts.len(), 100);
}

#[tokio::test]
async fn what_was_judged_again_replaces_what_was_known_and_says_why() {
    let database = TestDatabase::create().await;
    let store = stage(&database).await;
    let mut journal = store.journal_connection(0).await.unwrap();
    let start = now().plus_seconds(100);
    let open = violation(1, 1, ViolationKind::Inclusion, start);
    let kept = ended(open.clone(), start.plus_seconds(60), EndReason::Kept);
    journal.append(&violations(1, vec![kept.clone()]), start).await.unwrap();
    let again = |mut found: geofence::WearerViolation| {
        found.again = Some("late report".into());
        found
    };
    // The same once more: nobody hears of it.
    journal.append(&violations(2, vec![again(kept.clone())]), start).await.unwrap();
    assert_eq!(store.alert_last_sequence().await.unwrap(), 2);
    journal.append(&violations(3, vec![again(open.clone())]), start).await.unwrap();
    journal.append(&violations(4, vec![again(ended(open, start, EndReason::Refuted))]), start).await.unwrap();
    journal.append(&violations(5, vec![again(kept)]), start).await.unwrap();
    let events = store.alert_events_after(2, 100).await.unwrap();
    let told: Vec<_> =
        events.iter().map(|event| (event.kind, event.alert.end.map(|end| end.1), event.alert.corrected_because.as_deref())).collect();
    let because = Some("late report");
    let expected = [
        (AlertEventKind::Corrected, None, because),
        (AlertEventKind::Ended, Some(EndReason::Refuted), because),
        (AlertEventKind::Ended, Some(EndReason::Kept), because),
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn an_outage_is_written_down_when_the_service_is_back() {
    let database = TestDatabase::create().await;
    let store = stage(&database).await;
    let t0 = now().plus_seconds(1000);
    assert_eq!(store.service_starts(t0).await.unwrap(), (false, vec![]));
    store.service_alive(t0.plus_seconds(5)).await.unwrap();
    assert_eq!(store.service_starts(t0.plus_seconds(30)).await.unwrap(), (false, vec![]), "a restart is no outage");
    store.service_alive(t0.plus_seconds(60)).await.unwrap();
    let outage = (t0.plus_seconds(60), t0.plus_seconds(600));
    assert_eq!(store.service_starts(outage.1).await.unwrap(), (true, vec![outage]));
    let stood = async |second| standing_at(&store, t0.plus_seconds(second)).await[0].1;
    assert_eq!(
        (stood(59).await, stood(60).await, stood(599).await, stood(600).await),
        (Standing::Kept, Standing::Unknown, Standing::Unknown, Standing::Kept)
    );
}

#[tokio::test]
async fn kept_judgements_are_daily_for_eight_days_and_monthly_before() {
    let database = TestDatabase::create().await;
    let store = stage(&database).await;
    let mut journal = store.journal_connection(0).await.unwrap();
    let day = 86_400_000;
    let begins = geofence::Timestamp::from_millis(600 * 30 * day);
    for number in 0..100_i64 {
        let at = begins.plus_millis(number * day);
        let checkpoint = geofence::Checkpoint { wearer_id: 1, at, bytes: vec![geofence::Judge::FORM, 0] };
        journal
            .append(&geofence::Batch { number: number + 1, checkpoints: vec![checkpoint], ..geofence::Batch::default() }, at)
            .await
            .unwrap();
    }
    let kept = async |number: i64| {
        let past = store.pasts(&[(1, begins.plus_millis(number * day + 1))]).await.unwrap();
        past[0].checkpoint.as_ref().map(|kept| kept.at.millis_since(begins) / day)
    };
    assert_eq!(
        (kept(99).await, kept(92).await, kept(89).await, kept(59).await, kept(10).await),
        (Some(99), Some(92), Some(60), Some(30), Some(0))
    );
    assert_eq!(kept(-1).await, None);
}
