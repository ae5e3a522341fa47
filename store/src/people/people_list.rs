//! The people whom an administrator looks after.

use super::sessions::{grants_from, sessions_end};
use super::{PeopleError, SessionEnd};
use crate::{Store, StoreError, audit};
use access::{Caller, Grant};
use chrono::{DateTime, Utc};
use tokio_postgres::{Row, Transaction};

macro_rules! person_columns {
    () => {
        "SELECT p.person_id, p.name, p.shown_name, own.code, p.is_on, p.totp_secret IS NOT NULL, p.locked_until,
            array(SELECT g.role FROM grants g WHERE g.person_id = p.person_id ORDER BY g.role, g.unit_id),
            array(SELECT g.unit_id FROM grants g WHERE g.person_id = p.person_id ORDER BY g.role, g.unit_id),
            array(SELECT u.code FROM grants g JOIN units u USING (unit_id) WHERE g.person_id = p.person_id ORDER BY g.role, g.unit_id),
            array(SELECT unit_in_force(g.unit_id) FROM grants g WHERE g.person_id = p.person_id ORDER BY g.role, g.unit_id)
        FROM people p JOIN units own USING (unit_id) "
    };
}

const LIST: &str = concat!(
    person_columns!(),
    "WHERE starts_with(p.name, $1) AND p.name > $2 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = p.unit_id AND r.above_id = ANY ($3))
    ORDER BY p.name LIMIT $4"
);

const ONE: &str = concat!(person_columns!(), "WHERE p.person_id = $1");

/// Locks the person until the commit.
const WITHIN_REACH: &str = "
    SELECT FROM people p WHERE p.person_id = $1 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = p.unit_id AND r.above_id = ANY ($2))
    FOR UPDATE";

/// A person as administrators see it.
#[derive(Clone, PartialEq, Debug)]
pub struct Person {
    /// Which.
    pub person_id: i64,
    /// The name to log in with.
    pub name: String,
    /// The name that others see.
    pub shown_name: String,
    /// The code of the unit whose administrators look after the account.
    pub unit: String,
    /// Whether it may log in.
    pub is_on: bool,
    /// A second factor is in force.
    pub has_second_factor: bool,
    /// Failed log-ins lock it until then.
    pub locked_until: Option<DateTime<Utc>>,
    /// Roles and where.
    pub grants: Vec<Grant>,
}

/// Which people to list.
#[derive(Clone, Debug, Default)]
pub struct PersonFilter {
    /// Names that begin so.
    pub name: String,
    /// Names after this one.
    pub after: String,
    /// At most so many.
    pub limit: u32,
}

impl Store {
    /// People of the units within the caller's reach, by name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn person_list(&self, caller: &Caller, filter: &PersonFilter) -> Result<Vec<Person>, StoreError> {
        let client = self.client().await?;
        let rows = client.query(LIST, &[&filter.name, &filter.after, &caller.roots, &i64::from(filter.limit)]).await?;
        Ok(rows.iter().map(person_from).collect())
    }

    /// Switches a person on or off; off ends all sessions.
    ///
    /// # Errors
    /// When there is no such person within reach.
    pub async fn person_switch(&self, caller: &Caller, person_id: i64, on: bool, now: DateTime<Utc>) -> Result<Person, PeopleError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        within_reach(&transaction, caller, person_id).await?;
        transaction.execute("UPDATE people SET is_on = $2 WHERE person_id = $1", &[&person_id, &on]).await?;
        if !on {
            sessions_end(&transaction, person_id, None, None, SessionEnd::SwitchedOff, now).await?;
        }
        finish(transaction, caller, person_id).await
    }

    /// Forgets the failed log-ins of a person.
    ///
    /// # Errors
    /// When there is no such person within reach.
    pub async fn person_unlock(&self, caller: &Caller, person_id: i64) -> Result<Person, PeopleError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        within_reach(&transaction, caller, person_id).await?;
        transaction.execute("UPDATE people SET failures = 0, locked_until = NULL WHERE person_id = $1", &[&person_id]).await?;
        finish(transaction, caller, person_id).await
    }

    /// A person's sessions, if the person is within the caller's reach.
    ///
    /// # Errors
    /// When there is no such person within reach.
    pub async fn person_sessions(
        &self,
        caller: &Caller,
        person_id: i64,
        now: DateTime<Utc>,
    ) -> Result<Vec<super::SessionListed>, PeopleError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        within_reach(&transaction, caller, person_id).await?;
        transaction.commit().await?;
        drop(client);
        Ok(self.session_list(person_id, now).await?)
    }
}

/// The audit's entry, the person as changed, and the commit.
pub(super) async fn finish(
    transaction: deadpool_postgres::Transaction<'_>,
    caller: &Caller,
    person_id: i64,
) -> Result<Person, PeopleError> {
    audit::append(&transaction, &[caller.entry("done")]).await?;
    let changed = person(&transaction, person_id).await?;
    transaction.commit().await?;
    Ok(changed)
}

pub(super) async fn person(transaction: &Transaction<'_>, person_id: i64) -> Result<Person, PeopleError> {
    Ok(person_from(&transaction.query_one(ONE, &[&person_id]).await?))
}

/// Refuses whoever is not within the caller's reach.
pub(super) async fn within_reach(transaction: &Transaction<'_>, caller: &Caller, person_id: i64) -> Result<(), PeopleError> {
    let found = transaction.query_opt(WITHIN_REACH, &[&person_id, &caller.roots]).await?;
    found.map(|_| ()).ok_or(PeopleError::UnknownPerson)
}

fn person_from(row: &Row) -> Person {
    Person {
        person_id: row.get(0),
        name: row.get(1),
        shown_name: row.get(2),
        unit: row.get(3),
        is_on: row.get(4),
        has_second_factor: row.get(5),
        locked_until: row.get(6),
        grants: grants_from(row, 7),
    }
}
