//! Invoices that are void, through a real connection: only what nobody paid and nobody had in hand; then the next run bills the truth, once.

use crate::finance_house::Office;
use crate::house::{As, owned, reason, sql, wrong_fields};
use billing::calendar::Moment;
use chrono::{TimeDelta, Utc};
use proto::billing::{self as schema, DocumentStatus as Status};
use proto::enrolment::{Date, Decision};
use tonic::Status as Refused;

const WRONG: &str = "leave was not recorded";

impl Office {
    /// Everything up to now is billed, what is older in its time; the newest invoice, which bills this month.
    async fn newest(&self) -> i64 {
        self.house.store.books_carry_on(&[2], Utc::now() - TimeDelta::days(45)).await.unwrap();
        self.house.store.books_carry_on(&[2], Utc::now()).await.unwrap();
        self.listed(Status::Unspecified).await[0].document_id
    }

    async fn listed(&self, status: Status) -> Vec<schema::Document> {
        let asked = schema::ListDocumentsRequest { status: status.into(), ..Default::default() };
        self.documents().await.list_documents(asked).await.unwrap().into_inner().documents
    }

    async fn void(&self, who: &As, document_id: i64) -> Result<schema::Document, Refused> {
        let asked = schema::VoidDocumentRequest { document_id, reason: WRONG.to_owned() };
        Ok(self.documents_of(who).await.void_document(asked).await?.into_inner())
    }

    /// Two nights of this month, decided just now.
    async fn leave_of_this_month(&self) {
        let first = Moment::try_from(Utc::now()).unwrap().day().month().first_day();
        let [from, to] = [(0, "14:00"), (2, "10:00")].map(|(days, hour)| format!("{} {hour}+03:30", first.plus(days).gregorian()));
        let leave = format!(
            "INSERT INTO leave_acts (wearer_id, state, valid_from, valid_to, kind, exclusion, purpose, requested_by, requested_at, authority, decision_number,
                decision_date, decided_by, decided_at)
            VALUES (2, 'approved', '{from}', '{to}', 'overnight', false, 'x', 'x', now(), 'x', 'x', '2024-05-10', 'y', now())"
        );
        sql(&self.house.database, &leave).await;
    }

    async fn differences(&self) -> Vec<schema::BooksDifference> {
        self.reports().await.reconcile(schema::ReconcileRequest::default()).await.unwrap().into_inner().differences
    }

    async fn owed(&self) -> i64 {
        let sum = "SELECT coalesce(sum(amount), 0)::bigint FROM ledger_postings WHERE account = 'assets:receivable'";
        self.house.database.client().await.query_one(sum, &[]).await.unwrap().get(0)
    }

    async fn pays(&self, amount: i64) {
        let fact = format!(
            "INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, amount) VALUES (2, 'payment', now(), now(), 'x', {amount})"
        );
        sql(&self.house.database, &fact).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_void_invoice_is_reversed_and_the_next_run_bills_the_truth_once() {
    let office = Office::new(1).await;
    let document_id = office.newest().await;
    let (count, owed) = (office.listed(Status::Unspecified).await.len(), office.owed().await);
    office.leave_of_this_month().await;
    let void = office.void(&office.sara, document_id).await.unwrap();
    let total = void.total.clone().unwrap().amount;
    assert_eq!((void.status(), void.open.unwrap().amount, void.paid.unwrap().amount), (Status::Void, 0, 0));
    assert_eq!(void.pay_to, None, "nothing is to be paid");
    let event = void.events.last().unwrap();
    assert_eq!((event.code.as_str(), event.text.as_str(), event.recorded_by.as_str()), ("void", WRONG, "sara"));
    assert!(!void.number.is_empty() && !void.lines.is_empty(), "it can still be read");
    assert_eq!(office.owed().await, owed - total);
    assert_eq!(office.differences().await, []);
    assert_eq!(office.house.store.books_verify().await.unwrap(), [], "no gap among the numbers");

    let yesterday = Moment::try_from(Utc::now()).unwrap().day().plus(-1).gregorian().to_string();
    let before = schema::ReconcileRequest { day: Some(Date { gregorian: yesterday, solar_hijri: String::new() }), ..Default::default() };
    assert_eq!(office.reports().await.reconcile(before).await.unwrap().into_inner().differences, [], "nor as of a day when it stood");

    // Nothing is billed before a run is due, or asked for.
    office.house.store.books_carry_on(&[2], Utc::now()).await.unwrap();
    assert_eq!(office.listed(Status::Unspecified).await.len(), count);
    assert_eq!(office.listed(Status::Void).await.iter().map(|one| one.document_id).collect::<Vec<_>>(), [document_id]);
    for _ in 0..2 {
        office.run().await;
        let documents = office.listed(Status::Unspecified).await;
        assert_eq!(documents.len(), count + 1, "{:#?}", &documents[..3]);
        assert_eq!(documents[0].total.clone().unwrap().amount, total - 200_000, "two nights less");
        assert_ne!(documents[0].number, void.number);
        assert_eq!(office.owed().await, owed - 200_000);
        assert_eq!(office.differences().await, []);
    }
    let new = office.listed(Status::Unspecified).await[0].document_id;
    let lines = office.documents().await.get_document(schema::GetDocumentRequest { document_id: new }).await.unwrap().into_inner().lines;
    assert_eq!(lines.iter().map(|line| line.code.as_str()).collect::<Vec<_>>(), ["usage"], "a charge, no correction");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_void_says_so_on_its_page_and_in_the_list_of_its_month() {
    let office = Office::new(1).await;
    let document_id = office.newest().await;
    let void = office.void(&office.sara, document_id).await.unwrap();
    for (language, words) in [(schema::DocumentLanguage::Persian, "باطل شده است"), (schema::DocumentLanguage::English, "VOID")] {
        let asked = schema::RenderDocumentRequest {
            which: Some(schema::render_document_request::Which::DocumentId(document_id)),
            format: schema::DocumentFormat::Html.into(),
            language: language.into(),
        };
        let page = office.documents().await.render_document(asked).await.unwrap().into_inner().content;
        let page = String::from_utf8(page).unwrap();
        assert!(page.contains(words) && page.contains(&void.number), "{page}");
    }
    let month = Moment::try_from(Utc::now()).unwrap().day().month();
    let asked = schema::ExportDocumentsRequest {
        month: Some(schema::SolarMonth { year: month.year(), month: i32::from(month.month()) }),
        format: schema::DocumentListFormat::Csv.into(),
        language: schema::DocumentLanguage::English.into(),
        ..Default::default()
    };
    let mut pieces = office.reports().await.export_documents(asked).await.unwrap().into_inner();
    let mut csv = Vec::new();
    while let Some(piece) = pieces.message().await.unwrap() {
        csv.extend(piece.piece);
    }
    let csv = String::from_utf8(csv).unwrap();
    let total = void.total.unwrap().amount;
    assert!(csv.contains(&format!(",{total},0,0,{total},void")), "{csv}");
    let head = office.house.store.ledger_head().await.unwrap();
    let last = csv.lines().last().unwrap();
    assert!(last.contains(&format!(",{},", head.number)) && last.contains(&head.hash), "{csv}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_paid_had_in_hand_or_corrected_stands() {
    let office = Office::new(1).await;
    let first = Moment::try_from(Utc::now()).unwrap().day().month().first_day().gregorian();
    let waiver = format!(
        "INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, percent, covers)
        VALUES (2, 'waiver', '{first} 00:00+03:30', '2024-05-01', 'x', 50, '{{daily}}')"
    );
    sql(&office.house.database, &waiver).await;
    let newest = office.newest().await;
    let refused = async |document_id| reason(&office.void(&office.sara, document_id).await.unwrap_err()).0;
    // The first months come before it: a payment pays the oldest.
    office.pays(1).await;
    assert_eq!(refused(1).await, "DOCUMENT_PAID", "money that was recorded a moment before, and is in no ledger yet");
    office.house.store.books_carry_on(&[2], Utc::now()).await.unwrap();
    assert_eq!(refused(1).await, "DOCUMENT_PAID");
    // A later run makes the month of the newest invoice dearer.
    let ended =
        "INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, cancels) VALUES (2, 'cancel', now(), now(), 'x', 1)";
    sql(&office.house.database, ended).await;
    office.run().await;
    let later = office.listed(Status::Unspecified).await[0].clone();
    let corrected = office.void(&office.sara, newest).await.unwrap_err();
    assert_eq!(reason(&corrected).0, "DOCUMENT_CORRECTED");
    let said = tonic_types::StatusExt::get_details_localized_message(&corrected).unwrap().message;
    assert!(said.contains(&later.number), "it names the later one: {said}");
    // Or cheaper: then credit is on it, and the note itself is no invoice.
    office.leave_of_this_month().await;
    office.run().await;
    let note = office.listed(Status::Unspecified).await[0].clone();
    assert_eq!((note.kind(), refused(newest).await.as_str()), (schema::DocumentKind::CreditNote, "DOCUMENT_PAID"));
    assert_eq!(refused(note.document_id).await, "VOID_NO_INVOICE");
    let sent = schema::MarkSentRequest { document_id: newest - 1, at: None, how: "by hand".to_owned() };
    office.documents().await.mark_sent(sent).await.unwrap();
    assert_eq!(refused(newest - 1).await, "DOCUMENT_SENT");
    let objection = schema::RecordObjectionRequest { document_id: newest - 2, at: None, text: "no".to_owned() };
    office.documents().await.record_objection(objection).await.unwrap();
    assert_eq!(refused(newest - 2).await, "DOCUMENT_SENT");
    let reminder = schema::MarkReminderSentRequest { document_id: newest - 3, number: 1, how: String::new() };
    office.reminders().await.mark_reminder_sent(reminder).await.unwrap();
    assert_eq!(refused(newest - 3).await, "DOCUMENT_SENT");
    assert_eq!(reason(&office.void(&office.qom, newest).await.unwrap_err()).0, "UNKNOWN_DOCUMENT");
    let empty = schema::VoidDocumentRequest { document_id: newest, reason: " ".to_owned() };
    assert_eq!(wrong_fields(&office.documents().await.void_document(empty).await.unwrap_err()), [owned(("reason", "MISSING"))]);
    let facts = "SELECT count(*) FROM billing_facts WHERE kind = 'void'";
    assert_eq!(office.house.database.client().await.query_one(facts, &[]).await.unwrap().get::<_, i64>(0), 0, "nothing was recorded");
    assert_eq!(office.differences().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_more_is_said_of_what_is_void() {
    let office = Office::new(1).await;
    office.newest().await;
    // The oldest: a reminder of it would be due.
    let document_id = 1;
    office.void(&office.sara, document_id).await.unwrap();
    assert_eq!(reason(&office.void(&office.reza, document_id).await.unwrap_err()).0, "DOCUMENT_VOID");
    let mut client = office.documents().await;
    let date = Some(Date { gregorian: "2026-11-21".to_owned(), solar_hijri: String::new() });
    let decision = Some(Decision { authority: "x".to_owned(), number: "x".to_owned(), date });
    let sent = schema::MarkSentRequest { document_id, at: None, how: "x".to_owned() };
    let mark = schema::MarkUncollectibleRequest { document_id, reason: "x".to_owned(), decision };
    let objection = schema::RecordObjectionRequest { document_id, at: None, text: "x".to_owned() };
    let reminder = schema::MarkReminderSentRequest { document_id, number: 1, how: String::new() };
    for refused in [
        client.mark_sent(sent).await.unwrap_err(),
        client.mark_uncollectible(mark).await.unwrap_err(),
        client.record_objection(objection).await.unwrap_err(),
        office.reminders().await.mark_reminder_sent(reminder).await.unwrap_err(),
    ] {
        assert_eq!(reason(&refused).0, "DOCUMENT_VOID");
    }
    let due = schema::ListRemindersRequest { page_size: 1000, ..Default::default() };
    let due = office.reminders().await.list_reminders(due).await.unwrap().into_inner().reminders;
    assert!(!due.is_empty() && due.iter().all(|one| one.document_id != document_id), "nobody is reminded of it: {due:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_and_a_void_at_once_leave_books_that_agree() {
    let office = Office::new(1).await;
    let document_id = office.newest().await;
    // All but the newest is paid, so that the next payment is its.
    let owed = office.owed().await;
    let newest = office.listed(Status::Unspecified).await[0].total.clone().unwrap().amount;
    office.pays(owed - newest).await;
    office.house.store.books_carry_on(&[2], Utc::now()).await.unwrap();
    let pay = schema::RecordPaymentRequest {
        wearer: "w-1".to_owned(),
        amount: Some(schema::Money { amount: 1000, currency: "IRR".to_owned() }),
        paid_at: Some(prost_types::Timestamp { seconds: Utc::now().timestamp() - 60, nanos: 0 }),
        reference: "bank-1".to_owned(),
        ..Default::default()
    };
    let mut payments = schema::payments_client::PaymentsClient::with_interceptor(office.house.channel().await, office.reza.clone());
    let (void, paid) = tokio::join!(office.void(&office.sara, document_id), payments.record_payment(pay));
    paid.unwrap();
    let stands = office.documents().await.get_document(schema::GetDocumentRequest { document_id }).await.unwrap().into_inner();
    match void {
        Ok(_) => assert_eq!((stands.status(), office.owed().await), (Status::Void, -1000), "the money is credit"),
        Err(refused) => {
            assert_eq!(reason(&refused).0, "DOCUMENT_PAID");
            assert_eq!(stands.paid.unwrap().amount, 1000);
        }
    }
    assert_eq!(office.differences().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_eight_who_make_it_void_at_once_one_does() {
    let office = std::sync::Arc::new(Office::new(1).await);
    let document_id = office.newest().await;
    let tries = (0..8).map(|_| {
        let office = office.clone();
        tokio::spawn(async move { office.void(&office.sara, document_id).await.is_ok() })
    });
    let mut done = 0;
    for one in tries.collect::<Vec<_>>() {
        done += usize::from(one.await.unwrap());
    }
    assert_eq!(done, 1);
    assert_eq!(office.differences().await, []);
    let forged =
        "INSERT INTO ledger_entries SELECT entry_id + 1, wearer_id, place + 1, at, text, hash FROM ledger_entries WHERE text LIKE 'void %'";
    assert!(office.house.database.client().await.batch_execute(forged).await.is_err(), "its entry is reversed once");
}
