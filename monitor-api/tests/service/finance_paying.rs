//! Where and under which ids people pay, through a real connection: by two persons, dated, and a document keeps what it was issued with.

use crate::finance_house::Office;
use crate::house::{As, owned, reason, sql, wrong_fields};
use access::Role;
use billing::identifier::{BillId, PaymentId};
use proto::billing::paying_client::PayingClient;
use proto::billing::{self as schema, PayPurpose};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;

const OLD: &str = "IR240150000001177301920207";
const NEW: &str = "IR430600500901007959216001";

impl Office {
    async fn paying(&self, who: &As) -> PayingClient<InterceptedService<Channel, As>> {
        PayingClient::with_interceptor(self.house.channel().await, who.clone())
    }

    /// Named by Sara and Reza.
    async fn names(&self, sheba: &str, purpose: PayPurpose) {
        let proposed = self.paying(&self.sara).await.name_pay_account(account("tehran", sheba, purpose)).await.unwrap().into_inner();
        assert_eq!(reason(&self.confirm(&self.sara, &proposed).await.unwrap_err()).0, "SAME_PERSON");
        self.confirm(&self.reza, &proposed).await.unwrap();
    }

    async fn document(&self, document_id: i64) -> schema::Document {
        self.documents().await.get_document(schema::GetDocumentRequest { document_id }).await.unwrap().into_inner()
    }
}

fn account(unit: &str, sheba: &str, purpose: PayPurpose) -> schema::NamePayAccountRequest {
    schema::NamePayAccountRequest {
        unit: unit.to_owned(),
        purpose: purpose.into(),
        bank: "بانک سپه".to_owned(),
        holder: "مرکز مراقبت تهران".to_owned(),
        account_number: "117-730".to_owned(),
        sheba: sheba.to_owned(),
        how: "شنبه تا چهارشنبه".to_owned(),
        since: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_keeps_the_account_it_was_issued_with() {
    let office = Office::new(1).await;
    office.carry_on(&[2], "2024-04-21T12:00:00").await;
    office.names(OLD, PayPurpose::Fees).await;
    office.house.store.books_carry_on(&[2], chrono::Utc::now()).await.unwrap();
    let before = office.document(2).await.pay_to.unwrap();
    assert_eq!((before.sheba.as_str(), before.bank.as_str(), before.account_number.as_str()), (OLD, "بانک سپه", "117-730"));
    assert_eq!(office.document(1).await.pay_to.unwrap().sheba, "", "none was named when the first was issued");
    office.names(NEW, PayPurpose::Fees).await;
    assert_eq!(office.document(2).await.pay_to.unwrap().sheba, OLD);
    let listed = office.paying(&office.sara).await.list_pay_accounts(schema::ListPayAccountsRequest::default()).await.unwrap().into_inner();
    let shown: Vec<_> =
        listed.accounts.iter().map(|one| (one.sheba.as_str(), one.proposed_by.as_str(), one.approved_by.as_str())).collect();
    assert_eq!(shown, [(NEW, "sara", "reza"), (OLD, "sara", "reza")]);
    // Qom uses none of Tehran's, and sees none.
    let elsewhere =
        office.paying(&office.qom).await.list_pay_accounts(schema::ListPayAccountsRequest::default()).await.unwrap().into_inner();
    assert_eq!(elsewhere.accounts, []);
    let foreign = office.paying(&office.qom).await.name_pay_account(account("tehran", NEW, PayPurpose::Fees)).await.unwrap_err();
    assert_eq!(reason(&foreign).0, "UNKNOWN_UNIT");
    let wrong = schema::NamePayAccountRequest {
        sheba: "IR240150000001177301920208".to_owned(),
        purpose: 0,
        bank: String::new(),
        ..account("tehran", NEW, PayPurpose::Fees)
    };
    let refused = office.paying(&office.sara).await.name_pay_account(wrong).await.unwrap_err();
    assert_eq!(wrong_fields(&refused), [("purpose", "MISSING"), ("bank", "MISSING"), ("sheba", "SHEBA_CHECK")].map(owned));
    let changed = "UPDATE pay_accounts SET sheba = 'IR000000000000000000000000'";
    assert!(office.house.database.client().await.batch_execute(changed).await.is_err(), "it is where people's money goes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_says_where_and_how_to_pay_in_both_languages() {
    let office = Office::new(1).await;
    let named = format!(
        "INSERT INTO pay_accounts (unit_id, purpose, bank, holder, sheba, how, since, proposed_by, approved_by, approved_at)
        SELECT unit_id, 'fees', 'بانک سپه', 'مرکز مراقبت تهران', '{OLD}', 'شنبه تا چهارشنبه', '2024-04-01', 'x', 'y', '2024-04-01' FROM units WHERE code = 'central'"
    );
    sql(&office.house.database, &named).await;
    office.carry_on(&[2], "2024-04-21T12:00:00").await;
    let page = async |language: schema::DocumentLanguage, format: schema::DocumentFormat| {
        let asked = schema::RenderDocumentRequest {
            which: Some(schema::render_document_request::Which::DocumentId(1)),
            format: format.into(),
            language: language.into(),
        };
        String::from_utf8(office.documents().await.render_document(asked).await.unwrap().into_inner().content).unwrap()
    };
    let pay_to = office.document(1).await.pay_to.unwrap();
    let bill = BillId::parse(&pay_to.bill_id).unwrap();
    assert_eq!(PaymentId::parse(&pay_to.payment_id, bill).unwrap().amount().minor_units(), 3_000_000);
    assert!(pay_to.is_internal, "no codes are recorded yet");
    for (language, words) in
        [(schema::DocumentLanguage::Persian, "مرجع داخلی"), (schema::DocumentLanguage::English, "references of this house")]
    {
        let html = page(language, schema::DocumentFormat::Html).await;
        let expected = [OLD, &pay_to.bill_id, &pay_to.payment_id, words, "بانک سپه", "شنبه تا چهارشنبه"];
        assert!(expected.iter().all(|part| html.contains(part)), "{html}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&page(schema::DocumentLanguage::English, schema::DocumentFormat::Json).await).unwrap();
    assert_eq!(json["documents"][0]["head"]["payment"], format!("{} / {}", pay_to.bill_id, pay_to.payment_id));
    // What is open is no whole number of thousands: an honest page has no payment id.
    office.payment(2, "2024-05-01", 999, None).await;
    office.carry_on(&[2], "2024-05-02T12:00:00").await;
    let pay_to = office.document(1).await.pay_to.unwrap();
    assert_eq!((pay_to.amount.unwrap().amount, pay_to.payment_id.as_str()), (2_999_001, ""));
    assert!(page(schema::DocumentLanguage::English, schema::DocumentFormat::Html).await.contains("whole thousands of rials only"));
    // The rest is paid: nothing more is asked for.
    office.payment(2, "2024-05-03", 2_999_001, None).await;
    office.carry_on(&[2], "2024-05-04T12:00:00").await;
    assert_eq!(office.document(1).await.pay_to, None);
    assert!(!page(schema::DocumentLanguage::English, schema::DocumentFormat::Html).await.contains(OLD));
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_of_the_central_bank_are_recorded_by_two_of_the_central_unit() {
    let office = Office::new(1).await;
    let [one, other] = [
        office.house.log_in("one", &[(Role::Finance, "central")]).await,
        office.house.log_in("other", &[(Role::Finance, "central")]).await,
    ];
    let codes = schema::RecordBillCodesRequest { company: 456, service: 7 };
    assert_eq!(reason(&office.paying(&office.sara).await.record_bill_codes(codes).await.unwrap_err()).0, "CENTRAL_ONLY");
    let wrong = schema::RecordBillCodesRequest { company: 1000, service: 0 };
    let refused = office.paying(&one).await.record_bill_codes(wrong).await.unwrap_err();
    assert_eq!(wrong_fields(&refused), [("company", "OUT_OF_RANGE"), ("service", "OUT_OF_RANGE")].map(owned));
    let proposed = office.paying(&one).await.record_bill_codes(codes).await.unwrap().into_inner();
    let list =
        async || office.paying(&office.sara).await.list_bill_codes(schema::ListBillCodesRequest {}).await.unwrap().into_inner().codes;
    assert_eq!(list().await, [], "a proposal changes nothing");
    office.confirm(&other, &proposed).await.unwrap();
    let shown = list().await;
    assert_eq!((shown.len(), shown[0].company, shown[0].service), (1, 456, 7));
    assert_eq!((shown[0].proposed_by.as_str(), shown[0].approved_by.as_str()), ("one", "other"));
    assert_eq!(reason(&office.paying(&other).await.record_bill_codes(codes).await.unwrap_err()).0, "BILL_CODES_IN_USE");
    office.carry_on(&[2], "2024-04-21T12:00:00").await;
    let pay_to = office.document(1).await.pay_to.unwrap();
    assert!(!pay_to.is_internal && BillId::parse(&pay_to.bill_id).unwrap().parts() == (2, 456, 7), "{pay_to:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trial_balance_names_the_end_of_the_ledger() {
    let office = Office::new(1).await;
    office.carry_on(&[2], "2024-04-21T12:00:00").await;
    let asked = schema::GetTrialBalanceRequest::default();
    let head = office.reports().await.get_trial_balance(asked.clone()).await.unwrap().into_inner().head.unwrap();
    assert_eq!((head.number, head.hash.len()), (1, 64));
    office.carry_on(&[2], "2024-05-21T12:00:00").await;
    let later = office.reports().await.get_trial_balance(asked).await.unwrap().into_inner().head.unwrap();
    assert!(later.number > head.number && later.hash != head.hash);
    let then = office.house.store.ledger_head_at(head.number).await.unwrap().unwrap();
    assert_eq!(then.hash, head.hash, "what was printed is still there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deposit_is_asked_for_until_it_is_there_or_the_tag_is_off() {
    let office = Office::new(1).await;
    office.require_deposit(7_000_000, "2024-04-05").await;
    office.carry_on(&[2], "2024-04-20T12:00:00").await;
    office.require_deposit(10_000_000, "2024-04-21").await;
    office.carry_on(&[2], "2024-04-21T12:00:00").await;
    let client = office.house.database.client().await;
    let requests = "SELECT document_id FROM billing_documents WHERE kind = 'deposit_request' ORDER BY place";
    let requests: Vec<i64> = client.query(requests, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    let asked = async || {
        let mut asked = Vec::new();
        for request in &requests {
            let pay_to = office.document(*request).await.pay_to;
            assert!(
                pay_to.iter().all(|pay_to| pay_to.how.len() == 1),
                "without an account nothing is said of an account above: {pay_to:?}"
            );
            asked.push(pay_to.map_or(0, |pay_to| pay_to.amount.unwrap().amount));
        }
        asked
    };
    assert_eq!(asked().await, [7_000_000, 3_000_000]);
    // The newest first, each with what is asked for.
    let listed = async |office: &Office| {
        let list = schema::ListDocumentsRequest { deposit_asked: true, ..Default::default() };
        let found = office.documents().await.list_documents(list).await.unwrap().into_inner();
        assert_eq!(found.next_before_document_id, 0);
        found.documents.iter().map(|one| (one.document_id, one.deposit_asked.clone().unwrap().amount)).collect::<Vec<_>>()
    };
    assert_eq!(listed(&office).await, [(requests[1], 3_000_000), (requests[0], 7_000_000)]);
    let paid = async |day: &str, amount: i64| {
        let fact = format!(
            "INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, amount) VALUES (2, 'deposit_payment', '{day}', '{day}', 'x', {amount})"
        );
        sql(&office.house.database, &fact).await;
        office.carry_on(&[2], &format!("{day}T12:00:00")).await;
    };
    paid("2024-04-22", 5_000_000).await;
    assert_eq!(asked().await, [2_000_000, 3_000_000], "the oldest is paid first, and no rial pays two");
    paid("2024-04-23", 3_000_000).await;
    assert_eq!(asked().await, [0, 2_000_000]);
    assert_eq!(listed(&office).await, [(requests[1], 2_000_000)]);
    let qom = schema::ListDocumentsRequest { deposit_asked: true, ..Default::default() };
    assert_eq!(office.documents_of(&office.qom).await.list_documents(qom).await.unwrap().into_inner().documents, []);
    let wrong = schema::ListDocumentsRequest { deposit_asked: true, kinds: vec![1], status: 1, ..Default::default() };
    let refused = office.documents().await.list_documents(wrong).await.unwrap_err();
    assert_eq!(wrong_fields(&refused), [("kinds", "UNKNOWN_CHOICE"), ("status", "UNKNOWN_CHOICE")].map(owned));
    office.require_deposit(9_000_000, "2024-04-24").await;
    assert_eq!(asked().await, [0, 1_000_000], "less is required now");
    // What is taken for damage asks for nothing anew.
    let damage = "
        INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, amount) VALUES (2, 'damage', '2024-04-25', '2024-04-25', 'x', 500000)";
    sql(&office.house.database, damage).await;
    office.carry_on(&[2], "2024-04-25T12:00:00").await;
    assert_eq!(asked().await, [0, 1_000_000]);
    let off = "
        UPDATE fittings SET period = tstzrange(lower(period), '2024-06-01');
        INSERT INTO removals (fitting_id, at, recorded_at, removed_by, reason, condition, deposit, tag_state)
            SELECT fitting_id, upper(period), upper(period), 'x', 'order_ended', 'good', 'release', 'returned' FROM fittings";
    sql(&office.house.database, off).await;
    assert_eq!(asked().await, [0, 0]);
    assert_eq!(listed(&office).await, []);
}
