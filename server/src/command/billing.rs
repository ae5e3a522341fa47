//! `paband billing`.

use super::books_read::{self, ExportFormat};
use crate::config::Config;
use crate::database::Database;
use anyhow::{Context, Result, bail};
use billing::calendar::{Day, Moment};
use billing::command::{bill_case, export_case, page_case};
use billing::export;
use billing::page::Language;
use clap::{Subcommand, ValueEnum};
use std::io::Write;
use std::path::{Path, PathBuf};
use store::{BOOKS_PORTION, BooksFault, Issued, LedgerHead, Store};

/// Commands on billing.
#[derive(Debug, Subcommand)]
pub enum BillingCommand {
    /// Compute the documents of one timeline, from a file alone: for training, for "what if", and to test the policy.
    Case {
        /// A case file (JSON).
        file: PathBuf,
        /// Add to each line of the JSON why it is as it is: days, rules, events and tariff rows.
        #[arg(long)]
        explain: bool,
        /// What to write: documents, months, ledger and account as JSON, or the ledger for another program.
        #[arg(long, value_enum, default_value_t = CaseFormat::Json)]
        format: CaseFormat,
    },
    /// Carry everybody's books on to now: documents, numbers and ledger entries of whatever is due. Again it issues nothing.
    Run,
    /// Hold the books against themselves: the chain of the ledger, and the numbers of documents. Prints the ledger's end.
    Verify {
        /// The ledger's end as it is printed on an old list of documents or trial balance, 64 hexadecimal digits: nothing before it was changed since?
        #[arg(long, value_name = "HASH", requires = "number")]
        head: Option<String>,
        /// The number of that entry.
        #[arg(long, requires = "head")]
        number: Option<i64>,
    },
    /// Write the ledger to the standard output, for an accountant's program.
    Export {
        /// For which program.
        #[arg(long, value_enum)]
        format: ExportFormat,
        /// The first day, 1403/02/01 or 2024-04-20; what stood on the accounts before it comes first.
        #[arg(long, value_parser = books_read::day)]
        from: Option<Day>,
        /// The last day.
        #[arg(long, value_parser = books_read::day)]
        to: Option<Day>,
    },
    /// Hold the ledger, the documents and the money that was recorded against each other.
    Reconcile {
        /// As of the end of this day, 1403/02/01 or 2024-04-20; otherwise as of now.
        #[arg(long, value_parser = books_read::day)]
        as_of: Option<Day>,
    },
}

/// As what a case is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum CaseFormat {
    /// The format of the billing policy.
    Json,
    /// A journal for hledger.
    Hledger,
    /// A file for beancount.
    Beancount,
    /// The documents as a page for the person, in Persian.
    HtmlFa,
    /// The same in English.
    HtmlEn,
}

fn json(answer: &billing::command::Answer) -> String {
    serde_json::to_string_pretty(answer).expect("an answer is plain data") + "\n"
}

/// Computes a case, or works on the books in the database.
pub async fn run(config: &Config, command: &BillingCommand) -> Result<()> {
    match command {
        BillingCommand::Case { file, explain, format } => case(file, *explain, *format),
        BillingCommand::Run => carry_on(config).await,
        BillingCommand::Verify { head, number } => verify(config, number.zip(head.as_deref())).await,
        BillingCommand::Export { format, from, to } => books_read::export(config, *format, *from, *to).await,
        BillingCommand::Reconcile { as_of } => books_read::reconcile(config, *as_of).await,
    }
}

async fn carry_on(config: &Config) -> Result<()> {
    crate::logging::start(&config.log)?;
    let database = Database::open(config).await?;
    let (now, mut all) = (chrono::Utc::now(), Issued::default());
    let mut everybody = database.store.books_persons(vec![access::CENTRAL_UNIT]);
    while let Some(persons) = everybody.next(BOOKS_PORTION).await? {
        let issued = database
            .store
            .books_carry_on(&persons, now)
            .await
            .context("the run broke off; what it had issued stands, and the next run goes on")?;
        all.add(&issued);
        eprintln!("{} persons ...", all.persons + all.blocked);
    }
    database.close().await?;
    say!(
        "{} persons: {} documents and {} entries issued; {} persons wait for somebody to mend their facts (Runs.ListWork names them)",
        all.persons,
        all.documents,
        all.entries,
        all.blocked
    );
    Ok(())
}

async fn verify(config: &Config, printed: Option<(i64, &str)>) -> Result<()> {
    crate::logging::start(&config.log)?;
    let database = Database::open(config).await?;
    let read = ends(&database.store, printed).await;
    database.close().await?;
    let (faults, head, then) = read?;
    for fault in &faults {
        match fault {
            BooksFault::Entry(number) => say!("entry {number} of the ledger was changed, moved or taken out"),
            BooksFault::Head => say!("the newest entry of the ledger is not the one that it should be"),
            BooksFault::Numbers(unit, kind, year, given, found) => {
                say!("unit {unit}, {kind} of {year}: {given} numbers were given and {found} documents have one")
            }
        }
    }
    let day = head.at.and_then(|at| Moment::try_from(at).ok()).map_or("no day".to_owned(), |at| at.day().to_string());
    say!("the ledger's end: entry {} of {day}, {}", head.number, head.hash);
    let is_as_printed = printed.is_none_or(|(number, hash)| is_end(number, hash.trim(), then.as_ref()));
    if !is_as_printed {
        say!(
            "the end that was given is not that of the ledger: entries up to {} were changed since, or the paper is not of these books",
            number_of(printed)
        );
    }
    if faults.is_empty() && is_as_printed {
        say!("the books are whole");
        return Ok(());
    }
    bail!("the books are not whole: touch nothing, and tell the auditor")
}

/// The faults, the ledger's end, and what it was at the printed number.
async fn ends(store: &Store, printed: Option<(i64, &str)>) -> Result<(Vec<BooksFault>, LedgerHead, Option<LedgerHead>)> {
    let then = match printed {
        Some((number, _)) => store.ledger_head_at(number).await?,
        None => None,
    };
    Ok((store.books_verify().await?, store.ledger_head().await?, then))
}

/// Whether a printed end is that of the ledger; that of the empty one is all zeros.
fn is_end(number: i64, hash: &str, then: Option<&LedgerHead>) -> bool {
    match then {
        Some(then) => then.hash.eq_ignore_ascii_case(hash),
        None => number == 0 && hash.len() == 64 && hash.bytes().all(|digit| digit == b'0'),
    }
}

fn number_of(printed: Option<(i64, &str)>) -> i64 {
    printed.map_or(0, |(number, _)| number)
}

fn case(file: &Path, explain: bool, format: CaseFormat) -> Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let written = match format {
        CaseFormat::Json => bill_case(&text, explain).map(|answer| json(&answer)),
        CaseFormat::Hledger => export_case(&text, export::hledger),
        CaseFormat::Beancount => export_case(&text, export::beancount),
        CaseFormat::HtmlFa => page_case(&text, Language::Persian),
        CaseFormat::HtmlEn => page_case(&text, Language::English),
    };
    let written = written.with_context(|| format!("{} cannot be billed", file.display()))?;
    let mut out = std::io::stdout().lock();
    out.write_all(written.as_bytes())?;
    Ok(out.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_end_is_compared_with_that_of_its_entry() {
        let then = LedgerHead { number: 7, hash: "0a".repeat(32), at: None };
        for (number, hash, then, expected) in [
            (7, "0A".repeat(32), Some(&then), true),
            (7, "0b".repeat(32), Some(&then), false),
            (8, "0a".repeat(32), None, false),
            (0, "00".repeat(32), None, true),
            (0, String::new(), None, false),
        ] {
            assert_eq!(is_end(number, &hash, then), expected, "{number} {hash}");
        }
    }
}
