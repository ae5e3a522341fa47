//! Cases of our own: each rule and each switch, reckoned by hand. A case lists its documents as lines of text, and what else matters.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use billing::command::bill_case;
use serde_json::{Value, json};
use std::path::Path;

fn check(file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(file);
    let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let mut wrong = Vec::new();
    for case in &cases {
        let name = case["name"].as_str().unwrap();
        let answer = match bill_case(&case["input"].to_string(), false) {
            Ok(answer) => shown(&serde_json::to_value(answer).unwrap()),
            Err(error) => json!({"error": error.to_string()}),
        };
        for (key, expected) in case["expected"].as_object().unwrap() {
            differences(&format!("{name}: {key}"), &answer[key], expected, &mut wrong);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Documents and the work list as text; the rest as it is.
fn shown(answer: &Value) -> Value {
    let mut shown = answer.clone();
    shown["documents"] = answer["documents"].as_array().unwrap().iter().map(document).collect();
    shown["balances"] = answer["ledger"]["balances"].clone();
    shown["work_list"] = match answer["work_list"].as_array() {
        Some(list) => list.iter().map(|work| work["reason"].clone()).collect(),
        None => json!([]),
    };
    shown
}

/// `1398/05/01 invoice 1500000: install 800000, usage 700000 (7)`.
fn document(document: &Value) -> Value {
    let line = |line: &Value| {
        let days = line["days"].as_i64().map_or(String::new(), |days| format!(" ({days})"));
        format!("{} {}{days}", line["code"].as_str().unwrap(), line["amount"])
    };
    let lines: Vec<String> = document["lines"].as_array().unwrap().iter().map(line).collect();
    let stands = if document["status"] == "void" { " (void)" } else { "" };
    let day = &document["run_at"]["jalali"].as_str().unwrap()[..10];
    format!("{day} {} {}{stands}: {}", document["kind"].as_str().unwrap(), document["total"], lines.join(", ")).into()
}

/// Objects need hold no more than what is expected of them; a text may be a part.
fn differences(at: &str, found: &Value, expected: &Value, wrong: &mut Vec<String>) {
    match (found, expected) {
        (Value::Object(_), Value::Object(parts)) => {
            parts.iter().for_each(|(key, expected)| differences(&format!("{at}.{key}"), &found[key], expected, wrong));
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().for_each(|(place, (a, b))| differences(&format!("{at}[{place}]"), a, b, wrong));
        }
        (Value::String(text), Value::String(part)) if text.contains(part.as_str()) => {}
        _ if found == expected => {}
        _ => wrong.push(format!("{at}: {found}\n  expected {expected}")),
    }
}

#[test]
fn days_and_leave() {
    check("days.json");
}

#[test]
fn prices_waivers_and_caps() {
    check("prices.json");
}

#[test]
fn documents_and_corrections() {
    check("documents.json");
}

#[test]
fn money_and_deposits() {
    check("money.json");
}

#[test]
fn what_is_void_is_billed_anew() {
    check("void.json");
}

#[test]
fn contradictions_and_refusals() {
    check("refused.json");
}

#[test]
fn reasons_come_with_the_currency_and_with_codes_for_programs() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("cases/documents.json")).unwrap();
    let answer = |explain| serde_json::to_value(bill_case(&cases[0]["input"].to_string(), explain).unwrap()).unwrap();
    let (plain, explained) = (answer(false), answer(true));
    assert_eq!((&plain["currency"], &explained["currency"]), (&Value::Null, &json!("IRR")));
    let because = &explained["documents"][0]["lines"][1]["because"][0];
    assert_eq!((&because["code"], &because["why"]), (&json!("used"), &json!("used, by the tariff of that day")));
    assert!(plain["documents"][0]["lines"][1]["because"].is_null());
}
