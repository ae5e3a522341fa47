//! Documents as a page for the person who pays: Persian from right to left, or English; every line explained; to be printed. No script, nothing from
//! elsewhere.

mod amount;
mod english;
mod letter;
mod lines;
mod persian;
mod said;
mod words;

pub use amount::{in_english_words, in_persian_words};
pub use letter::{Letter, Reminded, letters};
pub use said::{FactKind, FactSaid, FactWords};
pub use words::{Labels, Language, Words};

use crate::calendar::{Day, DayRange, Month};
use crate::document::{Document, Kind, LineCode, Why};
use crate::money::{Currency, Money};
use crate::receivables::Invoice;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;

const STYLE: &str = include_str!("page.css");

/// What a page says beside the document itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Head {
    /// The wearer's name.
    pub name: String,
    /// The wearer's file reference.
    pub reference: String,
    /// The centre that issues it.
    pub centre: String,
    /// Where it is to be paid; empty = not said.
    pub account: String,
    /// At which bank, and in whose name the account is.
    pub holder: String,
    /// Bill and payment identifier; empty = none.
    pub payment: String,
    /// How it is to be paid, each in a sentence.
    pub how: Vec<String>,
    /// What the facts are that its lines name, by their names.
    pub facts: BTreeMap<String, FactSaid>,
}

/// Why a line or a day is as it is, in words.
pub fn why_words(language: Language, why: Why) -> &'static str {
    (Words::of(language).why)(why)
}

/// What a line is, in words.
pub fn line_words(language: Language, line: LineCode) -> String {
    (Words::of(language).line)(line)
}

/// What a document is, in words.
pub fn kind_words(language: Language, kind: Kind) -> &'static str {
    (Words::of(language).kind)(kind)
}

/// A document with what is said beside it.
#[derive(Clone, Copy, Debug)]
pub struct Paper<'a> {
    /// What was issued.
    pub document: &'a Document,
    /// What of it is paid, if it is an invoice.
    pub invoice: Option<&'a Invoice>,
    /// Whose it is, and how to pay it.
    pub head: &'a Head,
}

impl Paper<'_> {
    /// Whether it is to be paid.
    fn asks(&self) -> bool {
        self.invoice.map_or(self.document.kind == Kind::DepositRequest, |invoice| !invoice.open.is_zero())
    }
}

/// Documents of one head as one page. `invoices` tell what of them is paid.
pub fn page(documents: &[Document], invoices: &[Invoice], head: &Head, language: Language) -> String {
    let invoice = |document: &Document| invoices.iter().find(|invoice| Some(&invoice.number) == document.number.as_ref());
    let papers: Vec<Paper<'_>> = documents.iter().map(|document| Paper { document, invoice: invoice(document), head }).collect();
    pages(&papers, language)
}

/// Documents as one page, each on a sheet of its own.
pub fn pages(papers: &[Paper<'_>], language: Language) -> String {
    let words = Words::of(language);
    let sheets: String = papers.iter().map(|paper| Sheet { words, paper: *paper }.written()).collect();
    html(words, papers.first().map_or("", |paper| &paper.head.reference), &sheets)
}

/// The whole page around its sheets.
fn html(words: &Words, title: &str, sheets: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"{}\" dir=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{sheets}</body>\n</html>\n",
        words.lang,
        words.dir,
        escaped(title),
    )
}

/// One document.
struct Sheet<'a> {
    words: &'static Words,
    paper: Paper<'a>,
}

impl Sheet<'_> {
    fn written(&self) -> String {
        let Self { words, paper: Paper { document, invoice, .. } } = *self;
        let number = document.number.as_deref().map_or(String::new(), |number| format!(" <bdi dir=\"ltr\">{}</bdi>", escaped(number)));
        let mut text = format!("<section>\n<h1>{}{number}</h1>\n", (words.kind)(document.kind));
        if invoice.is_some_and(|invoice| invoice.is_void) {
            writeln!(text, "<p class=\"void\">{}</p>", words.labels.void).expect("writing to a text never fails");
        }
        text += &self.facts();
        text += &lines::table(words, document);
        text += &self.sum();
        text += &lines::reasons(words, document, self.paper.head);
        let footer = format!("<p class=\"note\">{}</p>\n</section>\n", words.objection);
        text + &footer
    }

    fn facts(&self) -> String {
        let Self { words, paper } = *self;
        let Paper { document, invoice, head } = paper;
        let label = &words.labels;
        let month = document.of.as_ref().map(|(_, month)| words.month(*month));
        let rows = [
            (label.name, Some(escaped(&head.name))),
            (label.reference, Some(escaped(&head.reference))),
            (label.centre, Some(escaped(&head.centre))),
            (label.issued, Some(words.day(document.run_at.day()))),
            (label.month, month),
            (label.due, document.due.map(|day| words.day(day))),
            (label.open, invoice.map(|invoice| words.money(invoice.open))),
            (label.account, paper.asks().then(|| isolated(&head.account))),
            (label.holder, paper.asks().then(|| said(&head.holder))),
            (label.payment, paper.asks().then(|| isolated(&head.payment))),
            (label.how, paper.asks().then(|| head.how.iter().map(|how| said(how)).collect::<Vec<_>>().join("<br>"))),
        ];
        let mut text = String::from("<table class=\"facts\">\n");
        for (name, value) in rows {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                writeln!(text, "<tr><th>{name}</th><td>{value}</td></tr>").expect("writing to a text never fails");
            }
        }
        text + "</table>\n"
    }

    fn sum(&self) -> String {
        let total = self.paper.document.total;
        let spelled = (self.words.spelled)(total).map_or(String::new(), |words| format!(" <span class=\"words\">({words})</span>"));
        format!("<p class=\"sum\">{}: <strong>{}</strong>{spelled}</p>\n", self.words.labels.total, self.words.money(total))
    }
}

impl Words {
    /// A text with the language's digits.
    pub fn digits(&self, text: &str) -> String {
        if self.is_persian { persian::digits(text) } else { text.to_owned() }
    }

    /// `مرداد ۱۳۹۸`.
    pub fn month(&self, month: Month) -> String {
        format!("{} {}", self.months[usize::from(month.month()) - 1], self.digits(&month.year().to_string()))
    }

    /// `۱۳۹۸/۰۵/۰۲`; in English in both calendars.
    pub fn day(&self, day: Day) -> String {
        if self.is_persian { persian::digits(&day.to_string()) } else { format!("{} ({day})", day.gregorian()) }
    }

    /// A day, or the first and the last one.
    pub fn range(&self, range: DayRange) -> String {
        let DayRange { first, last } = range;
        if first == last { self.day(first) } else { format!("{} {} {}", self.day(first), self.until, self.day(last)) }
    }

    /// `۳٬۱۰۰٬۰۰۰`; what is taken off has a minus before it.
    pub fn number(&self, amount: Money) -> String {
        let digits = amount.minor_units().unsigned_abs().to_string();
        let groups: Vec<&str> = (0..digits.len()).rev().step_by(3).map(|end| &digits[end.saturating_sub(2)..=end]).collect();
        let number = groups.into_iter().rev().collect::<Vec<_>>().join(if self.is_persian { "٬" } else { "," });
        let sign = if amount.is_negative() { "\u{2212}" } else { "" };
        sign.to_owned() + &self.digits(&number)
    }

    /// `ریال`, or the currency's code.
    pub fn unit(&self, currency: Currency) -> String {
        if self.is_persian && currency == Currency::IRR { "ریال".to_owned() } else { currency.to_string() }
    }

    fn money(&self, amount: Money) -> String {
        let number = self.number(amount);
        // A minus stands to the left of its number in Persian too.
        let number = if amount.is_negative() { format!("<span dir=\"ltr\">{number}</span>") } else { number };
        format!("<bdi class=\"money\">{number} {}</bdi>", self.unit(amount.currency()))
    }
}

/// Words of either language, which keep their own direction.
fn said(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("<bdi>{}</bdi>", escaped(text)) }
}

/// A Latin datum that keeps its order among Persian words.
fn isolated(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("<bdi dir=\"ltr\">{}</bdi>", escaped(text)) }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            _ => escaped.push(character),
        }
    }
    escaped
}
