//! The codes that the Central Bank gives for bill ids: the newest are printed, all are understood.

use super::BooksError;
use crate::{Store, StoreError};
use access::{CENTRAL_UNIT, Caller};
use chrono::{DateTime, Utc};
use tokio_postgres::{Row, Transaction};

const LIST: &str = "SELECT since, company, service, proposed_by, approved_by FROM bill_codes ORDER BY since DESC";
const RECORD: &str = "INSERT INTO bill_codes (since, company, service, proposed_by, approved_by) VALUES ($1, $2, $3, $4, $5)";

/// The codes since an instant, and who recorded them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BillCodes {
    /// Since when they are printed.
    pub since: DateTime<Utc>,
    /// 1 to 999.
    pub company: u16,
    /// 1 to 9.
    pub service: u8,
    /// Who proposed them.
    pub proposed_by: String,
    /// And who approved.
    pub approved_by: String,
}

impl Store {
    /// All codes, the newest first; none = bill ids are internal references.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn bill_codes(&self) -> Result<Vec<BillCodes>, StoreError> {
        Ok(self.client().await?.query(LIST, &[]).await?.iter().map(codes_from).collect())
    }
}

fn codes_from(row: &Row) -> BillCodes {
    BillCodes {
        since: row.get(0),
        company: row.get::<_, i16>(1).unsigned_abs(),
        service: row.get::<_, i16>(2).unsigned_abs() as u8,
        proposed_by: row.get(3),
        approved_by: row.get(4),
    }
}

/// The unit that new codes concern, if they may be recorded.
pub(crate) async fn bill_codes_concerns(
    transaction: &Transaction<'_>,
    caller: &Caller,
    (company, service): (u16, u8),
) -> Result<i64, BooksError> {
    if !caller.reaches_all() {
        return Err(BooksError::CentralOnly);
    }
    let newest = transaction.query(LIST, &[]).await?.first().map(codes_from);
    if newest.is_some_and(|newest| (newest.company, newest.service) == (company, service)) {
        return Err(BooksError::BillCodesInUse);
    }
    Ok(CENTRAL_UNIT)
}

/// Records them: from now on they are printed.
pub(crate) async fn bill_codes_record(
    transaction: &Transaction<'_>,
    caller: &Caller,
    codes: (u16, u8),
    proposed_by: &str,
    now: DateTime<Utc>,
) -> Result<(), BooksError> {
    bill_codes_concerns(transaction, caller, codes).await?;
    transaction.execute(RECORD, &[&now, &(codes.0 as i16), &i16::from(codes.1), &proposed_by, &caller.name()]).await?;
    Ok(())
}
