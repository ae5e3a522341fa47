//! Deposits and damage through a real connection: never above the ceiling, taken only after the person could object, back only when the tag is off.

use crate::house::{As, owned, sql, wrong_fields};
use crate::money_room::{Office, ago, refused, rials};
use access::Role;
use proto::billing::*;
use proto::enrolment::{Date, DepositConsequence};

fn pay(amount: i64, reference: &str) -> RecordDepositPaymentRequest {
    RecordDepositPaymentRequest {
        wearer: "w-1".to_owned(),
        amount: rials(amount),
        paid_at: ago(60),
        reference: reference.to_owned(),
        note: String::new(),
    }
}

fn damaged(amount: i64) -> AssessDamageRequest {
    AssessDamageRequest { wearer: "w-1".to_owned(), amount: rials(amount), report: "strap cut".to_owned(), photo_ids: vec![] }
}

fn settle(damage: &Damage) -> SettleDamageRequest {
    SettleDamageRequest { damage_id: damage.damage_id, expected_version: damage.version }
}

/// A day of Tehran, so many days ago.
fn days_ago(days: i64) -> billing::calendar::Day {
    billing::calendar::Moment::try_from(chrono::Utc::now()).unwrap().day().plus(-days)
}

fn told(damage: &Damage, days: i64) -> RecordDamageNoticeRequest {
    RecordDamageNoticeRequest {
        damage_id: damage.damage_id,
        expected_version: damage.version,
        day: Some(Date { solar_hijri: days_ago(days).to_string(), gregorian: String::new() }),
        how: "by hand".to_owned(),
    }
}

/// Every damage was found so many days earlier.
async fn found_earlier(office: &Office, days: i64) {
    sql(&office.house.database, &format!("UPDATE damages SET assessed_at = assessed_at - interval '{days} days'")).await;
}

/// Number, and what it waits for.
async fn listed(office: &Office, who: &As, steps: &[DamageStep]) -> Vec<(i64, DamageStep)> {
    let asked = ListDamagesRequest { steps: steps.iter().map(|step| (*step).into()).collect(), ..Default::default() };
    let damages = office.deposits(who).await.list_damages(asked).await.unwrap().into_inner().damages;
    damages.iter().map(|damage| (damage.damage_id, damage.step())).collect()
}

async fn removed(office: &Office) {
    let off = "
        UPDATE fittings SET period = tstzrange(lower(period), now()) WHERE wearer_id = (SELECT wearer_id FROM wearers WHERE reference = 'w-1');
        INSERT INTO removals (fitting_id, at, recorded_at, removed_by, reason, condition, deposit, tag_state)
            SELECT fitting_id, upper(period), now(), 'x', 'order_ended', 'damaged', 'keep_all', 'faulty' FROM fittings WHERE upper(period) IS NOT NULL";
    sql(&office.house.database, off).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deposit_is_held_up_to_the_ceiling_and_goes_back_when_the_tag_is_off() {
    let office = Office::new(1).await;
    let (sara, reza) = (office.clerk("sara").await, office.clerk("reza").await);
    let mut client = office.deposits(&sara).await;
    client.record_deposit_payment(pay(20_000_000, "D-1")).await.unwrap();
    assert_eq!(refused(client.record_deposit_payment(pay(1, "D-1")).await), "REFERENCE_SEEN");
    assert_eq!(refused(client.record_deposit_payment(pay(5_000_001, "D-2")).await), "DEPOSIT_BEYOND_CEILING");
    let paid = client.record_deposit_payment(pay(5_000_000, "D-3")).await.unwrap().into_inner();
    assert!(paid.deposit);
    let shown = client.get_deposit(GetDepositRequest { wearer: "w-1".to_owned() }).await.unwrap().into_inner();
    assert_eq!((shown.held, shown.ceiling, shown.damages.len(), shown.proposed), (rials(25_000_000), rials(25_000_000), 0, 0));
    assert_eq!(office.balance("w-1", "liabilities:deposit").await, -25_000_000);
    assert_eq!(office.balance("w-1", "liabilities:setaside").await, 0, "a deposit is no income");

    assert_eq!(refused(office.request(&sara, "w-1", 1, true).await), "TAG_STILL_FITTED");
    removed(&office).await;
    assert_eq!(refused(office.request(&sara, "w-1", 25_000_001, true).await), "REFUND_BEYOND_DEPOSIT");
    let refund = office.request(&sara, "w-1", 25_000_000, true).await.unwrap();
    assert_eq!(refused(office.approve(&sara, &refund).await), "SAME_PERSON");
    office.approve(&reza, &refund).await.unwrap();
    assert_eq!(office.balance("w-1", "liabilities:deposit").await, 0);
    let shown = client.get_deposit(GetDepositRequest { wearer: "w-1".to_owned() }).await.unwrap().into_inner();
    assert_eq!((shown.held, shown.returned, shown.proposed), (rials(0), rials(25_000_000), DepositConsequence::KeepAll as i32));
    office.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_a_statement_may_be_a_deposit() {
    let office = Office::new(1).await;
    let clerk = office.clerk("sara").await;
    office.import(&clerk, "25000001,,B1,\n25000000,,B2,\n").await.unwrap();
    let lines = office.lines(&clerk).await;
    let as_deposit = |line: &StatementLine| MatchLineRequest {
        line_id: line.line_id,
        expected_version: line.version,
        wearer: "w-1".to_owned(),
        deposit: true,
        ..Default::default()
    };
    let mut client = office.statements(&clerk).await;
    assert_eq!(refused(client.match_line(as_deposit(&lines[1])).await), "DEPOSIT_BEYOND_CEILING");
    let matched = client.match_line(as_deposit(&lines[0])).await.unwrap().into_inner();
    assert_eq!(office.balance("w-1", "assets:cash:deposit").await, 25_000_000);
    let reverse =
        ReversePaymentRequest { payment_id: matched.payment_id, kind: ReversalKind::Bounced.into(), reason: "returned".to_owned() };
    office.payments(&clerk).await.reverse_payment(reverse).await.unwrap();
    assert_eq!(office.balance("w-1", "assets:cash:deposit").await, 0);
    office.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_is_taken_when_the_ten_days_are_over_and_what_exceeds_the_deposit_is_invoiced() {
    let office = Office::new(1).await;
    let clerk = office.clerk("sara").await;
    let mut client = office.deposits(&clerk).await;
    client.record_deposit_payment(pay(1_000_000, "D-1")).await.unwrap();
    let owed = office.owes("w-1").await;
    let foreign = AssessDamageRequest { photo_ids: vec![77], ..damaged(5) };
    assert_eq!(refused(client.assess_damage(foreign).await), "UNKNOWN_PHOTO");
    let damage = client.assess_damage(damaged(1_500_000)).await.unwrap().into_inner();
    assert_eq!((damage.object_until, damage.notice.clone()), (None, None), "the days run from the notice");
    assert_eq!(office.balance("w-1", "liabilities:deposit").await, -1_000_000, "nothing is taken yet");
    found_earlier(&office, 40).await;
    assert_eq!(refused(client.settle_damage(settle(&damage)).await), "DAMAGE_NOT_TOLD");
    let damage = client.record_damage_notice(told(&damage, 0)).await.unwrap().into_inner();
    let days = damage.object_until.unwrap().seconds - chrono::Utc::now().timestamp();
    assert!((10 * 86_400..=11 * 86_400).contains(&days), "{days}");
    assert_eq!(refused(client.settle_damage(settle(&damage)).await), "OBJECTION_OPEN");
    removed(&office).await;
    assert_eq!(refused(office.request(&clerk, "w-1", 1, true).await), "DAMAGE_UNSETTLED");
    sql(&office.house.database, "UPDATE damages SET object_until = now() - interval '1 minute'").await;
    let late = ObjectToDamageRequest {
        damage_id: damage.damage_id,
        expected_version: damage.version,
        objected_at: ago(1),
        objection: "no".to_owned(),
    };
    assert_eq!(refused(client.object_to_damage(late).await), "OBJECTION_LATE");
    assert_eq!(refused(client.settle_damage(settle(&damage)).await), "SAME_PERSON");
    let reza = office.clerk("reza").await;
    let settled = office.deposits(&reza).await.settle_damage(settle(&damage)).await.unwrap().into_inner();
    assert_eq!((settled.state(), settled.settled_by.as_str()), (DamageState::Settled, "reza"));
    assert_eq!(refused(client.settle_damage(settle(&settled)).await), "DAMAGE_OVER");
    assert_eq!(office.balance("w-1", "liabilities:deposit").await, 0);
    assert_eq!(office.balance("w-1", "income:damage").await, -1_500_000);
    let invoiced = office.number("SELECT total FROM billing_documents WHERE kind = 'damage_invoice'").await;
    assert_eq!(invoiced, 500_000);
    let credited = office.number("SELECT coalesce(sum(total), 0)::bigint FROM billing_documents WHERE kind = 'credit_note'").await;
    assert_eq!(office.owes("w-1").await, owed + 500_000 + credited);
    office.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_objection_is_answered_by_another_and_may_leave_less_or_nothing() {
    let office = Office::new(1).await;
    let (sara, reza) = (office.clerk("sara").await, office.clerk("reza").await);
    let (mut client, mut other) = (office.deposits(&sara).await, office.deposits(&reza).await);
    client.record_deposit_payment(pay(1_000_000, "D-1")).await.unwrap();
    for (remains, state) in [(300_000, DamageState::Answered), (0, DamageState::Dropped)] {
        let damage = client.assess_damage(damaged(400_000)).await.unwrap().into_inner();
        let object = ObjectToDamageRequest {
            damage_id: damage.damage_id,
            expected_version: damage.version,
            objected_at: ago(0),
            objection: "it was worn".to_owned(),
        };
        let objected = client.object_to_damage(object.clone()).await.unwrap().into_inner();
        assert_eq!((objected.state(), objected.objection_recorded_by.as_str()), (DamageState::Objected, "sara"));
        let again = ObjectToDamageRequest { expected_version: objected.version, ..object };
        assert_eq!(refused(client.object_to_damage(again).await), "DAMAGE_OVER");
        found_earlier(&office, 20).await;
        let objected = client.record_damage_notice(told(&objected, 15)).await.unwrap().into_inner();
        assert_eq!(refused(client.settle_damage(settle(&objected)).await), "OBJECTION_OPEN", "it has no answer");
        let answer = AnswerDamageObjectionRequest {
            damage_id: damage.damage_id,
            expected_version: objected.version,
            amount: rials(remains),
            answer: "half of it was worn".to_owned(),
        };
        assert_eq!(refused(client.answer_damage_objection(answer.clone()).await), "SAME_PERSON");
        let more = AnswerDamageObjectionRequest { amount: rials(400_001), ..answer.clone() };
        assert_eq!(refused(other.answer_damage_objection(more).await), "INVALID_FIELDS");
        let answered = other.answer_damage_objection(answer).await.unwrap().into_inner();
        assert_eq!((answered.state(), answered.amount.clone(), answered.answered_by.as_str()), (state, rials(remains), "reza"));
        let settled = client.settle_damage(settle(&answered)).await;
        if remains == 0 {
            assert_eq!(refused(settled), "DAMAGE_OVER");
        } else {
            assert_eq!(settled.unwrap().into_inner().state(), DamageState::Settled);
        }
    }
    assert_eq!(office.balance("w-1", "liabilities:deposit").await, -700_000);
    office.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_tag_is_fitted_the_order_says_what_may_be_held() {
    let office = Office::new(1).await;
    let bare = "
        INSERT INTO wearers (reference, unit_id) SELECT 'new', unit_id FROM units WHERE code = 'tehran';
        INSERT INTO wearers (reference, unit_id) SELECT 'ordered', unit_id FROM units WHERE code = 'tehran';
        INSERT INTO orders (wearer_id) SELECT wearer_id FROM wearers WHERE reference = 'ordered';
        INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date, legal_basis, regime)
            SELECT max(order_id), 1, 'new', now() - interval '1 day', now(), 'test', 'Branch 3', '9/1', '2026-10-01', 'ipc_62', 'house' FROM orders";
    sql(&office.house.database, bare).await;
    let mut client = office.deposits(&office.clerk("sara").await).await;
    let of = |wearer: &str, amount, reference| RecordDepositPaymentRequest { wearer: wearer.to_owned(), ..pay(amount, reference) };
    assert_eq!(refused(client.record_deposit_payment(of("new", 1, "D-1")).await), "DEPOSIT_NOT_ASKED");
    assert_eq!(refused(client.record_deposit_payment(of("ordered", 37_000_001, "D-2")).await), "DEPOSIT_BEYOND_CEILING");
    client.record_deposit_payment(of("ordered", 37_000_000, "D-3")).await.unwrap();
    assert_eq!(office.balance("ordered", "liabilities:deposit").await, -37_000_000);
    office.agrees().await;
}

/// The authority changes the regime, or what is required of a deposit.
async fn ordered(office: &Office, regime: &str, required: Option<i64>) {
    let sql_text = match required {
        None => format!(
            "INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date, legal_basis, regime)
                SELECT order_id, max(version) + 1, 'variation', now(), now(), 'test', 'Branch 3', '9/1', '2026-10-01', 'ipc_62', '{regime}'
                FROM order_facts WHERE order_id = (SELECT min(order_id) FROM orders) GROUP BY order_id"
        ),
        Some(amount) => format!(
            "WITH r AS (INSERT INTO billing_reliefs (wearer_id, kind, authority, decision_number, decision_date, found_by, proposed_by, approved_by, at)
                SELECT wearer_id, 'deposit', 'x', 'x', '2026-10-01', 'x', 'sara', 'reza', now() FROM wearers WHERE reference = 'w-1' RETURNING relief_id, wearer_id)
            INSERT INTO deposit_requirements (relief_id, wearer_id, order_id, regime, amount, recorded_at)
                SELECT relief_id, wearer_id, (SELECT min(order_id) FROM orders), '{regime}', {amount}, now() FROM r"
        ),
    };
    sql(&office.house.database, &sql_text).await;
    let persons = office.numbers("SELECT wearer_id FROM wearers WHERE reference = 'w-1'").await;
    office.house.store.books_carry_on(&persons, chrono::Utc::now()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_released_goes_back_while_the_tag_stays_on_and_no_more() {
    let office = Office::new(1).await;
    let (sara, reza) = (office.clerk("sara").await, office.clerk("reza").await);
    ordered(&office, "house", None).await;
    ordered(&office, "house", Some(37_000_000)).await;
    let mut client = office.deposits(&sara).await;
    client.record_deposit_payment(pay(37_000_000, "D-1")).await.unwrap();
    assert_eq!(refused(office.request(&sara, "w-1", 1, true).await), "TAG_STILL_FITTED");
    ordered(&office, "tag", None).await;
    let released = office.number("SELECT abs(total) FROM billing_documents WHERE kind = 'deposit_release'").await;
    assert_eq!(released, 12_000_000);
    let due = async || {
        let due = office.refunds(&sara).await.list_refunds_due(ListRefundsDueRequest::default()).await.unwrap().into_inner();
        assert_eq!(due.due.len() as u64, due.total);
        due.due.into_iter().map(|due| (due.deposit, due.amount.unwrap().amount, due.refund_id, due.overdue)).collect::<Vec<_>>()
    };
    assert_eq!(due().await, [(true, 12_000_000, 0, false)]);

    assert_eq!(refused(office.request(&sara, "w-1", 12_000_001, true).await), "REFUND_BEYOND_RELEASE");
    client.assess_damage(damaged(400_000)).await.unwrap();
    assert_eq!(refused(office.request(&sara, "w-1", 12_000_000, true).await), "DAMAGE_UNSETTLED");
    assert_eq!(due().await, []);
    sql(&office.house.database, "UPDATE damages SET state = 'dropped', amount = 0").await;
    let refund = office.request(&sara, "w-1", 12_000_000, true).await.unwrap();
    assert_eq!(due().await, [(true, 12_000_000, refund.refund_id, false)], "it is under way");
    // What is required is asked again at the approval.
    ordered(&office, "tag", Some(25_000_000)).await;
    let other = office.request(&sara, "w-1", 1, true).await.unwrap();
    let booked = office.approve(&reza, &refund).await.unwrap();
    assert_eq!(office.balance("w-1", "liabilities:deposit").await, -25_000_000);
    assert_eq!(refused(office.approve(&reza, &other).await), "TAG_STILL_FITTED");
    let refuse = RefuseRefundRequest { refund_id: other.refund_id, expected_version: other.version, reason: "x".to_owned() };
    office.refunds(&sara).await.refuse_refund(refuse).await.unwrap();
    assert_eq!(due().await, [(true, 12_000_000, booked.refund_id, false)], "the bank is yet to send it");
    // Refused after all it is owed as before.
    let refuse = RefuseRefundRequest { refund_id: booked.refund_id, expected_version: booked.version, reason: "x".to_owned() };
    office.refunds(&sara).await.refuse_refund(refuse).await.unwrap();
    assert_eq!(due().await, [(true, 12_000_000, 0, false)]);
    ordered(&office, "tag", Some(20_000_000)).await;
    assert_eq!(due().await, [(true, 17_000_000, 0, false)]);
    office.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_said_what_is_required_the_ceiling_stays_while_the_tag_is_on() {
    let office = Office::new(1).await;
    let sara = office.clerk("sara").await;
    ordered(&office, "house", None).await;
    office.deposits(&sara).await.record_deposit_payment(pay(37_000_000, "D-1")).await.unwrap();
    ordered(&office, "tag", None).await;
    assert_eq!(refused(office.request(&sara, "w-1", 12_000_001, true).await), "REFUND_BEYOND_RELEASE");
    office.request(&sara, "w-1", 12_000_000, true).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ten_days_to_object_run_from_the_day_on_which_the_person_was_told() {
    let office = Office::new(1).await;
    let (sara, reza) = (office.clerk("sara").await, office.clerk("reza").await);
    let qom = office.house.log_in("leila", &[(Role::Finance, "qom")]).await;
    let mut client = office.deposits(&sara).await;
    let damage = client.assess_damage(damaged(400_000)).await.unwrap().into_inner();
    found_earlier(&office, 13).await;
    let day = |refused: tonic::Status| wrong_fields(&refused);
    assert_eq!(day(client.record_damage_notice(told(&damage, 14)).await.unwrap_err()), [owned(("day", "TOLD_TOO_EARLY"))]);
    assert_eq!(day(client.record_damage_notice(told(&damage, -1)).await.unwrap_err()), [owned(("day", "IN_FUTURE"))]);
    let without = RecordDamageNoticeRequest { day: None, how: String::new(), ..told(&damage, 0) };
    let refused_fields = day(client.record_damage_notice(without).await.unwrap_err());
    assert_eq!(refused_fields, [("day", "MISSING"), ("how", "MISSING")].map(owned));
    // Thirteen days ago it was found, eleven days ago the person was told: the days are over at the end of yesterday.
    let notified = client.record_damage_notice(told(&damage, 11)).await.unwrap().into_inner();
    let notice = notified.notice.clone().unwrap();
    assert_eq!(
        (notice.day.unwrap().solar_hijri, notice.how.as_str(), notice.recorded_by.as_str()),
        (days_ago(11).to_string(), "by hand", "sara")
    );
    assert_eq!(notified.object_until.unwrap().seconds, billing::calendar::Moment::start_of(days_ago(0)).utc().timestamp());
    assert_eq!(notified.step(), DamageStep::Settle);
    // Told anew the days run anew, and never backwards.
    assert_eq!(day(client.record_damage_notice(told(&notified, 12)).await.unwrap_err()), [owned(("day", "TOLD_TOO_EARLY"))]);
    let anew = client.record_damage_notice(told(&notified, 10)).await.unwrap().into_inner();
    assert_eq!((anew.step(), anew.version), (DamageStep::Wait, notified.version + 1));
    assert_eq!(refused(office.deposits(&reza).await.settle_damage(settle(&anew)).await), "OBJECTION_OPEN");
    assert_eq!(refused(office.deposits(&qom).await.record_damage_notice(told(&anew, 0)).await), "UNKNOWN_DAMAGE");
    let database = office.house.database.client().await;
    assert!(database.batch_execute("UPDATE damage_notices SET how = 'x'").await.is_err(), "nobody writes it anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn damages_are_found_by_what_they_wait_for() {
    let office = Office::new(1).await;
    let (sara, reza) = (office.clerk("sara").await, office.clerk("reza").await);
    let qom = office.house.log_in("leila", &[(Role::Finance, "qom")]).await;
    let mut client = office.deposits(&sara).await;
    let mut damages = Vec::new();
    for amount in 1..=6 {
        damages.push(client.assess_damage(damaged(amount)).await.unwrap().into_inner());
    }
    found_earlier(&office, 20).await;
    // 2 waits, 3 is objected to, 4 and 5 may be settled, 6 is.
    for (at, days) in [(1, 3), (2, 3), (3, 11), (4, 11), (5, 11)] {
        damages[at] = client.record_damage_notice(told(&damages[at], days)).await.unwrap().into_inner();
    }
    for at in [2, 4] {
        let (damage_id, expected_version) = (damages[at].damage_id, damages[at].version);
        let objected_at = ago(if at == 2 { 0 } else { 5 * 86_400 });
        let object = ObjectToDamageRequest { damage_id, expected_version, objected_at, objection: "no".to_owned() };
        damages[at] = client.object_to_damage(object).await.unwrap().into_inner();
    }
    let answer = AnswerDamageObjectionRequest {
        damage_id: damages[4].damage_id,
        expected_version: damages[4].version,
        amount: rials(1),
        answer: "it was".to_owned(),
    };
    let mut other = office.deposits(&reza).await;
    other.answer_damage_objection(answer).await.unwrap();
    other.settle_damage(settle(&damages[5])).await.unwrap();
    use DamageStep as Step;
    let all = [(6, Step::Settled), (5, Step::Settle), (4, Step::Settle), (3, Step::Answer), (2, Step::Wait), (1, Step::Tell)];
    assert_eq!(listed(&office, &sara, &[]).await, all);
    for (number, step) in all {
        let of_step: Vec<_> = all.into_iter().filter(|(_, other)| *other == step).collect();
        assert_eq!(listed(&office, &sara, &[step]).await, of_step, "{number}");
    }
    assert_eq!(listed(&office, &sara, &[Step::Tell, Step::Answer]).await, [(3, Step::Answer), (1, Step::Tell)]);
    assert_eq!(listed(&office, &qom, &[]).await, []);
    let page = ListDamagesRequest { before_damage_id: 5, page_size: 2, ..Default::default() };
    let page = client.list_damages(page).await.unwrap().into_inner();
    assert_eq!((page.damages.iter().map(|one| one.damage_id).collect::<Vec<_>>(), page.next_before_damage_id), (vec![4, 3], 3));
}
