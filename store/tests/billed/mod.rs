//! Persons to be billed, in a database of their own.
#![allow(dead_code, reason = "each test uses its own part")]

use chrono::{DateTime, Utc};
use store::Store;
use store::testing::TestDatabase;
use tokio_postgres::Client;

/// Tehran, 1403 (no daylight saving): a day's beginning is at 20:30 of the day before.
pub fn tehran(gregorian: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(&format!("{gregorian}+03:30")).unwrap().to_utc()
}

/// Wearers 1 to `count` under an order, each fitted on 1403/02/01 at 9:00, which was recorded a minute later.
fn fitted(count: i64) -> String {
    format!(
        "INSERT INTO wearers (reference) SELECT 'w' || n FROM generate_series(1, {count}) AS n;
        INSERT INTO tags (imei) SELECT lpad(n::text, 15, '0') FROM generate_series(1, {count}) AS n;
        INSERT INTO orders (wearer_id) SELECT wearer_id FROM wearers;
        INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date, legal_basis, regime)
            SELECT order_id, 1, 'new', '2024-04-01', '2024-04-01', 'x', 'x', 'x', '2024-04-01', 'ipc_62', 'tag' FROM orders;
        INSERT INTO fittings (tag_id, wearer_id, period) SELECT t.tag_id, w.wearer_id, tstzrange('2024-04-20 09:00+03:30', NULL)
            FROM wearers w JOIN tags t ON t.tag_id = w.wearer_id;
        INSERT INTO installations (kind, wearer_id, tag_id, begun_at, begun_by, state, ended_at, ended_by, fitting_id)
            SELECT 'fitting', wearer_id, tag_id, lower(period), 'x', 'completed', lower(period) + interval '1 minute', 'x', fitting_id FROM fittings"
    )
}

pub async fn house(count: i64) -> (TestDatabase, Store, Client) {
    let database = TestDatabase::create().await;
    let store = database.store().await;
    let client = database.client().await;
    client.batch_execute(&fitted(count)).await.unwrap();
    (database, store, client)
}

/// `number kind total`, in the order of issue.
pub async fn documents(client: &Client) -> Vec<String> {
    let rows =
        client.query("SELECT coalesce(number, ''), kind, total FROM billing_documents ORDER BY wearer_id, place", &[]).await.unwrap();
    rows.iter().map(|row| format!("{} {} {}", row.get::<_, &str>(0), row.get::<_, &str>(1), row.get::<_, i64>(2))).collect()
}
