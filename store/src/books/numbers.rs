//! Numbers of documents: without gaps for each centre, kind and Solar Hijri year, given in the transaction that issues.

use crate::StoreError;
use billing::{Document, Kind};
use std::collections::BTreeMap;
use tokio_postgres::Transaction;

/// The row stays locked until the commit: what is rolled back leaves no gap.
const TAKE: &str = "
    INSERT INTO billing_numbers AS n (unit_id, kind, year, last) VALUES ($1, $2, $3, $4)
    ON CONFLICT (unit_id, kind, year) DO UPDATE SET last = n.last + excluded.last RETURNING last, (SELECT code FROM units WHERE unit_id = $1)";

/// A centre, kind and year.
pub(super) type Row = (i64, Kind, i32);

/// Which row numbers this document, if its kind is numbered.
pub(super) fn row(unit_id: i64, document: &Document) -> Option<Row> {
    document.kind.prefix().map(|_| (unit_id, document.kind, document.run_at.day().month().year()))
}

/// The next numbers of each row.
#[derive(Default)]
pub(super) struct Numbers(BTreeMap<Row, (i64, String)>);

impl Numbers {
    /// Takes so many of each row, always in the same order: two runs never wait for each other in a circle.
    pub(super) async fn take(transaction: &Transaction<'_>, wanted: BTreeMap<Row, i64>) -> Result<Self, StoreError> {
        let mut numbers = Self::default();
        for ((unit_id, kind, year), count) in wanted {
            let row = transaction.query_one(TAKE, &[&unit_id, &kind.name(), &(year as i16), &count]).await?;
            numbers.0.insert((unit_id, kind, year), (row.get::<_, i64>(0) - count, row.get(1)));
        }
        Ok(numbers)
    }

    /// The next number of a row: `INV-tehran-1405-000123`.
    pub(super) fn next(&mut self, row: Row) -> Option<String> {
        let (last, unit) = self.0.get_mut(&row)?;
        *last += 1;
        Some(format!("{}-{unit}-{}-{last:06}", row.1.prefix()?, row.2))
    }
}
