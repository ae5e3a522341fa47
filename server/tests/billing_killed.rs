//! Billing by the binary itself: a run that is killed in the middle leaves whole books, and the next one goes on where it was; and a service bills by its clock.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod common;

use common::Server;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use store::testing::TestDatabase;
use tokio_postgres::Client;

/// So many that a run takes several portions.
const PERSONS: i64 = 3000;

/// Fitted with evidence five weeks ago, under an order.
fn fitted(count: i64) -> String {
    format!(
        "INSERT INTO wearers (reference) SELECT 'w' || n FROM generate_series(1, {count}) AS n;
        INSERT INTO tags (imei) SELECT lpad(n::text, 15, '0') FROM generate_series(1, {count}) AS n;
        INSERT INTO orders (wearer_id) SELECT wearer_id FROM wearers;
        INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date, legal_basis, regime)
            SELECT order_id, 1, 'new', now() - interval '40 days', now() - interval '40 days', 'x', 'x', 'x', current_date, 'ipc_62', 'tag' FROM orders;
        INSERT INTO fittings (tag_id, wearer_id, period) SELECT t.tag_id, w.wearer_id, tstzrange(now() - interval '35 days', NULL)
            FROM wearers w JOIN tags t ON t.tag_id = w.wearer_id;
        INSERT INTO installations (kind, wearer_id, tag_id, begun_at, begun_by, state, ended_at, ended_by, fitting_id)
            SELECT 'fitting', wearer_id, tag_id, lower(period), 'x', 'completed', lower(period), 'x', fitting_id FROM fittings"
    )
}

fn paband(database: &TestDatabase, directory: &std::path::Path, arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paband"));
    command.args(arguments).env("DATABASE_URL", database.url()).env_remove("PABAND_CONFIG").env_remove("PABAND_LOG").current_dir(directory);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

async fn count(client: &Client, what: &str) -> i64 {
    client.query_one(what, &[]).await.unwrap().get(0)
}

const DOCUMENTS: &str = "SELECT count(*) FROM billing_documents";

/// Centre, kind and year whose numbers have a gap or come twice.
const GAPS: &str = "
    SELECT count(*) FROM (SELECT left(number, -7) AS line, count(*) AS numbers, count(DISTINCT number) AS different, max(right(number, 6)::bigint) AS last
        FROM billing_documents WHERE number IS NOT NULL GROUP BY 1) lines WHERE numbers <> different OR numbers <> last";

#[tokio::test(flavor = "multi_thread")]
async fn eight_runs_of_which_some_are_killed_in_the_middle_issue_every_document_once() {
    let database = TestDatabase::create().await;
    let (store, client) = (database.store().await, database.client().await);
    client.batch_execute(&fitted(PERSONS)).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let mut runs: Vec<Child> = (0..8).map(|_| paband(&database, directory.path(), &["billing", "run"])).collect();
    let begun = Instant::now();
    while count(&client, DOCUMENTS).await == 0 {
        assert!(begun.elapsed() < Duration::from_secs(120), "no run issues anything");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    runs.iter_mut().for_each(|run| run.kill().unwrap());
    runs.iter_mut().for_each(|run| _ = run.wait().unwrap());
    let issued = count(&client, DOCUMENTS).await;
    assert!(issued > 0 && issued < count(&client, "SELECT 2 * count(*) FROM wearers").await, "{issued}: killed in the middle");
    assert_eq!(count(&client, GAPS).await, 0);
    assert_eq!(store.books_verify().await.unwrap(), []);
    let mut last = paband(&database, directory.path(), &["billing", "run"]);
    assert!(last.wait().unwrap().success());
    // Each person has the invoice of the fitting and one of each month that began since, and no more.
    let each = "SELECT count(DISTINCT documents) FROM (SELECT count(*) AS documents FROM billing_documents GROUP BY wearer_id) persons";
    assert_eq!((count(&client, "SELECT count(*) FROM billing_accounts").await, count(&client, each).await), (PERSONS, 1));
    let twice = "SELECT count(*) FROM (SELECT FROM billing_documents GROUP BY wearer_id, kind, run_at HAVING count(*) > 1) documents";
    assert_eq!((count(&client, twice).await, count(&client, GAPS).await), (0, 0));
    assert_eq!(store.books_verify().await.unwrap(), []);
    let again = count(&client, DOCUMENTS).await;
    assert!(paband(&database, directory.path(), &["billing", "run"]).wait().unwrap().success());
    assert_eq!(count(&client, DOCUMENTS).await, again);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_bills_what_is_due_and_goes_on_after_it_was_killed() {
    let database = TestDatabase::create().await;
    let (store, client) = (database.store().await, database.client().await);
    client.batch_execute(&fitted(3)).await.unwrap();
    let mut server = Server::start(Some(database.url()), "");
    let billed = async |persons: i64| {
        let begun = Instant::now();
        while count(&client, "SELECT count(*) FROM billing_accounts").await < persons {
            assert!(begun.elapsed() < Duration::from_secs(120), "nobody is billed");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    billed(3).await;
    server.kill();
    let before = count(&client, DOCUMENTS).await;
    client.batch_execute(FITTED_LATER).await.unwrap();
    server.spawn();
    billed(4).await;
    assert!(count(&client, DOCUMENTS).await > before);
    assert_eq!(store.books_verify().await.unwrap(), []);
}

/// One more, fitted while nobody was there to see it.
const FITTED_LATER: &str = "
    INSERT INTO wearers (reference) VALUES ('w4');
    INSERT INTO tags (imei) VALUES ('000000000000004');
    INSERT INTO orders (wearer_id) VALUES (4);
    INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date, legal_basis, regime)
        VALUES (4, 1, 'new', now() - interval '1 day', now(), 'x', 'x', 'x', current_date, 'ipc_62', 'tag');
    INSERT INTO fittings (tag_id, wearer_id, period) VALUES (4, 4, tstzrange(now() - interval '1 hour', NULL));
    INSERT INTO installations (kind, wearer_id, tag_id, begun_at, begun_by, state, ended_at, ended_by, fitting_id)
        SELECT 'fitting', wearer_id, tag_id, lower(period), 'x', 'completed', lower(period), 'x', fitting_id FROM fittings WHERE wearer_id = 4";
