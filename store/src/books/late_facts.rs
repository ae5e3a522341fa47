//! What was recorded of orders after they were closed, as finance sees it: what waits, approving it by two persons, refusing it.

use super::BooksError;
use super::facts::facts;
use super::late::{LateRefusal, Waiting};
use super::late_kind::LateKind;
use super::record::{lock, wearer_locked};
use super::tariffs::{policy, tariffs};
use crate::change::{self, Change};
use crate::{Store, StoreError};
use access::Caller;
use billing::calendar::{Day, Moment};
use billing::{BillingError, Fact, Money, Period, Policy, Tariffs, rate};
use chrono::{DateTime, TimeDelta, Utc};
use tokio_postgres::{IsolationLevel, Transaction};

/// Of whom something was recorded after an order was over; of an order that went on in another file it concerns the file it came from too. $3: since when.
const CANDIDATES: &str = "
    WITH late (wearer_id, at) AS (
        SELECT wearer_id, greatest(decided_at, ended_at) FROM leave_acts WHERE greatest(decided_at, ended_at) > $3
        UNION ALL SELECT wearer_id, recorded_at FROM leaves WHERE act_id IS NULL AND recorded_at > $3
        UNION ALL SELECT o.wearer_id, greatest(f.recorded_at, f.cancelled_at) FROM order_facts f JOIN orders o USING (order_id)
            WHERE f.kind IN ('suspension', 'resumption') AND greatest(f.recorded_at, f.cancelled_at) > $3
        UNION ALL SELECT m.wearer_id, greatest(f.recorded_at, f.cancelled_at)
            FROM order_facts f JOIN orders o USING (order_id) JOIN wearers m ON m.merged_into = o.wearer_id
            WHERE o.moved_from IS NOT NULL AND f.kind IN ('suspension', 'resumption') AND greatest(f.recorded_at, f.cancelled_at) > $3
        UNION ALL SELECT wearer_id, recorded_at FROM billing_facts WHERE kind IN ('class', 'waiver', 'suspension', 'fee', 'cancel') AND recorded_at > $3
    )
    SELECT DISTINCT w.wearer_id, w.reference FROM late l JOIN wearers w USING (wearer_id)
    WHERE w.wearer_id > $4 AND ($2 = '' OR w.reference = $2)
        AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($1))
        AND EXISTS (SELECT FROM orders o JOIN order_facts e USING (order_id)
            WHERE o.wearer_id = ANY (ARRAY[w.wearer_id, w.merged_into]) AND e.kind IN ('revocation', 'end') AND e.recorded_at <= l.at)
    ORDER BY w.wearer_id LIMIT $5";
const UNIT: &str = "SELECT unit_id FROM wearers WHERE wearer_id = $1";
const DECIDE: &str = "
    INSERT INTO late_fact_decisions (wearer_id, fact, is_approved, proposed_by, decided_by, decided_at, reason)
    SELECT $1, f, $3, $4, $5, $6, $7 FROM unnest($2::text[]) AS f RETURNING decision_id";

/// What can be approved was recorded in this time: the order was closed before that.
const APPROVABLE_FOR: TimeDelta = TimeDelta::days(367);

/// What was recorded late and does not count.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LateFact {
    /// The file reference.
    pub wearer: String,
    /// Its name.
    pub fact: String,
    /// What it is.
    pub kind: LateKind,
    /// The time of which something changes.
    pub span: Period,
    /// The order, and since when it is closed.
    pub order_id: i64,
    /// See `order_id`.
    pub closed_at: Moment,
    /// When it was recorded.
    pub recorded_at: Moment,
    /// The last day on which it can be approved.
    pub last_day: Day,
    /// That day is over.
    pub is_too_late: bool,
    /// What the person would owe more in this file, all in all; below nothing: less.
    pub change: Money,
    /// Who refused it.
    pub refused: Option<LateRefusal>,
}

/// A late fact that two persons let count.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LateApproval {
    /// Whose: the file reference.
    pub wearer: String,
    /// Its name.
    pub fact: String,
    /// Why.
    pub reason: String,
}

/// Which late facts to list.
#[derive(Clone, Debug, Default)]
pub struct LateFilter {
    /// Of one wearer: everything, what was refused and what is too late too. Empty = what waits and can be approved, of all.
    pub wearer: String,
    /// Only of this unit and those below, by code; empty = all.
    pub unit: String,
    /// After this person of the page before; 0 = from the first.
    pub after: i64,
    /// At most so many persons are looked at.
    pub limit: u32,
}

impl Store {
    /// Late facts that match the filter, and after whom the next page goes on; 0 = that was all.
    ///
    /// # Errors
    /// When the caller does not reach the unit, or the database does not answer.
    pub async fn late_facts(&self, caller: &Caller, filter: &LateFilter, now: DateTime<Utc>) -> Result<(Vec<LateFact>, i64), BooksError> {
        let LateFilter { wearer, unit, after, limit } = filter;
        let roots = self.books_scope(caller, unit).await?;
        let since = if wearer.is_empty() { now - APPROVABLE_FOR } else { DateTime::UNIX_EPOCH };
        let mut client = self.client().await?;
        let transaction = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start().await?;
        let rows = transaction.query(CANDIDATES, &[&roots, wearer, &since, after, &i64::from(*limit)]).await?;
        let persons: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
        let next = persons.last().copied().filter(|_| rows.len() == *limit as usize).unwrap_or_default();
        let mut recorded = facts(&transaction, &persons).await?;
        let (tariffs, policy) = (tariffs(&transaction).await?, policy(&transaction).await?);
        let now = Moment::try_from(now).map_err(|error| StoreError::Refused(error.to_string()))?;
        let mut late = Vec::new();
        for row in rows {
            let person: i64 = row.get(0);
            let (Some(waiting), Some(Ok(known))) = (recorded.late.remove(&person), recorded.facts.get(&person)) else { continue };
            for one in waiting {
                // Whoever cannot be rated is on the work list; the others are listed all the same.
                let Ok(shown) = shown(row.get(1), one, known, (&tariffs, &policy), now) else { continue };
                let is_listed = !wearer.is_empty() || (shown.refused.is_none() && !shown.is_too_late);
                late.extend(is_listed.then_some(shown));
            }
        }
        Ok((late, next))
    }

    /// Refuses a late fact: it never counts, unless it is approved after all.
    ///
    /// # Errors
    /// When none such waits, or it is refused already.
    pub async fn late_fact_refuse(&self, caller: &Caller, refused: &LateApproval) -> Result<(), BooksError> {
        let mut client = self.client().await?;
        if let Change::Open(open) = change::begin(&mut client, caller).await? {
            let (wearer_id, now) = wearer_locked(&open.transaction, caller, &refused.wearer).await?;
            let waiting = waiting(&open.transaction, wearer_id, &refused.fact).await?;
            if waiting.refused.is_some() {
                return Err(BooksError::HappenedAlready);
            }
            let number = decide(&open.transaction, caller, (wearer_id, &waiting), (None, &refused.reason), now).await?;
            open.commit(number).await?;
        }
        drop(client);
        self.late_follow(refused).await;
        Ok(())
    }

    /// Carries a wearer's books on after it was decided what of a late fact: the work list says so at once. What fails here is done by the next run.
    pub(crate) async fn late_follow(&self, decided: &LateApproval) {
        let followed = async {
            let row = self.client().await?.query_opt("SELECT wearer_id FROM wearers WHERE reference = $1", &[&decided.wearer]).await?;
            let persons: Vec<i64> = row.map(|row| row.get(0)).into_iter().collect();
            self.books_follow(&persons).await
        };
        if let Err(error) = followed.await {
            tracing::warn!(%error, "the books were not carried on after a late fact was decided; the next run does it");
        }
    }
}

/// The unit that approving it concerns, if that is possible now.
pub(crate) async fn late_concerns(transaction: &Transaction<'_>, caller: &Caller, asked: &LateApproval) -> Result<i64, BooksError> {
    let (wearer_id, now) = wearer_locked(transaction, caller, &asked.wearer).await?;
    approvable(&waiting(transaction, wearer_id, &asked.fact).await?, now)?;
    Ok(transaction.query_one(UNIT, &[&wearer_id]).await?.get(0))
}

/// Approves it in the caller's transaction; the number of the decision.
pub(crate) async fn late_approve(
    transaction: &Transaction<'_>,
    caller: &Caller,
    asked: &LateApproval,
    proposed_by: &str,
) -> Result<i64, BooksError> {
    let (wearer_id, now) = wearer_locked(transaction, caller, &asked.wearer).await?;
    let waiting = waiting(transaction, wearer_id, &asked.fact).await?;
    approvable(&waiting, now)?;
    decide(transaction, caller, (wearer_id, &waiting), (Some(proposed_by), &asked.reason), now).await
}

/// What two persons granted just now is approved by them, if it concerns a closed order at all.
///
/// # Errors
/// When the order was closed too long ago.
pub(super) async fn approve_granted(
    transaction: &Transaction<'_>,
    caller: &Caller,
    (wearer_id, fact): (i64, &str),
    proposed_by: &str,
    reason: &str,
) -> Result<(), BooksError> {
    let now = lock(transaction, wearer_id).await?;
    match waiting(transaction, wearer_id, fact).await {
        Err(BooksError::UnknownLateFact) => Ok(()),
        Err(error) => Err(error),
        Ok(waiting) => {
            approvable(&waiting, now)?;
            // From when it was recorded on: nobody has seen it yet.
            let at = waiting.recorded_at.utc();
            decide(transaction, caller, (wearer_id, &waiting), (Some(proposed_by), reason), at).await.map(|_| ())
        }
    }
}

/// The late fact of this name, of a wearer who is locked.
async fn waiting(transaction: &Transaction<'_>, wearer_id: i64, fact: &str) -> Result<Waiting, BooksError> {
    let waiting = facts(transaction, &[wearer_id]).await?.late.remove(&wearer_id).unwrap_or_default();
    let is_it = |one: &Waiting| one.facts.iter().any(|held| held.id.to_string() == fact);
    waiting.into_iter().find(is_it).ok_or(BooksError::UnknownLateFact)
}

fn approvable(waiting: &Waiting, now: DateTime<Utc>) -> Result<(), BooksError> {
    let today = Moment::try_from(now).map_err(|error| StoreError::Refused(error.to_string()))?.day();
    let last_day = waiting.last_day();
    if today > last_day { Err(BooksError::LateFactTooLate(last_day)) } else { Ok(()) }
}

async fn decide(
    transaction: &Transaction<'_>,
    caller: &Caller,
    (wearer_id, waiting): (i64, &Waiting),
    (proposed_by, reason): (Option<&str>, &str),
    at: DateTime<Utc>,
) -> Result<i64, BooksError> {
    caller.about(format!("late fact {}", waiting.name()));
    let names: Vec<String> = waiting.facts.iter().map(|fact| fact.id.to_string()).collect();
    let is_approved = proposed_by.is_some();
    let rows = transaction.query(DECIDE, &[&wearer_id, &names, &is_approved, &proposed_by, &caller.name(), &at, &reason]).await?;
    Ok(rows.first().map(|row| row.get(0)).unwrap_or_default())
}

fn shown(
    wearer: String,
    waiting: Waiting,
    known: &[Fact],
    (tariffs, policy): (&Tariffs, &Policy),
    now: Moment,
) -> Result<LateFact, StoreError> {
    let owed = |facts: &[Fact]| -> Result<Money, BillingError> {
        let rated = rate(facts, tariffs, policy, now)?;
        rated.items.values().try_fold(Money::zero(tariffs.currency()), |sum, item| Ok(sum.plus(item.amount)?))
    };
    let with: Vec<Fact> = known.iter().chain(&waiting.facts).cloned().collect();
    let change = owed(&with).and_then(|with| Ok(with.minus(owed(known)?)?));
    Ok(LateFact {
        wearer,
        fact: waiting.name(),
        kind: waiting.kind,
        span: waiting.span,
        order_id: waiting.order.parse().unwrap_or_default(),
        closed_at: waiting.closed_at,
        recorded_at: waiting.recorded_at,
        last_day: waiting.last_day(),
        is_too_late: now.day() > waiting.last_day(),
        change: change?,
        refused: waiting.refused,
    })
}
