//! Lines that went out and the refunds that they are; payments by hand and the lines that they are. Through a real connection.

use crate::house::{As, sql, wrong_fields};
use crate::money_room::{Office, ago, refused};
use proto::billing::*;

/// A wearer who has paid so much more than is owed.
async fn credit(office: &Office, amount: i64) {
    let owed = office.owes("w-1").await;
    office.pay(&office.clerk("sara").await, "w-1", owed + amount, "T-1").await.unwrap();
}

/// A refund that was approved before the day of the statements.
async fn approved(office: &Office, who: (&As, &As), amount: i64) -> Refund {
    let refund = office.request(who.0, "w-1", amount, false).await.unwrap();
    let refund = office.approve(who.1, &refund).await.unwrap();
    sql(&office.house.database, "UPDATE refunds SET approved_at = '2026-10-01' WHERE state = 'approved'").await;
    refund
}

async fn refund(office: &Office, who: &As, refund_id: i64) -> Refund {
    let listed = office.refunds(who).await.list_refunds(ListRefundsRequest::default()).await.unwrap().into_inner().refunds;
    listed.into_iter().find(|refund| refund.refund_id == refund_id).unwrap()
}

fn is_refund(line: &StatementLine, refund_id: i64) -> MatchLineRequest {
    MatchLineRequest { line_id: line.line_id, expected_version: line.version, refund_id, ..Default::default() }
}

fn is_payment(line: &StatementLine, payment_id: i64) -> MatchLineRequest {
    MatchLineRequest { line_id: line.line_id, expected_version: line.version, payment_id, ..Default::default() }
}

async fn line(office: &Office, who: &As, reference: &str) -> StatementLine {
    office.lines(who).await.into_iter().find(|line| line.reference == reference).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_to_the_account_of_the_one_refund_of_its_amount_says_that_it_was_sent() {
    let office = Office::new(1).await;
    credit(&office, 5000).await;
    let (sara, reza) = (office.clerk("sara").await, office.clerk("reza").await);
    let asked = approved(&office, (&sara, &reza), 3000).await;
    let owed = office.owes("w-1").await;
    let rows = "-3000,,P7,transfer to ir24 0150 0000 0117 7301 9202 07\n-9,,P8,\n-3000,,P9,to IR430600500901007959216001\n";
    let import = office.import(&sara, rows).await.unwrap();
    assert_eq!((import.matched, import.outgoing, import.waiting), (1, 2, 0));
    let (line, sent) = (line(&office, &sara, "P7").await, refund(&office, &sara, asked.refund_id).await);
    assert_eq!((line.state(), line.refund_id, line.payment_id, line.automatic), (StatementLineState::Matched, asked.refund_id, 0, true));
    assert_eq!((sent.state(), sent.bank_reference.as_str(), sent.line_id), (RefundState::Sent, "P7", line.line_id));
    assert_eq!(office.owes("w-1").await, owed, "it was booked with its approval");
    office.agrees().await;
    // One person alone does not make of money that has left the person's credit again.
    let aside = SetLineAsideRequest { line_id: line.line_id, expected_version: line.version, reason: "none of ours".to_owned() };
    office.statements(&sara).await.set_line_aside(aside).await.unwrap();
    let back = refund(&office, &sara, asked.refund_id).await;
    assert_eq!(back.state(), RefundState::Approved);
    let refuse = RefuseRefundRequest { refund_id: back.refund_id, expected_version: back.version, reason: "x".to_owned() };
    assert_eq!(refused(office.refunds(&sara).await.refuse_refund(refuse).await), "REFUND_LEFT");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_either_of_two_waits_for_a_person_whose_word_can_be_taken_back() {
    let office = Office::new(1).await;
    credit(&office, 5000).await;
    let (sara, reza) = (office.clerk("sara").await, office.clerk("reza").await);
    let (one, two) = (approved(&office, (&sara, &reza), 1000).await, approved(&office, (&sara, &reza), 1000).await);
    let three = approved(&office, (&sara, &reza), 700).await;
    let import = office.import(&sara, "-1000,IR240150000001177301920207,P1,\n700,,P2,\n-700,,P3,\n").await.unwrap();
    assert_eq!((import.matched, import.outgoing, import.waiting), (0, 2, 1));
    let mut client = office.statements(&sara).await;
    let (first, income, third) = (line(&office, &sara, "P1").await, line(&office, &sara, "P2").await, line(&office, &sara, "P3").await);
    assert_eq!(refused(client.match_line(is_refund(&first, three.refund_id)).await), "LINE_AMOUNT_DIFFERS");
    assert_eq!(refused(client.match_line(is_refund(&income, three.refund_id)).await), "STATEMENT_LINE_CAME_IN");
    let both = MatchLineRequest { payment_id: 1, ..is_refund(&first, one.refund_id) };
    assert_eq!(wrong_fields(&client.match_line(both).await.unwrap_err()), [crate::house::owned(("refund_id", "UNKNOWN_CHOICE"))]);
    let more = MatchLineRequest { wearer: "w-1".to_owned(), ..is_refund(&first, one.refund_id) };
    assert_eq!(wrong_fields(&client.match_line(more).await.unwrap_err()), [crate::house::owned(("wearer", "UNKNOWN_CHOICE"))]);
    let waiting = office.request(&sara, "w-1", 1000, false).await.unwrap();
    assert_eq!(refused(client.match_line(is_refund(&first, waiting.refund_id)).await), "REFUND_OVER");

    let matched = client.match_line(is_refund(&first, two.refund_id)).await.unwrap().into_inner();
    assert_eq!((matched.state(), matched.refund_id, matched.wearer.as_str()), (StatementLineState::Matched, two.refund_id, "w-1"));
    assert_eq!(refund(&office, &sara, two.refund_id).await.state(), RefundState::Sent);
    assert_eq!(refund(&office, &sara, one.refund_id).await.state(), RefundState::Approved);
    let third = client.match_line(is_refund(&third, three.refund_id)).await.unwrap().into_inner();
    let aside =
        |line: &StatementLine| SetLineAsideRequest { line_id: line.line_id, expected_version: line.version, reason: "wrong".to_owned() };
    let back = client.set_line_aside(aside(&matched)).await.unwrap().into_inner();
    assert_eq!((back.state(), back.refund_id), (StatementLineState::SetAside, 0));
    let again = refund(&office, &sara, two.refund_id).await;
    assert_eq!((again.state(), again.line_id, again.bank_reference.as_str()), (RefundState::Approved, 0, ""));
    assert_eq!(refused(client.match_line(is_refund(&back, three.refund_id)).await), "HAS_LINE");
    client.match_line(is_refund(&back, one.refund_id)).await.unwrap();
    // A line that went out and is no refund at all is set aside too.
    assert_eq!(third.state(), StatementLineState::Matched);
    office.import(&sara, "-5,,P5,fee\n").await.unwrap();
    let fee = client.set_line_aside(aside(&line(&office, &sara, "P5").await)).await.unwrap().into_inner();
    assert_eq!(fee.state(), StatementLineState::SetAside);
    office.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_somebody_wrote_down_as_sent_finds_its_line_by_the_reference() {
    let office = Office::new(1).await;
    credit(&office, 5000).await;
    let (sara, reza) = (office.clerk("sara").await, office.clerk("reza").await);
    let (one, two) = (approved(&office, (&sara, &reza), 1000).await, approved(&office, (&sara, &reza), 1000).await);
    let sent = |refund: &Refund, reference: &str| MarkRefundSentRequest {
        refund_id: refund.refund_id,
        expected_version: refund.version,
        bank_reference: reference.to_owned(),
    };
    let mut client = office.refunds(&sara).await;
    client.mark_refund_sent(sent(&one, "BULK-1")).await.unwrap();
    assert_eq!(refused(client.mark_refund_sent(sent(&two, "BULK-1")).await), "REFUND_REFERENCE_SEEN");
    let import = office.import(&sara, "-1000,,BULK-1,\n-1000,,BULK-2,\n").await.unwrap();
    assert_eq!((import.matched, import.outgoing), (1, 1));
    let matched = line(&office, &sara, "BULK-1").await;
    assert_eq!((matched.refund_id, refund(&office, &sara, one.refund_id).await.line_id), (one.refund_id, matched.line_id));
    // By hand it was sent, whatever becomes of the line.
    let aside = SetLineAsideRequest { line_id: matched.line_id, expected_version: matched.version, reason: "x".to_owned() };
    office.statements(&sara).await.set_line_aside(aside).await.unwrap();
    assert_eq!(refund(&office, &sara, one.refund_id).await.state(), RefundState::Sent);
    // A line that was read in before finds it with the next file.
    client.mark_refund_sent(sent(&two, "BULK-2")).await.unwrap();
    office.import(&sara, "-1,,X,\n").await.unwrap();
    assert_eq!(line(&office, &sara, "BULK-2").await.refund_id, two.refund_id);
    office.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_is_the_payment_that_was_recorded_by_hand_and_nothing_is_booked_again() {
    let office = Office::new(1).await;
    let sara = office.clerk("sara").await;
    let by_hand = office.pay(&sara, "w-1", 1000, "B1").await.unwrap();
    let owed = office.owes("w-1").await;
    office.import(&sara, "1000,,B1,\n1000,,B2,\n2000,,B3,\n").await.unwrap();
    let mut client = office.statements(&sara).await;
    let (first, second, third) = (line(&office, &sara, "B1").await, line(&office, &sara, "B2").await, line(&office, &sara, "B3").await);
    assert_eq!(first.like_payment_id, by_hand.payment_id);
    assert_eq!(refused(client.match_line(is_payment(&third, by_hand.payment_id)).await), "LINE_AMOUNT_DIFFERS");
    let matched = client.match_line(is_payment(&first, by_hand.payment_id)).await.unwrap().into_inner();
    assert_eq!((matched.state(), matched.payment_id, matched.wearer.as_str()), (StatementLineState::Matched, by_hand.payment_id, "w-1"));
    assert_eq!((office.owes("w-1").await, office.number("SELECT count(*) FROM billing_facts").await), (owed, 1));
    assert_eq!(refused(client.match_line(is_payment(&second, by_hand.payment_id)).await), "HAS_LINE");
    let mut payments = office.payments(&sara).await;
    let listed = payments.list_payments(ListPaymentsRequest::default()).await.unwrap().into_inner().payments;
    assert_eq!(listed[0].line_id, matched.line_id);
    // It was another's: the line waits again and is somebody's anew.
    let kind = ReversalKind::Misdirected.into();
    payments.reverse_payment(ReversePaymentRequest { payment_id: by_hand.payment_id, kind, reason: "x".to_owned() }).await.unwrap();
    let first = line(&office, &sara, "B1").await;
    assert_eq!(first.state(), StatementLineState::Waiting);
    assert_eq!(refused(client.match_line(is_payment(&first, by_hand.payment_id)).await), "PAYMENT_REVERSED");
    let to = MatchLineRequest { line_id: first.line_id, expected_version: first.version, wearer: "w-1".to_owned(), ..Default::default() };
    client.match_line(to).await.unwrap();
    assert_eq!(office.owes("w-1").await, owed);
    office.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_that_was_typed_for_the_wrong_person_is_recorded_for_the_right_one() {
    let office = Office::new(2).await;
    let sara = office.clerk("sara").await;
    let owed = [office.owes("w-1").await, office.owes("w-2").await];
    let wrong = office.pay(&sara, "w-1", 700, "T-9").await.unwrap();
    assert_eq!(refused(office.pay(&sara, "w-2", 700, "T-9").await), "REFERENCE_SEEN");
    let kind = ReversalKind::Misdirected.into();
    let reverse = ReversePaymentRequest { payment_id: wrong.payment_id, kind, reason: "wrong file".to_owned() };
    office.payments(&sara).await.reverse_payment(reverse).await.unwrap();
    let right = office.pay(&sara, "w-2", 700, "T-9").await.unwrap();
    assert_eq!((right.reference.as_str(), right.wearer.as_str()), ("T-9/2", "w-2"));
    assert_eq!([office.owes("w-1").await, office.owes("w-2").await], [owed[0], owed[1] - 700]);
    assert_eq!(refused(office.pay(&sara, "w-1", 700, "T-9").await), "REFERENCE_SEEN");
    // The line of the statement is seen as the same money.
    let bill = office.bill_id(&sara, "w-2").await;
    assert_eq!(office.import(&sara, &format!("700,{bill},T-9,\n")).await.unwrap().waiting, 1);
    let line = line(&office, &sara, "T-9").await;
    assert_eq!(line.like_payment_id, right.payment_id);
    office.statements(&sara).await.match_line(is_payment(&line, right.payment_id)).await.unwrap();
    assert_eq!(office.owes("w-2").await, owed[1] - 700);
    // A deposit of one's own is as much a payment: nothing is typed twice.
    let asked = RecordDepositPaymentRequest {
        wearer: "w-2".to_owned(),
        amount: crate::money_room::rials(700),
        paid_at: ago(60),
        reference: "T-9".to_owned(),
        note: String::new(),
    };
    assert_eq!(refused(office.deposits(&sara).await.record_deposit_payment(asked).await), "REFERENCE_SEEN");
    office.agrees().await;
}

/// A refund that was sent by hand.
async fn sent(office: &Office, who: (&As, &As), amount: i64, reference: &str) -> Refund {
    let refund = approved(office, who, amount).await;
    let (refund_id, expected_version) = (refund.refund_id, refund.version);
    let asked = MarkRefundSentRequest { refund_id, expected_version, bank_reference: reference.to_owned() };
    office.refunds(who.0).await.mark_refund_sent(asked).await.unwrap().into_inner()
}

fn came_back(refund: &Refund, line_id: i64) -> MarkRefundReturnedRequest {
    let (refund_id, expected_version) = (refund.refund_id, refund.version);
    MarkRefundReturnedRequest { refund_id, expected_version, reason: "the account is closed".to_owned(), line_id }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_the_bank_sent_back_is_the_person_s_again_once_and_is_paid_anew() {
    let office = Office::new(1).await;
    credit(&office, 5000).await;
    let (sara, reza) = (office.clerk("sara").await, office.clerk("reza").await);
    let mut client = office.refunds(&sara).await;
    let booked = approved(&office, (&sara, &reza), 3000).await;
    assert_eq!(refused(client.mark_refund_returned(came_back(&booked, 0)).await), "REFUND_OVER", "it was not sent");
    let asked = MarkRefundSentRequest { refund_id: booked.refund_id, expected_version: booked.version, bank_reference: "P-1".to_owned() };
    let gone = client.mark_refund_sent(asked).await.unwrap().into_inner();
    assert_eq!(office.owes("w-1").await, -2000);
    assert_eq!(refused(client.mark_refund_returned(came_back(&booked, 0)).await), "VERSION_CHANGED");
    let back = client.mark_refund_returned(came_back(&gone, 0)).await.unwrap().into_inner();
    assert_eq!(
        (back.state(), back.returned_by.as_str(), back.return_reason.as_str()),
        (RefundState::Returned, "sara", "the account is closed")
    );
    assert_eq!((back.bank_reference.as_str(), back.return_line_id, office.owes("w-1").await), ("P-1", 0, -5000));
    assert_eq!(refused(client.mark_refund_returned(came_back(&back, 0)).await), "REFUND_OVER");
    let refuse = RefuseRefundRequest { refund_id: back.refund_id, expected_version: back.version, reason: "x".to_owned() };
    assert_eq!(refused(client.refuse_refund(refuse).await), "REFUND_OVER");
    let listed =
        client.list_refunds(ListRefundsRequest { states: vec![RefundState::Returned.into()], ..Default::default() }).await.unwrap();
    assert_eq!(listed.into_inner().refunds, std::slice::from_ref(&back));

    // The line of a later statement by which it went, and the one by which it came in.
    office.import(&sara, "-3000,,P-1,\n3000,,R-1,\n3001,,R-2,\n").await.unwrap();
    assert_eq!(line(&office, &sara, "P-1").await.refund_id, back.refund_id, "by the reference");
    let mut statements = office.statements(&sara).await;
    let more = line(&office, &sara, "R-2").await;
    assert_eq!(refused(statements.match_line(is_refund(&more, back.refund_id)).await), "LINE_AMOUNT_DIFFERS");
    let income = line(&office, &sara, "R-1").await;
    let matched = statements.match_line(is_refund(&income, back.refund_id)).await.unwrap().into_inner();
    let expected = (StatementLineState::Matched, back.refund_id, 0, "w-1");
    assert_eq!((matched.state(), matched.refund_id, matched.payment_id, matched.wearer.as_str()), expected);
    assert_eq!(refund(&office, &sara, back.refund_id).await.return_line_id, matched.line_id);
    assert_eq!(office.owes("w-1").await, -5000, "it was booked with the word that it came back");

    // Paid anew, under another reference.
    let again = approved(&office, (&sara, &reza), 5000).await;
    assert_eq!((again.state(), office.owes("w-1").await), (RefundState::Approved, 0));
    office.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_line_by_which_a_refund_came_back_is_that_and_nothing_else() {
    let office = Office::new(1).await;
    credit(&office, 9000).await;
    let (sara, reza) = (office.clerk("sara").await, office.clerk("reza").await);
    let (one, two) = (sent(&office, (&sara, &reza), 3000, "P-1").await, sent(&office, (&sara, &reza), 3000, "P-2").await);
    office.import(&sara, "-3000,,P-1,\n-3000,,X-1,\n3000,,R-1,\n2999,,R-2,\n").await.unwrap();
    let mut client = office.refunds(&sara).await;
    let one = refund(&office, &sara, one.refund_id).await;
    let number = async |reference: &str| line(&office, &sara, reference).await.line_id;
    assert_eq!(refused(client.mark_refund_returned(came_back(&one, number("X-1").await)).await), "STATEMENT_LINE_WENT_OUT");
    assert_eq!(refused(client.mark_refund_returned(came_back(&one, number("R-2").await)).await), "LINE_AMOUNT_DIFFERS");
    assert_eq!(refused(client.mark_refund_returned(came_back(&one, 999)).await), "UNKNOWN_STATEMENT_LINE");
    assert_eq!(refund(&office, &sara, one.refund_id).await, one, "nothing was changed");
    let income = line(&office, &sara, "R-1").await;
    assert_eq!(refused(office.statements(&sara).await.match_line(is_refund(&income, one.refund_id)).await), "STATEMENT_LINE_CAME_IN");
    let back = client.mark_refund_returned(came_back(&one, income.line_id)).await.unwrap().into_inner();
    assert_eq!((back.state(), back.return_line_id), (RefundState::Returned, income.line_id));
    let income = line(&office, &sara, "R-1").await;
    assert_eq!((income.state(), income.refund_id, income.payment_id), (StatementLineState::Matched, one.refund_id, 0));
    assert_eq!(refused(client.mark_refund_returned(came_back(&two, income.line_id)).await), "STATEMENT_LINE_OVER");
    // It went out by that line: the word for either is not taken back.
    for reference in ["P-1", "R-1"] {
        let line = line(&office, &sara, reference).await;
        let aside = SetLineAsideRequest { line_id: line.line_id, expected_version: line.version, reason: "x".to_owned() };
        assert_eq!(refused(office.statements(&sara).await.set_line_aside(aside).await), "STATEMENT_LINE_OVER", "{reference}");
    }
    office.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deposit_that_the_bank_sent_back_is_held_again() {
    let office = Office::new(1).await;
    let (sara, reza) = (office.clerk("sara").await, office.clerk("reza").await);
    let asked = RecordDepositPaymentRequest {
        wearer: "w-1".to_owned(),
        amount: crate::money_room::rials(700),
        paid_at: ago(60),
        reference: "D-1".to_owned(),
        note: String::new(),
    };
    office.deposits(&sara).await.record_deposit_payment(asked).await.unwrap();
    let off = "UPDATE fittings SET period = tstzrange(lower(period), now()) WHERE wearer_id = (SELECT wearer_id FROM wearers WHERE reference = 'w-1');
        INSERT INTO removals (fitting_id, at, recorded_at, removed_by, reason, condition, deposit, tag_state)
            SELECT fitting_id, upper(period), now(), 'x', 'order_ended', 'good', 'none', 'returned' FROM fittings WHERE upper(period) IS NOT NULL";
    sql(&office.house.database, off).await;
    let refund = office.request(&sara, "w-1", 700, true).await.unwrap();
    let refund = office.approve(&reza, &refund).await.unwrap();
    let asked = MarkRefundSentRequest { refund_id: refund.refund_id, expected_version: refund.version, bank_reference: "P-1".to_owned() };
    let gone = office.refunds(&sara).await.mark_refund_sent(asked).await.unwrap().into_inner();
    assert_eq!(office.balance("w-1", "liabilities:deposit").await, 0);
    office.refunds(&sara).await.mark_refund_returned(came_back(&gone, 0)).await.unwrap();
    assert_eq!(office.balance("w-1", "liabilities:deposit").await, -700);
    let due = office.refunds(&sara).await.list_refunds_due(ListRefundsDueRequest::default()).await.unwrap().into_inner().due;
    assert!(due.iter().any(|due| due.deposit && due.amount == crate::money_room::rials(700) && due.refund_id == 0), "{due:?}");
    office.request(&sara, "w-1", 700, true).await.unwrap();
    office.agrees().await;
}
