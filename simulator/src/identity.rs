//! Who a tag is: its number and its key. Both follow from a name, so that a run can be repeated.

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use std::fmt;

/// Type allocation code of every invented tag: 00 is the range reserved for test devices.
const TEST_DEVICE_PREFIX: &str = "001012";
/// How many digits of an IMEI are left beside the prefix and the check digit.
const SERIAL_DIGITS: usize = 8;

/// What a tag logs in with.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// 15 digits, the last a Luhn check digit.
    pub imei: String,
    /// The secret of the native protocol.
    pub key: [u8; 32],
}

impl Identity {
    /// The tag with this serial number, 0 to 99,999,999, of a fleet; another `fleet` has other keys for the same numbers.
    pub fn numbered(fleet: &str, serial: u32) -> Self {
        let serial = serial % 10_u32.pow(SERIAL_DIGITS as u32);
        let imei = with_check_digit(&format!("{TEST_DEVICE_PREFIX}{serial:0SERIAL_DIGITS$}"));
        let key = key_of(fleet, &imei);
        Self { imei, key }
    }

    /// The tag of this wearer: the serial number is a hash of the name, so two of many names can meet (see [`distinct`]).
    pub fn of_wearer(wearer: &str) -> Self {
        let hash = Sha256::new().chain_update(b"paband-simulator-imei").chain_update(wearer).finalize();
        Self::numbered("wearer", u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]))
    }

    /// A tag as a file describes it; without a key the one that [`Identity::of_wearer`] and its like would have.
    ///
    /// # Errors
    /// When the IMEI is not 15 digits with a right check digit, or the key is not 64 hexadecimal digits.
    pub fn described(imei: &str, key: Option<&str>) -> Result<Self> {
        if !is_imei(imei) {
            bail!("{imei:?} is no IMEI: write 15 digits of which the last is the Luhn check digit");
        }
        let key = match key {
            Some(hex) => key_from_hex(hex).with_context(|| format!("key of tag {imei}"))?,
            None => key_of("wearer", imei),
        };
        Ok(Self { imei: imei.to_owned(), key })
    }

    /// The key as 64 hexadecimal digits.
    pub fn key_hex(&self) -> String {
        self.key.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Shows the number, never the key.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("imei", &self.imei).finish_non_exhaustive()
    }
}

/// Refuses two wearers with one tag.
///
/// # Errors
/// When two of them have the same IMEI.
pub fn distinct<'a>(tags: impl IntoIterator<Item = (&'a str, &'a Identity)>) -> Result<()> {
    let mut seen = std::collections::HashMap::new();
    for (wearer, identity) in tags {
        if let Some(other) = seen.insert(identity.imei.as_str(), wearer) {
            bail!("wearers {other} and {wearer} have the same tag {}: give each its own IMEI in a tags file", identity.imei);
        }
    }
    Ok(())
}

/// Whether this is 15 digits of which the last is the Luhn check digit of the others.
pub fn is_imei(text: &str) -> bool {
    text.len() == 15 && text.bytes().all(|byte| byte.is_ascii_digit()) && with_check_digit(&text[..14]) == text
}

/// The digits followed by their Luhn check digit (ISO/IEC 7812-1, annex B).
fn with_check_digit(digits: &str) -> String {
    let sum: u32 = digits.bytes().rev().enumerate().map(|(place, byte)| luhn_value(place, u32::from(byte - b'0'))).sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

/// Every second digit, beginning at the right, counts double; of two digits their sum.
fn luhn_value(place: usize, digit: u32) -> u32 {
    let value = if place.is_multiple_of(2) { digit * 2 } else { digit };
    if value > 9 { value - 9 } else { value }
}

fn key_of(fleet: &str, imei: &str) -> [u8; 32] {
    Sha256::new().chain_update(b"paband-simulator-key").chain_update(fleet).chain_update([0]).chain_update(imei).finalize().into()
}

fn key_from_hex(hex: &str) -> Result<[u8; 32]> {
    let mut key = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        bail!("a key is 64 hexadecimal digits (32 bytes), this has {} characters", hex.len());
    }
    for (place, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * place..2 * place + 2], 16).context("a key is 64 hexadecimal digits")?;
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_digit_is_that_of_published_numbers() {
        // 3GPP TS 23.003 annex B gives the method; these two are printed in public examples.
        for (imei, valid) in [("490154203237518", true), ("352099001761481", true), ("490154203237517", false), ("49015420323751", false)] {
            assert_eq!(is_imei(imei), valid, "{imei}");
        }
    }

    #[test]
    fn numbered_tags_are_valid_and_differ() {
        let tags: Vec<_> = (0..1000).map(|serial| Identity::numbered("load", serial)).collect();
        assert!(tags.iter().all(|tag| is_imei(&tag.imei)));
        distinct(tags.iter().map(|tag| ("wearer", tag))).unwrap();
        assert_ne!(tags[0].key, Identity::numbered("town", 0).key);
    }

    #[test]
    fn a_described_tag_keeps_its_key() {
        let tag = Identity::of_wearer("W-0001");
        assert_eq!(Identity::described(&tag.imei, Some(&tag.key_hex())).unwrap(), tag);
        assert_eq!(Identity::described(&tag.imei, None).unwrap(), tag);
        assert!(Identity::described(&tag.imei, Some("abc")).is_err());
        assert!(Identity::described("123", None).is_err());
        assert!(!format!("{tag:?}").contains(&tag.key_hex()));
    }
}
