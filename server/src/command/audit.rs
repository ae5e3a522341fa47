//! `paband audit`: whether the audit is whole, and what vouches for it.

use crate::cli::AuditCommand;
use crate::config::Config;
use crate::database::Database;
use access::AuditHead;
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::io::IsTerminal;
use std::path::Path;

/// A head as it is kept elsewhere: one line of JSON.
#[derive(Serialize, Deserialize)]
struct Written {
    number: i64,
    /// SHA-256, hexadecimal.
    hash: String,
    /// When the newest entry was written; empty before the first.
    #[serde(default)]
    at: String,
}

/// Verifies the chain, or prints its head.
pub async fn run(config: &Config, command: AuditCommand) -> Result<()> {
    crate::logging::start(&config.log)?;
    match command {
        AuditCommand::Head => head(config).await,
        AuditCommand::Verify { head } => verify(config, &head).await,
    }
}

async fn head(config: &Config) -> Result<()> {
    let database = Database::open(config).await?;
    let head = database.store.audit_head().await;
    database.close().await?;
    let (head, at) = head?;
    let hash = head.hash.iter().map(|byte| format!("{byte:02x}")).collect();
    say!("{}", serde_json::to_string(&Written { number: head.number, hash, at: at.map(|at| at.to_rfc3339()).unwrap_or_default() })?);
    Ok(())
}

async fn verify(config: &Config, files: &[std::path::PathBuf]) -> Result<()> {
    let kept = files.iter().map(|file| read(file)).collect::<Result<Vec<_>>>()?;
    let database = Database::open(config).await?;
    let shows = std::io::stderr().is_terminal();
    let progress = |number: i64| {
        if shows && number % 20_000 == 0 {
            eprint!("\r{number} entries ...");
        }
    };
    let verified = database.store.audit_verify(kept, progress).await;
    database.close().await?;
    if shows {
        eprint!("\r");
    }
    match verified? {
        Ok(head) => say!("The audit is whole: {} entries, each in its place and as it was written.", head.number),
        Err(fault) => bail!("THE AUDIT WAS TAMPERED WITH: {fault}"),
    }
    if files.is_empty() {
        say!(
            "Held against its own head alone. A head kept elsewhere (paband audit head) also shows entries rewritten as a whole: --head FILE"
        );
    }
    Ok(())
}

fn read(file: &Path) -> Result<AuditHead> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let written: Written = serde_json::from_str(&text).with_context(|| format!("{} is no head of an audit", file.display()))?;
    let hash = bytes(&written.hash).with_context(|| format!("{}: the hash has not 64 hexadecimal digits", file.display()))?;
    Ok(AuditHead { number: written.number, hash })
}

fn bytes(hex: &str) -> Option<[u8; 32]> {
    let digits: Option<Vec<u8>> = hex.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    digits?.chunks(2).map(|pair| Some(pair[0] * 16 + *pair.get(1)?)).collect::<Option<Vec<u8>>>()?.try_into().ok()
}
