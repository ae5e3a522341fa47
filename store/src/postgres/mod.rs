//! A private PostgreSQL, for a machine where nobody set one up.

mod account;
mod binaries;
mod cluster;

use cluster::{Cluster, Health};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::process::Child;
use tokio::task::JoinHandle;

/// A server that was killed leaves processes that hold its data for a moment; a start that ends sooner than this is tried again.
const LEFTOVERS_MAX: Duration = Duration::from_secs(15);
/// Replaying a full log after a crash takes minutes on a slow disk; a server that is not ready after this long is given up.
const READY_MAX: Duration = Duration::from_secs(600);
/// How often a server that somebody else started is asked whether it lives.
const WATCH: Duration = Duration::from_secs(1);
/// The pause before the server is brought back: short the first time, longer when it goes again and again.
const PAUSE_MIN: Duration = Duration::from_millis(50);
/// The longest such pause.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// Why the private PostgreSQL does not run; one line that says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ManagedError(String);

impl ManagedError {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// A private PostgreSQL under the state directory, reached only by a socket there. It is durable, comes back by itself when it is killed,
/// and when this process is killed it goes on and is taken over by the next.
#[derive(Debug)]
pub struct ManagedPostgres {
    cluster: Arc<Cluster>,
    was_running: bool,
    watch: JoinHandle<()>,
}

impl ManagedPostgres {
    /// Starts it, or takes over one that still runs there.
    ///
    /// # Errors
    /// When there are no PostgreSQL programs, the directory cannot be used, or the server does not come up: with what to do.
    pub async fn start(state_dir: &Path) -> Result<Self, ManagedError> {
        let cluster = Arc::new(Cluster::prepare(state_dir).await?);
        let child = bring_up(&cluster).await?;
        cluster.make_database().await?;
        let was_running = child.is_none();
        let watch = tokio::spawn(keep_up(cluster.clone(), child));
        Ok(Self { cluster, was_running, watch })
    }

    /// Where to connect as the owner of everything: for migrations, and for whoever looks after the database.
    pub fn url(&self) -> String {
        self.cluster.url(cluster::USER)
    }

    /// Where the service connects, once the tables are there.
    pub fn service_url(&self) -> String {
        self.cluster.url(cluster::SERVICE)
    }

    /// Whether it ran already when it was asked to start: another process may be using it, or was killed.
    pub fn was_running(&self) -> bool {
        self.was_running
    }

    /// Stops it cleanly, whoever started it.
    ///
    /// # Errors
    /// When it does not stop within two minutes.
    pub async fn stop(self) -> Result<(), ManagedError> {
        self.watch.abort();
        self.cluster.stop().await
    }
}

impl Drop for ManagedPostgres {
    /// Stops watching; the server goes on.
    fn drop(&mut self) {
        self.watch.abort();
    }
}

/// Starts the server unless one runs, and waits until it answers. `None`: it was running.
async fn bring_up(cluster: &Cluster) -> Result<Option<Child>, ManagedError> {
    let begun = Instant::now();
    loop {
        match cluster.health().await {
            Health::Answers => return Ok(None),
            Health::Starting if begun.elapsed() > READY_MAX => return Err(not_ready(cluster)),
            Health::Starting => {}
            Health::Gone if begun.elapsed() > LEFTOVERS_MAX => {
                return Err(ManagedError::new(format!("PostgreSQL ends as soon as it is started; see {}", cluster.log.display())));
            }
            Health::Gone => {
                let mut child = cluster.spawn().await?;
                if ready(cluster, &mut child).await? {
                    return Ok(Some(child));
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// Whether the server answers; `false` when it ended instead.
async fn ready(cluster: &Cluster, child: &mut Child) -> Result<bool, ManagedError> {
    let begun = Instant::now();
    while begun.elapsed() < READY_MAX {
        if !matches!(child.try_wait(), Ok(None)) {
            return Ok(false);
        }
        if cluster.health().await == Health::Answers {
            return Ok(true);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Err(not_ready(cluster))
}

fn not_ready(cluster: &Cluster) -> ManagedError {
    ManagedError::new(format!("PostgreSQL is not ready after {} s; see {}", READY_MAX.as_secs(), cluster.log.display()))
}

/// Brings the server back whenever it is gone.
async fn keep_up(cluster: Arc<Cluster>, mut child: Option<Child>) {
    let mut pause = PAUSE_MIN;
    loop {
        let begun = Instant::now();
        match &mut child {
            Some(running) => _ = running.wait().await,
            None => {
                while cluster.health().await != Health::Gone {
                    tokio::time::sleep(WATCH).await;
                }
            }
        }
        tracing::error!(log = %cluster.log.display(), "PostgreSQL is gone; starting it again");
        pause = if begun.elapsed() > PAUSE_MAX { PAUSE_MIN } else { (pause * 2).min(PAUSE_MAX) };
        tokio::time::sleep(pause).await;
        child = bring_up(&cluster).await.unwrap_or_else(|error| {
            tracing::error!(%error, "PostgreSQL did not come back");
            None
        });
    }
}
