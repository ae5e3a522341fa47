//! The ledger as text that accountants' own programs read and check: hledger, beancount.

mod beancount;
mod hledger;

pub use beancount::beancount;
pub use hledger::hledger;

use crate::BillingError;
use crate::calendar::Day;
use crate::ledger::{Account, Entry, Ledger};
use crate::money::Money;
use std::collections::BTreeMap;

/// What is written, one after the other.
enum Step<'a> {
    Entry(&'a Entry),
    /// What must stand on the accounts before this day: a Solar Hijri month has ended.
    Balances(Day, BTreeMap<Account, Money>),
}

/// The entries in the order of their days, and after each Solar Hijri month what must stand on every account, so that the program that reads it checks us.
fn steps(ledger: &Ledger) -> Result<Vec<Step<'_>>, BillingError> {
    let mut entries: Vec<&Entry> = ledger.entries().iter().collect();
    entries.sort_by_key(|entry| entry.at.day());
    let (mut steps, mut balances) = (Vec::new(), BTreeMap::<Account, Money>::new());
    let mut month = None;
    for entry in entries {
        let own = entry.at.day().month();
        if let Some(before) = month.replace(own).filter(|before| *before != own) {
            steps.push(Step::Balances(before.next().first_day(), balances.clone()));
        }
        for (account, amount) in &entry.postings {
            let balance = balances.entry(*account).or_insert(Money::zero(amount.currency()));
            *balance = balance.plus(*amount)?;
        }
        steps.push(Step::Entry(entry));
    }
    if let Some(last) = month {
        steps.push(Step::Balances(last.next().first_day(), balances));
    }
    Ok(steps)
}

/// A text of one line without what would mean something else there.
fn plain(text: &str) -> String {
    text.chars().map(|character| if character.is_control() || ";|\"\\".contains(character) { ' ' } else { character }).collect()
}
