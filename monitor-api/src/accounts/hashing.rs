//! Passwords are hashed few at a time: each takes 19 MiB and a core for about 50 ms, and tags come first.

use crate::reason::Reason;
use crate::status::refusal;
use std::time::Duration;
use tokio::sync::Semaphore;
use tonic::{Code, Status};

/// Hashes at a time; more wait.
const AT_ONCE: usize = 2;

/// Longest wait for a turn. After that the caller is told to come again.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// Whose turn it is.
pub(super) struct Hashing {
    turns: Semaphore,
}

impl Default for Hashing {
    fn default() -> Self {
        Self { turns: Semaphore::new(AT_ONCE) }
    }
}

impl Hashing {
    /// Runs slow work off the threads that others wait for.
    pub(super) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Status> {
        let busy = || refusal(Code::ResourceExhausted, Reason::TooManyLogIns, &[]);
        let turn = tokio::time::timeout(WAIT_MAX, self.turns.acquire()).await.map_err(|_| busy())?;
        let _turn = turn.map_err(|_| busy())?;
        tokio::task::spawn_blocking(work).await.map_err(|_| refusal(Code::Internal, Reason::Internal, &[]))
    }
}
