//! Every look, change and refusal leaves its entry; what cannot be written down is not shown.

use crate::house::{As, House, IMEI, WEARER, sql};
use crate::raw::{reason_of, send};
use access::{AuditEntry, Role};
use geofence::ViolationKind::StrapOpen;
use prost::Message;
use proto::access::SearchAuditRequest;
use proto::enrolment::GetWearerRequest;
use proto::monitor::send_command_request::Order;
use proto::monitor::{AcknowledgeAlertRequest, CloseAlertRequest, LocateNow, SendCommandRequest};
use store::AuditFilter;
use store::testing::staff;

const GET_WEARER: &str = "/paband.enrolment.v1.Wearers/GetWearer";

async fn entries(house: &House, act: &str) -> Vec<AuditEntry> {
    let filter = AuditFilter { act: act.into(), limit: 1000, ..AuditFilter::default() };
    let page = house.store.audit_search(&staff(), &filter).await.unwrap();
    page.entries.into_iter().rev().map(|link| link.entry).collect()
}

async fn call(house: &House, path: &str, who: &As, message: &impl Message) -> Option<String> {
    reason_of(&send(&house.channel().await, path, who, message.encode_to_vec()).await)
}

fn file(reference: &str) -> GetWearerRequest {
    GetWearerRequest { reference: reference.into() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_is_written_down_with_everything_that_was_said() {
    let house = House::new().await;
    let judge = house.log_in("judge", &[(Role::Supervisor, "central")]).await;
    let asked = judge.purpose("judicial").with("paband-case", "%DB%B1%DB%B4%DB%B0%DB%B4%20%D8%A7%D9%84%D9%81");
    assert_eq!(call(&house, GET_WEARER, &asked, &file(WEARER)).await, None);
    let expected = AuditEntry {
        who: "person:judge".into(),
        role: "supervisor".into(),
        unit: "central".into(),
        act: GET_WEARER.into(),
        wearer: WEARER.into(),
        subject: String::new(),
        purpose: "judicial".into(),
        case_number: "۱۴۰۴ الف".into(),
        address: "127.0.0.1".into(),
        result: "done".into(),
    };
    assert_eq!(entries(&house, GET_WEARER).await, [expected]);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_and_refusals_are_written_down_once_each() {
    let house = House::new().await;
    house.writer("home", StrapOpen).await.open(1).await;
    let operator = house.operator("op7").await;
    let alerts = "/paband.monitor.v1.Alerts";
    let command = |imei: &str| SendCommandRequest { imei: imei.into(), order: Some(Order::LocateNow(LocateNow {})) };
    let close = |alert_id| CloseAlertRequest { alert_id, note: "seen".into() };
    call(&house, &format!("{alerts}/AcknowledgeAlert"), &operator, &AcknowledgeAlertRequest { alert_id: 1 }).await;
    call(&house, &format!("{alerts}/AcknowledgeAlert"), &operator, &AcknowledgeAlertRequest { alert_id: 9 }).await;
    call(&house, &format!("{alerts}/CloseAlert"), &operator, &close(1)).await;
    call(&house, "/paband.monitor.v1.Tags/SendCommand", &operator, &command(IMEI)).await;
    call(&house, "/paband.monitor.v1.Tags/SendCommand", &operator, &command("1")).await;
    call(&house, GET_WEARER, &operator, &file(WEARER)).await;
    call(&house, GET_WEARER, &operator.clone().purpose("alert"), &file("nobody")).await;
    call(&house, "/paband.access.v1.People/ListPeople", &operator, &file("")).await;
    call(&house, "/paband.access.v1.People/UnlockPerson", &operator, &file("")).await;
    call(&house, "/paband.access.v1.Audit/SearchAudit", &operator, &SearchAuditRequest::default()).await;
    let kept: Vec<_> = entries(&house, "").await.into_iter().filter(|entry| entry.who == "person:op7").collect();
    let kept: Vec<_> =
        kept.iter().map(|e| (e.act.rsplit('/').next().unwrap(), e.wearer.as_str(), e.subject.as_str(), e.result.as_str())).collect();
    let tag = format!("tag {IMEI}");
    assert_eq!(
        kept,
        [
            ("AcknowledgeAlert", WEARER, "alert 1", "done"),
            ("AcknowledgeAlert", "", "alert 9", "UNKNOWN_ALERT"),
            ("CloseAlert", WEARER, "alert 1", "done"),
            ("SendCommand", "", tag.as_str(), "done"),
            ("SendCommand", "", "tag 1", "UNKNOWN_TAG"),
            ("GetWearer", "", "", "PURPOSE_NEEDED"),
            ("GetWearer", "nobody", "", "UNKNOWN_WEARER"),
            ("UnlockPerson", "", "", "NOT_ALLOWED"),
            ("SearchAudit", "", "", "NOT_ALLOWED"),
        ]
    );
    house.store.audit_verify(Vec::new(), |_| {}).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_cannot_write_other_fields_of_an_entry() {
    let house = House::new().await;
    let operator = house.operator("op7").await.purpose("alert");
    let forged = "x\\u0000\",\"who\":\"person:judge\",\"result\":\"done\",\"hash\":\"";
    for reference in [forged, "\\u0000", "\\", "a\"b", "a\nperson:judge\tdone", "\u{202e}12"] {
        assert_eq!(call(&house, GET_WEARER, &operator, &file(reference)).await.as_deref(), Some("UNKNOWN_WEARER"), "{reference:?}");
        let last = entries(&house, GET_WEARER).await.pop().unwrap();
        assert_eq!((last.who.as_str(), last.wearer.as_str(), last.result.as_str()), ("person:op7", reference, "UNKNOWN_WEARER"));
    }
    let case = operator.clone().with("paband-case", "%5Cu0000%22,%22who%22:%22person:judge");
    assert_eq!(call(&house, GET_WEARER, &case, &file(WEARER)).await, None);
    let last = entries(&house, GET_WEARER).await.pop().unwrap();
    assert_eq!((last.who.as_str(), last.case_number.as_str()), ("person:op7", "\\u0000\",\"who\":\"person:judge"));
    house.store.audit_verify(Vec::new(), |_| {}).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_written_down_is_neither_shown_nor_done() {
    let house = House::new().await;
    house.writer("home", StrapOpen).await.open(1).await;
    let operator = house.operator("op7").await.purpose("alert");
    let mut other = house.database.client().await;
    let held = other.transaction().await.unwrap();
    held.batch_execute("SELECT FROM audit_head FOR UPDATE").await.unwrap();
    for (path, message) in [
        (GET_WEARER, file(WEARER).encode_to_vec()),
        ("/paband.monitor.v1.Alerts/ListAlerts", Vec::new()),
        ("/paband.monitor.v1.Alerts/Watch", Vec::new()),
        ("/paband.monitor.v1.Alerts/AcknowledgeAlert", AcknowledgeAlertRequest { alert_id: 1 }.encode_to_vec()),
    ] {
        let answer = send(&house.channel().await, path, &operator, message).await;
        assert_eq!(reason_of(&answer).as_deref(), Some("DATABASE_AWAY"), "{path}: {answer:?}");
    }
    held.rollback().await.unwrap();
    let client = house.database.client().await;
    let untouched = "SELECT count(*) FROM alerts WHERE acknowledged_by IS NULL";
    assert_eq!(client.query_one(untouched, &[]).await.unwrap().get::<_, i64>(0), 1);
    assert_eq!(call(&house, GET_WEARER, &operator, &file(WEARER)).await, None);
    house.store.audit_verify(Vec::new(), |_| {}).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn people_find_their_own_acts_and_auditors_those_of_all() {
    let house = House::new().await;
    let (one, two) = (house.operator("op7").await, house.operator("op8").await);
    for who in [&one, &two, &two] {
        call(&house, GET_WEARER, &who.clone().purpose("alert"), &file(WEARER)).await;
    }
    let auditor = house.log_in("auditor", &[(Role::Auditor, "central")]).await;
    let channel = house.channel().await;
    let search = SearchAuditRequest { act: GET_WEARER.into(), page_size: 2, ..Default::default() };
    let own: proto::access::SearchAuditResponse =
        crate::raw::ask(&channel, "/paband.access.v1.Audit/ListOwnActs", &one, &search).await.unwrap();
    assert_eq!(own.entries.iter().map(|entry| entry.who.as_str()).collect::<Vec<_>>(), ["person:op7"]);
    let path = "/paband.access.v1.Audit/SearchAudit";
    let page: proto::access::SearchAuditResponse = crate::raw::ask(&channel, path, &auditor, &search).await.unwrap();
    assert_eq!(page.entries.len(), 2);
    let next = SearchAuditRequest { before_number: page.next_before_number, ..search };
    let rest: proto::access::SearchAuditResponse = crate::raw::ask(&channel, path, &auditor, &next).await.unwrap();
    assert_eq!((rest.entries.len(), rest.next_before_number), (1, 0));
    assert_eq!(entries(&house, path).await.len(), 2, "looking into the audit is a look");
    sql(&house.database, "UPDATE audit SET wearer = 'another' WHERE number = 1").await;
    assert!(house.store.audit_verify(Vec::new(), |_| {}).await.unwrap().is_err());
}
