//! For beancount (<https://beancount.github.io>), which checks it with `bean-check`.

use super::{Step, plain, steps};
use crate::BillingError;
use crate::calendar::Day;
use crate::ledger::{Account, Entry, Ledger};
use crate::money::Currency;
use std::fmt::Write;

/// Accounts are open from here on: the day before the directive.
const OPEN: &str = "1398/04/01";

/// The ledger as a beancount file: Gregorian dates, the Solar Hijri one as metadata, and after each Solar Hijri month the balance of each account.
///
/// # Errors
/// If a balance leaves 64 bits.
pub fn beancount(ledger: &Ledger, currency: Currency) -> Result<String, BillingError> {
    let open: Day = OPEN.parse().expect("a day of the calendar");
    let first = ledger.entries().iter().map(|entry| entry.at.day()).min().map_or(open, |day| day.min(open));
    let mut text = format!("option \"title\" \"paband\"\noption \"operating_currency\" \"{currency}\"\n\n");
    for account in Account::ALL {
        line(&mut text, format_args!("{} open {} {currency}", first.gregorian(), name(account)));
    }
    for step in steps(ledger)? {
        match step {
            Step::Entry(entry) => write_entry(&mut text, entry),
            Step::Balances(day, balances) => {
                for (account, amount) in balances {
                    line(&mut text, format_args!("{} balance {}  {} {currency}", day.gregorian(), name(account), amount.minor_units()));
                }
            }
        }
    }
    Ok(text)
}

fn write_entry(text: &mut String, entry: &Entry) {
    let day = entry.at.day();
    line(text, format_args!("\n{} * \"{}\"\n  jalali: \"{day}\"", day.gregorian(), plain(&entry.text)));
    for (account, amount) in &entry.postings {
        line(text, format_args!("  {}  {} {}", name(*account), amount.minor_units(), amount.currency()));
    }
}

/// `assets:cash:fees` as beancount wants it: `Assets:Cash:Fees`.
fn name(account: Account) -> String {
    let parts = account.name().split(':').map(|part| part[..1].to_uppercase() + &part[1..]);
    parts.collect::<Vec<_>>().join(":")
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("writing to a text never fails");
}
