//! Runs over many persons: who is due, how far a run is, and what it issued.

use super::{BooksError, Issued};
use crate::people::unit_within_reach;
use crate::{Store, StoreError};
use access::Caller;
use chrono::{DateTime, TimeDelta, Utc};
use tokio_postgres::{GenericClient, Row, Transaction};

/// Whose facts contradict each other is tried again so often: somebody may have mended them.
const BLOCKED_AGAIN_AFTER: TimeDelta = TimeDelta::hours(1);

/// Facts are recorded by transactions that end a little later than they say.
const LATE_MAX: TimeDelta = TimeDelta::minutes(10);

/// A run that has not got on for so long was broken off: nobody goes on with it now.
const BROKEN_OFF_AFTER: TimeDelta = TimeDelta::minutes(10);

/// Books that are behind: not carried on since the month began; or they do not know a fitting, a removal or money that was recorded; or they were blocked. $1 month's
/// beginning, $2 recorded since, $3 blocked ones found before, $4 whoever has no books at all, whenever fitted.
const DUE: &str = "
    SELECT wearer_id FROM (
        SELECT wearer_id FROM billing_accounts WHERE through < $1
        UNION SELECT i.wearer_id FROM installations i
            WHERE $4 AND i.state = 'completed' AND NOT EXISTS (SELECT FROM billing_accounts a WHERE a.wearer_id = i.wearer_id)
        UNION SELECT i.wearer_id FROM installations i LEFT JOIN billing_accounts a USING (wearer_id)
            WHERE i.state = 'completed' AND i.ended_at >= $2 AND NOT coalesce(a.facts ? ('fitting:' || i.fitting_id), false)
        UNION SELECT f.wearer_id FROM removals r JOIN fittings f USING (fitting_id) JOIN installations i USING (fitting_id)
            LEFT JOIN billing_accounts a ON a.wearer_id = f.wearer_id
            WHERE i.state = 'completed' AND r.recorded_at >= $2 AND NOT coalesce(a.facts ? ('removal:' || r.fitting_id), false)
                AND NOT EXISTS (SELECT FROM fittings n WHERE n.wearer_id = f.wearer_id AND lower(n.period) = upper(f.period))
        UNION SELECT b.wearer_id FROM billing_facts b LEFT JOIN billing_accounts a USING (wearer_id)
            WHERE b.recorded_at >= $2 AND NOT coalesce(a.facts ? ('finance:' || b.fact_id), false)
        UNION SELECT wearer_id FROM billing_work WHERE is_block
    ) due
    WHERE NOT EXISTS (SELECT FROM billing_work w WHERE w.wearer_id = due.wearer_id AND w.is_block AND w.found_at > $3) ORDER BY wearer_id";

/// The newest run of the month; of one that is over no number.
const MONTHLY: &str = "
    SELECT CASE WHEN ended_at IS NULL THEN run_id END FROM billing_runs WHERE kind = 'monthly' AND through >= $1 ORDER BY run_id DESC LIMIT 1";
pub(super) const BEGIN: &str = "
    INSERT INTO billing_runs (kind, unit_id, through, begun_at, begun_by, told_at, due) VALUES ($1, $2, $3, $4, $5, $4, $6) RETURNING run_id";
const TELL: &str = "
    UPDATE billing_runs SET persons = persons + $2, blocked = blocked + $3, documents = documents + $4, entries = entries + $5, charged = charged + $6,
        credited = credited + $7, last_wearer_id = greatest(last_wearer_id, $8), told_at = greatest(told_at, clock_timestamp()) WHERE run_id = $1";
const LOCK: &str = "SELECT last_wearer_id FROM billing_runs WHERE run_id = $1 AND ended_at IS NULL FOR UPDATE";
const END: &str = "UPDATE billing_runs SET ended_at = greatest($2, begun_at) WHERE run_id = $1 AND ended_at IS NULL";
const SEEN: &str = "
    SELECT run_id, r.kind, coalesce(u.code, ''), through, begun_at, begun_by, ended_at, told_at, due, persons, blocked, documents, entries, charged, credited,
        coalesce(w.reference, '')
    FROM billing_runs r LEFT JOIN units u USING (unit_id) LEFT JOIN wearers w USING (wearer_id)
    WHERE EXISTS (SELECT FROM unit_reach x WHERE x.unit_id = coalesce(r.unit_id, 1) AND x.above_id = ANY ($1))";

/// A run over many persons.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BillingRun {
    /// Which.
    pub run_id: i64,
    /// The service's own, after a month began; else somebody asked for it.
    pub is_monthly: bool,
    /// Of this unit and those below; empty = everybody.
    pub unit: String,
    /// Of this wearer alone; else empty.
    pub wearer: String,
    /// The instant up to which books were carried on.
    pub through: DateTime<Utc>,
    /// When it began.
    pub begun_at: DateTime<Utc>,
    /// Who began it.
    pub begun_by: String,
    /// When it was through with everybody.
    pub ended_at: Option<DateTime<Utc>>,
    /// It is not over and has not got on for ten minutes: the next service that runs goes on where it was.
    pub is_broken_off: bool,
    /// Persons to carry on.
    pub due: u64,
    /// What it issued so far.
    pub issued: Issued,
}

impl Store {
    /// Persons whose books are behind: the month that began at `month` is not billed, or they do not know a fitting, a removal or money that was recorded `since`
    /// then. `since` absent: since the month began (books that are older are due anyway), and whoever has no books at all. All of them, by their numbers.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn books_due(&self, month: DateTime<Utc>, since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<Vec<i64>, StoreError> {
        let recorded = since.unwrap_or(month) - LATE_MAX;
        let rows = self.client().await?.query(DUE, &[&month, &recorded, &(now - BLOCKED_AGAIN_AFTER), &since.is_none()]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// The run of the month that began at `month`: begun now, or one that broke off and goes on. `None` = it is over, or nobody is due.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn books_run_monthly(&self, month: DateTime<Utc>, now: DateTime<Utc>) -> Result<Option<i64>, StoreError> {
        let client = self.client().await?;
        if let Some(row) = client.query_opt(MONTHLY, &[&month]).await? {
            return Ok(row.get::<_, Option<i64>>(0));
        }
        let due: i64 = client.query_one("SELECT count(*) FROM billing_accounts WHERE through < $1", &[&month]).await?.get(0);
        if due == 0 {
            return Ok(None);
        }
        Ok(Some(client.query_one(BEGIN, &[&"monthly", &None::<i64>, &now, &now, &"service", &due]).await?.get(0)))
    }

    /// The units over which a caller runs, previews and asks: the caller's own, or one of those and what is below.
    ///
    /// # Errors
    /// When the caller does not reach the unit.
    pub async fn books_scope(&self, caller: &Caller, unit: &str) -> Result<Vec<i64>, BooksError> {
        if unit.is_empty() {
            return Ok(caller.roots.clone());
        }
        let unit = unit_within_reach(&**self.client().await?, caller, unit).await?;
        Ok(vec![unit.ok_or(BooksError::UnknownUnit)?])
    }

    /// A run is through with everybody.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn books_run_end(&self, run_id: i64, now: DateTime<Utc>) -> Result<(), StoreError> {
        end(&**self.client().await?, run_id, now).await
    }

    /// One run within the caller's reach.
    ///
    /// # Errors
    /// When there is none such.
    pub async fn books_run(&self, caller: &Caller, run_id: i64, now: DateTime<Utc>) -> Result<BillingRun, BooksError> {
        let row = self.client().await?.query_opt(&format!("{SEEN} AND run_id = $2"), &[&caller.roots, &run_id]).await?;
        row.map(|row| run_from(&row, now)).ok_or(BooksError::UnknownRun)
    }

    /// Runs within the caller's reach with numbers below this one, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn books_runs(&self, caller: &Caller, before: i64, limit: i64, now: DateTime<Utc>) -> Result<Vec<BillingRun>, StoreError> {
        let text = format!("{SEEN} AND run_id < $2 ORDER BY run_id DESC LIMIT $3");
        Ok(self.client().await?.query(&text, &[&caller.roots, &before, &limit]).await?.iter().map(|row| run_from(row, now)).collect())
    }
}

/// How far a run is that is not over: the last person done. Nobody else goes on with it until the commit.
pub(super) async fn lock(transaction: &Transaction<'_>, run_id: i64) -> Result<Option<i64>, StoreError> {
    Ok(transaction.query_opt(LOCK, &[&run_id]).await?.map(|row| row.get(0)))
}

/// Adds a portion, which ended with the person `last`, to what a run issued.
pub(super) async fn tell(transaction: &Transaction<'_>, run_id: i64, last: i64, issued: &Issued) -> Result<(), StoreError> {
    let Issued { persons, documents, entries, blocked, charged, credited } = *issued;
    let [persons, documents, entries, blocked] = [persons, documents, entries, blocked].map(|count| count as i64);
    transaction.execute(TELL, &[&run_id, &persons, &blocked, &documents, &entries, &charged, &credited, &last]).await?;
    Ok(())
}

/// A run is through with everybody.
pub(super) async fn end(client: &impl GenericClient, run_id: i64, now: DateTime<Utc>) -> Result<(), StoreError> {
    client.execute(END, &[&run_id, &now]).await?;
    Ok(())
}

fn run_from(row: &Row, now: DateTime<Utc>) -> BillingRun {
    let count = |column: usize| row.get::<_, i64>(column).unsigned_abs();
    let ended_at: Option<DateTime<Utc>> = row.get(6);
    BillingRun {
        run_id: row.get(0),
        is_monthly: row.get::<_, &str>(1) == "monthly",
        unit: row.get(2),
        wearer: row.get(15),
        through: row.get(3),
        begun_at: row.get(4),
        begun_by: row.get(5),
        ended_at,
        is_broken_off: ended_at.is_none() && now - row.get::<_, DateTime<Utc>>(7) > BROKEN_OFF_AFTER,
        due: count(8),
        issued: Issued {
            persons: count(9),
            blocked: count(10),
            documents: count(11),
            entries: count(12),
            charged: row.get(13),
            credited: row.get(14),
        },
    }
}
