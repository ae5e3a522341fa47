//! The archive in which data leave the house: a ZIP file that anybody can open, read and check without this program (docs/operations/release.md).
//! Bytes in memory; never knows where the data come from, nor where the archive goes.

mod archive;
mod facts;
mod page;
mod positions;
mod sign;
mod verify;
mod violations;
mod words;

use crate::convert::hex;
pub(crate) use archive::{ArchiveBuilder, Built};
pub(crate) use facts::{Party, ReleaseFacts};
pub use sign::{KeyError, PublicKey, Signer};
pub use verify::{Verified, VerifyError, verify};
pub(crate) use violations::Explained;
pub(crate) use words::{kind_en, kind_fa};

/// The names of the files in an archive.
const POSITIONS: &str = "positions.csv";
const VIOLATIONS: &str = "violations.json";
const FACTS: &str = "release.json";
const PAGE: &str = "index.html";
const PUBLIC_KEY: &str = "public-key.pem";
const SUMS: &str = "SHA256SUMS";
const SIGNATURE: &str = "SHA256SUMS.sig";

/// The archive could not be put together.
#[derive(Debug, thiserror::Error)]
#[error("the archive cannot be made: {0}")]
pub(crate) struct ArchiveError(String);

impl From<zip::result::ZipError> for ArchiveError {
    fn from(error: zip::result::ZipError) -> Self {
        Self(error.to_string())
    }
}

impl From<std::io::Error> for ArchiveError {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

#[cfg(test)]
mod tests;
