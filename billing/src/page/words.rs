//! What a page says, in each language.

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

/// The words of one language.
pub(super) struct Words {
    pub lang: &'static str,
    pub dir: &'static str,
    pub is_persian: bool,
    pub labels: Labels,
    pub until: &'static str,
    pub comma: &'static str,
    pub days: &'static str,
    pub taken_back: &'static str,
    pub decided_by: &'static str,
    pub tariff: &'static str,
    pub rule: &'static str,
    /// What the person may do who does not agree.
    pub objection: &'static str,
    pub kind: fn(Kind) -> &'static str,
    pub line: fn(LineCode) -> String,
    pub why: fn(Why) -> &'static str,
    /// The months of the Solar Hijri year.
    pub months: [&'static str; 12],
    pub spelled: fn(Money) -> Option<String>,
}

/// Headings.
pub(super) struct Labels {
    pub name: &'static str,
    pub reference: &'static str,
    pub centre: &'static str,
    pub issued: &'static str,
    pub month: &'static str,
    pub due: &'static str,
    pub open: &'static str,
    pub account: &'static str,
    pub payment: &'static str,
    pub total: &'static str,
    pub columns: [&'static str; 5],
    pub reasons: &'static str,
}

impl Words {
    pub fn of(language: Language) -> &'static Self {
        match language {
            Language::Persian => &persian::WORDS,
            Language::English => &english::WORDS,
        }
    }
}
