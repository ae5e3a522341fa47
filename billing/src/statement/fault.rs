//! What is wrong with a file, line by line.

use crate::calendar::Day;
use crate::money::Money;
use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line of the file, from 1.
    pub place: usize,
    /// What.
    pub why: Why,
}

impl Fault {
    pub(super) const fn at(place: usize, why: Why) -> Self {
        Self { place, why }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.place, self.why)
    }
}

/// What is wrong with a line, or with the whole file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// Not UTF-8.
    #[error("the text is not UTF-8: save the file as UTF-8")]
    Encoding,
    /// Something else than the format that was named.
    #[error("this is not written in the format that was chosen")]
    OtherFormat,
    /// A quotation mark without its other half.
    #[error("a quotation mark is opened and never closed")]
    QuoteOpen,
    /// A column that must be there.
    #[error("the column \"{0}\" is missing")]
    HeadingMissing(&'static str),
    /// A column that may be there once.
    #[error("the column \"{0}\" is there twice")]
    HeadingTwice(String),
    /// Headings and nothing below.
    #[error("no line is below the headings")]
    NoLines,
    /// More lines than are read at once.
    #[error("the file has too many lines: split it by days")]
    TooManyLines,
    /// A text beyond what is kept.
    #[error("a text of the line is too long")]
    TextTooLong,
    /// Not a date of either calendar.
    #[error("\"{0}\" is no date: write 1405/08/30 or 2026-11-21")]
    Date(String),
    /// A date that is to come.
    #[error("{0} is in the future")]
    InFuture(Day),
    /// Not a whole number of rials above nothing.
    #[error("\"{0}\" is no amount of whole rials")]
    Amount(String),
    /// Neither in nor out, or both.
    #[error("the line must have an amount that came in or one that went out, and only one of them")]
    InOrOut,
    /// Not rials.
    #[error("the amount is in {0}: only rials (IRR) are booked")]
    Currency(String),
    /// A field that the format needs.
    #[error("the field {0} is missing or cannot be read")]
    Field(&'static str),
    /// Two accounts in one file.
    #[error("a second account, {0}: give each account's statement in a file of its own")]
    OtherAccount(String),
    /// A line is missing, or too much.
    #[error(
        "the opening balance {opening} and the movements {moved} do not make the closing balance {closing}: a line is missing or too much"
    )]
    Balance {
        /// Before.
        opening: Money,
        /// The sum of the lines.
        moved: Money,
        /// After, as the file says.
        closing: Money,
    },
    /// One page does not begin where the one before ended.
    #[error("the statement begins with {opening} and the one before ended with {closing}: a statement between them is missing")]
    Gap {
        /// Of this one.
        opening: Money,
        /// Of the one before.
        closing: Money,
    },
    /// The sum of the movements is beyond 64 bits.
    #[error("the sum of the movements is too large: look for a mistyped amount")]
    Sum,
}
