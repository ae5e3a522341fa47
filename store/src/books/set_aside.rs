//! What is set aside of the fees (article 7): what it came to each year, and what was spent of it.

use super::{BooksError, ledger};
use crate::{Store, StoreError};
use access::{CENTRAL_UNIT, Caller};
use billing::calendar::{Day, Moment};
use billing::{Account, Entry, Money};
use chrono::{DateTime, Utc};
use tokio_postgres::Transaction;

const INSERT: &str = "
    INSERT INTO set_aside_spendings (entry_id, at, amount, purpose, approver, proof, recorded_at, proposed_by, approved_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING spending_id";
const SPENDING: &str = "
    SELECT s.amount, EXISTS (SELECT FROM set_aside_reversals r WHERE r.spending_id = s.spending_id) FROM set_aside_spendings s WHERE s.spending_id = $1";
const REVERSE: &str = "
    INSERT INTO set_aside_reversals (spending_id, entry_id, reason, recorded_at, proposed_by, approved_by) VALUES ($1, $2, $3, $4, $5, $6)";
/// What is set aside and not spent: the liability as it stands, credit below nothing.
const LEFT: &str = "SELECT -coalesce(sum(amount), 0)::bigint FROM ledger_postings WHERE account = 'liabilities:setaside'";
/// Before a year and in it: set aside, and spent.
const OF_YEAR: &str = "
    SELECT coalesce(-sum(p.amount) FILTER (WHERE e.at < $1), 0)::bigint,
        coalesce(-sum(p.amount) FILTER (WHERE e.at >= $1 AND e.wearer_id IS NOT NULL), 0)::bigint,
        coalesce(sum(p.amount) FILTER (WHERE e.at >= $1 AND e.wearer_id IS NULL), 0)::bigint
    FROM ledger_postings p JOIN ledger_entries e USING (entry_id) WHERE p.account = 'liabilities:setaside' AND e.at < $2";
const SPENDINGS: &str = "
    SELECT spending_id, at, amount, purpose, approver, proof, recorded_at, proposed_by, approved_by FROM set_aside_spendings
    WHERE recorded_at >= $1 AND recorded_at < $2 ORDER BY recorded_at, spending_id";
/// Taken back in a year, whenever it had been spent.
const TAKEN_BACK: &str = "
    SELECT s.spending_id, s.at, s.amount, s.purpose, s.approver, s.proof, s.recorded_at, s.proposed_by, s.approved_by, r.reason, r.recorded_at, r.proposed_by,
        r.approved_by
    FROM set_aside_reversals r JOIN set_aside_spendings s USING (spending_id)
    WHERE r.recorded_at >= $1 AND r.recorded_at < $2 ORDER BY r.recorded_at, s.spending_id";

/// Spending to record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewSpending {
    /// When it was paid.
    pub at: DateTime<Utc>,
    /// Whole rials.
    pub amount: Money,
    /// What for.
    pub purpose: String,
    /// Who approved it, of the Organisation.
    pub approver: String,
    /// The number of the letter or receipt that proves it.
    pub proof: String,
}

/// Spending that was recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Spending {
    /// Which.
    pub spending_id: i64,
    /// What.
    pub spent: NewSpending,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// By whom.
    pub proposed_by: String,
    /// And by whom else.
    pub approved_by: String,
}

/// Spending to take back: it was recorded wrongly.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SpendingBack {
    /// Which.
    pub spending_id: i64,
    /// Why.
    pub reason: String,
}

/// Spending that was taken back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TakenBack {
    /// What.
    pub spending: Spending,
    /// Why.
    pub reason: String,
    /// When.
    pub recorded_at: DateTime<Utc>,
    /// By whom.
    pub proposed_by: String,
    /// And by whom else.
    pub approved_by: String,
}

/// A year of the set-aside: what was left of before, and what came and went.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SetAsideYear {
    /// Set aside before and not spent.
    pub opening: Money,
    /// Set aside in the year; below 0 if more was given back.
    pub set_aside: Money,
    /// Spent in the year, less what was taken back in it; below 0 if that was more.
    pub spent: Money,
    /// Each spending of the year, oldest first.
    pub spendings: Vec<Spending>,
    /// Each that was taken back in the year, of this or an earlier one.
    pub taken_back: Vec<TakenBack>,
}

impl Store {
    /// The statement of a Solar Hijri year.
    ///
    /// # Errors
    /// When the database does not answer, or the year is beyond the calendar.
    pub async fn set_aside_year(&self, year: i32) -> Result<SetAsideYear, StoreError> {
        let start =
            |year| Day::new(year, 1, 1).map(|day| Moment::start_of(day).utc()).map_err(|error| StoreError::Refused(error.to_string()));
        let (since, until) = (start(year)?, start(year + 1)?);
        let client = self.client().await?;
        let row = client.query_one(OF_YEAR, &[&since, &until]).await?;
        let [opening, set_aside, spent] = [0, 1, 2].map(|column| Money::rials(row.get(column)));
        let rows = client.query(SPENDINGS, &[&since, &until]).await?;
        let spendings = rows.iter().map(spending_from).collect();
        let taken_back = client.query(TAKEN_BACK, &[&since, &until]).await?.iter().map(taken_back_from).collect();
        Ok(SetAsideYear { opening, set_aside, spent, spendings, taken_back })
    }
}

fn spending_from(row: &tokio_postgres::Row) -> Spending {
    let amount = Money::rials(row.get(2));
    Spending {
        spending_id: row.get(0),
        spent: NewSpending { at: row.get(1), amount, purpose: row.get(3), approver: row.get(4), proof: row.get(5) },
        recorded_at: row.get(6),
        proposed_by: row.get(7),
        approved_by: row.get(8),
    }
}

fn taken_back_from(row: &tokio_postgres::Row) -> TakenBack {
    let spending = spending_from(row);
    TakenBack { spending, reason: row.get(9), recorded_at: row.get(10), proposed_by: row.get(11), approved_by: row.get(12) }
}

/// The unit that spending concerns, if there is so much.
pub(crate) async fn spending_concerns(transaction: &Transaction<'_>, caller: &Caller, new: &NewSpending) -> Result<i64, BooksError> {
    if !caller.reaches_all() {
        return Err(BooksError::CentralOnly);
    }
    let left: i64 = transaction.query_one(LEFT, &[]).await?.get(0);
    if new.amount.minor_units() > left {
        return Err(BooksError::SetAsideTooLittle(Money::rials(left)));
    }
    Ok(CENTRAL_UNIT)
}

/// Records it: of the account of fees, against what was set aside.
pub(crate) async fn spend(
    transaction: &Transaction<'_>,
    caller: &Caller,
    new: &NewSpending,
    proposed_by: &str,
    now: DateTime<Utc>,
) -> Result<i64, BooksError> {
    // The ledger's end first: of two who spend at once the second sees what the first left.
    ledger::lock(transaction).await?;
    spending_concerns(transaction, caller, new).await?;
    // In the year in which it is recorded: statements of years that are over stay as they were handed over.
    let at = Moment::try_from(now).map_err(|error| StoreError::Refused(error.to_string()))?;
    let negative = new.amount.negated().map_err(|error| StoreError::Refused(error.to_string()))?;
    let postings = vec![(Account::LiabilitySetAside, new.amount), (Account::CashFees, negative)];
    let entry = Entry { at, text: "set-aside spent".to_owned(), fact: None, postings };
    let entry_id = ledger::write(transaction, &[(None, 0, entry)]).await?;
    let amount = new.amount.minor_units();
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 9] =
        [&entry_id, &new.at, &amount, &new.purpose, &new.approver, &new.proof, &now, &proposed_by, &caller.name()];
    Ok(transaction.query_one(INSERT, &values).await?.get(0))
}

/// The unit that taking spending back concerns, if it stands.
pub(crate) async fn spending_back_concerns(transaction: &Transaction<'_>, caller: &Caller, back: &SpendingBack) -> Result<i64, BooksError> {
    standing(transaction, caller, back).await.map(|_| CENTRAL_UNIT)
}

/// What was spent, if that was not taken back.
async fn standing(transaction: &Transaction<'_>, caller: &Caller, back: &SpendingBack) -> Result<Money, BooksError> {
    if !caller.reaches_all() {
        return Err(BooksError::CentralOnly);
    }
    let row = transaction.query_opt(SPENDING, &[&back.spending_id]).await?.ok_or(BooksError::UnknownSpending)?;
    caller.about(format!("spending {}", back.spending_id));
    if row.get(1) { Err(BooksError::HappenedAlready) } else { Ok(Money::rials(row.get(0))) }
}

/// Takes it back: a reversal of its entry, now. Statements of years that are over stay as they were handed over.
pub(crate) async fn spending_take_back(
    transaction: &Transaction<'_>,
    caller: &Caller,
    back: &SpendingBack,
    proposed_by: &str,
    now: DateTime<Utc>,
) -> Result<i64, BooksError> {
    // The ledger's end first: of two who take it back at once the second sees that it is done.
    ledger::lock(transaction).await?;
    let amount = standing(transaction, caller, back).await?;
    let at = Moment::try_from(now).map_err(|error| StoreError::Refused(error.to_string()))?;
    let negative = amount.negated().map_err(|error| StoreError::Refused(error.to_string()))?;
    let postings = vec![(Account::LiabilitySetAside, negative), (Account::CashFees, amount)];
    let entry = Entry { at, text: format!("reversal of spending {}", back.spending_id), fact: None, postings };
    let entry_id = ledger::write(transaction, &[(None, 0, entry)]).await?;
    transaction.execute(REVERSE, &[&back.spending_id, &entry_id, &back.reason, &now, &proposed_by, &caller.name()]).await?;
    Ok(back.spending_id)
}
