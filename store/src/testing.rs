//! Throw-away databases for tests.

use crate::Store;
use crate::postgres::ManagedPostgres;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use tokio::sync::Mutex;
use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config, NoTls};

/// Where the server for tests is; any role that may create databases and extensions.
const SERVER: &str = "PABAND_TEST_DATABASE_URL";

/// A caller who may do everything, as a command on the server.
pub fn staff() -> access::Caller {
    access::Caller::command("tests", "test")
}

/// A database of its own, dropped at the end.
#[derive(Debug)]
pub struct TestDatabase {
    admin: Config,
    name: String,
    url: String,
    /// The server of this process, if it has its own; it ends with the last database.
    _server: Option<Arc<OwnServer>>,
}

impl TestDatabase {
    /// Makes one on the server that `PABAND_TEST_DATABASE_URL` names, else on a private server of this process.
    ///
    /// # Panics
    /// When there is no server, or it refuses: a test cannot go on.
    pub async fn create() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let (server_url, server) = match std::env::var(SERVER) {
            Ok(url) => (url, None),
            Err(_) => own_server().await,
        };
        let admin: Config = server_url.parse().expect("the test server's address is valid");
        let started = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_millis());
        let name = format!("paband_test_{started}_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        client(&admin).await.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("the test server makes databases");
        let url = url_of(&admin, &name);
        Self { admin, name, url, _server: server }
    }

    /// Where to connect.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A migrated store on it.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn store(&self) -> Store {
        Store::migrate(&self.url, None).await.expect("the test database takes the migrations");
        Store::connect(&self.url, 4).await.expect("the test database answers")
    }

    /// A plain connection, for what tests do behind the store's back.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn client(&self) -> Client {
        client(&self.url.parse().expect("made by url_of")).await
    }
}

impl Drop for TestDatabase {
    /// On a thread with a runtime of its own: the test's may be ending.
    fn drop(&mut self) {
        let (admin, drop_it) = (self.admin.clone(), format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async { client(&admin).await.batch_execute(&drop_it).await.map_err(std::io::Error::other) })
        });
        if !matches!(dropping.join(), Ok(Ok(()))) {
            eprintln!("the test database {} was left behind", self.name);
        }
    }
}

async fn client(config: &Config) -> Client {
    let (client, connection) = config.connect(NoTls).await.expect("the test server answers");
    tokio::spawn(connection);
    client
}

/// `host='/tmp/x' user='postgres' dbname='…'`.
fn url_of(admin: &Config, name: &str) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"));
    let hosts = admin.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.display().to_string(),
    });
    let mut url = format!("host={} dbname={}", quoted(&hosts.collect::<Vec<_>>().join(",")), quoted(name));
    if let Some(port) = admin.get_ports().first() {
        url.push_str(&format!(" port={port}"));
    }
    if let Some(user) = admin.get_user() {
        url.push_str(&format!(" user={}", quoted(user)));
    }
    if let Some(password) = admin.get_password() {
        url.push_str(&format!(" password={}", quoted(&String::from_utf8_lossy(password))));
    }
    url
}

/// A private server in a directory for temporary files.
#[derive(Debug)]
struct OwnServer {
    server: Option<ManagedPostgres>,
    directory: tempfile::TempDir,
}

async fn own_server() -> (String, Option<Arc<OwnServer>>) {
    static RUNNING: Mutex<Weak<OwnServer>> = Mutex::const_new(Weak::new());
    let mut running = RUNNING.lock().await;
    let server = match running.upgrade() {
        Some(server) => server,
        None => {
            let directory = tempfile::tempdir().expect("there is room for temporary files");
            open_to_all(directory.path());
            let managed = ManagedPostgres::start(directory.path()).await.expect("a private PostgreSQL starts");
            Arc::new(OwnServer { server: Some(managed), directory })
        }
    };
    *running = Arc::downgrade(&server);
    let url = server.server.as_ref().expect("taken only when dropped").url();
    (url, Some(server))
}

/// A temporary directory is made for its owner alone; the server may run as another account.
fn open_to_all(directory: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o711)).expect("the directory is ours");
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        let Some(server) = self.server.take() else { return };
        let stopping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async { server.stop().await.map_err(std::io::Error::other) })
        });
        if !matches!(stopping.join(), Ok(Ok(()))) {
            eprintln!("a private PostgreSQL was left running in {}", self.directory.path().display());
        }
    }
}

/// A session of a person with these roles, as if that person had just logged in with a second factor. Returns the token for
/// `authorization: Bearer`. The person is made if need be.
///
/// # Panics
/// When the database refuses.
pub async fn log_in(client: &Client, name: &str, roles: &[(access::Role, &str)]) -> String {
    const PERSON: &str = "
        INSERT INTO people (name, shown_name, unit_id, password, totp_secret) VALUES ($1, $1, 1, 'none', $2)
        ON CONFLICT (name) DO UPDATE SET shown_name = excluded.shown_name RETURNING person_id";
    const ROLE: &str = "
        INSERT INTO grants (person_id, role, unit_id, granted_by) SELECT $1, $2, unit_id, 'test' FROM units WHERE code = $3 ON CONFLICT DO NOTHING";
    const SESSION: &str = "
        INSERT INTO sessions (person_id, token_hash, began_at, last_used_at, idle_s, ends_at, fresh_until, address)
        VALUES ($1, $2, now(), now(), 36000, now() + interval '1 day', now() + interval '1 day', 'test')";
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let mut chance = [7; 32];
    let started = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    chance[..16].copy_from_slice(&started.to_le_bytes());
    chance[16..20].copy_from_slice(&NUMBER.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    chance[20..24].copy_from_slice(&std::process::id().to_le_bytes());
    let token = access::Token::new(chance);
    let person: i64 = client.query_one(PERSON, &[&name, &[9_u8; 20].as_slice()]).await.expect("a person is made").get(0);
    for (role, unit) in roles {
        client.execute(ROLE, &[&person, &role.name(), unit]).await.expect("a role is given");
    }
    client.execute(SESSION, &[&person, &token.hash().0.as_slice()]).await.expect("a session begins");
    token.written()
}
