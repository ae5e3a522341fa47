//! A fiscal year of a thousand persons: fittings, leave, replacements, removals, classes, waivers, payments of which some bounce, refunds, deposits, damage. Run
//! month by month; at its end the books balance to the rial, agree with an auditor that counts day by day in SQL, and hledger accepts them.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use chrono::{DateTime, Utc};
use std::io::Write;
use std::process::{Command, Stdio};
use store::testing::TestDatabase;
use tokio_postgres::Client;

/// The first days of Farvardin 1403 to Ordibehesht 1404; Tehran has no daylight saving in them.
const MONTHS: [&str; 14] = [
    "2024-03-20",
    "2024-04-20",
    "2024-05-21",
    "2024-06-21",
    "2024-07-22",
    "2024-08-22",
    "2024-09-22",
    "2024-10-22",
    "2024-11-21",
    "2024-12-21",
    "2025-01-20",
    "2025-02-19",
    "2025-03-21",
    "2025-04-21",
];

/// Person n is fitted in the first 200 days of the year. One in 11 gets another tag and pays for it, one in 7 of the others is removed.
const FITTED: &str = "
    INSERT INTO wearers (reference) SELECT 'w' || n FROM generate_series(1, 1000) AS n;
    INSERT INTO tags (imei) SELECT lpad(n::text, 15, '0') FROM generate_series(1, 2000) AS n;
    INSERT INTO orders (wearer_id) SELECT wearer_id FROM wearers ORDER BY 1;
    INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date, legal_basis, regime)
        SELECT order_id, 1, 'new', '2024-03-01', '2024-03-01', 'x', 'x', 'x', '2024-03-01', 'ipc_62', CASE WHEN order_id % 4 = 0 THEN 'house' ELSE 'tag' END FROM orders;
    CREATE TABLE lives AS
        SELECT n::bigint AS wearer_id, '2024-03-21 08:00+03:30'::timestamptz + (n * 37 % 200) * interval '1 day' + (n % 14) * interval '1 hour' AS fitted_at,
            CASE WHEN n % 11 = 0 THEN '2024-11-01 10:00+03:30'::timestamptz + n % 90 * interval '1 day' END AS replaced_at,
            CASE WHEN n % 7 = 0 AND n % 11 <> 0 THEN '2024-12-01 15:00+03:30'::timestamptz + n % 100 * interval '1 day' END AS removed_at
        FROM generate_series(1, 1000) AS n;
    INSERT INTO fittings (tag_id, wearer_id, period) SELECT wearer_id, wearer_id, tstzrange(fitted_at, coalesce(replaced_at, removed_at)) FROM lives ORDER BY 1;
    INSERT INTO fittings (tag_id, wearer_id, period) SELECT wearer_id + 1000, wearer_id, tstzrange(replaced_at, NULL) FROM lives WHERE replaced_at IS NOT NULL ORDER BY 1;
    INSERT INTO installations (kind, wearer_id, tag_id, begun_at, begun_by, state, ended_at, ended_by, fitting_id)
        SELECT 'fitting', wearer_id, tag_id, lower(period), 'x', 'completed', lower(period) + interval '1 minute', 'x', fitting_id FROM fittings WHERE tag_id <= 1000;
    INSERT INTO installations (kind, wearer_id, tag_id, begun_at, begun_by, state, ended_at, ended_by, fitting_id, old_fitting_id, reason, payer)
        SELECT 'replacement', f.wearer_id, f.tag_id, lower(f.period), 'x', 'completed', lower(f.period) + interval '1 minute', 'x', f.fitting_id, old.fitting_id, 'damaged',
            CASE WHEN f.wearer_id % 2 = 0 THEN 'wearer' ELSE 'organisation' END
        FROM fittings f JOIN fittings old ON old.wearer_id = f.wearer_id AND old.tag_id <= 1000 WHERE f.tag_id > 1000;
    INSERT INTO removals (fitting_id, at, recorded_at, removed_by, reason, condition, deposit, tag_state)
        SELECT f.fitting_id, l.removed_at, l.removed_at + interval '1 minute', 'x', 'order_ended', 'good', 'none', 'returned' FROM lives l JOIN fittings f USING (wearer_id)
        WHERE l.removed_at IS NOT NULL;
    INSERT INTO billing_facts (wearer_id, kind, at, until, recorded_at, recorded_by, class)
        SELECT wearer_id, 'class', '2024-06-10 12:00+03:30', '2024-12-10 12:00+03:30', '2024-07-01', 'x', 'reduced' FROM wearers WHERE wearer_id % 6 = 0;
    INSERT INTO billing_facts (wearer_id, kind, at, until, recorded_at, recorded_by, percent, covers)
        SELECT wearer_id, 'waiver', '2024-08-05 12:00+03:30', NULL, '2024-10-01', 'x', 33, '{daily}' FROM wearers WHERE wearer_id % 9 = 0";

/// Whoever gets money back paid far more than was asked for.
const PAID_AHEAD: &str = "
    INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, amount, reference)
        SELECT wearer_id, 'payment', '2024-03-21', '2024-03-21', 'x', 90000000, 'ahead' || wearer_id FROM wearers WHERE wearer_id % 48 = 1";

/// What is recorded in the month that begins at $1 (`$m`: its number): leave of one in five, often after its invoice; payments, of which some bounce.
const MONTH: &str = "
    INSERT INTO leave_acts (wearer_id, state, valid_from, valid_to, kind, exclusion, purpose, requested_by, requested_at, authority, decision_number, decision_date,
        decided_by, decided_at)
    SELECT wearer_id, 'approved', $1 + (3 + wearer_id % 7) * interval '1 day' + interval '14 hours', $1 + (4 + wearer_id % 7 + wearer_id % 11) * interval '1 day' + interval '10 hours',
        'overnight', false, 'x', 'a', $1, 'x', 'x', '2024-03-01', 'b', $1 + (wearer_id % 20) * interval '1 day' FROM wearers WHERE (wearer_id + $m) % 5 = 0;
    INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, amount, reference)
        SELECT wearer_id, 'payment', at, at, 'x', 2500000 + 1000 * (wearer_id % 900), 'r' || wearer_id || '-' || $m
        FROM wearers, LATERAL (SELECT $1 + (4 + wearer_id % 9) * interval '1 day' AS at) AS paid WHERE (wearer_id + $m) % 3 > 0;
    INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, cancels)
        SELECT wearer_id, 'cancel', at + interval '2 days', at + interval '2 days', 'x', fact_id FROM billing_facts f
        WHERE kind = 'payment' AND reference = 'r' || wearer_id || '-' || $m AND wearer_id % 19 = 0;
    INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, amount)
        SELECT wearer_id, 'refund', at, at, 'x', 10000 FROM wearers, LATERAL (SELECT $1 + interval '20 days' AS at) AS back WHERE wearer_id % 48 = 1 AND $m % 3 = 1;
    INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, amount)
        SELECT wearer_id, 'deposit_payment', at, at, 'x', 20000000 FROM wearers, LATERAL (SELECT $1 + interval '21 days' AS at) AS paid WHERE $m = 3 AND wearer_id % 2 = 0;
    INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, amount)
        SELECT wearer_id, 'damage', at, at, 'x', 21500000 FROM wearers, LATERAL (SELECT $1 + interval '22 days' AS at) AS found WHERE $m = 9 AND wearer_id % 34 = 0;
    INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by)
        SELECT wearer_id, 'deposit_return', at, at, 'x' FROM wearers, LATERAL (SELECT $1 + interval '23 days' AS at) AS back WHERE $m = 11 AND wearer_id % 22 = 0";

/// Day by day, without a line of the program: each day of each person at its last instant. `$1` the months' first days.
const AUDIT: &str = "
    WITH months AS (SELECT first, lead(first) OVER (ORDER BY first) AS next FROM unnest($1::text[]::date[]) AS first),
    days AS (SELECT m.first AS month, d::date AS day, (d::date + 1) AT TIME ZONE 'Asia/Tehran' - interval '1 microsecond' AS last
        FROM months m, generate_series(m.first, m.next - 1, interval '1 day') AS d WHERE m.next IS NOT NULL),
    used AS (SELECT l.wearer_id, d.month, d.last FROM days d JOIN lives l ON l.fitted_at <= d.last AND (l.removed_at IS NULL OR l.removed_at > d.last)),
    priced AS (
        SELECT u.wearer_id, u.month,
            CASE WHEN EXISTS (SELECT FROM leave_acts a WHERE a.wearer_id = u.wearer_id AND a.valid_from <= u.last AND a.valid_to > u.last) THEN 0
            ELSE CASE WHEN u.wearer_id % 6 = 0 AND u.last >= '2024-06-10 12:00+03:30' AND u.last < '2024-12-10 12:00+03:30' THEN 50000 ELSE 100000 END
                * CASE WHEN u.wearer_id % 9 = 0 AND u.last >= '2024-08-05 12:00+03:30' THEN 67 ELSE 100 END / 100 END AS price
        FROM used u),
    monthly AS (SELECT wearer_id, month, sum(price)::bigint AS days FROM priced GROUP BY 1, 2),
    capped AS (
        SELECT m.wearer_id, CASE WHEN m.month = date_trunc('day', f.month) THEN least(m.days + 800000, 3000000) ELSE m.days END AS owed
        FROM monthly m JOIN LATERAL (SELECT max(first) AS month FROM months, lives l WHERE l.wearer_id = m.wearer_id
            AND first AT TIME ZONE 'Asia/Tehran' <= l.fitted_at) f ON true)
    SELECT (SELECT sum(owed) FROM capped)::bigint
        + (SELECT 800000 * count(*) FROM lives WHERE replaced_at IS NOT NULL AND wearer_id % 2 = 0)::bigint";

const INCOME: &str = "SELECT -sum(amount)::bigint FROM ledger_postings WHERE account LIKE 'income:%' AND account <> 'income:damage'";

fn tehran(day: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(&format!("{day}T00:00:00+03:30")).unwrap().to_utc()
}

async fn sum(client: &Client, query: &str) -> i64 {
    client.query_one(query, &[]).await.unwrap().get(0)
}

fn paband(database: &TestDatabase, arguments: &[&str]) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paband"));
    command.args(arguments).env("DATABASE_URL", database.url()).env_remove("PABAND_CONFIG").env_remove("PABAND_LOG");
    command.output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_of_a_thousand_persons_balances_to_the_rial() {
    let database = TestDatabase::create().await;
    let (store, client) = (database.store().await, database.client().await);
    client.batch_execute(FITTED).await.unwrap();
    client.batch_execute(PAID_AHEAD).await.unwrap();
    let persons: Vec<i64> = (1..=1000).collect();
    for (number, month) in MONTHS[..12].iter().enumerate() {
        let issued = store.books_carry_on(&persons, tehran(month)).await.unwrap();
        assert_eq!(issued.blocked, 0, "{month}");
        let facts = MONTH.replace("$1", &format!("'{month} 00:00+03:30'::timestamptz")).replace("$m", &number.to_string());
        client.batch_execute(&facts).await.unwrap();
    }
    // The run of 1404/01/01 corrects Esfand and bills Farvardin.
    store.books_carry_on(&persons, tehran(MONTHS[12])).await.unwrap();
    assert_eq!(store.books_carry_on(&persons, tehran(MONTHS[12])).await.unwrap().documents, 0);

    let audited: i64 = client.query_one(AUDIT, &[&&MONTHS[..]]).await.unwrap().get(0);
    assert_eq!(sum(&client, INCOME).await, audited, "day by day");
    assert_eq!(sum(&client, "SELECT sum(amount)::bigint FROM ledger_postings").await, 0);
    assert_eq!(
        sum(&client, "SELECT count(*) FROM billing_documents WHERE kind = 'credit_note'").await.signum(),
        1,
        "late leave was credited"
    );
    assert_eq!(store.books_verify().await.unwrap(), []);
    let reconciled = paband(&database, &["billing", "reconcile", "--as-of", "1404/01/01"]);
    assert!(reconciled.status.success(), "{}", String::from_utf8_lossy(&reconciled.stdout));
    let head = store.ledger_head().await.unwrap();
    let printed =
        |hash: &str| paband(&database, &["billing", "verify", "--number", &head.number.to_string(), "--head", hash]).status.success();
    assert!(printed(&head.hash), "the end of the ledger on paper");
    assert!(!printed(&head.hash.chars().rev().collect::<String>()), "the paper of other books");
    let exported = paband(&database, &["billing", "export", "--format", "hledger"]);
    assert!(exported.status.success(), "{}", String::from_utf8_lossy(&exported.stderr));
    let accepted = hledger(&exported.stdout);
    assert_eq!(accepted, Ok(()));
}

/// What hledger says to a journal.
fn hledger(journal: &[u8]) -> Result<(), String> {
    let mut command = Command::new("hledger");
    command.args(["-f", "-", "check", "--strict", "ordereddates"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("hledger: {error}; install it with ci/accountants.sh"));
    child.stdin.take().unwrap().write_all(journal).unwrap();
    let output = child.wait_with_output().unwrap();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}
