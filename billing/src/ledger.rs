//! Double entry: every entry sums to nothing, and none is ever changed.

use crate::BillingError;
use crate::calendar::Moment;
use crate::fact::FactId;
use crate::money::{Currency, Money};
use crate::rate::Code;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// The accounts of the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// What persons owe; their credit is negative in it.
    Receivable,
    /// Fee money.
    CashFees,
    /// Deposit money.
    CashDeposit,
    /// Money taken from deposits for damage.
    CashDamage,
    /// Deposits owed back.
    LiabilityDeposit,
    /// The set-aside still to be spent (article 7).
    LiabilitySetAside,
    /// The set-aside of the fees received.
    ExpenseSetAside,
    /// Fees; waivers and the cap stand against them, so that what was forgone is seen.
    Income(Code),
    /// Damage.
    IncomeDamage,
}

impl Account {
    /// Every account there is, in the order of their names.
    pub const ALL: [Self; 13] = [
        Self::CashDamage,
        Self::CashDeposit,
        Self::CashFees,
        Self::Receivable,
        Self::ExpenseSetAside,
        Self::Income(Code::Cap),
        Self::IncomeDamage,
        Self::Income(Code::Install),
        Self::Income(Code::Replace),
        Self::Income(Code::Usage),
        Self::Income(Code::Waiver),
        Self::LiabilityDeposit,
        Self::LiabilitySetAside,
    ];

    /// The account of that full name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|account| account.name() == name)
    }

    /// Its full name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Receivable => "assets:receivable",
            Self::CashFees => "assets:cash:fees",
            Self::CashDeposit => "assets:cash:deposit",
            Self::CashDamage => "assets:cash:damage",
            Self::LiabilityDeposit => "liabilities:deposit",
            Self::LiabilitySetAside => "liabilities:setaside",
            Self::ExpenseSetAside => "expenses:setaside",
            Self::Income(Code::Install) => "income:install",
            Self::Income(Code::Replace) => "income:replace",
            Self::Income(Code::Usage) => "income:usage",
            Self::Income(Code::Waiver) => "income:waiver",
            Self::Income(Code::Cap) => "income:cap",
            Self::IncomeDamage => "income:damage",
        }
    }
}

impl Serialize for Account {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// An amount on an account: debit is positive, credit negative.
pub type Posting = (Account, Money);

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Moment,
    /// The document or fact it is for.
    pub text: String,
    /// That fact, if the text does not name it.
    pub fact: Option<FactId>,
    /// They sum to nothing.
    pub postings: Vec<Posting>,
}

/// All entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    entries: Vec<Entry>,
    currency: Currency,
}

impl Ledger {
    /// An empty one.
    pub const fn new(currency: Currency) -> Self {
        Self { entries: Vec::new(), currency }
    }

    /// The entries in the order in which they were posted.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Adds an entry. Postings of nothing are left out, and so is an entry without any other.
    ///
    /// # Errors
    /// If the postings do not sum to nothing.
    pub fn post(&mut self, at: Moment, text: impl Into<String>, postings: Vec<Posting>) -> Result<(), BillingError> {
        self.post_for(None, at, text, postings)
    }

    /// The same for a fact that the text does not name.
    ///
    /// # Errors
    /// If the postings do not sum to nothing.
    pub fn post_for(
        &mut self,
        fact: Option<&FactId>,
        at: Moment,
        text: impl Into<String>,
        postings: Vec<Posting>,
    ) -> Result<(), BillingError> {
        let (text, postings): (String, Vec<Posting>) =
            (text.into(), postings.into_iter().filter(|(_, amount)| !amount.is_zero()).collect());
        if !Money::sum(self.currency, postings.iter().map(|(_, amount)| *amount))?.is_zero() {
            return Err(BillingError::Unbalanced(text));
        }
        if !postings.is_empty() {
            self.entries.push(Entry { at, text, fact: fact.cloned(), postings });
        }
        Ok(())
    }

    pub(crate) fn rename(&mut self, from: usize, named: impl Fn(&str) -> Option<String>) {
        for entry in self.entries.iter_mut().skip(from) {
            if let Some(text) = named(&entry.text) {
                entry.text = text;
            }
        }
    }

    /// Moves an amount from one account to another.
    ///
    /// # Errors
    /// If the amount leaves 64 bits.
    pub fn transfer(&mut self, at: Moment, text: impl Into<String>, amount: Money, from: Account, to: Account) -> Result<(), BillingError> {
        self.post(at, text, vec![(to, amount), (from, amount.negated()?)])
    }

    /// What stands on each account that was ever used.
    ///
    /// # Errors
    /// If a balance leaves 64 bits.
    pub fn balances(&self) -> Result<BTreeMap<&'static str, Money>, BillingError> {
        let mut balances = BTreeMap::new();
        for (account, amount) in self.entries.iter().flat_map(|entry| &entry.postings) {
            let balance = balances.entry(account.name()).or_insert(Money::zero(self.currency));
            *balance = balance.plus(*amount)?;
        }
        Ok(balances)
    }
}
