//! The national id of an Iranian citizen (کد ملی).

use crate::fold;

/// Ten digits of which the last checks the others.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NationalId(String);

/// Why a text is no national id.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NationalIdError {
    /// Not ten digits. Eight or nine are refused too: leading zeros that a spreadsheet took away are for a person to put back.
    #[error("a national id has 10 digits")]
    Length,
    /// The last digit does not check the others: a digit is wrong, or two were exchanged.
    #[error("the check digit of the national id is wrong")]
    CheckDigit,
}

impl NationalId {
    /// Reads an id in ASCII, Persian or Arabic digits, with or without dashes and spaces between: `007-6229645`.
    ///
    /// The check: the first nine digits weighted 10 down to 2, their sum modulo 11; a rest below 2 is the last digit, any other is 11 less it.
    /// Ten equal digits pass the check but were never given out. A check digit of 1 stands for the rests 1 and 10.
    ///
    /// # Errors
    /// When it has not ten digits, or they do not check.
    pub fn parse(text: &str) -> Result<Self, NationalIdError> {
        let digits: String = fold(text).chars().filter(|character| !matches!(character, '-' | ' ')).collect();
        if digits.len() != 10 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(NationalIdError::Length);
        }
        let value = |digit: u8| u32::from(digit - b'0');
        let sum: u32 = digits.bytes().zip((2..=10).rev()).map(|(digit, weight)| value(digit) * weight).sum();
        let check = if sum % 11 < 2 { sum % 11 } else { 11 - sum % 11 };
        let is_given = digits.bytes().any(|digit| digit != digits.as_bytes()[0]);
        if is_given && digits.bytes().last().map(value) == Some(check) { Ok(Self(digits)) } else { Err(NationalIdError::CheckDigit) }
    }

    /// The ten digits in ASCII.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for NationalId {
    /// Never shows the number.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NationalId")
    }
}

#[cfg(test)]
mod tests {
    use super::{NationalId, NationalIdError};
    use proptest::prelude::*;

    fn read(text: &str) -> Result<String, NationalIdError> {
        NationalId::parse(text).map(|id| id.as_str().to_owned())
    }

    #[test]
    fn an_id_is_read_in_any_digits_and_only_if_it_checks() {
        for (text, expected) in [
            ("0076229645", Ok("0076229645")),
            ("۰۰۷۶۲۲۹۶۴۵", Ok("0076229645")),
            ("٠٠٧٦٢٢٩٦٤٥", Ok("0076229645")),
            (" 007-622964-5 ", Ok("0076229645")),
            ("0012345679", Ok("0012345679")),
            ("0076229646", Err(NationalIdError::CheckDigit)),
            ("0067229645", Err(NationalIdError::CheckDigit)),
            ("76229645", Err(NationalIdError::Length)),
            ("00762296455", Err(NationalIdError::Length)),
            ("007622964a", Err(NationalIdError::Length)),
            ("1111111111", Err(NationalIdError::CheckDigit)),
            ("", Err(NationalIdError::Length)),
        ] {
            assert_eq!(read(text), expected.map(str::to_owned), "{text}");
        }
    }

    proptest! {
        /// One wrong digit is found, but where the check digit is 1: it stands for two rests.
        #[test]
        fn no_single_slip_passes(number in 0_u32..1_000_000_000, place in 0_usize..10, by in 1_u8..10) {
            let nine = format!("{number:09}");
            let id = (0..10).map(|check| format!("{nine}{check}")).find(|id| NationalId::parse(id).is_ok());
            let id = id.filter(|id| !id.ends_with('1'));
            prop_assume!(id.is_some());
            let mut slipped = id.expect("checked above").into_bytes();
            slipped[place] = b'0' + (slipped[place] - b'0' + by) % 10;
            prop_assert!(NationalId::parse(&String::from_utf8(slipped).expect("digits")).is_err());
        }
    }
}
