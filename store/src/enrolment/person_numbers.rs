//! No person has two files: national ids and the numbers of foreigners belong to one file each.

use super::{EnrolmentError, WearerFields};
use access::Caller;
use enrolment::{ForeignId, NationalId};
use tokio_postgres::Transaction;

/// Two clerks who enrol the same person at once wait here for each other: the second finds the file of the first.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 15))";

/// The file that goes on under one of the numbers, and whether the caller reaches it.
const TAKEN: &str = "
    SELECT coalesce(m.reference, w.reference),
        EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = coalesce(m.unit_id, w.unit_id) AND r.above_id = ANY ($4))
    FROM wearers w LEFT JOIN wearers m ON m.wearer_id = w.merged_into
    WHERE (w.national_id = $1 OR (w.foreign_id_kind = $2 AND w.foreign_id = $3))
        AND coalesce(w.merged_into, w.wearer_id) IS DISTINCT FROM $5
    LIMIT 1";

/// What a file that was merged into this one still holds, this one takes over.
const TAKE_OVER: &str = "
    UPDATE wearers SET
        national_id = CASE WHEN national_id = $2 THEN NULL ELSE national_id END,
        foreign_id_kind = CASE WHEN foreign_id_kind = $3 AND foreign_id = $4 THEN NULL ELSE foreign_id_kind END,
        foreign_id = CASE WHEN foreign_id_kind = $3 AND foreign_id = $4 THEN NULL ELSE foreign_id END
    WHERE merged_into = $1 AND (national_id = $2 OR (foreign_id_kind = $3 AND foreign_id = $4))";

/// Holds everybody off who would write one of the same numbers, until the transaction ends.
pub(super) async fn numbers_lock(transaction: &Transaction<'_>, fields: &WearerFields) -> Result<(), EnrolmentError> {
    // Always in this order, so that no two wait for each other.
    if let Some(id) = &fields.national_id {
        transaction.execute(LOCK, &[&format!("national {}", id.as_str())]).await?;
    }
    if let Some(id) = &fields.foreign_id {
        transaction.execute(LOCK, &[&format!("{} {}", id.kind().name(), id.number())]).await?;
    }
    Ok(())
}

/// Refuses numbers that another file has; `own` is the file that is being changed.
pub(super) async fn numbers_free(
    transaction: &Transaction<'_>,
    caller: &Caller,
    fields: &WearerFields,
    own: Option<i64>,
) -> Result<(), EnrolmentError> {
    let national_id = fields.national_id.as_ref().map(NationalId::as_str);
    let kind = fields.foreign_id.as_ref().map(|id| id.kind().name());
    let number = fields.foreign_id.as_ref().map(ForeignId::number);
    if let Some(row) = transaction.query_opt(TAKEN, &[&national_id, &kind, &number, &caller.roots, &own]).await? {
        let within_reach = row.get(1);
        return Err(if within_reach { EnrolmentError::PersonEnrolled(row.get(0)) } else { EnrolmentError::PersonEnrolledElsewhere });
    }
    if let Some(wearer_id) = own {
        transaction.execute(TAKE_OVER, &[&wearer_id, &national_id, &kind, &number]).await?;
    }
    Ok(())
}
