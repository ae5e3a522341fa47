//! Documents as the person who pays reads them.

use super::shown::page_language;
use crate::language::Language;
use billing::calendar::Day;
use billing::command::documents_json;
use billing::page::{Head, page};
use billing::{BillingError, Document, Invoice};
use store::DocumentWhole;

/// A page with a sheet for each document.
pub(super) fn html(documents: &[DocumentWhole], language: Language) -> String {
    let Some(first) = documents.first() else { return String::new() };
    let row = &first.shown.row;
    let (persian, english) = &row.issuer_names;
    let head = Head {
        name: row.wearer_name.clone(),
        reference: row.wearer.clone(),
        centre: if language == Language::Persian { persian.clone() } else { english.clone() },
        ..Head::default()
    };
    let (documents, invoices) = apart(documents);
    page(&documents, &invoices, &head, page_language(language))
}

/// The same for programs.
pub(super) fn json(documents: &[DocumentWhole], today: Day) -> Result<String, BillingError> {
    let (documents, invoices) = apart(documents);
    documents_json(&documents, &invoices, today)
}

fn apart(documents: &[DocumentWhole]) -> (Vec<Document>, Vec<Invoice>) {
    let invoices = documents.iter().filter_map(|one| one.shown.invoice.clone()).collect();
    (documents.iter().map(|one| one.document.clone()).collect(), invoices)
}
