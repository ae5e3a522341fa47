//! The real binary as a child process, for tests of the whole system.
#![allow(dead_code, reason = "each test uses its own part")]

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long anything here may take before the test fails.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What a test wants in the configuration.
pub struct Setup<'a> {
    /// Lines of `[limits]`.
    pub limits: &'a str,
    /// A line of the native listener.
    pub native_line: &'a str,
    /// A line of `[rooms]`.
    pub rooms_line: &'a str,
    /// Further sections.
    pub more: &'a str,
    pub level: &'a str,
}

impl Default for Setup<'_> {
    fn default() -> Self {
        Self { limits: "", native_line: "", rooms_line: "", more: "", level: "debug" }
    }
}

/// A running `paband serve`, with the same ports at every start.
pub struct Server {
    child: Option<Child>,
    directory: tempfile::TempDir,
    database_url: Option<String>,
    pub native: SocketAddr,
    pub teltonika: SocketAddr,
    pub rooms: SocketAddr,
    /// Free for a listener for machines.
    pub machines: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts on a database, or on a PostgreSQL of its own; `limits` are lines of the configuration's `[limits]`.
    pub fn start(database_url: Option<&str>, limits: &str) -> Self {
        Self::start_with(database_url, limits, "")
    }

    /// The same with one more line for the native listener.
    pub fn start_with(database_url: Option<&str>, limits: &str, native_line: &str) -> Self {
        Self::set_up(database_url, &Setup { limits, native_line, ..Setup::default() })
    }

    /// The same with whatever a test needs; `MACHINES` stands for an address that is free for machines.
    pub fn set_up(database_url: Option<&str>, setup: &Setup<'_>) -> Self {
        let directory = tempfile::Builder::new().prefix("paband-").tempdir_in("/tmp").unwrap();
        open_to_all(directory.path());
        let [native, teltonika, rooms, machines] = free_ports();
        let state = directory.path().join("state");
        let Setup { limits, native_line, rooms_line, more, level } = setup;
        let more = more.replace("MACHINES", &machines.to_string());
        let config = format!(
            "state_dir = {state:?}\n[[tags]]\nprotocol = \"native\"\naddress = \"{native}\"\n{native_line}\n\
             [[tags]]\nprotocol = \"teltonika\"\naddress = \"{teltonika}\"\n[rooms]\naddress = \"{rooms}\"\n{rooms_line}\n\
             [log]\nformat = \"json\"\nlevel = \"{level}\"\n[limits]\n{limits}\n{more}\n"
        );
        std::fs::write(directory.path().join("paband.toml"), config).unwrap();
        let database_url = database_url.map(str::to_owned);
        let mut server = Self { child: None, directory, database_url, native, teltonika, rooms, machines, log: Arc::default() };
        server.spawn();
        server
    }

    /// Starts the binary again after it ended, and waits until it is ready.
    pub fn spawn(&mut self) {
        self.log.lock().unwrap().clear();
        let mut child = self.command(&["serve"]).stderr(Stdio::piped()).spawn().unwrap();
        let (stderr, log) = (child.stderr.take().unwrap(), Arc::clone(&self.log));
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                log.lock().unwrap().push(line);
            }
        });
        self.child = Some(child);
        let started = Instant::now();
        while !self.logged("\"ready\"") {
            let ended = self.child.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none() && started.elapsed() < PATIENCE, "paband does not come up: {ended:?}\n{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Runs another command of the binary with this server's configuration; returns its standard output.
    pub fn paband(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "paband {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The same; returns what it logged on the way.
    pub fn paband_log(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "paband {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stderr).unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_paband"));
        command.args(arguments).env("PABAND_CONFIG", self.directory.path().join("paband.toml")).env_remove("PABAND_LOG");
        command.env("PABAND_SESSION_FILE", self.directory.path().join("session")).env("USER", "sara").env_remove("SUDO_USER");
        match &self.database_url {
            Some(url) => command.env("DATABASE_URL", url),
            None => command.env_remove("DATABASE_URL"),
        };
        command
    }

    /// Commands of this server's operator are from now on in this session.
    pub fn keep(&self, session: &Session) {
        std::fs::write(self.directory.path().join("session"), &session.0).unwrap();
    }

    /// Where the server keeps its own files.
    pub fn state_dir(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    /// kill -9.
    pub fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// SIGTERM, and waits for the end.
    pub fn terminate(&mut self) -> ExitStatus {
        let mut child = self.child.take().unwrap();
        signal(child.id(), "TERM");
        let started = Instant::now();
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status;
            }
            assert!(started.elapsed() < PATIENCE, "paband does not stop\n{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Tells it to look at its certificates.
    pub fn hang_up(&self) {
        signal(self.child.as_ref().unwrap().id(), "HUP");
    }

    /// Resident memory, bytes.
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.as_ref().unwrap().id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    }

    /// Whether the server still runs.
    pub fn is_alive(&mut self) -> bool {
        self.child.as_mut().unwrap().try_wait().unwrap().is_none()
    }

    /// Whether some log line contains this.
    pub fn logged(&self, text: &str) -> bool {
        self.log.lock().unwrap().iter().any(|line| line.contains(text))
    }

    /// All log lines.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            signal(child.id(), "TERM");
            let started = Instant::now();
            while child.try_wait().is_ok_and(|status| status.is_none()) && started.elapsed() < Duration::from_secs(15) {
                std::thread::sleep(Duration::from_millis(20));
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        // A private PostgreSQL outlives a killed server: it must not outlive the test.
        if let Ok(pid) = std::fs::read_to_string(self.state_dir().join("postgres/data/postmaster.pid"))
            && let Some(pid) = pid.lines().next().and_then(|pid| pid.trim().parse().ok())
        {
            signal(pid, "QUIT");
        }
    }
}

/// Sends a signal by its name.
pub fn signal(pid: u32, name: &str) {
    let _ = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).stderr(Stdio::null()).status();
}

/// Waits until `true`.
pub async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !condition().await {
        assert!(started.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A connection for looking at the tables.
pub async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Ports below those that the system gives to outgoing connections: nobody takes them between the look and the start. Each test process
/// begins its search elsewhere.
fn free_ports() -> [SocketAddr; 4] {
    static SEARCHED: AtomicU32 = AtomicU32::new(0);
    let held: Vec<_> = std::iter::repeat_with(|| SEARCHED.fetch_add(1, Ordering::Relaxed))
        .filter_map(|step| TcpListener::bind(("127.0.0.1", (10_000 + (std::process::id() * 41 + step) % 20_000) as u16)).ok())
        .take(4)
        .collect();
    std::array::from_fn(|index| held[index].local_addr().unwrap())
}

/// The private PostgreSQL may run as another user.
fn open_to_all(directory: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A session that goes with each call.
#[derive(Clone)]
pub struct Session(String, Option<&'static str>);

impl Session {
    /// An operator of the central unit, as if just logged in.
    pub async fn operator(database_url: &str) -> Self {
        Self::operator_named(database_url, "op7").await
    }

    /// The same under this name.
    pub async fn operator_named(database_url: &str, name: &str) -> Self {
        Self::of(database_url, name, access::Role::Operator, "central").await
    }

    /// Somebody with a role in a unit.
    pub async fn of(database_url: &str, name: &str, role: access::Role, unit: &str) -> Self {
        Self(store::testing::log_in(&connect(database_url).await, name, &[(role, unit)]).await, None)
    }

    /// The same for a purpose.
    pub fn purpose(self, code: &'static str) -> Self {
        Self(self.0, Some(code))
    }

    /// What opens every door to whoever has it.
    pub fn token(&self) -> &str {
        &self.0
    }
}

impl tonic::service::Interceptor for Session {
    fn call(&mut self, mut request: tonic::Request<()>) -> Result<tonic::Request<()>, tonic::Status> {
        static KEYS: AtomicU32 = AtomicU32::new(0);
        let key = format!("test-key-{}", KEYS.fetch_add(1, Ordering::Relaxed));
        request.metadata_mut().insert("paband-idempotency-key", key.parse().unwrap());
        if let Some(purpose) = self.1 {
            request.metadata_mut().insert("paband-purpose", purpose.parse().unwrap());
        }
        request.metadata_mut().insert("authorization", format!("Bearer {}", self.0).parse().unwrap());
        Ok(request)
    }
}

/// The code of a refusal.
pub fn reason(status: &tonic::Status) -> String {
    tonic_types::StatusExt::get_details_error_info(status).unwrap_or_else(|| panic!("every refusal has an ErrorInfo: {status:?}")).reason
}

/// A connection to a listener without TLS.
pub async fn channel(address: SocketAddr) -> Result<tonic::transport::Channel, tonic::transport::Error> {
    tonic::transport::Endpoint::from_shared(format!("http://{address}"))?.connect().await
}
