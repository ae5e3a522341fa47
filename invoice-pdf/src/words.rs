//! What a sheet of paper says beyond a page on a screen.

use billing::page::Language;
use serde::Serialize;

/// Words of one language.
#[derive(Serialize)]
pub struct PaperWords {
    /// Before the number of a page: `صفحهٔ ۱ از ۲`.
    pub page: &'static str,
    /// Between a page's number and how many there are.
    pub of: &'static str,
    /// How digits are counted up, as typst names it.
    pub digits: &'static str,
    /// The sum in words.
    pub spelled: &'static str,
    /// The currency of all amounts.
    pub currency: &'static str,
    /// Behind a date of the Gregorian calendar.
    #[serde(skip)]
    pub gregorian: &'static str,
}

impl PaperWords {
    /// Those of a language.
    pub const fn of(language: Language) -> &'static Self {
        match language {
            Language::Persian => &PERSIAN,
            Language::English => &ENGLISH,
        }
    }
}

const PERSIAN: PaperWords =
    PaperWords {
        page: "صفحهٔ", of: "از", digits: "۱", spelled: "به حروف", currency: "مبلغ‌ها به", gregorian: "میلادی"
    };

const ENGLISH: PaperWords =
    PaperWords { page: "Page", of: "of", digits: "1", spelled: "In words", currency: "Amounts in", gregorian: "Gregorian" };
