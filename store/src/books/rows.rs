//! What a run writes, as the columns of its tables: one statement a table, however many persons.

use super::WorkReason;
use super::people::Person;
use crate::StoreError;
use billing::calendar::{Day, Moment, Month};
use billing::{Books, Claim, Document, StoredDocument};
use chrono::{DateTime, NaiveDate, Utc};
use tokio_postgres::Transaction;

const DOCUMENTS: &str = "
    INSERT INTO billing_documents (wearer_id, place, unit_id, kind, run_at, number, total, due, body, issued_at, months, pay_account_id)
    SELECT w, p, u, k, r, n, t, d, b::json, $10, m::integer[], named.pay_account_id
    FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::text[], $5::timestamptz[], $6::text[], $7::bigint[], $8::date[], $9::text[], $11::text[])
            WITH ORDINALITY AS given (w, p, u, k, r, n, t, d, b, m, nth)
        LEFT JOIN (SELECT unit_id, purpose, pay_account_of(unit_id, purpose, $10)
            FROM (SELECT DISTINCT unnest($3::bigint[])) AS units (unit_id) CROSS JOIN (VALUES ('fees'), ('deposit')) AS purposes (purpose)
        ) AS named (unit_id, purpose, pay_account_id) ON named.unit_id = u AND named.purpose = CASE
            WHEN k IN ('invoice', 'damage_invoice') THEN 'fees' WHEN k = 'deposit_request' THEN 'deposit' END
    ORDER BY nth";
const ACCOUNTS: &str = "
    INSERT INTO billing_accounts AS a (wearer_id, through, documents, entries, facts)
    SELECT w, t, d, e, f::jsonb FROM unnest($1::bigint[], $2::timestamptz[], $3::integer[], $4::integer[], $5::text[]) AS given (w, t, d, e, f)
    ON CONFLICT (wearer_id) DO UPDATE SET through = excluded.through, documents = excluded.documents, entries = excluded.entries, facts = excluded.facts";
const WORK_OUT: &str = "DELETE FROM billing_work WHERE wearer_id = ANY ($1)";
const WORK_IN: &str = "
    INSERT INTO billing_work (wearer_id, place, found_at, is_block, reason, code, arguments)
    SELECT w, p, $7, b, r, c, a::jsonb
    FROM unnest($1::bigint[], $2::integer[], $3::boolean[], $4::text[], $5::text[], $6::text[]) AS given (w, p, b, r, c, a)";

/// New documents.
#[derive(Default)]
pub(super) struct Documents {
    wearers: Vec<i64>,
    places: Vec<i32>,
    units: Vec<i64>,
    kinds: Vec<&'static str>,
    runs: Vec<DateTime<Utc>>,
    numbers: Vec<Option<String>>,
    totals: Vec<i64>,
    dues: Vec<Option<NaiveDate>>,
    bodies: Vec<String>,
    months: Vec<String>,
}

impl Documents {
    pub(super) fn add(&mut self, person: &Person, documents: &[Document], kept: usize) -> Result<(), StoreError> {
        for (place, document) in (kept as i32..).zip(documents) {
            self.wearers.push(person.wearer_id);
            self.places.push(place);
            self.units.push(person.centre_of(document));
            self.kinds.push(document.kind.name());
            self.runs.push(document.run_at.utc());
            self.numbers.push(document.number.as_deref().map(str::to_owned));
            self.totals.push(document.total.minor_units());
            self.dues.push(document.due.map(Day::gregorian));
            let months: Vec<String> = Claim::from(document).months.iter().map(|month| month_number(*month).to_string()).collect();
            self.months.push(format!("{{{}}}", months.join(",")));
            let body = serde_json::to_string(&StoredDocument::from(document));
            self.bodies.push(body.map_err(|error| StoreError::Unreadable(error.to_string()))?);
        }
        Ok(())
    }

    pub(super) async fn insert(&self, transaction: &Transaction<'_>, now: DateTime<Utc>) -> Result<(), StoreError> {
        let Self { wearers, places, units, kinds, runs, numbers, totals, dues, bodies, months } = self;
        transaction.execute(DOCUMENTS, &[wearers, places, units, kinds, runs, numbers, totals, dues, bodies, &now, months]).await?;
        Ok(())
    }
}

/// As a column has it: 140305.
fn month_number(month: Month) -> i32 {
    month.year() * 100 + i32::from(month.month())
}

/// How far books were carried on.
#[derive(Default)]
pub(super) struct Accounts {
    wearers: Vec<i64>,
    throughs: Vec<DateTime<Utc>>,
    documents: Vec<i32>,
    entries: Vec<i32>,
    facts: Vec<String>,
}

impl Accounts {
    pub(super) fn add(&mut self, person: &Person, books: &Books) {
        self.wearers.push(person.wearer_id);
        self.throughs.push(person.through.map(Moment::utc).unwrap_or_default());
        self.documents.push(books.documents.len() as i32);
        self.entries.push(books.ledger.entries().len() as i32);
        self.facts.push(serde_json::to_string(&person.known).expect("names and instants are always written"));
    }

    pub(super) async fn write(&self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        let Self { wearers, throughs, documents, entries, facts } = self;
        transaction.execute(ACCOUNTS, &[wearers, throughs, documents, entries, facts]).await?;
        Ok(())
    }
}

/// What somebody must look at.
#[derive(Default)]
pub(super) struct Work {
    wearers: Vec<i64>,
    places: Vec<i32>,
    are_blocks: Vec<bool>,
    reasons: Vec<String>,
    codes: Vec<String>,
    arguments: Vec<String>,
}

impl Work {
    pub(super) fn add(&mut self, wearer_id: i64, place: i32, is_block: bool, reason: &WorkReason) {
        self.wearers.push(wearer_id);
        self.places.push(place);
        self.are_blocks.push(is_block);
        self.reasons.push(reason.text.clone());
        self.codes.push(reason.code.clone());
        self.arguments.push(serde_json::to_string(&reason.arguments).expect("names and texts are always written"));
    }

    /// In place of what was there about these persons.
    pub(super) async fn replace(&self, transaction: &Transaction<'_>, persons: &[i64], now: DateTime<Utc>) -> Result<(), StoreError> {
        transaction.execute(WORK_OUT, &[&persons]).await?;
        if !self.wearers.is_empty() {
            let Self { wearers, places, are_blocks, reasons, codes, arguments } = self;
            transaction.execute(WORK_IN, &[wearers, places, are_blocks, reasons, codes, arguments, &now]).await?;
        }
        Ok(())
    }
}
