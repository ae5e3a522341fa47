//! Leave of one wearer through a real connection: two persons, what stands against it, its end, and what the judgement hears of it.

use crate::house::{As, House, owned, reason, sql, wrong_fields};
use access::Role;
use geofence::ViolationKind::{Silent, StrapOpen};
use proto::enrolment::leaves_client::LeavesClient;
use proto::enrolment::{
    ApproveLeaveRequest, Date, Decision, EndLeaveEarlyRequest, GetLeaveRequest, Leave, LeaveKind, LeaveState, ListLeavesRequest,
    RefuseLeaveRequest, RequestLeaveRequest, WithdrawLeaveRequest,
};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;

pub type Client = LeavesClient<InterceptedService<Channel, As>>;

pub const HOUR: i64 = 3600;
pub const DAY: i64 = 24 * HOUR;

/// Wearers `w-1` to `w-COUNT` of Tehran, each with a tag and an order since 40 days; whole minutes.
pub async fn tehran(count: i32) -> House {
    let house = House::new().await;
    let country = format!(
        "INSERT INTO units (code, parent_id, kind, name_fa, name_en, is_on)
            VALUES ('tehran', 1, 'province', 'تهران', 'Tehran', true), ('qom', 1, 'province', 'قم', 'Qom', true);
        INSERT INTO wearers (reference, unit_id) SELECT 'w-' || n, (SELECT unit_id FROM units WHERE code = 'tehran') FROM generate_series(1, {count}) n;
        INSERT INTO tags (imei) SELECT 'tag-' || n FROM generate_series(1, {count}) n;
        INSERT INTO fittings (tag_id, wearer_id, period) SELECT tag_id, wearer_id, tstzrange(now() - interval '40 days', NULL)
            FROM tags JOIN wearers ON substr(imei, 5) = substr(reference, 3) WHERE imei LIKE 'tag-%' AND reference LIKE 'w-%';
        INSERT INTO orders (wearer_id) SELECT wearer_id FROM wearers WHERE reference LIKE 'w-%' ORDER BY wearer_id;
        INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date, legal_basis, regime)
            SELECT order_id, 1, 'new', now() - interval '40 days', now(), 'test', 'Branch 3', '9/1', '2026-10-01', 'ipc_62', 'tag' FROM orders"
    );
    sql(&house.database, &country).await;
    house
}

pub async fn clerk(house: &House, name: &str) -> As {
    house.log_in(name, &[(Role::Intake, "tehran")]).await.purpose("file")
}

pub async fn leaves(house: &House, who: &As) -> Client {
    LeavesClient::with_interceptor(house.channel().await, who.clone())
}

/// So many seconds from now, to the second.
pub fn time(seconds: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds: chrono::Utc::now().timestamp() + seconds, nanos: 0 })
}

pub fn decision() -> Option<Decision> {
    let date = Some(Date { solar_hijri: "۱۴۰۵/۰۸/۳۰".to_owned(), gregorian: String::new() });
    Some(Decision { authority: "Prison council".to_owned(), number: "17".to_owned(), date })
}

pub fn three_days(wearer: &str, from: i64) -> RequestLeaveRequest {
    RequestLeaveRequest {
        wearer: wearer.to_owned(),
        from: time(from),
        to: time(from + 3 * DAY),
        kind: LeaveKind::Overnight.into(),
        exclusion: false,
        purpose: "his daughter marries".to_owned(),
        late_reason: String::new(),
    }
}

pub fn approve(leave: &Leave) -> ApproveLeaveRequest {
    ApproveLeaveRequest { leave_id: leave.leave_id, expected_version: leave.version, decision: decision(), ..Default::default() }
}

pub async fn count(house: &House, query: &str) -> i64 {
    house.database.client().await.query_one(query, &[]).await.unwrap().get(0)
}

const IN_FORCE: &str = "SELECT count(*) FROM leaves";
const FACTS: &str = "SELECT version FROM facts_head";

/// Sara requests it, Reza approves it.
async fn approved(house: &House, asked: RequestLeaveRequest) -> (Client, Leave) {
    let requested = leaves(house, &clerk(house, "sara").await).await.request_leave(asked).await.unwrap().into_inner();
    let mut second = leaves(house, &clerk(house, "reza").await).await;
    let leave = second.approve_leave(approve(&requested)).await.unwrap().into_inner();
    (second, leave)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leave_is_in_force_once_a_second_person_approved_it() {
    let house = tehran(1).await;
    let (sara, reza) = (clerk(&house, "sara").await, clerk(&house, "reza").await);
    let (mut first, mut second) = (leaves(&house, &sara).await, leaves(&house, &reza).await);
    let facts = count(&house, FACTS).await;
    let requested = first.request_leave(three_days("w-1", HOUR)).await.unwrap().into_inner();
    assert_eq!((requested.state(), requested.hindrances.len()), (LeaveState::Requested, 0));
    assert_eq!((count(&house, IN_FORCE).await, count(&house, FACTS).await), (0, facts), "a request is paper");

    let refused = async |client: &mut Client, asked: ApproveLeaveRequest| reason(&client.approve_leave(asked).await.unwrap_err()).0;
    assert_eq!(refused(&mut first, approve(&requested)).await, "SAME_PERSON");
    assert_eq!(refused(&mut second, ApproveLeaveRequest { exclusion: true, ..approve(&requested) }).await, "LEAVE_EXCLUSION_DIFFERS");
    assert_eq!(refused(&mut second, ApproveLeaveRequest { expected_version: 9, ..approve(&requested) }).await, "VERSION_CHANGED");
    assert_eq!(refused(&mut second, ApproveLeaveRequest { decision: None, ..approve(&requested) }).await, "INVALID_FIELDS");
    assert_eq!((count(&house, IN_FORCE).await, count(&house, FACTS).await), (0, facts));

    let leave = second.approve_leave(approve(&requested)).await.unwrap().into_inner();
    assert_eq!((leave.state(), leave.decided_by.as_str(), leave.version), (LeaveState::Approved, "reza", 2));
    assert_eq!(leave.decision.clone().unwrap().date.unwrap().gregorian, "2026-11-21");
    let same = "SELECT count(*) FROM leaves l JOIN leave_acts a ON a.leave_id = l.act_id WHERE (l.wearer_id, l.valid_from, l.valid_to, l.exclusion)
        = (a.wearer_id, a.valid_from, a.valid_to, a.exclusion)";
    assert_eq!(count(&house, same).await, 1);
    let told = "SELECT count(*) FROM tag_facts JOIN tags USING (tag_id) WHERE imei = 'tag-1' AND facts_version > ";
    assert_eq!(count(&house, &format!("{told}{facts}")).await, 1, "the shard of the tag hears of it");
    assert_eq!(refused(&mut second, approve(&leave)).await, "LEAVE_OVER");

    let withdraw =
        WithdrawLeaveRequest { leave_id: leave.leave_id, expected_version: 2, reason: "postponed".to_owned(), ..Default::default() };
    let gone = first.withdraw_leave(withdraw).await.unwrap().into_inner();
    assert_eq!((gone.state(), gone.ended_by.as_str(), gone.end_reason.as_str()), (LeaveState::Withdrawn, "sara", "postponed"));
    assert_eq!(count(&house, IN_FORCE).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_handed_a_password_by_the_first_is_no_second_person() {
    let house = tehran(1).await;
    let (sara, reza) = (clerk(&house, "sara").await, clerk(&house, "reza").await);
    let requested = leaves(&house, &sara).await.request_leave(three_days("w-1", HOUR)).await.unwrap().into_inner();
    let handed = "SELECT audit_append(jsonb_build_array(jsonb_build_object('who', 'person:sara', 'role', '', 'unit', '', 'wearer', '', 'purpose', '',
        'case_number', '', 'address', '', 'act', '/paband.access.v1.People/ResetPassword', 'subject', 'name reza', 'result', 'done')))";
    sql(&house.database, handed).await;
    let refused = leaves(&house, &reza).await.approve_leave(approve(&requested)).await.unwrap_err();
    assert_eq!(reason(&refused).0, "SAME_PERSON");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_told_field_by_field() {
    let house = tehran(1).await;
    let mut client = leaves(&house, &clerk(&house, "sara").await).await;
    let good = three_days("w-1", HOUR);
    let rows: [(RequestLeaveRequest, &[(&str, &str)]); 7] = [
        (
            RequestLeaveRequest::default(),
            &[("wearer", "MISSING"), ("from", "NO_INSTANT"), ("to", "NO_INSTANT"), ("kind", "MISSING"), ("purpose", "MISSING")],
        ),
        (RequestLeaveRequest { to: good.from, ..good.clone() }, &[("to", "NOT_AFTER")]),
        (RequestLeaveRequest { kind: 9, ..good.clone() }, &[("kind", "MISSING")]),
        (three_days("w-1", 367 * DAY), &[("from", "TOO_FAR_AHEAD")]),
        (three_days("w-1", -32 * DAY), &[("from", "TOO_LONG_AGO")]),
        (RequestLeaveRequest { purpose: "x".repeat(1001), ..good.clone() }, &[("purpose", "TOO_LONG")]),
        (RequestLeaveRequest { late_reason: "\0".to_owned(), ..good.clone() }, &[("late_reason", "NOT_A_CODE")]),
    ];
    for (asked, expected) in rows {
        let refused = client.request_leave(asked.clone()).await.unwrap_err();
        assert_eq!(wrong_fields(&refused), expected.iter().copied().map(owned).collect::<Vec<_>>(), "{asked:?}");
    }
    let long = RequestLeaveRequest { to: time(31 * DAY), ..good.clone() };
    assert_eq!(reason(&client.request_leave(long).await.unwrap_err()).0, "LEAVE_TOO_LONG");
    assert_eq!(reason(&client.request_leave(three_days("w-2", HOUR)).await.unwrap_err()).0, "UNKNOWN_WEARER");
    assert_eq!(reason(&client.request_leave(three_days("w-1", -HOUR)).await.unwrap_err()).0, "LEAVE_LATE_REASON_NEEDED");
    assert_eq!(count(&house, "SELECT count(*) FROM leave_acts").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_against_a_leave_is_told_and_keeps_it_from_being_approved() {
    let house = tehran(1).await;
    let requested = leaves(&house, &clerk(&house, "sara").await).await.request_leave(three_days("w-1", HOUR)).await.unwrap().into_inner();
    let mut second = leaves(&house, &clerk(&house, "reza").await).await;
    let removed = "UPDATE fittings SET period = tstzrange(lower(period), now())";
    let fitted = "UPDATE fittings SET period = tstzrange(lower(period), NULL)";
    let suspended =
        "INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date, cause)
        SELECT order_id, 2, 'suspension', now(), now(), 'test', 'x', 'x', now(), 'prison' FROM orders";
    let resumed = "UPDATE order_facts SET cancelled_at = now(), cancelled_by = 'test', cancel_reason = 'x' WHERE version = 2";
    for (change, back, expected) in [
        (removed, fitted, "LEAVE_NOT_MONITORED"),
        (suspended, resumed, "LEAVE_ORDER_SUSPENDED"),
        ("UPDATE leave_limits SET is_allowed = false", "UPDATE leave_limits SET is_allowed = true", "LEAVE_NONE_FOR_BASIS"),
        ("UPDATE leave_limits SET days_max = 2", "UPDATE leave_limits SET days_max = 30", "LEAVE_TOO_LONG"),
        (
            "INSERT INTO leaves (wearer_id, valid_from, valid_to) SELECT wearer_id, now(), now() + interval '2 hours' FROM orders",
            "DELETE FROM leaves",
            "LEAVE_OTHER_LEAVE",
        ),
    ] {
        sql(&house.database, change).await;
        let shown = second.get_leave(GetLeaveRequest { leave_id: requested.leave_id }).await.unwrap().into_inner();
        assert_eq!(shown.hindrances.iter().map(|one| one.code.as_str()).collect::<Vec<_>>(), [expected]);
        assert!(!shown.hindrances[0].message.is_empty());
        assert_eq!(reason(&second.approve_leave(approve(&requested)).await.unwrap_err()).0, expected);
        sql(&house.database, back).await;
    }
    assert_eq!(second.approve_leave(approve(&requested)).await.unwrap().into_inner().state(), LeaveState::Approved);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_alert_must_have_been_read_by_who_approves() {
    let house = tehran(1).await;
    let wearer: i64 = count(&house, "SELECT wearer_id FROM wearers WHERE reference = 'w-1'").await;
    house.writer("", StrapOpen).await.about(wearer).open(1).await;
    house.writer("", Silent).await.about(wearer).open(1).await;
    let requested = leaves(&house, &clerk(&house, "sara").await).await.request_leave(three_days("w-1", HOUR)).await.unwrap().into_inner();
    assert_eq!(requested.warnings.iter().map(|one| one.code.as_str()).collect::<Vec<_>>(), ["LEAVE_STRAP_OPEN"]);
    let mut second = leaves(&house, &clerk(&house, "reza").await).await;
    let read =
        |codes: &[&str]| ApproveLeaveRequest { warnings_read: codes.iter().map(|&code| code.to_owned()).collect(), ..approve(&requested) };
    for (codes, expected) in
        [(&[][..], "LEAVE_WARNINGS_UNREAD"), (&["LEAVE_CASE_TAMPER"], "LEAVE_WARNINGS_UNREAD"), (&["all"], "INVALID_FIELDS")]
    {
        assert_eq!(reason(&second.approve_leave(read(codes)).await.unwrap_err()).0, expected, "{codes:?}");
    }
    assert_eq!(second.approve_leave(read(&["LEAVE_STRAP_OPEN"])).await.unwrap().into_inner().state(), LeaveState::Approved);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_eight_overlapping_leaves_approved_at_once_one_is_in_force() {
    let house = tehran(1).await;
    let mut first = leaves(&house, &clerk(&house, "sara").await).await;
    let mut approving = Vec::new();
    for clerk_number in 0..8 {
        let requested = first.request_leave(three_days("w-1", HOUR * (clerk_number + 1))).await.unwrap().into_inner();
        let mut second = leaves(&house, &clerk(&house, &format!("clerk-{clerk_number}")).await).await;
        approving.push(tokio::spawn(async move { second.approve_leave(approve(&requested)).await }));
    }
    let (mut granted, mut refused) = (0, Vec::new());
    for one in approving {
        match one.await.unwrap() {
            Ok(_) => granted += 1,
            Err(status) => refused.push(reason(&status).0),
        }
    }
    assert_eq!((granted, refused), (1, vec!["LEAVE_OTHER_LEAVE".to_owned(); 7]));
    assert_eq!(count(&house, IN_FORCE).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leave_recorded_late_is_judged_again_and_says_who_and_why() {
    let house = tehran(1).await;
    let late = RequestLeaveRequest { late_reason: "the letter came by post".to_owned(), ..three_days("w-1", -2 * HOUR) };
    approved(&house, late).await;
    let client = house.database.client().await;
    let request = "SELECT cause, now() - from_at > interval '119 minutes' FROM judging_requests";
    let row = client.query_one(request, &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), "leave recorded by reza: leave 1, decision 17 of Prison council: the letter came by post");
    assert!(row.get::<_, bool>(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leave_under_way_ends_now_or_is_taken_back_as_never_granted() {
    let house = tehran(2).await;
    let (mut client, leave) = approved(&house, three_days("w-1", -60)).await;
    let which = |leave: &Leave| (leave.leave_id, leave.version);
    let withdraw = |(leave_id, expected_version), never_granted| WithdrawLeaveRequest {
        leave_id,
        expected_version,
        reason: "wrong wearer".to_owned(),
        never_granted,
    };
    let end = |(leave_id, expected_version)| EndLeaveEarlyRequest { leave_id, expected_version, reason: "came back".to_owned() };
    assert_eq!(reason(&client.withdraw_leave(withdraw(which(&leave), false)).await.unwrap_err()).0, "LEAVE_BEGUN");
    let ended = client.end_leave_early(end(which(&leave))).await.unwrap().into_inner();
    assert_eq!((ended.state(), ended.back_at.is_some(), ended.end_reason.as_str()), (LeaveState::Shortened, true, "came back"));
    assert_eq!(count(&house, "SELECT count(*) FROM leaves WHERE valid_to <= now() AND valid_to > now() - interval '1 minute'").await, 1);
    assert_eq!(reason(&client.end_leave_early(end(which(&ended))).await.unwrap_err()).0, "LEAVE_NOT_UNDER_WAY");
    // The days that became free can be given again.
    approved(&house, three_days("w-1", HOUR)).await;
    // Recorded for the wrong person an instant ago: as if it had never been.
    let (mut client, wrong) = approved(&house, three_days("w-2", -60)).await;
    sql(&house.database, "DELETE FROM judging_requests").await;
    let gone = client.withdraw_leave(withdraw(which(&wrong), true)).await.unwrap().into_inner();
    assert_eq!((gone.state(), gone.never_granted), (LeaveState::Withdrawn, true));
    assert_eq!(count(&house, "SELECT count(*) FROM leaves l JOIN wearers USING (wearer_id) WHERE reference = 'w-2'").await, 0);
    let cause = "SELECT count(*) FROM judging_requests WHERE cause = 'leave withdrawn by reza: leave 3 withdrawn: wrong wearer'";
    assert_eq!(count(&house, cause).await, 1);
    let future = approved(&house, three_days("w-2", HOUR)).await.1;
    assert_eq!(reason(&client.end_leave_early(end(which(&future))).await.unwrap_err()).0, "LEAVE_NOT_UNDER_WAY");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_leave_keeps_the_decision_and_is_never_in_force() {
    let house = tehran(1).await;
    let mut client = leaves(&house, &clerk(&house, "sara").await).await;
    let requested = client.request_leave(three_days("w-1", HOUR)).await.unwrap().into_inner();
    let refuse =
        RefuseLeaveRequest { leave_id: requested.leave_id, expected_version: 1, decision: decision(), reason: "too early".to_owned() };
    let refused = client.refuse_leave(refuse.clone()).await.unwrap().into_inner();
    assert_eq!((refused.state(), refused.decision.is_some(), refused.end_reason.as_str()), (LeaveState::Refused, true, "too early"));
    assert_eq!(reason(&client.refuse_leave(refuse).await.unwrap_err()).0, "VERSION_CHANGED");
    let mut second = leaves(&house, &clerk(&house, "reza").await).await;
    assert_eq!(reason(&second.approve_leave(approve(&refused)).await.unwrap_err()).0, "LEAVE_OVER");
    assert_eq!(count(&house, IN_FORCE).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_click_changes_nothing_and_answers_the_same() {
    let house = tehran(1).await;
    let sara = clerk(&house, "sara").await.with("paband-idempotency-key", "click-0001");
    let mut client = leaves(&house, &sara).await;
    let asked = three_days("w-1", HOUR);
    let first = client.request_leave(asked.clone()).await.unwrap().into_inner();
    assert_eq!(client.request_leave(asked).await.unwrap().into_inner(), first);
    let mut second = leaves(&house, &clerk(&house, "reza").await.with("paband-idempotency-key", "click-0002")).await;
    let approved = second.approve_leave(approve(&first)).await.unwrap().into_inner();
    assert_eq!(second.approve_leave(approve(&first)).await.unwrap().into_inner(), approved);
    assert_eq!((count(&house, IN_FORCE).await, count(&house, "SELECT count(*) FROM leave_acts").await), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_show_what_matches_page_by_page() {
    let house = tehran(3).await;
    let mut client = leaves(&house, &clerk(&house, "sara").await).await;
    for (wearer, from) in [("w-1", HOUR), ("w-2", HOUR), ("w-3", 10 * DAY)] {
        client.request_leave(three_days(wearer, from)).await.unwrap();
    }
    approved(&house, three_days("w-1", 20 * DAY)).await;
    let mut room = leaves(&house, &house.log_in("op9", &[(Role::Operator, "tehran")]).await).await;
    let all = ListLeavesRequest::default;
    let rows: [(ListLeavesRequest, &[i64]); 7] = [
        (all(), &[4, 3, 2, 1]),
        (ListLeavesRequest { wearer: "w-1".to_owned(), ..all() }, &[4, 1]),
        (ListLeavesRequest { states: vec![LeaveState::Approved.into()], ..all() }, &[4]),
        (ListLeavesRequest { from: time(0), to: time(2 * DAY), ..all() }, &[2, 1]),
        (ListLeavesRequest { unit: "qom".to_owned(), ..all() }, &[]),
        (ListLeavesRequest { page_size: 2, ..all() }, &[4, 3]),
        (ListLeavesRequest { page_size: 2, before_leave_id: 3, ..all() }, &[2, 1]),
    ];
    for (asked, expected) in rows {
        let listed = room.list_leaves(asked.clone()).await.unwrap().into_inner().leaves;
        assert_eq!(listed.iter().map(|leave| leave.leave_id).collect::<Vec<_>>(), expected, "{asked:?}");
    }
    let stranger = house.log_in("zari", &[(Role::Intake, "qom")]).await.purpose("file");
    let mut stranger = leaves(&house, &stranger).await;
    assert!(stranger.list_leaves(all()).await.unwrap().into_inner().leaves.is_empty());
    assert_eq!(reason(&stranger.get_leave(GetLeaveRequest { leave_id: 1 }).await.unwrap_err()).0, "UNKNOWN_LEAVE");
}
