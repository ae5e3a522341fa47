//! Refunds through a real connection: two persons, never more than there is.

use crate::house::wrong_fields;
use crate::money_room::{Office, refused, rials};
use proto::billing::*;

/// A wearer who has paid so much more than is owed.
async fn credit(office: &Office, amount: i64) {
    let owed = office.owes("w-1").await;
    office.pay(&office.clerk("sara").await, "w-1", owed + amount, "T-1").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_is_booked_once_a_second_person_approved_it_and_then_sent() {
    let office = Office::new(1).await;
    credit(&office, 5000).await;
    let (sara, reza) = (office.clerk("sara").await, office.clerk("reza").await);
    assert_eq!(refused(office.request(&sara, "w-1", 5001, false).await), "REFUND_BEYOND_CREDIT");
    let refund = office.request(&sara, "w-1", 5000, false).await.unwrap();
    assert_eq!((refund.state(), office.owes("w-1").await), (RefundState::Requested, -5000), "a request is paper");
    let sent = |refund: &Refund| MarkRefundSentRequest {
        refund_id: refund.refund_id,
        expected_version: refund.version,
        bank_reference: "P-1".to_owned(),
    };
    let mut client = office.refunds(&sara).await;
    assert_eq!(refused(client.mark_refund_sent(sent(&refund)).await), "REFUND_OVER");
    assert_eq!(refused(office.approve(&sara, &refund).await), "SAME_PERSON");
    let approved = office.approve(&reza, &refund).await.unwrap();
    assert_eq!((approved.state(), approved.approved_by.as_str(), office.owes("w-1").await), (RefundState::Approved, "reza", 0));
    assert_eq!(refused(office.approve(&reza, &refund).await), "VERSION_CHANGED");
    assert_eq!(refused(office.approve(&reza, &approved).await), "REFUND_OVER");
    let done = client.mark_refund_sent(sent(&approved)).await.unwrap().into_inner();
    assert_eq!((done.state(), done.bank_reference.as_str(), done.amount.clone()), (RefundState::Sent, "P-1", rials(5000)));
    let refuse = RefuseRefundRequest { refund_id: done.refund_id, expected_version: done.version, reason: "x".to_owned() };
    assert_eq!(refused(client.refuse_refund(refuse).await), "REFUND_OVER");
    let listed = client.list_refunds(ListRefundsRequest { states: vec![RefundState::Sent.into()], ..Default::default() }).await.unwrap();
    assert_eq!(listed.into_inner().refunds, [done]);
    office.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_is_refused_after_its_approval_is_the_person_s_again() {
    let office = Office::new(1).await;
    credit(&office, 5000).await;
    let (sara, reza) = (office.clerk("sara").await, office.clerk("reza").await);
    let refund = office.approve(&reza, &office.request(&sara, "w-1", 5000, false).await.unwrap()).await.unwrap();
    let refuse = RefuseRefundRequest { refund_id: refund.refund_id, expected_version: refund.version, reason: "closed account".to_owned() };
    let back = office.refunds(&sara).await.refuse_refund(refuse).await.unwrap().into_inner();
    assert_eq!((back.state(), back.refuse_reason.as_str(), office.owes("w-1").await), (RefundState::Refused, "closed account", -5000));
    let again = office.request(&sara, "w-1", 5000, false).await.unwrap();
    office.approve(&reza, &again).await.unwrap();
    assert_eq!(office.owes("w-1").await, 0);
    office.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_eight_refunds_of_one_credit_approved_at_once_one_is_booked() {
    let office = Office::new(1).await;
    credit(&office, 5000).await;
    let sara = office.clerk("sara").await;
    let mut ready = Vec::new();
    for number in 0..8 {
        let refund = office.request(&sara, "w-1", 5000, false).await.unwrap();
        let client = office.refunds(&office.clerk(&format!("second-{number}")).await).await;
        ready.push((client, ApproveRefundRequest { refund_id: refund.refund_id, expected_version: refund.version }));
    }
    let mut approvals = Vec::new();
    for (mut client, asked) in ready {
        approvals.push(tokio::spawn(async move { client.approve_refund(asked).await }));
    }
    let mut lost = Vec::new();
    for one in approvals {
        if let Err(status) = one.await.unwrap() {
            lost.push(crate::house::reason(&status).0);
        }
    }
    assert_eq!(lost, vec!["REFUND_BEYOND_CREDIT".to_owned(); 7]);
    assert_eq!(office.owes("w-1").await, 0);
    office.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_approve_one_refund_one_does() {
    let office = Office::new(1).await;
    credit(&office, 5000).await;
    let refund = office.request(&office.clerk("sara").await, "w-1", 100, false).await.unwrap();
    let mut approvals = Vec::new();
    for number in 0..4 {
        let mut client = office.refunds(&office.clerk(&format!("second-{number}")).await).await;
        let asked = ApproveRefundRequest { refund_id: refund.refund_id, expected_version: refund.version };
        approvals.push(tokio::spawn(async move { client.approve_refund(asked).await.is_ok() }));
    }
    let mut booked = 0;
    for one in approvals {
        booked += usize::from(one.await.unwrap());
    }
    assert_eq!((booked, office.owes("w-1").await), (1, -4900));
    office.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_must_be_one() {
    let office = Office::new(1).await;
    credit(&office, 5000).await;
    let mut client = office.refunds(&office.clerk("sara").await).await;
    let asked = RequestRefundRequest {
        wearer: "w-1".to_owned(),
        amount: rials(5),
        sheba: "IR240150000001177301920208".to_owned(),
        holder: "x".to_owned(),
        reason: "x".to_owned(),
        ..Default::default()
    };
    let rows =
        [(asked.clone(), ("sheba", "SHEBA_CHECK")), (RequestRefundRequest { sheba: "12".to_owned(), ..asked }, ("sheba", "NOT_A_SHEBA"))];
    for (asked, expected) in rows {
        assert_eq!(wrong_fields(&client.request_refund(asked).await.unwrap_err()), [expected].map(crate::house::owned));
    }
}
