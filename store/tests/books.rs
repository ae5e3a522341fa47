//! Books in the database: documents and entries follow from what staff recorded, once, with numbers without gaps, and nobody can change them afterwards.

#![allow(clippy::unwrap_used)]

mod billed;

use billed::{documents, house, tehran};
use store::{BooksFault, Issued};
use tokio_postgres::Client;

async fn balance(client: &Client, account: &str) -> i64 {
    let sum = "SELECT coalesce(sum(amount), 0)::bigint FROM ledger_postings WHERE account = $1";
    client.query_one(sum, &[&account]).await.unwrap().get(0)
}

#[tokio::test]
async fn months_are_billed_as_they_come_and_what_is_recorded_late_is_credited() {
    let (_database, store, client) = house(1).await;
    let first = store.books_carry_on(&[1], tehran("2024-05-21T12:00:00")).await.unwrap();
    assert_eq!((first.documents, first.blocked), (2, 0), "{first:?}");
    let before = ["INV-central-1403-000001 invoice 3000000", "INV-central-1403-000002 invoice 3100000"];
    assert_eq!(documents(&client).await, before, "the first month has a cap");
    assert_eq!(store.books_carry_on(&[1], tehran("2024-05-21T12:00:00")).await.unwrap().documents, 0, "again: nothing");
    // Leave of five nights of the second month, recorded after its invoice, and a payment.
    let later = "
        INSERT INTO leave_acts (wearer_id, state, valid_from, valid_to, kind, exclusion, purpose, requested_by, requested_at, authority, decision_number,
            decision_date, decided_by, decided_at)
        VALUES (1, 'approved', '2024-05-25 14:00+03:30', '2024-05-30 10:00+03:30', 'overnight', false, 'x', 'sara', '2024-06-01', 'x', 'x', '2024-06-01', 'reza', '2024-06-01');
        INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, amount, reference)
        VALUES (1, 'payment', '2024-06-02', '2024-06-02', 'finance', 3000000, 'bank-1')";
    client.batch_execute(later).await.unwrap();
    store.books_carry_on(&[1], tehran("2024-06-21T00:00:00")).await.unwrap();
    let after = [&before[..], &["CN-central-1403-000001 credit_note -500000", "INV-central-1403-000003 invoice 3100000"]].concat();
    assert_eq!(documents(&client).await, after);
    assert_eq!(balance(&client, "assets:receivable").await, 3_000_000 + 3_100_000 - 500_000 + 3_100_000 - 3_000_000);
    assert_eq!(balance(&client, "liabilities:setaside").await, -150_000, "5 % of what was received");
    assert_eq!(store.books_verify().await.unwrap(), []);
}

#[tokio::test]
async fn who_was_never_fitted_is_not_billed_and_who_contradicts_blocks_nobody_else() {
    let (_database, store, client) = house(3).await;
    // Registered without evidence; and fitted without an order.
    client.batch_execute("DELETE FROM installations WHERE wearer_id = 1; UPDATE order_facts SET cancelled_at = now(), cancelled_by = 'x', cancel_reason = 'x' WHERE order_id = 2").await.unwrap();
    let issued = store.books_carry_on(&[1, 2, 3], tehran("2024-05-01T12:00:00")).await.unwrap();
    assert_eq!(issued, Issued { persons: 2, documents: 1, entries: 1, blocked: 1, charged: 3_000_000, credited: 0 });
    let work = client.query_one("SELECT wearer_id, is_block, reason FROM billing_work", &[]).await.unwrap();
    assert_eq!((work.get::<_, i64>(0), work.get::<_, bool>(1)), (2, true));
    assert!(work.get::<_, &str>(2).contains("without an order in force"), "{}", work.get::<_, &str>(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_runs_at_once_issue_each_document_once_and_leave_no_gap() {
    let (_database, store, client) = house(24).await;
    let persons: Vec<i64> = (1..=24).collect();
    let runs = (0..8).map(|_| {
        let (store, persons) = (store.clone(), persons.clone());
        tokio::spawn(async move { store.books_carry_on(&persons, tehran("2024-05-21T12:00:00")).await.unwrap().documents })
    });
    let mut issued = 0;
    for run in runs.collect::<Vec<_>>() {
        issued += run.await.unwrap();
    }
    assert_eq!(issued, 48);
    let numbers = "SELECT count(DISTINCT number), min(right(number, 6)), max(right(number, 6)) FROM billing_documents";
    let row = client.query_one(numbers, &[]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, &str>(1), row.get::<_, &str>(2)), (48, "000001", "000048"));
    assert_eq!(store.books_verify().await.unwrap(), []);
}

#[tokio::test]
async fn nothing_of_the_books_is_changed_and_what_the_owner_changes_is_found() {
    let (_database, store, client) = house(2).await;
    store.books_carry_on(&[1, 2], tehran("2024-05-21T12:00:00")).await.unwrap();
    for change in [
        "UPDATE ledger_postings SET amount = amount + 1",
        "DELETE FROM ledger_entries",
        "UPDATE billing_documents SET total = 0",
        "TRUNCATE billing_facts",
        "INSERT INTO ledger_entries VALUES (1000, 1, 1000, now(), 'x', decode(repeat('00', 32), 'hex')); INSERT INTO ledger_postings VALUES (1000, 1, 'income:usage', 5)",
    ] {
        assert!(client.batch_execute(change).await.is_err(), "{change}");
    }
    let forged = "ALTER TABLE ledger_postings DISABLE TRIGGER billing_stays; UPDATE ledger_postings SET amount = amount + 1 WHERE entry_id = 2 AND line = 1;
        ALTER TABLE ledger_postings ENABLE TRIGGER billing_stays";
    client.batch_execute(forged).await.unwrap();
    assert_eq!(store.books_verify().await.unwrap(), [BooksFault::Entry(2)]);
}

#[tokio::test]
async fn a_fact_whose_transaction_ended_after_a_run_counts_from_then_on() {
    let (_database, store, client) = house(1).await;
    store.books_carry_on(&[1], tehran("2024-05-21T12:00:00")).await.unwrap();
    // It says that it was recorded before that run, which did not see it.
    let late = "INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, amount) VALUES (1, 'payment', '2024-05-20', '2024-05-20', 'x', 3000000)";
    client.batch_execute(late).await.unwrap();
    let issued = store.books_carry_on(&[1], tehran("2024-05-22T12:00:00")).await.unwrap();
    assert_eq!((issued.documents, issued.blocked), (0, 0));
    assert_eq!(balance(&client, "assets:cash:fees").await, 3_000_000);
    let again = store.books_carry_on(&[1], tehran("2024-06-21T12:00:00")).await.unwrap();
    assert_eq!((again.documents, again.blocked), (1, 0));
    assert_eq!(balance(&client, "assets:cash:fees").await, 3_000_000);
}

#[tokio::test]
async fn whoever_moves_to_another_centre_has_the_months_documents_from_the_one_that_began_it() {
    let (_database, store, client) = house(1).await;
    store.books_carry_on(&[1], tehran("2024-05-21T12:00:00")).await.unwrap();
    // Moved on the 5th of Khordad; the tag comes off on the 10th.
    let moved = "INSERT INTO units (code, parent_id, kind, name_fa, name_en, is_on) VALUES ('qom', 1, 'province', 'قم', 'Qom', true);
        UPDATE wearers SET unit_id = (SELECT unit_id FROM units WHERE code = 'qom')";
    client.batch_execute(moved).await.unwrap();
    let removed = "UPDATE fittings SET period = tstzrange(lower(period), '2024-05-30 12:00+03:30');
        INSERT INTO removals (fitting_id, at, recorded_at, removed_by, reason, condition, deposit, tag_state)
        SELECT fitting_id, upper(period), '2024-05-30 12:01+03:30', 'x', 'order_ended', 'good', 'none', 'returned' FROM fittings";
    client.batch_execute(removed).await.unwrap();
    store.books_carry_on(&[1], tehran("2024-05-30T12:02:00")).await.unwrap();
    // Fitted again in the next month: the new centre's.
    let again = "INSERT INTO fittings (tag_id, wearer_id, period) VALUES (1, 1, tstzrange('2024-06-25 09:00+03:30', NULL));
        INSERT INTO installations (kind, wearer_id, tag_id, begun_at, begun_by, state, ended_at, ended_by, fitting_id)
        SELECT 'fitting', 1, 1, lower(period), 'x', 'completed', lower(period), 'x', fitting_id FROM fittings WHERE upper_inf(period)";
    client.batch_execute(again).await.unwrap();
    store.books_carry_on(&[1], tehran("2024-06-25T12:00:00")).await.unwrap();
    let issued = documents(&client).await;
    let numbers: Vec<&str> = issued.iter().map(|document| document.split(' ').next().unwrap()).collect();
    assert_eq!(numbers, ["INV-central-1403-000001", "INV-central-1403-000002", "CN-central-1403-000001", "INV-qom-1403-000001"]);
    let centres = "SELECT string_agg(u.code, ' ' ORDER BY d.place) FROM billing_documents d JOIN units u USING (unit_id)";
    assert_eq!(client.query_one(centres, &[]).await.unwrap().get::<_, &str>(0), "central central central qom");
    assert_eq!(store.books_verify().await.unwrap(), []);
}
