//! Logging in: what is needed to check it, and what success and failure leave behind.

use super::PeopleError;
use super::tries::{ADDRESS_FAILURES_MAX, charge, forgive, held_off, origin};
use crate::{Store, StoreError, audit};
use access::{Caller, Role, SessionLimits, TokenHash, TotpSecret};
use chrono::{DateTime, TimeDelta, Utc};
use tokio_postgres::{Row, Transaction};

/// Two log-ins at once with one code: one of them changes nothing here and fails.
const CODE_USED: &str = "UPDATE people SET totp_step = $2 WHERE person_id = $1 AND (totp_step IS NULL OR totp_step < $2)";
const RECOVERY_USED: &str = "UPDATE recovery_codes SET used_at = $3 WHERE person_id = $1 AND hash = $2 AND used_at IS NULL";

/// Whose password was exchanged, or who was switched off, since it was looked at, does not get in by the old one.
const SUCCEEDED: &str =
    "UPDATE people SET failures = 0, locked_until = NULL WHERE person_id = $1 AND is_on AND ($2::text IS NULL OR password = $2)";

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
    /// The roles held, wherever.
    pub roles: Vec<Role>,
    /// Tries in a row that did not succeed, with this one.
    pub failures: i32,
}

/// What became of the wish to try a password.
pub enum LogInTry {
    /// It may be tried, and counts as a failure until it is known to be right. `None`: nobody has that name.
    Open(Option<LogInPerson>),
    /// After too many failures nothing is tried before then.
    HeldOff {
        /// When the next try is taken.
        until: DateTime<Utc>,
        /// The failures came from one address, whatever the name.
        by_address: bool,
    },
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
#[derive(Clone, Copy)]
pub struct LogIn<'a> {
    /// Who.
    pub person_id: i64,
    /// The hash that the password was right for.
    pub password: &'a str,
    /// What the session is to be known by.
    pub token: TokenHash,
    /// How long it lasts.
    pub limits: SessionLimits,
    /// For so long dangerous acts are allowed; zero without a second factor.
    pub fresh: TimeDelta,
}

impl Store {
    /// Takes a try at somebody's password. It is counted before anything is tried: of many at once no more get through than one after the
    /// other. An unknown name is counted and held off like a known one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn log_in_try(&self, name: &str, address: &str, now: DateTime<Utc>) -> Result<LogInTry, StoreError> {
        let origin = origin(address);
        let by_address = |until| LogInTry::HeldOff { until, by_address: true };
        let mut client = self.client().await?;
        if let Some(until) = held_off(&client, &origin, ADDRESS_FAILURES_MAX, now).await? {
            return Ok(by_address(until));
        }
        let transaction = client.transaction().await?;
        let person = match charge(&transaction, &self.strangers, name, &origin, now).await? {
            Ok(person) => person.as_ref().map(person_from),
            Err(until) => return Ok(LogInTry::HeldOff { until, by_address: false }),
        };
        transaction.commit().await?;
        // Those that came at the same time see each other now.
        if let Some(until) = held_off(&client, &origin, ADDRESS_FAILURES_MAX + 1, now).await? {
            return Ok(by_address(until));
        }
        Ok(LogInTry::Open(person))
    }

    /// The password that was tried at that instant was right, though nobody logs in by it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn log_in_right(&self, person: i64, address: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        transaction.execute(SUCCEEDED, &[&person, &None::<&str>]).await?;
        forgive(&transaction, address, now).await?;
        Ok(transaction.commit().await?)
    }

    /// Begins a session, if neither password nor second factor was used up or exchanged since `now`, when the try was taken. The session's
    /// number.
    ///
    /// # Errors
    /// [`PeopleError::UnknownPerson`] when one was.
    pub async fn log_in(&self, log_in: LogIn<'_>, second: SecondFactor, caller: &Caller, now: DateTime<Utc>) -> Result<i64, PeopleError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        use_up(&transaction, log_in.person_id, second, now).await?;
        if transaction.execute(SUCCEEDED, &[&log_in.person_id, &Some(log_in.password)]).await? == 0 {
            return Err(PeopleError::UnknownPerson);
        }
        forgive(&transaction, &caller.address, now).await?;
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
        transaction.execute(SUCCEEDED, &[&person, &None::<&str>]).await?;
        forgive(&transaction, &caller.address, now).await?;
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

fn person_from(row: &Row) -> LogInPerson {
    let totp = row.get::<_, Option<&[u8]>>(4).and_then(|bytes| bytes.try_into().ok()).map(TotpSecret::new);
    LogInPerson {
        person_id: row.get(0),
        name: row.get(1),
        password: row.get(2),
        password_until: row.get(3),
        totp,
        totp_step: row.get(5),
        is_on: row.get(6),
        failures: row.get(7),
        roles: row.get::<_, Vec<&str>>(8).into_iter().filter_map(Role::named).collect(),
    }
}
