//! A run that somebody asks for: an extra run at its instant, for whom there is something to issue. Over units it goes on portion by portion, by whoever
//! takes the next one: how far it is stands in the database, so that it is never broken off for good.

use super::issue::issue_extra;
use super::portion::block;
use super::{BOOKS_PORTION, BooksError, PortionOf, lock, runs};
use crate::change::{self, Change};
use crate::{Store, StoreError};
use access::{CENTRAL_UNIT, Caller};
use chrono::{DateTime, Utc};

const BEGIN_OF: &str = "
    INSERT INTO billing_runs (kind, unit_id, wearer_id, through, begun_at, begun_by, told_at, ended_at, due)
    SELECT 'manual', unit_id, wearer_id, $2, $2, $3, $2, $2, 1 FROM wearers WHERE wearer_id = $1 RETURNING run_id";
const UNDER_WAY: &str = "
    SELECT run_id FROM billing_runs WHERE kind = 'manual' AND ended_at IS NULL AND told_at <= $1 ORDER BY run_id";
const ONE_UNDER_WAY: &str = "
    SELECT coalesce(unit_id, $2), last_wearer_id, through, begun_by FROM billing_runs WHERE run_id = $1 AND kind = 'manual' AND ended_at IS NULL";

impl Store {
    /// An extra run for one person; the number of the run, which is over.
    ///
    /// # Errors
    /// When there is no such person within the caller's reach.
    pub async fn books_run_person(&self, caller: &Caller, wearer: &str, now: DateTime<Utc>) -> Result<i64, BooksError> {
        let mut client = self.client().await?;
        let mut open = match change::begin(&mut client, caller).await? {
            Change::Open(open) => open,
            Change::Done(run_id) => return Ok(run_id),
        };
        let wearer_id = lock(&open.transaction, caller, wearer).await?;
        let run_id = open.transaction.query_one(BEGIN_OF, &[&wearer_id, &now, &caller.name()]).await?.get(0);
        let tried = open.transaction.transaction().await?;
        let issued = match issue_extra(&tried, &[wearer_id], now, caller.name()).await {
            Ok(issued) => tried.commit().await.map(|()| issued)?,
            Err(error) if error.is_recoverable() => return Err(error.into()),
            Err(error) => {
                tried.rollback().await?;
                block(&open.transaction, wearer_id, &error, now).await?
            }
        };
        runs::tell(&open.transaction, run_id, wearer_id, &issued).await?;
        open.commit(run_id).await?;
        Ok(run_id)
    }

    /// Somebody begins a run over a unit and those below; empty = all within reach. Asked again under the same key it is the same run, and `false`: it is
    /// under way already, or over.
    ///
    /// # Errors
    /// When the caller does not reach the unit.
    pub async fn books_run_ask(&self, caller: &Caller, unit: &str, now: DateTime<Utc>) -> Result<(i64, bool), BooksError> {
        let scope = self.books_scope(caller, unit).await?;
        if scope.len() > 1 && !caller.reaches_all() {
            return Err(BooksError::UnitNeeded);
        }
        let unit_id = if caller.reaches_all() && unit.is_empty() { None } else { scope.first().copied() };
        let due = self.books_persons(scope).count().await? as i64;
        let mut client = self.client().await?;
        let open = match change::begin(&mut client, caller).await? {
            Change::Open(open) => open,
            Change::Done(run_id) => return Ok((run_id, false)),
        };
        let run_id = open.transaction.query_one(runs::BEGIN, &[&"manual", &unit_id, &now, &now, &caller.name(), &due]).await?.get(0);
        open.commit(run_id).await?;
        Ok((run_id, true))
    }

    /// Runs over units that somebody asked for, that are not over and have not got on since.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn books_runs_under_way(&self, since: DateTime<Utc>) -> Result<Vec<i64>, StoreError> {
        Ok(self.client().await?.query(UNDER_WAY, &[&since]).await?.iter().map(|row| row.get(0)).collect())
    }

    /// The next portion of a run over units that somebody asked for, at the instant for which it was asked. `false` = the run is over. It is over in
    /// the transaction of its last portion. Whoever else goes on with it meanwhile does other persons.
    ///
    /// # Errors
    /// When the database does not answer; what was done stands.
    pub async fn books_run_next(&self, run_id: i64) -> Result<bool, StoreError> {
        let Some(run) = self.client().await?.query_opt(ONE_UNDER_WAY, &[&run_id, &CENTRAL_UNIT]).await? else { return Ok(false) };
        let (unit_id, last, through, by): (i64, i64, DateTime<Utc>, &str) = (run.get(0), run.get(1), run.get(2), run.get(3));
        // One more than a portion, to know which is the last.
        let Some(mut persons) = self.books_persons(vec![unit_id]).after(last).next(BOOKS_PORTION + 1).await? else {
            return self.books_run_end(run_id, Utc::now()).await.map(|()| false);
        };
        let ends_with = if persons.len() > BOOKS_PORTION { None } else { persons.last().copied() };
        persons.truncate(BOOKS_PORTION);
        self.books_portion(&persons, through, PortionOf::Asked { run_id, by, ends_with }).await?;
        Ok(ends_with.is_none())
    }
}
