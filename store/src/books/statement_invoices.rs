//! Which invoice a line of a statement pays first: the one that it names by number, or by a payment id (decision D35).

use super::statement_match::Sought;
use crate::StoreError;
use billing::calendar::Moment;
use billing::identifier::PaymentId;
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use tokio_postgres::{Row, Transaction};

const INVOICES: &str = "
    SELECT wearer_id, number, run_at, total FROM billing_documents
    WHERE wearer_id = ANY ($1) AND kind IN ('invoice', 'damage_invoice') ORDER BY document_id";

/// The invoice that each line names, of the file in which it is booked. One that names several, or none, pays the oldest.
pub(super) async fn invoices_named(transaction: &Transaction<'_>, lines: &[(&Sought<'_>, i64)]) -> Result<Vec<Option<String>>, StoreError> {
    let by_id = |(sought, _): &&(&Sought<'_>, i64)| sought.named.invoices.is_empty() && sought.named.payments.len() == 1;
    let wearers: Vec<i64> = lines.iter().filter(by_id).map(|(_, wearer_id)| *wearer_id).collect();
    let rows = if wearers.is_empty() { Vec::new() } else { transaction.query(INVOICES, &[&wearers]).await? };
    let mut of_wearers: HashMap<i64, Vec<&Row>> = HashMap::new();
    rows.iter().for_each(|row| of_wearers.entry(row.get(0)).or_default().push(row));
    let one = |(sought, wearer_id): &(&Sought<'_>, i64)| {
        let named = &sought.named;
        match (named.invoices.len(), named.payments.len()) {
            (1, _) => named.invoices.first().cloned(),
            (0, 1) => of_id(*named.payments.first()?, of_wearers.get(wearer_id)?),
            _ => None,
        }
    };
    Ok(lines.iter().map(one).collect())
}

/// A payment id carries the month of the invoice and what was open on it when it was printed: the newest of that month, one of just that amount before others.
fn of_id(id: PaymentId, invoices: &[&Row]) -> Option<String> {
    let of_month = |row: &&&Row| {
        let month = Moment::try_from(row.get::<_, DateTime<Utc>>(2)).ok()?.day().month();
        (id.year_and_period() == ((month.year().rem_euclid(10)) as u8, month.month())).then_some(())
    };
    let of_month = invoices.iter().filter(|row| of_month(row).is_some());
    let newest = of_month.max_by_key(|row| row.get::<_, i64>(3) == id.amount().minor_units());
    newest.map(|row| row.get(1))
}
