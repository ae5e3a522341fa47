//! Roles given and taken back.

use super::people_list::{finish, within_reach};
use super::sessions::sessions_end;
use super::units::unit_within_reach;
use super::{PeopleError, Person, SessionEnd};
use crate::Store;
use access::{Caller, Role};
use chrono::{DateTime, Utc};
use tokio_postgres::Transaction;

const HELD: &str = "SELECT FROM grants WHERE person_id = $1 AND role = $2 AND unit_id = $3";
const GIVE: &str =
    "INSERT INTO grants (person_id, role, unit_id, granted_by, confirmed_by) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
const TAKE: &str = "DELETE FROM grants WHERE person_id = $1 AND role = $2 AND unit_id = $3";

/// A role of a person in a unit, to give or to take back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RoleChange {
    /// Whose.
    pub person_id: i64,
    /// Which role.
    pub role: Role,
    /// The unit's code.
    pub unit: String,
}

impl Store {
    /// Takes a role back; the person's sessions end, so that whatever is open now ends too.
    ///
    /// # Errors
    /// When person or unit are not within reach, or the person does not hold the role there.
    pub async fn role_revoke(&self, caller: &Caller, change: &RoleChange, now: DateTime<Utc>) -> Result<Person, PeopleError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        within_reach(&transaction, caller, change.person_id).await?;
        let unit = unit_within_reach(&*transaction, caller, &change.unit).await?.ok_or(PeopleError::UnknownUnit)?;
        if transaction.execute(TAKE, &[&change.person_id, &change.role.name(), &unit]).await? == 0 {
            return Err(PeopleError::UnknownRole);
        }
        sessions_end(&transaction, change.person_id, None, None, SessionEnd::RolesChanged, now).await?;
        finish(transaction, caller, change.person_id).await
    }
}

/// Whether the role can be given by this caller; the unit's number.
pub(super) async fn may_give(transaction: &Transaction<'_>, caller: &Caller, change: &RoleChange) -> Result<i64, PeopleError> {
    within_reach(transaction, caller, change.person_id).await?;
    let unit = unit_within_reach(transaction, caller, &change.unit).await?.ok_or(PeopleError::UnknownUnit)?;
    if change.role.is_central() && unit != 1 {
        return Err(PeopleError::CentralRole);
    }
    if transaction.query_opt(HELD, &[&change.person_id, &change.role.name(), &unit]).await?.is_some() {
        return Err(PeopleError::RoleHeldAlready);
    }
    Ok(unit)
}

/// Gives the role that `proposer` proposed and the caller confirms. The person's sessions end: the new role may allow only shorter ones.
pub(super) async fn give(
    transaction: &Transaction<'_>,
    caller: &Caller,
    change: &RoleChange,
    proposer: &str,
    now: DateTime<Utc>,
) -> Result<(), PeopleError> {
    let unit = may_give(transaction, caller, change).await?;
    transaction.execute(GIVE, &[&change.person_id, &change.role.name(), &unit, &proposer, &caller.who.to_string()]).await?;
    sessions_end(transaction, change.person_id, None, None, SessionEnd::RolesChanged, now).await?;
    Ok(())
}
