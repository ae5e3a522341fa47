//! Bank statements through a real connection: each line once, matched when it is certain, and by one person alone.

use crate::fitting_room::told;
use crate::house::wrong_fields;
use crate::money_room::{Office, payment, refused, statement};
use access::Role;
use proto::billing::documents_client::DocumentsClient;
use proto::billing::*;

fn matching(line: &StatementLine, wearer: &str) -> MatchLineRequest {
    MatchLineRequest { line_id: line.line_id, expected_version: line.version, wearer: wearer.to_owned(), ..Default::default() }
}

fn states(lines: &[StatementLine]) -> Vec<(StatementLineState, &str, &str)> {
    lines.iter().map(|line| (line.state(), line.reference.as_str(), line.wearer.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_read_in_twice_and_one_that_overlaps_it_give_each_line_once() {
    let office = Office::new(1).await;
    let clerk = office.clerk("sara").await;
    let (bill, owed) = (office.bill_id(&clerk, "w-1").await, office.owes("w-1").await);
    let rows = format!("1000000,{bill},B1,\n1000000,{bill},B1,\n700,,B2,who knows\n-5,,B3,fee\n");
    let mut named_anew = statement(&rows);
    named_anew.new_account = false;
    assert_eq!(refused(office.statements(&clerk).await.import_statement(named_anew.clone()).await), "ACCOUNT_NEW");
    let first = office.import(&clerk, &rows).await.unwrap();
    let counts =
        |import: StatementImport| [import.lines, import.new_lines, import.known_lines, import.matched, import.waiting, import.outgoing];
    assert_eq!(counts(first), [4, 4, 0, 2, 1, 1]);
    assert_eq!(office.owes("w-1").await, owed - 2_000_000, "two equal lines are two payments");
    let again = office.statements(&clerk).await.import_statement(named_anew).await.unwrap().into_inner();
    assert_eq!(counts(again), [4, 0, 4, 0, 0, 0]);
    let more = office.import(&clerk, &format!("-5,,B3,fee\n1000000,{bill},B1,\n1000000,{bill},B4,\n")).await.unwrap();
    assert_eq!(counts(more), [3, 1, 2, 1, 0, 0]);
    assert_eq!(office.owes("w-1").await, owed - 3_000_000);
    office.agrees().await;
    use StatementLineState::{Matched, Outgoing, Waiting};
    let lines = office.lines(&clerk).await;
    let expected = [(Waiting, "B2", ""), (Matched, "B4", "w-1"), (Outgoing, "B3", ""), (Matched, "B1", "w-1"), (Matched, "B1", "w-1")];
    assert_eq!(states(&lines), expected, "what waits comes first");
    assert!(lines[1].automatic && lines[1].payment_id > 0 && lines[1].day.as_ref().unwrap().solar_hijri == "1405/07/30");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_sent_again_under_its_key_is_answered_as_before() {
    let office = Office::new(1).await;
    let clerk = office.clerk("sara").await;
    let bill = office.bill_id(&clerk, "w-1").await;
    let mut keyed = office.statements(&clerk.clone().with("paband-idempotency-key", "import-0001")).await;
    let file = statement(&format!("1000000,{bill},B1,\n"));
    let first = keyed.import_statement(file.clone()).await.unwrap().into_inner();
    assert_eq!(keyed.import_statement(file).await.unwrap().into_inner(), first);
    assert_eq!(first.matched, 1);
    assert_eq!(office.number("SELECT count(*) FROM statements").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_are_matched_by_themselves_only_when_it_is_certain_whose_they_are() {
    let office = Office::new(2).await;
    let clerk = office.clerk("sara").await;
    let (one, two) = (office.bill_id(&clerk, "w-1").await, office.bill_id(&clerk, "w-2").await);
    let central = office.house.log_in("central", &[(Role::Finance, "central")]).await;
    let elsewhere = office.bill_id(&central, "q-1").await;
    let (invoice, _) = office.invoice("w-1").await;
    let (foreign, _) = office.invoice("q-1").await;
    let last = one.chars().last().and_then(|last| last.to_digit(10)).unwrap();
    let mistyped = format!("{}{}", &one[..one.len() - 1], (last + 1) % 10);
    for (row, wearer) in [
        (format!("11,{one},B1,"), "w-1"),
        (format!("12,,B2,for {invoice} with thanks"), "w-1"),
        (format!("13,{one},{invoice},"), "w-1"),
        (format!("14,{one} {two},B4,"), ""),
        (format!("15,{two},{invoice},"), ""),
        (format!("16,{mistyped},B6,"), ""),
        (format!("17,,B7,{one}"), ""),
        (format!("18,{elsewhere},B8,"), ""),
        (format!("19,,B9,{foreign}"), ""),
        (format!("20,{one},B10,INV-tehran-1405-999999"), ""),
        ("21,99999990000,B11,".to_owned(), ""),
    ] {
        office.import(&clerk, &row).await.unwrap();
        let line = office.lines(&clerk).await.into_iter().max_by_key(|line| line.line_id).unwrap();
        assert_eq!(line.wearer, wearer, "{row}");
    }
    let named = office.number("SELECT count(*) FROM billing_facts WHERE invoice IS NOT NULL").await;
    assert_eq!(named, 2, "the invoice that was named is paid first");
    office.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_of_the_central_bank_make_new_bill_ids_and_old_ones_still_count() {
    let office = Office::new(1).await;
    let clerk = office.clerk("sara").await;
    let old = office.bill_id(&clerk, "w-1").await;
    crate::house::sql(&office.house.database, "INSERT INTO bill_codes VALUES (now(), 456, 7)").await;
    let shown = office.payments(&clerk).await.get_bill_id(GetBillIdRequest { wearer: "w-1".to_owned() }).await.unwrap().into_inner();
    assert!(!shown.internal && shown.bill_id != old && shown.bill_id[..shown.bill_id.len() - 1].ends_with("4567"), "{shown:?}");
    let import = office.import(&clerk, &format!("5,{old},B1,\n6,{},B2,\n", shown.bill_id)).await.unwrap();
    assert_eq!(import.matched, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_waits_becomes_the_payment_of_whom_a_person_names() {
    let office = Office::new(1).await;
    let clerk = office.clerk("sara").await;
    office.import(&clerk, "1000,,B1,\n-7,,B2,\n2000,,B3,\n").await.unwrap();
    let owed = office.owes("w-1").await;
    let lines = office.lines(&clerk).await;
    let (third, first, out) = (&lines[0], &lines[1], &lines[2]);
    let mut client = office.statements(&clerk).await;
    let (invoice, _) = office.invoice("w-1").await;
    let wrong = MatchLineRequest { invoice: "INV-qom-1405-000001".to_owned(), ..matching(first, "w-1") };
    assert_eq!(refused(client.match_line(wrong).await), "INVOICE_NOT_THEIRS");
    assert_eq!(refused(client.match_line(matching(first, "q-1")).await), "UNKNOWN_WEARER");
    assert_eq!(refused(client.match_line(matching(out, "w-1")).await), "STATEMENT_LINE_WENT_OUT");
    assert_eq!(office.owes("w-1").await, owed);
    let matched = client.match_line(MatchLineRequest { invoice, ..matching(first, "w-1") }).await.unwrap().into_inner();
    assert_eq!((matched.state(), matched.decided_by.as_str(), matched.automatic), (StatementLineState::Matched, "sara", false));
    assert_eq!(office.owes("w-1").await, owed - 1000);
    assert_eq!(refused(client.match_line(matching(first, "w-1")).await), "VERSION_CHANGED");
    assert_eq!(refused(client.match_line(matching(&matched, "w-1")).await), "STATEMENT_LINE_OVER");

    let aside =
        |line: &StatementLine| SetLineAsideRequest { line_id: line.line_id, expected_version: line.version, reason: "rent".to_owned() };
    let set = client.set_line_aside(aside(third)).await.unwrap().into_inner();
    assert_eq!((set.state(), set.reason.as_str()), (StatementLineState::SetAside, "rent"));
    assert_eq!(refused(client.set_line_aside(aside(&set)).await), "STATEMENT_LINE_OVER");
    let back = client.match_line(matching(&set, "w-1")).await.unwrap().into_inner();
    assert_eq!((back.state(), office.owes("w-1").await), (StatementLineState::Matched, owed - 3000), "it was a payment after all");
    office.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_another_unit_does_not_exist_and_a_wearer_of_another_is_not_named() {
    let office = Office::new(1).await;
    let clerk = office.clerk("sara").await;
    office.import(&clerk, "1000,,B1,\n").await.unwrap();
    let line = office.lines(&clerk).await.remove(0);
    let qom = office.house.log_in("qom", &[(Role::Finance, "qom")]).await;
    assert_eq!(refused(office.statements(&qom).await.match_line(matching(&line, "q-1")).await), "UNKNOWN_STATEMENT_LINE");
    assert_eq!(office.lines(&qom).await, []);
    // The central unit knows that it is Qom's: Tehran sees that it is matched, and not whose it is.
    let central = office.house.log_in("central", &[(Role::Finance, "central")]).await;
    let matched = office.statements(&central).await.match_line(matching(&line, "q-1")).await.unwrap().into_inner();
    assert_eq!(matched.wearer, "q-1");
    assert_eq!(states(&office.lines(&clerk).await), [(StatementLineState::Matched, "B1", "")]);
    office.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_eight_clerks_who_match_one_line_one_does() {
    let office = Office::new(8).await;
    let clerk = office.clerk("sara").await;
    office.import(&clerk, "1000,,B1,\n").await.unwrap();
    let line = office.lines(&clerk).await.remove(0);
    let mut matches = Vec::new();
    for number in 1..=8 {
        let mut client = office.statements(&office.clerk(&format!("clerk-{number}")).await).await;
        let asked = matching(&line, &format!("w-{number}"));
        matches.push(tokio::spawn(async move { client.match_line(asked).await }));
    }
    let mut lost = Vec::new();
    for one in matches {
        if let Err(status) = one.await.unwrap() {
            lost.push(crate::house::reason(&status).0);
        }
    }
    assert_eq!(lost, vec!["VERSION_CHANGED".to_owned(); 7]);
    assert_eq!(office.number("SELECT count(*) FROM billing_facts WHERE kind = 'payment'").await, 1);
    office.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_imports_of_one_file_at_once_take_each_line_once() {
    let office = Office::new(1).await;
    let clerk = office.clerk("sara").await;
    let (bill, owed) = (office.bill_id(&clerk, "w-1").await, office.owes("w-1").await);
    let rows: String = (0..50).map(|row| format!("{},{bill},R{row},\n", 100 + row)).collect();
    let mut imports = Vec::new();
    for _ in 0..4 {
        let (mut client, file) = (office.statements(&clerk).await, statement(&rows));
        imports.push(tokio::spawn(async move { client.import_statement(file).await.unwrap().into_inner().matched }));
    }
    let mut matched = 0;
    for import in imports {
        matched += import.await.unwrap();
    }
    assert_eq!((matched, office.owes("w-1").await), (50, owed - (0..50).map(|row| 100 + row).sum::<i64>()));
    office.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_was_recorded_by_hand_does_not_count_again_with_the_statement() {
    let office = Office::new(1).await;
    let clerk = office.clerk("sara").await;
    let bill = office.bill_id(&clerk, "w-1").await;
    let by_hand = office.pay(&clerk, "w-1", 1000, "B1").await.unwrap();
    let owed = office.owes("w-1").await;
    let import = office.import(&clerk, &format!("1000,{bill},B1,\n2000,{bill},B2,\n")).await.unwrap();
    assert_eq!((import.matched, import.waiting), (1, 1));
    let line = office.lines(&clerk).await.remove(0);
    assert_eq!((line.reference.as_str(), line.like_payment_id), ("B1", by_hand.payment_id));
    let mut client = office.statements(&clerk).await;
    let answer = client.match_line(matching(&line, "w-1")).await.unwrap_err();
    assert_eq!(told(&answer, "payment"), Some(by_hand.payment_id.to_string()));
    assert_eq!(office.owes("w-1").await, owed - 2000);
    // And the other way round: what came with the statement is not recorded by hand.
    let answer = office.payments(&clerk).await.record_payment(payment("w-1", 2000, "B2")).await;
    assert_eq!(refused(answer), "REFERENCE_SEEN");
    let another = MatchLineRequest { another_payment: true, ..matching(&line, "w-1") };
    client.match_line(another).await.unwrap();
    assert_eq!(office.owes("w-1").await, owed - 3000, "a person says that it is another");
    office.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_account_in_two_formats_is_not_matched_twice() {
    let office = Office::new(1).await;
    let clerk = office.clerk("sara").await;
    let bill = office.bill_id(&clerk, "w-1").await;
    office.import(&clerk, &format!("3000000,{bill},,\n")).await.unwrap();
    let owed = office.owes("w-1").await;
    let file = format!(":20:S\n:25:IR1\n:60F:C261021IRR0,\n:61:261022C3000000,NTRF{bill}//B7\n:62F:C261022IRR3000000,\n");
    let mt940 = ImportStatementRequest { format: StatementFormat::Mt940.into(), file: file.clone().into_bytes(), ..statement("") };
    let mut client = office.statements(&clerk).await;
    let import = client.import_statement(mt940.clone()).await.unwrap().into_inner();
    assert_eq!((import.new_lines, import.matched, import.waiting), (1, 0, 1));
    assert_eq!(office.owes("w-1").await, owed);
    let other = ImportStatementRequest { file: file.replace("IR1", "IR2").into_bytes(), ..mt940 };
    assert_eq!(refused(client.import_statement(other).await), "ACCOUNT_DIFFERS");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_mistakes_is_refused_whole_and_each_line_is_told() {
    let office = Office::new(1).await;
    let clerk = office.clerk("sara").await;
    let mut client = office.statements(&clerk).await;
    let answer = client.import_statement(statement("5,,,\nmuch,,,\n,,,\n")).await.unwrap_err();
    let expected = [("lines[3]", "NOT_AN_AMOUNT"), ("lines[4]", "STATEMENT_IN_OR_OUT")];
    assert_eq!(wrong_fields(&answer), expected.map(crate::house::owned));
    let empty = ImportStatementRequest::default();
    let expected = [("unit", "MISSING"), ("account", "MISSING"), ("format", "UNKNOWN_CHOICE")];
    assert_eq!(wrong_fields(&client.import_statement(empty).await.unwrap_err()), expected.map(crate::house::owned));
    let large = ImportStatementRequest { file: vec![b'x'; 1024 * 1024 + 1], ..statement("") };
    assert_eq!(wrong_fields(&client.import_statement(large).await.unwrap_err()), [("file", "TOO_LONG")].map(crate::house::owned));
    let qom = ImportStatementRequest { unit: "qom".to_owned(), ..statement("5,,,\n") };
    assert_eq!(refused(client.import_statement(qom).await), "UNKNOWN_UNIT");
    assert_eq!(office.number("SELECT count(*) FROM statement_lines").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_lines_follow_each_other() {
    let office = Office::new(1).await;
    let clerk = office.clerk("sara").await;
    office.import(&clerk, "1,,,a\n-2,,,b\n3,,,c\n-4,,,d\n5,,,e\n").await.unwrap();
    let (mut client, mut seen, mut page_token) = (office.statements(&clerk).await, Vec::new(), String::new());
    loop {
        let asked = ListStatementLinesRequest { page_size: 2, page_token, ..Default::default() };
        let page = client.list_statement_lines(asked).await.unwrap().into_inner();
        seen.extend(page.lines.into_iter().map(|line| line.text));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, ["e", "c", "a", "d", "b"]);
    let waiting = ListStatementLinesRequest { states: vec![StatementLineState::Outgoing.into()], ..Default::default() };
    assert_eq!(client.list_statement_lines(waiting).await.unwrap().into_inner().lines.len(), 2);
    let foreign = ListStatementLinesRequest { page_token: "x".to_owned(), ..Default::default() };
    assert_eq!(refused(client.list_statement_lines(foreign).await), "INVALID_FIELDS");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_id_names_the_invoice_that_is_paid_first() {
    let office = Office::new(1).await;
    let clerk = office.clerk("sara").await.purpose("file");
    let mut documents = DocumentsClient::with_interceptor(office.house.channel().await, clerk.clone());
    let of_wearer = ListDocumentsRequest { wearer: "w-1".to_owned(), ..ListDocumentsRequest::default() };
    let listed = documents.list_documents(of_wearer).await.unwrap().into_inner().documents;
    assert!(listed.len() > 1, "{listed:?}");
    let newest = GetDocumentRequest { document_id: listed[0].document_id };
    let PayTo { amount, bill_id, payment_id, .. } = documents.get_document(newest).await.unwrap().into_inner().pay_to.unwrap();
    let import = office.import(&clerk, &format!("{},{bill_id}/{payment_id},R1,\n", amount.unwrap().amount)).await.unwrap();
    assert_eq!(import.matched, 1);
    for (place, one) in listed.iter().enumerate() {
        let document = documents.get_document(GetDocumentRequest { document_id: one.document_id }).await.unwrap().into_inner();
        assert_eq!(
            (document.status() == DocumentStatus::Paid, document.number.as_str()),
            (place == 0, one.number.as_str()),
            "the newest alone"
        );
    }
    office.agrees().await;
}
