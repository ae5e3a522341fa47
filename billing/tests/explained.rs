//! Every line explains itself: what is left out of a bill, what was taken back, which tariff row has the cap, and what a deposit is for.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use billing::command::bill_case;
use serde_json::{Value, json};

/// The reasons of each line, as `DOCUMENT CODE: WHY FACTS TARIFF DAYS`.
fn reasons(events: &Value, as_of: &str) -> Vec<String> {
    let case = json!({"case": "explained", "as_of": as_of, "events": events});
    let answer = serde_json::to_value(bill_case(&case.to_string(), true).unwrap()).unwrap();
    let mut reasons = Vec::new();
    for (place, document) in answer["documents"].as_array().unwrap().iter().enumerate() {
        for line in document["lines"].as_array().unwrap() {
            for because in line["because"].as_array().into_iter().flatten() {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                let facts = because["events"].as_array().into_iter().flatten().map(text).collect::<Vec<_>>().join("+");
                let (code, why, tariff, days) =
                    (text(&line["code"]), text(&because["code"]), text(&because["tariff"]), text(&because["days"]["jalali"]));
                reasons.push(format!("{place} {code}: {why} {facts} {tariff} {days}"));
            }
        }
    }
    reasons
}

fn with(more: &[Value]) -> Value {
    let mut events =
        vec![json!({"type": "install", "id": "on", "at": "1398/05/02 10:00", "order": "O1", "regime": "tag", "chargeable": true})];
    events.extend_from_slice(more);
    Value::Array(events)
}

#[test]
fn a_first_bill_says_why_days_are_left_out() {
    let leave = json!({"type": "leave", "id": "L7", "from": "1398/06/10 12:00", "to": "1398/06/12 12:00", "recorded_at": "1398/05/20"});
    let found = reasons(&with(&[leave]), "1398/06/01 00:00");
    let of_second: Vec<&str> = found.iter().map(String::as_str).filter(|reason| reason.starts_with("1 usage")).collect();
    assert_eq!(
        of_second,
        [
            "1 usage: used  1398 1398/06/01..1398/06/09",
            "1 usage: leave L7  1398/06/10..1398/06/11",
            "1 usage: used  1398 1398/06/12..1398/06/31"
        ]
    );
    assert!(found.contains(&"0 cap: capped  1398 ".to_owned()), "{found:?}");
}

#[test]
fn what_was_taken_back_is_named() {
    let facts = [
        json!({"type": "leave", "id": "L7", "from": "1398/06/10 12:00", "to": "1398/06/12 12:00", "recorded_at": "1398/05/20"}),
        json!({"type": "waiver", "id": "W1", "from": "1398/06/01", "to": null, "percent": 50, "covers": ["daily"], "recorded_at": "1398/05/20"}),
        json!({"type": "cancel", "id": "C1", "ref": "L7", "at": "1398/06/11"}),
        json!({"type": "cancel", "id": "C2", "ref": "W1", "at": "1398/06/20"}),
        json!({"type": "remove", "id": "off", "at": "1398/06/25"}),
    ];
    let found = reasons(&with(&facts), "1398/06/26");
    for expected in ["2 adjust_usage: used C1 1398 1398/06/10..1398/06/11", "2 adjust_waiver: no_waiver C2  "] {
        assert!(found.iter().any(|reason| reason == expected), "{expected} in {found:#?}");
    }
}

#[test]
fn a_deposit_names_what_it_is_for_and_a_cap_that_is_reached_no_more_says_so() {
    let facts = [
        json!({"type": "regime", "id": "house", "at": "1398/05/10", "regime": "house", "deposit_required": 5_000_000}),
        json!({"type": "damage", "id": "D1", "at": "1398/05/11", "amount": 700_000}),
        json!({"type": "remove", "id": "off", "at": "1398/05/12"}),
    ];
    let found = reasons(&with(&facts), "1398/05/20");
    for expected in [
        "1 deposit_request: deposit house  ",
        "2 damage: damage D1  ",
        "3 adjust_cap: not_capped   ",
        "3 adjust_usage: not_fitted off  1398/05/12..1398/05/31",
    ] {
        assert!(found.iter().any(|reason| reason == expected), "{expected} in {found:#?}");
    }
}
