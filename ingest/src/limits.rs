//! Every limit of the door, with what happens there.

use std::time::Duration;

/// Limits of connections. Past each of them something is refused and counted, never queued without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Connections open at once on all listeners. One more is accepted and closed at once.
    pub connections_max: usize,
    /// From accept (TLS included) to the first login. Past it the connection closes.
    pub login: Duration,
    /// Without a byte from the tag. Past it the connection closes.
    pub idle: Duration,
    /// From the first byte of a frame to its last. Past it the connection closes: nobody may hold a door half open.
    pub frame: Duration,
    /// To hand the kernel an answer. Past it the connection closes: the other side does not read.
    pub write: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections_max: 1_000_000,
            login: Duration::from_secs(10),
            idle: Duration::from_secs(15 * 60),
            frame: Duration::from_secs(30),
            write: Duration::from_secs(30),
        }
    }
}

/// Limits of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShardLimits {
    /// Reports in one transaction. At that number a batch leaves without waiting longer.
    pub batch_reports_max: usize,
    /// A batch leaves when its oldest report has waited this long, however small it is.
    pub linger: Duration,
    /// Reports between a socket and their COMMIT. At that number the connections stop reading.
    pub reports_in_flight_max: usize,
    /// A tag's memory is written to the database when it has been newer than the written one for this long.
    /// Longer = less writing; shorter = less to read back after a crash.
    pub checkpoint_after: Duration,
    /// Tag memories written with one batch, so that a checkpoint never delays alerts much.
    pub checkpoint_states_max: usize,
    /// Violations found by time alone in one batch, so that a hundred thousand curfews that begin at once delay nobody else's alert.
    pub timed_violations_max: usize,
    /// A late report older than this is judged in the background: one wearer at a time, when nothing younger waits.
    pub again_horizon: Duration,
    /// The past is judged again when no late report has come for this long ...
    pub again_quiet: Duration,
    /// ... or the first has waited this long.
    pub again_wait_max: Duration,
    /// Wearers whose past is read and judged again at once.
    pub again_wearers_max: usize,
}

impl Default for ShardLimits {
    fn default() -> Self {
        Self {
            batch_reports_max: 20_000,
            linger: Duration::from_millis(4),
            reports_in_flight_max: 60_000,
            checkpoint_after: Duration::from_secs(120),
            checkpoint_states_max: 1_000,
            timed_violations_max: 40,
            again_horizon: Duration::from_secs(7 * 86_400),
            again_quiet: Duration::from_millis(500),
            again_wait_max: Duration::from_secs(5),
            again_wearers_max: 500,
        }
    }
}
