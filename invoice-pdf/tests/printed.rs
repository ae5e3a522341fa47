//! Files as they come out: of our own case, and of every case that billing is tested with.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use billing::command::bill_case;
use billing::page::{Head, Language};
use invoice_pdf::case::{self, Stated};
use invoice_pdf::print::{DOCUMENTS_MAX, PrintError, Printed, Printer, ROWS_MAX};
use serde_json::Value;

const LANGUAGES: [Language; 2] = [Language::Persian, Language::English];

fn answer(case: &str) -> Option<String> {
    bill_case(case, true).ok().map(|answer| serde_json::to_string(&answer).unwrap())
}

fn year() -> Vec<Stated> {
    case::read(&answer(include_str!("cases/year.json")).unwrap(), Some(&head("سارا رضایی"))).unwrap()
}

fn head(name: &str) -> Head {
    Head { name: name.to_owned(), centre: "مرکز مراقبت الکترونیکی تهران".to_owned(), ..Head::default() }
}

fn printed(documents: &[Stated], language: Language) -> Printed {
    Printer::default().print(documents, language).unwrap()
}

/// As the file itself counts its pages.
fn pages_of(pdf: &[u8]) -> usize {
    String::from_utf8_lossy(pdf).matches("/Type/Page/").count()
}

#[test]
fn a_year_becomes_one_file_with_a_page_for_each_document() {
    let documents = year();
    assert!(documents.len() >= 10, "{} documents", documents.len());
    for language in LANGUAGES {
        let Printed { pdf, pages } = printed(&documents, language);
        assert!(pdf.starts_with(b"%PDF-1.7"), "PDF/A-2 is PDF 1.7");
        assert_eq!(pages, documents.len());
        assert_eq!(pages_of(&pdf), pages);
        assert!(pdf.len() < 400_000, "{} bytes", pdf.len());
    }
}

#[test]
fn the_same_documents_are_the_same_bytes() {
    let documents = year();
    for language in LANGUAGES {
        let mut printer = Printer::default();
        let first = printer.print(&documents[..2], language).unwrap();
        printer.print(&documents[2..4], language).unwrap();
        let again = printer.print(&documents[..2], language).unwrap();
        assert!(first == again && first == printed(&documents[..2], language));
    }
    assert!(printed(&documents[..1], Language::Persian).pdf != printed(&documents[..1], Language::English).pdf);
}

#[test]
fn a_long_document_goes_on_on_the_next_page() {
    let mut document = year().remove(0);
    let lines = document.document.lines.clone();
    document.document.lines = lines.iter().cycle().take(120).cloned().collect();
    assert!((4..10).contains(&printed(&[document], Language::Persian).pages));
}

#[test]
fn whatever_billing_issues_can_be_printed() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../billing/tests/cases");
    let mut printer = Printer::default();
    let mut count = 0;
    for file in ["days", "documents", "money", "prices", "refused"] {
        let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(format!("{folder}/{file}.json")).unwrap()).unwrap();
        for case in &cases {
            let Some(documents) = answer(&case["input"].to_string()).and_then(|answer| case::read(&answer, None).ok()) else { continue };
            count += documents.len();
            for language in LANGUAGES {
                let printed = printer.print(&documents, language).unwrap_or_else(|error| panic!("{}: {error}", case["name"]));
                assert_eq!(printed.pages, documents.len(), "{}", case["name"]);
            }
        }
    }
    assert!(count > 150, "{count} documents");
}

#[test]
fn a_character_without_a_picture_is_refused() {
    let refused = |name: &str| {
        let mut documents = year();
        documents.truncate(1);
        documents[0].head = head(name);
        Printer::default().print(&documents, Language::Persian)
    };
    for (name, character) in [
        ("سارا 😀", '😀'),
        ("漢字", '漢'),
        ("two\nlines", '\n'),
        ("نام\u{202e}وارونه", '\u{202e}'), // would show what follows in reverse
        ("نام\u{2067}وارونه", '\u{2067}'),
    ] {
        let Err(error @ PrintError::NoGlyph { character: found, .. }) = refused(name) else { panic!("{name:?} was printed") };
        assert_eq!(found, character);
        assert!(error.to_string().contains("write the text otherwise"), "{error}");
    }
    assert!(matches!(refused(&"ا".repeat(2001)), Err(PrintError::TooLong(2001, _))));
    // Half spaces, joined and isolated letters, Arabic forms, vowel signs, French and German names.
    refused("می‌نا كاظمي، مُحَمَّد، ۀ أ إ ؤ ئ، François Müller-Straße «الف»\u{200f}").unwrap();
}

#[test]
fn too_many_documents_or_lines_are_refused() {
    let document = year().remove(0);
    let error = Printer::default().print(&vec![document; DOCUMENTS_MAX + 1], Language::English).unwrap_err();
    assert!(error.to_string().contains("--out-dir"), "{error}");

    let mut document = year().remove(0);
    let line = document.document.lines[0].clone();
    document.document.lines = vec![line; ROWS_MAX / 2 + 1];
    let error = Printer::default().print(&[document], Language::English).unwrap_err();
    assert!(matches!(error, PrintError::TooManyRows(6002)) && error.to_string().contains("HTML"), "{error}");
}
