//! Refunds as they are read: one, and lists.

use super::record::lock;
use super::{BooksError, MoneyRefusal};
use crate::{Store, StoreError};
use access::Caller;
use billing::Money;
use chrono::{DateTime, Utc};
use tokio_postgres::{Row, Transaction};

macro_rules! refund_columns {
    () => {
        "SELECT f.refund_id, f.version, w.reference, f.state, f.is_deposit, f.amount, f.sheba, f.holder, f.reason, f.requested_by, f.requested_at,
            coalesce(f.approved_by, ''), f.approved_at, coalesce(f.sent_by, ''), f.sent_at, coalesce(f.bank_reference, ''), coalesce(f.refused_by, ''),
            f.refused_at, f.refuse_reason, f.wearer_id, f.requested_by_id, f.fact_id, f.account_id, coalesce(l.line_id, 0),
            coalesce(f.returned_by, ''), f.returned_at, f.return_reason, c.fact_id, coalesce(back.line_id, 0)
        FROM refunds f JOIN wearers w USING (wearer_id) LEFT JOIN statement_lines l ON l.fact_id = f.fact_id
            LEFT JOIN billing_facts c ON c.cancels = f.fact_id AND c.kind = 'cancel' LEFT JOIN statement_lines back ON back.fact_id = c.fact_id "
    };
}

const ONE: &str = concat!(
    refund_columns!(),
    "WHERE f.refund_id = $1 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($2))"
);
/// $2: within reach.
const WHOSE: &str = "
    SELECT f.wearer_id FROM refunds f JOIN wearers w USING (wearer_id)
    WHERE f.refund_id = $1 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($2))";
const LIST: &str = concat!(
    refund_columns!(),
    "WHERE ($1 = '' OR w.reference = $1) AND ($3::text[] = '{}' OR f.state = ANY ($3)) AND ($4::bigint = 0 OR f.refund_id < $4)
        AND ($2 = '' OR EXISTS (SELECT FROM unit_reach r JOIN units u ON u.unit_id = r.above_id WHERE r.unit_id = w.unit_id AND u.code = $2))
        AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($5))
    ORDER BY f.refund_id DESC LIMIT $6"
);
/// How a refund stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RefundState {
    /// Asked for.
    Requested,
    /// Booked; the bank is yet to send it.
    Approved,
    /// The bank has sent it.
    Sent,
    /// It is not paid.
    Refused,
    /// The bank sent it back: the money is the person's again.
    Returned,
}

impl RefundState {
    const ALL: [Self; 5] = [Self::Requested, Self::Approved, Self::Sent, Self::Refused, Self::Returned];

    /// As the table names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Approved => "approved",
            Self::Sent => "sent",
            Self::Refused => "refused",
            Self::Returned => "returned",
        }
    }
}

/// A refund.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refund {
    /// Which.
    pub refund_id: i64,
    /// For changes of it.
    pub version: i64,
    /// Whose: the file reference.
    pub wearer: String,
    /// How it stands.
    pub state: RefundState,
    /// Of the deposit, not of the credit.
    pub is_deposit: bool,
    /// How much.
    pub amount: Money,
    /// To which account.
    pub sheba: String,
    /// Who holds it.
    pub holder: String,
    /// Why.
    pub reason: String,
    /// Who asked for it, and when.
    pub requested_by: String,
    /// See `requested_by`.
    pub requested_at: DateTime<Utc>,
    /// Who approved it; empty = nobody.
    pub approved_by: String,
    /// When.
    pub approved_at: Option<DateTime<Utc>>,
    /// Who wrote down that it was sent; empty = nobody.
    pub sent_by: String,
    /// When.
    pub sent_at: Option<DateTime<Utc>>,
    /// The bank's; empty until it was sent.
    pub bank_reference: String,
    /// Who refused it; empty = nobody.
    pub refused_by: String,
    /// When.
    pub refused_at: Option<DateTime<Utc>>,
    /// Why.
    pub refuse_reason: String,
    /// The line of a statement by which it went out; 0 = none.
    pub line_id: i64,
    /// Who wrote down that it came back; empty = nobody.
    pub returned_by: String,
    /// When.
    pub returned_at: Option<DateTime<Utc>>,
    /// Why it came back.
    pub return_reason: String,
    /// The line of a statement by which it came back; 0 = none.
    pub return_line_id: i64,
    /// What cancels it.
    pub(super) cancel_id: Option<i64>,
    pub(super) account_id: Option<i64>,
    pub(super) wearer_id: i64,
    pub(super) requested_by_id: Option<i64>,
    pub(super) fact_id: Option<i64>,
}

/// Which refunds to list. The default is all of them.
#[derive(Clone, Debug, Default)]
pub struct RefundFilter {
    /// Only this wearer's; empty = all.
    pub wearer: String,
    /// Only of this unit and those below, by code; empty = all.
    pub unit: String,
    /// Only in these states; empty = all.
    pub states: Vec<RefundState>,
    /// Only numbers below this; 0 = all.
    pub before: i64,
    /// At most so many.
    pub limit: u32,
}

impl Store {
    /// Refunds within the caller's reach that match the filter, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn refund_list(&self, caller: &Caller, filter: &RefundFilter) -> Result<Vec<Refund>, StoreError> {
        let RefundFilter { wearer, unit, states, before, limit } = filter;
        let states: Vec<&str> = states.iter().map(|state| state.name()).collect();
        let client = self.client().await?;
        let rows = client.query(LIST, &[wearer, unit, &states, before, &caller.roots, &i64::from(*limit)]).await?;
        rows.iter().map(refund_from).collect()
    }
}

impl Refund {
    /// Refused unless it stands so.
    pub(super) fn must_be(&self, states: &[RefundState]) -> Result<(), MoneyRefusal> {
        if states.contains(&self.state) { Ok(()) } else { Err(MoneyRefusal::RefundOver(self.state.name())) }
    }
}

/// One refund within the caller's reach.
pub(super) async fn one(transaction: &Transaction<'_>, caller: &Caller, refund_id: i64) -> Result<Refund, BooksError> {
    let row = transaction.query_opt(ONE, &[&refund_id, &caller.roots]).await?.ok_or(MoneyRefusal::UnknownRefund)?;
    let refund = refund_from(&row)?;
    caller.about_wearer(&refund.wearer);
    caller.about(format!("refund {refund_id}"));
    Ok(refund)
}

/// Whose a refund within the caller's reach is.
pub(super) async fn whose(transaction: &Transaction<'_>, caller: &Caller, refund_id: i64) -> Result<i64, BooksError> {
    let row = transaction.query_opt(WHOSE, &[&refund_id, &caller.roots]).await?.ok_or(MoneyRefusal::UnknownRefund)?;
    Ok(row.get(0))
}

/// The same to be changed: at this version, and nobody else changes anything about its wearer until the commit.
pub(super) async fn one_to_change(
    transaction: &Transaction<'_>,
    caller: &Caller,
    (refund_id, expected_version): (i64, i64),
) -> Result<(Refund, DateTime<Utc>), BooksError> {
    let now = lock(transaction, whose(transaction, caller, refund_id).await?).await?;
    let refund = one(transaction, caller, refund_id).await?;
    if refund.version == expected_version { Ok((refund, now)) } else { Err(MoneyRefusal::VersionChanged(refund.version).into()) }
}

fn refund_from(row: &Row) -> Result<Refund, StoreError> {
    let state = RefundState::ALL.into_iter().find(|state| state.name() == row.get::<_, &str>(3));
    Ok(Refund {
        refund_id: row.get(0),
        version: row.get(1),
        wearer: row.get(2),
        state: state.ok_or_else(|| StoreError::Unreadable(format!("refund {}", row.get::<_, i64>(0))))?,
        is_deposit: row.get(4),
        amount: Money::rials(row.get(5)),
        sheba: row.get(6),
        holder: row.get(7),
        reason: row.get(8),
        requested_by: row.get(9),
        requested_at: row.get(10),
        approved_by: row.get(11),
        approved_at: row.get(12),
        sent_by: row.get(13),
        sent_at: row.get(14),
        bank_reference: row.get(15),
        refused_by: row.get(16),
        refused_at: row.get(17),
        refuse_reason: row.get(18),
        wearer_id: row.get(19),
        requested_by_id: row.get(20),
        fact_id: row.get(21),
        account_id: row.get(22),
        line_id: row.get(23),
        returned_by: row.get(24),
        returned_at: row.get(25),
        return_reason: row.get(26),
        cancel_id: row.get(27),
        return_line_id: row.get(28),
    })
}
