//! For hledger.

use super::{About, Balances, line, plain};
use crate::calendar::Day;
use crate::ledger::{Account, Entry};
use crate::money::Currency;

pub(super) fn head(currency: Currency) -> String {
    // Without a decimal mark said twice, 1,000 would be read as one.
    let mut text = format!("decimal-mark .\ncommodity 1,000. {currency}\n\n");
    for account in Account::ALL {
        line(&mut text, format_args!("account {}", account.name()));
    }
    text
}

pub(super) fn entry(entry: &Entry, about: &About<'_>) -> String {
    let (mut text, day) = (String::new(), entry.at.day());
    // A comma ends the value of a tag.
    let tags: String = about.iter().map(|(name, value)| format!(", {name}:{}", plain(value).replace(',', " "))).collect();
    line(&mut text, format_args!("\n{} * {}  ; jalali:{day}{tags}", day.gregorian(), plain(&entry.text)));
    for (account, amount) in &entry.postings {
        line(&mut text, format_args!("    {}  {} {}", account.name(), amount.minor_units(), amount.currency()));
    }
    text
}

pub(super) fn balances(day: Day, balances: &Balances, currency: Currency) -> String {
    let mut text = String::new();
    line(&mut text, format_args!("\n{} * balances before {day}", day.gregorian()));
    for (account, amount) in balances {
        line(&mut text, format_args!("    {}  0 {currency} = {} {currency}", account.name(), amount.minor_units()));
    }
    text
}
