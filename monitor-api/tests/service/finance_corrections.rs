//! Corrections of what a person owes through a real connection: days that are not billed and fees that are, or are not, charged, by a decision and two persons.

use crate::finance_house::{Office, tehran};
use crate::house::{As, owned, reason, sql, wrong_fields};
use proto::access::Proposal;
use proto::billing::late_facts_client::LateFactsClient;
use proto::billing::relief_client::ReliefClient;
use proto::billing::{self as schema, LateFactKind, ReliefKind, SuspensionCause};
use proto::enrolment::{Date, Decision};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Response, Status};

type Called = InterceptedService<Channel, As>;

async fn relief(office: &Office) -> ReliefClient<Called> {
    ReliefClient::with_interceptor(office.house.channel().await, office.sara.clone())
}

/// Proposed by Sara, confirmed by Reza; its number.
async fn granted(office: &Office, proposed: Result<Response<Proposal>, Status>) -> i64 {
    office.confirm(&office.reza, &proposed.unwrap().into_inner()).await.unwrap().result_id
}

async fn reliefs(office: &Office) -> Vec<schema::GrantedRelief> {
    let asked = schema::ListReliefRequest { wearer: "w-1".to_owned() };
    relief(office).await.list_relief(asked).await.unwrap().into_inner().reliefs
}

async fn owes(office: &Office) -> i64 {
    let query = "SELECT coalesce(sum(amount), 0)::bigint FROM ledger_postings WHERE account = 'assets:receivable'";
    office.house.database.client().await.query_one(query, &[]).await.unwrap().get(0)
}

/// The newest document: its kind, total, and of each line the code with the reasons and their facts.
async fn newest(office: &Office) -> (String, i64, Vec<String>) {
    let query = "SELECT max(document_id) FROM billing_documents";
    let document_id = office.house.database.client().await.query_one(query, &[]).await.unwrap().get(0);
    let document = office.documents().await.get_document(schema::GetDocumentRequest { document_id }).await.unwrap().into_inner();
    let because = |line: &schema::DocumentLine| {
        let reasons: Vec<String> = line.because.iter().map(|why| format!("{} {}", why.code, why.facts.join(" "))).collect();
        format!("{}: {}", line.code, reasons.join(", "))
    };
    let kind = document.kind().as_str_name().trim_start_matches("DOCUMENT_KIND_").to_ascii_lowercase();
    (kind, document.total.unwrap().amount, document.lines.iter().map(because).collect())
}

/// The fact of that kind that finance recorded last.
async fn last_fact(office: &Office, kind: &str) -> String {
    let query = "SELECT max(fact_id) FROM billing_facts WHERE kind = $1";
    format!("finance:{}", office.house.database.client().await.query_one(query, &[&kind]).await.unwrap().get::<_, i64>(0))
}

fn at(gregorian: &str) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds: tehran(gregorian).timestamp(), nanos: 0 })
}

/// Of 1403/02/31.
fn decision() -> Option<Decision> {
    let date = Some(Date { gregorian: "2024-05-20".to_owned(), solar_hijri: String::new() });
    Some(Decision { authority: "Branch 3".to_owned(), number: "17".to_owned(), date })
}

/// Twenty days, 1403/02/11 to 30: before the decision.
fn twenty_days() -> schema::GrantSuspensionRequest {
    schema::GrantSuspensionRequest {
        wearer: "w-1".to_owned(),
        from: at("2024-04-30T00:00:00"),
        to: at("2024-05-20T00:00:00"),
        cause: SuspensionCause::Defect.into(),
        decision: decision(),
        found_by: "workshop".to_owned(),
    }
}

fn fee(chargeable: bool) -> schema::CorrectFeeRequest {
    schema::CorrectFeeRequest {
        wearer: "w-1".to_owned(),
        fitting_id: 1,
        chargeable,
        reason: "the objection was upheld".to_owned(),
        decision: decision(),
        found_by: "workshop".to_owned(),
    }
}

fn refused<T: std::fmt::Debug>(answer: Result<T, Status>) -> String {
    reason(&answer.unwrap_err()).0
}

#[tokio::test(flavor = "multi_thread")]
async fn days_without_use_are_free_by_two_persons_before_the_decision_too_until_their_end() {
    let office = Office::new(1).await;
    office.run().await;
    let whole = owes(&office).await;
    let mut client = relief(&office).await;
    let wrong = schema::GrantSuspensionRequest { cause: 0, to: at("2024-04-30T00:00:00"), decision: None, ..twenty_days() };
    let wrong = wrong_fields(&client.grant_suspension(wrong).await.unwrap_err());
    assert!(wrong.contains(&owned(("cause", "MISSING"))) && wrong.contains(&owned(("to", "NOT_AFTER"))), "{wrong:?}");

    let proposed = client.grant_suspension(twenty_days()).await.unwrap().into_inner();
    assert_eq!(refused(office.confirm(&office.sara, &proposed).await), "SAME_PERSON");
    assert_eq!(reliefs(&office).await, [], "a proposal changes nothing");
    office.confirm(&office.reza, &proposed).await.unwrap();
    office.run().await;
    // The fee and 11 days are below the cap of the first month.
    assert_eq!(owes(&office).await, whole - 3_000_000 + 800_000 + 11 * 100_000);
    let (kind, total, lines) = newest(&office).await;
    assert_eq!((kind.as_str(), total), ("credit_note", -1_100_000));
    let named = format!("adjust_usage: suspended {}", last_fact(&office, "suspension").await);
    assert!(lines.contains(&named), "the line names the decision: {lines:?}");
    assert_eq!(refused(client.grant_suspension(twenty_days()).await), "SUSPENSION_OVERLAPS");

    // It was over after ten days.
    let [one] = <[_; 1]>::try_from(reliefs(&office).await).unwrap();
    assert_eq!((one.kind(), one.cause(), one.found_by.as_str()), (ReliefKind::Suspension, SuspensionCause::Defect, "workshop"));
    let end = schema::EndReliefRequest { relief_id: one.relief_id, at: at("2024-05-10T00:00:00"), reason: "repaired".to_owned() };
    client.end_relief(end).await.unwrap();
    office.run().await;
    assert_eq!(owes(&office).await, whole - 3_000_000 + 800_000 + 21 * 100_000);
    let listed = reliefs(&office).await;
    assert_eq!((listed.len(), listed[0].to, listed[0].cause()), (2, at("2024-05-10T00:00:00"), SuspensionCause::Defect));
    granted(&office, client.grant_suspension(schema::GrantSuspensionRequest { from: listed[0].to, ..twenty_days() }).await).await;
    assert_eq!(office.house.store.books_verify().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fee_is_corrected_by_two_persons_and_the_installation_stays() {
    let office = Office::new(1).await;
    office.require_deposit(7_000_000, "2024-04-05").await;
    let mut client = relief(&office).await;
    granted(&office, client.grant_suspension(twenty_days()).await).await;
    office.run().await;
    let whole = owes(&office).await;
    assert_eq!(refused(client.correct_fee(fee(true)).await), "FEE_IS_SO");
    assert_eq!(refused(client.correct_fee(schema::CorrectFeeRequest { fitting_id: 9, ..fee(false) }).await), "UNKNOWN_FITTING");
    let nothing = schema::CorrectFeeRequest { reason: String::new(), found_by: String::new(), ..fee(false) };
    assert_eq!(wrong_fields(&client.correct_fee(nothing).await.unwrap_err()).len(), 2);

    // Both are possible when they are proposed; only one when they are confirmed.
    let (first, second) = (client.correct_fee(fee(false)).await.unwrap().into_inner(), client.correct_fee(fee(false)).await.unwrap());
    let relief_id = office.confirm(&office.reza, &first).await.unwrap().result_id;
    assert_eq!(refused(office.confirm(&office.reza, second.get_ref()).await), "FEE_IS_SO");
    office.run().await;
    assert_eq!(owes(&office).await, whole - 800_000);
    let (kind, total, lines) = newest(&office).await;
    assert_eq!(
        (kind.as_str(), total, lines),
        ("credit_note", -800_000, vec![format!("adjust_install: no_fee fitting:1 {}", last_fact(&office, "fee").await)])
    );

    let listed = reliefs(&office).await;
    let shown = (listed[0].kind(), listed[0].fitting_id, listed[0].chargeable, listed[0].reason.as_str());
    assert_eq!(shown, (ReliefKind::Fee, 1, false, "the objection was upheld"));
    let end = |at| schema::EndReliefRequest { relief_id, at, reason: "it was damage after all".to_owned() };
    assert_eq!(refused(client.end_relief(end(at("2024-06-01T00:00:00"))).await), "RELIEF_END_OUTSIDE");
    client.end_relief(end(None)).await.unwrap();
    office.run().await;
    assert_eq!((owes(&office).await, newest(&office).await.0.as_str()), (whole, "invoice"));
    let requests = "SELECT count(*) FROM billing_documents WHERE kind LIKE 'deposit%'";
    let requests: i64 = office.house.database.client().await.query_one(requests, &[]).await.unwrap().get(0);
    assert_eq!(requests, 1, "the deposit is not asked for again");
    assert_eq!(office.house.store.books_verify().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replacement_that_was_recorded_as_free_is_charged() {
    let office = Office::new(1).await;
    let replaced = "
        UPDATE fittings SET period = tstzrange(lower(period), '2024-05-01 09:00+03:30');
        INSERT INTO removals (fitting_id, at, recorded_at, removed_by, reason, condition, deposit, tag_state)
            VALUES (1, '2024-05-01 09:00+03:30', '2024-05-01 09:00+03:30', 'x', 'replacement', 'good', 'none', 'faulty');
        INSERT INTO tags (imei) VALUES ('tag-9');
        INSERT INTO fittings (tag_id, wearer_id, period) SELECT max(tag_id), 2, tstzrange('2024-05-01 09:00+03:30', NULL) FROM tags;
        INSERT INTO installations (kind, wearer_id, tag_id, begun_at, begun_by, state, ended_at, ended_by, fitting_id, old_fitting_id, reason,
                payer)
            SELECT 'replacement', 2, tag_id, lower(period), 'x', 'completed', lower(period) + interval '1 minute', 'x', fitting_id, 1, 'damaged', 'organisation'
            FROM fittings WHERE fitting_id = 2";
    sql(&office.house.database, replaced).await;
    office.run().await;
    let whole = owes(&office).await;
    let mut client = relief(&office).await;
    granted(&office, client.correct_fee(schema::CorrectFeeRequest { fitting_id: 2, ..fee(true) }).await).await;
    office.run().await;
    assert_eq!(owes(&office).await, whole + 800_000, "outside the cap");
    let lines = newest(&office).await.2;
    assert_eq!(lines, [format!("replace: chargeable fitting:2 {}", last_fact(&office, "fee").await)]);
}

/// The tag comes off and the order is ended, as was recorded two days ago.
const CLOSED: &str = "
    UPDATE fittings SET period = tstzrange(lower(period), '2024-05-20 12:00+03:30');
    INSERT INTO removals (fitting_id, at, recorded_at, removed_by, reason, condition, deposit, tag_state)
        SELECT fitting_id, upper(period), upper(period), 'x', 'order_ended', 'good', 'keep_all', 'returned' FROM fittings;
    INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date)
        SELECT order_id, 2, 'end', now() - interval '2 days', now() - interval '2 days', 'x', 'x', 'x', '2024-05-21' FROM orders";

#[tokio::test(flavor = "multi_thread")]
async fn after_the_order_is_closed_the_two_who_grant_it_approve_it_and_who_takes_it_back_waits() {
    let office = Office::new(1).await;
    sql(&office.house.database, CLOSED).await;
    office.run().await;
    let whole = owes(&office).await;
    let mut client = relief(&office).await;
    granted(&office, client.grant_suspension(twenty_days()).await).await;
    let relief_id = granted(&office, client.correct_fee(fee(false)).await).await;
    office.run().await;
    // Ten days are left, 1403/02/01 to 10.
    assert_eq!((whole, owes(&office).await), (3_000_000, 1_000_000));
    client.end_relief(schema::EndReliefRequest { relief_id, at: None, reason: "x".to_owned() }).await.unwrap();
    office.run().await;
    assert_eq!(owes(&office).await, 1_000_000, "one person changes nothing of a closed order");
    let mut late = LateFactsClient::with_interceptor(office.house.channel().await, office.sara.clone());
    let listed = late.list_late_facts(schema::ListLateFactsRequest::default()).await.unwrap().into_inner().late_facts;
    let [one] = <[_; 1]>::try_from(listed).unwrap();
    assert_eq!((one.kind(), one.change.unwrap().amount, one.from), (LateFactKind::FeeTakenBack, 800_000, at("2024-04-20T09:00:00")));

    // Closed more than twelve months ago, it cannot be granted any more.
    sql(&office.house.database, "UPDATE order_facts SET at = '2024-05-21', recorded_at = '2024-05-21' WHERE kind = 'end'").await;
    let too_late = schema::GrantSuspensionRequest { to: at("2024-04-30T00:00:00"), from: at("2024-04-25T00:00:00"), ..twenty_days() };
    let proposed = client.grant_suspension(too_late).await.unwrap().into_inner();
    assert_eq!(refused(office.confirm(&office.reza, &proposed).await), "LATE_FACT_TOO_LATE");
}
