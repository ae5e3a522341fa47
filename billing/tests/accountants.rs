//! What is exported is accepted by the programs that accountants use, and a ledger that does not add up is not.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use billing::command::export_case;
use billing::{BillingError, Currency, Ledger, export};
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// The cases of our own in which money moves.
fn cases() -> Vec<String> {
    let files = ["documents.json", "money.json"].map(|file| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(file));
    let read = |path: &std::path::PathBuf| serde_json::from_str::<Vec<Value>>(&std::fs::read_to_string(path).unwrap()).unwrap();
    files.iter().flat_map(read).map(|case| case["input"].to_string()).collect()
}

fn exported(export: fn(&Ledger, Currency) -> Result<String, BillingError>) -> Vec<String> {
    let exported: Vec<String> = cases().iter().filter_map(|case| export_case(case, export).ok()).collect();
    assert!(
        exported.len() >= 10 && exported.iter().any(|text| text.contains("liabilities:deposit") || text.contains("Liabilities:Deposit"))
    );
    exported
}

/// What the program says to the text on its standard input.
fn judged(program: &[&str], text: &str) -> Result<(), String> {
    let mut command = Command::new(program[0]);
    let spawned = command.args(&program[1..]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = spawned.unwrap_or_else(|error| panic!("{}: {error}; install it with ci/accountants.sh", program[0]));
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    if output.status.success() { Ok(()) } else { Err(said) }
}

/// The same with one amount changed: a rial more was received.
fn forged(text: &str, cash: &str) -> String {
    let line = text.lines().find(|line| line.trim_start().starts_with(cash) && !line.contains('=')).unwrap();
    let amount = line.split_whitespace().nth(1).unwrap();
    text.replacen(line, &line.replace(amount, &(amount.parse::<i64>().unwrap() + 1).to_string()), 1)
}

#[test]
fn hledger_accepts_every_ledger_and_no_forged_one() {
    let hledger = ["hledger", "-f", "-", "check", "--strict", "ordereddates"];
    let journals = exported(export::hledger);
    for journal in &journals {
        assert_eq!(judged(&hledger, journal), Ok(()), "{journal}");
    }
    let paid = journals.iter().find(|journal| journal.contains("\n    assets:cash:fees")).unwrap();
    assert!(judged(&hledger, &forged(paid, "assets:cash:fees")).is_err());
}

#[test]
fn beancount_accepts_every_ledger_and_no_forged_one() {
    let bean_check = ["bean-check", "/dev/stdin"];
    let files = exported(export::beancount);
    for file in files.iter().step_by(4) {
        assert_eq!(judged(&bean_check, file), Ok(()), "{file}");
    }
    let paid = files.iter().find(|file| file.contains("\n  Assets:Cash:Fees")).unwrap();
    assert!(judged(&bean_check, &forged(paid, "Assets:Cash:Fees")).is_err());
}
