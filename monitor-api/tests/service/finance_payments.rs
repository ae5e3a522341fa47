//! Payments by hand and their reversal, through a real connection.

use crate::fitting_room::told;
use crate::house::wrong_fields;
use crate::money_room::{Office, ago, payment, refused, rials};
use proto::billing::*;
use tonic::Code;

fn reverse(payment_id: i64, kind: ReversalKind) -> ReversePaymentRequest {
    ReversePaymentRequest { payment_id, kind: kind.into(), reason: "returned by the bank".to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_counts_once_in_the_whole_country() {
    let office = Office::new(2).await;
    let clerk = office.clerk("sara").await;
    let owed = office.owes("w-1").await;
    let paid = office.pay(&clerk, "w-1", 1_000_000, "T-1").await.unwrap();
    assert_eq!((paid.wearer.as_str(), paid.recorded_by.as_str(), paid.amount), ("w-1", "sara", rials(1_000_000)));
    assert_eq!(office.owes("w-1").await, owed - 1_000_000);
    let answer = office.pay(&clerk, "w-2", 5, "T-1").await.unwrap_err();
    assert_eq!((answer.code(), told(&answer, "payment")), (Code::AlreadyExists, Some(paid.payment_id.to_string())));
    let qom = office.house.log_in("qom", &[(access::Role::Finance, "qom")]).await;
    let answer = office.pay(&qom, "q-1", 5, "T-1").await.unwrap_err();
    assert_eq!((answer.code(), told(&answer, "payment").as_deref()), (Code::AlreadyExists, Some("—")), "not whose it is");
    assert_eq!(office.number("SELECT count(*) FROM billing_facts").await, 1);
    office.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_bounced_opens_its_invoices_again_once() {
    let office = Office::new(1).await;
    let clerk = office.clerk("sara").await;
    let owed = office.owes("w-1").await;
    let paid = office.pay(&clerk, "w-1", owed, "T-1").await.unwrap();
    assert_eq!(office.owes("w-1").await, 0);
    let mut client = office.payments(&clerk).await;
    let unsaid = client.reverse_payment(reverse(paid.payment_id, ReversalKind::Unspecified)).await.unwrap_err();
    assert_eq!(wrong_fields(&unsaid), [("kind", "UNKNOWN_CHOICE")].map(crate::house::owned));
    let reversed = client.reverse_payment(reverse(paid.payment_id, ReversalKind::Bounced)).await.unwrap().into_inner();
    assert_eq!((reversed.reversed_by.as_str(), reversed.reverse_reason.as_str()), ("sara", "returned by the bank"));
    assert_eq!(office.owes("w-1").await, owed);
    assert_eq!(refused(client.reverse_payment(reverse(paid.payment_id, ReversalKind::Bounced)).await), "PAYMENT_REVERSED");
    assert_eq!(office.owes("w-1").await, owed);
    assert_eq!(refused(office.pay(&clerk, "w-1", owed, "T-1").await), "REFERENCE_SEEN");
    office.agrees().await;
    let listed = client.list_payments(ListPaymentsRequest { wearer: "w-1".to_owned(), ..Default::default() }).await.unwrap().into_inner();
    assert_eq!(listed.payments, [reversed]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_eight_reversals_at_once_one_is_booked() {
    let office = Office::new(1).await;
    let clerk = office.clerk("sara").await;
    let owed = office.owes("w-1").await;
    let paid = office.pay(&clerk, "w-1", 1000, "T-1").await.unwrap();
    let mut reversals = Vec::new();
    for _ in 0..8 {
        let mut client = office.payments(&clerk).await;
        reversals.push(tokio::spawn(async move { client.reverse_payment(reverse(paid.payment_id, ReversalKind::Bounced)).await.is_ok() }));
    }
    let mut booked = 0;
    for one in reversals {
        booked += usize::from(one.await.unwrap());
    }
    assert_eq!((booked, office.owes("w-1").await), (1, owed));
    office.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_of_another_goes_back_to_the_list_and_to_whom_it_belongs() {
    let office = Office::new(2).await;
    let clerk = office.clerk("sara").await;
    let owed = [office.owes("w-1").await, office.owes("w-2").await];
    let import = office.import(&clerk, &format!("1000,{},B1,\n", office.bill_id(&clerk, "w-1").await)).await.unwrap();
    assert_eq!(import.matched, 1);
    let line = office.lines(&clerk).await.remove(0);
    office.payments(&clerk).await.reverse_payment(reverse(line.payment_id, ReversalKind::Misdirected)).await.unwrap();
    let line = office.lines(&clerk).await.remove(0);
    assert_eq!((line.state(), line.payment_id, line.like_payment_id), (StatementLineState::Waiting, 0, 0));
    assert_eq!(office.owes("w-1").await, owed[0]);
    let asked = MatchLineRequest { line_id: line.line_id, expected_version: line.version, wearer: "w-2".to_owned(), ..Default::default() };
    let matched = office.statements(&clerk).await.match_line(asked).await.unwrap().into_inner();
    assert_eq!((matched.wearer.as_str(), office.owes("w-2").await), ("w-2", owed[1] - 1000));
    office.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_paid_back_already_is_not_reversed() {
    let office = Office::new(1).await;
    let (sara, reza) = (office.clerk("sara").await, office.clerk("reza").await);
    let owed = office.owes("w-1").await;
    let paid = office.pay(&sara, "w-1", owed + 1000, "T-1").await.unwrap();
    let refund = office.request(&sara, "w-1", 400, false).await.unwrap();
    office.approve(&reza, &refund).await.unwrap();
    let mut client = office.payments(&sara).await;
    assert_eq!(refused(client.reverse_payment(reverse(paid.payment_id, ReversalKind::Bounced)).await), "PAYMENT_PAID_OUT");
    assert_eq!(office.owes("w-1").await, -600);
    // Other money of the person makes up for it.
    office.pay(&sara, "w-1", 400, "T-2").await.unwrap();
    client.reverse_payment(reverse(paid.payment_id, ReversalKind::Bounced)).await.unwrap();
    assert_eq!(office.owes("w-1").await, owed);
    office.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_told_field_by_field() {
    let office = Office::new(1).await;
    let mut client = office.payments(&office.clerk("sara").await).await;
    let good = payment("w-1", 5, "T-1");
    let rows: [(RecordPaymentRequest, &[(&str, &str)]); 6] = [
        (
            RecordPaymentRequest::default(),
            &[("wearer", "MISSING"), ("amount", "MISSING"), ("paid_at", "NO_INSTANT"), ("reference", "MISSING")],
        ),
        (RecordPaymentRequest { amount: rials(0), ..good.clone() }, &[("amount", "MUST_BE_ABOVE_ZERO")]),
        (RecordPaymentRequest { amount: rials(i64::MAX), ..good.clone() }, &[("amount", "ABOVE_MAX")]),
        (RecordPaymentRequest { amount: Some(Money { amount: 5, currency: "USD".into() }), ..good.clone() }, &[("amount", "NOT_RIALS")]),
        (RecordPaymentRequest { paid_at: ago(-3600), ..good.clone() }, &[("paid_at", "IN_FUTURE")]),
        (RecordPaymentRequest { paid_at: ago(20_000_000_000), ..good.clone() }, &[("paid_at", "VERY_LONG_AGO")]),
    ];
    for (asked, expected) in rows {
        let refused = client.record_payment(asked.clone()).await.unwrap_err();
        assert_eq!(wrong_fields(&refused), expected.iter().copied().map(crate::house::owned).collect::<Vec<_>>(), "{asked:?}");
    }
    let named = RecordPaymentRequest { invoice: "INV-tehran-1405-999999".to_owned(), ..good.clone() };
    assert_eq!(refused(client.record_payment(named).await), "INVOICE_NOT_THEIRS");
    assert_eq!(refused(client.record_payment(payment("q-1", 5, "T-1")).await), "UNKNOWN_WEARER");
    assert_eq!(office.number("SELECT count(*) FROM billing_facts").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_and_a_line_are_found_by_what_is_on_the_slip() {
    let office = Office::new(2).await;
    let clerk = office.clerk("sara").await;
    let bill = office.bill_id(&clerk, "w-1").await;
    office.import(&clerk, &format!("1000,{bill},RRN-778,\n2000,{bill},RRN-1_9,\n1000,,RRN-779,\n-1000,,OUT-1,\n")).await.unwrap();
    let by_hand = office.pay(&clerk, "w-2", 1000, "RRN-777").await.unwrap();
    let found = async |begins: &str, amount: i64| {
        let asked =
            ListPaymentsRequest { begins_with: begins.to_owned(), amount: rials(amount).filter(|_| amount != 0), ..Default::default() };
        let payments = office.payments(&clerk).await.list_payments(asked).await.unwrap().into_inner().payments;
        payments.into_iter().map(|payment| payment.amount.unwrap().amount).collect::<Vec<_>>()
    };
    let lines = async |begins: &str, amount: i64| {
        let begins_with = begins.to_owned();
        let asked = ListStatementLinesRequest { begins_with, amount: rials(amount).filter(|_| amount != 0), ..Default::default() };
        let lines = office.statements(&clerk).await.list_statement_lines(asked).await.unwrap().into_inner().lines;
        lines.into_iter().map(|line| line.reference).collect::<Vec<_>>()
    };
    for (begins, amount, expected) in [
        ("RRN-77", 0, vec![1000, 1000]),
        ("RRN-778", 0, vec![1000]),
        ("RRN-\u{6f7}\u{6f7}\u{6f8}", 0, vec![1000]), // Persian digits
        ("RN-778", 0, vec![]),
        ("RRN-1_9", 0, vec![2000]),
        ("RRN-_", 0, vec![]),
        ("%", 0, vec![]),
        (bill.as_str(), 0, vec![2000, 1000]),
        (&bill[..bill.len() - 1], 2000, vec![2000]),
        ("", 1000, vec![1000, 1000]),
        ("RRN-777", 1001, vec![]),
        ("", 0, vec![1000, 2000, 1000]),
    ] {
        assert_eq!(found(begins, amount).await, expected, "{begins:?} {amount}");
    }
    assert_eq!(lines("RRN-77", 0).await, ["RRN-779", "RRN-778"]);
    assert_eq!(lines(&bill, 1000).await, ["RRN-778"]);
    assert_eq!(lines("", 1000).await, ["RRN-779", "OUT-1", "RRN-778"], "in and out, what waits first");
    assert_eq!(lines("OUT-", 2000).await, [""; 0]);
    let wrong = ListPaymentsRequest { begins_with: "x".repeat(101), amount: rials(-1), ..Default::default() };
    let answer = office.payments(&clerk).await.list_payments(wrong).await.unwrap_err();
    assert_eq!(wrong_fields(&answer), [("begins_with", "TOO_LONG"), ("amount", "MUST_BE_ABOVE_ZERO")].map(crate::house::owned));
    // Of one that was another's the line is still known, and so is the one by hand that a line became.
    let number = "SELECT min(fact_id) FROM billing_facts WHERE amount = 1000 AND recorded_by = 'sara' AND reference <> 'RRN-777'";
    office.payments(&clerk).await.reverse_payment(reverse(office.number(number).await, ReversalKind::Misdirected)).await.unwrap();
    assert_eq!(found("RRN-778", 0).await, [1000]);
    let all = office.lines(&clerk).await;
    let line = all.iter().find(|line| line.reference == "RRN-779").unwrap();
    let is =
        MatchLineRequest { line_id: line.line_id, expected_version: line.version, payment_id: by_hand.payment_id, ..Default::default() };
    office.statements(&clerk).await.match_line(is).await.unwrap();
    assert_eq!(found("RRN-779", 0).await, [1000]);
}
