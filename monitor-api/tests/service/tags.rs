use crate::house::{House, IMEI, owned, reason, wrong_fields};
use proto::monitor::send_command_request::Order;
use proto::monitor::tags_client::TagsClient;
use proto::monitor::{LocateNow, Notify, SendCommandRequest, SetInterval};
use tonic::Code;

fn notify(text: &str, vibrate: u32) -> Option<Order> {
    Some(Order::Notify(Notify { text: text.to_owned(), vibrate }))
}

fn interval(seconds: u32) -> Option<Order> {
    Some(Order::SetInterval(SetInterval { seconds }))
}

const LOCATE: Option<Order> = Some(Order::LocateNow(LocateNow {}));

#[tokio::test(flavor = "multi_thread")]
async fn a_command_goes_to_the_door_or_comes_back_with_a_reason() {
    let house = House::new().await;
    let mut tags = TagsClient::with_interceptor(house.channel().await, house.operator("op7").await);
    let mut send = async |imei: &str, order| tags.send_command(SendCommandRequest { imei: imei.to_owned(), order }).await;
    assert_eq!(send(IMEI, LOCATE).await.unwrap().into_inner().command_id, 7);
    for (imei, order, code, why) in [
        ("1", LOCATE, Code::NotFound, "UNKNOWN_TAG"),
        ("356307042441014", LOCATE, Code::FailedPrecondition, "TAG_NOT_CONNECTED"),
        (IMEI, notify("call us", 0), Code::FailedPrecondition, "COMMAND_NOT_SUPPORTED"),
        (IMEI, interval(60), Code::ResourceExhausted, "TAG_BUSY"),
    ] {
        let status = send(imei, order).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).0), (code, why.to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_command_names_its_wrong_fields() {
    let house = House::new().await;
    let mut tags = TagsClient::with_interceptor(house.channel().await, house.operator("op7").await);
    for (imei, order, fields) in [
        ("", None, vec![("imei", "MISSING"), ("order", "NO_ORDER")]),
        (IMEI, interval(0), vec![("set_interval.seconds", "OUT_OF_RANGE")]),
        (IMEI, interval(3601), vec![("set_interval.seconds", "OUT_OF_RANGE")]),
        (IMEI, notify(&"x".repeat(161), 11), vec![("notify.text", "TOO_LONG"), ("notify.vibrate", "OUT_OF_RANGE")]),
        (IMEI, notify("", 0), vec![("notify", "NOTHING_TO_NOTIFY")]),
    ] {
        let status = tags.send_command(SendCommandRequest { imei: imei.to_owned(), order }).await.unwrap_err();
        assert_eq!(wrong_fields(&status), fields.into_iter().map(owned).collect::<Vec<_>>());
    }
}
