//! Each movement of money held against its fact, whether its entry names it or was written before entries did.

#![allow(clippy::unwrap_used)]

mod billed;

use billed::{house, tehran};
use store::{AsOf, Store};
use tokio_postgres::Client;

/// Two deposits, damage beyond what is held, and what is left back; of the second person only a deposit and a part of it back.
const MONEY: &str = "
    INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, amount) VALUES
        (1, 'deposit_payment', '2024-05-01', '2024-05-01', 'x', 5000000), (1, 'damage', '2024-05-02', '2024-05-02', 'x', 7000000),
        (1, 'deposit_payment', '2024-05-03', '2024-05-03', 'x', 1000000), (1, 'deposit_return', '2024-05-04', '2024-05-04', 'x', 400000),
        (1, 'deposit_return', '2024-05-05', '2024-05-05', 'x', 600000),
        (2, 'deposit_payment', '2024-05-01', '2024-05-01', 'x', 3000000), (2, 'deposit_return', '2024-05-02', '2024-05-02', 'x', 1000000)";

async fn house_with_deposits() -> (store::testing::TestDatabase, Store, Client) {
    let (database, store, client) = house(2).await;
    store.books_carry_on(&[1, 2], tehran("2024-04-21T00:00:00")).await.unwrap();
    client.batch_execute(MONEY).await.unwrap();
    store.books_carry_on(&[1, 2], tehran("2024-05-06T00:00:00")).await.unwrap();
    let owner = "ALTER TABLE ledger_entries DISABLE TRIGGER billing_stays; ALTER TABLE ledger_postings DISABLE TRIGGER billing_stays";
    client.batch_execute(owner).await.unwrap();
    (database, store, client)
}

/// `subject wearer expected found` of each difference in money.
async fn differences(store: &Store) -> Vec<String> {
    let (sums, differences) = store.books_reconcile(&[1], AsOf::instant(tehran("2024-06-01T00:00:00")).unwrap()).await.unwrap();
    assert_eq!((sums.cash_deposit, sums.cash_deposit), (sums.deposits_owed, billing::Money::rials(2_000_000)));
    let row = |one: store::BooksDifference| {
        let (expected, found) = (one.expected.minor_units(), one.found.minor_units());
        format!("{:?} {} {} {expected} {found}", one.what, one.subject, one.wearer)
    };
    differences.into_iter().map(row).collect()
}

#[tokio::test]
async fn deposits_back_and_damage_are_held_against_their_facts() {
    let (_database, store, client) = house_with_deposits().await;
    assert_eq!(differences(&store).await, [""; 0]);
    let named = "SELECT string_agg(text || ' ' || fact, ', ' ORDER BY entry_id) FROM ledger_entries WHERE fact IS NOT NULL";
    let named: String = client.query_one(named, &[]).await.unwrap().get(0);
    assert_eq!(named, "damage from deposit finance:2, deposit return finance:4, deposit return finance:5, deposit return finance:7");
    // Who is given back more and less by the same amount has the right sum, and each return is wrong.
    let shifted = "UPDATE ledger_postings p SET amount = amount + sign(amount) * CASE e.fact WHEN 'finance:4' THEN 5 ELSE -5 END
        FROM ledger_entries e WHERE e.entry_id = p.entry_id AND e.fact IN ('finance:4', 'finance:5')";
    client.batch_execute(shifted).await.unwrap();
    assert_eq!(differences(&store).await, ["Money finance:4 w1 -400000 -400005", "Money finance:5 w1 -600000 -599995"]);
    assert_eq!(store.books_verify().await.unwrap().len(), 2, "and the chain tells too");
}

#[tokio::test]
async fn entries_that_name_no_fact_are_compared_by_person() {
    let (_database, store, client) = house_with_deposits().await;
    client.batch_execute("UPDATE ledger_entries SET fact = NULL").await.unwrap();
    assert_eq!(differences(&store).await, [""; 0]);
    // A return gave less.
    let forged = "UPDATE ledger_postings p SET amount = amount - sign(amount) * 9 FROM ledger_entries e
        WHERE e.entry_id = p.entry_id AND e.text = 'deposit return' AND e.wearer_id = 2";
    client.batch_execute(forged).await.unwrap();
    let found = store.books_reconcile(&[1], AsOf::instant(tehran("2024-06-01T00:00:00")).unwrap()).await.unwrap().1;
    assert_eq!(found.iter().map(|one| (one.subject.as_str(), one.wearer.as_str())).collect::<Vec<_>>(), [("deposit return", "w2")]);
}
