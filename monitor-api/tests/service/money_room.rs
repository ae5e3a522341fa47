//! A finance office: wearers of Tehran with tags, orders and evidence since forty days, billed until now; and what its tests ask of the books.

use crate::house::{As, House, reason, sql};
use access::Role;
use proto::billing::deposits_client::DepositsClient;
use proto::billing::payments_client::PaymentsClient;
use proto::billing::refunds_client::RefundsClient;
use proto::billing::statements_client::StatementsClient;
use proto::billing::*;
use tonic::Status;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;

pub type Called = InterceptedService<Channel, As>;

pub struct Office {
    pub house: House,
}

impl Office {
    /// Wearers `w-1` to `w-COUNT` of Tehran, and `q-1` of Qom.
    pub async fn new(count: i32) -> Self {
        let house = House::new().await;
        let country = format!(
            "INSERT INTO units (code, parent_id, kind, name_fa, name_en, is_on)
                VALUES ('tehran', 1, 'province', 'تهران', 'Tehran', true), ('qom', 1, 'province', 'قم', 'Qom', true);
            INSERT INTO wearers (reference, unit_id) SELECT 'w-' || n, (SELECT unit_id FROM units WHERE code = 'tehran') FROM generate_series(1, {count}) n;
            INSERT INTO wearers (reference, unit_id) SELECT 'q-1', unit_id FROM units WHERE code = 'qom';
            UPDATE wearers SET name = 'Ali Karimi' WHERE reference LIKE '_-%';
            INSERT INTO refund_accounts (wearer_id, sheba, holder, recorded_by, recorded_at)
                SELECT wearer_id, 'IR240150000001177301920207', 'Ali Karimi', 'test', now() FROM wearers WHERE reference LIKE '_-%';
            INSERT INTO tags (imei) SELECT 'tag-' || reference FROM wearers WHERE reference LIKE '_-%';
            INSERT INTO fittings (tag_id, wearer_id, period) SELECT tag_id, wearer_id, tstzrange(now() - interval '40 days', NULL)
                FROM tags JOIN wearers ON imei = 'tag-' || reference;
            INSERT INTO orders (wearer_id) SELECT wearer_id FROM fittings ORDER BY wearer_id;
            INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date, legal_basis, regime)
                SELECT order_id, 1, 'new', now() - interval '41 days', now(), 'test', 'Branch 3', '9/1', '2026-10-01', 'ipc_62', 'tag' FROM orders;
            INSERT INTO installations (kind, wearer_id, tag_id, begun_at, begun_by, state, ended_at, ended_by, fitting_id)
                SELECT 'fitting', wearer_id, tag_id, lower(period), 'x', 'completed', lower(period), 'x', fitting_id FROM fittings"
        );
        sql(&house.database, &country).await;
        let office = Self { house };
        let persons = office.numbers("SELECT wearer_id FROM fittings ORDER BY 1").await;
        let issued = office.house.store.books_carry_on(&persons, chrono::Utc::now()).await.unwrap();
        assert_eq!((issued.persons, issued.blocked), (persons.len() as u64, 0));
        office
    }

    pub async fn clerk(&self, name: &str) -> As {
        self.house.log_in(name, &[(Role::Finance, "tehran")]).await
    }

    pub async fn statements(&self, who: &As) -> StatementsClient<Called> {
        StatementsClient::with_interceptor(self.house.channel().await, who.clone())
    }

    pub async fn payments(&self, who: &As) -> PaymentsClient<Called> {
        PaymentsClient::with_interceptor(self.house.channel().await, who.clone())
    }

    pub async fn refunds(&self, who: &As) -> RefundsClient<Called> {
        RefundsClient::with_interceptor(self.house.channel().await, who.clone())
    }

    pub async fn deposits(&self, who: &As) -> DepositsClient<Called> {
        DepositsClient::with_interceptor(self.house.channel().await, who.clone())
    }

    pub async fn numbers(&self, query: &str) -> Vec<i64> {
        self.house.database.client().await.query(query, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }

    pub async fn number(&self, query: &str) -> i64 {
        self.numbers(query).await[0]
    }

    /// The balance of a wearer on an account, rials.
    pub async fn balance(&self, wearer: &str, account: &str) -> i64 {
        let sum = "SELECT coalesce(sum(amount), 0)::bigint FROM ledger_postings JOIN ledger_entries USING (entry_id) JOIN wearers USING (wearer_id)
            WHERE reference = $1 AND account = $2";
        self.house.database.client().await.query_one(sum, &[&wearer, &account]).await.unwrap().get(0)
    }

    /// What a wearer owes; below nothing: their credit.
    pub async fn owes(&self, wearer: &str) -> i64 {
        self.balance(wearer, "assets:receivable").await
    }

    /// The number of a wearer's newest invoice, and its total.
    pub async fn invoice(&self, wearer: &str) -> (String, i64) {
        let newest = "SELECT number, total FROM billing_documents JOIN wearers USING (wearer_id) WHERE reference = $1 AND kind = 'invoice' ORDER BY place DESC LIMIT 1";
        let row = self.house.database.client().await.query_one(newest, &[&wearer]).await.unwrap();
        (row.get(0), row.get(1))
    }

    /// The ledger sums to nothing and agrees with itself, money of deposits is what is held, and nobody is blocked.
    pub async fn agrees(&self) {
        assert_eq!(self.number("SELECT coalesce(sum(amount), 0)::bigint FROM ledger_postings").await, 0);
        let deposits =
            "SELECT coalesce(sum(amount), 0)::bigint FROM ledger_postings WHERE account IN ('assets:cash:deposit', 'liabilities:deposit')";
        assert_eq!(self.number(deposits).await, 0);
        assert_eq!(self.number("SELECT count(*) FROM billing_work WHERE is_block").await, 0);
        assert_eq!(self.house.store.books_verify().await.unwrap(), []);
    }

    /// A payment by hand.
    pub async fn pay(&self, who: &As, wearer: &str, amount: i64, reference: &str) -> Result<Payment, Status> {
        self.payments(who).await.record_payment(payment(wearer, amount, reference)).await.map(tonic::Response::into_inner)
    }

    /// Reads a table in.
    pub async fn import(&self, who: &As, rows: &str) -> Result<StatementImport, Status> {
        self.statements(who).await.import_statement(statement(rows)).await.map(tonic::Response::into_inner)
    }

    pub async fn lines(&self, who: &As) -> Vec<StatementLine> {
        self.statements(who).await.list_statement_lines(ListStatementLinesRequest::default()).await.unwrap().into_inner().lines
    }

    pub async fn bill_id(&self, who: &As, wearer: &str) -> String {
        self.payments(who).await.get_bill_id(GetBillIdRequest { wearer: wearer.to_owned() }).await.unwrap().into_inner().bill_id
    }

    /// Asks for money back.
    pub async fn request(&self, who: &As, wearer: &str, amount: i64, deposit: bool) -> Result<Refund, Status> {
        let asked = RequestRefundRequest { wearer: wearer.to_owned(), amount: rials(amount), deposit, reason: "paid too much".to_owned() };
        self.refunds(who).await.request_refund(asked).await.map(tonic::Response::into_inner)
    }

    pub async fn approve(&self, who: &As, refund: &Refund) -> Result<Refund, Status> {
        let asked = ApproveRefundRequest { refund_id: refund.refund_id, expected_version: refund.version };
        self.refunds(who).await.approve_refund(asked).await.map(tonic::Response::into_inner)
    }
}

pub fn rials(amount: i64) -> Option<Money> {
    Some(Money { amount, currency: "IRR".to_owned() })
}

/// So many seconds ago.
pub fn ago(seconds: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds: chrono::Utc::now().timestamp() - seconds, nanos: 0 })
}

pub fn payment(wearer: &str, amount: i64, reference: &str) -> RecordPaymentRequest {
    RecordPaymentRequest {
        wearer: wearer.to_owned(),
        amount: rials(amount),
        paid_at: ago(60),
        reference: reference.to_owned(),
        ..Default::default()
    }
}

/// Rows of `amount,identifier,reference,description`, all booked on one day of the past.
pub fn statement(rows: &str) -> ImportStatementRequest {
    let rows: String = rows.lines().map(|row| format!("2026-10-22,{row}\n")).collect();
    ImportStatementRequest {
        unit: "tehran".to_owned(),
        account: "melli".to_owned(),
        format: StatementFormat::Csv.into(),
        file: format!("date,amount,payment identifier,reference,description\n{rows}").into_bytes(),
        new_account: true,
    }
}

/// The reason of a refusal.
pub fn refused<T: std::fmt::Debug>(answer: Result<T, Status>) -> String {
    reason(&answer.unwrap_err()).0
}
