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

fn account(holder: &str) -> SetRefundAccountRequest {
    SetRefundAccountRequest {
        wearer: "w-1".to_owned(),
        sheba: "IR430600500901007959216001".to_owned(),
        holder: holder.to_owned(),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn money_goes_back_to_the_person_s_own_account_or_on_a_ground_with_its_proof() {
    let office = Office::new(1).await;
    credit(&office, 5000).await;
    let (sara, reza) = (office.clerk("sara").await, office.clerk("reza").await);
    let mut client = office.refunds(&sara).await;
    let wrong = |sheba: &str| SetRefundAccountRequest { sheba: sheba.to_owned(), ..account("Ali Karimi") };
    for (asked, expected) in [
        (wrong("IR240150000001177301920208"), vec![("sheba", "SHEBA_CHECK")]),
        (wrong("12"), vec![("sheba", "NOT_A_SHEBA")]),
        (SetRefundAccountRequest { ground: 1, ..account("") }, vec![("holder", "MISSING"), ("proof", "MISSING")]),
        (SetRefundAccountRequest { ground: 9, ..account("x") }, vec![("ground", "UNKNOWN_CHOICE")]),
    ] {
        let expected: Vec<_> = expected.into_iter().map(crate::house::owned).collect();
        assert_eq!(wrong_fields(&client.set_refund_account(asked).await.unwrap_err()), expected);
    }
    assert_eq!(refused(client.set_refund_account(account("Reza Karimi")).await), "HOLDER_DIFFERS");
    let refund = office.request(&sara, "w-1", 100, false).await.unwrap();
    assert_eq!(refund.sheba, "IR240150000001177301920207");

    // What is approved goes where the second person sees that it goes.
    let heir = SetRefundAccountRequest { ground: HolderGround::Heir.into(), proof: "17/405".to_owned(), ..account("Reza Karimi") };
    let set = client.set_refund_account(heir).await.unwrap().into_inner();
    assert_eq!((set.ground(), set.proof.as_str(), set.recorded_by.as_str()), (HolderGround::Heir, "17/405", "sara"));
    assert_eq!(refused(office.approve(&reza, &refund).await), "REFUND_ACCOUNT_CHANGED");
    let again = office.request(&sara, "w-1", 100, false).await.unwrap();
    assert_eq!((again.sheba.as_str(), again.holder.as_str()), ("IR430600500901007959216001", "Reza Karimi"));
    office.approve(&reza, &again).await.unwrap();

    // The own name in another order needs no ground, and one that is given anyhow is not written down.
    let own =
        client.set_refund_account(SetRefundAccountRequest { ground: 1, proof: "x".to_owned(), ..account("KARIMI  ALI") }).await.unwrap();
    assert_eq!(own.into_inner().ground(), HolderGround::Unspecified);
    let seen = client.get_refund_account(GetRefundAccountRequest { wearer: "w-1".to_owned() }).await.unwrap().into_inner();
    assert_eq!((seen.holder.as_str(), seen.proof.as_str()), ("KARIMI  ALI", ""));
    let database = office.house.database.client().await;
    assert!(database.batch_execute("UPDATE refund_accounts SET sheba = 'IR240150000001177301920207'").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_account_nothing_is_paid_back() {
    let office = Office::new(1).await;
    credit(&office, 5000).await;
    let bare = "ALTER TABLE refund_accounts DISABLE TRIGGER billing_stays; DELETE FROM refund_accounts";
    crate::house::sql(&office.house.database, bare).await;
    let sara = office.clerk("sara").await;
    assert_eq!(refused(office.request(&sara, "w-1", 5, false).await), "NO_REFUND_ACCOUNT");
    let none = office.refunds(&sara).await.get_refund_account(GetRefundAccountRequest { wearer: "w-1".to_owned() }).await;
    assert_eq!(refused(none), "NO_REFUND_ACCOUNT");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_money_is_listed_the_first_due_first() {
    let office = Office::new(4).await;
    let (sara, reza) = (office.clerk("sara").await, office.clerk("reza").await);
    for (wearer, more) in [("w-1", 100), ("w-2", 200), ("w-3", 300), ("w-4", 400)] {
        office.pay(&sara, wearer, office.owes(wearer).await + more, wearer).await.unwrap();
    }
    assert_eq!(office.refunds(&sara).await.list_refunds_due(ListRefundsDueRequest::default()).await.unwrap().into_inner().due, []);
    // The tags of three come off: of the third yesterday, of the second 31 days ago; what they paid too much came about just now.
    let off = "
        UPDATE fittings SET period = tstzrange(lower(period), now() - make_interval(days => CASE wearer_id WHEN 2 THEN 31 ELSE 1 END))
            WHERE wearer_id IN (SELECT wearer_id FROM wearers WHERE reference IN ('w-1', 'w-2', 'w-3'));
        INSERT INTO removals (fitting_id, at, recorded_at, removed_by, reason, condition, deposit, tag_state)
            SELECT fitting_id, upper(period), upper(period), 'x', 'order_ended', 'good', 'none', 'returned' FROM fittings WHERE NOT upper_inf(period)";
    crate::house::sql(&office.house.database, off).await;
    let refund = office.request(&sara, "w-2", 150, false).await.unwrap();
    let listed = async || {
        let due = office.refunds(&sara).await.list_refunds_due(ListRefundsDueRequest::default()).await.unwrap().into_inner().due;
        due.into_iter().map(|due| (due.wearer, due.amount.unwrap().amount, due.refund_id, due.overdue)).collect::<Vec<_>>()
    };
    let first = listed().await;
    assert_eq!(first.len(), 3, "{first:?}");
    assert!(first.iter().all(|(wearer, ..)| wearer != "w-4"), "the tag is on");
    assert!(first.contains(&("w-2".to_owned(), 150, refund.refund_id, false)) && !first.iter().any(|one| one.1 == 200), "{first:?}");
    let one = ListRefundsDueRequest { page_size: 1, ..Default::default() };
    let one = office.refunds(&sara).await.list_refunds_due(one).await.unwrap().into_inner();
    assert_eq!((one.due.len(), one.total), (1, 3), "what is left out is counted");
    let approved = office.approve(&reza, &refund).await.unwrap();
    crate::house::sql(&office.house.database, "UPDATE refunds SET requested_at = now() - interval '40 days'").await;
    let second = listed().await;
    assert_eq!(second[0], ("w-2".to_owned(), 150, refund.refund_id, true), "the first due first");
    // What is left, and the days that were paid for and not used.
    assert!(second.iter().any(|(wearer, amount, refund, _)| wearer == "w-2" && amount % 1000 == 50 && *refund == 0), "{second:?}");
    let sent = MarkRefundSentRequest { refund_id: refund.refund_id, expected_version: approved.version, bank_reference: "P-1".to_owned() };
    office.refunds(&sara).await.mark_refund_sent(sent).await.unwrap();
    assert!(listed().await.iter().all(|one| one.1 != 150));
}
