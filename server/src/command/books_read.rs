//! `paband billing export` and `paband billing reconcile`: the books of the database, read.

use crate::config::Config;
use crate::database::Database;
use anyhow::{Context, Result, bail};
use billing::calendar::Day;
use chrono::NaiveDate;
use clap::ValueEnum;
use monitor_api::{LedgerAsked, LedgerFormat, write_ledger};
use std::io::Write;
use store::{AsOf, BankAccount, BankSums, BooksDifference, Difference, Store};

/// As what the ledger is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum ExportFormat {
    /// A journal for hledger.
    Hledger,
    /// A file for beancount.
    Beancount,
    /// A row for each posting.
    Csv,
}

/// A day as somebody types it: 1403/02/01 (Solar Hijri) or 2024-04-20.
pub fn day(text: &str) -> Result<Day, String> {
    match text.parse::<NaiveDate>() {
        Ok(date) => Day::try_from(date).map_err(|error| error.to_string()),
        Err(_) => text.parse::<Day>().map_err(|_| format!("\"{text}\" is no day: write 1403/02/01 or 2024-04-20")),
    }
}

async fn all_units(store: &Store) -> Result<Vec<i64>> {
    let caller = access::Caller::command("paband", "billing");
    Ok(store.statistics_units(&caller, "").await?.iter().map(|unit| unit.unit_id).collect())
}

/// Writes the ledger to the standard output.
pub async fn export(config: &Config, format: ExportFormat, from: Option<Day>, to: Option<Day>) -> Result<()> {
    crate::logging::start(&config.log)?;
    let database = Database::open(config).await?;
    let written = written(&database.store, format, from, to).await;
    database.close().await?;
    written
}

async fn written(store: &Store, format: ExportFormat, from: Option<Day>, to: Option<Day>) -> Result<()> {
    let format = match format {
        ExportFormat::Hledger => LedgerFormat::Hledger,
        ExportFormat::Beancount => LedgerFormat::Beancount,
        ExportFormat::Csv => LedgerFormat::Csv,
    };
    let asked = LedgerAsked { format, units: all_units(store).await?, from, to };
    let mut broken = None;
    let take = |piece: Vec<u8>| {
        let mut out = std::io::stdout().lock();
        let done = out.write_all(&piece).and_then(|()| out.flush());
        let failed = done.is_err();
        broken = done.err();
        std::future::ready(if failed { Err(monitor_api::LedgerFileError::NobodyReads) } else { Ok(()) })
    };
    let written = write_ledger(store, &asked, take).await;
    match broken {
        Some(error) => Err(error).context("the ledger cannot be written to the standard output"),
        None => Ok(written?),
    }
}

/// Compares the books, and says what does not agree.
pub async fn reconcile(config: &Config, as_of: Option<Day>) -> Result<()> {
    crate::logging::start(&config.log)?;
    let database = Database::open(config).await?;
    let compared = compared(&database.store, as_of).await;
    database.close().await?;
    let differences = compared?;
    for one in &differences {
        let BooksDifference { what, subject, wearer, expected, found } = one;
        say!("{}{}{}: {expected} expected, {found} found", words(*what), after(": ", subject), after(" of ", wearer));
    }
    if differences.is_empty() {
        say!("the ledger, the documents, the money and what statements show of it agree");
        return Ok(());
    }
    let beside_bank = differences.iter().filter(|one| one.what.is_beside_bank()).count();
    if beside_bank == differences.len() {
        bail!(
            "{beside_bank} differences beside the bank: match the lines, read in statements that are missing, or reverse what never came"
        );
    }
    bail!("{} differences: change nothing by hand, and tell the auditor", differences.len())
}

fn after(between: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{between}{text}") }
}

async fn compared(store: &Store, as_of: Option<Day>) -> Result<Vec<BooksDifference>> {
    let as_of = as_of.map_or_else(|| AsOf::instant(chrono::Utc::now()), |day| Ok(AsOf::end_of(day)))?;
    let (sums, differences) = store.books_reconcile(&all_units(store).await?, as_of).await?;
    say!("receivable {} = open {} - credit {}", sums.receivable, sums.open, sums.credit);
    say!("fee money {} = payments - refunds {}", sums.cash_fees, sums.received);
    say!("deposit money {} = owed back {}", sums.cash_deposit, sums.deposits_owed);
    say!("documents {} = income {}", sums.documents, sums.income);
    sums.bank.iter().for_each(tell_bank);
    Ok(differences)
}

/// What the statements of an account say.
fn tell_bank(account: &BankAccount) {
    let days =
        account.days.map_or_else(|| "no days".to_owned(), |(first, last)| format!("{} to {}", solar_hijri(first), solar_hijri(last)));
    say!("bank account {} of {}: {days}", account.account, account.unit);
    for (direction, sums) in [("in", &account.came_in), ("out", &account.went_out)] {
        let BankSums { total, matched, waiting, set_aside, waiting_lines } = sums;
        say!("  {direction} {total}: matched {matched}, waiting {waiting} ({waiting_lines} lines), set aside {set_aside}");
    }
    if let Some((closing, day)) = account.closing {
        say!("  balance at the end of {}: {closing}", solar_hijri(day));
    }
}

fn solar_hijri(date: NaiveDate) -> String {
    Day::try_from(date).map_or_else(|_| date.to_string(), |day| day.to_string())
}

const fn words(what: Difference) -> &'static str {
    match what {
        Difference::Entry => "an entry that does not sum to nothing",
        Difference::DocumentReceivable => "a document whose entry puts another amount on receivables",
        Difference::DocumentIncome => "a document whose entry is another income",
        Difference::Money => "money whose entry has another amount",
        Difference::StrangeEntry => "an entry that belongs to nothing",
        Difference::Receivable => "receivables that are not what documents say",
        Difference::Deposit => "deposit money that is not what is owed back",
        Difference::CashFees => "fee money that is not payments less refunds",
        Difference::Income => "documents that are not the income",
        Difference::PaymentNotAtBank => "a payment by hand that no statement shows",
        Difference::RefundNotAtBank => "a refund that was sent and that no statement shows",
        Difference::LineReversed => "a line of a statement whose payment or refund was reversed, and nothing went the other way",
        Difference::LineAmount => "a line of a statement that is of another amount than what it is",
    }
}
