//! Who came back from leave, read from what the judgement found when the zone was on again.

use crate::enrolment_leave::{DAY, HOUR, clerk, leaves, tehran, time};
use crate::house::{House, owned, reason, sql, wrong_fields};
use access::Role;
use geofence::Timestamp;
use geofence::ViolationKind::{Inclusion, PresenceUnknown, Silent};
use proto::enrolment::{ListReturnsRequest, Return, ReturnOutcome};
use store::testing::staff;

/// Hours ago when the leaves ended.
const AGO: i64 = 2;

/// When the leaves were over, milliseconds.
async fn over_ms(house: &House) -> i64 {
    let over = "SELECT (extract(epoch FROM min(valid_to)) * 1000)::bigint FROM leave_acts";
    house.database.client().await.query_one(over, &[]).await.unwrap().get(0)
}

/// So many wearers with a home (w-2 with one from tomorrow on), whose leave of a day ended two hours ago.
async fn returned(count: i32) -> House {
    let house = tehran(count).await;
    let now = chrono::Utc::now();
    let home = |n: i32| {
        let later =
            if n == 2 { format!(r#","valid_from":"{}""#, Timestamp::from(now + chrono::TimeDelta::hours(24))) } else { String::new() };
        format!(
            r#"{{"type":"Feature","geometry":{{"type":"Point","coordinates":[51.4,35.7]}},
            "properties":{{"wearer":"w-{n}","zone":"home","sense":"inclusion","radius_m":200{later}}}}}"#
        )
    };
    let homes: Vec<String> = (1..=count).map(home).collect();
    let homes = format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, homes.join(","));
    house.store.zones_import(&staff(), &homes, Timestamp::from(now - chrono::TimeDelta::days(30)), "").await.unwrap();
    let acts = format!(
        "INSERT INTO leave_acts (wearer_id, state, valid_from, valid_to, kind, exclusion, purpose, requested_by, requested_at, authority, decision_number,
            decision_date, decided_by, decided_at)
        SELECT wearer_id, 'approved', t - interval '1 day', t, 'overnight', false, 'x', 'sara', t, 'x', 'x', t, 'reza', t
        FROM wearers, LATERAL (SELECT date_trunc('second', now() - interval '{AGO} hours') AS t) AS over WHERE reference LIKE 'w-%' ORDER BY wearer_id;
        UPDATE fittings SET period = tstzrange(lower(period), now() - interval '5 hours') FROM wearers w
            WHERE w.wearer_id = fittings.wearer_id AND reference = 'w-3'"
    );
    sql(&house.database, &acts).await;
    house
}

async fn list(house: &House, asked: ListReturnsRequest) -> Vec<Return> {
    let mut client = leaves(house, &clerk(house, "sara").await).await;
    client.list_returns(asked).await.unwrap().into_inner().returns
}

fn all() -> ListReturnsRequest {
    ListReturnsRequest { from: time(-DAY), to: time(DAY), ..Default::default() }
}

fn told(returns: &[Return]) -> Vec<(String, ReturnOutcome)> {
    returns.iter().map(|one| (one.wearer.clone(), one.outcome())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_return_is_told_as_the_judgement_found_it() {
    let house = returned(8).await;
    let over = over_ms(&house).await;
    let begins = |seconds: i64| Timestamp::from_millis(over + (seconds - 60) * 1000);
    let wearer = async |reference: &str| -> i64 {
        let row = house.database.client().await;
        row.query_one("SELECT wearer_id FROM wearers WHERE reference = $1", &[&reference]).await.unwrap().get(0)
    };
    // w-4 was outside when the zone turned on, and is; w-5 came half an hour later.
    house.writer("home", Inclusion).await.about(wearer("w-4").await).after(begins(0)).open(1).await;
    house.writer("home", Inclusion).await.about(wearer("w-5").await).after(begins(0)).open(1).await;
    // Of w-6 nothing was heard; w-7 was silent for a reason of the tag: no alert about the return, but nobody knows.
    house.writer("home", PresenceUnknown).await.about(wearer("w-6").await).after(begins(300)).open(1).await;
    house.writer("", Silent).await.about(wearer("w-7").await).after(begins(-60)).open(1).await;
    // w-8 went out again an hour later: that is another alert.
    house.writer("home", Inclusion).await.about(wearer("w-8").await).after(begins(3600)).open(1).await;
    let ended = format!(
        "UPDATE alerts SET ended_at = {}, end_reason = 'kept', last_breaking_at = {over} WHERE wearer_id = {}",
        over + 1_800_000,
        wearer("w-5").await
    );
    sql(&house.database, &ended).await;

    let returns = list(&house, all()).await;
    let expected = [
        ("w-1", ReturnOutcome::Home),
        ("w-2", ReturnOutcome::NotDue),
        ("w-3", ReturnOutcome::NotMonitored),
        ("w-4", ReturnOutcome::Out),
        ("w-5", ReturnOutcome::HomeLate),
        ("w-6", ReturnOutcome::NotSeen),
        ("w-7", ReturnOutcome::NotSeen),
        ("w-8", ReturnOutcome::Home),
    ];
    assert_eq!(told(&returns), expected.map(|(wearer, outcome)| (wearer.to_owned(), outcome)));
    let alerts: Vec<i64> = returns.iter().map(|one| one.alert_id).collect();
    assert_eq!(alerts, [0, 0, 0, 1, 2, 3, 0, 0]);
    assert_eq!(returns[4].at.unwrap().seconds, over / 1000 + 1800);
    assert_eq!(returns[0].due_at.unwrap().seconds, over / 1000);
    let missing = list(&house, ListReturnsRequest { missing_only: true, ..all() }).await;
    assert_eq!(missing.iter().map(|one| one.wearer.as_str()).collect::<Vec<_>>(), ["w-4", "w-6", "w-7"]);

    // What the past judged again took back is no absence.
    sql(&house.database, "UPDATE alerts SET ended_at = started_at, end_reason = 'refuted' WHERE kind IN ('inclusion', 'presence_unknown')")
        .await;
    assert!(list(&house, all()).await.iter().all(|one| !matches!(one.outcome(), ReturnOutcome::Out | ReturnOutcome::HomeLate)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leave_that_is_under_way_or_withdrawn_has_no_return_and_the_next_leave_counts() {
    let house = returned(4).await;
    let changes = "UPDATE leave_acts SET state = 'withdrawn', ended_by = 'x', ended_at = now(), end_reason = 'x' WHERE leave_id = 1;
        INSERT INTO leave_acts (wearer_id, state, valid_from, valid_to, kind, exclusion, purpose, requested_by, requested_at, authority, decision_number,
            decision_date, decided_by, decided_at)
        SELECT wearer_id, 'approved', valid_to, valid_to + interval '5 days', kind, exclusion, purpose, requested_by, requested_at, authority, decision_number,
            decision_date, decided_by, decided_at FROM leave_acts WHERE leave_id = 4";
    sql(&house.database, changes).await;
    let returns = list(&house, all()).await;
    let expected = [("w-2", ReturnOutcome::NotDue), ("w-3", ReturnOutcome::NotMonitored), ("w-4", ReturnOutcome::OnLeave)];
    assert_eq!(told(&returns), expected.map(|(wearer, outcome)| (wearer.to_owned(), outcome)));
}

#[tokio::test(flavor = "multi_thread")]
async fn within_the_time_of_the_rules_nobody_is_home_or_missing_yet() {
    let house = returned(1).await;
    let just = "UPDATE leave_acts SET back_at = now() - interval '1 minute', state = 'shortened', ended_by = 'x', ended_at = now(), end_reason = 'back',
        valid_to = now() + interval '1 day'";
    sql(&house.database, just).await;
    assert_eq!(told(&list(&house, all()).await), [("w-1".to_owned(), ReturnOutcome::Waiting)]);
    sql(&house.database, "DELETE FROM zone_versions").await;
    assert_eq!(told(&list(&house, all()).await), [("w-1".to_owned(), ReturnOutcome::NoZone)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn returns_come_page_by_page_and_to_the_own_unit_alone() {
    let house = returned(5).await;
    let mut client = leaves(&house, &clerk(&house, "sara").await).await;
    let (mut seen, mut page_token) = (Vec::new(), String::new());
    loop {
        let page = client.list_returns(ListReturnsRequest { page_size: 2, page_token, ..all() }).await.unwrap().into_inner();
        seen.extend(page.returns.iter().map(|one| one.leave_id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, [1, 2, 3, 4, 5]);
    let stranger = house.log_in("zari", &[(Role::Operator, "qom")]).await;
    let mut stranger = leaves(&house, &stranger).await;
    assert!(stranger.list_returns(all()).await.unwrap().into_inner().returns.is_empty());
    for (asked, expected) in [
        (ListReturnsRequest { page_token: "x".to_owned(), ..all() }, ("page_token", "PAGE_TOKEN_FOREIGN")),
        (ListReturnsRequest { to: time(32 * DAY), ..all() }, ("to", "SPAN_TOO_LONG")),
        (ListReturnsRequest { to: time(-2 * DAY), ..all() }, ("to", "NOT_AFTER")),
        (ListReturnsRequest { page_size: 1001, ..all() }, ("page_size", "ABOVE_MAX")),
    ] {
        assert_eq!(wrong_fields(&client.list_returns(asked).await.unwrap_err()), [owned(expected)]);
    }
    let technician = house.log_in("executor", &[(Role::Technician, "tehran")]).await;
    let refused = leaves(&house, &technician).await.list_returns(ListReturnsRequest { from: time(-HOUR), ..all() }).await.unwrap_err();
    assert_eq!(reason(&refused).0, "NOT_ALLOWED");
}
