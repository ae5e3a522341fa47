//! Passwords are hashed few at a time: each takes 19 MiB and a core for about 50 ms, and tags come first.

use crate::reason::Reason;
use crate::status::refusal;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tonic::{Code, Status};

/// Hashes at a time; more wait.
const AT_ONCE: usize = 2;

/// Longest wait for a turn. After that the caller is told to come again.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// Whose turn it is.
pub(super) struct Hashing {
    turns: Arc<Semaphore>,
}

impl Default for Hashing {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Hashing {
    /// Runs slow work off the threads that others wait for.
    pub(super) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Status> {
        let busy = || refusal(Code::ResourceExhausted, Reason::TooManyLogIns, &[]);
        let turn = tokio::time::timeout(WAIT_MAX, Arc::clone(&self.turns).acquire_owned()).await.map_err(|_| busy())?;
        let turn = turn.map_err(|_| busy())?;
        // The turn goes along with the work: a caller that hangs up does not stop it, and must not make room for more.
        let working = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        working.await.map_err(|_| refusal(Code::Internal, Reason::Internal, &[]))
    }
}
