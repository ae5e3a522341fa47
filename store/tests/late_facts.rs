//! What is recorded of an order after it was closed (decision D27): it waits for an approval, blocks nothing else, and what was billed follows for ever.

#![allow(clippy::unwrap_used)]

mod billed;

use billed::{documents, house, tehran};
use enrolment::leave::{LeaveAct, LeaveState};
use store::testing::staff;
use store::{LateFact, LateFilter, LateKind, Leave, LeaveEnd, Store};
use tokio_postgres::Client;

/// Takes the tag off on 1403/02/31 and ends the order on 1403/03/01: both are recorded an hour later. The order is closed from then on.
const CLOSED: &str = "
    UPDATE fittings SET period = tstzrange(lower(period), '2024-05-20 12:00+03:30') WHERE wearer_id = 1;
    INSERT INTO removals (fitting_id, at, recorded_at, removed_by, reason, condition, deposit, tag_state)
        VALUES (1, '2024-05-20 12:00+03:30', '2024-05-20 13:00+03:30', 'x', 'order_ended', 'good', 'none', 'returned');
    INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date)
        VALUES (1, 2, 'end', '2024-05-21 12:00+03:30', '2024-05-21 13:00+03:30', 'x', 'x', 'x', '2024-05-21')";

/// A leave of ten nights from 1403/02/11 on, decided then.
async fn leave(client: &Client, decided: &str) {
    leave_until(client, "2024-05-10 12:00", decided).await;
}

/// A leave from 1403/02/11 on until then.
async fn leave_until(client: &Client, to: &str, decided: &str) {
    let leave = format!(
        "INSERT INTO leave_acts (wearer_id, state, valid_from, valid_to, kind, exclusion, purpose, requested_by, requested_at, authority, decision_number,
            decision_date, decided_by, decided_at)
        VALUES (1, 'approved', '2024-04-30 12:00+03:30', '{to}+03:30', 'overnight', false, 'x', 'x', '{decided}+03:30', 'x', 'x', '2024-04-29', 'y',
            '{decided}+03:30')"
    );
    client.batch_execute(&leave).await.unwrap();
}

async fn approve(client: &Client, fact: &str, at: &str) {
    let approval = format!(
        "INSERT INTO late_fact_decisions (wearer_id, fact, is_approved, proposed_by, decided_by, decided_at, reason)
        VALUES (1, '{fact}', true, 'sara', 'reza', '{at}+03:30', 'x')"
    );
    client.batch_execute(&approval).await.unwrap();
}

async fn refuse(client: &Client, fact: &str, at: &str) {
    let refusal = format!(
        "INSERT INTO late_fact_decisions (wearer_id, fact, is_approved, decided_by, decided_at, reason) VALUES (1, '{fact}', false, 'reza', '{at}+03:30', 'x')"
    );
    client.batch_execute(&refusal).await.unwrap();
}

/// Ends leave 1 now, as staff do.
async fn end(store: &Store, expected_version: i64, act: LeaveAct, at: &str) -> Leave {
    let end = LeaveEnd { leave_id: 1, expected_version, act, reason: "x".to_owned() };
    store.leave_end(&staff(), &end, tehran(at)).await.unwrap()
}

async fn late(store: &Store, at: &str) -> Vec<LateFact> {
    let filter = LateFilter { wearer: "w1".to_owned(), limit: 100, ..LateFilter::default() };
    store.late_facts(&staff(), &filter, tehran(at)).await.unwrap().0
}

/// What the person owes, as it was known then.
async fn owes(store: &Store, at: &str) -> i64 {
    let numbers = store.account(&staff(), "w1", tehran(at)).await.unwrap().numbers;
    numbers.balance_due.minor_units() - numbers.credit.minor_units()
}

async fn work(client: &Client) -> Vec<String> {
    client.query("SELECT code FROM billing_work", &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// The fee of the installation and 30 days, no cap reached.
const WHOLE: i64 = 800_000 + 30 * 100_000 - 800_000;

#[tokio::test]
async fn a_leave_recorded_after_the_closing_waits_and_counts_from_its_approval() {
    let (_database, store, client) = house(1).await;
    client.batch_execute(CLOSED).await.unwrap();
    store.books_carry_on(&[1], tehran("2024-06-10T12:00:00")).await.unwrap();
    let before = documents(&client).await;
    assert_eq!(owes(&store, "2024-06-10T12:00:00").await, WHOLE, "the cap of the first month");
    leave(&client, "2024-06-12T12:00:00").await;
    store.books_carry_on(&[1], tehran("2024-06-22T12:00:00")).await.unwrap();
    assert_eq!((documents(&client).await, work(&client).await), (before.clone(), vec!["LATE_FACT".to_owned()]));

    let [one] = <[_; 1]>::try_from(late(&store, "2024-06-23T12:00:00").await).unwrap();
    assert_eq!((one.fact.as_str(), one.kind, one.order_id, one.is_too_late), ("leave:1", LateKind::Leave, 1, false));
    assert_eq!((one.closed_at.utc(), one.last_day.to_string().as_str()), (tehran("2024-05-21T13:00:00"), "1404/03/01"));
    // 20 days and the fee are below the cap.
    assert_eq!(one.change.minor_units(), -200_000);

    approve(&client, "leave:1", "2024-06-25T12:00:00").await;
    store.books_carry_on(&[1], tehran("2024-07-23T12:00:00")).await.unwrap();
    assert_eq!(documents(&client).await[before.len()..], ["CN-central-1403-000001 credit_note -200000"]);
    assert_eq!((work(&client).await.len(), late(&store, "2024-07-23T12:00:00").await.len()), (0, 0));
    // The past stays as it was known, and everything follows again.
    assert_eq!(owes(&store, "2024-06-24T12:00:00").await, WHOLE);
    assert_eq!(store.books_carry_on(&[1], tehran("2024-08-23T12:00:00")).await.unwrap().blocked, 0);
    assert_eq!(owes(&store, "2024-08-22T12:00:00").await, WHOLE - 200_000);
}

#[tokio::test]
async fn a_leave_that_is_withdrawn_or_shortened_after_the_closing_waits_as_a_whole() {
    let (_database, store, client) = house(1).await;
    leave(&client, "2024-04-29T12:00:00").await;
    client.batch_execute(CLOSED).await.unwrap();
    store.books_carry_on(&[1], tehran("2024-06-10T12:00:00")).await.unwrap();
    let (free, before) = (owes(&store, "2024-06-10T12:00:00").await, documents(&client).await);
    assert_eq!(free, WHOLE - 200_000);
    let shortened = "UPDATE leave_acts SET state = 'shortened', back_at = '2024-05-09 12:00+03:30', ended_by = 'x', ended_at = '2024-06-12 12:00+03:30'";
    client.batch_execute(shortened).await.unwrap();
    store.books_carry_on(&[1], tehran("2024-07-01T12:00:00")).await.unwrap();
    assert_eq!((documents(&client).await, owes(&store, "2024-07-01T12:00:00").await), (before, free));
    let [one] = <[_; 1]>::try_from(late(&store, "2024-07-01T12:00:00").await).unwrap();
    assert_eq!((one.kind, one.span.from.utc()), (LateKind::LeaveEnded, tehran("2024-05-09T12:00:00")));
    assert_eq!((one.fact.as_str(), one.change.minor_units()), ("leave:1:end", 100_000));
    for fact in ["leave:1:end", "leave:1:shortened"] {
        approve(&client, fact, "2024-07-02T12:00:00").await;
    }
    assert_eq!(store.books_carry_on(&[1], tehran("2024-07-23T12:00:00")).await.unwrap().blocked, 0);
    assert_eq!(owes(&store, "2024-07-22T12:00:00").await, free + 100_000);
}

#[tokio::test]
async fn only_what_the_closed_order_costs_waits() {
    let (_database, store, client) = house(1).await;
    client.batch_execute(CLOSED).await.unwrap();
    // A payment, a waiver of a later time, and the same leave while the order was still open.
    let other = "
        INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, amount) VALUES (1, 'payment', '2024-06-01', '2024-06-01', 'x', 1000);
        INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, percent, covers)
            VALUES (1, 'waiver', '2024-05-20 12:00+03:30', '2024-06-01', 'x', 50, '{daily}')";
    client.batch_execute(other).await.unwrap();
    leave(&client, "2024-05-21T12:59:00").await;
    store.books_carry_on(&[1], tehran("2024-06-22T12:00:00")).await.unwrap();
    assert_eq!((late(&store, "2024-06-22T12:00:00").await.len(), owes(&store, "2024-06-22T12:00:00").await), (0, WHOLE - 201_000));
}

#[tokio::test]
async fn what_undoes_itself_is_not_waited_for_and_an_order_that_is_open_again_takes_it() {
    let (_database, store, client) = house(1).await;
    client.batch_execute(CLOSED).await.unwrap();
    leave(&client, "2024-06-12T12:00:00").await;
    let reopened = "
        UPDATE order_facts SET cancelled_at = '2024-06-20 12:00+03:30', cancelled_by = 'x', cancel_reason = 'x' WHERE version = 2";
    client.batch_execute("BEGIN").await.unwrap();
    client.batch_execute(reopened).await.unwrap();
    client.batch_execute("COMMIT").await.unwrap();
    store.books_carry_on(&[1], tehran("2024-06-22T12:00:00")).await.unwrap();
    assert_eq!((owes(&store, "2024-06-19T12:00:00").await, owes(&store, "2024-06-22T12:00:00").await), (WHOLE, WHOLE - 200_000));

    let (_database, store, client) = house(1).await;
    client.batch_execute(CLOSED).await.unwrap();
    leave(&client, "2024-06-12T12:00:00").await;
    let withdrawn = "UPDATE leave_acts SET state = 'withdrawn', never_granted = true, ended_by = 'x', ended_at = '2024-06-13 12:00+03:30'";
    client.batch_execute(withdrawn).await.unwrap();
    assert_eq!(late(&store, "2024-06-14T12:00:00").await, []);
    store.books_carry_on(&[1], tehran("2024-06-22T12:00:00")).await.unwrap();
    assert_eq!((work(&client).await.len(), owes(&store, "2024-06-22T12:00:00").await), (0, WHOLE));
}

#[tokio::test]
async fn what_counted_before_it_was_found_late_counts_for_ever() {
    let (_database, store, client) = house(1).await;
    client.batch_execute(CLOSED).await.unwrap();
    // The end of the order was not seen by the run that saw the leave: its transaction ended later.
    client.batch_execute("UPDATE order_facts SET recorded_at = '2024-06-15 12:00+03:30' WHERE version = 2").await.unwrap();
    leave(&client, "2024-06-12T12:00:00").await;
    store.books_carry_on(&[1], tehran("2024-06-22T12:00:00")).await.unwrap();
    assert_eq!(owes(&store, "2024-06-22T12:00:00").await, WHOLE - 200_000);
    client.batch_execute("UPDATE order_facts SET recorded_at = '2024-06-10 12:00+03:30' WHERE version = 2").await.unwrap();
    assert_eq!(store.books_carry_on(&[1], tehran("2024-07-23T12:00:00")).await.unwrap().blocked, 0);
    assert_eq!((owes(&store, "2024-07-22T12:00:00").await, late(&store, "2024-07-22T12:00:00").await.len()), (WHOLE - 200_000, 0));
}

#[tokio::test]
async fn a_shortened_leave_that_is_annulled_after_the_closing_waits() {
    let (_database, store, client) = house(1).await;
    leave(&client, "2024-04-29T12:00:00").await;
    end(&store, 1, LeaveAct::EndEarly, "2024-05-09T12:00:00").await;
    client.batch_execute(CLOSED).await.unwrap();
    store.books_carry_on(&[1], tehran("2024-06-10T12:00:00")).await.unwrap();
    let before = documents(&client).await;
    assert_eq!(owes(&store, "2024-06-10T12:00:00").await, WHOLE - 100_000);
    let annulled = end(&store, 2, LeaveAct::Annul, "2024-06-12T12:00:00").await;
    assert_eq!((annulled.state, annulled.never_granted, annulled.back_at), (LeaveState::Withdrawn, true, None));
    assert_eq!(client.query_one("SELECT count(*) FROM leaves", &[]).await.unwrap().get::<_, i64>(0), 0);
    let as_service = "SET ROLE paband_service; UPDATE leave_acts SET shortened_to = shortened_to, shortened_at = shortened_at; RESET ROLE";
    client.batch_execute(as_service).await.unwrap();

    assert_eq!(store.books_carry_on(&[1], tehran("2024-07-01T12:00:00")).await.unwrap().blocked, 0);
    assert_eq!((documents(&client).await, work(&client).await), (before, vec!["LATE_FACT".to_owned()]));
    assert_eq!(owes(&store, "2024-07-01T12:00:00").await, WHOLE - 100_000);
    let [one] = <[_; 1]>::try_from(late(&store, "2024-07-01T12:00:00").await).unwrap();
    assert_eq!((one.fact.as_str(), one.kind, one.change.minor_units()), ("leave:1:annulled", LateKind::LeaveEnded, 100_000));

    for fact in ["leave:1:annulled", "leave:1:never"] {
        approve(&client, fact, "2024-07-02T12:00:00").await;
    }
    assert_eq!(store.books_carry_on(&[1], tehran("2024-07-23T12:00:00")).await.unwrap().blocked, 0);
    assert_eq!((owes(&store, "2024-07-22T12:00:00").await, owes(&store, "2024-07-01T12:00:00").await), (WHOLE, WHOLE - 100_000));
    assert_eq!(work(&client).await.len(), 0);
}

#[tokio::test]
async fn a_shortening_that_waits_gives_way_to_the_annulment() {
    let (_database, store, client) = house(1).await;
    leave(&client, "2024-04-29T12:00:00").await;
    client.batch_execute(CLOSED).await.unwrap();
    let shortened = "UPDATE leave_acts SET state = 'shortened', back_at = '2024-05-09 12:00+03:30', ended_by = 'x', ended_at = '2024-06-12 12:00+03:30'";
    client.batch_execute(shortened).await.unwrap();
    refuse(&client, "leave:1:end", "2024-06-12T13:00:00").await;
    end(&store, 1, LeaveAct::Annul, "2024-06-13T12:00:00").await;
    store.books_carry_on(&[1], tehran("2024-07-01T12:00:00")).await.unwrap();
    assert_eq!((owes(&store, "2024-07-01T12:00:00").await, work(&client).await), (WHOLE - 200_000, vec!["LATE_FACT".to_owned()]));
    let [one] = <[_; 1]>::try_from(late(&store, "2024-07-01T12:00:00").await).unwrap();
    assert_eq!((one.fact.as_str(), one.change.minor_units(), one.refused), ("leave:1:never", 200_000, None));
    approve(&client, "leave:1:never", "2024-07-02T12:00:00").await;
    store.books_carry_on(&[1], tehran("2024-07-23T12:00:00")).await.unwrap();
    assert_eq!((owes(&store, "2024-07-22T12:00:00").await, work(&client).await.len()), (WHOLE, 0));
}

#[tokio::test]
async fn a_late_leave_that_is_shortened_waits_still_and_leaves_no_work_behind() {
    // Beyond the removal: nothing of the closed order is in what is cut off.
    for (was_refused, back_at, change) in [(true, "2024-05-25 12:00", -1_200_000), (false, "2024-05-09 12:00", -100_000)] {
        let (_database, store, client) = house(1).await;
        client.batch_execute(CLOSED).await.unwrap();
        leave_until(&client, "2024-05-30 12:00", "2024-06-12T12:00:00").await;
        if was_refused {
            refuse(&client, "leave:1", "2024-06-12T13:00:00").await;
        }
        let shortened = format!(
            "UPDATE leave_acts SET state = 'shortened', back_at = '{back_at}+03:30', ended_by = 'x', ended_at = '2024-06-13 12:00+03:30'"
        );
        client.batch_execute(&shortened).await.unwrap();
        store.books_carry_on(&[1], tehran("2024-07-01T12:00:00")).await.unwrap();
        assert_eq!((owes(&store, "2024-07-01T12:00:00").await, work(&client).await), (WHOLE, vec!["LATE_FACT".to_owned()]), "{back_at}");
        let [one] = <[_; 1]>::try_from(late(&store, "2024-07-01T12:00:00").await).unwrap();
        assert_eq!((one.fact.as_str(), one.kind, one.change.minor_units()), ("leave:1:shortened", LateKind::Leave, change));
        approve(&client, "leave:1:shortened", "2024-07-02T12:00:00").await;
        store.books_carry_on(&[1], tehran("2024-07-23T12:00:00")).await.unwrap();
        assert_eq!((owes(&store, "2024-07-22T12:00:00").await, work(&client).await), (WHOLE + change, Vec::new()), "{back_at}");
    }
}

#[tokio::test]
async fn a_late_suspension_of_an_order_that_went_on_in_another_file_is_listed_with_the_file_it_came_from() {
    let (_database, store, client) = house(1).await;
    let merged = "
        INSERT INTO wearers (reference) VALUES ('w2');
        UPDATE wearers SET merged_into = 2, merged_at = '2024-05-20 14:00+03:30', merged_by = 'x', merge_reason = 'x' WHERE wearer_id = 1;
        UPDATE orders SET wearer_id = 2, moved_from = 1 WHERE order_id = 1";
    let suspended = "
        INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date, cause) VALUES
            (1, 3, 'suspension', '2024-05-01', '2024-06-12', 'x', 'x', 'x', '2024-05-01', 'hospital'),
            (1, 4, 'resumption', '2024-05-11', '2024-06-12', 'x', 'x', 'x', '2024-05-11', NULL)";
    for sql in [merged, CLOSED, suspended] {
        client.batch_execute(sql).await.unwrap();
    }
    let [one] = <[_; 1]>::try_from(late(&store, "2024-06-23T12:00:00").await).unwrap();
    assert_eq!((one.wearer.as_str(), one.kind, one.order_id), ("w1", LateKind::Suspension, 1));
}

#[tokio::test]
async fn one_who_cannot_be_rated_does_not_hide_the_others() {
    let (_database, store, client) = house(2).await;
    let of_the_other = |sql: &str| sql.replace("wearer_id = 1", "wearer_id = 2").replace("VALUES (1,", "VALUES (2,");
    client.batch_execute(CLOSED).await.unwrap();
    client.batch_execute(&of_the_other(CLOSED)).await.unwrap();
    leave(&client, "2024-06-12T12:00:00").await;
    let same = "
        INSERT INTO leave_acts (wearer_id, state, valid_from, valid_to, kind, exclusion, purpose, requested_by, requested_at, authority, decision_number,
            decision_date, decided_by, decided_at)
        SELECT 2, state, valid_from, valid_to, kind, exclusion, purpose, requested_by, requested_at, authority, decision_number, decision_date, decided_by, decided_at
        FROM leave_acts";
    client.batch_execute(same).await.unwrap();
    // A price of which two days are more than can be reckoned.
    let price = "
        INSERT INTO tariffs (version, effective_from, daily, class_daily, install, replace, first_month_cap, deposit_tag, deposit_house, proposed_by, approved_by)
            SELECT 'x', '2024-05-11', daily, '{\"gold\": 9000000000000000000}', install, replace, first_month_cap, deposit_tag, deposit_house, 'x', 'y' FROM tariffs;
        INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, class) VALUES (1, 'class', '2024-05-11', '2024-05-12', 'x', 'gold')";
    client.batch_execute(price).await.unwrap();
    let filter = LateFilter { limit: 100, ..LateFilter::default() };
    let (listed, _) = store.late_facts(&staff(), &filter, tehran("2024-06-23T12:00:00")).await.unwrap();
    assert_eq!(listed.iter().map(|one| one.wearer.as_str()).collect::<Vec<_>>(), ["w2"]);
}

#[tokio::test]
async fn what_is_recorded_later_under_the_name_of_what_counts_is_late_all_the_same() {
    let (_database, store, client) = house(1).await;
    leave(&client, "2024-04-29T12:00:00").await;
    end(&store, 1, LeaveAct::EndEarly, "2024-05-09T12:00:00").await;
    client.batch_execute(CLOSED).await.unwrap();
    store.books_carry_on(&[1], tehran("2024-06-10T12:00:00")).await.unwrap();
    let instead = "UPDATE leave_acts SET state = 'withdrawn', back_at = NULL, ended_at = '2024-06-12 12:00+03:30'";
    client.batch_execute(instead).await.unwrap();
    assert_eq!(late(&store, "2024-07-01T12:00:00").await.iter().map(|one| one.fact.as_str()).collect::<Vec<_>>(), ["leave:1:end"]);
}

#[tokio::test]
async fn a_correction_of_a_fee_after_the_closing_waits_too() {
    let (_database, store, client) = house(1).await;
    // Ten nights free: the fee and 20 days are below the cap.
    leave(&client, "2024-04-29T12:00:00").await;
    client.batch_execute(CLOSED).await.unwrap();
    store.books_carry_on(&[1], tehran("2024-06-10T12:00:00")).await.unwrap();
    let whole = owes(&store, "2024-06-10T12:00:00").await;
    let fee = "
        INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, fee_of, chargeable)
        VALUES (1, 'fee', '2024-06-12 12:00+03:30', '2024-06-12 12:00+03:30', 'x', 1, false) RETURNING 'finance:' || fact_id";
    let fact: String = client.query_one(fee, &[]).await.unwrap().get(0);
    store.books_carry_on(&[1], tehran("2024-06-22T12:00:00")).await.unwrap();
    assert_eq!((owes(&store, "2024-06-22T12:00:00").await, work(&client).await), (whole, vec!["LATE_FACT".to_owned()]));
    let [one] = <[_; 1]>::try_from(late(&store, "2024-06-22T12:00:00").await).unwrap();
    assert_eq!((&one.fact, one.kind, one.span.from.utc()), (&fact, LateKind::Fee, tehran("2024-04-20T09:00:00")));
    assert_eq!(one.change.minor_units(), -800_000);
    approve(&client, &fact, "2024-06-25T12:00:00").await;
    assert_eq!(store.books_carry_on(&[1], tehran("2024-07-23T12:00:00")).await.unwrap().blocked, 0);
    assert_eq!(owes(&store, "2024-07-22T12:00:00").await, whole - 800_000);
}
