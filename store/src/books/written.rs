//! What is written of persons: entries with their postings, documents, and the money that finance recorded. Reports read these, and rate nothing.

use crate::StoreError;
use billing::calendar::{Day, Month};
use billing::{Account, Claim, Currency, Kind, Money, Settled, settle};
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use tokio_postgres::{GenericClient, Row};

/// A row for each posting, in the order in which they were posted.
const ENTRIES: &str = "
    SELECT e.wearer_id, e.entry_id, e.text, e.fact, p.account, p.amount FROM ledger_entries e JOIN ledger_postings p USING (entry_id)
    WHERE e.wearer_id = ANY ($1) AND e.at < $2 ORDER BY e.wearer_id, e.place, p.line";
/// The same of receivables alone.
const RECEIVABLES: &str = "
    SELECT e.wearer_id, e.entry_id, e.text, e.fact, p.account, p.amount
    FROM ledger_entries e JOIN ledger_postings p ON p.entry_id = e.entry_id AND p.account = 'assets:receivable'
    WHERE e.wearer_id = ANY ($1) AND e.at < $2 ORDER BY e.wearer_id, e.place";
/// Months stand in the body of documents that were issued before there was a column for them; the damage that an invoice asks for stands there alone.
const DOCUMENTS: &str = "
    SELECT wearer_id, document_id, coalesce(number, kind), kind, total, due, coalesce(months, CASE kind
        WHEN 'credit_note' THEN ARRAY[replace(body->>'month', '-', '')::integer]
        ELSE ARRAY(SELECT DISTINCT replace(line->>'month', '-', '')::integer FROM json_array_elements(body->'lines') AS line WHERE line->>'month' IS NOT NULL) END),
        CASE kind WHEN 'damage_invoice' THEN body->'lines'->0->>'event' END
    FROM billing_documents WHERE wearer_id = ANY ($1) AND run_at < $2 ORDER BY wearer_id, place";
/// Money, what cancels it, and what makes invoices void; each with the instant from which it counts.
const MONEY: &str = "
    SELECT f.wearer_id, f.fact_id, f.kind, f.amount, coalesce(f.invoice, d.number), f.cancels,
        greatest(f.at, coalesce((a.facts->>('finance:' || f.fact_id))::timestamptz, f.recorded_at)) < $2
    FROM billing_facts f LEFT JOIN billing_accounts a USING (wearer_id) LEFT JOIN billing_documents d ON d.document_id = f.voids
    WHERE f.wearer_id = ANY ($1) AND f.kind IN ('payment', 'refund', 'deposit_payment', 'deposit_return', 'damage', 'cancel', 'void')";
/// Payments that named an invoice.
const NAMED: &str = "
    SELECT wearer_id, fact_id, kind, amount, invoice, cancels, true FROM billing_facts
    WHERE wearer_id = ANY ($1) AND kind = 'payment' AND invoice IS NOT NULL AND recorded_at < $2";

/// How much of it is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Depth {
    /// What tells who owes what.
    Receivables,
    /// All of it.
    Whole,
}

/// What is written of one person before an instant.
#[derive(Default, Debug)]
pub(super) struct Written {
    pub entries: Vec<WrittenEntry>,
    pub documents: Vec<WrittenDocument>,
    pub money: Vec<WrittenMoney>,
}

#[derive(Debug)]
pub(super) struct WrittenEntry {
    pub entry_id: i64,
    pub text: String,
    /// The fact that it is for, if the text does not name it.
    pub fact: Option<i64>,
    pub postings: Vec<(Account, i64)>,
}

#[derive(Debug)]
pub(super) struct WrittenDocument {
    pub document_id: i64,
    /// Its number, or its kind if it has none.
    pub title: Arc<str>,
    pub kind: Kind,
    pub total: i64,
    pub due: Option<Day>,
    pub months: BTreeSet<Month>,
    /// The damage that it asks for.
    pub damage: Option<i64>,
}

/// A row of `billing_facts`.
#[derive(Debug)]
pub(super) struct WrittenMoney {
    pub fact_id: i64,
    pub kind: String,
    /// Rials; `None` = all that is held.
    pub amount: Option<i64>,
    /// The invoice that a payment names, or that is void.
    pub invoice: Option<Arc<str>>,
    pub cancels: Option<i64>,
    /// Whether it counts before the instant.
    pub counts: bool,
}

/// What is written of these persons before an instant; of whom nothing is, there is nothing.
pub(super) async fn written(
    client: &impl GenericClient,
    persons: &[i64],
    before: DateTime<Utc>,
    depth: Depth,
) -> Result<HashMap<i64, Written>, StoreError> {
    let (entries, money) = if depth == Depth::Whole { (ENTRIES, MONEY) } else { (RECEIVABLES, NAMED) };
    let mut all: HashMap<i64, Written> = HashMap::new();
    for row in client.query(entries, &[&persons, &before]).await? {
        let posting = (account(row.get(4))?, row.get(5));
        let (entries, entry_id) = (&mut all.entry(row.get(0)).or_default().entries, row.get(1));
        match entries.last_mut() {
            Some(last) if last.entry_id == entry_id => last.postings.push(posting),
            _ => entries.push(WrittenEntry {
                entry_id,
                text: row.get(2),
                fact: row.get::<_, Option<&str>>(3).and_then(finance),
                postings: vec![posting],
            }),
        }
    }
    for row in client.query(DOCUMENTS, &[&persons, &before]).await? {
        all.entry(row.get(0)).or_default().documents.push(document(&row)?);
    }
    for row in client.query(money, &[&persons, &before]).await? {
        all.entry(row.get(0)).or_default().money.push(WrittenMoney {
            fact_id: row.get(1),
            kind: row.get(2),
            amount: row.get(3),
            invoice: row.get::<_, Option<&str>>(4).map(Arc::from),
            cancels: row.get(5),
            counts: row.get(6),
        });
    }
    Ok(all)
}

/// The number of a fact that finance recorded, by its name.
pub(super) fn finance(name: &str) -> Option<i64> {
    name.strip_prefix("finance:")?.parse().ok()
}

fn account(name: &str) -> Result<Account, StoreError> {
    Account::named(name).ok_or_else(|| StoreError::Unreadable(format!("the account {name:?} of the ledger")))
}

fn document(row: &Row) -> Result<WrittenDocument, StoreError> {
    let unreadable = |error: &dyn std::fmt::Display| StoreError::Unreadable(format!("document {}: {error}", row.get::<_, i64>(1)));
    let name: &str = row.get(3);
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| unreadable(&name))?;
    let month = |number: &i32| Day::new(number / 100, (number % 100) as u8, 1).map(Day::month);
    let months: BTreeSet<Month> =
        row.get::<_, Vec<i32>>(6).iter().map(month).collect::<Result<_, _>>().map_err(|error| unreadable(&error))?;
    let due = row.get::<_, Option<NaiveDate>>(5).map(Day::try_from).transpose().map_err(|error| unreadable(&error))?;
    let damage = row.get::<_, Option<&str>>(7).and_then(finance);
    Ok(WrittenDocument { document_id: row.get(1), title: row.get::<_, &str>(2).into(), kind, total: row.get(4), due, months, damage })
}

impl WrittenEntry {
    /// What it moves on accounts of that sort, rials.
    pub(super) fn on(&self, of: impl Fn(Account) -> bool) -> i64 {
        self.postings.iter().filter(|(account, _)| of(*account)).map(|(_, amount)| amount).sum()
    }
}

impl WrittenDocument {
    /// Whether it asks for money or takes off: what it comes to is on receivables, and is income.
    pub(super) fn is_claim(&self) -> bool {
        matches!(self.kind, Kind::Invoice | Kind::CreditNote | Kind::DamageInvoice)
    }
}

impl Written {
    /// What stands on receivables, rials.
    pub(super) fn receivable(&self) -> i64 {
        self.entries.iter().map(|entry| entry.on(|account| account == Account::Receivable)).sum()
    }

    /// What the person owes by it.
    pub(super) fn settled(&self, wearer_id: i64) -> Result<Settled, StoreError> {
        let claims = self.documents.iter().filter(|document| document.is_claim()).map(|document| {
            let WrittenDocument { title, kind, total, due, months, .. } = document;
            (title.clone(), Claim { kind: *kind, months: months.clone(), due: *due, total: Money::rials(*total) })
        });
        let claims: HashMap<Arc<str>, Claim> = claims.collect();
        let receivables = self.entries.iter().flat_map(|entry| {
            let of_entry = entry.postings.iter().filter(|(account, _)| *account == Account::Receivable);
            of_entry.map(|(_, amount)| (entry.text.as_str(), Money::rials(*amount)))
        });
        let named = |fact: &str| {
            let fact_id = finance(fact)?;
            self.money.iter().find(|money| money.fact_id == fact_id)?.invoice.clone()
        };
        let settled = settle(Currency::IRR, receivables, &claims, named);
        settled.map_err(|error| StoreError::Unreadable(format!("the ledger of person {wearer_id}: {error}")))
    }
}
