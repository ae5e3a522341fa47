//! A look at everybody's written books, as they were at one moment: portions of persons, read by two connections at once while there are two.

use super::written::{Depth, Written, written};
use crate::{Store, StoreError};
use chrono::{DateTime, Utc};
use deadpool_postgres::Client;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio_postgres::{IsolationLevel, Transaction};

const PERSONS: &str = "SELECT wearer_id, unit_id, reference FROM wearers WHERE unit_id = ANY ($1) ORDER BY wearer_id";

/// Persons read at a time.
const PORTION: usize = 2000;

/// A person of a look.
#[derive(Clone, Debug)]
pub(super) struct Looked {
    pub wearer_id: i64,
    /// Where the file lies now.
    pub unit_id: i64,
    pub reference: String,
}

/// What is to be read, and how far that is.
struct Reading<T> {
    persons: Vec<Looked>,
    before: DateTime<Utc>,
    depth: Depth,
    next: AtomicUsize,
    look: fn(&Looked, &Written, &mut T) -> Result<(), StoreError>,
}

/// Looks at what is written of each person of these units before an instant, all at one moment, within `transaction`. What was found comes in as many
/// parts as connections took part, in no order.
pub(super) async fn everybody<T: Default + Send + 'static>(
    store: &Store,
    transaction: &Transaction<'_>,
    units: &[i64],
    (before, depth): (DateTime<Utc>, Depth),
    look: fn(&Looked, &Written, &mut T) -> Result<(), StoreError>,
) -> Result<Vec<T>, StoreError> {
    let persons = transaction.query(PERSONS, &[&units]).await?;
    let persons: Vec<Looked> =
        persons.iter().map(|row| Looked { wearer_id: row.get(0), unit_id: row.get(1), reference: row.get(2) }).collect();
    let helps = persons.len() > 2 * PORTION;
    let reading = Arc::new(Reading { persons, before, depth, next: AtomicUsize::new(0), look });
    let helper = match store.spare_client().await.filter(|_| helps) {
        Some(client) => {
            let snapshot: String = transaction.query_one("SELECT pg_export_snapshot()", &[]).await?.get(0);
            Some(tokio::spawn(help(client, snapshot, Arc::clone(&reading))))
        }
        None => None,
    };
    let mut found = vec![read(transaction, &reading).await?];
    if let Some(helper) = helper {
        found.push(helper.await.map_err(|error| StoreError::Unreadable(error.to_string()))??);
    }
    Ok(found)
}

/// Does portions beside the one who began, and sees what that one sees.
async fn help<T: Default>(mut client: Client, snapshot: String, reading: Arc<Reading<T>>) -> Result<T, StoreError> {
    let transaction = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start().await?;
    // The snapshot's name is the database's own: letters, digits and dashes.
    transaction.batch_execute(&format!("SET TRANSACTION SNAPSHOT '{snapshot}'")).await?;
    read(&transaction, &reading).await
}

async fn read<T: Default>(transaction: &Transaction<'_>, reading: &Reading<T>) -> Result<T, StoreError> {
    let mut found = T::default();
    loop {
        let first = reading.next.fetch_add(PORTION, Ordering::Relaxed).min(reading.persons.len());
        let portion = &reading.persons[first..(first + PORTION).min(reading.persons.len())];
        if portion.is_empty() {
            return Ok(found);
        }
        let numbers: Vec<i64> = portion.iter().map(|person| person.wearer_id).collect();
        let written = written(transaction, &numbers, reading.before, reading.depth).await?;
        for person in portion {
            if let Some(written) = written.get(&person.wearer_id) {
                (reading.look)(person, written, &mut found)?;
            }
        }
    }
}
