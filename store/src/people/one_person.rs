//! Whether two names are one person's: who did the first half of something does not do the second.

use super::proposals::OPEN_FOR;
use access::Caller;
use chrono::{DateTime, Utc};
use tokio_postgres::Transaction;

/// That somebody was given a password by that one, as the audit knows it.
const HANDED_OVER: &str = "
    SELECT FROM audit WHERE who = $1 AND subject = ANY ($2) AND at > $3 AND result = 'done'
        AND act IN ('/paband.access.v1.People/ResetPassword', '/paband.access.v1.People/CreatePerson') LIMIT 1";

/// Whether one of the two handed the other a password for the first log-in of late: whoever kept it could be both. Each by name and number.
pub(super) async fn handed_over(
    transaction: &Transaction<'_>,
    one: (&str, i64),
    other: (&str, i64),
    now: DateTime<Utc>,
) -> Result<bool, tokio_postgres::Error> {
    let since = now - OPEN_FOR;
    let subjects = |(name, number): (&str, i64)| vec![format!("person {number}"), format!("name {name}")];
    for (giver, taker) in [(one, other), (other, one)] {
        let who = format!("person:{}", giver.0);
        if transaction.query_opt(HANDED_OVER, &[&who, &subjects(taker), &since]).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the caller counts as the same person as the first, by name and number: who did the first half of something does not do the second, nor
/// somebody to whom one of them handed a password of late.
pub(crate) async fn is_one_person(
    transaction: &Transaction<'_>,
    caller: &Caller,
    (first, first_id): (&str, Option<i64>),
    now: DateTime<Utc>,
) -> Result<bool, tokio_postgres::Error> {
    let second_id = caller.person_id();
    let is_same = first == caller.name() || (first_id.is_some() && first_id == second_id);
    Ok(is_same
        || handed_over(transaction, (first, first_id.unwrap_or_default()), (caller.name(), second_id.unwrap_or_default()), now).await?)
}
