//! A file that was merged, as finance sees it with the one that goes on: its invoices, what is open in it, and money for them. Through a real connection.

use crate::house::{As, PATIENCE, sql};
use crate::money_room::{Called, Office, payment, rials};
use access::Role;
use billing::calendar::Moment;
use chrono::{DateTime, Utc};
use proto::billing::accounts_client::AccountsClient;
use proto::billing::documents_client::DocumentsClient;
use proto::billing::reports_client::ReportsClient;
use proto::billing::*;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// The file `w-1` goes on in `w-2`, as if it had been merged a moment ago.
const MERGED: &str = "
    UPDATE fittings SET period = tstzrange(lower(period), now() - interval '1 second') WHERE wearer_id = (SELECT wearer_id FROM wearers WHERE reference = 'w-1');
    INSERT INTO removals (fitting_id, at, recorded_at, removed_by, reason, condition, deposit, tag_state)
        SELECT fitting_id, upper(period), upper(period), 'x', 'other', 'good', 'none', 'returned' FROM fittings WHERE NOT upper_inf(period);
    UPDATE wearers SET merged_into = (SELECT wearer_id FROM wearers WHERE reference = 'w-2'), merged_at = now(), merged_by = 'x', merge_reason = 'x'
        WHERE reference = 'w-1'";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_open_in_a_merged_file_is_seen_and_paid_with_the_one_that_goes_on() {
    let office = Office::new(2).await;
    let (old, _) = office.invoice("w-1").await;
    let owed = office.owes("w-1").await;
    sql(&office.house.database, MERGED).await;
    let sara = office.house.log_in("sara", &[(Role::Finance, "tehran")]).await.purpose("file");
    let mut documents: DocumentsClient<Called> = DocumentsClient::with_interceptor(office.house.channel().await, sara.clone());
    let of = |wearer: &str| ListDocumentsRequest { wearer: wearer.to_owned(), ..Default::default() };
    let listed = documents.list_documents(of("w-2")).await.unwrap().into_inner().documents;
    assert!(listed.iter().any(|one| one.number == old && one.wearer == "w-1"), "{listed:?}");
    let only_old = documents.list_documents(of("w-1")).await.unwrap().into_inner().documents;
    assert!(only_old.iter().all(|one| one.wearer == "w-1") && only_old.len() < listed.len());

    let mut accounts: AccountsClient<Called> = AccountsClient::with_interceptor(office.house.channel().await, sara.clone());
    let asked = GetAccountRequest { wearer: "w-2".to_owned(), ..Default::default() };
    let account = accounts.get_account(asked).await.unwrap().into_inner();
    assert_eq!(account.merged_files, [MergedFile { wearer: "w-1".to_owned(), balance: rials(owed) }]);

    // By hand and by a statement alike: the money is booked where the invoice is.
    let other = office.owes("w-2").await;
    let named = RecordPaymentRequest { invoice: old.clone(), ..payment("w-2", 1000, "T-1") };
    let paid = office.payments(&sara).await.record_payment(named).await.unwrap().into_inner();
    assert_eq!((paid.wearer.as_str(), paid.invoice.as_str()), ("w-1", old.as_str()));
    assert_eq!(office.import(&sara, &format!("500,,B1,for {old}\n70,,B2,\n")).await.unwrap().matched, 1);
    let line = office.lines(&sara).await.into_iter().find(|line| line.reference == "B2").unwrap();
    let asked = MatchLineRequest {
        line_id: line.line_id,
        expected_version: line.version,
        wearer: "w-2".to_owned(),
        invoice: old.clone(),
        ..Default::default()
    };
    office.statements(&sara).await.match_line(asked).await.unwrap();
    let fees = office.balance("w-1", "assets:cash:fees").await;
    assert_eq!((fees, office.owes("w-2").await), (1570, other));
    office.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bill_id_of_a_merged_file_means_it_while_something_is_open_there_and_then_the_one_that_goes_on() {
    let office = Office::new(2).await;
    let sara = office.clerk("sara").await;
    let (old, new) = (office.bill_id(&sara, "w-1").await, office.bill_id(&sara, "w-2").await);
    let (_, owed) = (office.invoice("w-1").await, office.owes("w-1").await);
    let (invoice, _) = office.invoice("w-2").await;
    sql(&office.house.database, MERGED).await;
    // The second finds nothing open, the third names an invoice of the other file, the fourth both files: all of them are one person's.
    let rows = format!("{owed},{old},A1,\n70,{old},A2,\n500,{old},A3,for {invoice}\n30,{old},A4,and {new}\n");
    let import = office.import(&sara, &rows).await.unwrap();
    assert_eq!((import.matched, import.waiting), (4, 0));
    assert_eq!((office.balance("w-1", "assets:cash:fees").await, office.balance("w-2", "assets:cash:fees").await), (owed, 600));
    office.agrees().await;
}

/// All the bytes of the list of documents of the month in which one was issued.
async fn list_of_month(office: &Office, who: &As, number: &str) -> String {
    let issued = "SELECT run_at FROM billing_documents WHERE number = $1";
    let issued: DateTime<Utc> = office.house.database.client().await.query_one(issued, &[&number]).await.unwrap().get(0);
    let month = Moment::try_from(issued).unwrap().day().month();
    let asked = ExportDocumentsRequest {
        month: Some(SolarMonth { year: month.year(), month: i32::from(month.month()) }),
        format: DocumentListFormat::Csv.into(),
        language: DocumentLanguage::English.into(),
        ..Default::default()
    };
    let mut reports = ReportsClient::with_interceptor(office.house.channel().await, who.clone());
    let mut pieces = reports.export_documents(asked).await.unwrap().into_inner();
    let mut csv = Vec::new();
    while let Some(piece) = pieces.message().await.unwrap() {
        csv.extend(piece.piece);
    }
    String::from_utf8(csv).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merged_file_of_another_province_is_paid_by_who_reaches_the_one_that_goes_on_and_listed_where_it_lies() {
    let office = Office::new(2).await;
    let (old, _) = office.invoice("w-1").await;
    sql(&office.house.database, MERGED).await;
    sql(&office.house.database, "UPDATE wearers SET unit_id = (SELECT unit_id FROM units WHERE code = 'qom') WHERE reference = 'w-1'")
        .await;
    let sara = office.clerk("sara").await.purpose("file");
    let named = RecordPaymentRequest { invoice: old.clone(), ..payment("w-2", 1000, "T-1") };
    let paid = office.payments(&sara).await.record_payment(named).await.unwrap().into_inner();
    assert_eq!((paid.wearer.as_str(), office.balance("w-1", "assets:cash:fees").await), ("w-1", 1000));
    let listed = office.payments(&sara).await.list_payments(ListPaymentsRequest::default()).await.unwrap().into_inner().payments;
    assert_eq!(listed.iter().map(|payment| payment.payment_id).collect::<Vec<_>>(), [paid.payment_id]);
    // Each province's list is its part of the ledger.
    assert!(!list_of_month(&office, &sara, &old).await.contains(&old));
    let hasan = office.house.log_in("hasan", &[(Role::Finance, "qom")]).await.purpose("file");
    assert!(list_of_month(&office, &hasan, &old).await.contains(&old));
    office.agrees().await;
}

/// Waits until somebody waits for a row that is locked.
async fn somebody_waits(office: &Office) {
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let waits = async {
        while office.number(waiting).await == 0 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, waits).await.unwrap();
}

const HELD: &str = "BEGIN; SELECT FROM wearers WHERE reference = 'w-1' FOR NO KEY UPDATE";
/// Fails if somebody has the second wearer while they wait for the first.
const FREE: &str = "SELECT FROM wearers WHERE reference = 'w-2' FOR NO KEY UPDATE NOWAIT";

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_and_a_statement_lock_persons_in_one_order() {
    let office = Office::new(2).await;
    let (sara, reza) = (office.clerk("sara").await, office.clerk("reza").await);
    let (old, bill) = (office.invoice("w-1").await.0, office.bill_id(&sara, "w-2").await);
    // Money of the first goes out and money of the second comes in by one statement.
    office.pay(&sara, "w-1", office.owes("w-1").await + 3000, "T-1").await.unwrap();
    let refund = office.request(&sara, "w-1", 3000, false).await.unwrap();
    office.approve(&reza, &refund).await.unwrap();
    sql(&office.house.database, "UPDATE refunds SET approved_at = '2026-10-01' WHERE state = 'approved'").await;
    let holder = office.house.database.client().await;
    holder.batch_execute(HELD).await.unwrap();
    let importing = async { office.import(&sara, &format!("500,{bill},B1,\n-3000,IR240150000001177301920207,B2,\n")).await };
    let freed = async {
        somebody_waits(&office).await;
        holder.batch_execute(FREE).await.unwrap();
        holder.batch_execute("COMMIT").await.unwrap();
    };
    assert_eq!(tokio::join!(importing, freed).0.unwrap().matched, 2);

    sql(&office.house.database, MERGED).await;
    holder.batch_execute(HELD).await.unwrap();
    let named = RecordPaymentRequest { invoice: old, ..payment("w-2", 1000, "T-2") };
    let mut payments = office.payments(&sara).await;
    let freed = async {
        somebody_waits(&office).await;
        holder.batch_execute(FREE).await.unwrap();
        holder.batch_execute("COMMIT").await.unwrap();
    };
    assert_eq!(tokio::join!(payments.record_payment(named), freed).0.unwrap().into_inner().wearer, "w-1");
    office.agrees().await;
}
