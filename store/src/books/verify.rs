//! The books held against themselves: the chain of the ledger, and the sums that must agree.

use super::ledger::digest;
use crate::{Store, StoreError};
use billing::calendar::Moment;
use billing::{Account, Entry, FactId, Money};
use futures_util::TryStreamExt;
use tokio_postgres::{IsolationLevel, Row};

const WHOLE: &str = "
    SELECT e.entry_id, e.wearer_id, e.at, e.text, e.hash, array_agg(p.account ORDER BY p.line), array_agg(p.amount ORDER BY p.line), e.fact
    FROM ledger_entries e LEFT JOIN ledger_postings p USING (entry_id) GROUP BY e.entry_id ORDER BY e.entry_id";
const HEAD: &str = "SELECT entry_id, hash FROM ledger_head";
/// Numbers that were given and belong to no document, and rows of numbers with a gap.
const GAPS: &str = "
    SELECT n.unit_id, n.kind, n.year, n.last, count(d.document_id) FROM billing_numbers n
        LEFT JOIN billing_documents d ON d.unit_id = n.unit_id AND d.kind = n.kind AND split_part(reverse(d.number), '-', 2) = reverse(n.year::text)
    GROUP BY 1, 2, 3, 4 HAVING n.last <> count(d.document_id)";

/// Where the books do not agree with themselves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BooksFault {
    /// An entry was changed, moved or taken out: the chain breaks here.
    Entry(i64),
    /// The newest entry is not the one that the head names.
    Head,
    /// So many numbers of a centre were given, and so many documents have one.
    Numbers(i64, String, i16, i64, i64),
}

impl Store {
    /// Walks along the whole ledger and counts the numbers of documents. Empty = all is well.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn books_verify(&self) -> Result<Vec<BooksFault>, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start().await?;
        let mut rows = std::pin::pin!(transaction.query_raw(WHOLE, Vec::<i64>::new()).await?);
        let (mut hash, mut number, mut faults) = (vec![0; 32], 0, Vec::new());
        while let Some(row) = rows.try_next().await? {
            number += 1;
            let (entry_id, kept): (i64, Vec<u8>) = (row.get(0), row.get(4));
            let found = entry(&row)?;
            let is_next = entry_id == number && digest(&hash, number, row.get(1), &found) == kept;
            if !is_next {
                faults.push(BooksFault::Entry(entry_id));
            }
            (hash, number) = (kept, entry_id);
        }
        let head = transaction.query_one(HEAD, &[]).await?;
        if (head.get::<_, i64>(0), head.get::<_, Vec<u8>>(1)) != (number, hash) {
            faults.push(BooksFault::Head);
        }
        let gaps = transaction.query(GAPS, &[]).await?;
        faults.extend(gaps.iter().map(|row| BooksFault::Numbers(row.get(0), row.get(1), row.get(2), row.get(3), row.get(4))));
        Ok(faults)
    }
}

fn entry(row: &Row) -> Result<Entry, StoreError> {
    let at = Moment::try_from(row.get::<_, chrono::DateTime<chrono::Utc>>(2)).map_err(|error| StoreError::Unreadable(error.to_string()))?;
    let (accounts, amounts) = (row.get::<_, Vec<Option<String>>>(5), row.get::<_, Vec<Option<i64>>>(6));
    let postings =
        accounts.iter().zip(amounts).filter_map(|(account, amount)| Some((Account::named(account.as_deref()?)?, Money::rials(amount?))));
    let fact = row.get::<_, Option<&str>>(7).map(|fact| FactId::Name(fact.into()));
    Ok(Entry { at, text: row.get(3), fact, postings: postings.collect() })
}
