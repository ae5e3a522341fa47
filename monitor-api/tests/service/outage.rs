use crate::house::{House, Writer, reason, sql};
use geofence::ViolationKind::{Inclusion, Sos};
use proto::monitor::ListAlertsRequest;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tonic::Code;
use tonic_types::StatusExt;

async fn write_for(writer: &mut Writer, batches: usize) {
    for _ in 0..batches {
        writer.open(3).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_server_tells_where_to_resume_and_the_next_one_goes_on() {
    let mut house = House::new().await;
    let mut writer = house.writer("home", Inclusion).await;
    writer.open(5).await;
    let mut watch = house.watch(Some(0)).await;
    watch.expect(1, 5).await;
    let stopping = Instant::now();
    house.stop().await;
    assert!(stopping.elapsed() < Duration::from_secs(2), "a stop with well-behaved callers takes no deadline");
    let (_, status) = watch.end().await;
    assert_eq!((status.code(), reason(&status)), (Code::Unavailable, ("STOPPING".to_owned(), Some(5))));
    writer.open(4).await;
    house.start().await;
    house.watch(Some(5)).await.expect(6, 9).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_in_the_middle_of_a_stream_loses_nothing() {
    let mut house = House::new().await;
    let mut writer = house.writer("home", Inclusion).await;
    let writing = tokio::spawn(async move { write_for(&mut writer, 200).await });
    let mut seen = 0;
    for _ in 0..4 {
        let mut watch = house.watch(Some(seen)).await;
        watch.expect(seen + 1, seen + 40).await;
        house.stop().await;
        let (last, status) = watch.end().await;
        let (why, resume_after) = reason(&status);
        assert_eq!(why, "STOPPING");
        seen = resume_after.unwrap();
        assert_eq!(last.unwrap_or(seen), seen, "what is promised as sent has arrived");
        house.start().await;
    }
    house.watch(Some(seen)).await.expect(seen + 1, 600).await;
    writing.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_the_database_ends_lose_nothing() {
    let house = House::new().await;
    let mut writers = JoinSet::new();
    for number in 0..2 {
        let mut writer = house.writer(&format!("zone-{number}"), Sos).await;
        writers.spawn(async move { write_for(&mut writer, 150).await });
    }
    let mut watch = house.watch(Some(0)).await;
    for step in 0..6 {
        watch.expect(step * 150 + 1, (step + 1) * 150).await;
        sql(
            &house.database,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()",
        )
        .await;
    }
    writers.join_all().await;
    assert_eq!(watch.heartbeat(|beat| beat.caught_up).await.last_sequence, 900);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_outlives_the_database_and_says_that_it_is_blind() {
    let house = House::new().await;
    let mut writer = house.writer("home", Inclusion).await;
    writer.open(2).await;
    let mut watch = house.watch(Some(0)).await;
    watch.expect(1, 2).await;
    let mut room = house.room().await;

    house.cable.cut();
    let beat = watch.heartbeat(|beat| beat.blind).await;
    assert_eq!((beat.last_sequence, beat.caught_up), (2, false));
    let status = room.list_alerts(ListAlertsRequest::default()).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).0), (Code::Unavailable, "DATABASE_AWAY".to_owned()));
    assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());
    // What happens meanwhile is not lost, only late; nobody new is let in, since nobody can say who it is.
    writer.open(3).await;
    assert_eq!(house.try_watch(Some(1)).await.err().unwrap().code(), Code::Unavailable);

    house.cable.mend();
    watch.expect(3, 5).await;
    watch.heartbeat(|beat| beat.caught_up && !beat.blind).await;
    house.watch(Some(1)).await.expect(2, 5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_was_set_back_ends_the_streams() {
    let house = House::new().await;
    house.writer("home", Inclusion).await.open(5).await;
    let mut watch = house.watch(Some(0)).await;
    watch.expect(1, 5).await;
    sql(&house.database, "DELETE FROM alert_events WHERE sequence > 3; UPDATE alert_head SET sequence = 3").await;
    let (_, status) = watch.end().await;
    assert_eq!((status.code(), reason(&status)), (Code::OutOfRange, ("SEQUENCE_IN_FUTURE".to_owned(), Some(3))));
    let mut watch = house.watch(Some(3)).await;
    house.writer("work", Inclusion).await.open(1).await;
    watch.expect(4, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_events_are_told_and_do_not_stop_those_behind_them() {
    let house = House::new().await;
    house.writer("home", Inclusion).await.open(5).await;
    let mut live = house.watch(Some(5)).await;
    sql(&house.database, "DELETE FROM alert_events WHERE sequence IN (2, 3)").await;
    let mut watch = house.watch(Some(0)).await;
    watch.expect(1, 1).await;
    let (_, status) = watch.end().await;
    assert_eq!((status.code(), reason(&status)), (Code::DataLoss, ("EVENTS_MISSING".to_owned(), Some(3))));
    house.watch(Some(3)).await.expect(4, 5).await;

    // The counter jumps: the live tail steps over it, and says so.
    sql(&house.database, "UPDATE alert_head SET sequence = sequence + 2").await;
    house.writer("work", Inclusion).await.open(1).await;
    let status = loop {
        match live.event().await {
            Ok(event) => assert_ne!(event.sequence, 8, "stepped over in silence"),
            Err(status) => break status,
        }
    };
    assert_eq!((status.code(), reason(&status).1), (Code::DataLoss, Some(7)));
    house.watch(Some(7)).await.expect(8, 8).await;
}
