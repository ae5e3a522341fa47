//! Granting relief by two persons, requiring a deposit, correcting days and fees, and ending what was granted.

use super::deposits::terms;
use super::late_facts::approve_granted;
use super::record::{NewFact, lock, record, standing, wearer_locked};
use super::relief_fees::fee_may_change;
use super::reliefs::{NewRelief, Relief, ReliefTerms, covered_names, one};
use super::tariffs::tariffs;
use super::{BooksError, MoneyRefusal};
use crate::change::{self, Change};
use crate::{Store, StoreError};
use access::Caller;
use billing::calendar::Moment;
use billing::{Money, Tariff};
use chrono::{DateTime, Utc};
use tokio_postgres::Transaction;
use tokio_postgres::types::ToSql;

const UNIT: &str = "SELECT unit_id FROM wearers WHERE wearer_id = $1";
const ORDER: &str = "SELECT order_id, regime FROM order_in_force($1, $2)";
/// One of that kind that was not cancelled, of a part of that time.
const ONE_THEN: &str = "
    SELECT f.at FROM billing_facts f WHERE f.wearer_id = $1 AND f.kind = $4 AND tstzrange(f.at, f.until) && tstzrange($2, $3)
        AND NOT EXISTS (SELECT FROM billing_facts c WHERE c.cancels = f.fact_id) ORDER BY f.at LIMIT 1";
const RECORD: &str = "
    INSERT INTO billing_facts (wearer_id, kind, at, until, recorded_at, recorded_by, class, percent, covers, fee_of, chargeable)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING fact_id";
const GRANT: &str = "
    INSERT INTO billing_reliefs (wearer_id, kind, fact_id, authority, decision_number, decision_date, found_by, proposed_by, approved_by, at, cause,
        reason)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING relief_id";
const REQUIRE: &str = "
    INSERT INTO deposit_requirements (relief_id, wearer_id, order_id, regime, amount, recorded_at) VALUES ($1, $2, $3, $4, $5, $6)";
/// What is left of one that was cancelled.
const SHORTENED: &str = "
    WITH left_over AS (
        INSERT INTO billing_facts (wearer_id, kind, at, until, recorded_at, recorded_by, class, percent, covers)
        SELECT wearer_id, kind, at, $2, $3, $4, class, percent, covers FROM billing_facts WHERE fact_id = (SELECT fact_id FROM billing_reliefs WHERE relief_id = $1)
        RETURNING fact_id
    )
    INSERT INTO billing_reliefs (wearer_id, kind, fact_id, authority, decision_number, decision_date, found_by, proposed_by, approved_by, at, cause)
    SELECT r.wearer_id, r.kind, l.fact_id, r.authority, r.decision_number, r.decision_date, r.found_by, r.proposed_by, r.approved_by, r.at, r.cause
    FROM billing_reliefs r, left_over l WHERE r.relief_id = $1";

/// A wearer of whom nobody else records anything until the commit.
struct Locked {
    wearer_id: i64,
    now: DateTime<Utc>,
    /// The order in force and its regime, where a deposit is required.
    order: Option<(i64, String)>,
}

/// The unit that granting it concerns, if it is possible now.
pub(crate) async fn relief_concerns(transaction: &Transaction<'_>, caller: &Caller, new: &NewRelief) -> Result<i64, BooksError> {
    let locked = possible(transaction, caller, new).await?;
    Ok(transaction.query_one(UNIT, &[&locked.wearer_id]).await?.get(0))
}

async fn possible(transaction: &Transaction<'_>, caller: &Caller, new: &NewRelief) -> Result<Locked, BooksError> {
    let (wearer_id, now) = wearer_locked(transaction, caller, &new.wearer).await?;
    let mut order = None;
    match &new.terms {
        ReliefTerms::Waiver { .. } => {}
        ReliefTerms::Class { from, to, class } => {
            has_price(transaction, class, (*from, *to), now).await?;
            if let Some(other) = transaction.query_opt(ONE_THEN, &[&wearer_id, from, to, &"class"]).await? {
                return Err(BooksError::ClassOverlaps(other.get(0)));
            }
        }
        ReliefTerms::Suspension { from, to, .. } => {
            if let Some(other) = transaction.query_opt(ONE_THEN, &[&wearer_id, from, to, &"suspension"]).await? {
                return Err(BooksError::SuspensionOverlaps(other.get(0)));
            }
        }
        ReliefTerms::Fee { fitting_id, chargeable, .. } => fee_may_change(transaction, wearer_id, (*fitting_id, *chargeable), now).await?,
        ReliefTerms::Deposit(amount) => order = Some(may_be_required(transaction, wearer_id, *amount, now).await?),
    }
    Ok(Locked { wearer_id, now, order })
}

/// Every tariff of that time, as far as it is known, must have a price for the class.
async fn has_price(
    transaction: &Transaction<'_>,
    class: &str,
    (from, to): (DateTime<Utc>, Option<DateTime<Utc>>),
    now: DateTime<Utc>,
) -> Result<(), BooksError> {
    let moment = |at: DateTime<Utc>| Moment::try_from(at).map_err(|error| StoreError::Refused(error.to_string()));
    let (table, first, now) = (tariffs(transaction).await?, moment(from)?.day(), moment(now)?);
    let last = to.map(moment).transpose()?.map(Moment::day);
    let within = |row: &&Tariff| row.effective_from > first && last.is_none_or(|last| row.effective_from < last);
    let begins = table.rows().iter().filter(within).map(|row| row.effective_from);
    for day in [first].into_iter().chain(begins) {
        let row = table.in_force(day, now);
        if !row.is_some_and(|row| row.class_daily.contains_key(class)) {
            let tariff = row.map_or_else(|| "—".to_owned(), |row| row.version.to_string());
            return Err(BooksError::ClassWithoutPrice { class: class.to_owned(), tariff });
        }
    }
    Ok(())
}

/// The order in force and its regime, if so much may be required.
async fn may_be_required(
    transaction: &Transaction<'_>,
    wearer_id: i64,
    amount: Money,
    now: DateTime<Utc>,
) -> Result<(i64, String), BooksError> {
    let order = transaction.query_opt(ORDER, &[&wearer_id, &now]).await?.ok_or(MoneyRefusal::DepositNotAsked)?;
    let books = standing(transaction, wearer_id, now).await?;
    match terms(transaction, wearer_id, &books).await? {
        (_, Some(ceiling)) if amount.minor_units() > ceiling.minor_units() => Err(BooksError::RequiredBeyondCeiling(ceiling)),
        _ => Ok((order.get(0), order.get(1))),
    }
}

/// Grants it in the caller's transaction; its number.
pub(crate) async fn relief_grant(
    transaction: &Transaction<'_>,
    caller: &Caller,
    new: &NewRelief,
    proposed_by: &str,
) -> Result<i64, BooksError> {
    let Locked { wearer_id, now, order } = possible(transaction, caller, new).await?;
    let fact = fact_record(transaction, caller, (wearer_id, &new.terms), now).await?;
    if let Some(fact) = fact {
        let reason = format!("decision {} of {}", new.decision.number, new.decision.authority);
        approve_granted(transaction, caller, (wearer_id, &format!("finance:{fact}")), proposed_by, &reason).await?;
    }
    let NewRelief { decision, found_by, terms, .. } = new;
    let (kind, who) = (kind_of(terms), caller.name());
    let cause = if let ReliefTerms::Suspension { cause, .. } = terms { Some(cause.name()) } else { None };
    let why = if let ReliefTerms::Fee { reason, .. } = terms { Some(reason) } else { None };
    let row = transaction
        .query_one(
            GRANT,
            &[
                &wearer_id,
                &kind,
                &fact,
                &decision.authority,
                &decision.number,
                &decision.date,
                found_by,
                &proposed_by,
                &who,
                &now,
                &cause,
                &why,
            ],
        )
        .await?;
    let relief_id: i64 = row.get(0);
    if let (ReliefTerms::Deposit(amount), Some((order_id, regime))) = (&new.terms, order) {
        transaction.execute(REQUIRE, &[&relief_id, &wearer_id, &order_id, &regime, &amount.minor_units(), &now]).await?;
    }
    Ok(relief_id)
}

/// As the tables name it.
const fn kind_of(terms: &ReliefTerms) -> &'static str {
    match terms {
        ReliefTerms::Class { .. } => "class",
        ReliefTerms::Waiver { .. } => "waiver",
        ReliefTerms::Suspension { .. } => "suspension",
        ReliefTerms::Fee { .. } => "fee",
        ReliefTerms::Deposit(_) => "deposit",
    }
}

/// What it does to the books; a deposit has a table of its own.
async fn fact_record(
    transaction: &Transaction<'_>,
    caller: &Caller,
    (wearer_id, terms): (i64, &ReliefTerms),
    now: DateTime<Utc>,
) -> Result<Option<i64>, StoreError> {
    let (from, to) = match terms {
        ReliefTerms::Class { from, to, .. } | ReliefTerms::Waiver { from, to, .. } | ReliefTerms::Suspension { from, to, .. } => {
            (*from, *to)
        }
        ReliefTerms::Fee { .. } => (now, None),
        ReliefTerms::Deposit(_) => return Ok(None),
    };
    let class = if let ReliefTerms::Class { class, .. } = terms { Some(class) } else { None };
    let (percent, covers) = match terms {
        ReliefTerms::Waiver { percent, covers, .. } => (Some(i16::from(*percent)), Some(covered_names(covers))),
        _ => (None, None),
    };
    let (fee_of, chargeable) = match terms {
        ReliefTerms::Fee { fitting_id, chargeable, .. } => (Some(fitting_id), Some(chargeable)),
        _ => (None, None),
    };
    let values: [&(dyn ToSql + Sync); 11] =
        [&wearer_id, &kind_of(terms), &from, &to, &now, &caller.name(), &class, &percent, &covers, &fee_of, &chargeable];
    Ok(Some(transaction.query_one(RECORD, &values).await?.get(0)))
}

impl Store {
    /// Ends a class, a waiver or a suspension at an instant; without one it never was, as a decision about a fee that is taken back.
    ///
    /// # Errors
    /// When it is not within reach, is over, is a deposit, or the instant is not within its time.
    pub async fn relief_end(
        &self,
        caller: &Caller,
        relief_id: i64,
        (at, reason): (Option<DateTime<Utc>>, &str),
    ) -> Result<Relief, BooksError> {
        let mut client = self.client().await?;
        if let Change::Open(open) = change::begin(&mut client, caller).await? {
            let transaction = &open.transaction;
            // Whose it is first, under no lock: everybody locks the wearer before all else.
            let now = lock(transaction, one(transaction, caller, relief_id).await?.wearer_id).await?;
            let relief = one(transaction, caller, relief_id).await?;
            let fact_id = may_end(&relief, at)?;
            record(transaction, caller, &NewFact::cancel(relief.wearer_id, fact_id, now, reason), now).await?;
            if let Some(at) = at {
                transaction.execute(SHORTENED, &[&relief_id, &at, &now, &caller.name()]).await?;
            }
            open.commit(relief_id).await?;
        }
        one(&*client.transaction().await?, caller, relief_id).await
    }

    /// Carries a wearer's books on after relief was granted: a required deposit is asked for at once. What was granted is safe already: what fails here is done by
    /// the next run.
    pub(crate) async fn relief_follow(&self, new: &NewRelief) {
        let followed = async {
            let row = self.client().await?.query_opt("SELECT wearer_id FROM wearers WHERE reference = $1", &[&new.wearer]).await?;
            let persons: Vec<i64> = row.map(|row| row.get(0)).into_iter().collect();
            self.books_follow(&persons).await
        };
        if let Err(error) = followed.await {
            tracing::warn!(%error, "the books were not carried on after relief was granted; the next run does it");
        }
    }
}

/// The fact of one that may be ended then.
fn may_end(relief: &Relief, at: Option<DateTime<Utc>>) -> Result<i64, BooksError> {
    let Some(fact_id) = relief.fact_id else { return Err(BooksError::ReliefIsDeposit) };
    let (from, to) = match &relief.granted.terms {
        ReliefTerms::Class { from, to, .. } | ReliefTerms::Waiver { from, to, .. } | ReliefTerms::Suspension { from, to, .. } => {
            (*from, *to)
        }
        // A fee has no time of which a part could be left.
        ReliefTerms::Fee { .. } => (relief.at, Some(relief.at)),
        ReliefTerms::Deposit(_) => return Err(BooksError::ReliefIsDeposit),
    };
    if relief.ended.is_some() {
        return Err(BooksError::ReliefOver);
    }
    if at.is_some_and(|at| at <= from || to.is_some_and(|to| at >= to)) {
        return Err(BooksError::ReliefEndOutside(from));
    }
    Ok(fact_id)
}
