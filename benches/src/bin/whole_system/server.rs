//! The released binary on a private durable PostgreSQL, with the tags of the load enrolled.

use anyhow::{Context, Result, bail};
use simulator::load::fleet;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio_postgres::{Client, NoTls};

/// A running server in a directory of its own.
pub struct Server {
    paband: PathBuf,
    running: Running,
    directory: PathBuf,
    pub native: String,
    pub teltonika: String,
    pub rooms: String,
    pub database_url: String,
    pub database: Client,
}

impl Server {
    /// Starts with `tags` tags of the load's fleet enrolled.
    pub async fn start(paband: &Path, tags: u32, shards: usize) -> Result<Self> {
        let directory = std::env::temp_dir().join(format!("paband-bench-{}", std::process::id()));
        // What a run before left behind.
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(&directory)?;
        std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o755))?;
        let [native, teltonika, rooms] = free_addresses()?;
        let config = format!(
            "state_dir = {:?}\n[[tags]]\nprotocol = \"native\"\naddress = \"{native}\"\n[[tags]]\nprotocol = \"teltonika\"\n\
             address = \"{teltonika}\"\n[rooms]\naddress = \"{rooms}\"\n[limits]\nshards = {shards}\n[log]\nformat = \"json\"\n",
            directory.join("state")
        );
        std::fs::write(directory.join("paband.toml"), config)?;
        let running = Running::start(paband, &directory)?;
        let url = run(paband, &directory, &["db", "url"])?;
        let database_url = url.trim().to_owned();
        let database = connect(&database_url).await?;
        let server = Self { paband: paband.to_owned(), running, directory, native, teltonika, rooms, database_url, database };
        if tags > 0 {
            server.enrol(tags)?;
        }
        Ok(server)
    }

    /// Enrols more tags, fitted then, whose wearers share one zone (a GeoJSON feature's properties without `wearers`), or none.
    pub fn enrol_quiet(&self, serials: std::ops::Range<u32>, fitted_at: &str, zone: Option<serde_json::Value>) -> Result<()> {
        let (csv, geojson) = (self.directory.join("quiet.csv"), self.directory.join("quiet.geojson"));
        fleet::write_tags(serials.clone(), std::fs::File::create(&csv)?)?;
        run(&self.paband, &self.directory, &["tag", "import", &csv.display().to_string(), "--fitted-at", fitted_at])?;
        if let Some(mut properties) = zone {
            properties["wearers"] = serials.map(fleet::wearer).collect();
            let feature = serde_json::json!({"type": "Feature", "geometry": {"type": "Point", "coordinates": [51.4, 35.7]}, "properties": properties});
            std::fs::write(&geojson, serde_json::json!({"type": "FeatureCollection", "features": [feature]}).to_string())?;
            run(&self.paband, &self.directory, &["zone", "import", &geojson.display().to_string()])?;
        }
        Ok(())
    }

    fn enrol(&self, tags: u32) -> Result<()> {
        let (csv, geojson) = (self.directory.join("tags.csv"), self.directory.join("zones.geojson"));
        fleet::write_tags(0..tags, std::fs::File::create(&csv)?)?;
        fleet::write_zones(0..tags, std::fs::File::create(&geojson)?)?;
        run(&self.paband, &self.directory, &["tag", "import", &csv.display().to_string()])?;
        run(&self.paband, &self.directory, &["zone", "import", &geojson.display().to_string()])?;
        // Facts are in force within a second.
        std::thread::sleep(Duration::from_secs(2));
        Ok(())
    }

    /// Stops the server in order and starts it again, its database too.
    pub async fn restart(&mut self) -> Result<()> {
        self.running.terminate()?;
        self.running = Running::start(&self.paband, &self.directory)?;
        self.database = connect(&self.database_url).await?;
        Ok(())
    }

    /// Forgets all reports, so that rounds do not burden each other.
    pub async fn truncate_reports(&self) -> Result<()> {
        Ok(self.database.batch_execute("TRUNCATE reports; CHECKPOINT").await?)
    }

    /// Resident memory, bytes.
    pub fn resident(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.running.0.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("the kernel tells no resident memory")?;
        let kilobytes: u64 = line.split_whitespace().nth(1).context("the kernel tells no number")?.parse()?;
        Ok(kilobytes * 1024)
    }

    /// Stops the server in order and removes everything.
    pub async fn stop(mut self) -> Result<()> {
        self.running.terminate()?;
        Ok(std::fs::remove_dir_all(&self.directory)?)
    }
}

/// A connection to a database.
pub async fn connect(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

fn command(paband: &Path, directory: &Path) -> Command {
    let mut command = Command::new(paband);
    command.env("PABAND_CONFIG", directory.join("paband.toml")).env_remove("DATABASE_URL");
    command
}

fn run(paband: &Path, directory: &Path, arguments: &[&str]) -> Result<String> {
    let output = command(paband, directory).args(arguments).output()?;
    if !output.status.success() {
        bail!("paband {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// A server's process, which ends with the measurement also when that fails.
struct Running(Child);

impl Running {
    /// Returns once it is ready.
    fn start(paband: &Path, directory: &Path) -> Result<Self> {
        let hint = || format!("cannot start {}: build it with cargo build --release -p paband", paband.display());
        let mut running = Self(command(paband, directory).arg("serve").stderr(Stdio::piped()).spawn().with_context(hint)?);
        let mut lines = BufReader::new(running.0.stderr.take().context("its log is piped")?).lines();
        loop {
            let line = lines.next().context("the server ended before it was ready")??;
            if line.contains("\"ready\"") {
                break;
            }
            if line.contains("\"ERROR\"") || line.starts_with("paband:") {
                eprintln!("{line}");
            }
        }
        std::thread::spawn(move || {
            lines.map_while(Result::ok).filter(|line| line.contains("\"ERROR\"")).for_each(|line| eprintln!("{line}"));
        });
        Ok(running)
    }

    /// Stops it in order, with its database. Stopped already, there is nothing to do.
    fn terminate(&mut self) -> Result<()> {
        if self.0.try_wait()?.is_some() {
            return Ok(());
        }
        Command::new("kill").arg(self.0.id().to_string()).status()?;
        let started = Instant::now();
        while self.0.try_wait()?.is_none() {
            anyhow::ensure!(started.elapsed() < Duration::from_secs(60), "the server does not stop");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Err(error) = self.terminate() {
            eprintln!("{error}");
            // It may have ended meanwhile.
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}

fn free_addresses() -> Result<[String; 3]> {
    let held = (0..3).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<std::io::Result<Vec<_>>>()?;
    let addresses: Vec<String> =
        held.iter().map(|socket| socket.local_addr().map(|address| address.to_string())).collect::<Result<_, _>>()?;
    Ok(addresses.try_into().expect("three were bound"))
}
