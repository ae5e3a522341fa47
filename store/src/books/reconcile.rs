//! Four sources held against each other as of any instant: the ledger, the documents, the money that was recorded, and the statements of banks. Each
//! difference has a name.

use super::AsOf;
use super::everybody::everybody;
use super::reconcile_bank::bank;
use super::reconcile_person::{Found, compare};
use super::written::Depth;
use crate::{Store, StoreError};
use billing::{Account, Money};
use chrono::NaiveDate;
use std::collections::BTreeMap;
use tokio_postgres::{IsolationLevel, Transaction};

/// Entries of nobody: spending of the set-aside and what was taken back of it, each with what was recorded of it. They are the central unit's.
const OF_NOBODY: &str = "
    SELECT e.entry_id, e.text, p.account, p.amount, EXISTS (
        SELECT 1 FROM set_aside_spendings s JOIN ledger_postings own ON own.entry_id = s.entry_id AND own.account = 'liabilities:setaside'
        WHERE s.entry_id = e.entry_id AND s.amount = own.amount
        UNION ALL SELECT 1 FROM set_aside_reversals r JOIN set_aside_spendings s USING (spending_id)
            JOIN ledger_postings own ON own.entry_id = r.entry_id AND own.account = 'liabilities:setaside'
        WHERE r.entry_id = e.entry_id AND s.amount = -own.amount)
    FROM ledger_entries e JOIN ledger_postings p USING (entry_id)
    WHERE e.wearer_id IS NULL AND e.at < $2 AND 1::bigint = ANY ($1) ORDER BY e.entry_id, p.line";
/// What was spent of the set-aside.
const SPENT: &str = "
    SELECT coalesce(sum(s.amount) FILTER (WHERE r.spending_id IS NULL), 0)::bigint FROM set_aside_spendings s
        LEFT JOIN set_aside_reversals r ON r.spending_id = s.spending_id AND r.recorded_at < $2
    WHERE s.recorded_at < $2 AND 1::bigint = ANY ($1)";

/// What does not agree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Difference {
    /// An entry of the ledger does not sum to nothing.
    Entry,
    /// A document asks for one amount, its entry puts another on receivables.
    DocumentReceivable,
    /// A document asks for one amount, its entry is another income.
    DocumentIncome,
    /// What was recorded of money or damage is not what the ledger has of it.
    Money,
    /// An entry belongs to no document and to nothing that was recorded.
    StrangeEntry,
    /// A person's receivables are not what is open on documents, less credit.
    Receivable,
    /// A person's deposit money is not what is owed back.
    Deposit,
    /// The fee money of all is not payments less refunds.
    CashFees,
    /// The documents of all are not the income.
    Income,
    /// A payment that was recorded by hand is no line of a statement, though statements cover its day and the week after.
    PaymentNotAtBank,
    /// The same of a refund that was sent.
    RefundNotAtBank,
    /// A line is a payment or a refund that was reversed, and nothing went the other way within a week.
    LineReversed,
    /// A line is of another amount than what it is.
    LineAmount,
}

impl Difference {
    /// The books agree with each other, and statements of banks say something else: for finance to look after.
    pub const fn is_beside_bank(self) -> bool {
        matches!(self, Self::PaymentNotAtBank | Self::RefundNotAtBank | Self::LineReversed | Self::LineAmount)
    }
}

/// One difference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BooksDifference {
    /// What does not agree.
    pub what: Difference,
    /// The number of the document, the fact or the text of the entry; empty for sums of all.
    pub subject: String,
    /// The wearer's file reference; empty for sums of all.
    pub wearer: String,
    /// What it should be, rials; beside a bank what the books have.
    pub expected: Money,
    /// What the ledger has, rials; or the bank.
    pub found: Money,
}

/// What statements of a bank account say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BankAccount {
    /// Whose it is: the unit's code.
    pub unit: String,
    /// What the unit calls it.
    pub account: String,
    /// The first and the last day that statements cover; there may be gaps between. `None` = only files without lines were read in.
    pub days: Option<(NaiveDate, NaiveDate)>,
    /// Of lines that came in.
    pub came_in: BankSums,
    /// Of lines that went out; above nothing.
    pub went_out: BankSums,
    /// The last balance that a statement says, and at the end of which day.
    pub closing: Option<(Money, NaiveDate)>,
}

/// Sums of lines of one direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BankSums {
    /// All of them.
    pub total: Money,
    /// That are payments; or refunds.
    pub matched: Money,
    /// That wait for somebody to say what they are.
    pub waiting: Money,
    /// That are none.
    pub set_aside: Money,
    /// How many wait.
    pub waiting_lines: u64,
}

/// The sums that were compared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BooksSums {
    /// On `assets:receivable`.
    pub receivable: Money,
    /// Open on documents.
    pub open: Money,
    /// Credit of persons.
    pub credit: Money,
    /// On `assets:cash:fees`.
    pub cash_fees: Money,
    /// Payments less refunds as they were recorded.
    pub received: Money,
    /// On `assets:cash:deposit`.
    pub cash_deposit: Money,
    /// Owed back, on `liabilities:deposit`.
    pub deposits_owed: Money,
    /// All invoices less credit notes.
    pub documents: Money,
    /// Income of documents in the ledger.
    pub income: Money,
    /// What statements say, by account. It is told beside the ledger and not compared with it as a sum: money that is no wearer's goes over bank accounts too.
    pub bank: Vec<BankAccount>,
}

impl Store {
    /// Compares the ledger, the documents, the money and the bank accounts of these units and their wearers, all as they were at one moment; no difference =
    /// all agrees. Lines of statements that wait are no difference: they are work.
    /// Differences come by their kind, and of a kind by person.
    ///
    /// # Errors
    /// When the database does not answer, or holds something unreadable.
    pub async fn books_reconcile(&self, units: &[i64], as_of: AsOf) -> Result<(BooksSums, Vec<BooksDifference>), StoreError> {
        let mut client = self.client().await?;
        let transaction = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start().await?;
        let parts = everybody(self, &transaction, units, (as_of.before, Depth::Whole), compare).await?;
        let mut found = parts.into_iter().fold(Found::default(), Found::join);
        add_of_nobody(&transaction, units, as_of, &mut found).await?;
        let spent: i64 = transaction.query_one(SPENT, &[&units, &as_of.before]).await?.get(0);
        let mut sums = found.sums(spent);
        sums.bank = bank(&transaction, units, as_of, &mut found).await?;
        for (what, expected, posted) in
            [(Difference::CashFees, sums.received, sums.cash_fees), (Difference::Income, sums.documents, sums.income)]
        {
            if expected != posted {
                let whole = BooksDifference { what, subject: String::new(), wearer: String::new(), expected, found: posted };
                found.differences.push((i64::MAX, whole));
            }
        }
        found.differences.sort_by_key(|(wearer_id, difference)| (difference.what, *wearer_id));
        Ok((sums, found.differences.into_iter().map(|(_, difference)| difference).collect()))
    }
}

/// Adds the entries of nobody.
async fn add_of_nobody(transaction: &Transaction<'_>, units: &[i64], as_of: AsOf, found: &mut Found) -> Result<(), StoreError> {
    let mut entries: BTreeMap<i64, (String, bool, Vec<i64>)> = BTreeMap::new();
    for row in transaction.query(OF_NOBODY, &[&units, &as_of.before]).await? {
        let name: &str = row.get(2);
        let account = Account::named(name).ok_or_else(|| StoreError::Unreadable(format!("the account {name:?} of the ledger")))?;
        *found.balances.entry(account).or_default() += row.get::<_, i64>(3);
        entries.entry(row.get(0)).or_insert_with(|| (row.get(1), row.get(4), Vec::new())).2.push(row.get(3));
    }
    for (text, is_known, amounts) in entries.into_values() {
        let (sum, debit): (i64, i64) = (amounts.iter().sum(), amounts.iter().filter(|amount| **amount > 0).sum());
        if sum != 0 {
            found.differ(None, Difference::Entry, text.clone(), (0, sum));
        }
        if !is_known {
            found.differ(None, Difference::StrangeEntry, text, (0, debit));
        }
    }
    Ok(())
}

impl Found {
    fn sums(&self, spent: i64) -> BooksSums {
        let balance = |account: Account| self.balances.get(&account).copied().unwrap_or_default();
        BooksSums {
            receivable: Money::rials(balance(Account::Receivable)),
            open: Money::rials(self.open),
            credit: Money::rials(self.credit),
            cash_fees: Money::rials(balance(Account::CashFees)),
            received: Money::rials(self.received - spent),
            cash_deposit: Money::rials(balance(Account::CashDeposit)),
            deposits_owed: Money::rials(-balance(Account::LiabilityDeposit)),
            documents: Money::rials(self.documents),
            income: Money::rials(self.income),
            bank: Vec::new(),
        }
    }
}
