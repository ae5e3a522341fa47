//! What is read, and what is refused with a word of what to do.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use billing::command::{Case, bill_case};
use billing::page::Head;
use billing::replay;
use invoice_pdf::case::{Stated, only, read};
use serde_json::{Value, json};

const YEAR: &str = include_str!("cases/year.json");

fn answer() -> Value {
    serde_json::to_value(bill_case(YEAR, true).unwrap()).unwrap()
}

fn all(answer: &Value) -> Vec<Stated> {
    read(&answer.to_string(), None).unwrap()
}

#[test]
fn what_is_read_is_what_was_issued() {
    let books = replay(&Case::parse(YEAR).unwrap().timeline).unwrap();
    let read = all(&answer());
    assert_eq!(read.len(), books.documents.len());
    for (stated, issued) in read.iter().zip(&books.documents) {
        // Every fact of this case has a name of its own: the answer names facts, not their places.
        assert_eq!(stated.document, *issued);
        let invoice = books.receivables.invoices().iter().find(|invoice| Some(&invoice.number) == issued.number.as_ref());
        assert_eq!(stated.open, invoice.map(|invoice| invoice.open));
        assert_eq!(stated.head.reference, "EM-40A7-00123");
    }
}

#[test]
fn the_nearest_head_counts() {
    let mut file = answer();
    let given = Head { name: "option".to_owned(), ..Head::default() };
    let name = |file: &Value, place: usize| read(&file.to_string(), Some(&given)).unwrap().remove(place).head.name;
    assert_eq!(name(&file, 1), "option");
    file["head"] = json!({"name": "file", "centre": "Tehran"});
    assert_eq!(name(&file, 1), "file");
    file["documents"][1]["head"] = json!({"name": "document"});
    assert_eq!((name(&file, 0).as_str(), name(&file, 1).as_str()), ("file", "document"));
}

#[test]
fn one_number_is_one_document() {
    let documents = all(&answer());
    assert_eq!(only(documents.clone(), "INV-2").unwrap().title(), "INV-2");
    let error = only(documents, "INV-99").unwrap_err().to_string();
    assert!(error.contains("no document INV-99") && error.contains("INV-1, "), "{error}");
}

#[test]
fn what_is_no_answer_is_refused_with_what_to_do() {
    let refused = |text: &str, part: &str| {
        let error = read(text, None).unwrap_err().to_string();
        assert!(error.contains(part), "{error}\n  expected: {part}");
    };
    let hint = "write it with `paband billing case FILE --explain`";
    refused("", hint);
    refused("not JSON", hint);
    refused("[]", hint);
    refused(YEAR, hint); // the case itself, not its answer
    refused(&serde_json::to_string(&bill_case(YEAR, false).unwrap()).unwrap(), "not without --explain");

    let changed = |pointer: &str, value: Value| {
        let mut file = answer();
        *file.pointer_mut(pointer).unwrap_or_else(|| panic!("nothing at {pointer}")) = value;
        file.to_string()
    };
    refused(&changed("/documents", json!([])), "nothing is due yet");
    refused(&changed("/currency", json!("rial")), "no currency code");
    refused(&changed("/documents/0/kind", json!("bill")), "unknown variant `bill`");
    refused(&changed("/documents/1/total", json!(1)), "document 2: its lines sum to");
    refused(&changed("/documents/0/total", json!(1.5)), hint);
    refused(&changed("/documents/0/run_at/utc", json!("yesterday")), "document 1: \"yesterday\" is no time");
    refused(&changed("/documents/0/lines/0/code", json!("tip")), "no lines of code \"tip\"");
    refused(&changed("/documents/0/due/jalali", json!("1402/12/30")), "no date of the Solar Hijri calendar");
    refused(&changed("/documents/0/lines/1/ranges/0/jalali", json!("1402/05/09..1402/05/01")), "days from 1402/05/09 to 1402/05/01");
    refused(&changed("/documents/0/lines/1/unit", Value::Null), "no price of a day");
}
