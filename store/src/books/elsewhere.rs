//! What is recorded in files of the same person that were merged into this one, or into the same one before it: no day is billed in two files, and an
//! order that went on in another keeps its one cap.

use super::PersonError;
use super::facts::{Facts, moment, named, of_files};
use crate::StoreError;
use billing::calendar::Moment;
use billing::{Fact, What};
use chrono::{DateTime, Utc};
use std::sync::Arc;
use tokio_postgres::Transaction;

/// Since when it is known whose file the earlier one is.
const EARLIER: &str = "
    SELECT a.wearer_id, b.wearer_id, b.reference, greatest(b.merged_at, a.merged_at)
    FROM wearers a JOIN wearers b ON b.merged_into = coalesce(a.merged_into, a.wearer_id)
    WHERE a.wearer_id = ANY ($1) AND (a.merged_into IS NULL OR (b.merged_at, b.wearer_id) < (a.merged_at, a.wearer_id)) ORDER BY 1, 2";

/// Adds what is recorded in the earlier files of these persons.
pub(super) async fn add_elsewhere(transaction: &Transaction<'_>, persons: &[i64], facts: &mut Facts) -> Result<(), StoreError> {
    let rows = transaction.query(EARLIER, &[&persons]).await?;
    if rows.is_empty() {
        return Ok(());
    }
    let mut files: Vec<i64> = rows.iter().map(|row| row.get(1)).collect();
    files.sort_unstable();
    files.dedup();
    let there = of_files(transaction, &files).await?.facts;
    for row in &rows {
        let (person, file): (i64, i64) = (row.get(0), row.get(1));
        let (Some(known), Some(there)) = (facts.get_mut(&person), there.get(&file)) else { continue };
        let Ok(so_far) = known else { continue };
        match told(file, there, row.get(3)) {
            Ok(more) => so_far.extend(more),
            Err(error) => *known = Err(PersonError::Facts(format!("file {}: {error}", row.get::<_, &str>(2)))),
        }
    }
    Ok(())
}

/// What one file tells another since it is known that both are one person's.
fn told(file: i64, there: &Result<Vec<Fact>, PersonError>, since: DateTime<Utc>) -> Result<Vec<Fact>, PersonError> {
    let there = there.as_ref().map_err(|error| PersonError::Facts(error.to_string()))?;
    let (since, name): (Moment, Arc<str>) = (moment(since)?, file.to_string().into());
    let told = |fact: &Fact| Fact {
        id: named(format!("elsewhere:{name}:{}", fact.id)),
        recorded_at: fact.recorded_at.max(since),
        what: What::Elsewhere { file: Arc::clone(&name), fact: Arc::new(fact.clone()) },
    };
    Ok(there.iter().filter(|fact| is_about_use(fact)).map(told).collect())
}

/// Money stays where it was booked.
const fn is_about_use(fact: &Fact) -> bool {
    matches!(
        fact.what,
        What::Install { .. }
            | What::Remove { .. }
            | What::Replace { .. }
            | What::Leave(_)
            | What::Suspend(_)
            | What::Class { .. }
            | What::Waiver { .. }
            | What::Cancel { .. }
    )
}
