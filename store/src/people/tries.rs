//! Tries at passwords: counted by account and by where they come from, and slowed.

use crate::StoreError;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use tokio_postgres::{Client, Row, Transaction};

/// Failures in a row that lock nothing yet.
const FAILURES_FREE: i32 = 4;
/// The first lock; each further failure doubles it.
const LOCK_FIRST_S: i64 = 60;
/// The longest lock: a guesser gets 24 tries a day.
const LOCK_LONGEST_S: i64 = 3600;

/// Failures from one address in [`ADDRESS_WINDOW`]; beyond, nobody logs in from there. Many people may sit behind one address.
pub(super) const ADDRESS_FAILURES_MAX: i64 = 30;
/// Failures are counted by address for so long.
const ADDRESS_WINDOW: TimeDelta = TimeDelta::minutes(10);

/// Unknown names that are counted; beyond, those whose failures are the oldest are forgotten.
const STRANGERS_MAX: usize = 10_000;

/// Counts a try, unless the account is locked.
const CHARGE: &str = "
    UPDATE people p SET failures = failures + 1,
        locked_until = CASE WHEN failures + 1 > $3 THEN $2 + make_interval(secs => least($4::bigint * (1::bigint << least(failures - $3, 20)), $5)) END
    WHERE name = $1 AND (locked_until IS NULL OR locked_until <= $2)
    RETURNING person_id, name, password, password_until, totp_secret, totp_step, is_on, failures,
        array(SELECT DISTINCT role FROM grants g WHERE g.person_id = p.person_id)";

const LOCKED: &str = "SELECT coalesce(locked_until, $2) FROM people WHERE name = $1";

const CHARGE_ADDRESS: &str = "
    WITH forgotten AS (DELETE FROM log_in_failures WHERE at < $3)
    INSERT INTO log_in_failures (address, at) VALUES ($1, $2)";

const FORGIVE_ADDRESS: &str =
    "DELETE FROM log_in_failures WHERE ctid = (SELECT ctid FROM log_in_failures WHERE address = $1 AND at = $2 LIMIT 1)";

/// The last but so many of the failures that count.
const FAILURE: &str = "SELECT at FROM log_in_failures WHERE address = $1 AND at > $2 ORDER BY at DESC OFFSET $3 LIMIT 1";

/// Counts a try by name and by origin. The person as known by that name, or until when nothing is tried there; then nothing is counted either.
pub(super) async fn charge(
    transaction: &Transaction<'_>,
    strangers: &Strangers,
    name: &str,
    origin: &str,
    now: DateTime<Utc>,
) -> Result<Result<Option<Row>, DateTime<Utc>>, StoreError> {
    // What cannot be a name is nobody's, and is not sent to the database: people type their passwords there.
    let known = if access::is_person_name(name) { name } else { "" };
    let person = transaction.query_opt(CHARGE, &[&known, &now, &FAILURES_FREE, &LOCK_FIRST_S, &LOCK_LONGEST_S]).await?;
    if person.is_none() {
        let locked = transaction.query_opt(LOCKED, &[&known, &now]).await?.map(|row| row.get(0));
        if let Some(until) = locked.or_else(|| strangers.charge(name, now)) {
            return Ok(Err(until));
        }
    }
    transaction.execute(CHARGE_ADDRESS, &[&origin, &now, &(now - ADDRESS_WINDOW)]).await?;
    Ok(Ok(person))
}

/// Until when nothing is tried from this origin: until fewer than `failures` are left that count.
pub(super) async fn held_off(
    client: &Client,
    origin: &str,
    failures: i64,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let row = client.query_opt(FAILURE, &[&origin, &(now - ADDRESS_WINDOW), &(failures - 1)]).await?;
    Ok(row.map(|row| row.get::<_, DateTime<Utc>>(0) + ADDRESS_WINDOW))
}

/// The try of that instant was none of a guesser.
pub(super) async fn forgive(transaction: &Transaction<'_>, address: &str, at: DateTime<Utc>) -> Result<(), StoreError> {
    transaction.execute(FORGIVE_ADDRESS, &[&origin(address), &at]).await?;
    Ok(())
}

/// What counts as one address: in IPv6 whoever has one has 2^64 of them.
pub(super) fn origin(address: &str) -> String {
    match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => address.to_owned(),
    }
}

/// Names that nobody has, counted and held off like those of people, so that a lock does not tell who exists. Kept in memory, and not as they
/// were typed.
#[derive(Debug, Default)]
pub(crate) struct Strangers {
    salt: RandomState,
    tries: Mutex<HashMap<u64, Tries>>,
}

#[derive(Clone, Copy, Debug)]
struct Tries {
    failures: i32,
    last: DateTime<Utc>,
}

impl Tries {
    /// As the database computes it for people.
    fn locked_until(self) -> Option<DateTime<Utc>> {
        let doubled = u32::try_from(self.failures - FAILURES_FREE - 1).ok()?;
        Some(self.last + TimeDelta::seconds((LOCK_FIRST_S << doubled.min(20)).min(LOCK_LONGEST_S)))
    }
}

impl Strangers {
    /// Counts a try; until when none is taken, where too many failed.
    fn charge(&self, name: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let key = self.salt.hash_one(name);
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        if tries.len() >= STRANGERS_MAX && !tries.contains_key(&key) {
            let mut last: Vec<DateTime<Utc>> = tries.values().map(|tries| tries.last).collect();
            let (_, median, _) = last.select_nth_unstable(STRANGERS_MAX / 2);
            let median = *median;
            tries.retain(|_, tries| tries.last > median);
        }
        let stranger = tries.entry(key).or_insert(Tries { failures: 0, last: now });
        if let Some(until) = stranger.locked_until().filter(|until| *until > now) {
            return Some(until);
        }
        *stranger = Tries { failures: stranger.failures.saturating_add(1), last: now };
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{STRANGERS_MAX, Strangers, origin};
    use chrono::{DateTime, TimeDelta};

    #[test]
    fn a_name_that_nobody_has_is_held_off_like_a_known_one() {
        let strangers = Strangers::default();
        let mut now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        for _ in 0..4 {
            assert_eq!(strangers.charge("nobody", now), None);
        }
        for seconds in [60, 120, 240, 480, 960, 1920, 3600, 3600] {
            assert_eq!(strangers.charge("nobody", now), None);
            let until = now + TimeDelta::seconds(seconds);
            assert_eq!(strangers.charge("nobody", until - TimeDelta::seconds(1)), Some(until));
            now = until;
        }
        assert_eq!(strangers.charge("somebody", now), None);
    }

    #[test]
    fn many_names_do_not_fill_the_memory() {
        let strangers = Strangers::default();
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        for number in 0..25_000 {
            strangers.charge(&format!("name-{number}"), start + TimeDelta::seconds(number));
        }
        assert!(strangers.tries.lock().unwrap().len() <= STRANGERS_MAX);
    }

    #[test]
    fn a_network_of_a_house_is_one_address() {
        for (address, expected) in [
            ("10.0.0.7", "10.0.0.7"),
            ("::ffff:10.0.0.7", "10.0.0.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
            ("", ""),
        ] {
            assert_eq!(origin(address), expected);
        }
    }
}
