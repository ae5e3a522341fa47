//! What must hold for every timeline.

use super::auditor;
use super::scenario::{Scenario, scenario};
use billing::calendar::Moment;
use billing::command::{Case, bill_case};
use billing::{Account, Claim, Document, Fact, Money, StoredDocument, Timeline, What, carry_on, rate, replay, settle};
use proptest::prelude::*;
use serde_json::{Value, json};

fn answer(case: &Value) -> Value {
    serde_json::to_value(bill_case(&case.to_string(), true).unwrap()).unwrap()
}

fn sum<'a>(list: impl IntoIterator<Item = &'a Value>) -> i64 {
    list.into_iter().map(|amount| amount.as_i64().unwrap()).sum()
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

/// Months without the lists of days, which the auditor does not write.
fn plain_months(answer: &Value) -> Value {
    let mut months = answer["months"].clone();
    for month in months.as_object_mut().unwrap().values_mut() {
        let month = month.as_object_mut().unwrap();
        month.remove("leave");
        month.remove("suspended");
    }
    months
}

fn nets(answer: &Value) -> i64 {
    sum(answer["months"].as_object().unwrap().values().map(|month| &month["net"]))
}

fn billed_documents(answer: &Value) -> i64 {
    let fees = ["invoice", "credit_note", "rerate_note", "statement"];
    sum(list(&answer["documents"])
        .iter()
        .filter(|document| fees.contains(&document["kind"].as_str().unwrap()) && document["status"] != "void")
        .map(|document| &document["total"]))
}

/// A void document and its reversal: the same postings, turned about, once.
fn check_void(answer: &Value, document: &Value) {
    let entries = |text: String| list(&answer["ledger"]["entries"]).iter().filter(move |entry| entry["text"] == *text).collect::<Vec<_>>();
    let number = document["number"].as_str().unwrap();
    let (issued, reversed) = (entries(number.to_owned()), entries(format!("void {number}")));
    assert_eq!((issued.len(), reversed.len()), (1, 1), "{number}");
    let turned = |posting: &Value| json!([posting[0], -posting[1].as_i64().unwrap()]);
    assert_eq!(list(&issued[0]["postings"]).iter().map(turned).collect::<Vec<_>>(), *list(&reversed[0]["postings"]));
}

/// The facts that name nothing but themselves and time; whether money could be placed depends on when it came.
fn check_books(answer: &Value) {
    for document in list(&answer["documents"]) {
        assert_eq!(sum(list(&document["lines"]).iter().map(|line| &line["amount"])), document["total"].as_i64().unwrap(), "{document:#}");
        let total = document["total"].as_i64().unwrap();
        match document["kind"].as_str().unwrap() {
            "credit_note" => assert!(total < 0),
            "rerate_note" | "statement" => assert_eq!(total, 0),
            _ => assert!(total > 0),
        }
        if document["status"] == "void" {
            assert_eq!((&document["open"], &document["paid"]), (&json!(0), &json!(0)));
            check_void(answer, document);
        }
        for line in list(&document["lines"]) {
            if let (Some(days), Some(unit)) = (line["days"].as_i64(), line["unit"].as_i64()) {
                assert_eq!(days * unit, line["amount"].as_i64().unwrap(), "{line:#}");
            }
        }
    }
    for entry in list(&answer["ledger"]["entries"]) {
        assert_eq!(sum(list(&entry["postings"]).iter().map(|posting| &posting[1])), 0, "{entry:#}");
    }
    let (balances, account) = (&answer["ledger"]["balances"], &answer["account"]);
    let balance = |name: &str| balances[name].as_i64().unwrap_or(0);
    let amount = |name: &str| account[name].as_i64().unwrap();
    assert_eq!(balance("assets:receivable"), amount("balance_due") - amount("credit"));
    assert_eq!(balance("assets:cash:deposit"), -balance("liabilities:deposit"));
    assert_eq!(balance("assets:cash:deposit"), account["deposit"]["held"].as_i64().unwrap());
    assert_eq!(balance("assets:cash:fees"), amount("paid") - amount("refunded"));
    assert_eq!(balance("expenses:setaside"), amount("set_aside"));
    assert_eq!(amount("billed") - amount("credited") - amount("paid") + amount("refunded"), amount("balance_due") - amount("credit"));
    assert_eq!(sum(account["aging"].as_object().unwrap().values()), amount("balance_due"));
    assert!(amount("credit") == 0 || amount("balance_due") == 0, "credit pays what is open");
    let damage = list(&answer["documents"]).iter().filter(|document| document["kind"] == "damage_invoice");
    let kept = amount("paid") - amount("refunded") - amount("credit") - sum(damage.map(|document| &document["paid"]));
    assert_eq!(amount("set_aside"), kept.max(0) * 5 / 100);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_auditor_finds_the_same_truth(scenario in scenario()) {
        let answer = answer(&scenario.json());
        prop_assert_eq!(plain_months(&answer), auditor::months(&scenario));
    }

    #[test]
    fn documents_and_what_is_unbilled_are_the_truth(scenario in scenario()) {
        let answer = answer(&scenario.json());
        prop_assert_eq!(billed_documents(&answer) + answer["unbilled"].as_i64().unwrap(), nets(&answer));
    }

    #[test]
    fn the_books_hold_together(scenario in scenario()) {
        check_books(&answer(&scenario.json()));
    }

    #[test]
    fn the_order_of_a_file_changes_nothing(scenario in scenario(), seed in any::<u64>()) {
        let mut case = scenario.json();
        let before = answer(&case);
        let events = case["events"].as_array_mut().unwrap();
        // A sort by a scrambled place is a shuffle.
        let mut place = 0_u64;
        events.sort_by_cached_key(|_| { place += 1; (place ^ seed).wrapping_mul(0x9E37_79B9_7F4A_7C15) });
        prop_assert_eq!(before, answer(&case));
    }

    #[test]
    fn whenever_facts_are_recorded_the_truth_is_the_same(scenario in scenario(), delays in prop::collection::vec(0..100_i64, 14)) {
        let known = |scenario: &Scenario, recorded: &dyn Fn(usize) -> i64| {
            let mut scenario = scenario.clone();
            for (place, event) in scenario.events.iter_mut().enumerate() {
                (event.recorded, event.cancelled) = (recorded(place), None);
            }
            answer(&scenario.json())
        };
        let early = known(&scenario, &|_| scenario.as_of - 200 * 86_400);
        let late = known(&scenario, &|place| scenario.as_of - delays[place] * 86_400);
        prop_assert_eq!(&early["months"], &late["months"]);
        prop_assert_eq!(
            billed_documents(&early) + early["unbilled"].as_i64().unwrap(),
            billed_documents(&late) + late["unbilled"].as_i64().unwrap()
        );
    }

    #[test]
    fn a_run_bills_all_and_the_same_run_again_nothing(scenario in scenario()) {
        let mut case = scenario.json();
        let run = |id: &str| json!({"type": "run", "at": case["as_of"], "id": id});
        let (first, second) = (run("run 1"), run("run 2"));
        case["events"].as_array_mut().unwrap().push(first);
        let once = answer(&case);
        prop_assert_eq!(&once["unbilled"], &json!(0));
        case["events"].as_array_mut().unwrap().push(second);
        prop_assert_eq!(once, answer(&case));
    }

    /// Whatever invoices nobody paid are made void after their facts were mended: the next run bills the truth, and the one after it nothing.
    #[test]
    fn after_void_and_run_what_stands_is_the_truth(scenario in scenario(), numbers in prop::collection::vec(1..6_u8, 1..4)) {
        let mut case = scenario.json();
        let at = |seconds: i64| super::calendar::utc(scenario.as_of + seconds);
        let before = answer(&case);
        for (place, number) in numbers.iter().enumerate() {
            let void = json!({"type": "void", "at": at(60 + place as i64), "invoice": format!("INV-{number}"), "id": format!("void {place}")});
            case["events"].as_array_mut().unwrap().push(void);
        }
        case["as_of"] = at(100).into();
        let voided = answer(&case);
        check_books(&voided);
        prop_assert!(list(&voided["documents"]).len() == list(&before["documents"]).len() || scenario.is_run_between(100));
        for (id, seconds) in [("run 1", 200), ("run 2", 300)] {
            case["events"].as_array_mut().unwrap().push(json!({"type": "run", "at": at(seconds), "id": id}));
        }
        case["as_of"] = at(200).into();
        let once = answer(&case);
        check_books(&once);
        prop_assert_eq!(&once["unbilled"], &json!(0));
        prop_assert_eq!(billed_documents(&once), nets(&once));
        case["as_of"] = at(300).into();
        let twice = answer(&case);
        prop_assert!(twice["documents"].as_array().unwrap().len() == once["documents"].as_array().unwrap().len() || scenario.is_run_between(300));
        let is_void = |answer: &Value| list(&answer["documents"]).iter().filter(|document| document["status"] == "void").count();
        prop_assert_eq!(is_void(&twice), is_void(&voided));
    }

    /// What was issued and kept, and then carried on with what happened since, is the same as all of it from the beginning.
    #[test]
    fn books_that_are_carried_on_are_the_same_books(scenario in scenario(), back in 0..170_i64) {
        let whole = Case::parse(&scenario.json().to_string()).unwrap().timeline;
        let through: Moment = (whole.as_of.utc() - chrono::TimeDelta::days(back)).try_into().unwrap();
        let before = replay(&Timeline { as_of: through, ..whole.clone() }).unwrap();
        let kept = serde_json::to_string(&before.documents.iter().map(StoredDocument::from).collect::<Vec<_>>()).unwrap();
        let kept: Vec<StoredDocument> = serde_json::from_str(&kept).unwrap();
        let kept: Vec<Document> = kept.iter().map(|document| document.read().unwrap()).collect();
        prop_assert_eq!(&kept, &before.documents);
        let (carried, replayed) = (carry_on(&whole, kept, Some(through)).unwrap(), replay(&whole).unwrap());
        let truth = rate(&whole.facts, &whole.tariffs, &whole.policy, whole.as_of).unwrap();
        prop_assert_eq!(carried.work_list(&whole).unwrap(), [truth.work, carried.work.clone()].concat());
        prop_assert_eq!(carried.documents, replayed.documents);
        prop_assert_eq!(carried.ledger, replayed.ledger);
        prop_assert_eq!(carried.receivables, replayed.receivables);
        prop_assert_eq!(carried.deposit, replayed.deposit);
    }

    /// What the ledger and the documents alone tell of what is owed is what the books say.
    #[test]
    fn a_ledger_settles_as_its_books_do(scenario in scenario()) {
        let timeline = Case::parse(&scenario.json().to_string()).unwrap().timeline;
        let books = replay(&timeline).unwrap();
        let claims = books.documents.iter().filter_map(|document| Some((document.number.clone()?, Claim::from(document)))).collect();
        let receivable = |postings: &[(Account, Money)]| postings.iter().find(|(account, _)| *account == Account::Receivable).map(|(_, amount)| *amount);
        let entries = books.ledger.entries().iter().filter_map(|entry| Some((entry.text.as_str(), receivable(&entry.postings)?)));
        let named = |name: &str| timeline.facts.iter().find_map(|fact: &Fact| match &fact.what {
            What::Payment { invoice, .. } if fact.id.to_string() == name => invoice.clone(),
            _ => None,
        });
        let settled = settle(timeline.tariffs.currency(), entries, &claims, named).unwrap();
        prop_assert_eq!(settled.strange, Vec::<String>::new());
        prop_assert_eq!(settled.receivables.invoices(), books.receivables.invoices());
        prop_assert_eq!(settled.receivables.credit(), books.receivables.credit());
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,200}", time in "[0-9/: TZ+-]{0,25}") {
        let _ = bill_case(&text, false);
        let _ = time.parse::<billing::calendar::Moment>();
        let _ = bill_case(&json!({"as_of": time, "events": [{"type": "install", "at": time, "order": text}]}).to_string(), false);
    }
}
