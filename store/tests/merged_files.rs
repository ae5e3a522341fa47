//! One person in two files that were merged: no day is billed twice, and what is open in the other file is seen and paid.

#![allow(clippy::unwrap_used)]

mod billed;

use billed::{documents, house, tehran};
use billing::Standing;
use store::testing::staff;
use store::{Store, StoreError};

async fn billable(store: &Store, wearer: i64, at: &str) -> usize {
    let account = store.account(&staff(), &format!("w{wearer}"), tehran(at)).await.unwrap();
    account.rated.days.values().filter(|standing| matches!(standing, Standing::Billable { .. })).count()
}

async fn balance(store: &Store, wearer: i64, at: &str) -> i64 {
    let numbers = store.account(&staff(), &format!("w{wearer}"), tehran(at)).await.unwrap().numbers;
    numbers.balance_due.minor_units() - numbers.credit.minor_units()
}

/// The tag of wearer 1 comes off on 1403/03/10; ten days later the file is merged into that of wearer 2, who was fitted on 1403/02/01 too.
const MERGED: &str = "
    UPDATE fittings SET period = tstzrange(lower(period), '2024-05-30 12:00+03:30') WHERE wearer_id = 1;
    INSERT INTO removals (fitting_id, at, recorded_at, removed_by, reason, condition, deposit, tag_state)
        VALUES (1, '2024-05-30 12:00+03:30', '2024-05-30 12:00+03:30', 'x', 'other', 'good', 'none', 'returned');
    INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date)
        VALUES (1, 2, 'end', '2024-05-31', '2024-05-31', 'x', 'x', 'x', '2024-05-31')";
const MERGE: &str = "
    UPDATE wearers SET merged_into = 2, merged_at = '2024-06-09 12:00+03:30', merged_by = 'x', merge_reason = 'x' WHERE wearer_id = 1";

#[tokio::test]
async fn a_day_on_which_both_files_had_a_tag_is_billed_in_the_one_that_goes_on() {
    let (_database, store, client) = house(3).await;
    client.batch_execute(MERGED).await.unwrap();
    store.books_carry_on(&[1, 2], tehran("2024-06-08T12:00:00")).await.unwrap();
    let (before, other) = (documents(&client).await, balance(&store, 2, "2024-06-08T12:00:00").await);
    assert_eq!((billable(&store, 1, "2024-06-08T12:00:00").await, balance(&store, 1, "2024-06-08T12:00:00").await > 0), (40, true));
    client.batch_execute(MERGE).await.unwrap();
    let issued = store.books_carry_on(&[1, 2], tehran("2024-06-21T12:00:00")).await.unwrap();
    assert_eq!((issued.persons, issued.blocked), (2, 0));
    assert_eq!(billable(&store, 1, "2024-06-21T12:00:00").await, 0);
    // The past stays as it was known, in the documents and in the account.
    assert_eq!(documents(&client).await.iter().filter(|document| before.contains(document)).count(), before.len());
    assert_eq!(billable(&store, 1, "2024-06-08T12:00:00").await, 40);
    // What is left is the fee of the installation.
    assert_eq!(balance(&store, 1, "2024-06-21T12:00:00").await, 800_000);
    assert!(balance(&store, 2, "2024-06-21T12:00:00").await > other, "that file goes on");
    let account = store.account(&staff(), "w2", tehran("2024-06-21T12:00:00")).await.unwrap();
    assert_eq!(account.merged.iter().map(|file| (file.wearer.as_str(), file.balance.minor_units())).collect::<Vec<_>>(), [("w1", 800_000)]);

    // The file that went on is merged into a third: what followed still follows.
    let further = "
        UPDATE fittings SET period = tstzrange(lower(period), '2024-06-25 12:00+03:30') WHERE wearer_id = 2;
        INSERT INTO removals (fitting_id, at, recorded_at, removed_by, reason, condition, deposit, tag_state)
            VALUES (2, '2024-06-25 12:00+03:30', '2024-06-25 12:00+03:30', 'x', 'other', 'good', 'none', 'returned');
        UPDATE wearers SET merged_into = 3, merged_at = '2024-06-26 12:00+03:30', merged_by = 'x', merge_reason = 'x' WHERE wearer_id = 2;
        UPDATE wearers SET merged_into = 3, merged_first_into = 2 WHERE wearer_id = 1";
    client.batch_execute(further).await.unwrap();
    let since = "SELECT to_char(known_as_one_since(a, b) AT TIME ZONE 'Asia/Tehran', 'MM-DD') FROM (VALUES (1, 2), (2, 1), (1, 3), (3, 2)) pair (a, b)";
    let since: Vec<String> = client.query(since, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(since, ["06-09", "06-09", "06-26", "06-26"], "each two since they came together");
    assert_eq!(store.books_carry_on(&[1, 2, 3], tehran("2024-07-22T12:00:00")).await.unwrap().blocked, 0);
    assert_eq!((billable(&store, 1, "2024-07-22T12:00:00").await, billable(&store, 2, "2024-07-22T12:00:00").await), (0, 0));
    assert_eq!(store.books_verify().await.unwrap(), []);
}

#[tokio::test]
async fn a_removal_that_is_recorded_after_the_merge_gives_its_days_back() {
    let (_database, store, client) = house(2).await;
    client.batch_execute(MERGED).await.unwrap();
    client.batch_execute(MERGE).await.unwrap();
    store.books_carry_on(&[1, 2], tehran("2024-06-21T12:00:00")).await.unwrap();
    assert_eq!(billable(&store, 1, "2024-06-21T12:00:00").await, 0);
    // The tag of the other was off since 1403/03/01.
    let off = "
        UPDATE fittings SET period = tstzrange(lower(period), '2024-05-21 12:00+03:30') WHERE wearer_id = 2;
        INSERT INTO removals (fitting_id, at, recorded_at, removed_by, reason, condition, deposit, tag_state)
            VALUES (2, '2024-05-21 12:00+03:30', '2024-06-25 12:00+03:30', 'x', 'other', 'good', 'none', 'returned')";
    client.batch_execute(off).await.unwrap();
    assert_eq!(store.books_carry_on(&[1, 2], tehran("2024-07-22T12:00:00")).await.unwrap().blocked, 0);
    // 1403/02/01 to 31 in the one, 1403/03/01 to 09 in the other.
    assert_eq!((billable(&store, 1, "2024-07-22T12:00:00").await, billable(&store, 2, "2024-07-22T12:00:00").await), (9, 31));
}

#[tokio::test]
async fn a_change_that_the_database_broke_off_for_another_can_be_tried_again() {
    let (_database, _store, client) = house(1).await;
    for code in ["40P01", "40001"] {
        let error = client.batch_execute(&format!("DO $$ BEGIN RAISE 'x' USING ERRCODE = '{code}'; END $$")).await.unwrap_err();
        assert!(StoreError::from(error).is_recoverable(), "{code}");
    }
}

/// The tag of wearer 1 comes off on 1403/02/11; the order goes on in the file of wearer 2, who is fitted on 1403/02/13.
const WENT_ON: &str = "
    UPDATE fittings SET period = tstzrange(lower(period), '2024-04-30 12:00+03:30') WHERE wearer_id = 1;
    INSERT INTO removals (fitting_id, at, recorded_at, removed_by, reason, condition, deposit, tag_state)
        VALUES (1, '2024-04-30 12:00+03:30', '2024-04-30 12:00+03:30', 'x', 'other', 'good', 'none', 'returned');
    INSERT INTO wearers (reference) VALUES ('w2');
    INSERT INTO tags (imei) VALUES ('000000000000002');
    UPDATE wearers SET merged_into = 2, merged_at = '2024-05-01 12:00+03:30', merged_by = 'x', merge_reason = 'x' WHERE wearer_id = 1;
    UPDATE orders SET wearer_id = 2, moved_from = 1;
    INSERT INTO fittings (tag_id, wearer_id, period) VALUES (2, 2, tstzrange('2024-05-02 09:00+03:30', NULL));
    INSERT INTO installations (kind, wearer_id, tag_id, begun_at, begun_by, state, ended_at, ended_by, fitting_id)
        SELECT 'fitting', wearer_id, tag_id, lower(period), 'x', 'completed', lower(period) + interval '1 minute', 'x', fitting_id
        FROM fittings WHERE wearer_id = 2";

#[tokio::test]
async fn an_order_that_went_on_in_the_other_file_keeps_its_one_cap() {
    let (_database, store, client) = house(1).await;
    store.books_carry_on(&[1], tehran("2024-04-25T12:00:00")).await.unwrap();
    assert_eq!(balance(&store, 1, "2024-04-25T12:00:00").await, 3_000_000, "the cap");
    client.batch_execute(WENT_ON).await.unwrap();
    let (now, later) = ("2024-05-10T12:00:00", "2024-06-22T12:00:00");
    assert_eq!(store.books_carry_on(&[1, 2], tehran(now)).await.unwrap().blocked, 0);
    assert_eq!((billable(&store, 1, now).await, balance(&store, 1, now).await), (10, 800_000 + 10 * 100_000));
    assert_eq!((billable(&store, 2, now).await, balance(&store, 2, now).await), (19, 3_000_000 - 1_800_000), "what is left of the cap");

    // A leave of the file before, recorded late, leaves more for the other.
    let leave = "
        INSERT INTO leave_acts (wearer_id, state, valid_from, valid_to, kind, exclusion, purpose, requested_by, requested_at, authority, decision_number,
            decision_date, decided_by, decided_at)
        VALUES (1, 'approved', '2024-04-24 12:00+03:30', '2024-04-27 12:00+03:30', 'overnight', false, 'x', 'x', '2024-05-12', 'x', 'x', '2024-05-12', 'y', '2024-05-12')";
    client.batch_execute(leave).await.unwrap();
    let before = documents(&client).await;
    assert_eq!(store.books_carry_on(&[1, 2], tehran(later)).await.unwrap().blocked, 0);
    assert_eq!(documents(&client).await.iter().filter(|document| before.contains(document)).count(), before.len());
    assert_eq!(balance(&store, 1, later).await, 1_500_000);
    // Two whole months more: 31 days each.
    assert_eq!(balance(&store, 2, later).await, 1_500_000 + 62 * 100_000);
    assert_eq!(store.books_verify().await.unwrap(), []);
}

#[tokio::test]
async fn a_class_of_the_merged_file_holds_in_the_one_that_goes_on_and_what_makes_no_sense_there_holds_up_nobody() {
    let (_database, store, client) = house(1).await;
    client.batch_execute(WENT_ON).await.unwrap();
    let class = "
        INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, class)
        VALUES (1, 'class', '2024-04-20', '2024-04-20', 'x', 'reduced')";
    client.batch_execute(class).await.unwrap();
    let (now, later) = ("2024-05-10T12:00:00", "2024-06-22T12:00:00");
    assert_eq!(store.books_carry_on(&[1, 2], tehran(now)).await.unwrap().blocked, 0);
    let there = 800_000 + 10 * 50_000;
    assert_eq!(
        (balance(&store, 1, now).await, balance(&store, 2, now).await),
        (there, 3_000_000 - there),
        "19 days would be 50,000 beyond the cap"
    );
    // It ends there, and so here.
    let ended = "
        INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, cancels)
        SELECT 1, 'cancel', '2024-05-12', '2024-05-12', 'x', fact_id FROM billing_facts";
    client.batch_execute(ended).await.unwrap();
    assert_eq!(store.books_carry_on(&[1, 2], tehran(later)).await.unwrap().blocked, 0);
    assert_eq!((balance(&store, 1, later).await, balance(&store, 2, later).await), (1_800_000, 1_200_000 + 62 * 100_000));
    // The order was a wrong entry, and a new one took its place in the file that goes on.
    let again = "
        UPDATE order_facts SET cancelled_at = '2024-06-23', cancelled_by = 'x', cancel_reason = 'x';
        INSERT INTO orders (wearer_id) VALUES (2);
        INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date, legal_basis, regime)
            SELECT max(order_id), 1, 'new', '2024-04-01', '2024-06-23', 'x', 'x', 'x', '2024-04-01', 'ipc_62', 'tag' FROM orders";
    client.batch_execute(again).await.unwrap();
    let issued = store.books_carry_on(&[1, 2], tehran("2024-07-22T12:00:00")).await.unwrap();
    assert_eq!((issued.persons, issued.blocked), (1, 1), "the merged file alone waits for somebody to look");
    assert_eq!(store.books_verify().await.unwrap(), []);
}

#[tokio::test]
async fn corrections_in_the_merged_file_hold_in_the_one_that_goes_on() {
    let (_database, store, client) = house(1).await;
    client.batch_execute(WENT_ON).await.unwrap();
    let (now, later) = ("2024-05-10T12:00:00", "2024-05-20T12:00:00");
    store.books_carry_on(&[1, 2], tehran(now)).await.unwrap();
    assert_eq!((balance(&store, 1, now).await, balance(&store, 2, now).await), (1_800_000, 1_200_000), "together the cap");
    // The fee of the first fitting is not charged, and five days of the second were in hospital.
    let corrections = "
        INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, fee_of, chargeable)
            VALUES (1, 'fee', '2024-05-12', '2024-05-12', 'x', 1, false);
        INSERT INTO billing_facts (wearer_id, kind, at, until, recorded_at, recorded_by)
            VALUES (1, 'suspension', '2024-05-05 00:00+03:30', '2024-05-10 00:00+03:30', '2024-05-12', 'x');
        INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by) VALUES (1, 'run', '2024-05-13', '2024-05-13', 'x'),
            (2, 'run', '2024-05-13', '2024-05-13', 'x')";
    client.batch_execute(corrections).await.unwrap();
    assert_eq!(store.books_carry_on(&[1, 2], tehran(later)).await.unwrap().blocked, 0);
    assert_eq!((billable(&store, 1, later).await, billable(&store, 2, later).await), (10, 14));
    assert_eq!((balance(&store, 1, later).await, balance(&store, 2, later).await), (1_000_000, 2_000_000), "what is left of the cap");
    // It was no hospital: it ends in both.
    let ended = "
        INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, cancels)
            SELECT 1, 'cancel', '2024-05-21', '2024-05-21', 'x', fact_id FROM billing_facts WHERE kind = 'suspension';
        INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by) VALUES (2, 'run', '2024-05-22', '2024-05-22', 'x')";
    client.batch_execute(ended).await.unwrap();
    assert_eq!(store.books_carry_on(&[1, 2], tehran("2024-05-23T12:00:00")).await.unwrap().blocked, 0);
    assert_eq!(billable(&store, 2, "2024-05-23T12:00:00").await - billable(&store, 2, later).await, 5 + 31, "Khordad too");
    assert_eq!(store.books_verify().await.unwrap(), []);
}
