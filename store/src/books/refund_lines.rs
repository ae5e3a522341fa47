//! Which refund a line is that went out: by itself where only one can be meant, else by the word of a person. The line says that the bank has sent it.

use super::refunds::{self, Refund, RefundState};
use super::statement_lines::{LineState, StatementLine};
use super::{BooksError, MoneyRefusal};
use access::Caller;
use chrono::{DateTime, Utc};
use std::collections::{BTreeSet, HashMap};
use tokio_postgres::Transaction;

/// What a line says, letters and digits only: people and banks write a SHEBA with spaces and dashes.
macro_rules! line_says {
    () => {
        "regexp_replace(upper(concat_ws(' ', l.identifier, l.reference, l.text)), '[^0-9A-Z]', '', 'g')"
    };
}

/// Lines of a unit that went out and refunds that they may be: of the same amount, not before the approval, and the line has the SHEBA of the refund, or the
/// bank's reference that somebody wrote down when it was sent.
const PAIRS: &str = concat!(
    "
    SELECT l.line_id, r.refund_id, r.wearer_id, r.fact_id FROM statement_lines l JOIN refunds r ON r.amount = -l.amount JOIN wearers w ON w.wearer_id = r.wearer_id
    WHERE l.unit_id = $1 AND l.state = 'outgoing' AND r.state IN ('approved', 'sent', 'returned') AND l.day >= (r.approved_at AT TIME ZONE 'Asia/Tehran')::date
        AND NOT EXISTS (SELECT FROM statement_lines o WHERE o.fact_id = r.fact_id)
        AND (position(r.sheba IN ",
    line_says!(),
    ") > 0
            OR (r.state <> 'approved' AND l.reference <> '' AND l.reference = r.bank_reference))
        AND EXISTS (SELECT FROM unit_reach x WHERE x.unit_id = w.unit_id AND x.above_id = ANY ($2))
    ORDER BY l.line_id"
);
/// A line that went out to the account of the refund, of its amount, and is no other refund.
const LEFT: &str = concat!(
    "
    SELECT line_id FROM statement_lines l WHERE l.amount = -($1::bigint) AND l.fact_id IS NULL AND l.day >= ($2::timestamptz AT TIME ZONE 'Asia/Tehran')::date
        AND position($3::text IN ",
    line_says!(),
    ") > 0 ORDER BY line_id LIMIT 1"
);
const LOCK_ALL: &str = "SELECT wearer_id FROM wearers WHERE wearer_id = ANY ($1) ORDER BY wearer_id FOR NO KEY UPDATE";
const SENT: &str = "
    UPDATE refunds r SET version = r.version + 1, state = 'sent', bank_reference = coalesce(nullif(l.reference, ''), l.import_id), sent_by = $3, sent_at = $4,
        sent_by_line = true
    FROM statement_lines l WHERE l.line_id = $1 AND r.fact_id = $2 AND r.state = 'approved'";
const MATCHED: &str = "
    UPDATE statement_lines SET version = version + 1, state = 'matched', fact_id = $2, is_automatic = $5, decided_by = $3, decided_at = $4, reason = ''
    WHERE line_id = $1";
const CAME_BACK: &str = "SELECT FROM refunds WHERE fact_id = $1 AND state = 'returned'";
const NOT_SENT: &str = "
    UPDATE refunds SET version = version + 1, state = 'approved', bank_reference = NULL, sent_by = NULL, sent_at = NULL, sent_by_line = false
    WHERE fact_id = $1 AND state = 'sent' AND sent_by_line";

/// A line and a refund that fit each other.
#[derive(Clone, Copy)]
struct Pair {
    line_id: i64,
    refund_id: i64,
    wearer_id: i64,
    fact_id: i64,
}

/// Matches lines of a unit that went out with refunds where neither fits another; which lines.
pub(super) async fn match_outgoing(
    transaction: &Transaction<'_>,
    caller: &Caller,
    unit_id: i64,
    now: DateTime<Utc>,
) -> Result<Vec<i64>, BooksError> {
    let persons: BTreeSet<i64> = pairs(transaction, caller, unit_id).await?.iter().map(|pair| pair.wearer_id).collect();
    if persons.is_empty() {
        return Ok(Vec::new());
    }
    // The persons first; what somebody did with their refunds meanwhile is seen after.
    transaction.query(LOCK_ALL, &[&persons.into_iter().collect::<Vec<_>>()]).await?;
    let now = now.max(Utc::now());
    let mut matched = Vec::new();
    for pair in certain(&pairs(transaction, caller, unit_id).await?) {
        link(transaction, caller, (pair.line_id, pair.fact_id), true, now).await?;
        matched.push(pair.line_id);
    }
    Ok(matched)
}

async fn pairs(transaction: &Transaction<'_>, caller: &Caller, unit_id: i64) -> Result<Vec<Pair>, BooksError> {
    let rows = transaction.query(PAIRS, &[&unit_id, &caller.roots]).await?;
    let pair = |row: &tokio_postgres::Row| Pair { line_id: row.get(0), refund_id: row.get(1), wearer_id: row.get(2), fact_id: row.get(3) };
    Ok(rows.iter().map(pair).collect())
}

/// Those of which neither the line nor the refund fits another.
fn certain(pairs: &[Pair]) -> Vec<Pair> {
    let (mut of_line, mut of_refund): (HashMap<i64, u32>, HashMap<i64, u32>) = (HashMap::new(), HashMap::new());
    for pair in pairs {
        *of_line.entry(pair.line_id).or_default() += 1;
        *of_refund.entry(pair.refund_id).or_default() += 1;
    }
    pairs.iter().filter(|pair| of_line.get(&pair.line_id) == Some(&1) && of_refund.get(&pair.refund_id) == Some(&1)).copied().collect()
}

/// A line by which the bank may have sent an approved refund already.
pub(super) async fn line_that_left(transaction: &Transaction<'_>, refund: &Refund) -> Result<Option<i64>, BooksError> {
    let left = transaction.query_opt(LEFT, &[&refund.amount.minor_units(), &refund.approved_at, &refund.sheba]).await?;
    Ok(left.map(|row| row.get(0)))
}

/// Says that a line is a refund, or that a refund came back by it, by the word of a person; the line is locked after the wearer.
pub(super) async fn line_is_refund(
    transaction: &Transaction<'_>,
    caller: &Caller,
    line: &StatementLine,
    refund_id: i64,
    now: DateTime<Utc>,
) -> Result<(), BooksError> {
    let refund = refunds::one(transaction, caller, refund_id).await?;
    refund.must_be(&[RefundState::Approved, RefundState::Sent, RefundState::Returned])?;
    if !line.amount.is_negative() {
        let back = refund.cancel_id.filter(|_| refund.state == RefundState::Returned).ok_or(MoneyRefusal::LineCameIn)?;
        return came_back(transaction, caller, line, (&refund, back), now).await;
    }
    if line.state == LineState::Matched {
        return Err(MoneyRefusal::LineOver(line.state.name()).into());
    }
    if refund.line_id != 0 {
        return Err(MoneyRefusal::HasLine(refund.line_id).into());
    }
    if refund.amount.minor_units() != -line.amount.minor_units() {
        return Err(MoneyRefusal::LineAmountDiffers(refund.amount.minor_units()).into());
    }
    let fact_id = refund.fact_id.ok_or(MoneyRefusal::RefundOver(refund.state.name()))?;
    link(transaction, caller, (line.line_id, fact_id), false, now).await
}

/// A refund that the bank sent back came in by this line; `back` is what cancels its fact.
pub(super) async fn came_back(
    transaction: &Transaction<'_>,
    caller: &Caller,
    line: &StatementLine,
    (refund, back): (&Refund, i64),
    now: DateTime<Utc>,
) -> Result<(), BooksError> {
    if line.amount.is_negative() {
        return Err(MoneyRefusal::LineWentOut.into());
    }
    if !matches!(line.state, LineState::Waiting | LineState::SetAside) {
        return Err(MoneyRefusal::LineOver(line.state.name()).into());
    }
    if refund.return_line_id != 0 {
        return Err(MoneyRefusal::HasLine(refund.return_line_id).into());
    }
    if refund.amount != line.amount {
        return Err(MoneyRefusal::LineAmountDiffers(refund.amount.minor_units()).into());
    }
    transaction.execute(MATCHED, &[&line.line_id, &back, &caller.name(), &now, &false]).await?;
    Ok(())
}

async fn link(
    transaction: &Transaction<'_>,
    caller: &Caller,
    (line_id, fact_id): (i64, i64),
    is_automatic: bool,
    now: DateTime<Utc>,
) -> Result<(), BooksError> {
    transaction.execute(SENT, &[&line_id, &fact_id, &caller.name(), &now]).await?;
    transaction.execute(MATCHED, &[&line_id, &fact_id, &caller.name(), &now, &is_automatic]).await?;
    Ok(())
}

/// The line is no refund after all: one that only the line said was sent is approved as before. One that came back was sent.
pub(super) async fn not_sent(transaction: &Transaction<'_>, fact_id: i64) -> Result<(), BooksError> {
    if transaction.query_opt(CAME_BACK, &[&fact_id]).await?.is_some() {
        return Err(MoneyRefusal::LineOver(LineState::Matched.name()).into());
    }
    transaction.execute(NOT_SENT, &[&fact_id]).await?;
    Ok(())
}
