//! Two files of one person become one: the duplicate stays as it is, with what was done under it, and the other goes on.

use super::EnrolmentError;
use super::wearers::{wearer_locked, wearer_version_keep};
use access::Caller;
use chrono::{DateTime, Utc};
use tokio_postgres::Transaction;

/// Both, and those that were merged into the duplicate before.
const LOCK_FILES: &str = "
    SELECT FROM wearers w WHERE EXISTS (SELECT FROM wearers d WHERE d.reference = $3 AND w.merged_into = d.wearer_id)
        OR (w.reference IN ($1, $3) AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($2)))
    ORDER BY w.wearer_id FOR NO KEY UPDATE OF w";
const UNIT: &str = "SELECT unit_id FROM wearers WHERE wearer_id = $1";
const WEARS_TAG: &str = "SELECT FROM fittings WHERE wearer_id = $1 AND (upper_inf(period) OR upper(period) > $2)";

/// An order of the duplicate that is not over, and meets one of the other file at some time.
const OVERLAP: &str = "
    SELECT f.decision_number FROM order_spans b JOIN order_spans a ON a.wearer_id = $1 AND a.period && b.period
        JOIN order_facts f ON f.order_id = b.order_id AND f.version = 1
    WHERE b.wearer_id = $2 AND (upper_inf(b.period) OR upper(b.period) > $3) ORDER BY b.order_id LIMIT 1";

/// What is not over goes on under the other file: else the person could come under two orders, one in each file.
const MOVE_ORDERS: &str = "
    UPDATE orders SET wearer_id = $1, moved_from = coalesce(moved_from, $2), version = version + 1
    WHERE wearer_id = $2 AND order_id IN (SELECT order_id FROM order_spans WHERE wearer_id = $2 AND (upper_inf(period) OR upper(period) > $3))";

const END: &str = "
    UPDATE wearers SET version = version + 1, merged_into = $1, merged_at = $3, merged_by = $4, merge_reason = $5 WHERE wearer_id = $2";
/// Files that were merged into the duplicate before are now merged into the other.
const FOLLOW: &str = "
    UPDATE wearers SET merged_into = $1, merged_first_into = coalesce(merged_first_into, merged_into) WHERE merged_into = $2";
/// A number that only the duplicate has goes over, and names and numbers by which people look for it.
const TAKE_OVER: &str = "
    UPDATE wearers a SET version = a.version + 1, also_found_by = btrim(a.also_found_by || b.search),
        birth_date = coalesce(a.birth_date, b.birth_date)
    FROM wearers b WHERE a.wearer_id = $1 AND b.wearer_id = $2";
const NUMBERS_LEAVE: &str = "
    UPDATE wearers b SET national_id = NULL, foreign_id_kind = NULL, foreign_id = NULL FROM wearers a
    WHERE b.wearer_id = $2 AND a.wearer_id = $1 AND a.national_id IS NULL AND a.foreign_id IS NULL";
const NUMBERS_ARRIVE: &str = "
    UPDATE wearers SET national_id = $2, foreign_id_kind = $3, foreign_id = $4 WHERE wearer_id = $1 AND national_id IS NULL AND foreign_id IS NULL";

/// Two files of one person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WearerMerge {
    /// The reference of the file that goes on.
    pub keeps: String,
    /// The reference of the other.
    pub duplicate: String,
    /// How it is known that they are the same person's.
    pub reason: String,
}

/// What a merge concerns, if it is possible: the two files, locked, and the unit of the one that goes on.
pub(crate) struct MergeConcerns {
    pub(crate) unit_id: i64,
    keeps: i64,
    duplicate: i64,
}

/// Whether the two can be merged now.
pub(crate) async fn merge_concerns(
    transaction: &Transaction<'_>,
    caller: &Caller,
    merge: &WearerMerge,
    now: DateTime<Utc>,
) -> Result<MergeConcerns, EnrolmentError> {
    if merge.keeps == merge.duplicate {
        return Err(EnrolmentError::SameFile);
    }
    // All at once, in the order in which everybody locks several: no two changes wait for each other in a circle.
    transaction.query(LOCK_FILES, &[&merge.keeps, &caller.roots, &merge.duplicate]).await?;
    let (keeps, _) = wearer_locked(transaction, caller, &merge.keeps).await?;
    let (duplicate, _) = wearer_locked(transaction, caller, &merge.duplicate).await?;
    caller.about_wearer(&merge.keeps);
    caller.about(format!("duplicate {}", merge.duplicate));
    if transaction.query_opt(WEARS_TAG, &[&duplicate, &now]).await?.is_some() {
        return Err(EnrolmentError::DuplicateWearsTag);
    }
    if let Some(row) = transaction.query_opt(OVERLAP, &[&keeps, &duplicate, &now]).await? {
        return Err(EnrolmentError::MergeOrdersOverlap(row.get(0)));
    }
    let unit_id = transaction.query_one(UNIT, &[&keeps]).await?.get(0);
    Ok(MergeConcerns { unit_id, keeps, duplicate })
}

/// Merges them; the number of the wearer whose file goes on.
pub(crate) async fn wearer_merge(
    transaction: &Transaction<'_>,
    caller: &Caller,
    merge: &WearerMerge,
    proposer: &str,
    now: DateTime<Utc>,
) -> Result<i64, EnrolmentError> {
    let MergeConcerns { keeps, duplicate, .. } = merge_concerns(transaction, caller, merge, now).await?;
    let by = format!("{proposer}, {}", caller.name());
    transaction.execute(TAKE_OVER, &[&keeps, &duplicate]).await.map_err(EnrolmentError::of_constraint)?;
    transaction.execute(END, &[&keeps, &duplicate, &now, &by, &merge.reason]).await?;
    wearer_version_keep(transaction, caller, duplicate, "merged", now).await?;
    numbers_move(transaction, keeps, duplicate).await?;
    transaction.execute(FOLLOW, &[&keeps, &duplicate]).await?;
    transaction.execute(MOVE_ORDERS, &[&keeps, &duplicate, &now]).await.map_err(EnrolmentError::of_constraint)?;
    wearer_version_keep(transaction, caller, keeps, "took_over", now).await?;
    Ok(keeps)
}

/// The number of a person goes to the file that goes on, if that has none. What the duplicate said is in its versions.
async fn numbers_move(transaction: &Transaction<'_>, keeps: i64, duplicate: i64) -> Result<(), EnrolmentError> {
    let numbers = "SELECT national_id, foreign_id_kind, foreign_id FROM wearers WHERE wearer_id = $1";
    let row = transaction.query_one(numbers, &[&duplicate]).await?;
    let (national_id, kind, number): (Option<String>, Option<String>, Option<String>) = (row.get(0), row.get(1), row.get(2));
    if national_id.is_some() || number.is_some() {
        transaction.execute(NUMBERS_LEAVE, &[&keeps, &duplicate]).await?;
        transaction.execute(NUMBERS_ARRIVE, &[&keeps, &national_id, &kind, &number]).await.map_err(EnrolmentError::of_constraint)?;
    }
    Ok(())
}
