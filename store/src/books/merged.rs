//! Files that were merged into another (one person, two files): each keeps its books, and no day is billed in both.
//!
//! The file that goes on bills. In the other, use is free while a tag was fitted in the one that goes on: what was billed twice is credited by the
//! next run.

use super::facts::{Facts, moment, named};
use super::record::{lock, wearer_locked};
use super::{BooksError, PersonError};
use crate::StoreError;
use access::Caller;
use billing::{Fact, FactId, Money, Period, What};
use chrono::{DateTime, Utc};
use tokio_postgres::{GenericClient, Row, Transaction};

/// While tags were fitted in the file that goes on, or in one that was merged into it later, within the time in which they were in this one. A removal that was
/// recorded after the merge shortens that only from then on.
const BOTH: &str = "
    SELECT b.wearer_id, a.fitting_id, greatest(lower(a.period), used.first), used.last, upper(a.period),
        greatest(known_as_one_since(b.wearer_id, o.wearer_id), i.ended_at, lower(a.period)),
        greatest(r.recorded_at, upper(a.period))
    FROM wearers b
        JOIN LATERAL (SELECT min(lower(f.period)) AS first, max(upper(f.period)) AS last FROM fittings f JOIN installations x USING (fitting_id)
            WHERE f.wearer_id = b.wearer_id AND x.state = 'completed') used ON used.last IS NOT NULL
        JOIN LATERAL (SELECT b.merged_into UNION ALL SELECT f.wearer_id FROM wearers f
            WHERE f.merged_into = b.merged_into AND (f.merged_at, f.wearer_id) > (b.merged_at, b.wearer_id)) o (wearer_id) ON true
        JOIN fittings a ON a.wearer_id = o.wearer_id JOIN installations i ON i.fitting_id = a.fitting_id AND i.state = 'completed'
        LEFT JOIN removals r ON r.fitting_id = a.fitting_id
    WHERE b.wearer_id = ANY ($1) AND b.merged_into IS NOT NULL AND lower(a.period) < used.last AND (upper(a.period) IS NULL OR upper(a.period) > used.first)
    ORDER BY a.fitting_id";
const MERGED: &str = "
    SELECT w.reference, coalesce(sum(p.amount), 0)::bigint FROM wearers w LEFT JOIN ledger_entries e ON e.wearer_id = w.wearer_id AND e.at < $2
        LEFT JOIN ledger_postings p ON p.entry_id = e.entry_id AND p.account = 'assets:receivable'
    WHERE w.merged_into = $1 GROUP BY w.wearer_id ORDER BY w.wearer_id";
const OF_INVOICE: &str = "
    SELECT d.wearer_id FROM billing_documents d JOIN wearers w USING (wearer_id) WHERE d.number = $2 AND w.merged_into = $1";
/// The file of a reference within reach, and the one merged into it where an invoice is.
const LOCK_FILES: &str = "
    SELECT FROM wearers f WHERE f.wearer_id IN (
        SELECT w.wearer_id FROM wearers w WHERE w.reference = $1 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($3))
        UNION SELECT d.wearer_id FROM wearers w JOIN wearers b ON b.merged_into = w.wearer_id JOIN billing_documents d ON d.wearer_id = b.wearer_id
            WHERE w.reference = $1 AND d.number = $2 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($3)))
    ORDER BY f.wearer_id FOR NO KEY UPDATE OF f";

/// A file that was merged into another, and what is open there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MergedFile {
    /// Its reference.
    pub wearer: String,
    /// What the person owes there; below nothing: the credit.
    pub balance: Money,
}

/// Adds the time in which the file that goes on bills.
pub(super) async fn add_merged(transaction: &Transaction<'_>, persons: &[i64], facts: &mut Facts) -> Result<(), StoreError> {
    for row in transaction.query(BOTH, &[&persons]).await? {
        let Some(person) = facts.get_mut(&row.get::<_, i64>(0)) else { continue };
        match (person.as_mut(), of_both(&row)) {
            (Ok(facts), Ok(more)) => facts.extend(more),
            (Ok(_), Err(error)) => *person = Err(error),
            (Err(_), _) => {}
        }
    }
    Ok(())
}

fn of_both(row: &Row) -> Result<Vec<Fact>, PersonError> {
    let (fitting, from, last): (i64, DateTime<Utc>, DateTime<Utc>) = (row.get(1), row.get(2), row.get(3));
    let (off, since): (Option<DateTime<Utc>>, DateTime<Utc>) = (row.get(4), row.get(5));
    let billed = |id: FactId, to: DateTime<Utc>, recorded_at: DateTime<Utc>| {
        Ok::<_, PersonError>(Fact {
            id,
            recorded_at: moment(recorded_at)?,
            what: What::BilledElsewhere(Period { from: moment(from)?, to: Some(moment(to)?) }),
        })
    };
    let id = named(format!("merged:{fitting}"));
    let Some(off) = off.filter(|off| *off < last) else { return Ok(vec![billed(id, last, since)?]) };
    let known = row.get::<_, Option<DateTime<Utc>>>(6).unwrap_or(off);
    if known <= since {
        return Ok(vec![billed(id, off, since)?]);
    }
    let at = moment(known)?;
    let cancel = Fact { id: named(format!("merged:{fitting}:cancelled")), recorded_at: at, what: What::Cancel { at, fact: id.clone() } };
    Ok(vec![billed(id, last, since)?, cancel, billed(named(format!("merged:{fitting}:shortened")), off, known)?])
}

/// The files that were merged into one, with what was open in them before an instant.
pub(super) async fn merged_into(client: &impl GenericClient, wearer_id: i64, before: DateTime<Utc>) -> Result<Vec<MergedFile>, StoreError> {
    let rows = client.query(MERGED, &[&wearer_id, &before]).await?;
    Ok(rows.iter().map(|row| MergedFile { wearer: row.get(0), balance: Money::rials(row.get(1)) }).collect())
}

/// The file of a person in which a payment is booked, which stays locked until the commit, and the instant: the file where the invoice is that it names, else
/// the one of this reference, which is within reach.
pub(super) async fn file_locked(
    transaction: &Transaction<'_>,
    caller: &Caller,
    reference: &str,
    invoice: &str,
) -> Result<(i64, DateTime<Utc>), BooksError> {
    // Both files at once, in the order in which everybody locks several: no two changes wait for each other in a circle.
    transaction.query(LOCK_FILES, &[&reference, &invoice, &caller.roots]).await?;
    let (wearer_id, _) = wearer_locked(transaction, caller, reference).await?;
    let file = transaction.query_opt(OF_INVOICE, &[&wearer_id, &invoice]).await?.map_or(wearer_id, |row| row.get(0));
    // Locked already, unless it was merged a moment ago.
    Ok((file, lock(transaction, file).await?))
}
