//! Checking an archive by itself: the same as `sha256sum -c SHA256SUMS` and `openssl pkeyutl -verify`, and that nothing lies beside what is listed.

use super::{FACTS, KeyError, PUBLIC_KEY, PublicKey, SIGNATURE, SUMS, hex};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};
use zip::ZipArchive;

/// Longest list of hashes, signature or key that is read, bytes. What is longer was not written by this program.
const SMALL_FILE_BYTES_MAX: u64 = 1 << 20;

/// The end of a ZIP file without a comment, bytes; where in it the number of its entries is.
const END_BYTES: usize = 22;
const END_ENTRIES: usize = 10;

/// What an archive says of itself, now that it is known to be whole.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The document `release.json`.
    pub facts: Value,
    /// The files with their sizes.
    pub files: Vec<(String, u64)>,
    /// The key that signed it. Whether it is the right one is known only where it was given, or its fingerprint is compared.
    pub key: PublicKey,
}

/// What is wrong with an archive.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It cannot be read.
    #[error("it is no whole archive: {0}")]
    Unreadable(String),
    /// A file that belongs there is not there.
    #[error("{0} is missing")]
    Missing(String),
    /// A file that nobody signed.
    #[error("{0} is in the archive, but not in SHA256SUMS")]
    Unlisted(String),
    /// A file is not what was signed.
    #[error("{0} was changed: its SHA-256 is not the one in SHA256SUMS")]
    Changed(String),
    /// The list of hashes is not what was signed, or another key signed it.
    #[error("the signature of SHA256SUMS is wrong: the list was changed, or another key signed it")]
    Signature,
    /// The key in the archive cannot be read.
    #[error("public-key.pem: {0}")]
    Key(#[from] KeyError),
}

impl From<zip::result::ZipError> for VerifyError {
    fn from(error: zip::result::ZipError) -> Self {
        Self::Unreadable(error.to_string())
    }
}

impl From<std::io::Error> for VerifyError {
    fn from(error: std::io::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
}

/// Checks an archive with the given key, or with the one inside, which then vouches only for itself.
///
/// # Errors
/// What is wrong first.
pub fn verify(mut file: impl Read + Seek, key: Option<PublicKey>) -> Result<Verified, VerifyError> {
    let entries = entries_said(&mut file)?;
    let mut archive = ZipArchive::new(file)?;
    if archive.len() != entries {
        return Err(VerifyError::Unreadable("a name comes twice".to_owned()));
    }
    let sums = small(&mut archive, SUMS)?;
    let signature = small(&mut archive, SIGNATURE)?;
    let key = match key {
        Some(key) => key,
        None => PublicKey::from_pem(&String::from_utf8_lossy(&small(&mut archive, PUBLIC_KEY)?))?,
    };
    if !key.has_signed(&sums, &signature) {
        return Err(VerifyError::Signature);
    }
    let mut listed = listed(&String::from_utf8_lossy(&sums))?;
    let mut files = Vec::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index)?;
        let name = file.name()?.into_owned();
        if name != SUMS && name != SIGNATURE {
            let sum = listed.remove(&name).ok_or_else(|| VerifyError::Unlisted(name.clone()))?;
            let mut hash = Sha256::new();
            // What does not unpack is not what was signed either.
            let bytes = copy(&mut file, &mut hash).map_err(|_| VerifyError::Changed(name.clone()))?;
            if hex(&hash.finalize()) != sum {
                return Err(VerifyError::Changed(name));
            }
            files.push((name, bytes));
        }
    }
    if let Some(missing) = listed.into_keys().next() {
        return Err(VerifyError::Missing(missing));
    }
    let facts = small(&mut archive, FACTS)?;
    let facts = serde_json::from_slice(&facts).map_err(|error| VerifyError::Unreadable(format!("{FACTS}: {error}")))?;
    Ok(Verified { facts, files, key })
}

/// How many entries the file says it has: a reader that takes the last of two equal names would hide the first.
fn entries_said(file: &mut (impl Read + Seek)) -> Result<usize, VerifyError> {
    let mut end = [0; END_BYTES];
    file.seek(SeekFrom::End(-(END_BYTES as i64)))?;
    file.read_exact(&mut end)?;
    file.rewind()?;
    if !end.starts_with(b"PK\x05\x06") {
        return Err(VerifyError::Unreadable("it does not end as a ZIP file".to_owned()));
    }
    Ok(usize::from(u16::from_le_bytes([end[END_ENTRIES], end[END_ENTRIES + 1]])))
}

fn listed(sums: &str) -> Result<BTreeMap<String, String>, VerifyError> {
    let line = |line: &str| line.split_once("  ").map(|(sum, name)| (name.to_owned(), sum.to_owned()));
    sums.lines().map(line).collect::<Option<_>>().ok_or_else(|| VerifyError::Unreadable(format!("{SUMS} has a line that is none")))
}

fn small<R: Read + Seek>(archive: &mut ZipArchive<R>, name: &str) -> Result<Vec<u8>, VerifyError> {
    let file = archive.by_name(name).map_err(|_| VerifyError::Missing(name.to_owned()))?;
    let mut bytes = Vec::new();
    file.take(SMALL_FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(|_| VerifyError::Changed(name.to_owned()))?;
    Ok(bytes)
}

fn copy(from: &mut impl Read, into: &mut Sha256) -> std::io::Result<u64> {
    let (mut buffer, mut copied) = (vec![0; 1 << 16], 0);
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok(copied),
            count => {
                into.update(&buffer[..count]);
                copied += count as u64;
            }
        }
    }
}
