//! Facts that move money: into the books, and out again when they are cancelled.

use crate::BillingError;
use crate::books::Books;
use crate::calendar::Moment;
use crate::fact::{Fact, FactId, What};
use crate::ledger::{Account, Posting};
use crate::money::Money;
use crate::policy::Policy;
use crate::work::{Reason, Work};
use std::sync::Arc;

impl Books {
    /// Posts a fact that moves money, once; other facts are left alone.
    ///
    /// # Errors
    /// If an amount leaves 64 bits or currencies are mixed.
    pub fn move_money(&mut self, fact: &Fact, policy: &Policy, at: Moment) -> Result<(), BillingError> {
        if self.moved.contains_key(&fact.id) || self.ignored_payments.contains(&fact.id) {
            return Ok(());
        }
        let moved = match &fact.what {
            What::Payment { amount, reference, invoice, .. } => {
                if let Some(reference) = reference {
                    if self.references.contains_key(reference) {
                        self.ignored_payments.push(fact.id.clone());
                        return Ok(());
                    }
                    self.references.insert(reference.clone(), fact.id.clone());
                }
                self.receive_payment(&fact.id, *amount, invoice.as_ref(), at)?
            }
            What::Refund { amount, .. } => self.refund(&fact.id, *amount, at)?,
            What::DepositPayment { amount, .. } => self.receive_deposit(&fact.id, *amount, at)?,
            What::DepositReturn { amount, .. } => self.return_deposit(&fact.id, *amount, at)?,
            What::Damage { amount, .. } => self.damage(&fact.id, *amount, policy, at)?,
            _ => return Ok(()),
        };
        self.moved.insert(fact.id.clone(), moved);
        self.set_aside(policy, at)
    }

    /// Reverses a fact that was cancelled after it had moved money. What cannot be reversed by itself goes to the work list.
    ///
    /// # Errors
    /// If an amount leaves 64 bits or currencies are mixed.
    pub fn take_back(&mut self, fact: &Fact, policy: &Policy, at: Moment) -> Result<(), BillingError> {
        self.ignored_payments.retain(|id| *id != fact.id);
        let Some(moved) = self.moved.get(&fact.id).copied() else { return Ok(()) };
        let text = format!("reversal {}", fact.id);
        let done = match &fact.what {
            What::Payment { .. } => self.receivables.take_back(&fact.id, moved)?,
            What::Refund { .. } => self.receivables.refund_back(moved).map(|()| true)?,
            What::DepositPayment { .. } => !moved.beyond(self.deposit.held)?.is_positive(),
            What::DepositReturn { .. } => true,
            // One that was refused moved nothing.
            What::Void { .. } if moved.is_zero() => return Ok(()),
            What::Damage { .. } => true,
            // What is void stays void.
            _ => false,
        };
        if !done {
            let work = Work::about(&fact.id, Reason::CannotTakeBack);
            if !self.work.contains(&work) {
                self.work.push(work);
            }
            return Ok(());
        }
        self.moved.remove(&fact.id);
        match &fact.what {
            What::Payment { .. } => {
                self.references.retain(|_, id| *id != fact.id);
                self.paid = self.paid.minus(moved)?;
                self.ledger.transfer(at, text, moved, Account::CashFees, Account::Receivable)?;
            }
            What::Refund { .. } => {
                self.refunded = self.refunded.minus(moved)?;
                self.ledger.transfer(at, text, moved, Account::Receivable, Account::CashFees)?;
            }
            What::DepositPayment { .. } => {
                self.deposit.receive(moved.negated()?)?;
                self.ledger.transfer(at, text, moved, Account::CashDeposit, Account::LiabilityDeposit)?;
            }
            What::Damage { .. } => {
                let back = moved.negated()?;
                self.deposit.take(back)?;
                self.ledger.post_for(None, at, text, from_deposit(back)?)?;
                self.void_damage(&fact.id, at)?;
            }
            _ => {
                self.deposit.give_back(moved.negated()?)?;
                self.ledger.transfer(at, text, moved, Account::LiabilityDeposit, Account::CashDeposit)?;
            }
        }
        self.set_aside(policy, at)
    }

    fn receive_payment(&mut self, id: &FactId, amount: Money, invoice: Option<&Arc<str>>, at: Moment) -> Result<Money, BillingError> {
        if let Some(number) = invoice.filter(|number| !self.receivables.has(number)) {
            self.work.push(Work::about(id, Reason::NoSuchInvoice(number.clone())));
        }
        self.paid = self.paid.plus(amount)?;
        self.receivables.pay(id.clone(), amount, invoice.map(|number| &**number))?;
        self.ledger.transfer(at, format!("payment {id}"), amount, Account::Receivable, Account::CashFees)?;
        Ok(amount)
    }

    fn refund(&mut self, id: &FactId, amount: Money, at: Moment) -> Result<Money, BillingError> {
        let refunded = self.receivables.refund(amount)?;
        if refunded != amount {
            self.work.push(Work::about(id, Reason::RefundTooHigh(amount.minus(refunded)?)));
        }
        self.refunded = self.refunded.plus(refunded)?;
        self.ledger.transfer(at, format!("refund {id}"), refunded, Account::CashFees, Account::Receivable)?;
        Ok(refunded)
    }

    fn receive_deposit(&mut self, id: &FactId, amount: Money, at: Moment) -> Result<Money, BillingError> {
        self.deposit.receive(amount)?;
        self.ledger.transfer(at, format!("deposit {id}"), amount, Account::LiabilityDeposit, Account::CashDeposit)?;
        Ok(amount)
    }

    fn return_deposit(&mut self, id: &FactId, amount: Option<Money>, at: Moment) -> Result<Money, BillingError> {
        let wished = amount.unwrap_or(self.deposit.held);
        let returned = wished.at_most(self.deposit.held)?;
        if returned != wished {
            self.work.push(Work::about(id, Reason::ReturnTooHigh(wished.minus(returned)?)));
        }
        self.deposit.give_back(returned)?;
        let postings = vec![(Account::LiabilityDeposit, returned), (Account::CashDeposit, returned.negated()?)];
        self.ledger.post_for(Some(id), at, "deposit return", postings)?;
        Ok(returned)
    }

    /// Damage is taken from the deposit; what exceeds it becomes an invoice (decision D39).
    fn damage(&mut self, id: &FactId, amount: Money, policy: &Policy, at: Moment) -> Result<Money, BillingError> {
        let taken = amount.at_most(self.deposit.held)?;
        self.deposit.take(taken)?;
        self.ledger.post_for(Some(id), at, "damage from deposit", from_deposit(taken)?)?;
        let beyond = amount.minus(taken)?;
        if beyond.is_positive() {
            self.issue_damage(id, beyond, policy, at)?;
        }
        Ok(taken)
    }
}

/// Damage that is taken from the deposit.
fn from_deposit(taken: Money) -> Result<Vec<Posting>, BillingError> {
    let back = taken.negated()?;
    Ok(vec![(Account::LiabilityDeposit, taken), (Account::IncomeDamage, back), (Account::CashDamage, taken), (Account::CashDeposit, back)])
}
