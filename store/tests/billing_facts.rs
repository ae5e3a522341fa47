//! What billing makes of what intake and technical staff recorded, and that what was known at an instant stays as it was.

#![allow(clippy::unwrap_used)]

mod billed;

use billed::{documents, house, tehran};
use billing::Standing;
use chrono::{DateTime, Utc};
use store::testing::staff;
use store::{PersonAccount, Store};
use tokio_postgres::Client;

async fn account(store: &Store, wearer: i64, at: &str) -> PersonAccount {
    store.account(&staff(), &format!("w{wearer}"), tehran(at)).await.unwrap()
}

/// The fees of a wearer, each as its code and the fact.
async fn fees(store: &Store, wearer: i64, at: &str) -> Vec<String> {
    account(store, wearer, at).await.rated.fees.iter().map(|fee| format!("{} {}", fee.code.name(), fee.fact)).collect()
}

/// How many days are billable, free for leave, and suspended.
fn days(account: &PersonAccount) -> (usize, usize, usize) {
    let count = |is: fn(&Standing) -> bool| account.rated.days.values().filter(|standing| is(standing)).count();
    let suspended = count(|standing| matches!(standing, Standing::Suspended { .. }));
    (
        count(|standing| matches!(standing, Standing::Billable { .. })),
        count(|standing| matches!(standing, Standing::Leave { .. })),
        suspended,
    )
}

/// Takes the tag off, as of this reason, condition and state of the tag.
async fn remove(client: &Client, wearer: i64, at: &str, (reason, condition, tag_state): (&str, &str, &str)) {
    let at: DateTime<Utc> = tehran(at);
    let end = "UPDATE fittings SET period = tstzrange(lower(period), $2) WHERE wearer_id = $1 AND upper_inf(period)";
    client.execute(end, &[&wearer, &at]).await.unwrap();
    let removal = "
        INSERT INTO removals (fitting_id, at, recorded_at, removed_by, reason, condition, deposit, tag_state)
        SELECT fitting_id, $2, $2, 'x', $3, $4, 'none', $5 FROM fittings WHERE wearer_id = $1 AND upper(period) = $2";
    client.execute(removal, &[&wearer, &at, &reason, &condition, &tag_state]).await.unwrap();
}

/// Fits a new tag, without evidence; the number of the fitting.
async fn fit_as_before(client: &Client, wearer: i64, at: &str) -> i64 {
    let tag = "INSERT INTO tags (imei) SELECT lpad((100 + count(*))::text, 15, '0') FROM tags RETURNING tag_id";
    let tag: i64 = client.query_one(tag, &[]).await.unwrap().get(0);
    let fit = "INSERT INTO fittings (tag_id, wearer_id, period) VALUES ($1, $2, tstzrange($3, NULL)) RETURNING fitting_id";
    client.query_one(fit, &[&tag, &wearer, &tehran(at)]).await.unwrap().get(0)
}

/// Fits a new tag, recorded then; `payer` of a replacement.
async fn fit(client: &Client, wearer: i64, at: &str, payer: Option<&str>) {
    let fitting = fit_as_before(client, wearer, at).await;
    let installation = "
        INSERT INTO installations (kind, wearer_id, tag_id, begun_at, begun_by, state, ended_at, ended_by, fitting_id, old_fitting_id, reason, payer)
        SELECT CASE WHEN $2::text IS NULL THEN 'fitting' ELSE 'replacement' END, f.wearer_id, f.tag_id, lower(f.period), 'x', 'completed', lower(f.period), 'x',
            f.fitting_id, old.fitting_id, CASE WHEN $2::text IS NOT NULL THEN 'damaged' END, $2::text
        FROM fittings f LEFT JOIN fittings old ON $2::text IS NOT NULL AND old.wearer_id = f.wearer_id AND upper(old.period) = lower(f.period)
        WHERE f.fitting_id = $1";
    client.execute(installation, &[&fitting, &payer]).await.unwrap();
}

/// Records a fact of a wearer's order, at the instant at which it holds from.
async fn order_fact(client: &Client, order: i64, kind: &str, at: &str, recorded: &str, regime: Option<&str>) -> i64 {
    let insert = "
        INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date, legal_basis, regime, cause)
        SELECT $1, 1 + max(version), $2::text, $3, $4, 'x', 'x', 'x', '2024-04-01', CASE WHEN $5::text IS NOT NULL THEN 'ipc_62' END, $5::text,
            CASE WHEN $2::text = 'suspension' THEN 'hospital' END
        FROM order_facts WHERE order_id = $1 RETURNING fact_id";
    client.query_one(insert, &[&order, &kind, &tehran(at), &tehran(recorded), &regime]).await.unwrap().get(0)
}

async fn cancel(client: &Client, fact: i64, at: &str) {
    let cancel = "UPDATE order_facts SET cancelled_at = $2, cancelled_by = 'x', cancel_reason = 'x' WHERE fact_id = $1";
    client.execute(cancel, &[&fact, &tehran(at)]).await.unwrap();
}

#[tokio::test]
async fn being_fitted_again_after_hospital_prison_or_a_defect_costs_nothing() {
    let (_database, store, client) = house(6).await;
    let cases = [
        (("hospital", "good", "returned"), 1),
        (("prison", "damaged", "returned"), 1),
        (("other", "worn", "faulty"), 1),
        (("other", "good", "returned"), 2),
        (("other", "damaged", "faulty"), 2),
        (("hospital", "good", "returned"), 2),
    ];
    for (wearer, (removal, _)) in (1..).zip(cases) {
        remove(&client, wearer, "2024-05-25T12:00:00", removal).await;
    }
    // The last is fitted again under another order.
    let other_order = "
        INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date)
            VALUES (6, 2, 'end', '2024-05-26', '2024-05-26', 'x', 'x', 'x', '2024-05-26');
        INSERT INTO orders (wearer_id) VALUES (6);
        INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date, legal_basis, regime)
            VALUES (7, 1, 'new', '2024-05-27', '2024-05-27', 'x', 'x', 'x', '2024-05-27', 'ipc_62', 'tag')";
    client.batch_execute(other_order).await.unwrap();
    for (wearer, (removal, expected)) in (1..).zip(cases) {
        fit(&client, wearer, "2024-06-01T12:00:00", None).await;
        assert_eq!(fees(&store, wearer, "2024-06-10T12:00:00").await.len(), expected, "{wearer}: {removal:?}");
    }
    // Only the last removal counts.
    remove(&client, 1, "2024-06-05T12:00:00", ("other", "good", "returned")).await;
    fit(&client, 1, "2024-06-08T12:00:00", None).await;
    assert_eq!(fees(&store, 1, "2024-06-10T12:00:00").await.len(), 2);
}

#[tokio::test]
async fn a_tag_without_evidence_is_neither_before_nor_after_another() {
    let (_database, store, client) = house(4).await;
    client.batch_execute("DELETE FROM installations WHERE wearer_id IN (1, 2)").await.unwrap();
    for wearer in 1..=4 {
        remove(&client, wearer, "2024-05-25T12:00:00", ("replacement", "good", "returned")).await;
    }
    fit(&client, 1, "2024-05-25T12:00:00", Some("wearer")).await;
    fit(&client, 2, "2024-05-25T12:00:00", Some("organisation")).await;
    fit_as_before(&client, 3, "2024-05-25T12:00:00").await;
    fit(&client, 4, "2024-05-25T12:00:00", Some("wearer")).await;
    // From the 5th of Khordad (31 days) on; until then; all of both months.
    let expected = [
        (27, vec!["install fitting:5"]),
        (27, vec![]),
        (31 + 4, vec!["install fitting:3"]),
        (62, vec!["install fitting:4", "replace fitting:8"]),
    ];
    for (wearer, (billable, costs)) in (1..).zip(expected) {
        let account = account(&store, wearer, "2024-06-10T12:00:00").await;
        assert_eq!(
            (days(&account), fees(&store, wearer, "2024-06-10T12:00:00").await),
            ((billable, 0, 0), costs.iter().map(|cost| (*cost).to_owned()).collect()),
            "{wearer}"
        );
        assert!(account.work.is_empty(), "{wearer}: {:?}", account.work);
    }
}

#[tokio::test]
async fn what_was_known_of_a_suspension_stays_known_when_its_end_is_cancelled() {
    let (_database, store, client) = house(1).await;
    order_fact(&client, 1, "suspension", "2024-05-25T12:00:00", "2024-05-25T12:00:00", None).await;
    let wrong = order_fact(&client, 1, "resumption", "2024-05-30T12:00:00", "2024-05-30T13:00:00", None).await;
    let known = [("2024-05-28T12:00:00", (35, 0, 27)), ("2024-06-02T12:00:00", (57, 0, 5))];
    for (at, expected) in known {
        store.books_carry_on(&[1], tehran(at)).await.unwrap();
        assert_eq!(days(&account(&store, 1, at).await), expected, "{at}");
    }
    cancel(&client, wrong, "2024-06-03T12:00:00").await;
    // The true end, and one later that does not make it longer.
    order_fact(&client, 1, "resumption", "2024-06-04T12:00:00", "2024-06-05T12:00:00", None).await;
    let over = order_fact(&client, 1, "end", "2024-06-15T12:00:00", "2024-06-06T12:00:00", None).await;
    cancel(&client, over, "2024-06-07T12:00:00").await;
    let later = [("2024-06-03T13:00:00", (35, 0, 27)), ("2024-06-05T12:00:00", (52, 0, 10)), ("2024-06-06T12:00:00", (52, 0, 10))];
    for (at, expected) in known.into_iter().chain(later) {
        assert_eq!(days(&account(&store, 1, at).await), expected, "{at}");
    }
    let issued = store.books_carry_on(&[1], tehran("2024-06-21T00:00:00")).await.unwrap();
    assert_eq!((issued.blocked, days(&account(&store, 1, "2024-06-20T12:00:00").await)), (0, (52, 0, 10)));
}

#[tokio::test]
async fn only_what_changes_the_regime_of_somebody_fitted_is_a_change_of_regime() {
    let (_database, store, client) = house(2).await;
    let deposits = "INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, amount)
        SELECT n, 'deposit_payment', '2024-05-01', '2024-05-01', 'x', 1000000 FROM generate_series(1, 2) AS n";
    client.batch_execute(deposits).await.unwrap();
    // It was said that none is required: whatever is held is too much once the regime changes.
    let none_required = "
        WITH relief AS (
            INSERT INTO billing_reliefs (wearer_id, kind, authority, decision_number, decision_date, found_by, proposed_by, approved_by, at)
            SELECT n, 'deposit', 'x', 'x', '2024-04-01', 'x', 'sara', 'reza', '2024-04-01' FROM generate_series(1, 2) AS n RETURNING relief_id, wearer_id
        )
        INSERT INTO deposit_requirements (relief_id, wearer_id, order_id, regime, amount, recorded_at)
            SELECT relief_id, wearer_id, order_id, 'tag', 0, '2024-04-01' FROM relief JOIN orders USING (wearer_id)";
    client.batch_execute(none_required).await.unwrap();
    let releases = async || documents(&client).await.iter().filter(|document| document.contains("deposit_release")).count();
    // Only the zones change; then the regime too.
    order_fact(&client, 1, "variation", "2024-05-05T12:00:00", "2024-05-05T12:00:00", Some("tag")).await;
    store.books_carry_on(&[1], tehran("2024-05-06T12:00:00")).await.unwrap();
    assert_eq!(releases().await, 0);
    let wrong = order_fact(&client, 1, "variation", "2024-05-07T12:00:00", "2024-05-07T12:00:00", Some("house")).await;
    store.books_carry_on(&[1], tehran("2024-05-08T12:00:00")).await.unwrap();
    assert_eq!(releases().await, 1);
    // It was wrong, and what it asked for stays asked for.
    cancel(&client, wrong, "2024-05-09T12:00:00").await;
    assert_eq!(store.books_carry_on(&[1], tehran("2024-05-10T12:00:00")).await.unwrap().blocked, 0);
    assert_eq!(releases().await, 1);
    // Between two tags; and while one is fitted that was off by then, as is recorded later.
    remove(&client, 2, "2024-05-05T12:00:00", ("other", "good", "returned")).await;
    order_fact(&client, 2, "variation", "2024-05-06T12:00:00", "2024-05-06T12:00:00", Some("house")).await;
    fit(&client, 2, "2024-05-07T12:00:00", None).await;
    order_fact(&client, 2, "variation", "2024-05-12T12:00:00", "2024-05-12T12:00:00", Some("tag")).await;
    store.books_carry_on(&[2], tehran("2024-05-13T12:00:00")).await.unwrap();
    let released = releases().await;
    assert_eq!(released, 2, "the one while it was fitted");
    remove(&client, 2, "2024-05-10T12:00:00", ("other", "good", "returned")).await;
    client.batch_execute("UPDATE removals SET recorded_at = '2024-05-14 12:00+03:30' WHERE at = '2024-05-10 12:00+03:30'").await.unwrap();
    assert_eq!(store.books_carry_on(&[2], tehran("2024-05-15T12:00:00")).await.unwrap().blocked, 0, "what was released stays so");
    for at in ["2024-05-06T13:00:00", "2024-05-12T13:00:00", "2024-05-15T12:00:00"] {
        let work = account(&store, 2, at).await.work;
        assert!(work.is_empty(), "{at}: {work:?}");
    }
}

#[tokio::test]
async fn leave_that_came_with_zones_is_free_from_when_it_was_recorded() {
    let (_database, store, client) = house(1).await;
    let leave = "INSERT INTO leaves (wearer_id, valid_from, valid_to, recorded_at)
        VALUES (1, '2024-05-25 14:00+03:30', '2024-05-30 10:00+03:30', '2024-06-01 12:00+03:30')";
    client.batch_execute(leave).await.unwrap();
    for (at, expected) in [("2024-06-01T11:00:00", (62, 0, 0)), ("2024-06-01T12:00:00", (57, 5, 0))] {
        assert_eq!(days(&account(&store, 1, at).await), expected, "{at}");
    }
}

#[tokio::test]
async fn the_books_of_a_file_that_was_merged_go_on_by_the_order_it_had() {
    let (_database, store, client) = house(1).await;
    order_fact(&client, 1, "suspension", "2024-05-01T12:00:00", "2024-05-01T12:00:00", None).await;
    order_fact(&client, 1, "resumption", "2024-05-05T12:00:00", "2024-05-05T12:00:00", None).await;
    remove(&client, 1, "2024-05-25T12:00:00", ("other", "good", "returned")).await;
    store.books_carry_on(&[1], tehran("2024-05-26T12:00:00")).await.unwrap();
    let (before, known) = (documents(&client).await, days(&account(&store, 1, "2024-05-26T12:00:00").await));
    let merge = "
        INSERT INTO wearers (reference) VALUES ('w2');
        UPDATE wearers SET merged_into = 2, merged_at = '2024-05-27', merged_by = 'x', merge_reason = 'x' WHERE wearer_id = 1;
        UPDATE orders SET wearer_id = 2, moved_from = 1 WHERE order_id = 1";
    client.batch_execute(merge).await.unwrap();
    fit(&client, 2, "2024-06-01T12:00:00", None).await;
    let issued = store.books_carry_on(&[1, 2], tehran("2024-06-02T12:00:00")).await.unwrap();
    assert_eq!((issued.persons, issued.blocked), (2, 0));
    assert_eq!(documents(&client).await[..before.len()], before[..]);
    assert_eq!(days(&account(&store, 1, "2024-06-02T12:00:00").await), known);
    assert_eq!(known, (31, 0, 4));
    let first = account(&store, 2, "2024-06-02T12:00:00").await.rated.days.keys().next().copied();
    assert_eq!(first.map(|day| day.to_string()).as_deref(), Some("1403/03/12"));
}
