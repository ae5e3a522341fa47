//! Price classes, waivers and required deposits through a real connection: by two persons, never before the decision, and nothing that was issued is changed.

use crate::finance_house::{Office, tehran};
use crate::house::{As, owned, reason, sql, wrong_fields};
use proto::access::proposals_client::ProposalsClient;
use proto::access::{ConfirmProposalRequest, Proposal, ProposalState};
use proto::billing::deposits_client::DepositsClient;
use proto::billing::relief_client::ReliefClient;
use proto::billing::runs_client::RunsClient;
use proto::billing::{self as schema, ReliefKind, WaivedFee, start_run_request};
use proto::enrolment::{Date, Decision};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Response, Status};

impl Office {
    async fn relief(&self, who: &As) -> ReliefClient<InterceptedService<Channel, As>> {
        ReliefClient::with_interceptor(self.house.channel().await, who.clone())
    }

    pub async fn confirm(&self, who: &As, proposed: &Proposal) -> Result<Proposal, Status> {
        let mut proposals = ProposalsClient::with_interceptor(self.house.channel().await, who.clone());
        proposals.confirm_proposal(ConfirmProposalRequest { proposal_id: proposed.proposal_id }).await.map(Response::into_inner)
    }

    /// Granted by Sara and Reza; its number.
    async fn class(&self, asked: schema::GrantClassRequest) -> i64 {
        let proposed = self.relief(&self.sara).await.grant_class(asked).await.unwrap().into_inner();
        self.confirm(&self.reza, &proposed).await.unwrap().result_id
    }

    async fn deposit(&self, amount: i64) -> Result<Proposal, Status> {
        let proposed = self.relief(&self.sara).await.require_deposit(required(amount)).await?.into_inner();
        self.confirm(&self.reza, &proposed).await
    }

    pub async fn run(&self) {
        let mut runs = RunsClient::with_interceptor(self.house.channel().await, self.sara.clone());
        runs.start_run(schema::StartRunRequest { who: Some(start_run_request::Who::Wearer("w-1".to_owned())) }).await.unwrap();
    }

    async fn number(&self, query: &str) -> i64 {
        self.house.database.client().await.query_one(query, &[]).await.unwrap().get(0)
    }

    async fn owes(&self) -> i64 {
        self.number("SELECT coalesce(sum(amount), 0)::bigint FROM ledger_postings WHERE account = 'assets:receivable'").await
    }

    /// Kinds and totals of what concerns the deposit, in the order of issue.
    async fn deposit_papers(&self) -> Vec<(String, i64)> {
        let query = "SELECT kind, total FROM billing_documents WHERE kind LIKE 'deposit%' ORDER BY place";
        self.house.database.client().await.query(query, &[]).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    async fn required(&self) -> i64 {
        let mut deposits = DepositsClient::with_interceptor(self.house.channel().await, self.sara.clone());
        let deposit = deposits.get_deposit(schema::GetDepositRequest { wearer: "w-1".to_owned() }).await.unwrap().into_inner();
        deposit.required.unwrap().amount
    }
}

fn at(gregorian: &str) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds: tehran(gregorian).timestamp(), nanos: 0 })
}

/// Of 1403/02/31.
fn decision() -> Option<Decision> {
    let date = Some(Date { gregorian: "2024-05-20".to_owned(), solar_hijri: String::new() });
    Some(Decision { authority: "Branch 3".to_owned(), number: "17".to_owned(), date })
}

/// From 1403/03/01 on.
fn reduced() -> schema::GrantClassRequest {
    schema::GrantClassRequest {
        wearer: "w-1".to_owned(),
        from: at("2024-05-21T00:00:00"),
        to: None,
        class: "reduced".to_owned(),
        decision: decision(),
        found_by: "social worker".to_owned(),
    }
}

fn required(amount: i64) -> schema::RequireDepositRequest {
    let amount = Some(schema::Money { amount, currency: String::new() });
    schema::RequireDepositRequest { wearer: "w-1".to_owned(), amount, decision: decision() }
}

fn refused<T: std::fmt::Debug>(answer: Result<T, Status>) -> String {
    reason(&answer.unwrap_err()).0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_takes_two_persons_credits_what_is_past_and_halves_what_is_to_come() {
    let office = Office::new(1).await;
    office.carry_on(&[2], "2024-06-10T12:00:00").await;
    let proposed = office.relief(&office.sara).await.grant_class(reduced()).await.unwrap().into_inner();
    assert_eq!(proposed.state(), ProposalState::Waiting);
    assert_eq!(office.number("SELECT count(*) FROM billing_facts").await, 0, "a proposal changes nothing");
    assert_eq!(refused(office.confirm(&office.sara, &proposed).await), "SAME_PERSON");
    let confirmed = office.confirm(&office.reza, &proposed).await.unwrap();
    office.run().await;

    let khordad = "SELECT total FROM billing_documents WHERE kind = 'credit_note' AND body ->> 'month' = '1403-03'";
    assert_eq!(office.number(khordad).await, -31 * 50_000);
    assert_eq!(
        office.number("SELECT count(*) FROM billing_documents WHERE kind = 'credit_note' AND body ->> 'month' = '1403-02'").await,
        0
    );
    office.house.store.books_carry_on(&[2], chrono::Utc::now() + chrono::TimeDelta::days(32)).await.unwrap();
    let next = office.number("SELECT total FROM billing_documents WHERE kind = 'invoice' ORDER BY place DESC LIMIT 1").await;
    assert!([29, 30, 31].contains(&(next / 50_000)) && next % 50_000 == 0, "{next}");

    let listed = office.relief(&office.sara).await.list_relief(schema::ListReliefRequest { wearer: "w-1".to_owned() }).await.unwrap();
    let [relief] = <[_; 1]>::try_from(listed.into_inner().reliefs).unwrap();
    assert_eq!((relief.relief_id, relief.kind(), relief.class.as_str()), (confirmed.result_id, ReliefKind::Class, "reduced"));
    assert_eq!((relief.proposed_by.as_str(), relief.approved_by.as_str(), relief.found_by.as_str()), ("sara", "reza", "social worker"));
    assert_eq!((relief.from, relief.to, relief.ended_at), (reduced().from, None, None));
    assert_eq!(relief.decision.unwrap().number, "17");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_is_not_granted_before_its_decision_nor_beside_another_nor_without_a_price() {
    let office = Office::new(1).await;
    let mut client = office.relief(&office.sara).await;
    let early = schema::GrantClassRequest { from: at("2024-05-19T23:59:59"), ..reduced() };
    assert_eq!(wrong_fields(&client.grant_class(early).await.unwrap_err()), [owned(("from", "BEFORE_DECISION"))]);
    let empty = wrong_fields(&client.grant_waiver(schema::GrantWaiverRequest::default()).await.unwrap_err());
    for field in ["wearer", "from", "percent", "decision.authority", "decision.number", "decision.date", "found_by"] {
        assert!(empty.iter().any(|(name, _)| name == field), "{field}: {empty:?}");
    }
    let backwards = schema::GrantClassRequest { to: reduced().from, ..reduced() };
    assert_eq!(wrong_fields(&client.grant_class(backwards).await.unwrap_err()), [owned(("to", "NOT_AFTER"))]);
    let unpriced = schema::GrantClassRequest { class: "royal".to_owned(), ..reduced() };
    assert_eq!(refused(client.grant_class(unpriced).await), "CLASS_WITHOUT_PRICE");

    // Both are possible when they are proposed; only one when they are confirmed.
    let until_july = || schema::GrantClassRequest { to: at("2024-07-01T00:00:00"), ..reduced() };
    let second = client.grant_class(until_july()).await.unwrap().into_inner();
    office.class(until_july()).await;
    assert_eq!(refused(office.confirm(&office.reza, &second).await), "CLASS_OVERLAPS");
    let within = schema::GrantClassRequest { from: at("2024-06-30T00:00:00"), ..reduced() };
    assert_eq!(refused(client.grant_class(within).await), "CLASS_OVERLAPS");
    office.class(schema::GrantClassRequest { from: at("2024-07-01T00:00:00"), ..reduced() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relief_that_ends_is_re_rated_from_its_end_on_or_as_if_it_never_was() {
    let office = Office::new(1).await;
    office.run().await;
    let whole = office.owes().await;
    let relief_id = office.class(reduced()).await;
    office.run().await;
    assert!(office.owes().await < whole);
    let mut client = office.relief(&office.sara).await;
    let end = |relief_id, at| schema::EndReliefRequest { relief_id, at, reason: "found work".to_owned() };
    assert_eq!(refused(client.end_relief(end(relief_id, reduced().from)).await), "RELIEF_END_OUTSIDE");
    // After ten days of Khordad.
    let ended = client.end_relief(end(relief_id, at("2024-05-31T00:00:00"))).await.unwrap().into_inner();
    assert_eq!((ended.ended_by.as_str(), ended.end_reason.as_str()), ("sara", "found work"));
    office.run().await;
    assert_eq!(office.owes().await, whole - 10 * 50_000);
    assert_eq!(refused(client.end_relief(end(relief_id, None)).await), "RELIEF_OVER");
    let listed = client.list_relief(schema::ListReliefRequest { wearer: "w-1".to_owned() }).await.unwrap().into_inner().reliefs;
    assert_eq!((listed.len(), listed[0].to, listed[0].ended_at), (2, at("2024-05-31T00:00:00"), None));
    client.end_relief(end(listed[0].relief_id, None)).await.unwrap();
    office.run().await;
    assert_eq!(office.owes().await, whole);
    assert_eq!(office.house.store.books_verify().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiver_takes_its_percentage_off_the_fees_that_it_names() {
    let office = Office::new(1).await;
    office.run().await;
    let whole = office.owes().await;
    let ten_days = schema::GrantWaiverRequest {
        wearer: "w-1".to_owned(),
        from: reduced().from,
        to: at("2024-05-31T00:00:00"),
        percent: 30,
        covers: vec![],
        decision: decision(),
        found_by: "social worker".to_owned(),
    };
    let mut client = office.relief(&office.sara).await;
    let twice = schema::GrantWaiverRequest { covers: vec![1, 1, 9], percent: 101, ..ten_days.clone() };
    let expected = [("percent", "OUT_OF_RANGE"), ("covers[1]", "NAMED_TWICE"), ("covers[2]", "UNKNOWN_CHOICE")].map(owned);
    assert_eq!(wrong_fields(&client.grant_waiver(twice).await.unwrap_err()), expected);
    let proposed = client.grant_waiver(ten_days).await.unwrap().into_inner();
    office.confirm(&office.reza, &proposed).await.unwrap();
    office.run().await;
    assert_eq!(office.owes().await, whole - 10 * 30_000);
    let listed = client.list_relief(schema::ListReliefRequest { wearer: "w-1".to_owned() }).await.unwrap().into_inner().reliefs;
    assert_eq!((listed[0].percent, listed[0].covers.clone()), (30, vec![i32::from(WaivedFee::Daily)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deposit_is_required_up_to_the_ceiling_and_asked_for_at_once() {
    let office = Office::new(1).await;
    office.run().await;
    assert_eq!(refused(office.deposit(25_000_001).await), "REQUIRED_BEYOND_CEILING");
    let required = office.deposit(10_000_000).await.unwrap();
    assert_eq!(office.deposit_papers().await, [("deposit_request".to_owned(), 10_000_000)], "at once");
    assert_eq!(office.required().await, 10_000_000);
    office.deposit(25_000_000).await.unwrap();
    assert_eq!(office.deposit_papers().await.last().unwrap(), &("deposit_request".to_owned(), 15_000_000), "the difference");
    office.deposit(0).await.unwrap();
    assert_eq!((office.deposit_papers().await.len(), office.required().await), (2, 0));
    let end = schema::EndReliefRequest { relief_id: required.result_id, at: None, reason: "x".to_owned() };
    assert_eq!(refused(office.relief(&office.sara).await.end_relief(end).await), "RELIEF_IS_DEPOSIT");

    // What was asked for follows from the facts for ever, whatever is recorded afterwards.
    let off = "
        UPDATE fittings SET period = tstzrange(lower(period), '2024-06-01');
        INSERT INTO removals (fitting_id, at, recorded_at, removed_by, reason, condition, deposit, tag_state)
            SELECT fitting_id, upper(period), now(), 'x', 'order_ended', 'good', 'keep_all', 'returned' FROM fittings";
    sql(&office.house.database, off).await;
    office.run().await;
    assert_eq!(office.number("SELECT count(*) FROM billing_work WHERE is_block").await, 0);
    assert_eq!(office.required().await, 0);
    sql(&office.house.database, "UPDATE order_facts SET cancelled_at = now(), cancelled_by = 'x', cancel_reason = 'x'").await;
    assert_eq!(refused(office.deposit(1).await), "DEPOSIT_NOT_ASKED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deposit_that_was_required_before_is_asked_for_at_the_installation() {
    let office = Office::new(1).await;
    office.require_deposit(7_000_000, "2024-04-05").await;
    office.carry_on(&[2], "2024-04-20T12:00:00").await;
    assert_eq!(office.deposit_papers().await, [("deposit_request".to_owned(), 7_000_000)]);
    assert_eq!(office.required().await, 7_000_000);
    // The order was a wrong entry, and another took its place: what was asked for stays as it was issued.
    let again = "
        UPDATE order_facts SET cancelled_at = now(), cancelled_by = 'x', cancel_reason = 'x';
        INSERT INTO orders (wearer_id) VALUES (2);
        INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date, legal_basis, regime)
            SELECT max(order_id), 1, 'new', '2024-04-01', now(), 'x', 'x', 'x', '2024-04-01', 'ipc_62', 'tag' FROM orders";
    sql(&office.house.database, again).await;
    office.run().await;
    assert_eq!(office.number("SELECT count(*) FROM billing_work WHERE is_block").await, 0);
    assert_eq!(office.deposit_papers().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_province_sees_nothing_and_nothing_is_ever_changed() {
    let office = Office::new(1).await;
    let relief_id = office.class(reduced()).await;
    let mut qom = office.relief(&office.qom).await;
    assert_eq!(refused(qom.list_relief(schema::ListReliefRequest { wearer: "w-1".to_owned() }).await), "UNKNOWN_WEARER");
    assert_eq!(refused(qom.grant_class(reduced()).await), "UNKNOWN_WEARER");
    assert_eq!(refused(qom.require_deposit(required(5)).await), "UNKNOWN_WEARER");
    let end = schema::EndReliefRequest { relief_id, at: None, reason: "x".to_owned() };
    assert_eq!(refused(qom.end_relief(end).await), "UNKNOWN_RELIEF");
    let database = office.house.database.client().await;
    assert!(database.batch_execute("UPDATE billing_reliefs SET found_by = 'x'").await.is_err());
    assert!(database.batch_execute("DELETE FROM deposit_requirements").await.is_err());
}
