//! Tags for tests.

use crate::port::{KnownTag, TagDirectory};

/// The IMEI of Teltonika's documentation.
pub(super) const IMEI: &str = "356307042441013";
/// Its number here.
pub(super) const TAG_ID: i64 = 7;
/// Its key: 00 01 02 … 1f.
pub(super) const KEY: [u8; 32] = {
    let mut key = [0; 32];
    let mut place = 0;
    while place < 32 {
        key[place] = place as u8;
        place += 1;
    }
    key
};

/// Knows [`IMEI`], and numbers from 100000000000000 up to 100000000199999 with the same key; one without a key.
pub(super) struct Tags;

/// Is known, but has no key.
pub(super) const KEYLESS: &str = "200000000000000";

impl TagDirectory for Tags {
    fn find(&self, imei: &str) -> Option<KnownTag> {
        let number: i64 = imei.parse().ok()?;
        match number {
            356307042441013 => Some(KnownTag { tag_id: TAG_ID, key: Some(KEY) }),
            200000000000000 => Some(KnownTag { tag_id: 8, key: None }),
            100000000000000..100000000200000 => Some(KnownTag { tag_id: number, key: Some(KEY) }),
            _ => None,
        }
    }
}
