//! The books of one person held against themselves: each entry with its document or fact, each document and each fact with its entries.

use super::everybody::Looked;
use super::written::{Written, WrittenDocument, WrittenEntry, WrittenMoney, finance};
use super::{BooksDifference, Difference};
use crate::StoreError;
use billing::{Account, Money};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Entries that name neither document nor fact in their text.
const RETURNED: &str = "deposit return";
const DAMAGE: &str = "damage from deposit";
const SET_ASIDE: &str = "set-aside";

/// What was found of many persons; sums in rials.
#[derive(Default)]
pub(super) struct Found {
    /// Each with whose it is.
    pub differences: Vec<(i64, BooksDifference)>,
    pub balances: BTreeMap<Account, i64>,
    pub open: i64,
    pub credit: i64,
    /// Payments less refunds.
    pub received: i64,
    /// Invoices less credit notes.
    pub documents: i64,
    /// In the ledger, of these.
    pub income: i64,
}

/// What the ledger has of a person's documents and facts.
#[derive(Default)]
struct Posted<'a> {
    /// By the title of a document: on receivables, and as income.
    documents: HashMap<&'a str, (i64, i64)>,
    /// The same of what was taken back because it is void.
    voids: HashMap<&'a str, (i64, i64)>,
    /// By the fact: fee and deposit money; of damage what was taken from the deposit.
    facts: HashMap<i64, i64>,
    /// What was held just before a return.
    held_before: HashMap<i64, i64>,
    /// Returned, and taken for damage, by entries of before, which name no fact.
    unnamed: BTreeMap<&'static str, i64>,
    /// Deposits held.
    held: i64,
}

/// Compares one person's books.
pub(super) fn compare(person: &Looked, written: &Written, found: &mut Found) -> Result<(), StoreError> {
    let mut posted = Posted::default();
    for entry in &written.entries {
        found.take_entry(person, entry);
        if !posted.take(entry, written) {
            let debit = entry.postings.iter().map(|(_, amount)| amount).filter(|amount| **amount > 0).sum();
            found.differ(Some(person), Difference::StrangeEntry, entry.text.clone(), (0, debit));
        }
    }
    found.compare_documents(person, written, &posted);
    found.compare_voids(person, written, &posted);
    found.compare_money(person, written, &posted);
    let on_deposit = |of: Account| written.entries.iter().map(|entry| entry.on(|account| account == of)).sum::<i64>();
    let (money, owed_back) = (on_deposit(Account::CashDeposit), -on_deposit(Account::LiabilityDeposit));
    if money != owed_back {
        found.differ(Some(person), Difference::Deposit, "deposit".to_owned(), (owed_back, money));
    }
    let balance = written.receivable();
    if balance != 0 {
        let receivables = written.settled(person.wearer_id)?.receivables;
        let unreadable = |error: billing::MoneyError| StoreError::Unreadable(error.to_string());
        let open = receivables.balance_due().map_err(unreadable)?.minor_units();
        let credit = receivables.credit().map_err(unreadable)?.minor_units();
        (found.open, found.credit) = (found.open + open, found.credit + credit);
        if open - credit != balance {
            found.differ(Some(person), Difference::Receivable, "receivable".to_owned(), (open - credit, balance));
        }
    }
    Ok(())
}

impl<'a> Posted<'a> {
    /// Adds an entry to what it is for; `false` = it is for nothing.
    fn take(&mut self, entry: &'a WrittenEntry, written: &'a Written) -> bool {
        let held_before = self.held;
        self.held -= entry.on(|account| account == Account::LiabilityDeposit);
        let (title, of) = match entry.text.strip_prefix("void ") {
            Some(title) => (title, &mut self.voids),
            None => (entry.text.as_str(), &mut self.documents),
        };
        if written.documents.iter().any(|document| *document.title == *title) {
            let sums = of.entry(title).or_default();
            sums.0 += entry.on(|account| account == Account::Receivable);
            sums.1 += entry.on(is_income);
            return true;
        }
        let money = |account| matches!(account, Account::CashFees | Account::CashDeposit);
        let (name, amount) = match (entry.text.as_str(), entry.fact) {
            (SET_ASIDE, _) => return true,
            (RETURNED, fact) => {
                _ = fact.map(|fact| self.held_before.insert(fact, held_before));
                (RETURNED, entry.on(money))
            }
            (DAMAGE, _) => (DAMAGE, entry.on(|account| account == Account::CashDamage)),
            (text, _) => return self.take_named(text, entry.on(money), written),
        };
        match entry.fact {
            Some(fact) => *self.facts.entry(fact).or_default() += amount,
            None => *self.unnamed.entry(name).or_default() += amount,
        }
        entry.fact.is_none_or(|fact| written.money.iter().any(|money| money.fact_id == fact))
    }

    /// The same of one whose text names its fact.
    fn take_named(&mut self, text: &str, amount: i64, written: &Written) -> bool {
        let named = text.split_once(' ').filter(|(what, _)| matches!(*what, "payment" | "refund" | "deposit" | "reversal"));
        let Some(fact) = named.and_then(|(_, name)| finance(name)) else { return false };
        *self.facts.entry(fact).or_default() += amount;
        written.money.iter().any(|money| money.fact_id == fact)
    }
}

fn is_income(account: Account) -> bool {
    matches!(account, Account::Income(_) | Account::IncomeDamage)
}

/// The facts that are cancelled, by cancellations that are not cancelled themselves.
fn cancelled(money: &[WrittenMoney]) -> HashSet<i64> {
    let counting: HashSet<(i64, i64)> = money.iter().filter(|one| one.counts).filter_map(|one| Some((one.fact_id, one.cancels?))).collect();
    let back: HashSet<i64> = counting.iter().map(|(_, cancels)| *cancels).collect();
    counting.iter().filter(|(fact, _)| !back.contains(fact)).map(|(_, cancels)| *cancels).collect()
}

impl Found {
    /// Adds what others found.
    pub(super) fn join(mut self, other: Self) -> Self {
        let Self { differences, balances, open, credit, received, documents, income } = other;
        self.differences.extend(differences);
        for (account, amount) in balances {
            *self.balances.entry(account).or_default() += amount;
        }
        self.open += open;
        self.credit += credit;
        self.received += received;
        self.documents += documents;
        self.income += income;
        self
    }

    /// What it should be and what the ledger has.
    pub(super) fn differ(&mut self, whose: Option<&Looked>, what: Difference, subject: String, (expected, found): (i64, i64)) {
        let whose = whose.map_or((i64::MAX, String::new()), |person| (person.wearer_id, person.reference.clone()));
        self.differ_of(whose, what, subject, (expected, found));
    }

    /// The same with whose it is: the number of the file, and its reference.
    pub(super) fn differ_of(
        &mut self,
        (wearer_id, wearer): (i64, String),
        what: Difference,
        subject: String,
        (expected, found): (i64, i64),
    ) {
        let (expected, found) = (Money::rials(expected), Money::rials(found));
        self.differences.push((wearer_id, BooksDifference { what, subject, wearer, expected, found }));
    }

    fn take_entry(&mut self, person: &Looked, entry: &WrittenEntry) {
        for (account, amount) in &entry.postings {
            *self.balances.entry(*account).or_default() += amount;
        }
        let sum = entry.on(|_| true);
        if sum != 0 {
            self.differ(Some(person), Difference::Entry, entry.text.clone(), (0, sum));
        }
        if entry.text != DAMAGE {
            self.income -= entry.on(is_income);
        }
    }

    fn compare_documents(&mut self, person: &Looked, written: &Written, posted: &Posted<'_>) {
        for document in written.documents.iter().filter(|document| document.is_claim()) {
            self.documents += document.total;
            let (receivable, income) = posted.documents.get(&*document.title).copied().unwrap_or_default();
            for (what, found) in [(Difference::DocumentReceivable, receivable), (Difference::DocumentIncome, -income)] {
                if found != document.total {
                    self.differ(Some(person), what, document.title.to_string(), (document.total, found));
                }
            }
        }
    }

    fn compare_voids(&mut self, person: &Looked, written: &Written, posted: &Posted<'_>) {
        let is_void = |document: &&WrittenDocument| {
            let names_it = |money: &WrittenMoney| money.kind == "void" && money.counts && money.invoice.as_ref() == Some(&document.title);
            written.money.iter().any(names_it)
        };
        let mut unexplained = posted.voids.clone();
        for document in written.documents.iter().filter(is_void) {
            self.documents -= document.total;
            let (receivable, income) = unexplained.remove(&*document.title).unwrap_or_default();
            for (what, found) in [(Difference::DocumentReceivable, receivable), (Difference::DocumentIncome, -income)] {
                if found != -document.total {
                    self.differ(Some(person), what, format!("void {}", document.title), (-document.total, found));
                }
            }
        }
        for (title, (receivable, _)) in unexplained {
            self.differ(Some(person), Difference::StrangeEntry, format!("void {title}"), (0, receivable));
        }
    }

    fn compare_money(&mut self, person: &Looked, written: &Written, posted: &Posted<'_>) {
        let cancelled = cancelled(&written.money);
        // Where an entry names no fact, those of its kind are compared together.
        let mut together: BTreeMap<&str, (i64, i64)> = posted.unnamed.iter().map(|(name, amount)| (*name, (0, *amount))).collect();
        for money in written.money.iter().filter(|money| money.counts) {
            let mut found = posted.facts.get(&money.fact_id).copied().unwrap_or_default();
            let amount = money.amount.filter(|_| !cancelled.contains(&money.fact_id));
            let (name, expected) = match money.kind.as_str() {
                "payment" | "deposit_payment" => ("", amount.unwrap_or_default()),
                "refund" => ("", -amount.unwrap_or_default()),
                "deposit_return" if cancelled.contains(&money.fact_id) => (RETURNED, 0),
                "deposit_return" => {
                    (RETURNED, -amount.unwrap_or_else(|| posted.held_before.get(&money.fact_id).copied().unwrap_or(posted.held)))
                }
                "damage" => {
                    // What exceeds the deposit is an invoice. Once taken it stays, whatever is cancelled.
                    let invoices = written.documents.iter().filter(|document| document.damage == Some(money.fact_id));
                    let invoiced: i64 = invoices.map(|document| document.total).sum();
                    found += invoiced;
                    (DAMAGE, money.amount.unwrap_or_default())
                }
                _ => continue,
            };
            if matches!(money.kind.as_str(), "payment" | "refund") {
                self.received += expected;
            }
            match together.get_mut(name) {
                Some(sums) => *sums = (sums.0 + expected, sums.1 + found),
                None if expected != found => {
                    self.differ(Some(person), Difference::Money, format!("finance:{}", money.fact_id), (expected, found))
                }
                None => {}
            }
        }
        // How much a return of all that was held came to is not known where its entry does not name it.
        let is_unclear = written.money.iter().any(|money| money.kind == "deposit_return" && money.amount.is_none());
        together.retain(|name, _| *name != RETURNED || !is_unclear);
        for (name, sums) in together.into_iter().filter(|(_, (expected, found))| expected != found) {
            self.differ(Some(person), Difference::Money, name.to_owned(), sums);
        }
    }
}
