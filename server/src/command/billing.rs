//! `paband billing`.

use anyhow::{Context, Result};
use billing::command::{bill_case, export_case, page_case};
use billing::export;
use billing::page::Language;
use clap::{Subcommand, ValueEnum};
use std::io::Write;
use std::path::PathBuf;

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

/// Computes a case; needs no database.
pub fn run(command: &BillingCommand) -> Result<()> {
    let BillingCommand::Case { file, explain, format } = command;
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let written = match format {
        CaseFormat::Json => bill_case(&text, *explain).map(|answer| json(&answer)),
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
