//! Logging in: what is needed to check it, and what success and failure leave behind.

use super::PeopleError;
use crate::{Store, StoreError, audit};
use access::{AuditEntry, Caller, Role, SessionLimits, TokenHash, TotpSecret};
use chrono::{DateTime, TimeDelta, Utc};
use tokio_postgres::Transaction;

/// Failures in a row that lock nothing yet.
const FAILURES_FREE: i32 = 4;
/// The first lock; each further failure doubles it.
const LOCK_FIRST_S: i64 = 60;
/// The longest lock: a guesser gets 24 tries a day.
const LOCK_LONGEST_S: i64 = 3600;
/// Failures are counted by address for so long.
const ADDRESS_WINDOW: TimeDelta = TimeDelta::minutes(10);

const PERSON: &str = "
    SELECT person_id, name, password, password_until, totp_secret, totp_step, is_on, locked_until,
        array(SELECT DISTINCT role FROM grants g WHERE g.person_id = p.person_id)
    FROM people p WHERE name = $1";

const FROM_ADDRESS: &str = "SELECT count(*) FROM log_in_failures WHERE address = $1 AND at > $2";

const FAILED: &str = "
    UPDATE people SET failures = failures + 1,
        locked_until = CASE WHEN failures + 1 > $3 THEN $2 + make_interval(secs => least($4::bigint * (1::bigint << least(failures - $3, 20)), $5)) END
    WHERE person_id = $1 RETURNING locked_until, failures";

const FAILED_FROM: &str = "
    WITH forgotten AS (DELETE FROM log_in_failures WHERE at < $3)
    INSERT INTO log_in_failures (address, at) VALUES ($1, $2)";

/// Two log-ins at once with one code: one of them changes nothing here and fails.
const CODE_USED: &str = "UPDATE people SET totp_step = $2 WHERE person_id = $1 AND (totp_step IS NULL OR totp_step < $2)";
const RECOVERY_USED: &str = "UPDATE recovery_codes SET used_at = $3 WHERE person_id = $1 AND hash = $2 AND used_at IS NULL";

const SUCCEEDED: &str = "UPDATE people SET failures = 0, locked_until = NULL WHERE person_id = $1";

const BEGIN: &str = "
    INSERT INTO sessions (person_id, token_hash, began_at, last_used_at, idle_s, ends_at, fresh_until, address)
    VALUES ($1, $2, $3, $3, $4, $5, $6, $7) RETURNING session_id";

const FRESH: &str = "UPDATE sessions SET fresh_until = $2 WHERE session_id = $1";

/// What is known of a name that somebody gives.
#[derive(Clone)]
pub struct LogInPerson {
    /// Whose name it is.
    pub person_id: i64,
    /// The name.
    pub name: String,
    /// The hash to check the password against.
    pub password: String,
    /// Of a password for the first log-in: until when it fits.
    pub password_until: Option<DateTime<Utc>>,
    /// The second factor in force.
    pub totp: Option<TotpSecret>,
    /// The newest step used.
    pub totp_step: Option<i64>,
    /// The account is switched on.
    pub is_on: bool,
    /// Failed log-ins lock it until then.
    pub locked_until: Option<DateTime<Utc>>,
    /// The roles held, wherever.
    pub roles: Vec<Role>,
}

/// The second factor that fitted.
#[derive(Clone, Copy, Debug)]
pub enum SecondFactor {
    /// A code of the authenticator, by its step.
    Step(i64),
    /// A recovery code, by its hash.
    Recovery([u8; 32]),
    /// None is in force yet.
    None,
}

/// A log-in whose password was right.
#[derive(Clone, Copy, Debug)]
pub struct LogIn {
    /// Who.
    pub person_id: i64,
    /// What the session is to be known by.
    pub token: TokenHash,
    /// How long it lasts.
    pub limits: SessionLimits,
    /// For so long dangerous acts are allowed; zero without a second factor.
    pub fresh: TimeDelta,
}

impl Store {
    /// What is known of this name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn log_in_person(&self, name: &str) -> Result<Option<LogInPerson>, StoreError> {
        let Some(row) = self.client().await?.query_opt(PERSON, &[&name]).await? else { return Ok(None) };
        let totp = row.get::<_, Option<&[u8]>>(4).and_then(|bytes| bytes.try_into().ok()).map(TotpSecret::new);
        Ok(Some(LogInPerson {
            person_id: row.get(0),
            name: row.get(1),
            password: row.get(2),
            password_until: row.get(3),
            totp,
            totp_step: row.get(5),
            is_on: row.get(6),
            locked_until: row.get(7),
            roles: row.get::<_, Vec<&str>>(8).into_iter().filter_map(Role::named).collect(),
        }))
    }

    /// Failed log-ins from this address in the last ten minutes.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn log_in_failures_from(&self, address: &str, now: DateTime<Utc>) -> Result<i64, StoreError> {
        Ok(self.client().await?.query_one(FROM_ADDRESS, &[&address, &(now - ADDRESS_WINDOW)]).await?.get(0))
    }

    /// Writes down a failure: for the account if there is one, and for the address. Until when the account is locked now, and how many
    /// failures in a row that makes.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn log_in_failed(
        &self,
        person: Option<i64>,
        address: &str,
        now: DateTime<Utc>,
        entry: AuditEntry,
    ) -> Result<(Option<DateTime<Utc>>, i32), StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let mut locked = (None, 0);
        if let Some(person) = person {
            let row = transaction.query_one(FAILED, &[&person, &now, &FAILURES_FREE, &LOCK_FIRST_S, &LOCK_LONGEST_S]).await?;
            locked = (row.get(0), row.get(1));
        }
        transaction.execute(FAILED_FROM, &[&address, &now, &(now - ADDRESS_WINDOW)]).await?;
        audit::append(&transaction, &[entry]).await?;
        transaction.commit().await?;
        Ok(locked)
    }

    /// Begins a session, if the second factor was not used meanwhile. The session's number.
    ///
    /// # Errors
    /// [`PeopleError::UnknownPerson`] when the second factor was used already.
    pub async fn log_in(&self, log_in: LogIn, second: SecondFactor, caller: &Caller, now: DateTime<Utc>) -> Result<i64, PeopleError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        use_up(&transaction, log_in.person_id, second, now).await?;
        transaction.execute(SUCCEEDED, &[&log_in.person_id]).await?;
        let idle_s = i32::try_from(log_in.limits.idle.as_secs()).unwrap_or(i32::MAX);
        let ends_at = now + TimeDelta::from_std(log_in.limits.longest).unwrap_or(TimeDelta::days(1));
        let fresh_until = (!matches!(second, SecondFactor::None)).then(|| now + log_in.fresh);
        let token = log_in.token.0.as_slice();
        let row =
            transaction.query_one(BEGIN, &[&log_in.person_id, &token, &now, &idle_s, &ends_at, &fresh_until, &caller.address]).await?;
        audit::append(&transaction, &[caller.entry("done")]).await?;
        transaction.commit().await?;
        Ok(row.get(0))
    }

    /// Password and second factor were right once more: dangerous acts are allowed until then.
    ///
    /// # Errors
    /// [`PeopleError::UnknownPerson`] when the second factor was used already.
    pub async fn session_freshen(
        &self,
        caller: &Caller,
        second: SecondFactor,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), PeopleError> {
        let (Some(person), Some(session)) = (caller.person_id(), caller.session_id()) else { return Err(PeopleError::UnknownPerson) };
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        use_up(&transaction, person, second, now).await?;
        transaction.execute(SUCCEEDED, &[&person]).await?;
        transaction.execute(FRESH, &[&session, &until]).await?;
        audit::append(&transaction, &[caller.entry("done")]).await?;
        transaction.commit().await?;
        Ok(())
    }
}

async fn use_up(transaction: &Transaction<'_>, person: i64, second: SecondFactor, now: DateTime<Utc>) -> Result<(), PeopleError> {
    let used = match second {
        SecondFactor::Step(step) => transaction.execute(CODE_USED, &[&person, &step]).await?,
        SecondFactor::Recovery(hash) => transaction.execute(RECOVERY_USED, &[&person, &hash.as_slice(), &now]).await?,
        SecondFactor::None => 1,
    };
    if used == 1 { Ok(()) } else { Err(PeopleError::UnknownPerson) }
}
