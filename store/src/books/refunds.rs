//! Refunds: money back to the person, asked for by one and approved by another.

use super::record::{NewFact, borne, lock, record, standing, wearer_locked};
use super::{BooksError, MoneyRefusal};
use crate::change::{self, Change};
use crate::people::is_one_person;
use crate::{Store, StoreError};
use access::Caller;
use billing::Money;
use chrono::{DateTime, Utc};
use tokio_postgres::{Row, Transaction};

macro_rules! refund_columns {
    () => {
        "SELECT f.refund_id, f.version, w.reference, f.state, f.is_deposit, f.amount, f.sheba, f.holder, f.reason, f.requested_by, f.requested_at,
            coalesce(f.approved_by, ''), f.approved_at, coalesce(f.sent_by, ''), f.sent_at, coalesce(f.bank_reference, ''), coalesce(f.refused_by, ''),
            f.refused_at, f.refuse_reason, f.wearer_id, f.requested_by_id, f.fact_id
        FROM refunds f JOIN wearers w USING (wearer_id) "
    };
}

const ONE: &str = concat!(
    refund_columns!(),
    "WHERE f.refund_id = $1 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($2))"
);
const WHOSE: &str = "SELECT wearer_id FROM refunds WHERE refund_id = $1";
const LIST: &str = concat!(
    refund_columns!(),
    "WHERE ($1 = '' OR w.reference = $1) AND ($3::text[] = '{}' OR f.state = ANY ($3)) AND ($4::bigint = 0 OR f.refund_id < $4)
        AND ($2 = '' OR EXISTS (SELECT FROM unit_reach r JOIN units u ON u.unit_id = r.above_id WHERE r.unit_id = w.unit_id AND u.code = $2))
        AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($5))
    ORDER BY f.refund_id DESC LIMIT $6"
);
const REQUEST: &str = "
    INSERT INTO refunds (wearer_id, is_deposit, amount, sheba, holder, reason, requested_by, requested_by_id, requested_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING refund_id";
const APPROVE: &str = "
    UPDATE refunds SET version = version + 1, state = 'approved', fact_id = $2, approved_by = $3, approved_at = $4 WHERE refund_id = $1";
const SENT: &str = "
    UPDATE refunds SET version = version + 1, state = 'sent', bank_reference = $2, sent_by = $3, sent_at = $4 WHERE refund_id = $1";
const REFUSE: &str = "
    UPDATE refunds SET version = version + 1, state = 'refused', refuse_reason = $2, refused_by = $3, refused_at = $4 WHERE refund_id = $1";
const FITTED: &str = "SELECT FROM fittings WHERE wearer_id = $1 AND (upper_inf(period) OR upper(period) > $2) LIMIT 1";
const UNSETTLED: &str =
    "SELECT damage_id FROM damages WHERE wearer_id = $1 AND state IN ('assessed', 'objected', 'answered') ORDER BY damage_id LIMIT 1";

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
}

impl RefundState {
    const ALL: [Self; 4] = [Self::Requested, Self::Approved, Self::Sent, Self::Refused];

    /// As the table names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Approved => "approved",
            Self::Sent => "sent",
            Self::Refused => "refused",
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
    wearer_id: i64,
    requested_by_id: Option<i64>,
    fact_id: Option<i64>,
}

/// A refund that is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewRefund {
    /// Whose: the file reference.
    pub wearer: String,
    /// Rials, above nothing.
    pub amount: i64,
    /// Of the deposit, not of the credit.
    pub is_deposit: bool,
    /// A valid SHEBA.
    pub sheba: String,
    /// Who holds it.
    pub holder: String,
    /// Why.
    pub reason: String,
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
    /// Asks for a refund. Nothing is booked yet.
    ///
    /// # Errors
    /// When the wearer is not within reach, or there is not so much to pay back.
    pub async fn refund_request(&self, caller: &Caller, new: &NewRefund) -> Result<Refund, BooksError> {
        caller.about_wearer(&new.wearer);
        let mut client = self.client().await?;
        let refund_id = match change::begin(&mut client, caller).await? {
            Change::Done(refund_id) => refund_id,
            Change::Open(open) => {
                let refund_id = refund_request(&open.transaction, caller, new).await?;
                open.commit(refund_id).await?;
                refund_id
            }
        };
        one(&*client.transaction().await?, caller, refund_id).await
    }

    /// Approves a refund and books it.
    ///
    /// # Errors
    /// When it is not within reach, was changed meanwhile, the caller asked for it, or there is not so much to pay back any more.
    pub async fn refund_approve(&self, caller: &Caller, which: (i64, i64)) -> Result<Refund, BooksError> {
        let mut client = self.client().await?;
        if let Change::Open(open) = change::begin(&mut client, caller).await? {
            refund_approve(&open.transaction, caller, which).await?;
            open.commit(which.0).await?;
        }
        drop(client);
        self.refund_followed(caller, which.0).await
    }

    /// Writes down that the bank has sent it.
    ///
    /// # Errors
    /// When it is not within reach, was changed meanwhile, or is not approved.
    pub async fn refund_sent(&self, caller: &Caller, which: (i64, i64), bank_reference: &str) -> Result<Refund, BooksError> {
        let mut client = self.client().await?;
        if let Change::Open(open) = change::begin(&mut client, caller).await? {
            let (refund, now) = one_to_change(&open.transaction, caller, which).await?;
            refund.must_be(&[RefundState::Approved])?;
            open.transaction.execute(SENT, &[&which.0, &bank_reference, &caller.name(), &now]).await?;
            open.commit(which.0).await?;
        }
        one(&*client.transaction().await?, caller, which.0).await
    }

    /// Refuses a refund; of one that was approved the booking is reversed.
    ///
    /// # Errors
    /// When it is not within reach, was changed meanwhile, was sent, or is refused already.
    pub async fn refund_refuse(&self, caller: &Caller, which: (i64, i64), reason: &str) -> Result<Refund, BooksError> {
        let mut client = self.client().await?;
        if let Change::Open(open) = change::begin(&mut client, caller).await? {
            let transaction = &open.transaction;
            let (refund, now) = one_to_change(transaction, caller, which).await?;
            refund.must_be(&[RefundState::Requested, RefundState::Approved])?;
            if let Some(fact_id) = refund.fact_id {
                record(transaction, caller, &NewFact::cancel(refund.wearer_id, fact_id, now, reason), now).await?;
                borne(transaction, (refund.wearer_id, fact_id), now).await?;
            }
            transaction.execute(REFUSE, &[&which.0, &reason, &caller.name(), &now]).await?;
            open.commit(which.0).await?;
        }
        drop(client);
        self.refund_followed(caller, which.0).await
    }

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

    async fn refund_followed(&self, caller: &Caller, refund_id: i64) -> Result<Refund, BooksError> {
        let mut client = self.client().await?;
        let refund = one(&*client.transaction().await?, caller, refund_id).await?;
        drop(client);
        self.books_follow(&[refund.wearer_id]).await?;
        Ok(refund)
    }
}

async fn refund_request(transaction: &Transaction<'_>, caller: &Caller, new: &NewRefund) -> Result<i64, BooksError> {
    let (wearer_id, now) = wearer_locked(transaction, caller, &new.wearer).await?;
    payable(transaction, wearer_id, (new.is_deposit, new.amount), now).await?;
    let NewRefund { amount, is_deposit, sheba, holder, reason, .. } = new;
    let (who, who_id) = (caller.name(), caller.person_id());
    let row = transaction.query_one(REQUEST, &[&wearer_id, is_deposit, amount, sheba, holder, reason, &who, &who_id, &now]).await?;
    let refund_id = row.get(0);
    caller.about(format!("refund {refund_id}"));
    Ok(refund_id)
}

async fn refund_approve(transaction: &Transaction<'_>, caller: &Caller, which: (i64, i64)) -> Result<(), BooksError> {
    let (refund, now) = one_to_change(transaction, caller, which).await?;
    refund.must_be(&[RefundState::Requested])?;
    if is_one_person(transaction, caller, (&refund.requested_by, refund.requested_by_id), now).await? {
        return Err(MoneyRefusal::SamePerson.into());
    }
    let amount = refund.amount.minor_units();
    payable(transaction, refund.wearer_id, (refund.is_deposit, amount), now).await?;
    let kind = if refund.is_deposit { "deposit_return" } else { "refund" };
    let fact_id = record(transaction, caller, &NewFact::new(refund.wearer_id, kind, now, amount), now).await?;
    // The books themselves say whether they bear it.
    borne(transaction, (refund.wearer_id, fact_id), now).await?;
    transaction.execute(APPROVE, &[&which.0, &fact_id, &caller.name(), &now]).await?;
    Ok(())
}

/// Whether so much can be paid back now. The person is locked.
async fn payable(
    transaction: &Transaction<'_>,
    wearer_id: i64,
    (is_deposit, amount): (bool, i64),
    now: DateTime<Utc>,
) -> Result<(), BooksError> {
    if is_deposit {
        if transaction.query_opt(FITTED, &[&wearer_id, &now]).await?.is_some() {
            return Err(MoneyRefusal::TagFitted.into());
        }
        if let Some(row) = transaction.query_opt(UNSETTLED, &[&wearer_id]).await? {
            return Err(MoneyRefusal::DamageUnsettled(row.get(0)).into());
        }
    }
    let books = standing(transaction, wearer_id, now).await?.books;
    if is_deposit {
        let held = books.deposit.held.minor_units();
        return if amount <= held { Ok(()) } else { Err(MoneyRefusal::BeyondDeposit(held).into()) };
    }
    let credit = books.receivables.credit().map_err(|error| StoreError::Unreadable(error.to_string()))?.minor_units();
    if amount <= credit { Ok(()) } else { Err(MoneyRefusal::BeyondCredit(credit).into()) }
}

impl Refund {
    fn must_be(&self, states: &[RefundState]) -> Result<(), MoneyRefusal> {
        if states.contains(&self.state) { Ok(()) } else { Err(MoneyRefusal::RefundOver(self.state.name())) }
    }
}

async fn one(transaction: &Transaction<'_>, caller: &Caller, refund_id: i64) -> Result<Refund, BooksError> {
    let row = transaction.query_opt(ONE, &[&refund_id, &caller.roots]).await?.ok_or(MoneyRefusal::UnknownRefund)?;
    let refund = refund_from(&row)?;
    caller.about_wearer(&refund.wearer);
    caller.about(format!("refund {refund_id}"));
    Ok(refund)
}

/// The same to be changed: at this version, and nobody else changes anything about its wearer until the commit.
async fn one_to_change(
    transaction: &Transaction<'_>,
    caller: &Caller,
    (refund_id, expected_version): (i64, i64),
) -> Result<(Refund, DateTime<Utc>), BooksError> {
    let whose = transaction.query_opt(WHOSE, &[&refund_id]).await?.ok_or(MoneyRefusal::UnknownRefund)?;
    let now = lock(transaction, whose.get(0)).await?;
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
    })
}
