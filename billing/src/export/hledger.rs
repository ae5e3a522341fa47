//! For hledger (<https://hledger.org>), which checks it with `hledger check --strict ordereddates`.

use super::{Step, plain, steps};
use crate::BillingError;
use crate::ledger::{Account, Entry, Ledger};
use crate::money::Currency;
use std::fmt::Write;

/// The ledger as an hledger journal: Gregorian dates, the Solar Hijri one as a tag, and after each Solar Hijri month the balance of each account asserted.
///
/// # Errors
/// If a balance leaves 64 bits.
pub fn hledger(ledger: &Ledger, currency: Currency) -> Result<String, BillingError> {
    // Without a decimal mark said twice, 1,000 would be read as one.
    let mut text = format!("decimal-mark .\ncommodity 1,000. {currency}\n\n");
    for account in Account::ALL {
        line(&mut text, format_args!("account {}", account.name()));
    }
    for step in steps(ledger)? {
        match step {
            Step::Entry(entry) => write_entry(&mut text, entry),
            Step::Balances(day, balances) => {
                line(&mut text, format_args!("\n{} * balances before {day}", day.gregorian()));
                for (account, amount) in balances {
                    line(&mut text, format_args!("    {}  0 {currency} = {} {currency}", account.name(), amount.minor_units()));
                }
            }
        }
    }
    Ok(text)
}

fn write_entry(text: &mut String, entry: &Entry) {
    let day = entry.at.day();
    line(text, format_args!("\n{} * {}  ; jalali:{day}", day.gregorian(), plain(&entry.text)));
    for (account, amount) in &entry.postings {
        line(text, format_args!("    {}  {} {}", account.name(), amount.minor_units(), amount.currency()));
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("writing to a text never fails");
}
