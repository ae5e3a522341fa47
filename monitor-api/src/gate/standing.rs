//! Calls under way, and the sessions they stand on: what loses its ground ends within a second.

use crate::events::Happening;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use store::{Channel, Store, StoreError};
use tokio_util::sync::CancellationToken;

/// What a call stands on.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Ground {
    /// A person's session.
    Session(i64),
    /// A machine's certificate, by its serial number.
    Machine(String),
}

/// One call under way.
struct Call {
    ground: Ground,
    /// The units of the grants it uses: switched off, they give no rights.
    roots: Vec<i64>,
    ends: CancellationToken,
}

/// All calls under way.
#[derive(Clone, Default)]
pub(crate) struct Standing {
    calls: Arc<Mutex<(u64, HashMap<u64, Call>)>>,
}

/// One call's place among them; it leaves by being dropped.
pub(crate) struct Place {
    standing: Standing,
    number: u64,
}

impl Standing {
    /// Notes a call; the token is cancelled when it must end.
    pub(crate) fn enter(&self, ground: Ground, roots: Vec<i64>) -> (Place, CancellationToken) {
        let ends = CancellationToken::new();
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.0 += 1;
        let number = calls.0;
        calls.1.insert(number, Call { ground, roots, ends: ends.clone() });
        drop(calls);
        (Place { standing: self.clone(), number }, ends)
    }

    /// Looks for ever whether everything that is under way may go on: at each word of a change, and each second.
    pub(crate) async fn watch(self, store: Store) {
        let mut ticks = store.listen(Channel::Access);
        loop {
            // While the database is away nobody can have revoked anything there; what goes on says itself that it is blind.
            if let Err(error) = self.look(&store).await {
                Happening::StandingUnknown { error: &error.to_string() }.tell();
            }
            if ticks.changed().await.is_err() {
                return;
            }
        }
    }

    async fn look(&self, store: &Store) -> Result<(), StoreError> {
        let (sessions, machines, units) = self.asked();
        let mut fallen: Vec<Ground> = Vec::new();
        if !sessions.is_empty() {
            let standing = store.sessions_standing(&sessions, chrono::Utc::now()).await?;
            fallen.extend(sessions.into_iter().filter(|session| !standing.contains(session)).map(Ground::Session));
        }
        if !machines.is_empty() {
            fallen.extend(store.machines_refused(&machines).await?.into_iter().map(Ground::Machine));
        }
        let off = if units.is_empty() { Vec::new() } else { store.units_off(&units).await? };
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        for call in calls.1.values() {
            if fallen.contains(&call.ground) || call.roots.iter().any(|unit| off.contains(unit)) {
                call.ends.cancel();
            }
        }
        Ok(())
    }

    fn asked(&self) -> (Vec<i64>, Vec<String>, Vec<i64>) {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut sessions, mut machines, mut units) = (Vec::new(), Vec::new(), Vec::new());
        for call in calls.1.values() {
            match &call.ground {
                Ground::Session(session) => sessions.push(*session),
                Ground::Machine(serial) => machines.push(serial.clone()),
            }
            units.extend(&call.roots);
        }
        units.sort_unstable();
        units.dedup();
        (sessions, machines, units)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.standing.calls.lock().unwrap_or_else(PoisonError::into_inner).1.remove(&self.number);
    }
}
