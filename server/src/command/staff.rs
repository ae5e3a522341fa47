//! `paband zone import` and `paband tag import`: what staff bring in from files.

use crate::cli::{TagCommand, ZoneCommand};
use crate::config::Config;
use crate::database::Database;
use anyhow::{Context, Result, bail};
use geofence::Timestamp;
use std::path::Path;
use store::TagRow;

/// Imports zones.
pub async fn zone(config: &Config, command: ZoneCommand) -> Result<()> {
    crate::logging::start(&config.log)?;
    let ZoneCommand::Import { file, reason } = command;
    let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let database = Database::open(config).await?;
    let imported = database.store.zones_import(&super::caller("zone import"), &text, crate::clock::now(), &reason).await;
    let imported = imported.with_context(|| format!("nothing of {} was imported", file.display()));
    database.close().await?;
    say!("{}", imported?);
    Ok(())
}

/// Imports tags.
pub async fn tag(config: &Config, command: TagCommand) -> Result<()> {
    crate::logging::start(&config.log)?;
    let TagCommand::Import { file, fitted_at, unit } = command;
    let rows = tag_rows(&file, fitted_at.unwrap_or_else(crate::clock::now))?;
    let database = Database::open(config).await?;
    let changed = database.store.tags_register(&super::caller("tag import"), &unit, &rows).await;
    let changed = changed.with_context(|| format!("nothing of {} was imported", file.display()));
    database.close().await?;
    say!("{} tags read, {} of them new or changed", rows.len(), changed?);
    Ok(())
}

/// Reads `imei,wearer,key`; all bad lines are named in one error.
pub fn tag_rows(file: &Path, fitted_at: Timestamp) -> Result<Vec<TagRow>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut lines = text.lines();
    if lines.next().map(str::trim_end) != Some("imei,wearer,key") {
        bail!("{}: the first line must be: imei,wearer,key", file.display());
    }
    let (mut rows, mut wrong) = (Vec::new(), Vec::new());
    for (number, line) in (2..).zip(lines).filter(|(_, line)| !line.trim().is_empty()) {
        match tag_row(line.trim_end(), fitted_at) {
            Ok(row) => rows.push(row),
            Err(error) => wrong.push(format!("line {number}: {error}")),
        }
    }
    anyhow::ensure!(wrong.is_empty(), "{}: nothing was imported, {} lines are wrong:\n{}", file.display(), wrong.len(), wrong.join("\n"));
    Ok(rows)
}

fn tag_row(line: &str, fitted_at: Timestamp) -> Result<TagRow> {
    let [imei, wearer, key] = line.split(',').map(str::trim).collect::<Vec<_>>()[..] else {
        bail!("three columns are needed: imei,wearer,key");
    };
    anyhow::ensure!(imei.len() == 15 && imei.bytes().all(|byte| byte.is_ascii_digit()), "an IMEI has 15 digits, not {imei:?}");
    let key = if key.is_empty() { None } else { Some(key_from_hex(key).context("a key is 64 hexadecimal digits")?) };
    let wearer = (!wearer.is_empty()).then(|| wearer.to_owned());
    Ok(TagRow { imei: imei.to_owned(), wearer, key, fitted_at })
}

fn key_from_hex(text: &str) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in key.iter_mut().zip(digits.chunks(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::tag_rows;
    use geofence::Timestamp;

    fn read(text: &str) -> anyhow::Result<Vec<store::TagRow>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        tag_rows(file.path(), Timestamp::from_millis(0))
    }

    #[test]
    fn wearer_and_key_may_be_empty() {
        let rows = read(&format!("imei,wearer,key\n356307042441013,W-1,{}\n356307042441021,,\n", "0f".repeat(32))).unwrap();
        assert_eq!(rows[0].key, Some([0x0f; 32]));
        assert_eq!((rows[1].wearer.as_deref(), rows[1].key), (None, None));
    }

    #[test]
    fn every_bad_line_is_named_and_nothing_is_read() {
        let error = read("imei,wearer,key\n35630704244101,W-1,\n356307042441013,W-1,xyz\n").unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("line 3"), "{error}");
    }
}
