//! Whether the fee of a fitting may be corrected: it must have one, and not stand so already.

use super::facts::{named, of_files};
use super::{BooksError, WorkReason};
use crate::StoreError;
use billing::calendar::Moment;
use billing::{What, known_at};
use chrono::{DateTime, Utc};
use tokio_postgres::Transaction;

/// Refuses what changes nothing now. The wearer is locked.
pub(super) async fn fee_may_change(
    transaction: &Transaction<'_>,
    wearer_id: i64,
    (fitting_id, chargeable): (i64, bool),
    now: DateTime<Utc>,
) -> Result<(), BooksError> {
    let recorded = of_files(transaction, &[wearer_id]).await?.facts.remove(&wearer_id).unwrap_or_else(|| Ok(Vec::new()));
    let facts = recorded.map_err(|error| BooksError::Blocked(WorkReason::from(&error)))?;
    let now = Moment::try_from(now).map_err(|error| StoreError::Refused(error.to_string()))?;
    let (fitting, known) = (named(format!("fitting:{fitting_id}")), known_at(&facts, now));
    let recorded = known.iter().find(|fact| fact.id == fitting).and_then(|fact| match fact.what {
        What::Install { chargeable, .. } | What::Replace { chargeable, .. } => Some(chargeable),
        _ => None,
    });
    let decided = known.iter().rev().find_map(|fact| match &fact.what {
        What::Fee { of, chargeable, .. } if *of == fitting => Some(*chargeable),
        _ => None,
    });
    match recorded.map(|recorded| decided.unwrap_or(recorded)) {
        None => Err(BooksError::UnknownFitting),
        Some(stands) if stands == chargeable => Err(BooksError::FeeIsSo),
        Some(_) => Ok(()),
    }
}
