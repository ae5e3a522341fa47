//! What is done with a refund: asked for by one person, approved by another, sent by the bank.

use super::reckon::BooksNow;
use super::record::{NewFact, borne, record, standing, wearer_locked};
use super::refund_lines::{came_back, line_that_left};
use super::refunds::{Refund, RefundState, one, one_to_change};
use super::statement_lines::line_locked;
use super::{BooksError, MoneyRefusal, deposits, refund_accounts};
use crate::change::{self, Change};
use crate::people::is_one_person;
use crate::{Store, StoreError};
use access::Caller;
use chrono::{DateTime, Utc};
use tokio_postgres::Transaction;

const REQUEST: &str = "
    INSERT INTO refunds (wearer_id, is_deposit, amount, sheba, holder, account_id, reason, requested_by, requested_by_id, requested_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING refund_id";
const APPROVE: &str = "
    UPDATE refunds SET version = version + 1, state = 'approved', fact_id = $2, approved_by = $3, approved_at = $4 WHERE refund_id = $1";
const SENT: &str = "
    UPDATE refunds SET version = version + 1, state = 'sent', bank_reference = $2, sent_by = $3, sent_at = $4 WHERE refund_id = $1";
/// One bulk transfer has one reference: the same amount to the same account under it is the same money.
const SENT_ALREADY: &str = "
    SELECT refund_id FROM refunds WHERE sheba = $1 AND amount = $2 AND bank_reference = $3 AND state IN ('sent', 'returned') ORDER BY refund_id LIMIT 1";
const REFUSE: &str = "
    UPDATE refunds SET version = version + 1, state = 'refused', refuse_reason = $2, refused_by = $3, refused_at = $4 WHERE refund_id = $1";
const RETURNED: &str = "
    UPDATE refunds SET version = version + 1, state = 'returned', return_reason = $2, returned_by = $3, returned_at = $4 WHERE refund_id = $1";
const FITTED: &str = "SELECT FROM fittings WHERE wearer_id = $1 AND (upper_inf(period) OR upper(period) > $2) LIMIT 1";
const UNSETTLED: &str =
    "SELECT damage_id FROM damages WHERE wearer_id = $1 AND state IN ('assessed', 'objected', 'answered') ORDER BY damage_id LIMIT 1";

/// A refund that is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewRefund {
    /// Whose: the file reference.
    pub wearer: String,
    /// Rials, above nothing.
    pub amount: i64,
    /// Of the deposit, not of the credit.
    pub is_deposit: bool,
    /// Why.
    pub reason: String,
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
            let same = [&refund.sheba as &(dyn tokio_postgres::types::ToSql + Sync), &refund.amount.minor_units(), &bank_reference];
            if let Some(row) = open.transaction.query_opt(SENT_ALREADY, &same).await? {
                return Err(MoneyRefusal::RefundReferenceSeen(row.get(0)).into());
            }
            open.transaction.execute(SENT, &[&which.0, &bank_reference, &caller.name(), &now]).await?;
            open.commit(which.0).await?;
        }
        one(&*client.transaction().await?, caller, which.0).await
    }

    /// Refuses a refund; of one that was approved the booking is reversed.
    ///
    /// # Errors
    /// When it is not within reach, was changed meanwhile, was sent or seems to have been, or is refused already.
    pub async fn refund_refuse(&self, caller: &Caller, which: (i64, i64), reason: &str) -> Result<Refund, BooksError> {
        let mut client = self.client().await?;
        if let Change::Open(open) = change::begin(&mut client, caller).await? {
            let transaction = &open.transaction;
            let (refund, now) = one_to_change(transaction, caller, which).await?;
            refund.must_be(&[RefundState::Requested, RefundState::Approved])?;
            if let Some(fact_id) = refund.fact_id {
                if let Some(line_id) = line_that_left(transaction, &refund).await? {
                    return Err(MoneyRefusal::RefundLeft(line_id).into());
                }
                record(transaction, caller, &NewFact::cancel(refund.wearer_id, fact_id, now, reason), now).await?;
                borne(transaction, (refund.wearer_id, fact_id), now).await?;
            }
            transaction.execute(REFUSE, &[&which.0, &reason, &caller.name(), &now]).await?;
            open.commit(which.0).await?;
        }
        drop(client);
        self.refund_followed(caller, which.0).await
    }

    /// Writes down that the bank sent a refund back: the booking is reversed from now on, and the money is the person's again. `line_id`: the line by which
    /// it came back; 0 = no statement has it (yet).
    ///
    /// # Errors
    /// When it is not within reach, was changed meanwhile, or was not sent; when the line is not within reach, is something already, went out, or is of
    /// another amount.
    pub async fn refund_returned(&self, caller: &Caller, which: (i64, i64), line_id: i64, reason: &str) -> Result<Refund, BooksError> {
        let mut client = self.client().await?;
        if let Change::Open(open) = change::begin(&mut client, caller).await? {
            let transaction = &open.transaction;
            let (refund, now) = one_to_change(transaction, caller, which).await?;
            refund.must_be(&[RefundState::Sent])?;
            let fact_id = refund.fact_id.ok_or(MoneyRefusal::RefundOver(refund.state.name()))?;
            let back = record(transaction, caller, &NewFact::cancel(refund.wearer_id, fact_id, now, reason), now).await?;
            borne(transaction, (refund.wearer_id, fact_id), now).await?;
            if line_id != 0 {
                let line = line_locked(transaction, caller, line_id).await?;
                came_back(transaction, caller, &line, (&refund, back), now).await?;
            }
            transaction.execute(RETURNED, &[&which.0, &reason, &caller.name(), &now]).await?;
            open.commit(which.0).await?;
        }
        drop(client);
        self.refund_followed(caller, which.0).await
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
    let account = refund_accounts::of_wearer(transaction, wearer_id).await?.ok_or(MoneyRefusal::NoRefundAccount)?;
    let NewRefund { amount, is_deposit, reason, .. } = new;
    let (who, who_id) = (caller.name(), caller.person_id());
    let (sheba, holder, account_id) = (&account.account.sheba, &account.account.holder, account.account_id);
    let row =
        transaction.query_one(REQUEST, &[&wearer_id, is_deposit, amount, sheba, holder, &account_id, reason, &who, &who_id, &now]).await?;
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
    // What the second person sees is where it goes.
    let account = refund_accounts::of_wearer(transaction, refund.wearer_id).await?;
    if refund.account_id.is_none() || account.map(|account| account.account_id) != refund.account_id {
        return Err(MoneyRefusal::RefundAccountChanged.into());
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
    let standing = standing(transaction, wearer_id, now).await?;
    if is_deposit {
        return deposit_payable(transaction, wearer_id, amount, &standing).await;
    }
    let credit = standing.books.receivables.credit().map_err(|error| StoreError::Unreadable(error.to_string()))?.minor_units();
    if amount <= credit { Ok(()) } else { Err(MoneyRefusal::BeyondCredit(credit).into()) }
}

/// Whether so much of the deposit can go back: while a tag is fitted only what is held beyond what is required (decision D38).
async fn deposit_payable(transaction: &Transaction<'_>, wearer_id: i64, amount: i64, now: &BooksNow) -> Result<(), BooksError> {
    let is_fitted = transaction.query_opt(FITTED, &[&wearer_id, &now.as_of.utc()]).await?.is_some();
    let released = if is_fitted { Some(deposits::released(now)?.minor_units()) } else { None };
    if released == Some(0) {
        return Err(MoneyRefusal::TagFitted.into());
    }
    if let Some(row) = transaction.query_opt(UNSETTLED, &[&wearer_id]).await? {
        return Err(MoneyRefusal::DamageUnsettled(row.get(0)).into());
    }
    let held = now.books.deposit.held.minor_units();
    match released {
        Some(released) if amount > released => Err(MoneyRefusal::BeyondRelease(released).into()),
        _ if amount > held => Err(MoneyRefusal::BeyondDeposit(held).into()),
        _ => Ok(()),
    }
}
