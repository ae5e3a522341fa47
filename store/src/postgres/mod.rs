//! A private PostgreSQL, for a machine where nobody set one up.

use std::path::Path;

/// Why the private PostgreSQL does not run.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ManagedError(String);

/// A private PostgreSQL under the state directory, reached only by a socket there. Stays durable when either side is killed.
#[derive(Debug)]
pub struct ManagedPostgres {}

impl ManagedPostgres {
    /// Starts it, or takes over one that still runs there.
    ///
    /// # Errors
    /// When there are no PostgreSQL binaries, the directory cannot be used, or the server does not come up: with what to do.
    pub async fn start(state_dir: &Path) -> Result<Self, ManagedError> {
        Err(ManagedError(format!("not yet: {}", state_dir.display())))
    }

    /// Where to connect.
    pub fn url(&self) -> String {
        String::new()
    }

    /// Stops it cleanly.
    ///
    /// # Errors
    /// When it does not stop.
    pub async fn stop(self) -> Result<(), ManagedError> {
        Err(ManagedError("not yet".into()))
    }
}
