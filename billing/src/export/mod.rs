//! The ledger as text that accountants' own programs read and check: hledger, beancount. Written piece by piece, however long it is.

mod beancount;
mod hledger;

use crate::BillingError;
use crate::calendar::{Day, Month};
use crate::ledger::{Account, Entry, Ledger};
use crate::money::{Currency, Money};
use std::collections::BTreeMap;

/// For which program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// hledger (<https://hledger.org>), which checks it with `hledger check --strict ordereddates`.
    Hledger,
    /// beancount (<https://beancount.github.io>), which checks it with `bean-check`.
    Beancount,
}

/// What stands on accounts.
pub type Balances = BTreeMap<Account, Money>;

/// More about an entry, as a name and a text: whose it is.
pub type About<'a> = [(&'a str, &'a str)];

/// Writes entries in the order of their days, and after each Solar Hijri month what must stand on every account, so that the program that reads it
/// checks us.
#[derive(Clone, Debug)]
pub struct Writer {
    format: Format,
    currency: Currency,
    balances: Balances,
    /// The month of the entry before.
    month: Option<Month>,
}

impl Writer {
    /// Begins on a day with what stood on the accounts before it; and the beginning of the text.
    pub fn new(format: Format, currency: Currency, first: Day, opening: Balances) -> (Self, String) {
        let mut text = match format {
            Format::Hledger => hledger::head(currency),
            Format::Beancount => beancount::head(currency, first),
        };
        let stands: Vec<(Account, Money)> =
            opening.iter().filter(|(_, amount)| !amount.is_zero()).map(|(account, amount)| (*account, *amount)).collect();
        if !stands.is_empty() {
            let opened =
                Entry { at: crate::calendar::Moment::start_of(first), text: "opening balances".to_owned(), fact: None, postings: stands };
            text += &written(format, &opened, &[]);
        }
        (Self { format, currency, balances: opening, month: None }, text)
    }

    /// The next entry; its day is not before that of the one before.
    ///
    /// # Errors
    /// If a balance leaves 64 bits.
    pub fn entry(&mut self, entry: &Entry, about: &About<'_>) -> Result<String, BillingError> {
        let own = entry.at.day().month();
        let before = self.month.replace(own).filter(|before| *before != own);
        let mut text = before.map_or(String::new(), |before| self.balances_after(before));
        for (account, amount) in &entry.postings {
            let balance = self.balances.entry(*account).or_insert(Money::zero(amount.currency()));
            *balance = balance.plus(*amount)?;
        }
        text += &written(self.format, entry, about);
        Ok(text)
    }

    /// The end of the text.
    pub fn end(self) -> String {
        self.month.map_or(String::new(), |last| self.balances_after(last))
    }

    fn balances_after(&self, month: Month) -> String {
        let day = month.next().first_day();
        match self.format {
            Format::Hledger => hledger::balances(day, &self.balances, self.currency),
            Format::Beancount => beancount::balances(day, &self.balances, self.currency),
        }
    }
}

fn written(format: Format, entry: &Entry, about: &About<'_>) -> String {
    match format {
        Format::Hledger => hledger::entry(entry, about),
        Format::Beancount => beancount::entry(entry, about),
    }
}

/// The ledger as an hledger journal: Gregorian dates, the Solar Hijri one as a tag, and after each Solar Hijri month the balance of each account asserted.
///
/// # Errors
/// If a balance leaves 64 bits.
pub fn hledger(ledger: &Ledger, currency: Currency) -> Result<String, BillingError> {
    whole(Format::Hledger, ledger, currency)
}

/// The ledger as a beancount file: Gregorian dates, the Solar Hijri one as metadata, and after each Solar Hijri month the balance of each account.
///
/// # Errors
/// If a balance leaves 64 bits.
pub fn beancount(ledger: &Ledger, currency: Currency) -> Result<String, BillingError> {
    whole(Format::Beancount, ledger, currency)
}

fn whole(format: Format, ledger: &Ledger, currency: Currency) -> Result<String, BillingError> {
    let mut entries: Vec<&Entry> = ledger.entries().iter().collect();
    entries.sort_by_key(|entry| entry.at.day());
    let first = entries.first().map_or_else(beancount::open, |entry| entry.at.day());
    let (mut writer, mut text) = Writer::new(format, currency, first, Balances::new());
    for entry in entries {
        text += &writer.entry(entry, &[])?;
    }
    Ok(text + &writer.end())
}

/// A text of one line without what would mean something else there.
fn plain(text: &str) -> String {
    text.chars().map(|character| if character.is_control() || ";|\"\\".contains(character) { ' ' } else { character }).collect()
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    std::fmt::Write::write_fmt(text, format_args!("{line}\n")).expect("writing to a text never fails");
}
