//! The worked cases that come with the billing policy, field by field. They lie beside the project; without them the test says so.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use billing::command::bill_case;
use serde_json::Value;

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/billing_cases.json");

#[test]
fn the_worked_cases_are_equal_field_by_field() {
    let Ok(text) = std::fs::read_to_string(CASES) else {
        eprintln!("skipped: {CASES} is missing");
        return;
    };
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert!(cases.len() >= 14);
    let mut wrong = Vec::new();
    for case in &cases {
        let answer = bill_case(&case["input"].to_string(), false).unwrap();
        differences(case["id"].as_str().unwrap(), &serde_json::to_value(answer).unwrap(), &case["expected"], &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn differences(at: &str, found: &Value, expected: &Value, wrong: &mut Vec<String>) {
    match (found, expected) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys()).collect::<std::collections::BTreeSet<_>>() {
                differences(
                    &format!("{at}.{key}"),
                    found.get(key).unwrap_or(&Value::Null),
                    expected.get(key).unwrap_or(&Value::Null),
                    wrong,
                );
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().for_each(|(place, (a, b))| differences(&format!("{at}[{place}]"), a, b, wrong));
        }
        _ if found == expected => {}
        _ => wrong.push(format!("{at}: {found}, expected {expected}")),
    }
}
