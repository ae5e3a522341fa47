use crate::house::{House, WEARER, owned, reason, wrong_fields};
use geofence::ViolationKind::{Exclusion, Inclusion, StrapOpen};
use proto::monitor::{AcknowledgeAlertRequest, Alert, AlertKind, CloseAlertRequest, EndReason, EventKind, ListAlertsRequest};
use tonic::Code;
use tonic_types::StatusExt;

async fn list(house: &House, request: ListAlertsRequest) -> Vec<i64> {
    let answer = house.room().await.list_alerts(request).await.unwrap().into_inner();
    answer.alerts.iter().map(|alert| alert.alert_id).collect()
}

fn acknowledge(alert_id: i64) -> AcknowledgeAlertRequest {
    AcknowledgeAlertRequest { alert_id }
}

fn close(alert_id: i64, note: &str) -> CloseAlertRequest {
    CloseAlertRequest { alert_id, note: note.to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_filtered() {
    let house = House::new().await;
    house.writer("home", Inclusion).await.open(2).await; // 1 and 2, at minutes 1 and 2
    house.writer("school", Exclusion).await.open(1).await; // 3, at minute 1
    house.writer("", StrapOpen).await.open(1).await; // 4, at minute 1
    let mut room = house.room().await;
    room.acknowledge_alert(acknowledge(2)).await.unwrap();
    room.close_alert(close(4, "seen at the door")).await.unwrap();

    let minute = |minutes: i64| Some(prost_types::Timestamp { seconds: 1_700_000_000 + 60 * minutes, nanos: 0 });
    let all = ListAlertsRequest::default;
    let rows: [(ListAlertsRequest, &[i64]); 8] = [
        (all(), &[4, 3, 2, 1]),
        (ListAlertsRequest { open_only: true, ..all() }, &[3, 2, 1]),
        (ListAlertsRequest { kinds: vec![AlertKind::Exclusion.into(), AlertKind::StrapOpen.into()], ..all() }, &[4, 3]),
        (ListAlertsRequest { wearer: WEARER.to_owned(), ..all() }, &[4, 3, 2, 1]),
        (ListAlertsRequest { wearer: "nobody".to_owned(), ..all() }, &[]),
        (ListAlertsRequest { from: minute(2), ..all() }, &[2]),
        (ListAlertsRequest { to: minute(2), ..all() }, &[4, 3, 1]),
        (ListAlertsRequest { unacknowledged_only: true, open_only: true, ..all() }, &[3, 1]),
    ];
    for (request, expected) in rows {
        assert_eq!(list(&house, request.clone()).await, expected, "{request:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_hold_every_alert_once_though_new_ones_come() {
    let house = House::new().await;
    let mut writer = house.writer("home", Inclusion).await;
    writer.open(25).await;
    let mut room = house.room().await;
    let (mut found, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListAlertsRequest { page_size: 7, page_token, ..ListAlertsRequest::default() };
        let answer = room.list_alerts(request).await.unwrap().into_inner();
        found.extend(answer.alerts.iter().map(|alert| alert.alert_id));
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            break;
        }
        writer.open(1).await;
    }
    assert_eq!(found, (1..=25).rev().collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_list_is_refused() {
    let house = House::new().await;
    house.writer("home", Inclusion).await.open(2).await;
    let mut room = house.room().await;
    let first = room.list_alerts(ListAlertsRequest { page_size: 1, ..Default::default() }).await.unwrap().into_inner();
    let other = ListAlertsRequest { page_token: first.next_page_token, open_only: true, ..Default::default() };
    let status = room.list_alerts(other).await.unwrap_err();
    assert_eq!((status.code(), wrong_fields(&status)), (Code::InvalidArgument, [("page_token", "PAGE_TOKEN_FOREIGN")].map(owned).into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_takes_an_alert_on_and_the_rooms_are_told() {
    let house = House::new().await;
    house.writer("home", Inclusion).await.open(1).await;
    let mut watch = house.watch(Some(0)).await;
    watch.expect(1, 1).await;
    let mut room = house.room().await;
    let alert: Alert = room.acknowledge_alert(acknowledge(1)).await.unwrap().into_inner();
    assert_eq!(alert.acknowledged_by, "op7");
    let event = watch.event().await.unwrap();
    assert_eq!((event.sequence, event.kind(), event.alert), (2, EventKind::Acknowledged, Some(alert.clone())));
    assert_eq!(room.acknowledge_alert(acknowledge(1)).await.unwrap().into_inner(), alert, "saying it again changes nothing");

    let status = house.room_of("op8").await.acknowledge_alert(acknowledge(1)).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).0), (Code::FailedPrecondition, "ALREADY_ACKNOWLEDGED".to_owned()));
    let metadata = status.get_details_error_info().unwrap().metadata;
    let at = chrono::DateTime::parse_from_rfc3339(&metadata["at"]).unwrap();
    assert_eq!((metadata["by"].as_str(), at.timestamp()), ("op7", alert.acknowledged_at.unwrap().seconds));
    assert!(status.message().contains("op7"), "{status}");
    assert_eq!(status.get_details_localized_message().unwrap().message, status.message());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_alert_that_no_report_may_close_is_closed_by_a_person() {
    let house = House::new().await;
    house.writer("", StrapOpen).await.open(1).await;
    house.writer("home", Inclusion).await.open(1).await;
    let mut room = house.room().await;
    let closed = room.close_alert(close(1, "strap replaced")).await.unwrap().into_inner();
    assert_eq!((closed.end_reason(), closed.note.as_str()), (EndReason::ByPerson, "strap replaced"));
    let mut watch = house.watch(Some(2)).await;
    assert_eq!(watch.event().await.unwrap().kind(), EventKind::Ended);

    let check = |status: tonic::Status, code, why: &str| assert_eq!((status.code(), reason(&status).0), (code, why.to_owned()));
    let status = room.close_alert(close(2, "he is back")).await.unwrap_err();
    check(status, Code::FailedPrecondition, "CLOSES_BY_REPORT");
    let status = house.room_of("op8").await.close_alert(close(1, "another story")).await.unwrap_err();
    check(status, Code::FailedPrecondition, "ALREADY_ENDED");
    check(room.close_alert(close(99, "x")).await.unwrap_err(), Code::NotFound, "UNKNOWN_ALERT");
    check(room.acknowledge_alert(acknowledge(99)).await.unwrap_err(), Code::NotFound, "UNKNOWN_ALERT");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closing_without_an_alert_or_with_an_endless_note_is_refused() {
    let house = House::new().await;
    let mut room = house.room().await;
    let status = room.close_alert(close(0, &"x".repeat(4001))).await.unwrap_err();
    let fields = [("alert_id", "MUST_BE_ABOVE_ZERO"), ("note", "TOO_LONG")].map(owned).into();
    assert_eq!((status.code(), wrong_fields(&status)), (Code::InvalidArgument, fields));
    assert_eq!(room.acknowledge_alert(acknowledge(0)).await.unwrap_err().code(), Code::InvalidArgument);
}
