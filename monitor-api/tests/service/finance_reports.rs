//! Accounts and reports through a real connection: the same numbers as a case file's, sums that agree, and forgeries that are named.

use crate::finance_house::{Office, tehran};
use crate::house::{owned, reason, sql, wrong_fields};
use proto::billing as schema;
use proto::enrolment::Date;
use serde_json::{Value, json};

pub fn day(solar_hijri: &str) -> Option<Date> {
    Some(Date { solar_hijri: solar_hijri.to_owned(), gregorian: String::new() })
}

fn rials(money: &Option<schema::Money>) -> i64 {
    money.as_ref().unwrap().amount
}

/// Two months of three persons: a leave, a payment of more than is asked for, another of less.
pub async fn office() -> Office {
    let office = Office::new(3).await;
    office.carry_on(&[2, 3, 4], "2024-04-20T12:00:00").await;
    office.leave(2, "2024-05-02 14:00+03:30", "2024-05-25 10:00+03:30").await;
    office.payment(2, "2024-06-02", 9_000_000, None).await;
    office.payment(3, "2024-06-02", 3_100_000, Some("INV-tehran-1403-000005")).await;
    for month in ["2024-05-21T00:00:00", "2024-06-21T00:00:00", "2024-06-25T12:00:00"] {
        office.carry_on(&[2, 3, 4], month).await;
    }
    office
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_the_numbers_of_a_case_file() {
    let office = office().await;
    let case = json!({"as_of": "2024-06-25T12:00:00+03:30", "events": [
        {"type": "install", "at": "2024-04-20T09:00:00+03:30", "recorded_at": "2024-04-20T09:01:00+03:30", "order": "1"},
        {"type": "leave", "from": "2024-05-02T14:00:00+03:30", "to": "2024-05-25T10:00:00+03:30", "recorded_at": "2024-05-10T00:00:00Z"},
        {"type": "payment", "at": "2024-06-02T00:00:00Z", "amount": 9_000_000}]});
    let case: Value = serde_json::to_value(billing::command::bill_case(&case.to_string(), false).unwrap()).unwrap();
    let at = Some(prost_types::Timestamp { seconds: tehran("2024-06-25T12:00:00").timestamp(), nanos: 0 });
    let mut client = office.accounts().await;
    let account = client.get_account(schema::GetAccountRequest { wearer: "w-1".to_owned(), at }).await.unwrap().into_inner();
    let expected = &case["account"];
    for (name, found) in [
        ("billed", &account.billed),
        ("credited", &account.credited),
        ("paid", &account.paid),
        ("refunded", &account.refunded),
        ("balance_due", &account.balance_due),
        ("credit", &account.credit),
        ("set_aside", &account.set_aside),
    ] {
        assert_eq!(expected[name].as_i64(), Some(rials(found)), "{name}: {expected:#}");
    }
    assert!(rials(&account.credit) > 0 && rials(&account.credited) > 0, "the case has something of everything");
    assert_eq!(case["unbilled"].as_i64(), Some(rials(&account.unbilled)));
    let months = case["months"].as_object().unwrap();
    assert_eq!(account.months.len(), months.len());
    for month in &account.months {
        let of = month.month.unwrap();
        let expected = &months[&format!("{} {:04}-{:02}", month.order, of.year, of.month)];
        assert_eq!(
            [month.used_days, month.leave_days, month.billable_days, rials(&month.net)].map(Some),
            ["used_days", "leave_days", "billable_days", "net"].map(|name| expected[name].as_i64())
        );
    }
    // As it was known before the leave was recorded and the money came.
    let at = Some(prost_types::Timestamp { seconds: tehran("2024-05-01T12:00:00").timestamp(), nanos: 0 });
    let past = client.get_account(schema::GetAccountRequest { wearer: "w-1".to_owned(), at }).await.unwrap().into_inner();
    assert_eq!((rials(&past.billed), rials(&past.paid), rials(&past.credited), rials(&past.unbilled)), (3_000_000, 0, 0, 0));
    let asked =
        schema::GetAccountRequest { wearer: "w-1".to_owned(), at: Some(prost_types::Timestamp { seconds: 4_000_000_000, nanos: 0 }) };
    assert_eq!(wrong_fields(&client.get_account(asked).await.unwrap_err()), [owned(("at", "IN_FUTURE"))]);
    let nobody = schema::GetAccountRequest { wearer: "w-9".to_owned(), at: None };
    assert_eq!(reason(&client.get_account(nobody).await.unwrap_err()).0, "UNKNOWN_WEARER");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_day_of_a_month_says_what_it_costs_and_why() {
    let office = office().await;
    let month = Some(schema::SolarMonth { year: 1403, month: 2 });
    let asked = schema::GetAccountMonthRequest { wearer: "w-1".to_owned(), month, at: None };
    let days = office.accounts().await.get_account_month(asked).await.unwrap().into_inner().days;
    assert_eq!(days.len(), 31);
    let of = |code: &str| days.iter().filter(|day| day.code == code).count();
    // Left on 1403/02/13 at 14:00, back on 1403/03/05.
    assert_eq!((of("used"), of("leave")), (12, 19));
    let (used, free) = (&days[0], &days[12]);
    assert_eq!((used.rule.as_str(), used.tariff.as_str(), rials(&used.net)), ("R2, R4", "1398", 100_000));
    assert_eq!((free.code.as_str(), free.facts.as_slice(), free.net.clone()), ("leave", &["leave:1".to_owned()][..], None));
    assert_eq!(free.day.clone().unwrap().solar_hijri, "1403/02/13");
}

#[tokio::test(flavor = "multi_thread")]
async fn debts_are_aged_as_of_any_day_by_the_unit_of_the_file() {
    let office = office().await;
    let rows = async |day: Option<Date>| {
        let asked = schema::GetReceivablesRequest { unit: String::new(), day };
        office.reports().await.get_receivables(asked).await.unwrap().into_inner().rows
    };
    let amounts = |row: &schema::ReceivablesRow| {
        let aging = row.aging.clone().unwrap();
        [aging.not_due, aging.days_1_to_30, aging.days_31_to_60, aging.days_61_to_90, aging.days_over_90].map(|money| rials(&money))
    };
    // The first invoices are due on 1403/02/10, the second on 1403/03/10, the third on 1403/04/10.
    for (day_asked, expected, wearers) in [
        ("1403/01/31", [0; 5], 0),
        ("1403/02/10", [9_000_000, 0, 0, 0, 0], 3),
        ("1403/02/11", [0, 9_000_000, 0, 0, 0], 3),
        // The money came on 1403/03/13: of w-2 for the second invoice, which it names.
        ("1403/03/13", [0, 3_100_000, 6_000_000, 0, 0], 2),
        ("1403/04/05", [6_200_000, 3_100_000, 6_000_000, 0, 0], 2),
    ] {
        let rows = rows(day(day_asked)).await;
        let codes: Vec<&str> = rows.iter().map(|row| row.unit.as_str()).collect();
        assert_eq!(codes, ["tehran", "total"]);
        assert_eq!((amounts(&rows[1]), rows[1].wearers), (expected, wearers), "{day_asked}");
        assert_eq!(amounts(&rows[0]), amounts(&rows[1]));
        assert_eq!(rials(&rows[1].open), expected.iter().sum::<i64>());
    }
    let later = rows(None).await;
    assert_eq!(amounts(&later[1]), [0, 0, 0, 0, 15_300_000], "years later");
    let qom = office.reports_of(&office.qom).await.get_receivables(schema::GetReceivablesRequest::default()).await.unwrap().into_inner();
    assert_eq!((qom.rows.len(), rials(&qom.rows[1].open)), (2, 0));
    let tehran = schema::GetReceivablesRequest { unit: "tehran".to_owned(), day: None };
    assert_eq!(reason(&office.reports_of(&office.qom).await.get_receivables(tehran).await.unwrap_err()).0, "UNKNOWN_UNIT");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_balance_sums_to_nothing_at_every_instant() {
    let office = office().await;
    // What w-1 has to his credit is taken off.
    let later = 15_300_000 - credit(&office).await;
    for (at, receivable) in [("2024-04-19T00:00:00", 0), ("2024-05-01T12:00:00", 9_000_000), ("2024-06-25T12:00:00", later)] {
        let at = Some(prost_types::Timestamp { seconds: tehran(at).timestamp(), nanos: 0 });
        let asked = schema::GetTrialBalanceRequest { unit: "tehran".to_owned(), at };
        let balance = office.reports().await.get_trial_balance(asked).await.unwrap().into_inner();
        assert_eq!((rials(&balance.sum), balance.accounts.len()), (0, 13));
        let found = balance.accounts.iter().find(|one| one.account == "assets:receivable").unwrap();
        assert_eq!(rials(&found.amount), receivable);
    }
    let qom = office.reports_of(&office.qom).await.get_trial_balance(schema::GetTrialBalanceRequest::default()).await.unwrap().into_inner();
    assert!(qom.accounts.iter().all(|one| rials(&one.amount) == 0));
}

async fn credit(office: &Office) -> i64 {
    let asked = schema::GetAccountRequest { wearer: "w-1".to_owned(), at: None };
    rials(&office.accounts().await.get_account(asked).await.unwrap().into_inner().credit)
}

#[tokio::test(flavor = "multi_thread")]
async fn books_that_agree_agree_and_each_forgery_has_its_name() {
    let office = office().await;
    let reconciled = async |day: Option<Date>| {
        let asked = schema::ReconcileRequest { unit: String::new(), day };
        office.reports().await.reconcile(asked).await.unwrap().into_inner()
    };
    for day in [None, day("1403/02/15"), day("1403/03/12"), day("1403/03/13"), day("1403/01/01")] {
        let answer = reconciled(day.clone()).await;
        assert_eq!(answer.differences, [], "{day:?}");
        assert_eq!(rials(&answer.receivable), rials(&answer.open) - rials(&answer.credit));
    }
    let now = reconciled(None).await;
    assert_eq!((rials(&now.received), rials(&now.cash_fees), rials(&now.credit)), (12_100_000, 12_100_000, credit(&office).await));
    // Money that was recorded and is in nobody's books yet.
    office.payment(4, "2024-06-26", 500_000, None).await;
    let codes = async || reconciled(None).await.differences.into_iter().map(|one| (one.code, one.subject)).collect::<Vec<_>>();
    let owned =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(code, subject)| ((*code).to_owned(), (*subject).to_owned())).collect::<Vec<_>>();
    assert_eq!(codes().await, owned(&[("MONEY", "finance:3"), ("CASH_FEES", "")]));
    office.carry_on(&[4], "2024-06-27T12:00:00").await;
    assert_eq!(codes().await, []);
    for (forgery, back, expected) in [
        (
            "UPDATE billing_documents SET total = total + 1 WHERE number = 'INV-tehran-1403-000006'",
            "UPDATE billing_documents SET total = total - 1 WHERE number = 'INV-tehran-1403-000006'",
            &[
                ("DOCUMENT_RECEIVABLE", "INV-tehran-1403-000006"),
                ("DOCUMENT_INCOME", "INV-tehran-1403-000006"),
                ("RECEIVABLE", "receivable"),
                ("INCOME", ""),
            ][..],
        ),
        (
            "UPDATE ledger_entries SET text = 'payment finance:77' WHERE text = 'payment finance:2'",
            "UPDATE ledger_entries SET text = 'payment finance:2' WHERE text = 'payment finance:77'",
            &[("MONEY", "finance:2"), ("STRANGE_ENTRY", "payment finance:77")],
        ),
        (
            "UPDATE ledger_postings SET amount = amount + 7 WHERE account = 'assets:cash:fees' AND entry_id = (SELECT entry_id FROM ledger_entries WHERE text = 'payment finance:2')",
            "UPDATE ledger_postings SET amount = amount - 7 WHERE account = 'assets:cash:fees' AND entry_id = (SELECT entry_id FROM ledger_entries WHERE text = 'payment finance:2')",
            &[("ENTRY", "payment finance:2"), ("MONEY", "finance:2"), ("CASH_FEES", "")],
        ),
    ] {
        let free = "ALTER TABLE ledger_postings DISABLE TRIGGER billing_stays; ALTER TABLE ledger_entries DISABLE TRIGGER billing_stays;
            ALTER TABLE billing_documents DISABLE TRIGGER billing_stays";
        sql(&office.house.database, &format!("{free}; {forgery}")).await;
        assert_eq!(codes().await, owned(expected), "{forgery}");
        sql(&office.house.database, back).await;
        assert_eq!(codes().await, []);
    }
    let qom = office.reports_of(&office.qom).await.reconcile(schema::ReconcileRequest::default()).await.unwrap().into_inner();
    assert_eq!((qom.differences, rials(&qom.receivable.clone())), (vec![], 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_statements_say_is_told_by_account_and_what_they_do_not_show_is_named() {
    let office = office().await;
    let by_hand = "INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, amount, reference)
        VALUES (4, 'payment', '2026-09-10', '2026-09-10', 'finance', 500000, 'H-1')";
    sql(&office.house.database, by_hand).await;
    office.carry_on(&[4], "2026-09-11T12:00:00").await;
    let file =
        ":20:S\n:25:IR1\n:60F:C260831IRR0,\n:61:260901C3000000,NTRFNONREF//B7\n:61:260916D1000,NTRFNONREF//B8\n:62F:C260918IRR2999000,\n";
    let import = schema::ImportStatementRequest {
        unit: "tehran".to_owned(),
        account: "melli".to_owned(),
        format: schema::StatementFormat::Mt940.into(),
        file: file.as_bytes().to_vec(),
        new_account: true,
    };
    let channel = office.house.channel().await;
    let mut statements = schema::statements_client::StatementsClient::with_interceptor(channel, office.sara.clone());
    statements.import_statement(import).await.unwrap();
    let answer = office.reports().await.reconcile(schema::ReconcileRequest::default()).await.unwrap().into_inner();
    let one = &answer.bank[0];
    let day = |date: &Option<Date>| date.clone().unwrap().gregorian;
    assert_eq!((answer.bank.len(), one.unit.as_str(), one.account.as_str()), (1, "tehran", "melli"));
    assert_eq!(
        (day(&one.first_day), day(&one.last_day), day(&one.closing_day)),
        ("2026-09-01".into(), "2026-09-18".into(), "2026-09-18".into())
    );
    let sums = |sums: &Option<schema::BankSums>| {
        let sums = sums.clone().unwrap();
        [rials(&sums.total), rials(&sums.matched), rials(&sums.waiting), sums.waiting_lines as i64, rials(&sums.set_aside)]
    };
    assert_eq!((sums(&one.came_in), sums(&one.went_out)), ([3_000_000, 0, 3_000_000, 1, 0], [1000, 0, 1000, 1, 0]));
    assert_eq!(rials(&one.closing), 2_999_000);
    let named = answer
        .differences
        .iter()
        .map(|one| (one.code.as_str(), one.subject.as_str(), one.wearer.as_str(), rials(&one.expected), rials(&one.found)));
    assert_eq!(named.collect::<Vec<_>>(), [("PAYMENT_NOT_AT_BANK", "payment 3", "w-3", 500_000, 0)]);
    assert!(answer.differences[0].text.contains("a week beyond"), "{}", answer.differences[0].text);
    let qom = office.reports_of(&office.qom).await.reconcile(schema::ReconcileRequest::default()).await.unwrap().into_inner();
    assert_eq!((qom.bank, qom.differences), (vec![], vec![]));
}
