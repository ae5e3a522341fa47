//! Accounts: made and reset by administrators, looked after by their owners.

use super::people_list::{person, within_reach};
use super::sessions::sessions_end;
use super::{PeopleError, Person, SessionEnd};
use crate::{Store, StoreError, audit};
use access::{Caller, RecoveryCode, Role, TotpSecret, password};
use chrono::{DateTime, TimeDelta, Utc};
use tokio_postgres::Transaction;
use tokio_postgres::error::SqlState;

/// A password for the first log-in fits so long.
const FIRST_PASSWORD_FITS: TimeDelta = TimeDelta::days(3);

/// Administrators that the command on the server may make: two, since one alone can confirm nothing.
const ADMINISTRATORS_BY_COMMAND: i64 = 2;

const CREATE: &str = "
    INSERT INTO people (name, shown_name, unit_id, password, password_until) VALUES ($1, $2, $3, $4, $5) RETURNING person_id";

const ADMINISTRATORS: &str = "
    SELECT count(DISTINCT person_id) FROM grants JOIN people USING (person_id) WHERE role = 'administrator' AND grants.unit_id = 1 AND is_on";

const GRANT_FIRST: &str = "INSERT INTO grants (person_id, role, unit_id, granted_by) VALUES ($1, $2, 1, $3)";

const RESET: &str = "
    UPDATE people SET password = $2, password_until = $3, totp_secret = NULL, totp_begun = NULL, totp_step = NULL, failures = 0, locked_until = NULL
    WHERE person_id = $1";

/// A role of the person that the caller does not reach: whoever hands out the password could take it.
const BEYOND: &str = "
    SELECT FROM grants g WHERE g.person_id = $1
        AND NOT EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = g.unit_id AND r.above_id = ANY ($2)) LIMIT 1";

const REMEMBER: &str =
    "INSERT INTO person_passwords (person_id, changed_at, password) SELECT person_id, $2, password FROM people WHERE person_id = $1";
const FORGET: &str = "
    DELETE FROM person_passwords WHERE person_id = $1
        AND changed_at NOT IN (SELECT changed_at FROM person_passwords WHERE person_id = $1 ORDER BY changed_at DESC LIMIT $2)";
const CHANGE: &str = "UPDATE people SET password = $2, password_until = NULL WHERE person_id = $1";

const BEFORE: &str = "
    SELECT password FROM people WHERE person_id = $1
    UNION ALL (SELECT password FROM person_passwords WHERE person_id = $1 ORDER BY changed_at DESC LIMIT $2)";

/// A password that an administrator hands over, hashed.
#[derive(Clone, Copy)]
pub struct FirstPassword<'a> {
    /// Its hash.
    pub hash: &'a str,
}

/// A password that its owner chose, hashed.
#[derive(Clone, Copy)]
pub struct NewPassword<'a> {
    /// Its hash.
    pub hash: &'a str,
}

impl Store {
    /// A person without a role, in a unit within the caller's reach.
    ///
    /// # Errors
    /// When the name is taken or the unit is not within reach.
    pub async fn person_create(
        &self,
        caller: &Caller,
        name: &str,
        shown_name: &str,
        unit: &str,
        first: FirstPassword<'_>,
        now: DateTime<Utc>,
    ) -> Result<Person, PeopleError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let unit = super::units::unit_within_reach(&*transaction, caller, unit).await?.ok_or(PeopleError::UnknownUnit)?;
        let created = create(&transaction, name, shown_name, unit, first, now).await?;
        audit::append(&transaction, &[caller.entry("done")]).await?;
        let person = person(&transaction, created).await?;
        transaction.commit().await?;
        Ok(person)
    }

    /// An administrator of the central unit, by a command on the server: the first one, and the second who can confirm what the first proposes.
    ///
    /// # Errors
    /// When there are two already, or the name is taken.
    pub async fn administrator_create(
        &self,
        caller: &Caller,
        name: &str,
        first: FirstPassword<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), PeopleError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        // Two commands at once must not both be the second.
        transaction.batch_execute("LOCK TABLE grants IN SHARE ROW EXCLUSIVE MODE").await?;
        if transaction.query_one(ADMINISTRATORS, &[]).await?.get::<_, i64>(0) >= ADMINISTRATORS_BY_COMMAND {
            return Err(PeopleError::EnoughAdministrators);
        }
        let person = create(&transaction, name, name, 1, first, now).await?;
        transaction.execute(GRANT_FIRST, &[&person, &Role::Administrator.name(), &caller.who.to_string()]).await?;
        audit::append(&transaction, &[caller.entry("done")]).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// A new password for the first log-in; the second factor is forgotten and all sessions end.
    ///
    /// # Errors
    /// When there is no such person within reach, or the person holds a role beyond it.
    pub async fn person_reset(
        &self,
        caller: &Caller,
        person: i64,
        first: FirstPassword<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), PeopleError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        within_reach(&transaction, caller, person).await?;
        if transaction.query_opt(BEYOND, &[&person, &caller.roots]).await?.is_some() {
            return Err(PeopleError::BeyondReach);
        }
        transaction.execute(REMEMBER, &[&person, &now]).await?;
        transaction.execute(RESET, &[&person, &first.hash, &(now + FIRST_PASSWORD_FITS)]).await?;
        transaction.execute("DELETE FROM recovery_codes WHERE person_id = $1", &[&person]).await?;
        sessions_end(&transaction, person, None, None, SessionEnd::Reset, now).await?;
        audit::append(&transaction, &[caller.entry("done")]).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The hashes that a new password must not fit: of the one in force and of those before.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn passwords_before(&self, person: i64) -> Result<Vec<String>, StoreError> {
        let rows = self.client().await?.query(BEFORE, &[&person, &(password::REMEMBERED as i64)]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// The caller's new password; the caller's other sessions end.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn password_change(&self, caller: &Caller, new: NewPassword<'_>, now: DateTime<Utc>) -> Result<(), PeopleError> {
        let person = caller.person_id().ok_or(PeopleError::UnknownPerson)?;
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        transaction.execute(REMEMBER, &[&person, &now]).await?;
        transaction.execute(FORGET, &[&person, &(password::REMEMBERED as i64)]).await?;
        transaction.execute(CHANGE, &[&person, &new.hash]).await?;
        sessions_end(&transaction, person, None, caller.session_id(), SessionEnd::PasswordChanged, now).await?;
        audit::append(&transaction, &[caller.entry("done")]).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Keeps a secret for the caller's authenticator until it is confirmed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn totp_begin(&self, caller: &Caller, secret: &TotpSecret) -> Result<(), PeopleError> {
        let person = caller.person_id().ok_or(PeopleError::UnknownPerson)?;
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        transaction.execute("UPDATE people SET totp_begun = $2 WHERE person_id = $1", &[&person, &secret.bytes().as_slice()]).await?;
        audit::append(&transaction, &[caller.entry("done")]).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The secret that waits to be confirmed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn totp_begun(&self, person: i64) -> Result<Option<TotpSecret>, StoreError> {
        let row = self.client().await?.query_opt("SELECT totp_begun FROM people WHERE person_id = $1", &[&person]).await?;
        let bytes = row.and_then(|row| row.get::<_, Option<Vec<u8>>>(0));
        Ok(bytes.and_then(|bytes| bytes.try_into().ok()).map(TotpSecret::new))
    }

    /// Puts the second factor in force; new recovery codes replace the old ones. The caller's other sessions end: they began without it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn totp_confirm(&self, caller: &Caller, secret: &TotpSecret, step: i64, codes: &[RecoveryCode]) -> Result<(), PeopleError> {
        let person = caller.person_id().ok_or(PeopleError::UnknownPerson)?;
        let hashes: Vec<Vec<u8>> = codes.iter().map(|code| RecoveryCode::hash(code.written()).to_vec()).collect();
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let confirm = "UPDATE people SET totp_secret = $2, totp_begun = NULL, totp_step = $3 WHERE person_id = $1 AND totp_begun = $2";
        if transaction.execute(confirm, &[&person, &secret.bytes().as_slice(), &step]).await? == 0 {
            return Err(PeopleError::UnknownPerson);
        }
        transaction.execute("DELETE FROM recovery_codes WHERE person_id = $1", &[&person]).await?;
        transaction.execute("INSERT INTO recovery_codes (person_id, hash) SELECT $1, unnest($2::bytea[])", &[&person, &hashes]).await?;
        sessions_end(&transaction, person, None, caller.session_id(), SessionEnd::Revoked, Utc::now()).await?;
        audit::append(&transaction, &[caller.entry("done")]).await?;
        transaction.commit().await?;
        Ok(())
    }
}

async fn create(
    transaction: &Transaction<'_>,
    name: &str,
    shown_name: &str,
    unit: i64,
    first: FirstPassword<'_>,
    now: DateTime<Utc>,
) -> Result<i64, PeopleError> {
    let created = transaction.query_one(CREATE, &[&name, &shown_name, &unit, &first.hash, &(now + FIRST_PASSWORD_FITS)]).await;
    match created {
        Ok(row) => Ok(row.get(0)),
        Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => Err(PeopleError::NameTaken),
        Err(error) => Err(error.into()),
    }
}
