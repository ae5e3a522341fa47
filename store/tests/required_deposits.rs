//! What the authority requires as a deposit, and which papers follow (rule R10, decision D38).

#![allow(clippy::unwrap_used)]

mod billed;

use billed::{documents, house, tehran};
use store::testing::staff;
use store::{Issued, Store};
use tokio_postgres::Client;

/// Requires a deposit of wearer 1 for an order, as recorded then.
async fn require(client: &Client, order: i64, amount: i64, at: &str) {
    let at = format!("{at}+03:30");
    let requirement = format!(
        "WITH r AS (INSERT INTO billing_reliefs (wearer_id, kind, authority, decision_number, decision_date, found_by, proposed_by, approved_by, at)
            VALUES (1, 'deposit', 'x', 'x', '2024-04-01', 'x', 'sara', 'reza', '{at}') RETURNING relief_id)
        INSERT INTO deposit_requirements (relief_id, wearer_id, order_id, regime, amount, recorded_at)
            SELECT relief_id, 1, {order}, 'tag', {amount}, '{at}' FROM r"
    );
    client.batch_execute(&requirement).await.unwrap();
}

/// Kinds and totals of what concerns the deposit, in the order of issue.
async fn papers(client: &Client) -> Vec<(String, i64)> {
    let of_deposit = |document: &String| {
        let (kind, total) = document.trim_start().rsplit_once(' ').unwrap();
        let kind = kind.rsplit(' ').next().unwrap();
        kind.starts_with("deposit").then(|| (kind.to_owned(), total.parse().unwrap()))
    };
    documents(client).await.iter().filter_map(of_deposit).collect()
}

fn request(amount: i64) -> (String, i64) {
    ("deposit_request".to_owned(), amount)
}

async fn pay(client: &Client, amount: i64, at: &str) {
    let payment = format!(
        "INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, amount) VALUES (1, 'deposit_payment', '{at}+03:30', '{at}+03:30', 'x', {amount})"
    );
    client.batch_execute(&payment).await.unwrap();
}

async fn carry_on(store: &Store, until: &str) {
    let Issued { persons, blocked, .. } = store.books_carry_on(&[1], tehran(until)).await.unwrap();
    assert_eq!((persons, blocked), (1, 0), "{until}");
}

async fn required(store: &Store, at: &str) -> i64 {
    store.account(&staff(), "w1", tehran(at)).await.unwrap().numbers.deposit.required.minor_units()
}

#[tokio::test]
async fn what_was_required_before_the_tag_is_asked_for_at_the_installation_the_newest_of_it() {
    let (_database, store, client) = house(1).await;
    require(&client, 1, 9_000_000, "2024-04-05T09:00:00").await;
    require(&client, 1, 7_000_000, "2024-04-06T09:00:00").await;
    // Not known when the tag was put on.
    carry_on(&store, "2024-04-21T12:00:00").await;
    assert_eq!((papers(&client).await, required(&store, "2024-04-21T12:00:00").await), (vec![request(7_000_000)], 7_000_000));
}

#[tokio::test]
async fn what_was_required_under_an_order_that_was_a_wrong_entry_holds_for_the_next_and_of_another_order_does_not() {
    for (is_cancelled, expected) in [(true, vec![request(7_000_000)]), (false, vec![])] {
        let (_database, store, client) = house(1).await;
        client.batch_execute("DELETE FROM installations; DELETE FROM fittings").await.unwrap();
        require(&client, 1, 7_000_000, "2024-04-05T09:00:00").await;
        let over = if is_cancelled {
            "UPDATE order_facts SET cancelled_at = '2024-04-10', cancelled_by = 'x', cancel_reason = 'x'"
        } else {
            "INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date)
                VALUES (1, 2, 'end', '2024-04-10', '2024-04-10', 'x', 'x', 'x', '2024-04-10')"
        };
        client.batch_execute(over).await.unwrap();
        let again = "
            INSERT INTO orders (wearer_id) VALUES (1);
            INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date, legal_basis, regime)
                VALUES (2, 1, 'new', '2024-04-11', '2024-04-11', 'x', 'x', 'x', '2024-04-11', 'ipc_62', 'tag');
            INSERT INTO fittings (tag_id, wearer_id, period) VALUES (1, 1, tstzrange('2024-04-20 09:00+03:30', NULL));
            INSERT INTO installations (kind, wearer_id, tag_id, begun_at, begun_by, state, ended_at, ended_by, fitting_id)
                SELECT 'fitting', wearer_id, tag_id, lower(period), 'x', 'completed', lower(period), 'x', fitting_id FROM fittings";
        client.batch_execute(again).await.unwrap();
        carry_on(&store, "2024-04-21T12:00:00").await;
        assert_eq!(papers(&client).await, expected, "the order was a wrong entry: {is_cancelled}");
    }
}

#[tokio::test]
async fn while_a_tag_is_fitted_more_asks_for_the_difference_and_less_releases_what_is_held_beyond() {
    let (_database, store, client) = house(1).await;
    carry_on(&store, "2024-04-21T12:00:00").await;
    assert_eq!(papers(&client).await, [], "nothing was required");
    require(&client, 1, 5_000_000, "2024-04-22T09:00:00").await;
    carry_on(&store, "2024-04-22T12:00:00").await;
    pay(&client, 5_000_000, "2024-04-23T09:00:00").await;
    require(&client, 1, 8_000_000, "2024-04-24T09:00:00").await;
    carry_on(&store, "2024-04-24T12:00:00").await;
    assert_eq!(papers(&client).await, [request(5_000_000), request(3_000_000)]);
    pay(&client, 3_000_000, "2024-04-25T09:00:00").await;
    require(&client, 1, 6_000_000, "2024-04-26T09:00:00").await;
    carry_on(&store, "2024-04-26T12:00:00").await;
    let all = papers(&client).await;
    assert_eq!((all.len(), all[2].0.as_str(), all[2].1.abs()), (3, "deposit_release", 2_000_000), "{all:?}");
    // What was known then stays known, and the same again issues nothing.
    assert_eq!((required(&store, "2024-04-24T12:00:00").await, required(&store, "2024-04-26T12:00:00").await), (8_000_000, 6_000_000));
    carry_on(&store, "2024-04-27T12:00:00").await;
    assert_eq!(papers(&client).await, all);
}

#[tokio::test]
async fn a_removal_that_is_recorded_later_changes_nothing_about_what_was_asked_for() {
    let (_database, store, client) = house(1).await;
    require(&client, 1, 5_000_000, "2024-05-02T09:00:00").await;
    carry_on(&store, "2024-05-02T12:00:00").await;
    // The tag was off already, as is recorded a day after.
    let off = "
        UPDATE fittings SET period = tstzrange(lower(period), '2024-05-01 12:00+03:30');
        INSERT INTO removals (fitting_id, at, recorded_at, removed_by, reason, condition, deposit, tag_state)
            VALUES (1, '2024-05-01 12:00+03:30', '2024-05-03 12:00+03:30', 'x', 'other', 'good', 'none', 'returned')";
    client.batch_execute(off).await.unwrap();
    carry_on(&store, "2024-05-04T12:00:00").await;
    assert_eq!(papers(&client).await, [request(5_000_000)]);
    // Between two tags nothing is asked for; the next installation does.
    require(&client, 1, 4_000_000, "2024-05-05T09:00:00").await;
    carry_on(&store, "2024-05-05T12:00:00").await;
    assert_eq!(papers(&client).await.len(), 1);
}
