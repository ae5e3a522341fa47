//! What an administrator may set, and the limits of the service.

use crate::release::Signer;
use access::{Role, SessionLimits};
use std::collections::BTreeMap;
use std::time::Duration;

/// How the service behaves. Every field is a limit or a pace; the defaults suit one country's rooms.
#[derive(Clone, Debug)]
pub struct Options {
    /// Most `Watch` streams at a time. One more is refused with `RESOURCE_EXHAUSTED`.
    pub watchers_max: usize,
    /// Events that the live tail keeps for a watcher that is slower than it. One that falls behind further is cut off with `ABORTED`.
    pub lag_events_max: usize,
    /// Longest time that a watcher may take nothing while something waits for it. After that it is cut off with `ABORTED`.
    pub stall_max: Duration,
    /// Events read from the database at a time, for the live tail and for watchers that catch up.
    pub page_events: i64,
    /// Time between heartbeats of a `Watch` stream.
    pub heartbeat_every: Duration,
    /// Longest wait for one answer of the database. After that it counts as away.
    pub database_wait_max: Duration,
    /// Longest time that a stopping service waits for its callers. After that they are cut off.
    pub stop_wait_max: Duration,
    /// How long sessions of a role last, where it is not what suits the role.
    pub session_limits: BTreeMap<Role, SessionLimits>,
    /// So long after password and second factor were given dangerous acts are allowed.
    pub fresh_for: Duration,
    /// Signs archives of released data. Without it nothing is released.
    pub signer: Option<Signer>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            watchers_max: 512,
            lag_events_max: 8192,
            stall_max: Duration::from_secs(30),
            page_events: 500,
            heartbeat_every: Duration::from_secs(5),
            database_wait_max: Duration::from_secs(5),
            stop_wait_max: Duration::from_secs(5),
            session_limits: BTreeMap::new(),
            fresh_for: Duration::from_secs(600),
            signer: None,
        }
    }
}
