//! The ledger: chained entries with their postings.

use crate::StoreError;
use billing::{Entry, FactId};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use tokio_postgres::Transaction;

const HEAD: &str = "SELECT entry_id, hash FROM ledger_head FOR UPDATE";
const MOVE_HEAD: &str = "UPDATE ledger_head SET entry_id = $1, hash = $2";
const ENTRIES: &str = "
    INSERT INTO ledger_entries (entry_id, wearer_id, place, at, text, hash, fact)
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::integer[], $4::timestamptz[], $5::text[], $6::bytea[], $7::text[])";
const POSTINGS: &str = "
    INSERT INTO ledger_postings (entry_id, line, account, amount) SELECT * FROM unnest($1::bigint[], $2::smallint[], $3::text[], $4::bigint[])";

/// An entry to write: whose (`None` = nobody's: spending of the set-aside), its place among the person's, and itself.
pub(super) type NewEntry = (Option<i64>, i32, Entry);

/// Locks the ledger's end until the commit.
pub(super) async fn lock(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    transaction.query_one(HEAD, &[]).await?;
    Ok(())
}

/// Writes entries in their order; the number of the last. To be near the end of a transaction: the ledger's end stays locked until the commit.
pub(super) async fn write(transaction: &Transaction<'_>, entries: &[NewEntry]) -> Result<i64, StoreError> {
    if entries.is_empty() {
        return Ok(0);
    }
    let head = transaction.query_one(HEAD, &[]).await?;
    let (mut number, mut hash): (i64, Vec<u8>) = (head.get(0), head.get(1));
    let mut columns = Columns::default();
    for (wearer_id, place, entry) in entries {
        number += 1;
        hash = digest(&hash, number, *wearer_id, entry);
        columns.add(number, *wearer_id, *place, entry, hash.clone());
    }
    columns.insert(transaction).await?;
    transaction.execute(MOVE_HEAD, &[&number, &hash]).await?;
    Ok(number)
}

/// The hash of an entry: SHA-256 over the one before and every field, each with its length.
pub(super) fn digest(before: &[u8], number: i64, wearer_id: Option<i64>, entry: &Entry) -> Vec<u8> {
    let whose = wearer_id.unwrap_or_default();
    let mut text = format!("{number}:{whose}:{}:{}:{}", entry.at.utc().timestamp_micros(), entry.text.len(), entry.text);
    if let Some(fact) = entry.fact.as_ref().map(FactId::to_string) {
        text += &format!(":fact={}:{fact}", fact.len());
    }
    for (account, amount) in &entry.postings {
        text += &format!(":{}={}", account.name(), amount.minor_units());
    }
    let mut sha = Sha256::new();
    sha.update(before);
    sha.update(text.as_bytes());
    sha.finalize().to_vec()
}

#[derive(Default)]
struct Columns {
    numbers: Vec<i64>,
    wearers: Vec<Option<i64>>,
    places: Vec<i32>,
    times: Vec<DateTime<Utc>>,
    texts: Vec<String>,
    hashes: Vec<Vec<u8>>,
    facts: Vec<Option<String>>,
    postings: (Vec<i64>, Vec<i16>, Vec<&'static str>, Vec<i64>),
}

impl Columns {
    fn add(&mut self, number: i64, wearer_id: Option<i64>, place: i32, entry: &Entry, hash: Vec<u8>) {
        self.numbers.push(number);
        self.wearers.push(wearer_id);
        self.places.push(place);
        self.times.push(entry.at.utc());
        self.texts.push(entry.text.clone());
        self.hashes.push(hash);
        self.facts.push(entry.fact.as_ref().map(FactId::to_string));
        for (line, (account, amount)) in (1..).zip(&entry.postings) {
            self.postings.0.push(number);
            self.postings.1.push(line);
            self.postings.2.push(account.name());
            self.postings.3.push(amount.minor_units());
        }
    }

    async fn insert(&self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        let Self { numbers, wearers, places, times, texts, hashes, facts, postings } = self;
        transaction.execute(ENTRIES, &[numbers, wearers, places, times, texts, hashes, facts]).await?;
        let (numbers, lines, accounts, amounts) = postings;
        transaction.execute(POSTINGS, &[numbers, lines, accounts, amounts]).await?;
        Ok(())
    }
}
