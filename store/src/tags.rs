//! Tags and who wears them.

use crate::{Store, StoreError};

/// A tag to register.
#[derive(Clone, PartialEq, Eq)]
pub struct TagRow {
    /// Its IMEI, 1 to 32 characters.
    pub imei: String,
    /// Whose it is from now on, by file reference; `None` leaves the fitting as it is.
    pub wearer: Option<String>,
    /// Its login key; `None` leaves the key as it is.
    pub key: Option<[u8; 32]>,
}

impl std::fmt::Debug for TagRow {
    /// Never shows the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TagRow").field("imei", &self.imei).field("wearer", &self.wearer).finish_non_exhaustive()
    }
}

impl Store {
    /// Registers tags, or changes those known: one transaction, all or nothing. A tag with a wearer is fitted to that wearer from now
    /// on; a wearer not known yet is created. Returns how many tags were new or changed.
    ///
    /// # Errors
    /// When a row is refused: a bad IMEI, one listed twice, a tag on two wearers, a wearer with two tags.
    pub async fn tags_register(&self, rows: &[TagRow]) -> Result<u64, StoreError> {
        let _ = rows;
        Err(StoreError::Schema("not yet".into()))
    }
}
