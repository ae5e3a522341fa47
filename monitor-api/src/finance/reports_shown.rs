//! Sums of units as answers show them.

use super::account_shown::aging;
use super::money;
use super::shown::unit_name;
use crate::accounts::instant;
use crate::catalogue::text;
use crate::fields::date;
use crate::language::Language;
use crate::reason::books_difference;
use billing::calendar::Day;
use billing::export::Balances;
use billing::{Account, Aging, Currency, Invoice, Money, MoneyError};
use proto::billing as schema;
use std::collections::{BTreeMap, BTreeSet};
use store::{BankAccount, BankSums, BooksDifference, BooksSums, Difference, LedgerHead, OpenInvoice, StatisticsUnit};

/// The row that is the sum of the others.
const TOTAL: &str = "total";

/// A row for each unit, and the sum.
pub(super) fn receivables(
    units: &[StatisticsUnit],
    open: &[OpenInvoice],
    today: Day,
    language: Language,
) -> Result<Vec<schema::ReceivablesRow>, MoneyError> {
    let mut by_unit: BTreeMap<i64, Vec<&OpenInvoice>> = BTreeMap::new();
    for one in open {
        by_unit.entry(one.unit_id).or_default().push(one);
    }
    let of_unit = |unit: &StatisticsUnit| {
        let own = by_unit.get(&unit.unit_id).map_or(&[][..], Vec::as_slice);
        row(unit.code.clone(), unit_name(unit, language).to_owned(), own, today)
    };
    let mut rows: Vec<_> = units.iter().map(of_unit).collect::<Result<_, _>>()?;
    let sum = if language == Language::Persian { "جمع" } else { "Total" };
    rows.push(row(TOTAL.to_owned(), sum.to_owned(), &open.iter().collect::<Vec<_>>(), today)?);
    Ok(rows)
}

fn row(unit: String, name: String, open: &[&OpenInvoice], today: Day) -> Result<schema::ReceivablesRow, MoneyError> {
    let (given_up, owed): (Vec<&OpenInvoice>, Vec<&OpenInvoice>) = open.iter().copied().partition(|one| one.is_uncollectible);
    let owed: Vec<Invoice> = owed.into_iter().map(|one| one.invoice.clone()).collect();
    let sum = |open: &[&OpenInvoice]| Money::sum(Currency::IRR, open.iter().map(|one| one.invoice.open));
    let wearers: BTreeSet<&str> = open.iter().map(|one| one.wearer.as_str()).collect();
    Ok(schema::ReceivablesRow {
        unit,
        name,
        aging: Some(aging(&Aging::of(&owed, today, Currency::IRR)?)),
        uncollectible: Some(money(sum(&given_up)?)),
        open: Some(money(sum(open)?)),
        documents: open.len() as u64,
        wearers: wearers.len() as u64,
    })
}

/// Every account there is, and the ledger's end.
pub(super) fn trial_balance(balances: &Balances, head: LedgerHead) -> Result<schema::GetTrialBalanceResponse, MoneyError> {
    let of = |account: Account| balances.get(&account).copied().unwrap_or(Money::zero(Currency::IRR));
    let one = |account: Account| schema::AccountBalance { account: account.name().to_owned(), amount: Some(money(of(account))) };
    let sum = Money::sum(Currency::IRR, balances.values().copied())?;
    let head = schema::LedgerHead { number: head.number, hash: head.hash, at: head.at.map(instant) };
    let accounts = Account::ALL.into_iter().map(one).collect();
    Ok(schema::GetTrialBalanceResponse { accounts, sum: Some(money(sum)), head: Some(head) })
}

pub(super) fn reconciled(sums: &BooksSums, differences: Vec<BooksDifference>) -> schema::ReconcileResponse {
    schema::ReconcileResponse {
        differences: differences.into_iter().map(difference).collect(),
        receivable: Some(money(sums.receivable)),
        open: Some(money(sums.open)),
        credit: Some(money(sums.credit)),
        cash_fees: Some(money(sums.cash_fees)),
        received: Some(money(sums.received)),
        cash_deposit: Some(money(sums.cash_deposit)),
        deposits_owed: Some(money(sums.deposits_owed)),
        documents: Some(money(sums.documents)),
        income: Some(money(sums.income)),
        bank: sums.bank.iter().map(bank_account).collect(),
    }
}

fn bank_account(account: &BankAccount) -> schema::BankAccount {
    let (first, last) = account.days.unzip();
    let (closing, closing_day) = account.closing.unzip();
    schema::BankAccount {
        unit: account.unit.clone(),
        account: account.account.clone(),
        first_day: first.map(date),
        last_day: last.map(date),
        came_in: Some(bank_sums(&account.came_in)),
        went_out: Some(bank_sums(&account.went_out)),
        closing: closing.map(money),
        closing_day: closing_day.map(date),
    }
}

fn bank_sums(sums: &BankSums) -> schema::BankSums {
    schema::BankSums {
        total: Some(money(sums.total)),
        matched: Some(money(sums.matched)),
        waiting: Some(money(sums.waiting)),
        waiting_lines: sums.waiting_lines,
        set_aside: Some(money(sums.set_aside)),
    }
}

fn difference(one: BooksDifference) -> schema::BooksDifference {
    let name = match one.what {
        Difference::Entry => "entry",
        Difference::DocumentReceivable => "document_receivable",
        Difference::DocumentIncome => "document_income",
        Difference::Money => "money",
        Difference::StrangeEntry => "strange_entry",
        Difference::Receivable => "receivable",
        Difference::Deposit => "deposit",
        Difference::CashFees => "cash_fees",
        Difference::Income => "income",
        Difference::PaymentNotAtBank => "payment_not_at_bank",
        Difference::RefundNotAtBank => "refund_not_at_bank",
        Difference::LineReversed => "line_reversed",
        Difference::LineAmount => "line_amount",
    };
    schema::BooksDifference {
        code: name.to_ascii_uppercase(),
        text: text(&books_difference(name), &[]),
        subject: one.subject,
        wearer: one.wearer,
        expected: Some(money(one.expected)),
        found: Some(money(one.found)),
    }
}
