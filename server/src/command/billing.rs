//! `paband billing`.

use anyhow::{Context, Result};
use clap::Subcommand;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Commands on billing.
#[derive(Debug, Subcommand)]
pub enum BillingCommand {
    /// Compute the documents of one timeline, from a file alone: for training, for "what if", and to test the policy.
    Case {
        /// A case file (JSON).
        file: PathBuf,
        /// Add to each line why it is as it is: days, rules, events and tariff rows.
        #[arg(long)]
        explain: bool,
    },
}

/// Computes a case; needs no database.
pub fn run(command: &BillingCommand) -> Result<()> {
    let BillingCommand::Case { file, explain } = command;
    case(file, *explain)
}

fn case(file: &Path, explain: bool) -> Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let answer = billing::command::bill_case(&text, explain).with_context(|| format!("{} cannot be billed", file.display()))?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    serde_json::to_writer_pretty(&mut out, &answer)?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}
