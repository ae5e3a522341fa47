//! A run that somebody asks for: an extra run at its instant, for whom there is something to issue.

use super::issue::issue;
use super::reckon::{Look, reckon};
use super::{BooksError, Issued, lock, runs};
use crate::change::{self, Change};
use crate::{Store, StoreError};
use access::Caller;
use billing::calendar::Moment;
use chrono::{DateTime, Utc};
use tokio_postgres::Transaction;

const RUN: &str = "
    INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by)
    SELECT w, 'run', t, t, $3 FROM unnest($1::bigint[], $2::timestamptz[]) AS given (w, t)";

impl Store {
    /// A portion of a run that somebody asked for, in one transaction.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn books_asked_portion(&self, persons: &[i64], now: DateTime<Utc>, by: &str, run_id: i64) -> Result<Issued, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let issued = extra_run(&transaction, persons, now, by).await?;
        runs::tell(&transaction, run_id, &issued).await?;
        transaction.commit().await?;
        Ok(issued)
    }

    /// An extra run for one person; the number of the run, which is over.
    ///
    /// # Errors
    /// When there is no such person within the caller's reach.
    pub async fn books_run_person(&self, caller: &Caller, wearer: &str, now: DateTime<Utc>) -> Result<i64, BooksError> {
        let mut client = self.client().await?;
        let open = match change::begin(&mut client, caller).await? {
            Change::Open(open) => open,
            Change::Done(run_id) => return Ok(run_id),
        };
        let wearer_id = lock(&open.transaction, caller, wearer).await?;
        let run_id = runs::begin_of(&open.transaction, wearer_id, caller.name(), now).await?;
        let issued = extra_run(&open.transaction, &[wearer_id], now, caller.name()).await?;
        runs::tell(&open.transaction, run_id, &issued).await?;
        open.commit(run_id).await?;
        Ok(run_id)
    }
}

/// Carries these persons on to `now`, where whoever has something to issue gets a run.
async fn extra_run(transaction: &Transaction<'_>, persons: &[i64], now: DateTime<Utc>, by: &str) -> Result<Issued, StoreError> {
    let at = Moment::try_from(now).map_err(|error| StoreError::Refused(error.to_string()))?;
    super::people::lock_all(transaction, persons).await?;
    let reckoned = reckon(transaction, persons, at, Look::Preview).await?;
    // Whose books are ahead of `now` already (money came in while the run went on) has the run just after that.
    let due = reckoned.iter().filter_map(|one| {
        let at = one.person.through?;
        let new = &one.books.as_ref().ok()?.0.documents[one.kept..];
        new.iter().any(|document| document.run_at == at).then_some((one.person.wearer_id, at.utc()))
    });
    let (due, times): (Vec<i64>, Vec<DateTime<Utc>>) = due.unzip();
    if !due.is_empty() {
        transaction.execute(RUN, &[&due, &times, &by]).await?;
    }
    issue(transaction, persons, now).await
}
