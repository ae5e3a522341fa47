//! A file that was merged, as finance sees it with the one that goes on: its invoices, what is open in it, and money for them. Through a real connection.

use crate::house::sql;
use crate::money_room::{Called, Office, payment, rials};
use access::Role;
use proto::billing::accounts_client::AccountsClient;
use proto::billing::documents_client::DocumentsClient;
use proto::billing::*;

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
