//! What it takes to bill a month of a million persons, beside a plain binary COPY of the rows that it writes, into tables without keys; and what it takes to say
//! who owes what and to hold their books against themselves, beside a plain binary COPY of the rows that it reads.

use anyhow::{Context, Result};
use billing::calendar::{Day, Moment};
use chrono::{DateTime, TimeDelta, Utc};
use clap::Parser;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Instant;
use store::testing::TestDatabase;
use store::{AsOf, Store};
use tokio_postgres::Client;

/// Bills in a database of its own, on the server that PABAND_TEST_DATABASE_URL names or on a private one.
#[derive(Parser)]
struct Args {
    /// Persons, each with a tag since a day of Shahrivar 1403.
    #[arg(long, default_value_t = 1_000_000)]
    persons: i64,
    /// Months billed after the first, each a run of its own.
    #[arg(long, default_value_t = 2)]
    months: i32,
    /// Portions at a time.
    #[arg(long, default_value_t = 2)]
    workers: usize,
    /// Persons in a portion.
    #[arg(long, default_value_t = 500)]
    portion: i64,
}

const PERSONS: &str = "
    INSERT INTO wearers (reference) SELECT 'w' || n FROM generate_series(1, $1::bigint) AS n";
const FITTED: &str = "
    INSERT INTO tags (imei) SELECT lpad(n::text, 15, '0') FROM generate_series(1, $1) AS n;
    INSERT INTO orders (wearer_id) SELECT wearer_id FROM wearers;
    INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date, legal_basis, regime)
        SELECT order_id, 1, 'new', '2024-08-01', '2024-08-01', 'x', 'x', 'x', '2024-08-01', 'ipc_62', 'tag' FROM orders;
    INSERT INTO fittings (tag_id, wearer_id, period)
        SELECT t.tag_id, w.wearer_id, tstzrange('2024-08-22 09:00+03:30'::timestamptz + w.wearer_id % 30 * interval '1 day', NULL)
        FROM wearers w JOIN tags t ON t.tag_id = w.wearer_id;
    INSERT INTO installations (kind, wearer_id, tag_id, begun_at, begun_by, state, ended_at, ended_by, fitting_id)
        SELECT 'fitting', wearer_id, tag_id, lower(period), 'x', 'completed', lower(period) + interval '1 minute', 'x', fitting_id FROM fittings";

/// Of each month: one in ten on leave for five nights, recorded after its invoice; one in three paid.
const MONTH: &str = "
    INSERT INTO leave_acts (wearer_id, state, valid_from, valid_to, kind, exclusion, purpose, requested_by, requested_at, authority, decision_number,
        decision_date, decided_by, decided_at)
    SELECT wearer_id, 'approved', $1::timestamptz + interval '5 days', $1::timestamptz + interval '10 days', 'overnight', false, 'x', 'a', $1::timestamptz, 'x',
        'x', '2024-08-01', 'b', $1::timestamptz + interval '4 days' FROM wearers WHERE wearer_id % 10 = $2;
    INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, amount, reference)
    SELECT wearer_id, 'payment', $1::timestamptz + interval '6 days', $1::timestamptz + interval '6 days', 'x', 1000000, 'r' || wearer_id || '-' || $2
    FROM wearers WHERE wearer_id % 3 = 0";

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let database = TestDatabase::create().await;
    let store = database.store().await;
    let client = database.client().await;
    let begun = Instant::now();
    client.execute(PERSONS, &[&args.persons]).await?;
    client.batch_execute(&FITTED.replace("$1", &args.persons.to_string())).await?;
    client.batch_execute("VACUUM ANALYZE").await?;
    println!("{} persons fitted in {:.0} s", args.persons, begun.elapsed().as_secs_f64());
    let mut month = Day::new(1403, 7, 1)?.month();
    for number in 0..=args.months {
        let at = Moment::start_of(month.first_day()).utc();
        let took = run(&store, &args, at).await?;
        let copied = copied(&client, at).await?;
        println!("{month}: {took:.0} s for {} persons; COPY of its rows {copied:.1} s: {:.3} of that", args.persons, copied / took);
        let facts = MONTH.replace("$1", &format!("'{}'", at.to_rfc3339())).replace("$2", &number.to_string());
        client.batch_execute(&facts).await?;
        client.batch_execute("VACUUM ANALYZE").await?;
        month = month.next();
    }
    // What was recorded after the last run is in nobody's books yet.
    read(&store, &client, args.persons, Moment::start_of(month.previous().first_day()).utc()).await?;
    let begun = Instant::now();
    anyhow::ensure!(store.books_verify().await?.is_empty(), "the books are not whole");
    println!("the books are whole: walked along in {:.0} s", begun.elapsed().as_secs_f64());
    Ok(())
}

/// Everybody's books carried on to `at`, seconds.
async fn run(store: &Store, args: &Args, at: DateTime<Utc>) -> Result<f64> {
    let (last, documents) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicU64::new(0)));
    let (begun, portion, all) = (Instant::now(), args.portion, args.persons);
    let workers: Vec<_> = (0..args.workers)
        .map(|_| {
            let (store, last, documents) = (store.clone(), Arc::clone(&last), Arc::clone(&documents));
            tokio::spawn(async move {
                loop {
                    let first = last.fetch_add(portion, Ordering::Relaxed);
                    let persons: Vec<i64> = (first + 1..=(first + portion).min(all)).collect();
                    if persons.is_empty() {
                        return anyhow::Ok(());
                    }
                    let issued = store.books_carry_on(&persons, at).await?;
                    anyhow::ensure!(issued.blocked == 0, "somebody is blocked");
                    documents.fetch_add(issued.documents, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await??;
    }
    let took = begun.elapsed().as_secs_f64();
    println!("  {} documents, {:.0} persons/s", documents.load(Ordering::Relaxed), all as f64 / took);
    Ok(took)
}

/// Everybody's debts by age, and everybody's books held against themselves, as of `at`.
async fn read(store: &Store, client: &Client, persons: i64, at: DateTime<Utc>) -> Result<()> {
    let as_of = AsOf::instant(at)?;
    let told = |what: &str, begun: Instant, plain: f64| {
        let took = begun.elapsed().as_secs_f64();
        println!(
            "{what}: {took:.1} s, {:.0} persons/s; COPY of the rows that it reads {plain:.1} s: {:.3} of that",
            persons as f64 / took,
            plain / took
        );
    };
    let owing = ["(SELECT * FROM ledger_entries)", "(SELECT * FROM ledger_postings WHERE account = 'assets:receivable')", DOCUMENTS_READ];
    let plain = copied_out(client, &owing).await?;
    let begun = Instant::now();
    let open = store.open_invoices(&[CENTRAL], as_of).await?;
    told(&format!("{} open invoices by age", open.len()), begun, plain);
    drop(open);
    let all = ["(SELECT * FROM ledger_entries)", "(SELECT * FROM ledger_postings)", DOCUMENTS_READ, "(SELECT * FROM billing_facts)"];
    let plain = copied_out(client, &all).await?;
    let begun = Instant::now();
    let (_, differences) = store.books_reconcile(&[CENTRAL], as_of).await?;
    told("books held against themselves", begun, plain);
    anyhow::ensure!(differences.is_empty(), "{} differences, the first: {:?}", differences.len(), differences.first());
    Ok(())
}

/// The unit of all persons.
const CENTRAL: i64 = 1;

/// Of documents what reports read of them.
const DOCUMENTS_READ: &str = "(SELECT document_id, wearer_id, place, kind, run_at, number, total, due FROM billing_documents)";

/// Plain binary COPY of rows into nothing, seconds.
async fn copied_out(client: &Client, rows: &[&str]) -> Result<f64> {
    let begun = Instant::now();
    for these in rows {
        client.batch_execute(&format!("COPY {these} TO PROGRAM 'cat > /dev/null' (FORMAT binary)")).await?;
    }
    Ok(begun.elapsed().as_secs_f64())
}

/// The limit: the same rows by binary COPY into tables without keys or checks, one after the other, seconds.
async fn copied(client: &Client, at: DateTime<Utc>) -> Result<f64> {
    let since = at - TimeDelta::days(31);
    let rows = [
        ("billing_documents", format!("run_at > '{}'", since.to_rfc3339())),
        ("ledger_entries", format!("at > '{}'", since.to_rfc3339())),
        ("ledger_postings", format!("entry_id IN (SELECT entry_id FROM ledger_entries WHERE at > '{}')", since.to_rfc3339())),
        ("billing_accounts", "true".to_owned()),
    ];
    let mut took = 0.0;
    for (table, these) in rows {
        let file = format!("/tmp/paband-copied-{table}");
        client
            .batch_execute(&format!("COPY (SELECT * FROM {table} WHERE {these}) TO '{file}' (FORMAT binary)"))
            .await
            .context("the rows are written")?;
        client.batch_execute(&format!("CREATE TABLE copied (LIKE {table}); ALTER TABLE copied SET (autovacuum_enabled = off)")).await?;
        let begun = Instant::now();
        client.batch_execute(&format!("COPY copied FROM '{file}' (FORMAT binary)")).await?;
        took += begun.elapsed().as_secs_f64();
        client.batch_execute(&format!("DROP TABLE copied; COPY (SELECT 1) TO PROGRAM 'rm {file}'")).await?;
    }
    Ok(took)
}
