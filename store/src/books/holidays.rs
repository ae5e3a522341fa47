//! Days on which banks are closed, Fridays apart: reminders move over them (decision D34).

use super::BooksError;
use crate::change::{self, Change};
use crate::{Store, StoreError};
use access::Caller;
use billing::calendar::Day;
use chrono::{NaiveDate, Utc};
use std::collections::BTreeSet;
use tokio_postgres::GenericClient;

const LIST: &str = "SELECT day, name, recorded_by FROM bank_holidays WHERE day BETWEEN $1 AND $2 ORDER BY day";
const DAYS: &str = "SELECT day FROM bank_holidays";
const OPEN: &str = "DELETE FROM bank_holidays WHERE day = ANY ($1)";
const CLOSE: &str = "
    INSERT INTO bank_holidays (day, name, recorded_by, recorded_at) SELECT d, n, $3, $4 FROM unnest($1::date[], $2::text[]) AS given (d, n)
    ON CONFLICT (day) DO UPDATE SET name = excluded.name, recorded_by = excluded.recorded_by, recorded_at = excluded.recorded_at";

/// A day on which banks are closed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Holiday {
    /// The day.
    pub day: NaiveDate,
    /// What it is.
    pub name: String,
    /// Who recorded it.
    pub recorded_by: String,
}

impl Store {
    /// Holidays from one day to another, both included.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn holidays(&self, from: NaiveDate, to: NaiveDate) -> Result<Vec<Holiday>, StoreError> {
        let rows = self.client().await?.query(LIST, &[&from, &to]).await?;
        Ok(rows.iter().map(|row| Holiday { day: row.get(0), name: row.get(1), recorded_by: row.get(2) }).collect())
    }

    /// Records days on which banks are closed, and takes out others.
    ///
    /// # Errors
    /// When the caller is not of the central unit.
    pub async fn holidays_set(&self, caller: &Caller, closed: &[(NaiveDate, String)], open: &[NaiveDate]) -> Result<(), BooksError> {
        if !caller.reaches_all() {
            return Err(BooksError::CentralOnly);
        }
        let mut client = self.client().await?;
        if let Change::Open(change) = change::begin(&mut client, caller).await? {
            caller.about(format!("{} bank holidays, {} days open", closed.len(), open.len()));
            let (days, names): (Vec<NaiveDate>, Vec<&str>) = closed.iter().map(|(day, name)| (*day, name.as_str())).unzip();
            change.transaction.execute(OPEN, &[&open]).await?;
            change.transaction.execute(CLOSE, &[&days, &names, &caller.name(), &Utc::now()]).await?;
            change.commit(0).await?;
        }
        Ok(())
    }
}

/// All days on which banks are closed, Fridays apart.
pub(super) async fn closed_days(client: &impl GenericClient) -> Result<BTreeSet<Day>, StoreError> {
    let day =
        |row: &tokio_postgres::Row| row.get::<_, NaiveDate>(0).try_into().map_err(|_| StoreError::Unreadable("a bank holiday".to_owned()));
    client.query(DAYS, &[]).await?.iter().map(day).collect()
}
