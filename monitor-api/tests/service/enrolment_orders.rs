//! Orders through a real connection: one in force, facts that fit, wrong entries cancelled.

use crate::enrolment_files::Office;
use crate::house::{fresh_key, sql};
use crate::raw::{ask, reason_of};
use chrono::{Duration, Utc};
use proto::access::Proposal;
use proto::enrolment::cancel_order_fact_response::Done;
use proto::enrolment::*;
use tonic::Status;

const DAY_S: i64 = 86_400;

/// So many days from now.
fn at(days: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds: Utc::now().timestamp() + days * DAY_S, nanos: 0 })
}

fn day(days: i64) -> Option<Date> {
    let day = (Utc::now() + Duration::days(days)).with_timezone(&chrono_tz::Asia::Tehran).date_naive();
    Some(Date { solar_hijri: String::new(), gregorian: day.to_string() })
}

fn decision(number: &str) -> Option<Decision> {
    Some(Decision { authority: "شعبه ۳".into(), number: number.into(), date: day(-60) })
}

fn terms(regime: Regime, zone_degree: u32, end: Option<i64>) -> Option<OrderTerms> {
    let planned_end = end.and_then(day);
    Some(OrderTerms { legal_basis: LegalBasis::Ipc62.into(), regime: regime.into(), zone_degree, planned_end })
}

fn record(wearer: &str, from: i64) -> RecordOrderRequest {
    RecordOrderRequest {
        wearer: wearer.into(),
        at: at(from),
        decision: decision("9/1"),
        terms: terms(Regime::Tag, 2, Some(90)),
        note: String::new(),
    }
}

fn entry(order: &Order, days: i64) -> Option<OrderEntry> {
    Some(OrderEntry {
        order_id: order.order_id,
        expected_version: order.version,
        at: at(days),
        decision: decision("9/2"),
        note: String::new(),
    })
}

async fn recorded(office: &Office, wearer: &str, from: i64) -> Order {
    office.call(&office.clerk, "Orders/RecordOrder", &record(wearer, from)).await.unwrap()
}

async fn cancel(office: &Office, order: &Order, fact: usize) -> Result<CancelOrderFactResponse, Status> {
    let fact_id = order.facts[fact].fact_id;
    let asked = CancelOrderFactRequest { fact_id, expected_version: order.version, reason: "typed twice".into() };
    office.call(&office.clerk, "Orders/CancelOrderFact", &asked).await
}

fn is_order(answer: CancelOrderFactResponse) -> Order {
    match answer.done {
        Some(Done::Order(order)) => order,
        other => panic!("{other:?}"),
    }
}

async fn listed(office: &Office, wearer: &str) -> Vec<Order> {
    let asked = ListOrdersRequest { wearer: wearer.into() };
    office.call::<ListOrdersResponse>(&office.clerk, "Orders/ListOrders", &asked).await.unwrap().orders
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_lives_by_its_facts_from_its_beginning_to_its_end() {
    let office = Office::new().await;
    let wearer = office.file(1).await;
    let order = recorded(&office, &wearer, -30).await;
    assert_eq!((order.state(), order.version, order.wearer.as_str()), (OrderState::InForce, 1, wearer.as_str()));
    let begun = order.begins_on.clone().unwrap();
    assert_eq!(begun.gregorian, day(-30).unwrap().gregorian);
    assert!(begun.solar_hijri.starts_with("14") && order.facts[0].recorded_on.as_ref().unwrap().solar_hijri.starts_with("14"));
    assert_eq!(office.get(&office.clerk, &wearer).await.unwrap().state(), WearerState::UnderOrder);

    let suspend = SuspendOrderRequest { entry: entry(&order, -10), cause: SuspensionCause::Hospital.into() };
    let order: Order = office.call(&office.clerk, "Orders/SuspendOrder", &suspend).await.unwrap();
    assert_eq!((order.state(), order.version), (OrderState::Suspended, 2));
    let again: Result<Order, _> = office.call(&office.clerk, "Orders/SuspendOrder", &suspend).await;
    assert_eq!(reason_of(&again).as_deref(), Some("VERSION_CHANGED"), "a variation of an older version is refused");
    let twice = SuspendOrderRequest { entry: entry(&order, -5), ..suspend };
    let twice: Result<Order, _> = office.call(&office.clerk, "Orders/SuspendOrder", &twice).await;
    assert_eq!(reason_of(&twice).as_deref(), Some("ORDER_SUSPENDED_ALREADY"));
    let order: Order = office.call(&office.clerk, "Orders/ResumeOrder", &ResumeOrderRequest { entry: entry(&order, -8) }).await.unwrap();
    assert_eq!(order.state(), OrderState::InForce);
    let early: Result<Order, _> = office
        .call(&office.clerk, "Orders/VaryOrder", &VaryOrderRequest { entry: entry(&order, -31), terms: terms(Regime::House, 0, None) })
        .await;
    assert_eq!(reason_of(&early).as_deref(), Some("ORDER_NOT_BEGUN"));
    let vary = VaryOrderRequest { entry: entry(&order, -1), terms: terms(Regime::House, 0, None) };
    let order: Order = office.call(&office.clerk, "Orders/VaryOrder", &vary).await.unwrap();
    assert_eq!(order.terms.as_ref().unwrap().regime(), Regime::House);
    let order: Order = office.call(&office.clerk, "Orders/EndOrder", &EndOrderRequest { entry: entry(&order, 20) }).await.unwrap();
    assert_eq!((order.state(), order.ends_on.as_ref().unwrap().gregorian.clone()), (OrderState::InForce, day(20).unwrap().gregorian));
    let after: Result<Order, _> = office.call(&office.clerk, "Orders/RevokeOrder", &RevokeOrderRequest { entry: entry(&order, 21) }).await;
    assert_eq!(reason_of(&after).as_deref(), Some("ORDER_OVER"));
    assert_eq!(listed(&office, &wearer).await, [order]);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_most_one_order_is_in_force_at_an_instant() {
    let office = Office::new().await;
    let wearer = office.file(1).await;
    let first = recorded(&office, &wearer, -30).await;
    let second: Result<Order, _> = office.call(&office.clerk, "Orders/RecordOrder", &record(&wearer, 5)).await;
    assert_eq!(reason_of(&second).as_deref(), Some("ORDER_OVERLAPS"));
    let first: Order = office.call(&office.clerk, "Orders/EndOrder", &EndOrderRequest { entry: entry(&first, 4) }).await.unwrap();
    let second = recorded(&office, &wearer, 5).await;
    assert_eq!(second.state(), OrderState::Ahead);
    let reopened = cancel(&office, &first, 1).await;
    assert_eq!(reason_of(&reopened).as_deref(), Some("ORDER_OVERLAPS"), "an end is not cancelled into another order");
    let void = is_order(cancel(&office, &second, 0).await.unwrap());
    assert_eq!((void.state(), void.facts[0].cancelled_by.as_str()), (OrderState::Void, "sara"));
    assert_eq!(reason_of(&cancel(&office, &void, 0).await).as_deref(), Some("ORDER_FACT_CANCELLED"));
    let first = is_order(cancel(&office, &first, 1).await.unwrap());
    assert_eq!((first.state(), first.version, first.facts.len()), (OrderState::InForce, 3, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_clerks_who_record_an_order_at_once_record_one() {
    let office = Office::new().await;
    let wearer = office.file(1).await;
    let mut tries = Vec::new();
    for _ in 0..8 {
        let (channel, who, asked) = (office.house.channel().await, office.clerk.clone(), record(&wearer, -1));
        let who = who.with("paband-idempotency-key", fresh_key());
        tries.push(tokio::spawn(async move { ask::<Order>(&channel, "/paband.enrolment.v1.Orders/RecordOrder", &who, &asked).await }));
    }
    let mut reasons = Vec::new();
    for one in tries {
        reasons.push(reason_of(&one.await.unwrap()));
    }
    assert_eq!(reasons.iter().filter(|reason| reason.is_none()).count(), 1);
    assert_eq!(reasons.iter().filter(|reason| reason.as_deref() == Some("ORDER_OVERLAPS")).count(), 7, "{reasons:?}");
    // Behind what the program looks at stands the database's own constraint.
    let second = "INSERT INTO orders (wearer_id) SELECT wearer_id FROM orders LIMIT 1";
    sql(&office.house.database, second).await;
    let fact = "INSERT INTO order_facts (order_id, number, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date, legal_basis, regime)
        SELECT max(order_id), 1, 'new', now(), now(), 'x', 'x', 'x', now(), 'ipc_62', 'tag' FROM orders";
    let refused = office.house.database.client().await.batch_execute(fact).await.unwrap_err();
    assert_eq!(refused.as_db_error().unwrap().constraint(), Some("a_wearer_has_one_order_in_force"));
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_clerks_who_vary_one_version_vary_it_once() {
    let office = Office::new().await;
    let wearer = office.file(1).await;
    let order = recorded(&office, &wearer, -30).await;
    let mut tries = Vec::new();
    for _ in 0..8 {
        let asked = VaryOrderRequest { entry: entry(&order, -1), terms: terms(Regime::Tag, 3, None) };
        let (channel, who) = (office.house.channel().await, office.clerk.clone());
        tries.push(tokio::spawn(async move { ask::<Order>(&channel, "/paband.enrolment.v1.Orders/VaryOrder", &who, &asked).await }));
    }
    let mut done = 0;
    for one in tries {
        match one.await.unwrap() {
            Ok(_) => done += 1,
            refused => assert_eq!(reason_of(&refused).as_deref(), Some("VERSION_CHANGED")),
        }
    }
    assert_eq!((done, listed(&office, &wearer).await[0].facts.len()), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_entry_of_somebody_who_wears_a_tag_is_cancelled_by_two() {
    let office = Office::new().await;
    let wearer = office.file(1).await;
    let order = recorded(&office, &wearer, -30).await;
    let vary = VaryOrderRequest { entry: entry(&order, -1), terms: terms(Regime::House, 0, None) };
    let order: Order = office.call(&office.clerk, "Orders/VaryOrder", &vary).await.unwrap();
    assert_eq!(reason_of(&cancel(&office, &order, 0).await).as_deref(), Some("ORDER_FACT_FOLLOWS"), "a variation rests on the beginning");
    let fit = "INSERT INTO fittings (tag_id, wearer_id, period) SELECT 1, wearer_id, tstzrange(now(), NULL) FROM orders";
    sql(&office.house.database, fit).await;
    let Some(Done::Proposal(proposal)) = cancel(&office, &order, 1).await.unwrap().done else { panic!("it needs a second person") };
    assert_eq!(listed(&office, &wearer).await, std::slice::from_ref(&order), "it stands until somebody confirms");
    assert_eq!(reason_of(&office.confirm(&office.of_qom, proposal.proposal_id).await).as_deref(), Some("UNKNOWN_PROPOSAL"));
    office.confirm(&office.other, proposal.proposal_id).await.unwrap();
    let now = listed(&office, &wearer).await.remove(0);
    assert_eq!((now.version, now.facts[1].cancelled_by.as_str()), (3, "sara, reza"));
    assert_eq!(now.terms.as_ref().unwrap().regime(), Regime::Tag);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_nobody_ended_in_time_is_on_the_list() {
    let office = Office::new().await;
    let wearer = office.file(1).await;
    let order = {
        let asked = RecordOrderRequest { terms: terms(Regime::Tag, 1, Some(-3)), ..record(&wearer, -30) };
        office.call::<Order>(&office.clerk, "Orders/RecordOrder", &asked).await.unwrap()
    };
    let today = RecordOrderRequest { terms: terms(Regime::Tag, 1, Some(0)), ..record(&office.file(2).await, -30) };
    office.call::<Order>(&office.clerk, "Orders/RecordOrder", &today).await.unwrap();
    let overdue = async |who| {
        let asked = ListOverdueOrdersRequest::default();
        office.call::<ListOverdueOrdersResponse>(who, "Orders/ListOverdueOrders", &asked).await.unwrap().orders
    };
    let found = overdue(&office.clerk).await;
    let [one] = &found[..] else { panic!("the last day itself is not overdue: {found:?}") };
    assert_eq!((one.order_id, one.wearer.as_str(), one.days, one.monitored), (order.order_id, wearer.as_str(), 3, false));
    assert!(overdue(&office.of_qom).await.is_empty());
    office.call::<Order>(&office.clerk, "Orders/EndOrder", &EndOrderRequest { entry: entry(&order, 0) }).await.unwrap();
    assert!(overdue(&office.clerk).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_force_goes_on_in_the_file_that_goes_on() {
    let office = Office::new().await;
    let (keeps, duplicate) = (office.file(1).await, office.file(2).await);
    let past = recorded(&office, &duplicate, -50).await;
    office.call::<Order>(&office.clerk, "Orders/EndOrder", &EndOrderRequest { entry: entry(&past, -40) }).await.unwrap();
    let open = recorded(&office, &duplicate, -30).await;
    let own = recorded(&office, &keeps, -10).await;
    let merge = MergeWearersRequest { keeps: keeps.clone(), duplicate: duplicate.clone(), reason: "the same person".into() };
    let meets: Result<Proposal, _> = office.call(&office.clerk, "Wearers/MergeWearers", &merge).await;
    assert_eq!(reason_of(&meets).as_deref(), Some("MERGE_ORDERS_OVERLAP"));
    is_order(cancel(&office, &own, 0).await.unwrap());
    let proposed: Proposal = office.call(&office.clerk, "Wearers/MergeWearers", &merge).await.unwrap();
    office.confirm(&office.other, proposed.proposal_id).await.unwrap();
    let orders = listed(&office, &keeps).await;
    let seen: Vec<_> = orders.iter().map(|order| (order.order_id, order.wearer.as_str(), order.recorded_under.as_str())).collect();
    assert_eq!(
        seen,
        [
            (own.order_id, keeps.as_str(), ""),
            (open.order_id, keeps.as_str(), duplicate.as_str()),
            (past.order_id, keeps.as_str(), duplicate.as_str())
        ]
    );
    let another: Result<Order, _> = office.call(&office.clerk, "Orders/RecordOrder", &record(&keeps, 1)).await;
    assert_eq!(reason_of(&another).as_deref(), Some("ORDER_OVERLAPS"), "the order that came along is the one in force");
    let stayed: Result<Order, _> = office
        .call(&office.clerk, "Orders/VaryOrder", &VaryOrderRequest { entry: entry(&past, -45), terms: terms(Regime::Tag, 1, None) })
        .await;
    assert_eq!(reason_of(&stayed).as_deref(), Some("WEARER_MERGED"), "what was over before stays as it was");
    let moved = &orders[1];
    office.call::<Order>(&office.clerk, "Orders/EndOrder", &EndOrderRequest { entry: entry(moved, 0) }).await.unwrap();
}
