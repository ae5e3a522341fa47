//! The pure part of `paband billing case`: a timeline in, its documents out.

mod error;
mod event;
mod input;
mod output;
mod view;

use crate::calendar::Day;
use crate::{BillingError, Currency, Ledger, page, replay};
pub use error::CaseError;
pub use input::Case;
pub use output::Answer;

/// The ledger of one case file, for an accountant's program.
///
/// # Errors
/// As [`bill_case`].
pub fn export_case(text: &str, export: fn(&Ledger, Currency) -> Result<String, BillingError>) -> Result<String, CaseError> {
    let Case { timeline, .. } = Case::parse(text)?;
    Ok(export(&replay(&timeline)?.ledger, timeline.tariffs.currency())?)
}

/// The documents of one case file as a page for a person.
///
/// # Errors
/// As [`bill_case`].
pub fn page_case(text: &str, language: page::Language) -> Result<String, CaseError> {
    let Case { timeline, name } = Case::parse(text)?;
    let books = replay(&timeline)?;
    let head = page::Head { reference: name.unwrap_or_default(), ..page::Head::default() };
    Ok(page::page(&books.documents, books.receivables.invoices(), &head, language))
}

/// Computes the documents of one case file.
///
/// # Errors
/// If the file is not as the format says: the error names the event and what to do. If it cannot be reckoned.
pub fn bill_case(text: &str, explain: bool) -> Result<Answer, CaseError> {
    let case = Case::parse(text)?;
    Answer::of(&case, explain)
}

/// Documents as a case's answer has them, every line explained, with whose each is and how to pay it.
///
/// # Errors
/// If an amount leaves 64 bits.
pub fn documents_json(papers: &[page::Paper<'_>], today: Day) -> Result<String, BillingError> {
    let views: Vec<_> = papers.iter().map(|paper| view::DocumentView::of_paper(paper, today)).collect::<Result<_, _>>()?;
    let currency = papers.first().map_or(Currency::IRR, |paper| paper.document.total.currency());
    let answer = output::Papers { currency: currency.to_string(), documents: views };
    Ok(serde_json::to_string_pretty(&answer).expect("a document is plain data"))
}
