//! The command, as a clerk's computer calls it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use billing::command::{Case, bill_case, documents_json};
use billing::page::{FactKind, FactSaid, Head, Paper};
use billing::{Document, replay};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// An empty folder of one test.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn run(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_invoice-pdf"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that refuses its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn answer() -> String {
    serde_json::to_string(&bill_case(include_str!("cases/year.json"), true).unwrap()).unwrap()
}

#[test]
fn one_document_from_standard_input_to_standard_output_or_a_file() {
    let folder = folder("one");
    let out = run(&folder, &["--language", "fa", "--number", "INV-1"], &answer());
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert!(out.stdout.starts_with(b"%PDF-1.7"));
    std::fs::write(folder.join("answer.json"), answer()).unwrap();
    let filed = run(&folder, &["--language", "fa", "--number", "INV-1", "-o", "one.pdf", "answer.json"], "");
    assert!(filed.status.success() && filed.stdout.is_empty(), "{}", String::from_utf8_lossy(&filed.stderr));
    assert!(std::fs::read(folder.join("one.pdf")).unwrap() == out.stdout);
}

/// An invoice as `Documents.RenderDocument` gives it in JSON, with what its facts are.
fn issued() -> String {
    let Case { timeline, .. } = Case::parse(include_str!("cases/year.json")).unwrap();
    let books = replay(&timeline).unwrap();
    let said = FactSaid { kind: FactKind::Leave, number: "7".into(), decision: "12/34".into(), ..FactSaid::default() };
    let facts = books.documents.iter().flat_map(Document::events).map(|event| (event.to_string(), said.clone())).collect();
    let head = Head { name: "سارا رضایی".into(), reference: "w-1".into(), facts, ..Head::default() };
    let paper = |document| Paper { document, invoice: books.receivables.invoices().first(), head: &head };
    documents_json(&[paper(&books.documents[0])], timeline.as_of.day()).unwrap()
}

#[test]
fn an_issued_document_is_printed_with_what_its_facts_are() {
    let (folder, issued) = (folder("issued"), issued());
    assert!(issued.contains("12/34"), "{issued}");
    let out = run(&folder, &["--language", "fa", "-o", "issued.pdf"], &issued);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert!(std::fs::read(folder.join("issued.pdf")).unwrap().starts_with(b"%PDF-1.7"));
}

#[test]
fn a_folder_gets_each_document_as_a_file() {
    let folder = folder("each");
    std::fs::write(folder.join("head.json"), r#"{"name": "Sara", "centre": "Tehran", "account": "IR12"}"#).unwrap();
    let out = run(&folder, &["--language", "en", "--out-dir", "out", "--head", "head.json"], &answer());
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let names: Vec<String> = String::from_utf8(out.stdout).unwrap().lines().map(str::to_owned).collect();
    assert!(names.len() >= 10 && names[0] == "out/001-INV-1.pdf", "{names:?}");
    for name in &names {
        assert!(std::fs::read(folder.join(name)).unwrap().starts_with(b"%PDF-1.7"), "{name}");
    }
}

#[test]
fn what_is_wrong_is_said_with_what_to_do() {
    let folder = folder("wrong");
    std::fs::write(folder.join("head.json"), r#"{"nmae": "Sara"}"#).unwrap();
    let refused = |arguments: &[&str], input: &str, part: &str| {
        let out = run(&folder, arguments, input);
        let said = String::from_utf8(out.stderr).unwrap();
        assert!(!out.status.success() && out.stdout.is_empty() && said.contains(part), "{said}\n  expected: {part}");
        assert!(!said.contains("panicked"), "{said}");
    };
    refused(&["--language", "fa"], "{}", "paband billing case FILE --explain");
    refused(&["--language", "fa", "nowhere.json"], "", "cannot read nowhere.json");
    refused(&["--language", "fa", "--number", "INV-99"], &answer(), "there is no document INV-99");
    refused(&["--language", "fa", "--head", "head.json"], &answer(), "says no head: write {\"name\"");
    refused(&["--language", "fa", "-o", "no/such/folder.pdf"], &answer(), "cannot write no/such/folder.pdf");
    refused(&["--language", "fr"], "", "[possible values: fa, en]");
    refused(&[], "", "--language");
}
