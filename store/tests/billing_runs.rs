//! Runs over many persons: who is due, what a run that broke off becomes, runs that somebody asks for, previews and "what if".

#![allow(clippy::unwrap_used)]

mod billed;

use billed::{documents, house, tehran};
use billing::calendar::Day;
use billing::{LeaveDay, Money, Policy, Tariff};
use chrono::{DateTime, Utc};
use store::testing::staff;
use store::{Alternative, PortionOf, Previewed, Store};

/// The first instants of Ordibehesht to Tir 1403.
fn months() -> [DateTime<Utc>; 3] {
    ["2024-04-20T00:00:00", "2024-05-21T00:00:00", "2024-06-21T00:00:00"].map(tehran)
}

async fn due(store: &Store, month: DateTime<Utc>, since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Vec<i64> {
    store.books_due(month, since, now).await.unwrap()
}

#[tokio::test]
async fn who_is_due_is_found_whatever_was_missed() {
    let (_database, store, client) = house(3).await;
    let [first, second, third] = months();
    assert_eq!(due(&store, first, None, first).await, [1, 2, 3], "nobody has books yet");
    store.books_carry_on(&[1, 2], tehran("2024-04-21T00:00:00")).await.unwrap();
    assert_eq!(due(&store, first, None, first).await, [3]);
    store.books_carry_on(&[3], tehran("2024-04-21T00:00:00")).await.unwrap();
    assert_eq!(due(&store, first, None, first).await, [0; 0]);
    assert_eq!(due(&store, second, Some(second), second).await, [1, 2, 3], "a month began, and the service did not run");
    store.books_carry_on(&[1, 2, 3], second).await.unwrap();
    // One is removed: the final run is due at once.
    let removed = "UPDATE fittings SET period = tstzrange(lower(period), '2024-05-25 12:00+03:30') WHERE wearer_id = 2;
        INSERT INTO removals (fitting_id, at, recorded_at, removed_by, reason, condition, deposit, tag_state)
        SELECT fitting_id, upper(period), '2024-05-25 12:01+03:30', 'x', 'order_ended', 'good', 'none', 'returned' FROM fittings WHERE wearer_id = 2";
    client.batch_execute(removed).await.unwrap();
    assert_eq!(due(&store, second, Some(tehran("2024-05-25T00:00:00")), tehran("2024-05-25T12:02:00")).await, [2]);
    let last = store.books_carry_on(&[2], tehran("2024-05-25T12:02:00")).await.unwrap();
    assert_eq!((last.documents, last.credited), (1, -2_700_000), "27 days of Khordad that will not be used");
    // Money that was recorded, and its follow-up killed.
    let paid = "INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, amount) VALUES (3, 'payment', '2024-05-26', '2024-05-26', 'x', 5)";
    client.batch_execute(paid).await.unwrap();
    let later = tehran("2024-05-26T12:00:00");
    assert_eq!(due(&store, second, None, later).await, [3]);
    store.books_carry_on(&[3], later).await.unwrap();
    assert_eq!(due(&store, second, None, later).await, [0; 0]);
    // Whose facts make no bill is tried again after an hour, and holds nobody up.
    client
        .batch_execute("UPDATE order_facts SET cancelled_at = now(), cancelled_by = 'x', cancel_reason = 'x' WHERE order_id = 1")
        .await
        .unwrap();
    assert_eq!(store.books_carry_on(&[1, 2, 3], third).await.unwrap().blocked, 1);
    assert_eq!(due(&store, third, Some(third), tehran("2024-06-21T00:30:00")).await, [0; 0]);
    assert_eq!(due(&store, third, Some(third), tehran("2024-06-21T01:30:00")).await, [1]);
    let work = store.books_work(&staff(), "", true, (0, -1), 10).await.unwrap();
    assert_eq!(work.iter().map(|work| work.wearer.as_str()).collect::<Vec<_>>(), ["w1"]);
}

#[tokio::test]
async fn a_monthly_run_that_broke_off_goes_on_and_is_over_once() {
    let (_database, store, _client) = house(4).await;
    let [first, second, third] = months();
    assert_eq!(store.books_run_monthly(first, first).await.unwrap(), None, "nobody has books yet");
    store.books_carry_on(&[1, 2, 3, 4], tehran("2024-04-21T00:00:00")).await.unwrap();
    let run_id = store.books_run_monthly(second, second).await.unwrap().unwrap();
    store.books_portion(&[1, 2], second, PortionOf::Due(Some(run_id))).await.unwrap();
    // Here it was killed. The next look finds the run and the rest.
    assert_eq!(store.books_run_monthly(second, second).await.unwrap(), Some(run_id));
    assert_eq!(due(&store, second, Some(second), second).await, [3, 4]);
    store.books_portion(&[3, 4], second, PortionOf::Due(Some(run_id))).await.unwrap();
    store.books_run_end(run_id, second).await.unwrap();
    assert_eq!(store.books_run_monthly(second, second).await.unwrap(), None);
    let run = store.books_run(&staff(), run_id, second).await.unwrap();
    assert_eq!((run.due, run.issued.persons, run.issued.documents, run.issued.charged), (4, 4, 4, 12_400_000));
    assert!(run.is_monthly && !run.is_broken_off && run.ended_at.is_some());
    let next = store.books_run_monthly(third, third).await.unwrap().unwrap();
    assert!(next > run_id);
    assert!(store.books_run(&staff(), next, third).await.is_ok_and(|run| !run.is_broken_off), "it has just begun");
    let later = third + chrono::TimeDelta::minutes(11);
    assert!(store.books_run(&staff(), next, later).await.is_ok_and(|run| run.is_broken_off), "and does not get on");
}

/// Five nights of leave in Khordad, recorded on 2024-06-01.
const LEAVE: &str = "
    INSERT INTO leave_acts (wearer_id, state, valid_from, valid_to, kind, exclusion, purpose, requested_by, requested_at, authority, decision_number,
        decision_date, decided_by, decided_at)
    VALUES (1, 'approved', '2024-05-25 14:00+03:30', '2024-05-30 10:00+03:30', 'overnight', false, 'x', 'sara', '2024-06-01', 'x', 'x', '2024-06-01', 'reza',
        '2024-06-01')";

#[tokio::test]
async fn a_preview_shows_what_a_run_then_issues_and_writes_nothing() {
    let (_database, store, client) = house(2).await;
    let [_, second, _] = months();
    store.books_carry_on(&[1, 2], second).await.unwrap();
    client.batch_execute(LEAVE).await.unwrap();
    let at = tehran("2024-06-02T12:00:00");
    let before = documents(&client).await;
    let seen = store.books_preview(&[1, 2], at).await.unwrap();
    assert_eq!(documents(&client).await, before);
    let told = |seen: &[Previewed]| -> Vec<(String, Vec<i64>)> {
        let totals = |one: &Previewed| one.documents.as_ref().unwrap().iter().map(|document| document.total.minor_units()).collect();
        seen.iter().map(|one| (one.wearer.clone(), totals(one))).collect()
    };
    assert_eq!(told(&seen), [("w1".to_owned(), vec![-500_000]), ("w2".to_owned(), vec![])]);
    let run_id = store.books_run_person(&staff(), "w1", at).await.unwrap();
    let run = store.books_run(&staff(), run_id, at).await.unwrap();
    assert_eq!((run.wearer.as_str(), run.issued.documents, run.issued.credited), ("w1", 1, -500_000));
    let next = store.books_run_person(&staff(), "w1", tehran("2024-06-02T12:05:00")).await.unwrap();
    assert_eq!(store.books_run(&staff(), next, at).await.unwrap().issued.documents, 0, "again right after: nothing");
    // Next month's invoices, by what is recorded today.
    let ahead = store.books_preview(&[1, 2], tehran("2024-06-21T00:00:00")).await.unwrap();
    assert_eq!(told(&ahead), [("w1".to_owned(), vec![3_100_000]), ("w2".to_owned(), vec![3_100_000])]);
    assert_eq!(store.books_verify().await.unwrap(), []);
}

#[tokio::test]
async fn another_tariff_and_another_policy_are_tried_on_everybody() {
    let (_database, store, client) = house(3).await;
    let [_, second, _] = months();
    store.books_carry_on(&[1, 2, 3], second).await.unwrap();
    client.batch_execute(LEAVE).await.unwrap();
    let khordad = Day::new(1403, 3, 1).unwrap().month();
    let dearer = Tariff {
        version: "1403".into(),
        effective_from: Day::new(1403, 3, 11).unwrap(),
        daily: Money::rials(300_000),
        ..Tariff::directive_1398()
    };
    let tried = store.books_what_if(&[1, 2, 3], &Alternative { tariff: Some(dearer), policy: None }, (khordad, khordad)).await.unwrap();
    // 31 days, of which 21 would cost three times as much; one person was on leave on 5 of the first 10 days.
    let full = (3_100_000, 1_000_000 + 21 * 300_000);
    assert_eq!((tried.persons, tried.changed), (3, 3));
    assert_eq!(tried.months[&khordad], (Money::rials(3 * full.0 - 500_000), Money::rials(3 * full.1 - 500_000)));
    let kinder = Policy { leave_day: LeaveDay::AnyPart, ..Policy::default() };
    let tried = store.books_what_if(&[1, 2, 3], &Alternative { tariff: None, policy: Some(kinder) }, (khordad, khordad)).await.unwrap();
    assert_eq!(
        tried.persons_changed,
        [("w1".to_owned(), Money::rials(2_600_000), Money::rials(2_500_000))],
        "the day of return would be free too"
    );
}

/// The second person's books cannot be read, the third's not be written.
const BROKEN: &str = "
    UPDATE billing_accounts SET facts = '[]' WHERE wearer_id = 2;
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not this one'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON billing_documents FOR EACH ROW WHEN (NEW.wearer_id = 3) EXECUTE FUNCTION refuse()";

#[tokio::test]
async fn whose_books_are_broken_holds_up_nobody_of_a_run_and_is_in_its_report() {
    let (_database, store, client) = house(4).await;
    let [_, second, third] = months();
    store.books_carry_on(&[1, 2, 3, 4], second).await.unwrap();
    client.batch_execute(BROKEN).await.unwrap();
    let (run_id, is_new) = store.books_run_ask(&staff(), "", third).await.unwrap();
    assert!(is_new);
    while store.books_run_next(run_id).await.unwrap() {}
    let run = store.books_run(&staff(), run_id, third).await.unwrap();
    assert_eq!((run.due, run.issued.persons, run.issued.blocked, run.issued.documents), (4, 2, 2, 2));
    assert!(run.ended_at.is_some());
    let work = store.books_work(&staff(), "", true, (0, -1), 10).await.unwrap();
    let reasons: Vec<(&str, bool)> = work.iter().map(|work| (work.wearer.as_str(), work.reason.text.contains("not this one"))).collect();
    assert_eq!(reasons, [("w2", false), ("w3", true)], "{work:?}");
    // Asked for that person alone it is the same.
    let alone = store.books_run_person(&staff(), "w3", third).await.unwrap();
    let alone = store.books_run(&staff(), alone, third).await.unwrap();
    assert_eq!((alone.issued.persons, alone.issued.blocked, alone.ended_at.is_some()), (0, 1, true));
    assert_eq!(store.books_verify().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn four_services_go_on_with_one_run_and_do_each_person_once() {
    let (_database, store, client) = house(1200).await;
    let [_, second, _] = months();
    store.books_carry_on(&(1..=1200).collect::<Vec<_>>(), second).await.unwrap();
    client
        .batch_execute(&LEAVE.replace("VALUES (1,", "SELECT wearer_id,").replace("'2024-06-01')", "'2024-06-01' FROM wearers"))
        .await
        .unwrap();
    let at = tehran("2024-06-02T12:00:00");
    let (run_id, _) = store.books_run_ask(&staff(), "", at).await.unwrap();
    // One portion, and here it was broken off.
    assert!(store.books_run_next(run_id).await.unwrap());
    assert_eq!(store.books_runs_under_way(Utc::now()).await.unwrap(), [run_id]);
    let services = (0..4).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { while store.books_run_next(run_id).await.unwrap() {} })
    });
    for service in services.collect::<Vec<_>>() {
        service.await.unwrap();
    }
    let run = store.books_run(&staff(), run_id, at).await.unwrap();
    assert_eq!((run.issued.persons, run.issued.documents, run.issued.credited), (1200, 1200, -1200 * 500_000));
    let at_the_instant = "SELECT count(*) FROM billing_documents WHERE kind = 'credit_note' AND run_at = $1";
    assert_eq!(client.query_one(at_the_instant, &[&at]).await.unwrap().get::<_, i64>(0), 1200);
    assert_eq!(store.books_runs_under_way(Utc::now()).await.unwrap(), [0; 0]);
    assert_eq!(store.books_verify().await.unwrap(), []);
}
