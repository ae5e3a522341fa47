//! The inventory through a real connection: tags registered, described, moved from state to state and handed over between provinces.

use crate::fitting_room::{Room, SPARE};
use crate::house::{As, IMEI, owned, reason, sql, wrong_fields};
use access::Role;
use proto::enrolment::inventory_client::InventoryClient;
use proto::enrolment::*;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;

type Client = InventoryClient<InterceptedService<Channel, As>>;

/// A right one of the 3GPP's examples.
const NEW: &str = "490154203237518";

async fn technician(room: &Room, unit: &str) -> Client {
    let who = room.house.log_in(&format!("tech-{unit}"), &[(Role::Technician, unit)]).await;
    InventoryClient::with_interceptor(room.house.channel().await, who)
}

fn new() -> RegisterTagRequest {
    RegisterTagRequest {
        imei: NEW.into(),
        serial: "A-1".into(),
        protocol: TagProtocol::Teltonika.into(),
        model: "TMT250".into(),
        sim_number: "0912 345 67 89".into(),
        key: String::new(),
        note: String::new(),
        unit: "fars".into(),
    }
}

async fn get(client: &mut Client, imei: &str) -> GetTagResponse {
    client.get_tag(GetTagRequest { imei: imei.into() }).await.unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_is_registered_described_and_found() {
    let room = Room::new().await;
    let mut client = technician(&room, "fars").await;
    let tag = client.register_tag(new()).await.unwrap().into_inner();
    assert_eq!((tag.state(), tag.version, tag.unit.as_str(), tag.sim_number.as_str()), (TagState::InStock, 1, "fars", "09123456789"));
    assert_eq!(reason(&client.register_tag(new()).await.unwrap_err()).0, "TAG_KNOWN");
    let same_serial = RegisterTagRequest { imei: "SN-1".into(), protocol: TagProtocol::Native.into(), ..new() };
    assert_eq!(reason(&client.register_tag(same_serial.clone()).await.unwrap_err()).0, "SERIAL_KNOWN");
    let elsewhere = RegisterTagRequest { unit: "qom".into(), serial: String::new(), ..same_serial };
    assert_eq!(reason(&client.register_tag(elsewhere).await.unwrap_err()).0, "UNKNOWN_UNIT");
    let wrong = RegisterTagRequest { imei: "490154203237519".into(), key: "zz".into(), protocol: 0, ..new() };
    let expected = [("protocol", "UNKNOWN_CHOICE"), ("imei", "IMEI_CHECK_DIGIT"), ("key", "NOT_A_KEY")].map(owned);
    assert_eq!(wrong_fields(&client.register_tag(wrong).await.unwrap_err()), expected);

    let change =
        ChangeTagRequest { imei: NEW.into(), expected_version: 1, serial: "A-2".into(), note: "new strap".into(), ..Default::default() };
    let changed = client.change_tag(change.clone()).await.unwrap().into_inner();
    assert_eq!((changed.version, changed.serial.as_str(), changed.model.as_str()), (2, "A-2", ""));
    assert_eq!(reason(&client.change_tag(change).await.unwrap_err()).0, "VERSION_CHANGED");
    let key = SetTagKeyRequest { imei: NEW.into(), expected_version: 2, key: "0a".repeat(32) };
    assert!(client.set_tag_key(key).await.unwrap().into_inner().has_key);
    assert_eq!(room.count(&format!("SELECT count(*) FROM tags WHERE imei = '{NEW}' AND key = decode(repeat('0a', 32), 'hex')")).await, 1);
    let kinds: Vec<String> = get(&mut client, NEW).await.events.into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds, ["key_set", "changed", "registered"]);

    let mut found = async |list: ListTagsRequest| {
        let tags = client.list_tags(list).await.unwrap().into_inner().tags;
        tags.into_iter().map(|tag| tag.imei).collect::<Vec<_>>()
    };
    let list = ListTagsRequest::default;
    assert_eq!(found(list()).await, [IMEI, SPARE, NEW]);
    assert_eq!(found(ListTagsRequest { page_size: 1, after_imei: IMEI.into(), ..list() }).await, [SPARE]);
    assert_eq!(found(ListTagsRequest { search: "A-2".into(), ..list() }).await, [NEW]);
    assert_eq!(found(ListTagsRequest { search: "4901".into(), unit: "fars".into(), ..list() }).await, [NEW]);
    assert_eq!(found(ListTagsRequest { state: TagState::Lost.into(), ..list() }).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_executor_sees_that_a_tag_is_worn_and_not_by_whom() {
    let room = Room::new().await;
    room.fitted().await;
    let mut client = technician(&room, "fars").await;
    let found = get(&mut client, IMEI).await;
    assert_eq!(found.tag.as_ref().unwrap().state(), TagState::Fitted);
    assert!(!format!("{found:?}").contains(crate::house::WEARER), "{found:?}");
    let lost = SetTagStateRequest { imei: IMEI.into(), expected_version: 1, state: TagState::Lost.into(), reason: "x".into() };
    assert_eq!(reason(&client.set_tag_state(lost.clone()).await.unwrap_err()).0, "TAG_IS_WORN");
    let fitted = SetTagStateRequest { state: TagState::Fitted.into(), ..lost };
    assert_eq!(wrong_fields(&client.set_tag_state(fitted).await.unwrap_err()), [owned(("state", "UNKNOWN_CHOICE"))]);
    let counts = client.count_tags(CountTagsRequest {}).await.unwrap().into_inner().counts;
    let counts: Vec<_> = counts.iter().map(|count| (count.unit.as_str(), count.state(), count.tags)).collect();
    assert_eq!(counts, [("fars", TagState::Fitted, 1), ("fars", TagState::InStock, 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_from_every_state_is_taken_or_refused_as_the_rules_say() {
    let room = Room::new().await;
    let mut client = technician(&room, "fars").await;
    let schema = |state: enrolment::TagState| TagState::from_str_name(&format!("TAG_STATE_{}", state.name().to_uppercase())).unwrap();
    for from in enrolment::TagState::ALL {
        for to in enrolment::TagState::ALL {
            sql(&room.house.database, &format!("UPDATE tag_inventory SET state = '{}', version = 1 WHERE tag_id = 1", from.name())).await;
            let step = SetTagStateRequest { imei: IMEI.into(), expected_version: 1, state: schema(to).into(), reason: "seen".into() };
            let taken = client.set_tag_state(step).await;
            match from.may_become(to) {
                true => assert_eq!(taken.unwrap().into_inner().state(), schema(to)),
                false => assert_eq!(reason(&taken.unwrap_err()).0, "TAG_STATE_STEP", "{from:?} {to:?}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_handed_over_from_province_to_province_and_nobody_else_sees_it() {
    let room = Room::new().await;
    sql(
        &room.house.database,
        "INSERT INTO units (code, parent_id, kind, name_fa, name_en, is_on) VALUES ('yazd', 1, 'province', 'یزد', 'Yazd', true)",
    )
    .await;
    let (mut fars, mut qom, mut yazd) = (technician(&room, "fars").await, technician(&room, "qom").await, technician(&room, "yazd").await);
    fars.register_tag(new()).await.unwrap();
    let imeis = |imeis: &[&str]| imeis.iter().map(|imei| (*imei).to_owned()).collect::<Vec<_>>();
    let send = |tags: &[&str]| SendTagsRequest { from: "fars".into(), to: "qom".into(), imeis: imeis(tags), note: "by courier".into() };
    sql(&room.house.database, "INSERT INTO fittings (tag_id, wearer_id, period) VALUES (2, 1, tstzrange(now(), NULL))").await;
    let refused = fars.send_tags(send(&[IMEI, "unknown", SPARE, IMEI])).await.unwrap_err();
    let expected = [("imeis[1]", "NO_SUCH_TAG"), ("imeis[2]", "TAG_WORN"), ("imeis[3]", "NAMED_TWICE")].map(owned);
    assert_eq!(wrong_fields(&refused), expected);
    assert_eq!(wrong_fields(&fars.send_tags(send(&[])).await.unwrap_err()), [owned(("imeis", "MISSING"))]);

    let sent = fars.send_tags(send(&[IMEI, NEW])).await.unwrap().into_inner();
    assert_eq!((sent.state(), sent.on_the_way.len()), (tag_transfer::State::Open, 2));
    let transfer_id = sent.transfer_id;
    // Until it came the sender answers for it, and nobody uses it.
    assert_eq!(get(&mut fars, IMEI).await.tag.unwrap().transfer_id, transfer_id);
    assert_eq!(reason(&qom.get_tag(GetTagRequest { imei: IMEI.into() }).await.unwrap_err()).0, "UNKNOWN_TAG");
    sql(&room.house.database, "INSERT INTO wearers (reference, unit_id) SELECT 'F/2', unit_id FROM units WHERE code = 'fars'").await;
    assert_eq!(reason(&room.begin("F/2", IMEI).await.unwrap_err()).0, "TAG_ON_THE_WAY");
    let lost = SetTagStateRequest { imei: IMEI.into(), expected_version: 1, state: TagState::Lost.into(), reason: "x".into() };
    assert_eq!(reason(&fars.set_tag_state(lost).await.unwrap_err()).0, "TAG_ON_THE_WAY");
    assert_eq!(wrong_fields(&fars.send_tags(send(&[NEW])).await.unwrap_err()), [owned(("imeis[0]", "TAG_TRAVELS"))]);
    let list = ListTransfersRequest { open_only: true };
    assert_eq!(yazd.list_transfers(list).await.unwrap().into_inner().transfers, []);
    assert_eq!(qom.list_transfers(list).await.unwrap().into_inner().transfers, [sent]);

    let receive = |tags: &[&str]| ReceiveTagsRequest { transfer_id, imeis: imeis(tags), note: "box was open".into() };
    assert_eq!(reason(&yazd.receive_tags(receive(&[])).await.unwrap_err()).0, "UNKNOWN_TRANSFER");
    assert_eq!(
        reason(&fars.receive_tags(receive(&[])).await.unwrap_err()).0,
        "UNKNOWN_TRANSFER",
        "the sender hands nothing over to itself"
    );
    let cancel = CancelTransferRequest { transfer_id, reason: "x".into() };
    assert_eq!(reason(&qom.cancel_transfer(cancel.clone()).await.unwrap_err()).0, "UNKNOWN_TRANSFER");
    let refused = qom.receive_tags(receive(&[IMEI, SPARE])).await.unwrap_err();
    assert_eq!(wrong_fields(&refused), [owned(("imeis[1]", "NOT_IN_TRANSFER"))]);
    let received = qom.receive_tags(receive(&[IMEI])).await.unwrap().into_inner();
    assert_eq!((received.state(), received.came, received.missing), (tag_transfer::State::Received, imeis(&[IMEI]), imeis(&[NEW])));
    assert_eq!((received.closed_by.as_str(), received.close_note.as_str()), ("tech-qom", "box was open"));
    assert_eq!(reason(&fars.cancel_transfer(cancel).await.unwrap_err()).0, "TRANSFER_OVER");

    // Now Qom answers for the one, and Fars still for the other.
    assert_eq!(reason(&fars.get_tag(GetTagRequest { imei: IMEI.into() }).await.unwrap_err()).0, "UNKNOWN_TAG");
    let came = get(&mut qom, IMEI).await;
    let trail: Vec<_> = came.events.iter().map(|event| (event.kind.as_str(), event.unit.as_str(), event.by.as_str())).collect();
    assert_eq!(trail, [("received", "qom", "tech-qom"), ("sent", "fars", "tech-fars")]);
    let missing = get(&mut fars, NEW).await;
    assert_eq!((missing.events[0].kind.as_str(), missing.tag.unwrap().transfer_id), ("missing", 0));
    let again = fars.send_tags(send(&[NEW])).await.unwrap().into_inner().transfer_id;
    let cancelled = fars.cancel_transfer(CancelTransferRequest { transfer_id: again, reason: "found at home".into() }).await.unwrap();
    assert_eq!(cancelled.into_inner().state(), tag_transfer::State::Cancelled);
    assert_eq!(get(&mut fars, NEW).await.events[0].kind, "not_sent");
}
