//! For beancount.

use super::{About, Balances, line, plain};
use crate::calendar::Day;
use crate::ledger::{Account, Entry};
use crate::money::Currency;

/// Accounts are open from here on: the day before the directive.
pub(super) fn open() -> Day {
    "1398/04/01".parse().expect("a day of the calendar")
}

pub(super) fn head(currency: Currency, first: Day) -> String {
    let mut text = format!("option \"title\" \"paband\"\noption \"operating_currency\" \"{currency}\"\n\n");
    for account in Account::ALL {
        line(&mut text, format_args!("{} open {} {currency}", first.min(open()).gregorian(), name(account)));
    }
    text
}

pub(super) fn entry(entry: &Entry, about: &About<'_>) -> String {
    let (mut text, day) = (String::new(), entry.at.day());
    line(&mut text, format_args!("\n{} * \"{}\"\n  jalali: \"{day}\"", day.gregorian(), plain(&entry.text)));
    for (name, value) in about {
        line(&mut text, format_args!("  {name}: \"{}\"", plain(value)));
    }
    for (account, amount) in &entry.postings {
        line(&mut text, format_args!("  {}  {} {}", name(*account), amount.minor_units(), amount.currency()));
    }
    text
}

pub(super) fn balances(day: Day, balances: &Balances, currency: Currency) -> String {
    let mut text = String::new();
    for (account, amount) in balances {
        line(&mut text, format_args!("{} balance {}  {} {currency}", day.gregorian(), name(*account), amount.minor_units()));
    }
    text
}

/// `assets:cash:fees` as beancount wants it: `Assets:Cash:Fees`.
fn name(account: Account) -> String {
    let parts = account.name().split(':').map(|part| part[..1].to_uppercase() + &part[1..]);
    parts.collect::<Vec<_>>().join(":")
}
