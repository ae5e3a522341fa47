//! Whether somebody is who they say: password and second factor, with failures counted and slowed.

use super::hashing::Hashing;
use crate::events::Happening;
use crate::reason::Reason;
use crate::status::refusal;
use access::{Caller, RecoveryCode, password};
use chrono::{DateTime, Utc};
use store::{LogInPerson, SecondFactor, Store, StoreError};
use tonic::{Code, Status};

/// Failures from one address in ten minutes; beyond, nobody logs in from there for a while. Many people may sit behind one address.
const FAILURES_FROM_ADDRESS_MAX: i64 = 30;

/// How long an address that guesses waits, seconds.
const ADDRESS_WAIT_S: u64 = 60;

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
        let from_there = self.answer(self.store.log_in_failures_from(&caller.address, now).await)?;
        if from_there >= FAILURES_FROM_ADDRESS_MAX {
            Happening::Guessing { person_id: None, address: &caller.address, failures: from_there }.tell();
            return Err(locked(ADDRESS_WAIT_S));
        }
        let person = self.answer(self.store.log_in_person(name).await)?;
        if let Some(until) = person.as_ref().and_then(|person| person.locked_until).filter(|until| *until > now) {
            return Err(locked((until - now).num_seconds().unsigned_abs() + 1));
        }
        // An unknown name takes as long as a known one.
        let hash = person.as_ref().map_or_else(|| password::DUMMY.to_owned(), |person| person.password.clone());
        let typed = password.to_owned();
        let is_right = self.hashing.run(move || password::is_right(&typed, &hash)).await?;
        let person = person.filter(|person| is_right && may_log_in(person, now)).ok_or(None);
        match person.and_then(|person| match second(&person, second_factor, now) {
            Some(second) => Ok((person, second)),
            None => Err(Some(person.person_id)),
        }) {
            Ok(right) => Ok(right),
            Err(known) => Err(self.failed(caller, known, name, now).await?),
        }
    }

    /// Writes the failure down; what the caller is told.
    pub(super) async fn failed(&self, caller: &Caller, known: Option<i64>, name: &str, now: DateTime<Utc>) -> Result<Status, Status> {
        let person_id = match known {
            Some(person_id) => Some(person_id),
            None => self.answer(self.store.log_in_person(name).await)?.map(|person| person.person_id),
        };
        // Never the name that was typed: people type their password there.
        caller.about(person_id.map_or_else(|| "unknown name".to_owned(), |person| format!("person {person}")));
        let entry = caller.entry(Reason::LogInRefused.code());
        let (_, failures) = self.answer(self.store.log_in_failed(person_id, &caller.address, now, entry).await)?;
        if failures >= FAILURES_ALARM {
            Happening::Guessing { person_id, address: &caller.address, failures: failures.into() }.tell();
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

fn locked(seconds: u64) -> Status {
    refusal(Code::ResourceExhausted, Reason::LogInLocked, &[("seconds", seconds.to_string())])
}
