//! Wearers of Tehran who are billed, and those who look after their bills.

use crate::house::{As, House, sql};
use access::Role;
use chrono::{DateTime, Utc};
use proto::billing::accounts_client::AccountsClient;
use proto::billing::documents_client::DocumentsClient;
use proto::billing::reminders_client::RemindersClient;
use proto::billing::reports_client::ReportsClient;
use proto::billing::runs_client::RunsClient;
use store::Issued;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;

type Called = InterceptedService<Channel, As>;

/// A house with two provinces and the finance of each.
pub struct Office {
    pub house: House,
    pub sara: As,
    pub reza: As,
    pub qom: As,
}

/// Tehran, 1403 (no daylight saving).
pub fn tehran(gregorian: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(&format!("{gregorian}+03:30")).unwrap().to_utc()
}

/// An instant of the past.
pub fn march() -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds: tehran("2024-05-01T12:00:00").timestamp(), nanos: 0 })
}

pub fn ascii(text: &str) -> String {
    let digit = |character: char| (character as u32).checked_sub('۰' as u32).and_then(|digit| char::from_digit(digit, 10));
    text.chars().filter(|character| !",٬".contains(*character)).map(|character| digit(character).unwrap_or(character)).collect()
}

impl Office {
    /// Wearers 2 to `count` + 1 are `w-1` ... of Tehran, each fitted on 1403/02/01 at 9:00, which was recorded a minute later.
    pub async fn new(count: i32) -> Self {
        let house = House::new().await;
        let country = format!(
            "INSERT INTO units (code, parent_id, kind, name_fa, name_en, is_on)
                VALUES ('tehran', 1, 'province', 'تهران', 'Tehran', true), ('qom', 1, 'province', 'قم', 'Qom', true);
            INSERT INTO wearers (reference, name, unit_id) SELECT 'w-' || n, '=name ' || n, (SELECT unit_id FROM units WHERE code = 'tehran')
                FROM generate_series(1, {count}) n;
            INSERT INTO tags (imei) SELECT 'tag-' || n FROM generate_series(1, {count}) n;
            INSERT INTO orders (wearer_id) SELECT wearer_id FROM wearers WHERE reference LIKE 'w-%' ORDER BY wearer_id;
            INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date, legal_basis, regime)
                SELECT order_id, 1, 'new', '2024-04-01', '2024-04-01', 'x', 'x', 'x', '2024-04-01', 'ipc_62', 'tag' FROM orders;
            INSERT INTO fittings (tag_id, wearer_id, period) SELECT tag_id, wearer_id, tstzrange('2024-04-20 09:00+03:30', NULL)
                FROM tags JOIN wearers ON substr(imei, 5) = substr(reference, 3) WHERE imei LIKE 'tag-%' AND reference LIKE 'w-%' ORDER BY wearer_id;
            INSERT INTO installations (kind, wearer_id, tag_id, begun_at, begun_by, state, ended_at, ended_by, fitting_id)
                SELECT 'fitting', wearer_id, tag_id, lower(period), 'x', 'completed', lower(period) + interval '1 minute', 'x', fitting_id FROM fittings"
        );
        sql(&house.database, &country).await;
        let finance = async |name: &str, unit| house.log_in(name, &[(Role::Finance, unit)]).await.purpose("file");
        let (sara, reza, qom) = (finance("sara", "tehran").await, finance("reza", "tehran").await, finance("leila", "qom").await);
        Self { house, sara, reza, qom }
    }

    /// The run of a day.
    pub async fn carry_on(&self, persons: &[i64], until: &str) -> Issued {
        let issued = self.house.store.books_carry_on(persons, tehran(until)).await.unwrap();
        assert_eq!(issued.blocked, 0);
        issued
    }

    /// The authority requires a deposit of wearer 2, recorded on a day.
    pub async fn require_deposit(&self, amount: i64, day: &str) {
        let required = format!(
            "WITH relief AS (
                INSERT INTO billing_reliefs (wearer_id, kind, authority, decision_number, decision_date, found_by, proposed_by, approved_by, at)
                VALUES (2, 'deposit', 'x', 'x', '{day}', 'x', 'sara', 'reza', '{day}') RETURNING relief_id
            )
            INSERT INTO deposit_requirements (relief_id, wearer_id, order_id, regime, amount, recorded_at)
                SELECT relief_id, 2, order_id, 'tag', {amount}, '{day}' FROM relief, orders WHERE wearer_id = 2"
        );
        sql(&self.house.database, &required).await;
    }

    /// A payment that the bank told of on its day.
    pub async fn payment(&self, wearer_id: i64, day: &str, amount: i64, invoice: Option<&str>) {
        let invoice = invoice.map_or("NULL".to_owned(), |number| format!("'{number}'"));
        let fact = format!(
            "INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, amount, invoice)
            VALUES ({wearer_id}, 'payment', '{day}T00:00:00Z', '{day}T00:00:00Z', 'finance', {amount}, {invoice})"
        );
        sql(&self.house.database, &fact).await;
    }

    /// A leave that was decided on 2024-05-10, after the first invoice.
    pub async fn leave(&self, wearer_id: i64, from: &str, to: &str) {
        let leave = format!(
            "INSERT INTO leave_acts (wearer_id, state, valid_from, valid_to, kind, exclusion, purpose, requested_by, requested_at, authority, decision_number,
                decision_date, decided_by, decided_at)
            VALUES ({wearer_id}, 'approved', '{from}', '{to}', 'overnight', false, 'x', 'x', '2024-05-10T00:00:00Z', 'x', 'x', '2024-05-10', 'y', '2024-05-10T00:00:00Z')"
        );
        sql(&self.house.database, &leave).await;
    }

    pub async fn documents(&self) -> DocumentsClient<Called> {
        self.documents_of(&self.sara).await
    }

    pub async fn documents_of(&self, who: &As) -> DocumentsClient<Called> {
        DocumentsClient::with_interceptor(self.house.channel().await, who.clone())
    }

    pub async fn reminders(&self) -> RemindersClient<Called> {
        RemindersClient::with_interceptor(self.house.channel().await, self.sara.clone())
    }

    pub async fn accounts(&self) -> AccountsClient<Called> {
        AccountsClient::with_interceptor(self.house.channel().await, self.sara.clone())
    }

    pub async fn runs_of(&self, who: &As) -> RunsClient<Called> {
        RunsClient::with_interceptor(self.house.channel().await, who.clone())
    }

    pub async fn reports(&self) -> ReportsClient<Called> {
        self.reports_of(&self.sara).await
    }

    pub async fn reports_of(&self, who: &As) -> ReportsClient<Called> {
        ReportsClient::with_interceptor(self.house.channel().await, who.clone())
    }
}
