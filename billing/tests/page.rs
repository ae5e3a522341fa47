//! Pages for the person who pays: everything of a document is on its page, in both languages, and nothing that a text brings along is markup.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use billing::command::{Case, page_case};
use billing::page::{FactSaid, Head, Language, page};
use billing::{Document, replay};
use serde_json::Value;

fn cases() -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/documents.json");
    let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    cases.iter().map(|case| case["input"].to_string()).collect()
}

/// A fact all of whose texts are this one.
fn said(text: &str) -> FactSaid {
    let [number, day, percent, decision, decided, authority] = [text; 6].map(str::to_owned);
    FactSaid { number, day, percent, decision, decided, authority, ..FactSaid::default() }
}

fn ascii(page: &str) -> String {
    let digit = |character: char| (character as u32).checked_sub('۰' as u32).and_then(|digit| char::from_digit(digit, 10));
    page.chars().filter(|character| !",٬".contains(*character)).map(|character| digit(character).unwrap_or(character)).collect()
}

#[test]
fn every_document_and_every_line_is_on_the_page() {
    let mut lines = 0;
    for case in cases() {
        let Ok(books) = Case::parse(&case).and_then(|case| Ok(replay(&case.timeline)?)) else { continue };
        for language in [Language::Persian, Language::English] {
            let page = ascii(&page_case(&case, language).unwrap());
            assert_eq!(page.matches("<section>").count(), books.documents.len());
            for document in &books.documents {
                assert!(document.number.as_ref().is_none_or(|number| page.contains(&format!(">{number}<"))), "{page}");
                for line in &document.lines {
                    lines += 1;
                    assert!(page.contains(&line.amount.minor_units().unsigned_abs().to_string()), "{:?}", line.amount);
                }
            }
        }
    }
    assert!(lines > 50, "{lines} lines");
}

#[test]
fn a_name_is_a_name_and_never_markup() {
    let case = Case::parse(&cases()[0]).unwrap();
    let books = replay(&case.timeline).unwrap();
    let evil = "<script>alert(1)</script>\"&".to_owned();
    let head = Head {
        name: evil.clone(),
        reference: evil.clone(),
        centre: evil.clone(),
        account: evil.clone(),
        holder: evil.clone(),
        payment: evil.clone(),
        how: vec![evil.clone()],
        facts: books.documents.iter().flat_map(Document::events).map(|event| (event.to_string(), said(&evil))).collect(),
    };
    for language in [Language::Persian, Language::English] {
        let page = page(&books.documents, books.receivables.invoices(), &head, language);
        assert!(!page.contains("<script") && page.contains("&lt;script&gt;") && page.contains("&quot;&amp;"));
    }
}

#[test]
fn a_persian_page_is_persian() {
    let page = page_case(&cases()[0], Language::Persian).unwrap();
    assert!(page.contains("<html lang=\"fa\" dir=\"rtl\">") && page.contains("صورت‌حساب") && page.contains("ریال"), "{page}");
    let body = page.split("<body>").nth(1).unwrap();
    // What is Latin stands isolated, so that it does not turn the sentence round.
    let mut outside = String::new();
    let mut depth = 0;
    for part in body.split_inclusive('>') {
        if depth == 0 {
            outside += part.split('<').next().unwrap();
        }
        depth += i32::from(part.contains("<bdi dir")) - i32::from(part.contains("</bdi>") && depth > 0);
    }
    assert!(!outside.chars().any(|character| character.is_ascii_alphanumeric()), "{outside}");
}

#[test]
fn a_sum_is_spelled_in_both_languages_with_its_sign() {
    // A removal that was recorded late: two credit notes, of 700,000 and 3,100,000 rials.
    let [persian, english] = [Language::Persian, Language::English].map(|language| page_case(&cases()[1], language).unwrap());
    assert!(persian.contains("(دو میلیون ریال)") && persian.contains("(منفی هفتصد هزار ریال)"), "{persian}");
    assert!(english.contains("(two million rials)") && english.contains("(minus seven hundred thousand rials)"), "{english}");
}
