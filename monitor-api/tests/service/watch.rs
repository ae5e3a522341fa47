use crate::house::{House, options, owned, reason, wrong_fields};
use geofence::ViolationKind::{Exclusion, Inclusion};
use monitor_api::Options;
use proto::monitor::alerts_client::AlertsClient;
use proto::monitor::watch_response::Message;
use proto::monitor::{EventKind, WatchRequest};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tonic::Code;
use tonic::transport::Endpoint;
use tonic_types::StatusExt;

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_that_reconnects_at_random_sees_every_event_once() {
    const WRITERS: usize = 4;
    const BATCHES: usize = 60;
    let house = House::new().await;
    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        let mut writer = house.writer(&format!("zone-{number}"), Exclusion).await;
        writers.spawn(async move {
            for batch in 0..BATCHES {
                writer.open(1 + batch % 5).await;
            }
        });
    }
    let total = (WRITERS * (BATCHES / 5) * (1 + 2 + 3 + 4 + 5)) as i64;
    let mut seen = 0;
    while seen < total {
        let mut watch = house.watch(Some(seen)).await;
        for _ in 0..rand::random_range(0..60) {
            if seen == total {
                break;
            }
            seen += 1;
            let event = watch.event().await.unwrap();
            assert_eq!((event.sequence, event.kind()), (seen, EventKind::Opened));
        }
    }
    writers.join_all().await;
    let beat = house.watch(Some(seen)).await.heartbeat(|beat| beat.caught_up).await;
    assert_eq!(beat.last_sequence, total, "nothing came beyond what was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_sequence_only_what_comes_is_told() {
    let house = House::new().await;
    let mut writer = house.writer("home", Inclusion).await;
    writer.open(3).await;
    house.watch(Some(0)).await.expect(1, 3).await;
    let mut watch = house.watch(None).await;
    writer.open(1).await;
    watch.expect(4, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_reaches_the_rooms_at_once() {
    let house = House::new().await;
    let mut writer = house.writer("home", Inclusion).await;
    let mut watch = house.watch(Some(0)).await;
    watch.heartbeat(|beat| beat.caught_up).await;
    let mut delays = Vec::new();
    for sequence in 1..=9 {
        writer.open(1).await;
        let committed = Instant::now();
        watch.expect(sequence, sequence).await;
        delays.push(committed.elapsed());
    }
    delays.sort();
    assert!(delays[4] < Duration::from_millis(500), "a notice, not the second's look: {delays:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn heartbeats_come_at_once_and_then_regularly() {
    let house = House::new().await;
    house.writer("home", Inclusion).await.open(2).await;
    house.watch(Some(0)).await.expect(1, 2).await;
    let mut watch = house.watch(Some(1)).await;
    let Message::Heartbeat(first) = watch.message().await.unwrap() else { panic!("a heartbeat comes first") };
    assert_eq!((first.last_sequence, first.caught_up, first.blind), (1, false, false));
    assert!(first.server_time.is_some());
    watch.expect(2, 2).await;
    let started = Instant::now();
    for _ in 0..4 {
        assert_eq!(watch.heartbeat(|beat| beat.caught_up).await.last_sequence, 2);
    }
    let took = started.elapsed();
    assert!((Duration::from_millis(300)..Duration::from_secs(5)).contains(&took), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_watcher_is_cut_off_and_others_are_not_delayed() {
    const EVENTS: i64 = 8000;
    let slow_options = Options { lag_events_max: 1000, stall_max: Duration::from_secs(2), page_events: 500, ..options() };
    let house = House::with(slow_options).await;
    let endpoint = Endpoint::from_shared(format!("http://{}", house.address)).unwrap().initial_stream_window_size(1024);
    let slow_channel = endpoint.connect().await.unwrap();
    let mut slow = AlertsClient::with_interceptor(slow_channel, house.operator("op7").await)
        .watch(WatchRequest { after_sequence: Some(0) })
        .await
        .unwrap()
        .into_inner();
    let mut quick = house.watch(Some(0)).await;

    let mut writer = house.writer(&"a zone with a long name ".repeat(8), Inclusion).await;
    for last in (100..=EVENTS).step_by(100) {
        writer.open(100).await;
        let committed = Instant::now();
        quick.expect(last - 99, last).await;
        assert!(committed.elapsed() < Duration::from_secs(2), "the quick one waits for the slow one");
    }

    tokio::time::sleep(Duration::from_secs(3)).await;
    let mut last = 0;
    let status = loop {
        match slow.message().await {
            Ok(answer) => {
                if let Some(Message::Event(event)) = answer.unwrap().message {
                    assert_eq!(event.sequence, last + 1);
                    last += 1;
                }
            }
            Err(status) => break status,
        }
    };
    assert_eq!((status.code(), reason(&status)), (Code::Aborted, ("TOO_SLOW".to_owned(), Some(last))));
    assert!(last < EVENTS, "it was cut off");
    house.watch(Some(last)).await.expect(last + 1, EVENTS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sequence_that_cannot_be_is_refused() {
    let house = House::new().await;
    house.writer("home", Inclusion).await.open(2).await;
    let status = house.try_watch(Some(3)).await.err().unwrap();
    assert_eq!((status.code(), reason(&status)), (Code::OutOfRange, ("SEQUENCE_IN_FUTURE".to_owned(), Some(2))));
    let metadata = status.get_details_error_info().unwrap().metadata;
    assert_eq!((metadata["asked"].as_str(), metadata["newest"].as_str()), ("3", "2"));
    let status = house.try_watch(Some(-1)).await.err().unwrap();
    assert_eq!(
        (status.code(), wrong_fields(&status)),
        (Code::InvalidArgument, [("after_sequence", "MUST_NOT_BE_NEGATIVE")].map(owned).into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_watcher_too_many_is_refused_and_a_place_comes_free_at_once() {
    let house = House::with(Options { watchers_max: 2, ..options() }).await;
    let (_first, second) = (house.watch(None).await, house.watch(None).await);
    let status = house.try_watch(None).await.err().unwrap();
    assert_eq!((status.code(), reason(&status).0), (Code::ResourceExhausted, "TOO_MANY_WATCHERS".to_owned()));
    drop(second);
    let started = Instant::now();
    while house.try_watch(None).await.is_err() {
        assert!(started.elapsed() < Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
