//! Runs, previews, tariffs by two persons and the set-aside, as finance meets them.

use crate::fitting_room::Room;
use crate::house::{As, WEARER, sql};
use crate::raw::{ask, reason_of, send};
use access::Role;
use prost::Message;
use proto::access::{ConfirmProposalRequest, Proposal, ProposalState};
use proto::billing::*;
use proto::enrolment::Date;
use tonic::Status;

/// A finance office: a fitted wearer of Fars, a clerk there, and two of the central unit.
struct Office {
    room: Room,
    clerk: As,
    nima: As,
    reza: As,
}

impl Office {
    async fn new() -> Self {
        let room = Room::new().await;
        room.fitted().await;
        let clerk = room.house.log_in("hasti", &[(Role::Finance, "fars")]).await;
        let nima = room.house.log_in("nima", &[(Role::Finance, "central")]).await;
        let reza = room.house.log_in("reza", &[(Role::Finance, "central")]).await;
        Self { room, clerk, nima, reza }
    }

    async fn call<T: Message + Default>(&self, who: &As, method: &str, asked: &impl Message) -> Result<T, Status> {
        ask(&self.room.house.channel().await, &format!("/paband.billing.v1.{method}"), who, asked).await
    }

    /// The last message of a stream.
    async fn last<T: Message + Default>(&self, who: &As, method: &str, asked: &impl Message) -> Result<T, Status> {
        let path = format!("/paband.billing.v1.{method}");
        let answers = send(&self.room.house.channel().await, &path, who, asked.encode_to_vec()).await?;
        Ok(T::decode(answers.last().unwrap().as_slice()).unwrap())
    }

    async fn confirm(&self, who: &As, proposal_id: i64) -> Result<Proposal, Status> {
        let confirm = ConfirmProposalRequest { proposal_id };
        ask(&self.room.house.channel().await, "/paband.access.v1.Proposals/ConfirmProposal", who, &confirm).await
    }
}

fn of_wearer(wearer: &str) -> StartRunRequest {
    StartRunRequest { who: Some(start_run_request::Who::Wearer(wearer.to_owned())) }
}

fn rials(amount: i64) -> Option<Money> {
    Some(Money { amount, currency: String::new() })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fitted_wearer_is_billed_by_a_run_once_and_a_preview_says_so_before() {
    let office = Office::new().await;
    let preview = PreviewRunRequest { who: Some(preview_run_request::Who::Unit(String::new())), at: None };
    let seen: PreviewRunResponse = office.last(&office.clerk, "Runs/PreviewRun", &preview).await.unwrap();
    let Some(preview_run_response::Part::Preview(seen)) = seen.part else { panic!("{seen:?}") };
    assert_eq!((seen.persons, seen.persons_blocked, seen.documents.len()), (1, 0, 1));
    let expected = seen.documents[0].clone();
    assert_eq!((expected.kind.as_str(), expected.documents, seen.listed[0].wearer.as_str()), ("invoice", 1, WEARER));
    assert_eq!(office.room.count("SELECT count(*) FROM billing_documents").await, 0, "a preview issues nothing");

    let run: Run = office.call(&office.clerk, "Runs/StartRun", &of_wearer(WEARER)).await.unwrap();
    assert_eq!((run.state(), run.documents, &run.charged), (RunState::Done, 1, &expected.total));
    assert_eq!((run.wearer.as_str(), run.begun_by.as_str(), run.kind()), (WEARER, "hasti", RunKind::Manual));
    let again: Run = office.call(&office.clerk, "Runs/StartRun", &of_wearer(WEARER)).await.unwrap();
    assert_eq!((again.documents, again.charged), (0, rials(0).map(|zero| Money { currency: "IRR".into(), ..zero })));
    let runs: ListRunsResponse = office.call(&office.clerk, "Runs/ListRuns", &ListRunsRequest::default()).await.unwrap();
    assert_eq!(runs.runs.iter().map(|run| run.run_id).collect::<Vec<_>>(), [again.run_id, run.run_id]);
    let qom = office.room.house.log_in("qomi", &[(Role::Finance, "qom")]).await;
    let foreign: Result<Run, _> = office.call(&qom, "Runs/StartRun", &of_wearer(WEARER)).await;
    assert_eq!(reason_of(&foreign).as_deref(), Some("UNKNOWN_WEARER"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_twice_is_one_run_and_one_over_a_unit_ends_by_itself() {
    let office = Office::new().await;
    let all = StartRunRequest { who: Some(start_run_request::Who::Unit(String::new())) };
    let click = office.clerk.clone().with("paband-idempotency-key", "run-00001");
    let begun: Run = office.call(&click, "Runs/StartRun", &all).await.unwrap();
    let twice: Run = office.call(&click, "Runs/StartRun", &all).await.unwrap();
    assert_eq!((begun.run_id, begun.persons_due), (twice.run_id, 1));
    let mut run = twice;
    while run.state() == RunState::UnderWay {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        run = office.call(&office.clerk, "Runs/GetRun", &GetRunRequest { run_id: run.run_id }).await.unwrap();
    }
    assert_eq!((run.state(), run.persons, run.documents, run.unit.as_str()), (RunState::Done, 1, 1, "fars"));
    assert_eq!(office.room.count("SELECT count(*) FROM billing_documents").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_facts_contradict_each_other_is_on_the_work_list_and_said_in_words() {
    let office = Office::new().await;
    sql(&office.room.house.database, "UPDATE order_facts SET cancelled_at = now(), cancelled_by = 'x', cancel_reason = 'x'").await;
    let run: Run = office.call(&office.clerk, "Runs/StartRun", &of_wearer(WEARER)).await.unwrap();
    assert_eq!((run.persons, run.persons_blocked, run.documents), (0, 1, 0));
    let list = ListWorkRequest { blocked_only: true, ..ListWorkRequest::default() };
    let work: ListWorkResponse = office.call(&office.clerk, "Runs/ListWork", &list).await.unwrap();
    assert_eq!((work.work.len(), work.work[0].wearer.as_str(), work.work[0].unit.as_str()), (1, WEARER, "fars"));
    assert_eq!(work.work[0].code, "NO_ORDER");
    assert!(work.work[0].reason.contains("without an order in force"), "{}", work.work[0].reason);
    let persian = office.clerk.clone().with("accept-language", "fa");
    let work: ListWorkResponse = office.call(&persian, "Runs/ListWork", &list).await.unwrap();
    assert!(work.work[0].reason.contains("دستوری"), "{}", work.work[0].reason);
}

/// Solar Hijri year and month of today in Tehran.
fn access_day() -> (i32, i32) {
    let today = billing::calendar::Moment::try_from(chrono::Utc::now()).unwrap().day().month();
    (today.year(), today.month().into())
}

fn tariff(version: &str, from: &str, daily: i64) -> ProposeTariffRequest {
    let effective_from = Some(Date { solar_hijri: from.to_owned(), gregorian: String::new() });
    let classes = vec![ClassPrice { class: "reduced".into(), daily: rials(daily / 2) }];
    let prices = Tariff { version: version.into(), effective_from, daily: rials(daily), classes, ..Tariff::default() };
    let fees = Tariff { install: rials(800_000), replace: rials(800_000), first_month_cap: rials(3_000_000), ..prices };
    let fees = Tariff { deposit_ceiling_tag: rials(25_000_000), deposit_ceiling_house: rials(37_000_000), ..fees };
    ProposeTariffRequest { tariff: Some(fees) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tariff_is_approved_by_a_second_person() {
    let office = Office::new().await;
    let local: Result<Proposal, _> = office.call(&office.clerk, "Tariffs/ProposeTariff", &tariff("1", "1450/01/01", 300_000)).await;
    assert_eq!(reason_of(&local).as_deref(), Some("CENTRAL_ONLY"));
    let proposed: Proposal = office.call(&office.nima, "Tariffs/ProposeTariff", &tariff("1450", "1450/01/01", 300_000)).await.unwrap();
    assert_eq!(reason_of(&office.confirm(&office.nima, proposed.proposal_id).await).as_deref(), Some("SAME_PERSON"));
    assert_eq!(office.confirm(&office.reza, proposed.proposal_id).await.unwrap().state(), ProposalState::Confirmed);
    // A cut may hold from before.
    let cut: Proposal = office.call(&office.reza, "Tariffs/ProposeTariff", &tariff("cut", "1404/01/01", 90_000)).await.unwrap();
    office.confirm(&office.nima, cut.proposal_id).await.unwrap();
    let table: ListTariffsResponse = office.call(&office.clerk, "Tariffs/ListTariffs", &ListTariffsRequest {}).await.unwrap();
    let rows: Vec<(&str, &str)> = table.tariffs.iter().map(|row| (row.version.as_str(), row.approved_by.as_str())).collect();
    assert_eq!(rows, [("1398", "directive"), ("cut", "nima"), ("1450", "reza")]);
    assert_eq!((table.version_in_force.as_str(), table.is_review_due), ("cut", false));
    assert_eq!(table.review_on.unwrap().solar_hijri, "1453/01/01");
    let taken: Result<Proposal, _> = office.call(&office.nima, "Tariffs/ProposeTariff", &tariff("cut", "1450/01/01", 1)).await;
    assert_eq!(reason_of(&taken).as_deref(), Some("TARIFF_TAKEN"));
    // What everybody would owe by another one, and nothing of it is written.
    let (year, month) = access_day();
    let month = Some(SolarMonth { year, month });
    let cheap = tariff("tried", &format!("{year}/01/01"), 9_000).tariff;
    let asked = WhatIfRequest { from: month, to: month, tariff: cheap, ..WhatIfRequest::default() };
    let answer: WhatIfResponse = office.last(&office.clerk, "Runs/WhatIf", &asked).await.unwrap();
    let Some(what_if_response::Part::Answer(answer)) = answer.part else { panic!("{answer:?}") };
    assert_eq!((answer.persons, answer.persons_changed, answer.changed_most[0].wearer.as_str()), (1, 1, WEARER));
    let (owed, would_be) = (answer.months[0].owed.unwrap_amount(), answer.months[0].would_be.unwrap_amount());
    assert!(would_be < owed && owed <= 3_000_000, "{owed} {would_be}");
    let bad = WhatIfRequest { from: month, to: month, policy: r#"{"leave_day": "never"}"#.into(), ..WhatIfRequest::default() };
    let refused: Result<WhatIfResponse, _> = office.last(&office.clerk, "Runs/WhatIf", &bad).await;
    assert_eq!(reason_of(&refused).as_deref(), Some("INVALID_FIELDS"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_raise_for_days_that_are_over_takes_two_who_approve_it_and_is_charged() {
    let office = Office::new().await;
    let mina = office.room.house.log_in("mina", &[(Role::Finance, "central")]).await;
    let before: Run = office.call(&office.clerk, "Runs/StartRun", &of_wearer(WEARER)).await.unwrap();
    let dear = tariff("1403", "1403/05/01", 300_000).tariff.map(|row| Tariff { first_month_cap: rials(90_000_000), ..row });
    let proposed: Proposal = office.call(&office.nima, "Tariffs/ProposeTariff", &ProposeTariffRequest { tariff: dear }).await.unwrap();
    let first = office.confirm(&office.reza, proposed.proposal_id).await.unwrap();
    assert_eq!((first.state(), first.first_approved_by.as_str(), first.decided_by.as_str()), (ProposalState::Waiting, "reza", ""));
    assert_eq!(office.room.count("SELECT count(*) FROM tariffs").await, 1, "one approval changes nothing");
    for who in [&office.nima, &office.reza] {
        assert_eq!(reason_of(&office.confirm(who, proposed.proposal_id).await).as_deref(), Some("SAME_PERSON"));
    }
    // Who is off approves nothing any more.
    sql(&office.room.house.database, "UPDATE people SET is_on = false WHERE name = 'reza'").await;
    let again = office.confirm(&mina, proposed.proposal_id).await.unwrap();
    assert_eq!((again.state(), again.first_approved_by.as_str()), (ProposalState::Waiting, "mina"));
    sql(&office.room.house.database, "UPDATE people SET is_on = true WHERE name = 'reza'").await;
    let last = office.confirm(&mina, proposed.proposal_id).await.unwrap();
    assert_eq!((last.state(), last.decided_by.as_str()), (ProposalState::Confirmed, "mina"));
    let table: ListTariffsResponse = office.call(&office.clerk, "Tariffs/ListTariffs", &ListTariffsRequest {}).await.unwrap();
    let row = &table.tariffs[1];
    let who = [&row.proposed_by, &row.first_approved_by, &row.approved_by].map(String::as_str);
    assert_eq!((row.version.as_str(), who), ("1403", ["nima", "reza", "mina"]));
    let after: Run = office.call(&office.clerk, "Runs/StartRun", &of_wearer(WEARER)).await.unwrap();
    assert_eq!(before.documents, 1);
    assert!(after.charged.unwrap_amount() > 0, "what was billed by the old price is charged");
    // For days to come one is enough.
    let next: Proposal = office.call(&office.reza, "Tariffs/ProposeTariff", &tariff("1450", "1450/01/01", 400_000)).await.unwrap();
    assert_eq!(office.confirm(&mina, next.proposal_id).await.unwrap().state(), ProposalState::Confirmed);
}

trait UnwrapAmount {
    fn unwrap_amount(&self) -> i64;
}

impl UnwrapAmount for Option<Money> {
    fn unwrap_amount(&self) -> i64 {
        self.as_ref().unwrap().amount
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_is_set_aside_no_more_is_spent_than_there_is() {
    let office = Office::new().await;
    let pay = "INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, amount, reference) VALUES (1, 'payment', now(), now(), 'x', 1000000, 'b1')";
    office.call::<Run>(&office.clerk, "Runs/StartRun", &of_wearer(WEARER)).await.unwrap();
    sql(&office.room.house.database, pay).await;
    office.call::<Run>(&office.clerk, "Runs/StartRun", &of_wearer(WEARER)).await.unwrap();
    let now = Some(prost_types::Timestamp { seconds: chrono::Utc::now().timestamp() - 1, nanos: 0 });
    let spend = |amount| RecordSpendingRequest {
        at: now,
        amount: rials(amount),
        purpose: "کفش بند".into(),
        approver: "مدیر کل".into(),
        proof: "ش/۱۲".into(),
    };
    let much: Result<Proposal, _> = office.call(&office.nima, "SetAside/RecordSpending", &spend(50_001)).await;
    assert_eq!(reason_of(&much).as_deref(), Some("SET_ASIDE_TOO_LITTLE"));
    let one: Proposal = office.call(&office.nima, "SetAside/RecordSpending", &spend(30_000)).await.unwrap();
    let two: Proposal = office.call(&office.nima, "SetAside/RecordSpending", &spend(30_000)).await.unwrap();
    office.confirm(&office.reza, one.proposal_id).await.unwrap();
    // There was enough when it was proposed, and is not any more.
    assert_eq!(reason_of(&office.confirm(&office.reza, two.proposal_id).await).as_deref(), Some("SET_ASIDE_TOO_LITTLE"));
    let (year, _) = access_day();
    let statement: SetAsideStatement = office.call(&office.nima, "SetAside/GetStatement", &GetStatementRequest { year }).await.unwrap();
    let sums = [&statement.opening, &statement.set_aside, &statement.spent, &statement.closing].map(UnwrapAmount::unwrap_amount);
    assert_eq!(sums, [0, 50_000, 30_000, 20_000]);
    assert_eq!((statement.spendings[0].proposed_by.as_str(), statement.spendings[0].approved_by.as_str()), ("nima", "reza"));
    let store = &office.room.house.store;
    assert_eq!(store.books_verify().await.unwrap(), [], "the chain holds with entries of nobody");
    let (units, as_of) = ([1, 2, 3, 4], store::AsOf::instant(chrono::Utc::now()).unwrap());
    let (sums, differences) = store.books_reconcile(&units, as_of).await.unwrap();
    assert_eq!((differences, sums.cash_fees.minor_units()), (vec![], 970_000), "what was spent is not in cash any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn spending_that_was_recorded_wrongly_is_taken_back_once() {
    let office = Office::new().await;
    let pay = "INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, amount, reference) VALUES (1, 'payment', now(), now(), 'x', 1000000, 'b1')";
    sql(&office.room.house.database, pay).await;
    office.call::<Run>(&office.clerk, "Runs/StartRun", &of_wearer(WEARER)).await.unwrap();
    let at = Some(prost_types::Timestamp { seconds: chrono::Utc::now().timestamp() - 1, nanos: 0 });
    let text = || "x".to_owned();
    let spend = RecordSpendingRequest { at, amount: rials(30_000), purpose: text(), approver: text(), proof: text() };
    let spent: Proposal = office.call(&office.nima, "SetAside/RecordSpending", &spend).await.unwrap();
    let spending_id = office.confirm(&office.reza, spent.proposal_id).await.unwrap().result_id;

    let back = |spending_id| TakeBackSpendingRequest { spending_id, reason: "typed twice".into() };
    let unknown: Result<Proposal, _> = office.call(&office.nima, "SetAside/TakeBackSpending", &back(9)).await;
    assert_eq!(reason_of(&unknown).as_deref(), Some("UNKNOWN_SPENDING"));
    let local: Result<Proposal, _> = office.call(&office.clerk, "SetAside/TakeBackSpending", &back(spending_id)).await;
    assert_eq!(reason_of(&local).as_deref(), Some("CENTRAL_ONLY"));
    let one: Proposal = office.call(&office.nima, "SetAside/TakeBackSpending", &back(spending_id)).await.unwrap();
    let two: Proposal = office.call(&office.nima, "SetAside/TakeBackSpending", &back(spending_id)).await.unwrap();
    assert_eq!(reason_of(&office.confirm(&office.nima, one.proposal_id).await).as_deref(), Some("SAME_PERSON"));
    office.confirm(&office.reza, one.proposal_id).await.unwrap();
    assert_eq!(reason_of(&office.confirm(&office.reza, two.proposal_id).await).as_deref(), Some("HAPPENED_ALREADY"));

    let (year, _) = access_day();
    let statement: SetAsideStatement = office.call(&office.nima, "SetAside/GetStatement", &GetStatementRequest { year }).await.unwrap();
    let sums = [&statement.opening, &statement.set_aside, &statement.spent, &statement.closing].map(UnwrapAmount::unwrap_amount);
    assert_eq!((sums, statement.spendings.len()), ([0, 50_000, 0, 50_000], 1));
    let [shown] = <[_; 1]>::try_from(statement.taken_back).unwrap();
    assert_eq!((shown.spending.as_ref(), shown.reason.as_str()), (statement.spendings.first(), "typed twice"));
    assert_eq!((shown.proposed_by.as_str(), shown.approved_by.as_str()), ("nima", "reza"));
    let store = &office.room.house.store;
    assert_eq!(store.books_verify().await.unwrap(), []);
    let as_of = store::AsOf::instant(chrono::Utc::now()).unwrap();
    let (sums, differences) = store.books_reconcile(&[1, 2, 3, 4], as_of).await.unwrap();
    assert_eq!((differences, sums.cash_fees.minor_units()), (vec![], 1_000_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_billed_and_a_wrong_one_is_told_in_words() {
    let office = Office::new().await;
    let case = r#"{"as_of": "1398/06/01", "events": [{"type": "install", "at": "1398/05/02 10:00", "order": "O1", "regime": "tag", "chargeable": true}]}"#;
    let answer: BillCaseResponse =
        office.call(&office.clerk, "Runs/BillCase", &BillCaseRequest { case: case.into(), explain: false }).await.unwrap();
    assert!(answer.answer.contains("\"INV-1\""), "{}", answer.answer);
    let wrong = BillCaseRequest { case: case.replace("install", "instal"), explain: false };
    let refused: Result<BillCaseResponse, _> = office.call(&office.clerk, "Runs/BillCase", &wrong).await;
    assert_eq!(reason_of(&refused).as_deref(), Some("INVALID_FIELDS"));
}
