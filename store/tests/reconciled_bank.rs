//! The bank held against the books: what only one of the two has, once the other should have it.

#![allow(clippy::unwrap_used)]

mod billed;

use billed::{house, tehran};
use chrono::NaiveDate;
use store::testing::TestDatabase;
use store::{AsOf, BankAccount, Store};
use tokio_postgres::Client;

/// Days of May 2024; everything was read in on the day after the last one of its file unless a test says otherwise.
struct House {
    _database: TestDatabase,
    store: Store,
    client: Client,
}

impl House {
    /// Facts of wearers 1 and 2, as values of `wearer_id, kind, day, amount, reference, cancels`; and their books.
    async fn new(facts: &str) -> Self {
        let (database, store, client) = house(2).await;
        let house = Self { _database: database, store, client };
        house.sql("INSERT INTO units (code, parent_id, kind, name_fa, name_en, is_on) VALUES ('tehran', 1, 'province', 'تهران', 'Tehran', true)").await;
        house.sql("UPDATE wearers SET unit_id = (SELECT unit_id FROM units WHERE code = 'tehran')").await;
        house.store.books_carry_on(&[1, 2], tehran("2024-04-21T00:00:00")).await.unwrap();
        house.facts(facts).await;
        house
    }

    async fn sql(&self, text: &str) {
        self.client.batch_execute(text).await.unwrap();
    }

    async fn facts(&self, values: &str) {
        let insert = format!(
            "INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, amount, reference, cancels)
            SELECT w, k, (d || ' 09:00+03:30')::timestamptz, (d || ' 09:00+03:30')::timestamptz, 'x', a, r, c FROM (VALUES {values}) AS given (w, k, d, a, r, c)"
        );
        self.sql(&insert).await;
        self.store.books_carry_on(&[1, 2], tehran("2024-05-31T00:00:00")).await.unwrap();
    }

    /// A file of an account of a unit that covers these days.
    async fn file(&self, unit: &str, account: &str, first: &str, last: &str) {
        let insert = format!(
            "INSERT INTO statements (unit_id, account, format, imported_at, imported_by, line_count, first_day, last_day)
            SELECT unit_id, '{account}', 'csv', '{last} 12:00+03:30'::timestamptz + interval '1 day', 'x', 0, '{first}', '{last}' FROM units WHERE code = '{unit}'"
        );
        self.sql(&insert).await;
    }

    /// A line of the first file.
    async fn line(&self, day: &str, amount: i64, reference: &str, state: &str, fact: &str) -> i64 {
        let insert = format!(
            "INSERT INTO statement_lines (statement_id, unit_id, import_id, place, day, amount, identifier, reference, text, state, fact_id)
            SELECT 1, unit_id, gen_random_uuid(), 1, '{day}', {amount}, '', '{reference}', '', '{state}', {fact} FROM statements WHERE statement_id = 1
            RETURNING line_id"
        );
        self.client.query_one(&insert, &[]).await.unwrap().get(0)
    }

    /// `what subject wearer expected found`, as of the end of a day; the books agree with each other.
    async fn differences(&self, day: &str) -> Vec<String> {
        let (_, differences) = self.reconciled(day).await;
        differences
    }

    async fn reconciled(&self, day: &str) -> (Vec<BankAccount>, Vec<String>) {
        let day = day.parse::<NaiveDate>().unwrap().try_into().unwrap();
        let units: Vec<i64> = self.client.query("SELECT unit_id FROM units", &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
        let (sums, differences) = self.store.books_reconcile(&units, AsOf::end_of(day)).await.unwrap();
        let row = |one: store::BooksDifference| {
            let (expected, found) = (one.expected.minor_units(), one.found.minor_units());
            format!("{:?} {} {} {expected} {found}", one.what, one.subject, one.wearer)
        };
        (sums.bank, differences.into_iter().map(row).collect())
    }
}

const FIRST: &str = "PaymentNotAtBank payment 1 w1 500 0";
const SECOND: &str = "PaymentNotAtBank payment 2 w2 700 0";

/// Two payments by hand on 05-10, and a deposit ten days after.
async fn house_of_payments() -> House {
    House::new(
        "(1, 'payment', '2024-05-10', 500, 'H-1', NULL::bigint), (2, 'payment', '2024-05-10', 700, 'H-2', NULL),
        (1, 'deposit_payment', '2024-05-20', 900, 'H-3', NULL)",
    )
    .await
}

#[tokio::test]
async fn a_payment_by_hand_is_expected_on_a_statement_within_a_week() {
    let house = house_of_payments().await;
    assert_eq!(house.differences("2024-06-10").await, [""; 0], "no statement was ever read in");
    house.file("tehran", "melli", "2024-05-01", "2024-05-16").await;
    assert_eq!(house.differences("2024-06-10").await, [""; 0], "it may come yet");
    house.file("tehran", "melli", "2024-05-17", "2024-05-17").await;
    assert_eq!(house.differences("2024-06-10").await, [FIRST, SECOND]);
    assert_eq!(house.differences("2024-05-17").await, [""; 0], "the second file was read in on the day after");

    // One that waits and has its reference and amount is work, not a fault. Who says that it is none says that the payment is not there.
    let line = house.line("2024-05-11", 700, "H-2", "waiting", "NULL").await;
    assert_eq!(house.differences("2024-06-10").await, [FIRST]);
    house.sql(&format!("UPDATE statement_lines SET state = 'set_aside', decided_at = '2024-05-25' WHERE line_id = {line}")).await;
    assert_eq!(house.differences("2024-06-10").await, [FIRST, SECOND]);
    assert_eq!(house.differences("2024-05-20").await, [FIRST], "it waited then");
    house
        .sql(&format!("UPDATE statement_lines SET state = 'matched', fact_id = 2, decided_at = '2024-05-28' WHERE line_id = {line}"))
        .await;
    assert_eq!(house.differences("2024-06-10").await, [FIRST]);
    // What bounced is not expected.
    house.facts("(1, 'cancel', '2024-05-29', NULL::bigint, NULL, 1::bigint)").await;
    assert_eq!(house.differences("2024-06-10").await, [""; 0]);
    assert_eq!(house.differences("2024-05-28").await, [FIRST]);
    // The deposit, once the week is over.
    house.file("tehran", "melli", "2024-05-18", "2024-05-27").await;
    assert_eq!(house.differences("2024-06-10").await, ["PaymentNotAtBank payment 3 w1 900 0"]);
}

#[tokio::test]
async fn every_account_that_is_in_use_of_the_unit_and_those_above_must_have_come_so_far() {
    let house = house_of_payments().await;
    house.file("tehran", "melli", "2024-05-01", "2024-05-17").await;
    house.file("central", "saderat", "2024-04-01", "2024-05-12").await;
    assert_eq!(house.differences("2024-06-10").await, [""; 0], "it may be on the account of the central unit");
    house.sql("UPDATE statements SET first_day = '2024-05-11' WHERE account = 'saderat'").await;
    assert_eq!(house.differences("2024-06-10").await, [FIRST, SECOND], "of that day it has none");
    house.sql("UPDATE statements SET first_day = '2024-03-01', last_day = '2024-04-09' WHERE account = 'saderat'").await;
    assert_eq!(house.differences("2024-06-10").await, [""; 0]);
    house.sql("UPDATE statements SET last_day = '2024-04-08' WHERE account = 'saderat'").await;
    assert_eq!(house.differences("2024-06-10").await, [FIRST, SECOND], "it is not in use any more");
    // Statements of the central unit alone tell of the wearers of a province; those of another province do not.
    house.sql("UPDATE statements SET unit_id = 1").await;
    assert_eq!(house.differences("2024-06-10").await, [FIRST, SECOND]);
    let qom = "INSERT INTO units (code, parent_id, kind, name_fa, name_en, is_on) VALUES ('qom', 1, 'province', 'قم', 'Qom', true);
        UPDATE statements SET unit_id = (SELECT unit_id FROM units WHERE code = 'qom')";
    house.sql(qom).await;
    assert_eq!(house.differences("2024-06-10").await, [""; 0]);
}

/// Two refunds of the first wearer that were sent on 05-10, of what was paid before the statements begin.
async fn house_of_refunds() -> House {
    let house = House::new(
        "(1, 'payment', '2024-05-05', 9000000, 'H-1', NULL::bigint), (1, 'refund', '2024-05-09', 100, NULL, NULL), (1, 'refund', '2024-05-09', 200, NULL, NULL)",
    )
    .await;
    let sent = "
        INSERT INTO refunds (wearer_id, state, is_deposit, amount, sheba, holder, reason, requested_by, requested_at, fact_id, sent_by, sent_at, bank_reference)
        SELECT 1, 'sent', false, amount, 'IR240150000001177301920207', 'x', 'x', 'x', at, fact_id, 'x', '2024-05-10 09:00+03:30', 'BULK'
        FROM billing_facts WHERE kind = 'refund' ORDER BY fact_id";
    house.sql(sent).await;
    house.file("tehran", "melli", "2024-05-08", "2024-05-17").await;
    house
}

#[tokio::test]
async fn a_refund_that_was_sent_is_expected_on_a_statement_by_itself_or_with_others() {
    let house = house_of_refunds().await;
    let (first, second) = ("RefundNotAtBank refund 1 w1 -100 0", "RefundNotAtBank refund 2 w1 -200 0");
    assert_eq!(house.differences("2024-06-10").await, [first, second]);
    let line = house.line("2024-05-10", -150, "BULK", "set_aside", "NULL").await;
    assert_eq!(house.differences("2024-06-10").await, [second], "a line that is smaller is not the transfer of both");
    house.sql(&format!("UPDATE statement_lines SET amount = -300 WHERE line_id = {line}")).await;
    assert_eq!(house.differences("2024-06-10").await, [""; 0]);
    house
        .sql(&format!(
            "UPDATE statement_lines SET amount = -100, state = 'matched', fact_id = 2, decided_at = '2024-05-20' WHERE line_id = {line}"
        ))
        .await;
    assert_eq!(house.differences("2024-06-10").await, [second]);
    house.sql(&format!("UPDATE statement_lines SET amount = -90 WHERE line_id = {line}")).await;
    assert_eq!(house.differences("2024-06-10").await, [second, &format!("LineAmount line {line} w1 -100 -90")]);
}

#[tokio::test]
async fn a_refund_that_came_back_is_expected_to_come_in() {
    let house = house_of_refunds().await;
    house.sql("DELETE FROM refunds WHERE refund_id = 2").await;
    let out = house.line("2024-05-10", -100, "P-1", "matched", "2").await;
    house.facts("(1, 'cancel', '2024-05-14', NULL::bigint, NULL, 2::bigint)").await;
    let back = "UPDATE refunds SET state = 'returned', returned_at = '2024-05-14 09:00+03:30', returned_by = 'x'";
    house.sql(back).await;
    assert_eq!(house.differences("2024-06-10").await, [""; 0], "it may come yet");
    house.file("tehran", "melli", "2024-05-18", "2024-05-21").await;
    assert_eq!(house.differences("2024-06-10").await, [format!("LineReversed line {out} w1 0 -100")]);
    assert_eq!(house.differences("2024-05-13").await, [""; 0]);
    let line = house.line("2024-05-14", 100, "R-1", "matched", "4").await;
    assert_eq!(house.differences("2024-06-10").await, [""; 0]);
    house.sql(&format!("UPDATE statement_lines SET amount = 101 WHERE line_id = {line}")).await;
    assert_eq!(house.differences("2024-06-10").await, [format!("LineAmount line {line} w1 100 101")]);
    // Money that came back and of which no line shows that it ever went.
    house.sql(&format!("UPDATE statement_lines SET amount = 100 WHERE line_id = {line}; UPDATE statement_lines SET state = 'set_aside', fact_id = NULL WHERE line_id = {out}; UPDATE statement_lines SET reference = 'X'")).await;
    assert_eq!(house.differences("2024-06-10").await, ["RefundNotAtBank refund 1 w1 -100 0"]);
}

#[tokio::test]
async fn of_what_bounced_as_much_is_expected_to_go_out_again() {
    let house = House::new("(1, 'payment', '2024-05-09', 500, 'a', NULL::bigint), (2, 'payment', '2024-05-11', 500, 'b', NULL)").await;
    house.file("tehran", "melli", "2024-05-08", "2024-05-20").await;
    let first = house.line("2024-05-09", 500, "", "matched", "1").await;
    let second = house.line("2024-05-11", 500, "", "matched", "2").await;
    house.facts("(1, 'cancel', '2024-05-12', NULL::bigint, NULL, 1::bigint), (2, 'cancel', '2024-05-12', NULL, NULL, 2)").await;
    let (first, second) = (format!("LineReversed line {first} w1 0 500"), format!("LineReversed line {second} w2 0 500"));
    assert_eq!(house.differences("2024-06-10").await, [first, second.clone()]);
    house.line("2024-05-10", -500, "", "outgoing", "NULL").await;
    assert_eq!(house.differences("2024-06-10").await, [second], "what went out before the second came is the first");
    house.line("2024-05-12", -500, "", "set_aside", "NULL").await;
    assert_eq!(house.differences("2024-06-10").await, [""; 0]);
}

#[tokio::test]
async fn an_account_says_its_days_what_came_and_went_and_its_last_balance_as_of_any_day() {
    let house = house_of_payments().await;
    house.file("tehran", "melli", "2024-05-01", "2024-05-05").await;
    house.file("tehran", "melli", "2024-05-08", "2024-05-12").await;
    house.sql("UPDATE statements SET closing = 1000, closing_day = '2024-05-05' WHERE statement_id = 1").await;
    house.sql("UPDATE statements SET closing = 1070, closing_day = '2024-05-12' WHERE statement_id = 2").await;
    let line = house.line("2024-05-04", 500, "", "waiting", "NULL").await;
    house.line("2024-05-04", 30, "", "waiting", "NULL").await;
    house.line("2024-05-05", 7, "", "set_aside", "NULL").await;
    house.line("2024-05-05", -9, "", "outgoing", "NULL").await;
    house
        .sql(&format!("UPDATE statement_lines SET state = 'matched', fact_id = 1, decided_at = '2024-05-15' WHERE line_id = {line}"))
        .await;
    let told = async |day: &str| {
        let sums = |sums: store::BankSums| {
            let rials = [sums.total, sums.matched, sums.waiting, sums.set_aside].map(billing::Money::minor_units);
            format!("{rials:?} {}", sums.waiting_lines)
        };
        let one = |one: BankAccount| {
            let (first, last) = one.days.unwrap();
            let (closing, day) = one.closing.unwrap();
            format!("{} {} {first} {last} {} {} {closing} {day}", one.unit, one.account, sums(one.came_in), sums(one.went_out))
        };
        house.reconciled(day).await.0.into_iter().map(one).collect::<Vec<_>>()
    };
    assert_eq!(told("2024-05-05").await, [""; 0], "nothing was read in");
    assert_eq!(told("2024-05-06").await, ["tehran melli 2024-05-01 2024-05-05 [537, 0, 530, 7] 2 [9, 0, 9, 0] 1 1000 IRR 2024-05-05"]);
    assert_eq!(told("2024-05-20").await, ["tehran melli 2024-05-01 2024-05-12 [537, 500, 30, 7] 1 [9, 0, 9, 0] 1 1070 IRR 2024-05-12"]);
    let kept = house.client.batch_execute("UPDATE statement_line_states SET state = 'waiting'").await;
    assert!(kept.is_err(), "how a line stood is never changed");
}
