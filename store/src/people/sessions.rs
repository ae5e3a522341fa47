//! Sessions: whom a token stands for, and their ends.

use super::PeopleError;
use crate::{Store, StoreError, audit};
use access::{Caller, Grant, Role, TokenHash};
use chrono::{DateTime, TimeDelta, Utc};
use tokio_postgres::{Row, Transaction};

/// A session that is used is written down as used at most this often.
const TOUCH_EVERY_S: f64 = 30.0;

const OPEN: &str = "
    SELECT s.session_id, p.person_id, p.name, p.shown_name, p.password_until IS NOT NULL, p.totp_secret IS NOT NULL,
        s.last_used_at, s.idle_s, s.ends_at, s.fresh_until,
        (SELECT count(*) FROM recovery_codes c WHERE c.person_id = p.person_id AND c.used_at IS NULL),
        $2 - s.last_used_at > make_interval(secs => $3),
        array(SELECT g.role FROM grants g WHERE g.person_id = p.person_id ORDER BY g.role, g.unit_id),
        array(SELECT g.unit_id FROM grants g WHERE g.person_id = p.person_id ORDER BY g.role, g.unit_id),
        array(SELECT u.code FROM grants g JOIN units u USING (unit_id) WHERE g.person_id = p.person_id ORDER BY g.role, g.unit_id),
        array(SELECT unit_in_force(g.unit_id) FROM grants g WHERE g.person_id = p.person_id ORDER BY g.role, g.unit_id)
    FROM sessions s JOIN people p USING (person_id)
    WHERE s.token_hash = $1 AND s.ended_at IS NULL AND p.is_on AND $2 < s.ends_at AND $2 < s.last_used_at + make_interval(secs => s.idle_s)";

const TOUCH: &str = "UPDATE sessions SET last_used_at = greatest(last_used_at, $2) WHERE session_id = $1";

/// Of these sessions, those that still stand.
const STANDING: &str = "
    SELECT session_id FROM sessions s JOIN people p USING (person_id)
    WHERE session_id = ANY ($1) AND s.ended_at IS NULL AND p.is_on AND $2 < s.ends_at AND $2 < s.last_used_at + make_interval(secs => s.idle_s)";

const LIST: &str = "
    SELECT session_id, began_at, last_used_at, least(ends_at, last_used_at + make_interval(secs => idle_s)), address FROM sessions
    WHERE person_id = $1 AND ended_at IS NULL AND $2 < ends_at AND $2 < last_used_at + make_interval(secs => idle_s) ORDER BY session_id";

const END: &str = "
    UPDATE sessions SET ended_at = $3, ended_because = $4
    WHERE person_id = $1 AND ended_at IS NULL AND ($2::bigint IS NULL OR session_id = $2) AND session_id IS DISTINCT FROM $5::bigint";

/// An open session, and who it is.
#[derive(Clone, Debug)]
pub struct OpenSession {
    /// Which session.
    pub session_id: i64,
    /// Whose.
    pub person_id: i64,
    /// The name to log in with.
    pub name: String,
    /// The name that others see.
    pub shown_name: String,
    /// The password was given by an administrator, for the first log-in.
    pub must_change_password: bool,
    /// A second factor is in force.
    pub has_second_factor: bool,
    /// When it ends without another call.
    pub idle_until: DateTime<Utc>,
    /// When it ends at the latest.
    pub ends_at: DateTime<Utc>,
    /// Until when dangerous acts are allowed.
    pub fresh_until: Option<DateTime<Utc>>,
    /// Recovery codes not used yet.
    pub recovery_codes_left: i64,
    /// Roles and where.
    pub grants: Vec<Grant>,
}

/// One of a person's open sessions.
#[derive(Clone, Debug)]
pub struct SessionListed {
    /// Which.
    pub session_id: i64,
    /// Since when.
    pub began_at: DateTime<Utc>,
    /// Its newest call.
    pub last_used_at: DateTime<Utc>,
    /// When it ends without another call.
    pub ends_at: DateTime<Utc>,
    /// Where it was opened from.
    pub address: String,
}

/// Why a session ends before its time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SessionEnd {
    /// Its person ended it.
    LoggedOut,
    /// Its person or an administrator revoked it.
    Revoked,
    /// The person's password was changed in another one.
    PasswordChanged,
    /// The person was switched off.
    SwitchedOff,
    /// An administrator reset the password.
    Reset,
    /// A role was taken back.
    RolesChanged,
}

impl SessionEnd {
    const fn name(self) -> &'static str {
        match self {
            Self::LoggedOut => "logged_out",
            Self::Revoked => "revoked",
            Self::PasswordChanged => "password_changed",
            Self::SwitchedOff => "switched_off",
            Self::Reset => "reset",
            Self::RolesChanged => "roles_changed",
        }
    }
}

impl Store {
    /// The open session of this token, if there is one; its use is written down.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn session(&self, token: TokenHash, now: DateTime<Utc>) -> Result<Option<OpenSession>, StoreError> {
        let client = self.client().await?;
        let statement = client.prepare_cached(OPEN).await?;
        let Some(row) = client.query_opt(&statement, &[&token.0.as_slice(), &now, &TOUCH_EVERY_S]).await? else { return Ok(None) };
        if row.get(11) {
            client.execute(TOUCH, &[&row.get::<_, i64>(0), &now]).await?;
        }
        Ok(Some(open_from(&row, now)))
    }

    /// Of these sessions, those that still stand.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sessions_standing(&self, sessions: &[i64], now: DateTime<Utc>) -> Result<Vec<i64>, StoreError> {
        let client = self.client().await?;
        let statement = client.prepare_cached(STANDING).await?;
        Ok(client.query(&statement, &[&sessions, &now]).await?.iter().map(|row| row.get(0)).collect())
    }

    /// A person's open sessions, the oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn session_list(&self, person_id: i64, now: DateTime<Utc>) -> Result<Vec<SessionListed>, StoreError> {
        let rows = self.client().await?.query(LIST, &[&person_id, &now]).await?;
        let session = |row: &Row| SessionListed {
            session_id: row.get(0),
            began_at: row.get(1),
            last_used_at: row.get(2),
            ends_at: row.get(3),
            address: row.get(4),
        };
        Ok(rows.iter().map(session).collect())
    }

    /// Ends one of the caller's own sessions, or all but the one that calls (`None`). How many ended.
    ///
    /// # Errors
    /// When the caller has no such open session.
    pub async fn session_revoke_own(
        &self,
        caller: &Caller,
        session: Option<i64>,
        why: SessionEnd,
        now: DateTime<Utc>,
    ) -> Result<u64, PeopleError> {
        let person = caller.person_id().ok_or(PeopleError::UnknownPerson)?;
        let but = if session.is_none() { caller.session_id() } else { None };
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let ended = sessions_end(&transaction, person, session, but, why, now).await?;
        if ended == 0 && session.is_some() {
            return Err(PeopleError::UnknownSession);
        }
        audit::append(&transaction, &[caller.entry("done")]).await?;
        transaction.commit().await?;
        Ok(ended)
    }

    /// Ends one session of a person within the caller's reach, or all of them.
    ///
    /// # Errors
    /// When there is no such person or session within reach.
    pub async fn session_revoke(&self, caller: &Caller, person: i64, session: Option<i64>, now: DateTime<Utc>) -> Result<u64, PeopleError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        super::people_list::within_reach(&transaction, caller, person).await?;
        let ended = sessions_end(&transaction, person, session, None, SessionEnd::Revoked, now).await?;
        if ended == 0 && session.is_some() {
            return Err(PeopleError::UnknownSession);
        }
        audit::append(&transaction, &[caller.entry("done")]).await?;
        transaction.commit().await?;
        Ok(ended)
    }
}

/// Ends one session of a person, or all (`None`), except `but`.
pub(super) async fn sessions_end(
    transaction: &Transaction<'_>,
    person: i64,
    session: Option<i64>,
    but: Option<i64>,
    why: SessionEnd,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    Ok(transaction.execute(END, &[&person, &session, &now, &why.name(), &but]).await?)
}

fn open_from(row: &Row, now: DateTime<Utc>) -> OpenSession {
    let last_used_at: DateTime<Utc> = row.get(6);
    let idle = TimeDelta::seconds(row.get::<_, i32>(7).into());
    OpenSession {
        session_id: row.get(0),
        person_id: row.get(1),
        name: row.get(2),
        shown_name: row.get(3),
        must_change_password: row.get(4),
        has_second_factor: row.get(5),
        idle_until: last_used_at.max(now) + idle,
        ends_at: row.get(8),
        fresh_until: row.get(9),
        recovery_codes_left: row.get(10),
        grants: grants_from(row, 12),
    }
}

/// Four columns of equal length: roles, unit ids, unit codes, whether in force. A role that this program does not know gives no right.
pub(super) fn grants_from(row: &Row, column: usize) -> Vec<Grant> {
    let (roles, units): (Vec<&str>, Vec<i64>) = (row.get(column), row.get(column + 1));
    let (codes, in_force): (Vec<String>, Vec<bool>) = (row.get(column + 2), row.get(column + 3));
    let rows = roles.into_iter().zip(units).zip(codes).zip(in_force);
    rows.filter_map(|(((role, unit_id), unit), in_force)| Some(Grant { role: Role::named(role)?, unit_id, unit, in_force })).collect()
}
