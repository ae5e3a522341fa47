//! Billing by the binary itself: a run that is killed in the middle leaves whole books, and the next one goes on where it was; and a service bills by its clock,
//! and goes on with what somebody asked for.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod common;

use access::Role;
use common::{Server, Session};
use proto::billing::runs_client::RunsClient;
use proto::billing::{GetRunRequest, Run, RunState, StartRunRequest, start_run_request};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use store::Store;
use store::testing::{TestDatabase, staff};
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

/// Persons of a run that somebody asks for: several portions.
const ASKED: i64 = 1500;

/// Five nights of leave for everybody, recorded after the month was billed.
const LEAVE: &str = "
    INSERT INTO leave_acts (wearer_id, state, valid_from, valid_to, kind, exclusion, purpose, requested_by, requested_at, authority, decision_number,
        decision_date, decided_by, decided_at)
    SELECT wearer_id, 'approved', now() - interval '20 days', now() - interval '15 days', 'overnight', false, 'x', 'x', now(), 'x', 'x', now(), 'y', now()
    FROM wearers";

/// Everybody is billed up to now, and then on leave at `base`.
async fn billed(database: &TestDatabase, base: &str) -> (Store, Client) {
    let (store, client) = (database.store().await, database.client().await);
    client.batch_execute(&fitted(ASKED).replace("now()", base)).await.unwrap();
    for portion in (1..=ASKED).collect::<Vec<_>>().chunks(store::BOOKS_PORTION) {
        store.books_carry_on(portion, chrono::Utc::now()).await.unwrap();
    }
    client.batch_execute(&LEAVE.replace("now()", base)).await.unwrap();
    (store, client)
}

/// `wearer kind number total` of every document.
async fn documents(client: &Client) -> Vec<String> {
    let rows = "SELECT concat_ws(' ', wearer_id, kind, number, total) FROM billing_documents ORDER BY wearer_id, place";
    client.query(rows, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_somebody_asked_for_is_finished_by_the_service_that_is_started_again() {
    let base = format!("'{}'::timestamptz", chrono::Utc::now().to_rfc3339());
    let undisturbed = {
        let database = TestDatabase::create().await;
        let (store, client) = billed(&database, &base).await;
        let (run_id, _) = store.books_run_ask(&staff(), "", chrono::Utc::now()).await.unwrap();
        while store.books_run_next(run_id).await.unwrap() {}
        documents(&client).await
    };
    let database = TestDatabase::create().await;
    let (store, client) = billed(&database, &base).await;
    let session = Session::of(database.url(), "hasti", Role::Finance, "central").await;
    let mut server = Server::start(Some(database.url()), "");
    let runs = async |server: &Server| RunsClient::with_interceptor(common::channel(server.rooms).await.unwrap(), session.clone());
    let everybody = StartRunRequest { who: Some(start_run_request::Who::Unit(String::new())) };
    let begun: Run = runs(&server).await.start_run(everybody).await.unwrap().into_inner();
    let credited = "SELECT count(*) FROM billing_documents WHERE kind = 'credit_note'";
    common::until("a portion is done", async || count(&client, credited).await > 0).await;
    server.kill();
    let done = count(&client, credited).await;
    assert!(done > 0 && done < ASKED, "{done}: killed in the middle");
    server.spawn();
    let mut clients = runs(&server).await;
    common::until("the run is over", async || {
        let run = clients.get_run(GetRunRequest { run_id: begun.run_id }).await.unwrap().into_inner();
        assert!(run.state() == RunState::Done || run.persons < run.persons_due, "it is over with its last person: {run:?}");
        run.state() == RunState::Done
    })
    .await;
    let run = store.books_run(&staff(), begun.run_id, chrono::Utc::now()).await.unwrap();
    assert_eq!(
        (run.issued.persons, run.issued.documents, run.begun_by.as_str()),
        (ASKED as u64, ASKED as u64, "hasti"),
        "each person once"
    );
    assert!(documents(&client).await == undisturbed, "as if nobody had disturbed it");
    let instants = "SELECT count(*) FROM billing_documents d JOIN billing_runs r ON r.through = d.run_at WHERE d.kind = 'credit_note'";
    assert_eq!((count(&client, instants).await, count(&client, GAPS).await), (ASKED, 0), "at the instant for which it was asked");
    assert_eq!(store.books_verify().await.unwrap(), []);
}
