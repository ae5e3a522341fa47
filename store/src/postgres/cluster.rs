//! One private cluster: its directories, its programs, its settings.

use super::ManagedError;
use super::account::{self, Account};
use super::binaries::{self, Binaries};
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::{Child, Command};
use tokio_postgres::{Config, NoTls};

/// The longest path of a socket, bytes.
const SOCKET_PATH_MAX: usize = 107;
const SOCKET_NAME: &str = "/.s.PGSQL.5432";
pub(super) const USER: &str = "paband";
/// The role that the service works in; the migrations make it.
pub(super) const SERVICE: &str = "paband_service";
const DATABASE: &str = "paband";

/// Durable first; then room for bulk writes without a checkpoint every few seconds.
const SETTINGS: [&str; 18] = [
    "listen_addresses=",
    "port=5432",
    "unix_socket_permissions=0700",
    "fsync=on",
    "full_page_writes=on",
    "synchronous_commit=on",
    "autovacuum=on",
    "max_connections=100",
    "shared_buffers=256MB",
    "max_wal_size=4GB",
    "min_wal_size=512MB",
    "checkpoint_timeout=15min",
    "checkpoint_completion_target=0.9",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_min_messages=warning",
    // Details and statements of failures would show what people are called and where they are.
    "log_error_verbosity=terse",
    "log_min_error_statement=panic",
];

/// Where a private cluster lives and how its programs are run.
#[derive(Debug)]
pub(super) struct Cluster {
    binaries: Binaries,
    account: Account,
    data: PathBuf,
    sockets: PathBuf,
    pub(super) log: PathBuf,
}

/// How the server is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Health {
    /// It answers, if only to refuse.
    Answers,
    /// It is starting, recovering or stopping.
    Starting,
    /// Nobody is there.
    Gone,
}

impl Cluster {
    /// Makes the directories and, the first time, the data.
    pub(super) async fn prepare(state_dir: &Path) -> Result<Self, ManagedError> {
        let unusable = |error| ManagedError::new(format!("the state directory {} cannot be used: {error}", state_dir.display()));
        std::fs::create_dir_all(state_dir).map_err(unusable)?;
        let home = state_dir.canonicalize().map_err(unusable)?.join("postgres");
        let data = home.join("data");
        let account = account::for_data(&data)?;
        account.check_reach(&home)?;
        account.own_directory(&home)?;
        let made_by = std::fs::read_to_string(data.join("PG_VERSION")).ok();
        let binaries = binaries::find(made_by.as_deref().and_then(binaries::major_of))?;
        account.check_reach(&binaries.dir.join("postgres"))?;
        let sockets = socket_dir(&home, &account);
        account.own_directory(&sockets)?;
        let cluster = Self { binaries, account, data, sockets, log: home.join("log") };
        if made_by.is_none() {
            cluster.make_data(&home).await?;
        }
        Ok(cluster)
    }

    /// Made beside its place and moved there when complete: a start that was killed halfway leaves nothing that looks like data.
    async fn make_data(&self, home: &Path) -> Result<(), ManagedError> {
        let unfinished = home.join("data.unfinished");
        if unfinished.exists() {
            std::fs::remove_dir_all(&unfinished).map_err(|error| ManagedError::new(format!("{}: {error}", unfinished.display())))?;
        }
        let mut initdb = self.program("initdb");
        initdb.args(["--username", USER, "--auth-local=trust", "--auth-host=reject", "--encoding=UTF8", "--data-checksums"]);
        // The order of bytes; but letters are known as letters, without which nothing is found by a part of a Persian name.
        initdb.args(["--locale=C", "--lc-ctype=C.UTF-8"]);
        initdb.arg("--no-instructions").arg("--pgdata").arg(&unfinished);
        let output = initdb.output().await.map_err(|error| ManagedError::new(format!("initdb does not run: {error}")))?;
        if !output.status.success() {
            return Err(ManagedError::new(format!("initdb failed: {}", String::from_utf8_lossy(&output.stderr).trim())));
        }
        std::fs::rename(&unfinished, &self.data).map_err(|error| ManagedError::new(format!("{}: {error}", self.data.display())))
    }

    /// Starts the server without waiting for it to be ready.
    pub(super) async fn spawn(&self) -> Result<Child, ManagedError> {
        let failed = |error| ManagedError::new(format!("PostgreSQL does not start; {}: {error}", self.log.display()));
        let log = OpenOptions::new().create(true).append(true).open(&self.log).map_err(failed)?;
        let mut server = self.program("postgres");
        server.arg("-D").arg(&self.data);
        for setting in SETTINGS {
            server.args(["-c", setting]);
        }
        server.arg("-c").arg(format!("unix_socket_directories={}", quoted(&self.sockets)));
        server.args(["-c", if self.has_lz4().await { "wal_compression=lz4" } else { "wal_compression=on" }]);
        // A group of its own: Ctrl-C at the terminal reaches paband, which then stops the server in order.
        server.stdin(Stdio::null()).stdout(log.try_clone().map_err(failed)?).stderr(log).process_group(0);
        server.spawn().map_err(failed)
    }

    async fn has_lz4(&self) -> bool {
        let mut asked = self.program("postgres");
        asked.arg("-D").arg(&self.data).args(["-c", "wal_compression=lz4", "-C", "wal_compression"]);
        asked.stdout(Stdio::null()).stderr(Stdio::null()).status().await.is_ok_and(|status| status.success())
    }

    /// Stops the server, whoever started it: after the transactions under way were rolled back and everything is on disk.
    pub(super) async fn stop(&self) -> Result<(), ManagedError> {
        let mut control = self.program("pg_ctl");
        control.arg("-D").arg(&self.data).args(["-w", "-t", "120", "-m", "fast", "stop"]);
        let output = control.output().await.map_err(|error| ManagedError::new(format!("pg_ctl does not run: {error}")))?;
        if output.status.success() || !self.data.join("postmaster.pid").exists() {
            // It is empty now; in a directory for temporary files it would be litter.
            let _emptied = std::fs::remove_dir(&self.sockets);
            return Ok(());
        }
        Err(ManagedError::new(format!("PostgreSQL does not stop: {}", String::from_utf8_lossy(&output.stderr).trim())))
    }

    pub(super) async fn health(&self) -> Health {
        use tokio_postgres::error::SqlState;
        match self.address("postgres").connect(NoTls).await {
            Ok(_) => Health::Answers,
            Err(error) => match error.code() {
                Some(code) if *code == SqlState::CANNOT_CONNECT_NOW => Health::Starting,
                Some(_) => Health::Answers,
                None => Health::Gone,
            },
        }
    }

    /// Makes the product's database if it is missing.
    pub(super) async fn make_database(&self) -> Result<(), ManagedError> {
        let failed =
            |error: tokio_postgres::Error| ManagedError::new(format!("the database cannot be made: {}", crate::error::with_causes(&error)));
        let (client, connection) = self.address("postgres").connect(NoTls).await.map_err(failed)?;
        let connection = tokio::spawn(connection);
        let found = client.query_opt("SELECT FROM pg_database WHERE datname = $1", &[&DATABASE]).await.map_err(failed)?;
        if found.is_none() {
            client.batch_execute(&format!("CREATE DATABASE {DATABASE}")).await.map_err(failed)?;
        }
        connection.abort();
        Ok(())
    }

    pub(super) fn url(&self, user: &str) -> String {
        let host: String = self.sockets.as_os_str().as_encoded_bytes().iter().map(|byte| url_byte(*byte)).collect();
        format!("postgresql:///{DATABASE}?host={host}&user={user}")
    }

    fn address(&self, database: &str) -> Config {
        let mut config = Config::new();
        config.host_path(&self.sockets).user(USER).dbname(database).connect_timeout(std::time::Duration::from_secs(5));
        config
    }

    /// A program of the server, as its account, and away from directories and variables that could mislead it.
    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.binaries.dir.join(name));
        command.current_dir("/").env("LC_ALL", "C");
        for variable in ["PGDATA", "PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGOPTIONS"] {
            command.env_remove(variable);
        }
        if self.account.switch {
            // With a new uid the standard library also gives up root's other groups.
            command.uid(self.account.uid).gid(self.account.gid);
        }
        command
    }
}

/// In the state directory, or where that is too deep for a socket, in a directory for temporary files under a name made from its path.
fn socket_dir(home: &Path, account: &Account) -> PathBuf {
    let sockets = home.join("run");
    if sockets.as_os_str().len() + SOCKET_NAME.len() <= SOCKET_PATH_MAX {
        return sockets;
    }
    let own = if account.switch { None } else { std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from) };
    let base = own.filter(|dir| dir.is_dir() && dir.as_os_str().len() < 60).unwrap_or_else(|| PathBuf::from("/tmp"));
    base.join(format!("paband-{:016x}", fnv1a(home.as_os_str().as_encoded_bytes())))
}

/// FNV-1a, 64 bits: the same name for the same path in every version of the program.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A directory in a list setting.
fn quoted(dir: &Path) -> String {
    format!("\"{}\"", dir.display().to_string().replace('"', "\"\""))
}

fn url_byte(byte: u8) -> String {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{SOCKET_NAME, SOCKET_PATH_MAX, socket_dir};
    use crate::postgres::account::Account;
    use std::path::Path;

    #[test]
    fn a_deep_state_directory_gets_a_short_place_for_its_socket() {
        let account = Account { name: "postgres".into(), uid: 1, gid: 1, switch: true };
        assert_eq!(socket_dir(Path::new("/var/lib/paband/postgres"), &account), Path::new("/var/lib/paband/postgres/run"));
        let deep = format!("/{}/postgres", "x".repeat(90));
        let short = socket_dir(Path::new(&deep), &account);
        assert!(short.as_os_str().len() + SOCKET_NAME.len() <= SOCKET_PATH_MAX, "{}", short.display());
        assert_eq!(short, socket_dir(Path::new(&deep), &account));
        assert_ne!(short, socket_dir(Path::new(&format!("{deep}2")), &account));
    }
}
