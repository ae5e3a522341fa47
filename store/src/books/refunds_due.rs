//! Who waits for money: credit and deposits of whoever wears no tag any more, what was released of a deposit while the tag stays on, and refunds that are
//! under way. The first to be paid first.

use super::BooksError;
use super::facts::facts;
use super::tariffs::tariffs;
use crate::{Store, StoreError};
use access::Caller;
use billing::calendar::{Day, Moment};
use billing::{Money, MoneyError, deposit_terms};
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use tokio_postgres::{Row, Transaction};

/// So many days after the equipment came back everything is paid back (decisions D29, D39).
const DUE_AFTER_DAYS: i64 = 30;

/// Money is owed to a person since the tag is off, or since the balance fell below nothing and stayed there. Where a refund is under way it is listed instead.
const DUE: &str = "
    WITH scope AS (
        SELECT w.wearer_id, w.reference, w.merged_into FROM wearers w WHERE EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($1))
    ), off AS (
        SELECT f.wearer_id, max(greatest(r.recorded_at, upper(f.period))) AS since
        FROM fittings f JOIN scope USING (wearer_id) LEFT JOIN removals r USING (fitting_id)
        GROUP BY f.wearer_id HAVING NOT bool_or(upper_inf(f.period) OR upper(f.period) > $2)
    ), moved AS (
        SELECT e.wearer_id, p.account, e.place, e.at, sum(p.amount) AS amount
        FROM off JOIN ledger_entries e USING (wearer_id) JOIN ledger_postings p USING (entry_id)
        WHERE p.account IN ('assets:receivable', 'liabilities:deposit') GROUP BY e.wearer_id, p.account, e.place, e.at
    ), balances AS (
        SELECT wearer_id, account, place, at, sum(amount) OVER (PARTITION BY wearer_id, account ORDER BY place) AS balance FROM moved
    ), bounds AS (
        SELECT wearer_id, account, max(place) AS last, coalesce(max(place) FILTER (WHERE balance >= 0), -1) AS before FROM balances GROUP BY wearer_id, account
    ), owed AS (
        SELECT b.wearer_id, b.account = 'liabilities:deposit' AS is_deposit, (-max(b.balance) FILTER (WHERE b.place = n.last))::bigint AS amount, min(b.at) AS arose
        FROM bounds n JOIN balances b USING (wearer_id, account) WHERE n.last > n.before AND b.place > n.before GROUP BY b.wearer_id, b.account
    )
    SELECT *, count(*) OVER () FROM (
    SELECT s.reference, o.is_deposit, o.amount, greatest(f.since, o.arose), 0::bigint, '', EXISTS (SELECT FROM refund_accounts a WHERE a.wearer_id IN (s.wearer_id, s.merged_into))
    FROM owed o JOIN off f USING (wearer_id) JOIN scope s USING (wearer_id)
    WHERE NOT EXISTS (SELECT FROM refunds r WHERE r.wearer_id = o.wearer_id AND r.is_deposit = o.is_deposit AND r.state = 'requested')
        AND NOT (o.is_deposit AND EXISTS (SELECT FROM damages d WHERE d.wearer_id = o.wearer_id AND d.state IN ('assessed', 'objected', 'answered')))
    UNION ALL
    SELECT s.reference, r.is_deposit, r.amount, least(r.requested_at, f.since), r.refund_id, r.state, r.account_id IS NOT NULL
    FROM refunds r JOIN scope s USING (wearer_id) LEFT JOIN off f USING (wearer_id) WHERE r.state IN ('requested', 'approved')
    ) due ORDER BY 4, 1 LIMIT $3";

/// Of whom a part of the deposit was released since the tag is on, what is held, and since when the release is owed: the first since something went back.
const RELEASED: &str = "
    SELECT w.wearer_id, w.reference, coalesce(min(d.run_at) FILTER (WHERE d.run_at > back.at), max(d.run_at)), held.amount,
        EXISTS (SELECT FROM refund_accounts a WHERE a.wearer_id IN (w.wearer_id, w.merged_into))
    FROM billing_documents d JOIN wearers w USING (wearer_id)
        JOIN LATERAL (SELECT max(lower(f.period)) AS since FROM fittings f WHERE f.wearer_id = w.wearer_id AND NOT EXISTS (
            SELECT FROM fittings p WHERE p.wearer_id = f.wearer_id AND upper(p.period) = lower(f.period))) worn ON d.run_at >= worn.since
        CROSS JOIN LATERAL (SELECT coalesce(max(e.at), '-infinity') AS at FROM ledger_entries e WHERE e.wearer_id = w.wearer_id AND e.text = 'deposit return') back
        CROSS JOIN LATERAL (SELECT coalesce(-sum(p.amount), 0)::bigint AS amount FROM ledger_entries e JOIN ledger_postings p USING (entry_id)
            WHERE e.wearer_id = w.wearer_id AND p.account = 'liabilities:deposit') held
    WHERE d.kind = 'deposit_release' AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($1))
        AND EXISTS (SELECT FROM fittings f WHERE f.wearer_id = w.wearer_id AND (upper_inf(f.period) OR upper(f.period) > $2))
        AND NOT EXISTS (SELECT FROM refunds r WHERE r.wearer_id = w.wearer_id AND r.is_deposit AND r.state = 'requested')
        AND NOT EXISTS (SELECT FROM damages d WHERE d.wearer_id = w.wearer_id AND d.state IN ('assessed', 'objected', 'answered'))
    GROUP BY w.wearer_id, w.reference, w.merged_into, held.amount ORDER BY w.wearer_id";

/// Money that is owed to a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefundDue {
    /// The file reference.
    pub wearer: String,
    /// Of the deposit, not credit.
    pub is_deposit: bool,
    /// How much.
    pub amount: Money,
    /// Since when.
    pub since: DateTime<Utc>,
    /// The last day to pay it.
    pub due: Day,
    /// That day is over.
    pub is_overdue: bool,
    /// The refund that is under way; 0 = none.
    pub refund_id: i64,
    /// It is approved, and the bank is yet to send it.
    pub is_approved: bool,
    /// The account to which it goes is recorded.
    pub has_account: bool,
}

impl Store {
    /// What is owed to persons of a unit and those below, the first to be paid first, at most `limit`; and how many there are.
    ///
    /// # Errors
    /// When the caller does not reach the unit, or the database does not answer.
    pub async fn refunds_due(
        &self,
        caller: &Caller,
        unit: &str,
        limit: u32,
        now: DateTime<Utc>,
    ) -> Result<(Vec<RefundDue>, u64), BooksError> {
        let roots = self.books_scope(caller, unit).await?;
        let today = Moment::try_from(now).map_err(|error| StoreError::Refused(error.to_string()))?;
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let rows = transaction.query(DUE, &[&roots, &now, &i64::from(limit)]).await?;
        let released = released(&transaction, &roots, today).await?;
        let total = rows.first().map_or(0, |row| row.get::<_, i64>(7).unsigned_abs()) + released.len() as u64;
        let mut due = rows.iter().map(|row| due_from(row, today.day())).collect::<Result<Vec<_>, _>>()?;
        due.extend(released);
        due.sort_by(|one, other| (one.since, &one.wearer).cmp(&(other.since, &other.wearer)));
        due.truncate(limit as usize);
        Ok((due, total))
    }
}

/// What may go back of deposits while a tag stays on.
async fn released(transaction: &Transaction<'_>, roots: &[i64], now: Moment) -> Result<Vec<RefundDue>, StoreError> {
    let rows = transaction.query(RELEASED, &[&roots, &now.utc()]).await?;
    let persons: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
    if persons.is_empty() {
        return Ok(Vec::new());
    }
    let unreadable = |error: MoneyError| StoreError::Unreadable(error.to_string());
    let (facts, tariffs): (HashMap<_, _>, _) = (facts(transaction, &persons).await?.facts, tariffs(transaction).await?);
    let mut all = Vec::new();
    for row in rows {
        // Whose facts make no sense is on the work list.
        let Some(Ok(facts)) = facts.get(&row.get::<_, i64>(0)) else { continue };
        let Some(terms) = deposit_terms(facts, &tariffs, now).map_err(unreadable)? else { continue };
        let amount = terms.released(Money::rials(row.get(3))).map_err(unreadable)?;
        if amount.is_positive() {
            let (since, due, is_overdue) = due_since(row.get(2), now.day())?;
            let (wearer, has_account) = (row.get(1), row.get(4));
            let (is_deposit, refund_id, is_approved) = (true, 0, false);
            all.push(RefundDue { wearer, is_deposit, amount, since, due, is_overdue, refund_id, is_approved, has_account });
        }
    }
    Ok(all)
}

/// Since when it is owed, the last day to pay it, and whether that is over.
fn due_since(since: DateTime<Utc>, today: Day) -> Result<(DateTime<Utc>, Day, bool), StoreError> {
    let due = Moment::try_from(since).map_err(|error| StoreError::Unreadable(error.to_string()))?.day().plus(DUE_AFTER_DAYS);
    Ok((since, due, today > due))
}

fn due_from(row: &Row, today: Day) -> Result<RefundDue, StoreError> {
    let (since, due, is_overdue) = due_since(row.get(3), today)?;
    Ok(RefundDue {
        wearer: row.get(0),
        is_deposit: row.get(1),
        amount: Money::rials(row.get(2)),
        since,
        due,
        is_overdue,
        refund_id: row.get(4),
        is_approved: row.get::<_, &str>(5) == "approved",
        has_account: row.get(6),
    })
}
