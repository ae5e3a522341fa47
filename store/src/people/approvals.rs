//! Acts that need two approvals besides who proposed them: the first is written down, the second lets them take effect.

use super::acts::{Act, concerns, second_approval_needed};
use super::one_person::is_one_person;
use super::{PeopleError, Proposal};
use access::Caller;
use chrono::{DateTime, Utc};
use tokio_postgres::Transaction;

/// The first who approved, as long as that person is on: who was switched off meanwhile approves nothing any more.
const FIRST: &str = "
    SELECT p.name, p.person_id FROM proposal_approvals a JOIN people p USING (person_id) WHERE a.proposal_id = $1 AND p.is_on ORDER BY a.at LIMIT 1";
const APPROVE: &str = "INSERT INTO proposal_approvals (proposal_id, person_id, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

/// What a confirmation is.
pub(super) enum Approval {
    /// The first of two: the proposal waits on.
    First,
    /// The last that is needed; who was the first of two.
    Last(Option<String>),
}

/// Approves a proposal, which is locked, by somebody who did not make it.
///
/// # Errors
/// When the act is not possible now, or the caller approved it before.
pub(super) async fn approve(
    transaction: &Transaction<'_>,
    (caller, person): (&Caller, i64),
    (proposal, act): (&Proposal, &Act),
    now: DateTime<Utc>,
) -> Result<Approval, PeopleError> {
    if !second_approval_needed(transaction, act, now).await? {
        return Ok(Approval::Last(None));
    }
    let Some(first) = transaction.query_opt(FIRST, &[&proposal.proposal_id]).await? else {
        concerns(transaction, caller, act, now).await?;
        transaction.execute(APPROVE, &[&proposal.proposal_id, &person, &now]).await?;
        return Ok(Approval::First);
    };
    let (name, number): (String, i64) = (first.get(0), first.get(1));
    if is_one_person(transaction, caller, (&name, Some(number)), now).await? {
        return Err(PeopleError::SamePerson);
    }
    Ok(Approval::Last(Some(name)))
}
