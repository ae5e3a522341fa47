//! Who owes what: settled from the ledger and the documents, for one person or for a country, as of any instant.

use super::AsOf;
use crate::{Store, StoreError};
use billing::calendar::{Day, Month};
use billing::{Claim, Currency, Invoice, Kind, Money, Settled, settle};
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use tokio_postgres::{GenericClient, Row};

/// What moved a person's receivables, in order; of a payment the invoice that it named.
const ENTRIES: &str = "
    SELECT e.wearer_id, e.text, p.amount, f.invoice
    FROM ledger_entries e JOIN ledger_postings p ON p.entry_id = e.entry_id AND p.account = 'assets:receivable'
        LEFT JOIN billing_facts f ON f.fact_id = CASE WHEN e.text ~ '^payment finance:[0-9]{1,18}$' THEN substr(e.text, 17)::bigint END
    WHERE e.wearer_id = ANY ($1) AND e.at < $2 ORDER BY e.wearer_id, e.place, p.line";

/// Numbered documents with the months that they are about.
const CLAIMS: &str = "
    SELECT d.wearer_id, d.number, d.kind, d.total, d.due, CASE d.kind
        WHEN 'credit_note' THEN ARRAY[d.body->>'month']
        ELSE ARRAY(SELECT DISTINCT line->>'month' FROM json_array_elements(d.body->'lines') AS line WHERE line->>'month' IS NOT NULL) END
    FROM billing_documents d WHERE d.wearer_id = ANY ($1) AND d.number IS NOT NULL AND d.run_at < $2";

/// Persons of these units whose account is not even: who owes (above nothing), and whose credit it is.
const UNEVEN: &str = "
    SELECT e.wearer_id, sum(p.amount)::bigint
    FROM ledger_entries e JOIN ledger_postings p USING (entry_id) JOIN wearers w USING (wearer_id)
    WHERE p.account = 'assets:receivable' AND e.at < $2 AND w.unit_id = ANY ($1) GROUP BY 1 HAVING sum(p.amount) <> 0 ORDER BY 1";

const MARKS: &str = "
    SELECT d.document_id, d.wearer_id, d.number, w.unit_id, w.reference, e.at IS NOT NULL
    FROM billing_documents d JOIN wearers w USING (wearer_id)
        LEFT JOIN billing_document_events e ON e.document_id = d.document_id AND e.kind = 'uncollectible' AND e.at < $2
    WHERE d.wearer_id = ANY ($1) AND d.due IS NOT NULL AND d.run_at < $2";

/// Persons settled at a time.
const PORTION: usize = 2000;

/// An invoice that is not paid.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenInvoice {
    /// Which document.
    pub document_id: i64,
    /// The unit where the wearer's file lies now.
    pub unit_id: i64,
    /// The wearer's file reference.
    pub wearer: String,
    /// Its number, due date, total and what is open.
    pub invoice: Invoice,
    /// Somebody decided that it cannot be collected.
    pub is_uncollectible: bool,
}

/// What stands on the receivables of a person beside what the documents say is open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Uneven {
    pub(super) wearer_id: i64,
    pub(super) balance: i64,
    pub(super) settled: Settled,
}

impl Store {
    /// Every open invoice of the persons of these units, by person and in the order of issue.
    ///
    /// # Errors
    /// When the database does not answer, or holds something unreadable.
    pub async fn open_invoices(&self, units: &[i64], as_of: AsOf) -> Result<Vec<OpenInvoice>, StoreError> {
        let client = self.client().await?;
        let uneven = uneven(&**client, units, as_of).await?;
        let owing: Vec<i64> = uneven.iter().filter(|one| one.balance > 0).map(|one| one.wearer_id).collect();
        let mut documents: HashMap<(i64, String), (i64, i64, String, bool)> = HashMap::new();
        for row in client.query(MARKS, &[&owing, &as_of.before]).await? {
            documents.insert((row.get(1), row.get(2)), (row.get(0), row.get(3), row.get(4), row.get(5)));
        }
        let mut open = Vec::new();
        for one in &uneven {
            for invoice in one.settled.receivables.invoices().iter().filter(|invoice| !invoice.open.is_zero()) {
                let Some(known) = documents.get(&(one.wearer_id, invoice.number.to_string())) else { continue };
                let (document_id, unit_id, wearer, is_uncollectible) = known.clone();
                open.push(OpenInvoice { document_id, unit_id, wearer, invoice: invoice.clone(), is_uncollectible });
            }
        }
        Ok(open)
    }
}

/// Everybody of these units whose account is not even, settled.
pub(super) async fn uneven(client: &impl GenericClient, units: &[i64], as_of: AsOf) -> Result<Vec<Uneven>, StoreError> {
    let balances: Vec<(i64, i64)> =
        client.query(UNEVEN, &[&units, &as_of.before]).await?.iter().map(|row| (row.get(0), row.get(1))).collect();
    let mut uneven = Vec::with_capacity(balances.len());
    for portion in balances.chunks(PORTION) {
        let persons: Vec<i64> = portion.iter().map(|(wearer_id, _)| *wearer_id).collect();
        let mut settled = settled(client, &persons, as_of.before).await?;
        for (wearer_id, balance) in portion {
            let Some(settled) = settled.remove(wearer_id) else { continue };
            uneven.push(Uneven { wearer_id: *wearer_id, balance: *balance, settled });
        }
    }
    Ok(uneven)
}

/// What each of these persons owed before an instant; who has no entry owes nothing and has none.
pub(super) async fn settled(
    client: &impl GenericClient,
    persons: &[i64],
    before: DateTime<Utc>,
) -> Result<HashMap<i64, Settled>, StoreError> {
    let mut claims: HashMap<i64, HashMap<Arc<str>, Claim>> = HashMap::new();
    for row in client.query(CLAIMS, &[&persons, &before]).await? {
        if let Some(claim) = claim(&row)? {
            claims.entry(row.get(0)).or_default().insert(row.get::<_, &str>(1).into(), claim);
        }
    }
    let rows = client.query(ENTRIES, &[&persons, &before]).await?;
    let (none, mut all) = (HashMap::new(), HashMap::new());
    for of_person in rows.chunk_by(|one, next| one.get::<_, i64>(0) == next.get::<_, i64>(0)) {
        let wearer_id = of_person[0].get(0);
        let entries = of_person.iter().map(|row| (row.get::<_, &str>(1), Money::rials(row.get(2))));
        let named: HashMap<&str, &str> =
            of_person.iter().filter_map(|row| Some((fact(row.get(1))?, row.get::<_, Option<&str>>(3)?))).collect();
        let claims = claims.get(&wearer_id).unwrap_or(&none);
        let settled = settle(Currency::IRR, entries, claims, |fact| named.get(fact).map(|number| Arc::from(*number)));
        all.insert(wearer_id, settled.map_err(|error| StoreError::Unreadable(format!("the ledger of person {wearer_id}: {error}")))?);
    }
    Ok(all)
}

/// The fact that an entry of a payment names.
fn fact(text: &str) -> Option<&str> {
    text.strip_prefix("payment ")
}

fn claim(row: &Row) -> Result<Option<Claim>, StoreError> {
    let unreadable = |error: &dyn std::fmt::Display| StoreError::Unreadable(format!("document {}: {error}", row.get::<_, &str>(1)));
    let kinds = [Kind::Invoice, Kind::CreditNote, Kind::DamageInvoice];
    let Some(kind) = kinds.into_iter().find(|kind| kind.name() == row.get::<_, &str>(2)) else { return Ok(None) };
    let months: Vec<Option<String>> = row.get(5);
    let months: BTreeSet<Month> =
        months.iter().flatten().map(|month| month.parse()).collect::<Result<_, _>>().map_err(|error| unreadable(&error))?;
    let due = row.get::<_, Option<NaiveDate>>(4).map(Day::try_from).transpose().map_err(|error| unreadable(&error))?;
    Ok(Some(Claim { kind, months, due, total: Money::rials(row.get(3)) }))
}
