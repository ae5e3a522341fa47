//! Whether somebody is who they say: password and second factor, with failures counted and slowed.

use super::hashing::Hashing;
use crate::events::Happening;
use crate::reason::Reason;
use crate::status::refusal;
use access::{Caller, RecoveryCode, password};
use chrono::{DateTime, TimeDelta, Utc};
use store::{LogInPerson, LogInTry, SecondFactor, Store, StoreError};
use tonic::{Code, Status};

/// Failures in a row on one account that are told as an alarm: from here on it is locked.
const FAILURES_ALARM: i32 = 5;

/// Checks who somebody is.
pub(super) struct Checking {
    store: Store,
    hashing: Hashing,
}

impl Checking {
    pub(super) fn new(store: Store) -> Self {
        Self { store, hashing: Hashing::default() }
    }

    /// Slow work on passwords.
    pub(super) fn hashing(&self) -> &Hashing {
        &self.hashing
    }

    /// The person of that name, if password and second factor are right. Whatever is wrong, the answer is the same.
    pub(super) async fn person(
        &self,
        caller: &Caller,
        name: &str,
        password: &str,
        second_factor: &str,
        now: DateTime<Utc>,
    ) -> Result<(LogInPerson, SecondFactor), Status> {
        let person = self.right(caller, name, password, now).await?;
        match second(&person, second_factor, now) {
            Some(second) if may_log_in(&person, now) => Ok((person, second)),
            _ => Err(self.failed(caller, Some(&person)).await?),
        }
    }

    /// The person of that name, if the password is right. The try counts as a failure until the store hears that all was right.
    pub(super) async fn right(&self, caller: &Caller, name: &str, password: &str, now: DateTime<Utc>) -> Result<LogInPerson, Status> {
        let known = match self.answer(self.store.log_in_try(name, &caller.address, now).await)? {
            LogInTry::Open(known) => known,
            LogInTry::HeldOff { until, by_address } => return Err(held_off(caller, until - now, by_address)),
        };
        // An unknown name takes as long as a known one.
        let hash = known.as_ref().map_or_else(|| password::DUMMY.to_owned(), |person| person.password.clone());
        let typed = password.to_owned();
        let is_right = self.hashing.run(move || password::is_right(&typed, &hash)).await?;
        match known {
            Some(person) if is_right => Ok(person),
            known => Err(self.failed(caller, known.as_ref()).await?),
        }
    }

    /// Writes the failure down; what the caller is told.
    pub(super) async fn failed(&self, caller: &Caller, known: Option<&LogInPerson>) -> Result<Status, Status> {
        // Never the name that was typed: people type their password there.
        caller.about(known.map_or_else(|| "unknown name".to_owned(), |person| format!("person {}", person.person_id)));
        self.answer(self.store.audit_note(caller.entry(Reason::LogInRefused.code())).await)?;
        if let Some(person) = known.filter(|person| person.failures >= FAILURES_ALARM) {
            Happening::Guessing { person_id: person.person_id, address: &caller.address, failures: person.failures }.tell();
        }
        Ok(refusal(Code::Unauthenticated, Reason::LogInRefused, &[]))
    }

    fn answer<T>(&self, answer: Result<T, StoreError>) -> Result<T, Status> {
        answer.map_err(|error| crate::alerts::store_failed("LogIn", &error))
    }
}

fn may_log_in(person: &LogInPerson, now: DateTime<Utc>) -> bool {
    person.is_on && person.password_until.is_none_or(|until| until > now)
}

/// The second factor that fits what was typed; `None` where one is in force and it is not this.
fn second(person: &LogInPerson, typed: &str, now: DateTime<Utc>) -> Option<SecondFactor> {
    let Some(totp) = &person.totp else { return Some(SecondFactor::None) };
    if typed.trim().len() == 6 {
        return totp.step(typed, now, person.totp_step).map(SecondFactor::Step);
    }
    // Whether it is one of the person's codes, and unused, shows when it is used up.
    (!typed.trim().is_empty()).then(|| SecondFactor::Recovery(RecoveryCode::hash(typed)))
}

fn held_off(caller: &Caller, wait: TimeDelta, by_address: bool) -> Status {
    if by_address {
        Happening::AddressHeldOff { address: &caller.address }.tell();
    }
    let seconds = wait.num_seconds().max(0) + 1;
    refusal(Code::ResourceExhausted, Reason::LogInLocked, &[("seconds", seconds.to_string())])
}
