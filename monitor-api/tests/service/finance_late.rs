//! What is recorded of an order after it was closed, through a real connection: two persons, twelve months, and nothing else waits for it.

use crate::finance_house;
use crate::house::{As, sql};
use crate::money_room::{Called, Office, refused};
use proto::access::proposals_client::ProposalsClient;
use proto::access::{ConfirmProposalRequest, Proposal};
use proto::billing::late_facts_client::LateFactsClient;
use proto::billing::relief_client::ReliefClient;
use proto::billing::runs_client::RunsClient;
use proto::billing::*;
use proto::enrolment::{Date, Decision};
use tonic::{Response, Status};

/// Tags come off three days ago, orders are ended two days ago, and a leave of ten nights is granted one day ago.
const LATE: &str = "
    UPDATE fittings SET period = tstzrange(lower(period), now() - interval '3 days');
    INSERT INTO removals (fitting_id, at, recorded_at, removed_by, reason, condition, deposit, tag_state)
        SELECT fitting_id, upper(period), upper(period), 'x', 'order_ended', 'good', 'none', 'returned' FROM fittings;
    INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date)
        SELECT order_id, 2, 'end', now() - interval '2 days', now() - interval '2 days', 'x', 'x', 'x', '2026-10-01' FROM orders;
    INSERT INTO leave_acts (wearer_id, state, valid_from, valid_to, kind, exclusion, purpose, requested_by, requested_at, authority, decision_number,
            decision_date, decided_by, decided_at)
        SELECT wearer_id, 'approved', now() - interval '20 days', now() - interval '10 days', 'overnight', false, 'x', 'x', now() - interval '1 day', 'x', 'x',
            '2026-10-01', 'y', now() - interval '1 day' FROM wearers WHERE reference LIKE 'w-%' ORDER BY wearer_id";

async fn late(office: &Office, who: &As) -> LateFactsClient<Called> {
    LateFactsClient::with_interceptor(office.house.channel().await, who.clone())
}

async fn confirm(office: &Office, who: &As, proposed: &Proposal) -> Result<Proposal, Status> {
    let mut proposals = ProposalsClient::with_interceptor(office.house.channel().await, who.clone());
    proposals.confirm_proposal(ConfirmProposalRequest { proposal_id: proposed.proposal_id }).await.map(Response::into_inner)
}

fn approval(wearer: &str, fact: &str) -> ApproveLateFactRequest {
    ApproveLateFactRequest { wearer: wearer.to_owned(), fact: fact.to_owned(), reason: "forgotten".to_owned() }
}

fn refusal(wearer: &str, fact: &str) -> RefuseLateFactRequest {
    RefuseLateFactRequest { wearer: wearer.to_owned(), fact: fact.to_owned(), reason: "no".to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leave_that_came_late_counts_by_two_persons_or_is_refused() {
    let office = Office::new(2).await;
    sql(&office.house.database, LATE).await;
    let (sara, reza) = (office.clerk("sara").await, office.clerk("reza").await);
    let persons = office.numbers("SELECT wearer_id FROM wearers WHERE reference LIKE 'w-%' ORDER BY wearer_id").await;
    office.house.store.books_carry_on(&persons, chrono::Utc::now()).await.unwrap();
    let mut client = late(&office, &sara).await;
    let listed = client.list_late_facts(ListLateFactsRequest::default()).await.unwrap().into_inner().late_facts;
    let [one, other] = <[_; 2]>::try_from(listed).unwrap();
    assert_eq!((one.wearer.as_str(), one.fact.as_str(), one.kind(), one.too_late), ("w-1", "leave:1", LateFactKind::Leave, false));
    let change = one.change.unwrap().amount;
    assert!(change <= 0, "{change}");
    let mut runs = RunsClient::with_interceptor(office.house.channel().await, sara.clone());
    let work = runs.list_work(ListWorkRequest::default()).await.unwrap().into_inner().work;
    assert_eq!(
        work.iter().map(|work| (work.wearer.as_str(), work.code.as_str(), work.is_blocked)).collect::<Vec<_>>(),
        [("w-1", "LATE_FACT", false), ("w-2", "LATE_FACT", false)]
    );
    assert!(work[0].reason.contains("leave:1"), "{}", work[0].reason);

    assert_eq!(refused(client.approve_late_fact(approval("w-1", "leave:9")).await), "UNKNOWN_LATE_FACT");
    let proposed = client.approve_late_fact(approval("w-1", "leave:1")).await.unwrap().into_inner();
    assert_eq!(refused(confirm(&office, &sara, &proposed).await), "SAME_PERSON");
    let qom = office.house.log_in("qom", &[(access::Role::Finance, "qom")]).await;
    assert_eq!(refused(late(&office, &qom).await.approve_late_fact(approval("w-1", "leave:1")).await), "UNKNOWN_WEARER");
    confirm(&office, &reza, &proposed).await.unwrap();
    assert_eq!(refused(client.refuse_late_fact(refusal("w-1", "leave:1")).await), "UNKNOWN_LATE_FACT");
    client.refuse_late_fact(refusal("w-2", &other.fact)).await.unwrap();
    assert_eq!(refused(client.refuse_late_fact(refusal("w-2", &other.fact)).await), "HAPPENED_ALREADY");

    assert_eq!(client.list_late_facts(ListLateFactsRequest::default()).await.unwrap().into_inner().late_facts, []);
    assert_eq!(runs.list_work(ListWorkRequest::default()).await.unwrap().into_inner().work, []);
    let of_wearer = ListLateFactsRequest { wearer: "w-2".to_owned(), ..Default::default() };
    let kept = client.list_late_facts(of_wearer).await.unwrap().into_inner().late_facts;
    assert_eq!((kept.len(), kept[0].refused_by.as_str(), kept[0].refuse_reason.as_str()), (1, "sara", "no"));
    // The two differ by that alone.
    office.house.store.books_carry_on(&persons, chrono::Utc::now() + chrono::TimeDelta::days(40)).await.unwrap();
    assert_eq!(office.owes("w-1").await - office.owes("w-2").await, change);
    office.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twelve_months_after_the_closing_nothing_counts_any_more() {
    let office = finance_house::Office::new(1).await;
    let closed = "
        UPDATE fittings SET period = tstzrange(lower(period), '2024-06-01');
        INSERT INTO removals (fitting_id, at, recorded_at, removed_by, reason, condition, deposit, tag_state)
            SELECT fitting_id, upper(period), upper(period), 'x', 'order_ended', 'good', 'none', 'returned' FROM fittings;
        INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date)
            SELECT order_id, 2, 'end', '2024-06-02', '2024-06-02', 'x', 'x', 'x', '2024-06-02' FROM orders;
        INSERT INTO leave_acts (wearer_id, state, valid_from, valid_to, kind, exclusion, purpose, requested_by, requested_at, authority, decision_number,
                decision_date, decided_by, decided_at)
            VALUES (2, 'approved', '2024-05-22', '2024-05-27', 'overnight', false, 'x', 'x', now() - interval '1 day', 'x', 'x', '2026-10-01', 'y',
                now() - interval '1 day')";
    sql(&office.house.database, closed).await;
    let mut client = LateFactsClient::with_interceptor(office.house.channel().await, office.sara.clone());
    assert_eq!(client.list_late_facts(ListLateFactsRequest::default()).await.unwrap().into_inner().late_facts, []);
    let of_wearer = ListLateFactsRequest { wearer: "w-1".to_owned(), ..Default::default() };
    let [one] = <[_; 1]>::try_from(client.list_late_facts(of_wearer).await.unwrap().into_inner().late_facts).unwrap();
    assert_eq!((one.too_late, one.change.unwrap().amount), (true, -500_000));
    assert_eq!(one.approve_until.unwrap().solar_hijri, "1404/03/13");
    assert_eq!(refused(client.approve_late_fact(approval("w-1", "leave:1")).await), "LATE_FACT_TOO_LATE");

    // Nor does a class of that time that two persons grant now.
    let date = Some(Date { gregorian: "2024-05-20".to_owned(), solar_hijri: String::new() });
    let from = |day| Some(prost_types::Timestamp { seconds: finance_house::tehran(day).timestamp(), nanos: 0 });
    let class = |day| GrantClassRequest {
        wearer: "w-1".to_owned(),
        from: from(day),
        to: None,
        class: "reduced".to_owned(),
        decision: Some(Decision { authority: "Branch 3".to_owned(), number: "17".to_owned(), date: date.clone() }),
        found_by: "social worker".to_owned(),
    };
    let mut relief = ReliefClient::with_interceptor(office.house.channel().await, office.sara.clone());
    let mut proposals = ProposalsClient::with_interceptor(office.house.channel().await, office.reza.clone());
    let proposed = relief.grant_class(class("2024-05-21T00:00:00")).await.unwrap().into_inner();
    let confirmed = proposals.confirm_proposal(ConfirmProposalRequest { proposal_id: proposed.proposal_id }).await;
    assert_eq!(refused(confirmed), "LATE_FACT_TOO_LATE");
    let proposed = relief.grant_class(class("2024-06-03T00:00:00")).await.unwrap().into_inner();
    proposals.confirm_proposal(ConfirmProposalRequest { proposal_id: proposed.proposal_id }).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_that_two_persons_grant_for_an_order_just_closed_counts_at_once_and_ends_by_two() {
    let office = Office::new(1).await;
    sql(&office.house.database, LATE).await;
    sql(&office.house.database, "DELETE FROM leaves; DELETE FROM leave_acts").await;
    let (sara, reza) = (office.clerk("sara").await, office.clerk("reza").await);
    let day = (chrono::Utc::now() - chrono::TimeDelta::days(30)).format("%Y-%m-%d").to_string();
    let class = GrantClassRequest {
        wearer: "w-1".to_owned(),
        from: crate::money_room::ago(20 * 86_400),
        to: None,
        class: "reduced".to_owned(),
        decision: Some(Decision {
            authority: "Branch 3".to_owned(),
            number: "17".to_owned(),
            date: Some(Date { gregorian: day, solar_hijri: String::new() }),
        }),
        found_by: "social worker".to_owned(),
    };
    let mut relief = ReliefClient::with_interceptor(office.house.channel().await, sara.clone());
    let proposed = relief.grant_class(class).await.unwrap().into_inner();
    let relief_id = confirm(&office, &reza, &proposed).await.unwrap().result_id;
    let mut client = late(&office, &sara).await;
    let of_wearer = || ListLateFactsRequest { wearer: "w-1".to_owned(), ..Default::default() };
    assert_eq!(client.list_late_facts(of_wearer()).await.unwrap().into_inner().late_facts, []);
    assert_eq!(
        office.number("SELECT count(*) FROM late_fact_decisions WHERE is_approved AND proposed_by = 'sara' AND decided_by = 'reza'").await,
        1
    );
    // One person ends it: of what is closed only two do.
    relief.end_relief(EndReliefRequest { relief_id, at: None, reason: "x".to_owned() }).await.unwrap();
    let [one] = <[_; 1]>::try_from(client.list_late_facts(of_wearer()).await.unwrap().into_inner().late_facts).unwrap();
    assert!(one.kind() == LateFactKind::ReliefEnded && one.change.unwrap().amount > 0);
}
