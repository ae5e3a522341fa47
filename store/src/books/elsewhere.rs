//! What is recorded in files of the same person that were merged into this one, or into the same one before it: no day is billed in two files, an order
//! that went on in another keeps its one cap, and what was granted to the person holds.

use super::facts::{Facts, moment, named, of_files};
use super::written::finance;
use crate::StoreError;
use billing::calendar::Moment;
use billing::{Fact, FactId, What};
use chrono::{DateTime, Utc};
use std::sync::Arc;
use tokio_postgres::Transaction;

/// In the order in which they were merged, and since when it is known whose file the earlier one is.
const EARLIER: &str = "
    SELECT a.wearer_id, b.wearer_id, known_as_one_since(a.wearer_id, b.wearer_id)
    FROM wearers a JOIN wearers b ON b.merged_into = coalesce(a.merged_into, a.wearer_id)
    WHERE a.wearer_id = ANY ($1) AND (a.merged_into IS NULL OR (b.merged_at, b.wearer_id) < (a.merged_at, a.wearer_id))
    ORDER BY a.wearer_id, b.merged_at, b.wearer_id";

/// Adds what is recorded in the earlier files of these persons. A file whose own facts make no sense tells nothing: it is on the work list itself, and
/// holds up no other.
pub(super) async fn add_elsewhere(transaction: &Transaction<'_>, persons: &[i64], facts: &mut Facts) -> Result<(), StoreError> {
    let rows = transaction.query(EARLIER, &[&persons]).await?;
    if rows.is_empty() {
        return Ok(());
    }
    let mut files: Vec<i64> = rows.iter().map(|row| row.get(1)).collect();
    files.sort_unstable();
    files.dedup();
    let there = of_files(transaction, &files).await?.facts;
    for of_person in rows.chunk_by(|one, next| one.get::<_, i64>(0) == next.get::<_, i64>(0)) {
        let Some(known) = facts.get_mut(&of_person[0].get::<_, i64>(0)) else { continue };
        for (place, row) in (0..).zip(of_person) {
            let file: i64 = row.get(1);
            let (Ok(so_far), Some(Ok(there))) = (known.as_mut(), there.get(&file)) else { continue };
            match moment(row.get::<_, DateTime<Utc>>(2)) {
                Ok(since) => told((file, place), there, since, so_far),
                Err(error) => *known = Err(error),
            }
        }
    }
    Ok(())
}

/// What one file tells another since it is known that both are one person's.
fn told((file, place): (i64, u32), there: &[Fact], since: Moment, known: &mut Vec<Fact>) {
    for fact in there.iter().filter(|fact| is_about_use(fact)) {
        let recorded_at = fact.recorded_at.max(since);
        let what = What::Elsewhere { file: place, fact: Arc::new(fact.clone()) };
        known.push(Fact { id: named(format!("elsewhere:{file}:{}", fact.id)), recorded_at, what });
        if let Some(what) = of_person(file, there, fact) {
            known.push(Fact { id: at_hand(file, &fact.id), recorded_at, what });
        }
    }
}

/// A class, a waiver or a suspension was granted to the person (decisions D9, D22): it holds in whichever file the person is billed. What an order suspends
/// goes on with the order.
fn of_person(file: i64, there: &[Fact], fact: &Fact) -> Option<What> {
    let is_relief = |fact: &Fact| match fact.what {
        What::Class { .. } | What::Waiver { .. } => true,
        What::Suspend(_) => finance(&fact.id.to_string()).is_some(),
        _ => false,
    };
    match &fact.what {
        What::Cancel { at, fact: target } => {
            let ends_relief = there.iter().any(|fact| fact.id == *target && is_relief(fact));
            ends_relief.then(|| What::Cancel { at: *at, fact: at_hand(file, target) })
        }
        what => is_relief(fact).then(|| what.clone()),
    }
}

fn at_hand(file: i64, fact: &FactId) -> FactId {
    named(format!("of:{file}:{fact}"))
}

/// Money stays where it was booked.
const fn is_about_use(fact: &Fact) -> bool {
    matches!(
        fact.what,
        What::Install { .. }
            | What::Remove { .. }
            | What::Replace { .. }
            | What::Fee { .. }
            | What::Leave(_)
            | What::Suspend(_)
            | What::BilledElsewhere(_)
            | What::Class { .. }
            | What::Waiver { .. }
            | What::Cancel { .. }
    )
}
