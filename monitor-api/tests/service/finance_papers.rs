//! Documents through a real connection: what they say and why, how they stand, what became of them, whom to remind.

use crate::finance_house::{Office, ascii, march};
use crate::house::{owned, reason, wrong_fields};
use proto::access::proposals_client::ProposalsClient;
use proto::access::{ConfirmProposalRequest, ProposalState};
use proto::billing::render_document_request::Which;
use proto::billing::{self as schema, DocumentStatus as Status};
use proto::enrolment::{Date, Decision};

fn list() -> schema::ListDocumentsRequest {
    schema::ListDocumentsRequest::default()
}

async fn numbers(office: &Office, asked: schema::ListDocumentsRequest) -> Vec<String> {
    let page = office.documents().await.list_documents(asked).await.unwrap().into_inner();
    page.documents.into_iter().map(|document| format!("{} {}", document.number, document.open.unwrap_or_default().amount)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_says_why_in_the_answer_and_on_the_page() {
    let office = Office::new(1).await;
    office.leave(2, "2024-05-02 14:00+03:30", "2024-05-05 10:00+03:30").await;
    office.carry_on(&[2], "2024-05-21T12:00:00").await;
    let mut client = office.documents().await;
    let page = client.list_documents(list()).await.unwrap().into_inner();
    assert_eq!((page.documents.len(), page.next_before_document_id), (3, 0), "{:?}", page.documents);
    for listed in &page.documents {
        assert_eq!(listed.lines, [], "a list has no lines");
        let document = client.get_document(schema::GetDocumentRequest { document_id: listed.document_id }).await.unwrap().into_inner();
        assert!(!document.lines.is_empty());
        assert_eq!(document.lines.iter().map(|line| line.amount.clone().unwrap().amount).sum::<i64>(), document.total.unwrap().amount);
        for (language, persian) in [(schema::DocumentLanguage::Persian, true), (schema::DocumentLanguage::English, false)] {
            let asked = schema::RenderDocumentRequest {
                which: Some(Which::DocumentId(listed.document_id)),
                format: schema::DocumentFormat::Html.into(),
                language: language.into(),
            };
            let rendered = client.render_document(asked).await.unwrap().into_inner();
            assert_eq!(rendered.media_type, "text/html; charset=utf-8");
            let html = ascii(&String::from_utf8(rendered.content).unwrap());
            assert!(html.contains(&format!("dir=\"{}\"", if persian { "rtl" } else { "ltr" })) && html.contains(&document.number));
            for line in &document.lines {
                assert!(html.contains(&line.amount.clone().unwrap().amount.unsigned_abs().to_string()), "{line:?}");
                assert!(!line.because.is_empty(), "a line says why: {line:?}");
                for because in &line.because {
                    let days = because.days.as_ref().map(|days| days.first.clone().unwrap().solar_hijri).unwrap_or_default();
                    assert!(html.contains(&ascii(&because.rule)) && html.contains(&days), "{because:?} in {html}");
                    assert_eq!(because.said.len(), because.facts.len(), "{because:?}");
                    assert!(
                        because.facts.iter().all(|fact| !html.contains(&format!(">{fact}<"))),
                        "no names of rows on paper: {because:?}"
                    );
                }
            }
        }
    }
    // A leave below the cap, recorded after its month was billed, changes no sum: a note says so.
    let note = page.documents.iter().find(|document| document.kind() == schema::DocumentKind::RerateNote).unwrap();
    let whole = client.get_document(schema::GetDocumentRequest { document_id: note.document_id }).await.unwrap().into_inner();
    let because: Vec<&schema::LineReason> = whole.lines.iter().flat_map(|line| &line.because).collect();
    let leave = because.iter().find(|one| one.code == "leave" && one.facts == ["leave:1"]).unwrap_or_else(|| panic!("{because:?}"));
    assert!(leave.said[0].starts_with("leave no. 1 of ") && leave.said[0].contains("(decision x of "), "number and decision: {leave:?}");
    // All that is open of a person is one page, or JSON with the same documents.
    let json = schema::RenderDocumentRequest {
        which: Some(Which::Wearer("w-1".to_owned())),
        format: schema::DocumentFormat::Json.into(),
        ..Default::default()
    };
    let rendered = client.render_document(json).await.unwrap().into_inner();
    let documents: serde_json::Value = serde_json::from_slice(&rendered.content).unwrap();
    assert_eq!(
        (documents["documents"].as_array().unwrap().len(), documents["currency"].as_str()),
        (2, Some("IRR")),
        "as invoice-pdf reads it"
    );
    let documents = &documents["documents"];
    assert!(documents[0]["lines"][0]["because"].is_array(), "{documents:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_listed_by_how_they_stand() {
    let office = Office::new(2).await;
    office.carry_on(&[2, 3], "2024-05-21T12:00:00").await;
    // Sara's payment names the newer invoice.
    office.payment(2, "2024-06-02", 3_100_000, Some("INV-tehran-1403-000002")).await;
    office.carry_on(&[2], "2024-06-03T12:00:00").await;
    let status = |status: Status| schema::ListDocumentsRequest { status: status.into(), ..list() };
    let of = |wearer: &str| schema::ListDocumentsRequest { wearer: wearer.to_owned(), ..list() };
    assert_eq!(numbers(&office, status(Status::Paid)).await, ["INV-tehran-1403-000002 0"]);
    let overdue = ["INV-tehran-1403-000004 3100000", "INV-tehran-1403-000003 3000000", "INV-tehran-1403-000001 3000000"];
    assert_eq!(numbers(&office, status(Status::Overdue)).await, overdue);
    assert_eq!(numbers(&office, status(Status::Open)).await, Vec::<String>::new());
    assert_eq!(numbers(&office, of("w-1")).await, ["INV-tehran-1403-000002 0", "INV-tehran-1403-000001 3000000"]);
    let second = schema::ListDocumentsRequest { number: "INV-tehran-1403-000003".to_owned(), ..list() };
    assert_eq!(numbers(&office, second).await, ["INV-tehran-1403-000003 3000000"]);
    let khordad = schema::ListDocumentsRequest { month: Some(schema::SolarMonth { year: 1403, month: 3 }), ..list() };
    assert_eq!(numbers(&office, khordad).await, ["INV-tehran-1403-000004 3100000", "INV-tehran-1403-000002 0"]);
    // Page after page the same.
    let (mut before, mut paged) = (0, Vec::new());
    loop {
        let asked = schema::ListDocumentsRequest { before_document_id: before, page_size: 1, ..status(Status::Overdue) };
        let page = office.documents().await.list_documents(asked).await.unwrap().into_inner();
        paged.extend(page.documents.into_iter().map(|document| document.number));
        before = page.next_before_document_id;
        if before == 0 {
            break;
        }
    }
    assert_eq!(paged, ["INV-tehran-1403-000004", "INV-tehran-1403-000003", "INV-tehran-1403-000001"]);
    // What paid it is told.
    let paid = office.documents().await.list_documents(status(Status::Paid)).await.unwrap().into_inner().documents[0].document_id;
    let whole = office.documents().await.get_document(schema::GetDocumentRequest { document_id: paid }).await.unwrap().into_inner();
    assert_eq!((whole.payments.len(), whole.payments[0].from.as_str()), (1, "finance:1"));
    assert_eq!(whole.payments[0].amount.clone().unwrap().amount, 3_100_000);
    // Another province has none of it.
    let qom = office.documents_of(&office.qom).await.list_documents(list()).await.unwrap().into_inner();
    assert_eq!(qom.documents, []);
    let wrong = schema::ListDocumentsRequest {
        kinds: vec![0, 99],
        month: Some(schema::SolarMonth { year: 1403, month: 13 }),
        status: 77,
        page_size: 1001,
        before_document_id: -1,
        ..list()
    };
    let refused = office.documents().await.list_documents(wrong).await.unwrap_err();
    let expected = [
        ("month.month", "OUT_OF_RANGE"),
        ("kinds[0]", "UNKNOWN_CHOICE"),
        ("kinds[1]", "UNKNOWN_CHOICE"),
        ("status", "UNKNOWN_CHOICE"),
        ("before_document_id", "MUST_NOT_BE_NEGATIVE"),
        ("page_size", "ABOVE_MAX"),
    ];
    assert_eq!(wrong_fields(&refused), expected.map(owned));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_about_a_document_stays_in_its_history() {
    let office = Office::new(1).await;
    office.carry_on(&[2], "2024-04-21T12:00:00").await;
    let mut client = office.documents().await;
    let document_id = 1;
    let sent = schema::MarkSentRequest { document_id, at: None, how: "by hand".to_owned() };
    client.mark_sent(sent).await.unwrap();
    let objection = schema::RecordObjectionRequest { document_id, at: None, text: "I was in hospital".to_owned() };
    let document = client.record_objection(objection).await.unwrap().into_inner();
    let objection_id = document.events.last().unwrap().event_id;
    let answer = schema::AnswerObjectionRequest {
        objection_id,
        outcome: schema::ObjectionOutcome::PartlyUpheld.into(),
        text: "two days are suspended".to_owned(),
    };
    let refused = client.answer_objection(schema::AnswerObjectionRequest { outcome: 0, ..answer.clone() }).await.unwrap_err();
    assert_eq!(wrong_fields(&refused), [owned(("outcome", "MISSING"))]);
    let document = client.answer_objection(answer.clone()).await.unwrap().into_inner();
    let codes: Vec<&str> = document.events.iter().map(|event| event.code.as_str()).collect();
    assert_eq!(codes, ["sent", "objection", "answer"]);
    let answered = document.events.last().unwrap();
    assert_eq!((answered.objection_id, answered.outcome()), (objection_id, schema::ObjectionOutcome::PartlyUpheld));
    assert_eq!(answered.recorded_by, "sara");
    assert_eq!(reason(&client.answer_objection(answer).await.unwrap_err()).0, "OBJECTION_ANSWERED");
    assert_eq!(document.total.unwrap().amount, 3_000_000, "an answer changes no amount");
    let database = office.house.database.client().await;
    assert!(database.batch_execute("UPDATE billing_document_events SET text = 'x'").await.is_err(), "nobody writes it anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn objections_without_an_answer_are_listed_the_oldest_first() {
    let office = Office::new(2).await;
    office.carry_on(&[2, 3], "2024-04-21T12:00:00").await;
    let mut client = office.documents().await;
    let days_ago = |days: i64| Some(prost_types::Timestamp { seconds: chrono::Utc::now().timestamp() - days * 86_400, nanos: 0 });
    let mut objections = Vec::new();
    for (document_id, at, text) in [(1, days_ago(2), "second"), (2, days_ago(9), "first"), (1, None, "third")] {
        let objection = schema::RecordObjectionRequest { document_id, at, text: text.to_owned() };
        let document = client.record_objection(objection).await.unwrap().into_inner();
        objections.push(document.events.last().unwrap().event_id);
    }
    let asked = schema::ListObjectionsRequest::default();
    let found = client.list_objections(asked.clone()).await.unwrap().into_inner();
    let told: Vec<_> = found.objections.iter().map(|one| (one.text.as_str(), one.wearer.as_str(), one.days, one.objection_id)).collect();
    assert_eq!(told, [("first", "w-2", 9, objections[1]), ("second", "w-1", 2, objections[0]), ("third", "w-1", 0, objections[2])]);
    let first = &found.objections[0];
    assert_eq!((first.document.as_str(), first.unit.as_str(), first.recorded_by.as_str()), ("INV-tehran-1403-000002", "tehran", "sara"));
    assert_eq!((first.kind(), found.total), (schema::DocumentKind::Invoice, 3));
    let outcome = schema::ObjectionOutcome::Rejected.into();
    let answer = schema::AnswerObjectionRequest { objection_id: objections[1], outcome, text: "no".to_owned() };
    client.answer_objection(answer).await.unwrap();
    let one = client.list_objections(schema::ListObjectionsRequest { page_size: 1, ..asked.clone() }).await.unwrap().into_inner();
    assert_eq!((one.objections.len(), one.objections[0].text.as_str(), one.total), (1, "second", 2));
    let mut qom = office.documents_of(&office.qom).await;
    assert_eq!(qom.list_objections(asked.clone()).await.unwrap().into_inner().objections, []);
    let foreign = schema::ListObjectionsRequest { unit: "tehran".to_owned(), ..asked };
    assert_eq!(reason(&qom.list_objections(foreign).await.unwrap_err()).0, "UNKNOWN_UNIT");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gives_a_document_up_needs_a_second_person_and_a_payment_still_pays_it() {
    let office = Office::new(1).await;
    office.carry_on(&[2], "2024-04-21T12:00:00").await;
    let date = Some(Date { gregorian: "2026-11-21".to_owned(), solar_hijri: String::new() });
    let decision = Some(Decision { authority: "Branch 3".to_owned(), number: "17".to_owned(), date });
    let mark = schema::MarkUncollectibleRequest { document_id: 1, reason: "he died".to_owned(), decision };
    let proposal = office.documents().await.mark_uncollectible(mark.clone()).await.unwrap().into_inner();
    assert_eq!(proposal.state(), ProposalState::Waiting);
    let overdue = schema::ListDocumentsRequest { status: Status::Overdue.into(), ..list() };
    assert_eq!(numbers(&office, overdue.clone()).await.len(), 1, "a proposal changes nothing");
    let confirm = ConfirmProposalRequest { proposal_id: proposal.proposal_id };
    let mut own = ProposalsClient::with_interceptor(office.house.channel().await, office.sara.clone());
    assert_eq!(reason(&own.confirm_proposal(confirm).await.unwrap_err()).0, "SAME_PERSON");
    let mut second = ProposalsClient::with_interceptor(office.house.channel().await, office.reza.clone());
    assert_eq!(second.confirm_proposal(confirm).await.unwrap().into_inner().state(), ProposalState::Confirmed);

    assert_eq!(numbers(&office, overdue).await, Vec::<String>::new());
    let document = office.documents().await.get_document(schema::GetDocumentRequest { document_id: 1 }).await.unwrap().into_inner();
    assert_eq!((document.status(), document.open.clone().unwrap().amount), (Status::Uncollectible, 3_000_000));
    let event = document.events.last().unwrap();
    assert_eq!((event.recorded_by.as_str(), event.confirmed_by.as_str(), event.text.as_str()), ("sara", "reza", "he died"));
    assert_eq!(reason(&office.documents().await.mark_uncollectible(mark.clone()).await.unwrap_err()).0, "UNCOLLECTIBLE_ALREADY");
    let reminders = office.reminders().await.list_reminders(schema::ListRemindersRequest::default()).await.unwrap().into_inner();
    assert_eq!(reminders.reminders, [], "nobody is reminded of it");
    let rows = office.reports().await.get_receivables(schema::GetReceivablesRequest::default()).await.unwrap().into_inner().rows;
    let total = rows.last().unwrap();
    assert_eq!((total.uncollectible.clone().unwrap().amount, total.open.clone().unwrap().amount), (3_000_000, 3_000_000));
    assert_eq!(total.aging.clone().unwrap().days_over_90.unwrap().amount, 0);

    office.payment(2, "2024-06-02", 3_000_000, None).await;
    office.carry_on(&[2], "2024-04-22T12:00:00").await;
    office.carry_on(&[2], "2024-06-03T12:00:00").await;
    let document = office.documents().await.get_document(schema::GetDocumentRequest { document_id: 1 }).await.unwrap().into_inner();
    assert_eq!(document.status(), Status::Paid);
    assert_eq!(reason(&office.documents().await.mark_uncollectible(mark).await.unwrap_err()).0, "UNCOLLECTIBLE_ALREADY");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gave_up_the_wrong_document_takes_it_back_with_a_second_person() {
    let office = Office::new(1).await;
    office.carry_on(&[2], "2024-04-21T12:00:00").await;
    let take_back = || schema::MarkCollectibleRequest { document_id: 1, reason: "it was the other invoice".to_owned() };
    assert_eq!(reason(&office.documents().await.mark_collectible(take_back()).await.unwrap_err()).0, "NOT_UNCOLLECTIBLE");
    let date = Some(Date { gregorian: "2026-11-21".to_owned(), solar_hijri: String::new() });
    let decision = Some(Decision { authority: "Branch 3".to_owned(), number: "17".to_owned(), date });
    let mark = || schema::MarkUncollectibleRequest { document_id: 1, reason: "he died".to_owned(), decision: decision.clone() };
    let given_up = office.documents().await.mark_uncollectible(mark()).await.unwrap().into_inner();
    office.confirm(&office.reza, &given_up).await.unwrap();

    let back = office.documents().await.mark_collectible(take_back()).await.unwrap().into_inner();
    assert_eq!(reason(&office.confirm(&office.sara, &back).await.unwrap_err()).0, "SAME_PERSON");
    office.confirm(&office.reza, &back).await.unwrap();
    let document = office.documents().await.get_document(schema::GetDocumentRequest { document_id: 1 }).await.unwrap().into_inner();
    assert_eq!(document.status(), Status::Overdue);
    let event = document.events.last().unwrap();
    let said = (event.code.as_str(), event.text.as_str(), event.recorded_by.as_str(), event.confirmed_by.as_str());
    assert_eq!(said, ("collectible", "it was the other invoice", "sara", "reza"));
    let overdue = schema::ListDocumentsRequest { status: Status::Overdue.into(), ..list() };
    assert_eq!(numbers(&office, overdue).await.len(), 1);
    let reminders = office.reminders().await.list_reminders(schema::ListRemindersRequest::default()).await.unwrap().into_inner();
    assert_eq!(reminders.reminders.len(), 1, "it is reminded of again");
    let rows = office.reports().await.get_receivables(schema::GetReceivablesRequest::default()).await.unwrap().into_inner().rows;
    assert_eq!(rows.last().unwrap().uncollectible.clone().unwrap().amount, 0);
    assert_eq!(reason(&office.documents().await.mark_collectible(take_back()).await.unwrap_err()).0, "NOT_UNCOLLECTIBLE");
    // The last that is said counts.
    let once_more = office.documents().await.mark_uncollectible(mark()).await.unwrap().into_inner();
    office.confirm(&office.reza, &once_more).await.unwrap();
    let document = office.documents().await.get_document(schema::GetDocumentRequest { document_id: 1 }).await.unwrap().into_inner();
    assert_eq!(document.status(), Status::Uncollectible);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_writes_once() {
    let office = Office::new(1).await;
    office.carry_on(&[2], "2024-04-21T12:00:00").await;
    let who = office.sara.clone().with("paband-idempotency-key", "march-letter-1");
    let mut client = office.documents_of(&who).await;
    let sent = schema::MarkSentRequest { document_id: 1, at: march(), how: "by hand".to_owned() };
    for _ in 0..2 {
        let document = client.mark_sent(sent.clone()).await.unwrap().into_inner();
        assert_eq!(document.events.len(), 1);
    }
    let other = schema::MarkSentRequest { how: "by post".to_owned(), ..sent };
    assert_eq!(reason(&client.mark_sent(other).await.unwrap_err()).0, "IDEMPOTENCY_KEY_USED");
}

#[tokio::test(flavor = "multi_thread")]
async fn time_to_pay_is_counted_from_the_day_of_the_issue() {
    let office = Office::new(2).await;
    office.carry_on(&[2], "2024-04-20T09:01:00").await;
    office.carry_on(&[2, 3], "2024-05-04T12:00:00").await;
    let due = async |wearer: &str| {
        let of = schema::ListDocumentsRequest { wearer: wearer.to_owned(), ..list() };
        let due = office.documents().await.list_documents(of).await.unwrap().into_inner().documents.remove(0).due;
        due.map(|day| day.solar_hijri).unwrap_or_default()
    };
    assert_eq!((due("w-1").await, due("w-2").await), ("1403/02/10".to_owned(), "1403/02/24".to_owned()), "the second was two weeks late");
}
