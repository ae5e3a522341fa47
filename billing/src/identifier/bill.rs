//! Bill id (شناسه قبض) and payment id (شناسه پرداخت). Until the Central Bank gives a company and a service code they may serve as internal
//! references only.

use crate::money::Money;
use std::fmt;

/// Longest bill id or payment id, digits. A longer one is refused.
pub const DIGITS_MAX: usize = 13;
/// Shortest bill id or payment id, digits, leading zeros included. A shorter one is refused.
pub const DIGITS_MIN: usize = 6;

/// Why digits are no identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BillIdError {
    /// Not digits, or not so many.
    #[error("write 6 to 13 digits")]
    Form,
    /// The check digit of the bill id.
    #[error("the last digit of the bill id does not fit: compare it with the paper digit by digit")]
    BillCheck,
    /// The check digits of the payment id.
    #[error("the payment id does not fit itself or the bill id: compare both with the paper digit by digit")]
    PaymentCheck,
    /// An amount that the id cannot carry.
    #[error("a payment id carries whole thousands of rials, 1,000 to 99,999,999,000: round the amount")]
    Amount,
    /// A part is too large for its digits.
    #[error("a part of the id has too many digits: file code 8, company 3, service 1, year 1, period 2")]
    Part,
}

/// The check digit of a number: weights 2 to 7 from the right and again, the sum modulo 11; 0 and 1 give 0, others 11 less the rest.
fn check_digit(digits: u128) -> u8 {
    let (mut rest, mut weight, mut sum) = (digits, 2, 0_u32);
    while rest > 0 {
        sum += (rest % 10) as u32 * weight;
        rest /= 10;
        weight = if weight == 7 { 2 } else { weight + 1 };
    }
    match sum % 11 {
        0 | 1 => 0,
        rest => 11 - rest as u8,
    }
}

fn number(text: &str) -> Result<u64, BillIdError> {
    let plain = text.bytes().all(|digit| digit.is_ascii_digit()) && (DIGITS_MIN..=DIGITS_MAX).contains(&text.len());
    if plain { text.parse().map_err(|_| BillIdError::Form) } else { Err(BillIdError::Form) }
}

/// Names a payer for ever: file code (up to 8 digits), company (3), service (1), check digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BillId(u64);

impl BillId {
    /// Makes one with its check digit.
    ///
    /// # Errors
    /// If a part has too many digits.
    pub fn new(file: u32, company: u16, service: u8) -> Result<Self, BillIdError> {
        if file > 99_999_999 || company > 999 || service > 9 {
            return Err(BillIdError::Part);
        }
        let body = u64::from(file) * 10_000 + u64::from(company) * 10 + u64::from(service);
        Ok(Self(body * 10 + u64::from(check_digit(body.into()))))
    }

    /// Reads one, leading zeros allowed.
    ///
    /// # Errors
    /// If it is not 6 to 13 digits, or its check digit does not fit.
    pub fn parse(text: &str) -> Result<Self, BillIdError> {
        let number = number(text)?;
        let fits = u64::from(check_digit((number / 10).into())) == number % 10;
        if fits { Ok(Self(number)) } else { Err(BillIdError::BillCheck) }
    }

    /// File code, company and service, of which it was made.
    pub const fn parts(self) -> (u32, u16, u8) {
        let body = self.0 / 10;
        ((body / 10_000) as u32, (body / 10 % 1000) as u16, (body % 10) as u8)
    }
}

/// Without leading zeros, but never shorter than 6 digits.
impl fmt::Display for BillId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

/// Names a payment: thousands of rials (up to 8 digits), last digit of the year, period (2), check digit of these, check digit of the bill
/// id and these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PaymentId(u64);

impl PaymentId {
    /// Makes one for a bill. `year` is the last digit of the year, `period` 0 to 99.
    ///
    /// # Errors
    /// If the amount is no whole number of thousands of rials, or a part has too many digits.
    pub fn new(bill: BillId, amount: Money, year: u8, period: u8) -> Result<Self, BillIdError> {
        let thousands = u64::try_from(amount.minor_units() / 1000).map_err(|_| BillIdError::Amount)?;
        if amount.minor_units() % 1000 != 0 || !(1..=99_999_999).contains(&thousands) {
            return Err(BillIdError::Amount);
        }
        if year > 9 || period > 99 {
            return Err(BillIdError::Part);
        }
        let body = thousands * 1000 + u64::from(year) * 100 + u64::from(period);
        let first = body * 10 + u64::from(check_digit(body.into()));
        Ok(Self(first * 10 + u64::from(second_check(bill, first))))
    }

    /// Reads one that belongs to a bill, leading zeros allowed.
    ///
    /// # Errors
    /// If it is not 6 to 13 digits, or a check digit does not fit.
    pub fn parse(text: &str, bill: BillId) -> Result<Self, BillIdError> {
        let number = number(text)?;
        let (first, body) = (number / 10, number / 100);
        let fits = u64::from(check_digit(body.into())) == first % 10 && u64::from(second_check(bill, first)) == number % 10;
        if fits { Ok(Self(number)) } else { Err(BillIdError::PaymentCheck) }
    }

    /// The last digit of the year, and the period.
    pub const fn year_and_period(self) -> (u8, u8) {
        let body = self.0 / 100;
        ((body / 100 % 10) as u8, (body % 100) as u8)
    }

    /// The amount it carries.
    pub fn amount(self) -> Money {
        Money::rials((self.0 / 100_000) as i64 * 1000)
    }
}

/// Over the bill id and the payment id up to its first check digit, both without leading zeros.
fn second_check(bill: BillId, first: u64) -> u8 {
    let places = first.checked_ilog10().map_or(1, |places| places + 1);
    check_digit(u128::from(bill.0) * 10_u128.pow(places) + u128::from(first))
}

/// Without leading zeros, but never shorter than 6 digits.
impl fmt::Display for PaymentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

/// The barcode of a bill: both ids with 13 digits each.
pub fn barcode(bill: BillId, payment: PaymentId) -> String {
    format!("{:013}{:013}", bill.0, payment.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_bills_are_valid() {
        let check = |bill: &str, payment: &str, rials: i64| {
            let bill = BillId::parse(bill).unwrap();
            assert_eq!(PaymentId::parse(payment, bill).unwrap().amount(), Money::rials(rials));
        };
        check("9403272004129", "95570163", 955_000);
        check("9403272004129", "0000095570163", 955_000);
        check("1064348103115", "0000097570237", 975_000);
    }

    #[test]
    fn the_barcode_is_both_ids() {
        let bill = BillId::parse("1064348103115").unwrap();
        let payment = PaymentId::parse("97570237", bill).unwrap();
        assert_eq!(barcode(bill, payment), "10643481031150000097570237");
    }

    #[test]
    fn wrong_check_digits_are_found() {
        assert_eq!(BillId::parse("9403272004128"), Err(BillIdError::BillCheck));
        let bill = BillId::parse("9403272004129").unwrap();
        assert_eq!(PaymentId::parse("95570164", bill), Err(BillIdError::PaymentCheck));
        assert_eq!(PaymentId::parse("95570153", bill), Err(BillIdError::PaymentCheck));
        for text in ["12345", "12345678901234", "12345x", ""] {
            assert_eq!(BillId::parse(text), Err(BillIdError::Form), "{text}");
        }
    }

    #[test]
    fn what_is_made_is_valid() {
        let bill = BillId::new(94_032_720, 41, 2).unwrap();
        assert_eq!(bill.to_string(), "9403272004129");
        assert_eq!(bill.parts(), (94_032_720, 41, 2));
        assert_eq!(BillId::new(7, 0, 0).unwrap().parts(), (7, 0, 0));
        for (rials, year, period) in [(1000, 0, 0), (3_000_000, 8, 5), (99_999_999_000, 9, 99)] {
            let payment = PaymentId::new(bill, Money::rials(rials), year, period).unwrap();
            assert_eq!(PaymentId::parse(&payment.to_string(), bill), Ok(payment));
            assert_eq!((payment.amount(), payment.year_and_period()), (Money::rials(rials), (year, period)));
        }
        assert_eq!(PaymentId::new(bill, Money::rials(1500), 8, 5), Err(BillIdError::Amount));
        assert_eq!(PaymentId::new(bill, Money::rials(-1000), 8, 5), Err(BillIdError::Amount));
        assert_eq!(PaymentId::new(bill, Money::rials(100_000_000_000), 8, 5), Err(BillIdError::Amount));
        assert_eq!(BillId::new(100_000_000, 1, 1), Err(BillIdError::Part));
    }
}
