//! Money: whole minor units and a currency code. Never a float.

use serde::{Serialize, Serializer};
use std::fmt;

/// A currency by its ISO 4217 code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The Iranian rial. Its minor unit is the rial itself.
    pub const IRR: Self = Self(*b"IRR");

    /// From a code of three capital letters.
    ///
    /// # Errors
    /// If it is anything else.
    pub fn new(code: &str) -> Result<Self, MoneyError> {
        match code.as_bytes() {
            [a, b, c] if code.bytes().all(|letter| letter.is_ascii_uppercase()) => Ok(Self([*a, *b, *c])),
            _ => Err(MoneyError::Code(code.to_owned())),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|letter| write!(f, "{}", char::from(*letter)))
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why amounts cannot be reckoned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Sums of two currencies mean nothing.
    #[error("{0} and {1} cannot be added: keep a person's amounts in one currency")]
    Currencies(Currency, Currency),
    /// Beyond 64 bits.
    #[error("an amount has left the range of 64 bits: look for a mistyped amount")]
    Range,
    /// Not a currency code.
    #[error("\"{0}\" is no currency code: write three capital letters such as IRR")]
    Code(String),
}

/// An amount of money in whole minor units (rials for IRR); may be negative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money {
    minor_units: i64,
    currency: Currency,
}

impl Money {
    /// An amount of minor units.
    pub const fn new(minor_units: i64, currency: Currency) -> Self {
        Self { minor_units, currency }
    }

    /// An amount of rials.
    pub const fn rials(rials: i64) -> Self {
        Self::new(rials, Currency::IRR)
    }

    /// Nothing, in a currency.
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// Whole minor units.
    pub const fn minor_units(self) -> i64 {
        self.minor_units
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether it is nothing.
    pub const fn is_zero(self) -> bool {
        self.minor_units == 0
    }

    /// More than nothing.
    pub const fn is_positive(self) -> bool {
        self.minor_units > 0
    }

    /// Less than nothing.
    pub const fn is_negative(self) -> bool {
        self.minor_units < 0
    }

    /// The sum.
    ///
    /// # Errors
    /// For two currencies, or beyond 64 bits.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        Ok(Self::new(self.minor_units.checked_add(other.minor_units).ok_or(MoneyError::Range)?, self.currency))
    }

    /// The difference.
    ///
    /// # Errors
    /// For two currencies, or beyond 64 bits.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.plus(other.negated()?)
    }

    /// With the other sign.
    ///
    /// # Errors
    /// For the one amount of 64 bits that has none.
    pub fn negated(self) -> Result<Self, MoneyError> {
        Ok(Self::new(self.minor_units.checked_neg().ok_or(MoneyError::Range)?, self.currency))
    }

    /// So many times the amount.
    ///
    /// # Errors
    /// Beyond 64 bits.
    pub fn times(self, count: i64) -> Result<Self, MoneyError> {
        Ok(Self::new(self.minor_units.checked_mul(count).ok_or(MoneyError::Range)?, self.currency))
    }

    /// `percent` of the amount, rounded down (toward less).
    ///
    /// ```
    /// # use billing::Money;
    /// assert_eq!(Money::rials(1_000_001).percent(5)?, Money::rials(50_000));
    /// # Ok::<(), billing::MoneyError>(())
    /// ```
    ///
    /// # Errors
    /// Beyond 64 bits.
    pub fn percent(self, percent: u8) -> Result<Self, MoneyError> {
        let part = (i128::from(self.minor_units) * i128::from(percent)).div_euclid(100);
        Ok(Self::new(i64::try_from(part).map_err(|_| MoneyError::Range)?, self.currency))
    }

    /// The smaller of two amounts.
    ///
    /// # Errors
    /// For two currencies.
    pub fn at_most(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        Ok(if other.minor_units < self.minor_units { other } else { self })
    }

    /// What it is beyond `limit`; nothing if it is within.
    ///
    /// # Errors
    /// For two currencies, or beyond 64 bits.
    pub fn beyond(self, limit: Self) -> Result<Self, MoneyError> {
        let over = self.minus(limit)?;
        Ok(if over.is_negative() { Self::zero(self.currency) } else { over })
    }

    /// The sum of many.
    ///
    /// # Errors
    /// For two currencies, or beyond 64 bits.
    pub fn sum(currency: Currency, amounts: impl IntoIterator<Item = Self>) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::plus)
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency { Ok(()) } else { Err(MoneyError::Currencies(self.currency, other.currency)) }
    }
}

/// The minor units alone, as the case file writes them.
impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.minor_units)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.minor_units, self.currency)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_rounds_down() {
        assert_eq!(Money::rials(19).percent(5), Ok(Money::rials(0)));
        assert_eq!(Money::rials(20).percent(5), Ok(Money::rials(1)));
        assert_eq!(Money::rials(-1).percent(5), Ok(Money::rials(-1)));
        assert_eq!(Money::rials(i64::MAX).percent(100), Ok(Money::rials(i64::MAX)));
    }

    #[test]
    fn what_cannot_be_reckoned_is_refused() {
        let dollars = Money::new(1, Currency::new("USD").unwrap());
        assert_eq!(Money::rials(1).plus(dollars), Err(MoneyError::Currencies(Currency::IRR, dollars.currency())));
        assert_eq!(Money::rials(i64::MAX).plus(Money::rials(1)), Err(MoneyError::Range));
        assert_eq!(Money::rials(i64::MIN).negated(), Err(MoneyError::Range));
        assert_eq!(Money::rials(i64::MAX).times(2), Err(MoneyError::Range));
        assert!(Currency::new("irr").is_err());
        assert!(Currency::new("RIAL").is_err());
    }
}
