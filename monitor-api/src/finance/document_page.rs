//! Documents as the person who pays reads them.

use super::pay_to::pay_to;
use super::shown::page_language;
use crate::language::Language;
use billing::BillingError;
use billing::calendar::Day;
use billing::command::documents_json;
use billing::page::{Head, Paper, pages};
use store::DocumentWhole;

/// A page with a sheet for each document.
pub(super) fn html(documents: &[DocumentWhole], language: Language) -> String {
    let heads = heads(documents, language);
    pages(&papers(documents, &heads), page_language(language))
}

/// The same for programs.
pub(super) fn json(documents: &[DocumentWhole], today: Day, language: Language) -> Result<String, BillingError> {
    let heads = heads(documents, language);
    documents_json(&papers(documents, &heads), today)
}

fn papers<'a>(documents: &'a [DocumentWhole], heads: &'a [Head]) -> Vec<Paper<'a>> {
    let paper =
        |(whole, head): (&'a DocumentWhole, &'a Head)| Paper { document: &whole.document, invoice: whole.shown.invoice.as_ref(), head };
    documents.iter().zip(heads).map(paper).collect()
}

fn heads(documents: &[DocumentWhole], language: Language) -> Vec<Head> {
    documents.iter().map(|whole| head(whole, language)).collect()
}

/// Whose a document is, and how to pay it.
pub(super) fn head(whole: &DocumentWhole, language: Language) -> Head {
    let row = &whole.shown.row;
    let (persian, english) = &row.issuer_names;
    let head = Head {
        name: row.wearer_name.clone(),
        reference: row.wearer.clone(),
        facts: whole.facts.clone(),
        centre: if language == Language::Persian { persian.clone() } else { english.clone() },
        ..Head::default()
    };
    match pay_to(whole) {
        Some(pay_to) => pay_to.head(language, head),
        None => head,
    }
}
