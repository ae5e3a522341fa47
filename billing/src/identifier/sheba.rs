//! SHEBA: the Iranian bank account number of the IBAN family.

use std::fmt;
use std::str::FromStr;

/// A valid SHEBA: `IR`, two check digits, bank (3 digits), account (19 digits). Refunds go to the person's own.
///
/// ```
/// let sheba: billing::identifier::Sheba = "IR24 0150 0000 0117 7301 9202 07".parse()?;
/// assert_eq!((sheba.to_string().as_str(), sheba.bank()), ("IR240150000001177301920207", "015"));
/// # Ok::<(), billing::identifier::ShebaError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sheba {
    /// Check digits and account: 24 digits.
    digits: [u8; 24],
}

/// Why a text is no SHEBA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShebaError {
    /// Not the form.
    #[error("a SHEBA is IR and 24 digits, such as IR240150000001177301920207")]
    Form,
    /// A digit is wrong, or two were swapped.
    #[error("the check digits of the SHEBA do not fit: compare it with the bank's paper digit by digit")]
    Check,
}

impl Sheba {
    /// From a bank account of 22 digits (bank and account), with the check digits computed.
    ///
    /// # Errors
    /// If it is not 22 digits.
    pub fn from_account(account: &str) -> Result<Self, ShebaError> {
        let digits = format!("00{account}");
        let mut sheba = Self { digits: digits.into_bytes().try_into().map_err(|_| ShebaError::Form)? };
        if !sheba.digits.iter().all(u8::is_ascii_digit) {
            return Err(ShebaError::Form);
        }
        let check = 98 - sheba.remainder();
        sheba.digits[0] = b'0' + check / 10;
        sheba.digits[1] = b'0' + check % 10;
        Ok(sheba)
    }

    /// The bank's code, 3 digits.
    pub fn bank(&self) -> &str {
        std::str::from_utf8(&self.digits[2..5]).expect("digits are ASCII")
    }

    /// Account, then `IR` as 1827, then the check digits, modulo 97 (ISO 13616).
    fn remainder(&self) -> u8 {
        let moved = self.digits[2..].iter().chain(b"1827").chain(&self.digits[..2]);
        moved.fold(0_u16, |rest, digit| (rest * 10 + u16::from(digit - b'0')) % 97) as u8
    }
}

impl FromStr for Sheba {
    type Err = ShebaError;

    /// Reads it with or without spaces between groups.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text: String = text.chars().filter(|letter| *letter != ' ').collect();
        let rest = text.strip_prefix("IR").or_else(|| text.strip_prefix("ir")).ok_or(ShebaError::Form)?;
        let sheba = Self { digits: rest.as_bytes().try_into().map_err(|_| ShebaError::Form)? };
        if !sheba.digits.iter().all(u8::is_ascii_digit) {
            return Err(ShebaError::Form);
        }
        // 98 - (0..96) is 2 to 98: other check digits may leave the same remainder, but no bank writes them.
        let check = (sheba.digits[0] - b'0') * 10 + sheba.digits[1] - b'0';
        if sheba.remainder() == 1 && (2..=98).contains(&check) { Ok(sheba) } else { Err(ShebaError::Check) }
    }
}

impl fmt::Display for Sheba {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IR{}", std::str::from_utf8(&self.digits).expect("digits are ASCII"))
    }
}

/// Never the account itself: it is a person's.
impl fmt::Debug for Sheba {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sheba(bank {})", self.bank())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_accounts_are_valid() {
        for text in ["IR240150000001177301920207", "IR430600500901007959216001"] {
            let sheba: Sheba = text.parse().unwrap();
            assert_eq!(sheba.to_string(), text);
            assert_eq!(Sheba::from_account(&text[4..]).unwrap(), sheba);
        }
    }

    #[test]
    fn any_single_wrong_digit_is_found() {
        let right = "IR240150000001177301920207";
        for place in 2..right.len() {
            for digit in b'0'..=b'9' {
                let mut wrong = right.as_bytes().to_vec();
                wrong[place] = digit;
                let wrong = String::from_utf8(wrong).unwrap();
                assert_eq!(wrong.parse::<Sheba>().is_ok(), wrong == right, "{wrong}");
            }
        }
    }

    #[test]
    fn what_has_not_the_form_is_refused() {
        for text in [
            "",
            "IR",
            "IR24015000000117730192020",
            "IR2401500000011773019202077",
            "DE240150000001177301920207",
            "IR24015000000117730192020x",
        ] {
            assert_eq!(text.parse::<Sheba>(), Err(ShebaError::Form), "{text}");
        }
        assert_eq!(Sheba::from_account("015"), Err(ShebaError::Form));
    }
}
