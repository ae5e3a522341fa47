//! What a page says, in each language.

use super::said::FactWords;
use super::{english, persian};
use crate::document::{Kind, LineCode, Why};
use crate::money::Money;

/// The language of a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Language {
    /// From right to left, Solar Hijri dates, Persian digits.
    Persian,
    /// Dates in both calendars.
    English,
}

/// The words of one language, and how it writes days and amounts.
pub struct Words {
    /// The language's code: `fa`.
    pub lang: &'static str,
    /// `rtl` or `ltr`.
    pub dir: &'static str,
    /// Whether digits are Persian.
    pub is_persian: bool,
    /// Headings.
    pub labels: Labels,
    /// Between the ends of a range.
    pub until: &'static str,
    /// Between parts of a list, with its space.
    pub comma: &'static str,
    /// After a number of days.
    pub days: &'static str,
    /// Before days that left a bill.
    pub taken_back: &'static str,
    /// Before the events that decided it.
    pub decided_by: &'static str,
    /// Before a tariff row's name.
    pub tariff: &'static str,
    /// What facts are.
    pub facts: FactWords,
    /// Before a rule of the policy.
    pub rule: &'static str,
    /// What the person may do who does not agree.
    pub objection: &'static str,
    /// What a document is.
    pub kind: fn(Kind) -> &'static str,
    /// What a line is.
    pub line: fn(LineCode) -> String,
    /// Why a line is as it is.
    pub why: fn(Why) -> &'static str,
    /// The months of the Solar Hijri year.
    pub months: [&'static str; 12],
    /// An amount in words; `None` if the currency has no word here.
    pub spelled: fn(Money) -> Option<String>,
}

/// Headings.
pub struct Labels {
    /// The wearer.
    pub name: &'static str,
    /// The file reference.
    pub reference: &'static str,
    /// Who issues it.
    pub centre: &'static str,
    /// The day of issue.
    pub issued: &'static str,
    /// The month that a note is about.
    pub month: &'static str,
    /// The last day to pay.
    pub due: &'static str,
    /// Over a document that is void.
    pub void: &'static str,
    /// What is not paid yet.
    pub open: &'static str,
    /// Where it is to be paid.
    pub account: &'static str,
    /// Bank, and in whose name the account is.
    pub holder: &'static str,
    /// How to pay.
    pub how: &'static str,
    /// Bill and payment identifier.
    pub payment: &'static str,
    /// The sum of the lines.
    pub total: &'static str,
    /// What, month, days, price of a day, amount.
    pub columns: [&'static str; 5],
    /// Over the reasons.
    pub reasons: &'static str,
}

impl Words {
    /// Those of a language.
    pub fn of(language: Language) -> &'static Self {
        match language {
            Language::Persian => &persian::WORDS,
            Language::English => &english::WORDS,
        }
    }
}
