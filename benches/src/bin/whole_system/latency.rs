//! From a tag's bytes to the room's hand, after COMMIT, while 50,000 reports a second go through.

use crate::server::Server;
use crate::{SHARDS, TAGS};
use anyhow::{Context, Result, bail};
use bytes::BytesMut;
use geofence::{Report, Signal, Timestamp};
use proto::monitor::alerts_client::AlertsClient;
use proto::monitor::{AlertKind, EventKind, WatchRequest, watch_response};
use simulator::client::{Endpoint, Protocol};
use simulator::identity::Identity;
use simulator::load::{self, fleet};
use simulator::wire::Said;
use simulator::wire::native::Session;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Reports a second beside the probes.
const REPORTS_PER_S: f64 = 50_000.0;
/// Tags that open and close their strap, each a new alert at every second report.
pub const PROBES: u32 = 20;
/// Time between a probe's reports.
const PROBE_EVERY: Duration = Duration::from_millis(100);

pub async fn measure(paband: &Path, seconds: f64) -> Result<()> {
    let server = Server::start(paband, TAGS + PROBES, SHARDS).await?;
    let probes = Probes::start(&server).await;
    let load = load::run(load_options(&server, REPORTS_PER_S, seconds), CancellationToken::new()).await?;
    let seen = probes.stop().await?;
    let (count, p50, p99) = seen.quantiles(|_| true)?;
    println!(
        "at {:.0} reports/s ({REPORTS_PER_S:.0} asked): frame to alert in a client's hand p50 {p50:.1} ms, p99 {p99:.1} ms over {count} alerts (aim: p99 under 30 ms); frame to acknowledgement p50 {:.1} ms, p99 {:.1} ms",
        load.sent_per_s, load.answer_p50_ms, load.answer_p99_ms
    );
    server.stop().await
}

/// A load beside the probes.
pub fn load_options(server: &Server, reports_per_s: f64, seconds: f64) -> load::Options {
    load::Options {
        tags: TAGS,
        reports_per_s: Some(reports_per_s),
        connections: 4,
        reports_per_frame: 10,
        frames_on_the_way_max: 8,
        seconds: Some(seconds),
        protocol: Protocol::Native,
        endpoint: Endpoint::plain(&server.native),
        quiet: true,
    }
}

/// What a room saw.
#[derive(Default)]
pub struct Seen {
    /// When each alert's report left, by its tag's IMEI and time.
    sent: HashMap<(String, i64), Instant>,
    /// When each probe's report left, and how long its alert took, milliseconds.
    delays: Vec<(Instant, f64)>,
    /// When alerts that time alone found arrived.
    pub timed: Vec<Instant>,
}

impl Seen {
    /// How many alerts of reports that left at such times, and the median and 99th percentile of their delays, milliseconds.
    pub fn quantiles(&self, when: impl Fn(Instant) -> bool) -> Result<(usize, f64, f64)> {
        let mut delays: Vec<f64> = self.delays.iter().filter(|(left, _)| when(*left)).map(|(_, delay)| *delay).collect();
        anyhow::ensure!(delays.len() > 20, "only {} alerts came", delays.len());
        delays.sort_by(f64::total_cmp);
        let quantile = |part: f64| delays[((delays.len() - 1) as f64 * part) as usize];
        Ok((delays.len(), quantile(0.5), quantile(0.99)))
    }
}

type Shared = Arc<Mutex<Seen>>;

/// Tags that open and close their strap, and the room that waits for their alerts.
pub struct Probes {
    seen: Shared,
    watching: JoinHandle<Result<()>>,
    probes: Vec<JoinHandle<Result<()>>>,
    stop: CancellationToken,
}

impl Probes {
    /// Starts all of them.
    pub async fn start(server: &Server) -> Self {
        let (seen, stop) = (Shared::default(), CancellationToken::new());
        let token = store::testing::log_in(&server.database, "bench", &[(access::Role::Operator, "central")]).await;
        let watching = tokio::spawn(watch(format!("http://{}", server.rooms), token, Arc::clone(&seen)));
        let start = |serial| tokio::spawn(probe(server.native.clone(), fleet::identity(serial), Arc::clone(&seen), stop.clone()));
        Self { probes: (TAGS..TAGS + PROBES).map(start).collect(), seen, watching, stop }
    }

    /// How many alerts of time alone have come so far.
    pub fn timed(&self) -> usize {
        self.seen.lock().expect("nobody panics with it").timed.len()
    }

    /// Ends them; what was seen.
    pub async fn stop(self) -> Result<Seen> {
        self.stop.cancel();
        for probe in self.probes {
            probe.await??;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        self.watching.abort();
        match self.watching.await {
            Ok(ended) => bail!("the watch ended early: {ended:?}"),
            Err(_) => Ok(std::mem::take(&mut *self.seen.lock().expect("nobody panics with it"))),
        }
    }
}

async fn watch(address: String, token: String, seen: Shared) -> Result<()> {
    let mut request = tonic::Request::new(WatchRequest { after_sequence: Some(0) });
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse()?);
    let mut events = AlertsClient::connect(address).await?.watch(request).await?.into_inner();
    while let Some(response) = events.message().await? {
        let Some(watch_response::Message::Event(event)) = response.message else { continue };
        let Some(alert) = event.alert.as_ref().filter(|_| event.kind() == EventKind::Opened) else { continue };
        let mut seen = seen.lock().expect("nobody panics with it");
        match alert.kind() {
            AlertKind::StrapOpen => {
                let started = alert.started_at.as_ref().context("an alert has a start")?;
                let key = (alert.imei.clone(), started.seconds * 1000 + i64::from(started.nanos) / 1_000_000);
                let left = seen.sent.remove(&key).context("an alert that no probe caused")?;
                seen.delays.push((left, left.elapsed().as_secs_f64() * 1000.0));
            }
            AlertKind::PresenceUnknown | AlertKind::Silent => seen.timed.push(Instant::now()),
            _ => {}
        }
    }
    Ok(())
}

/// A tag whose strap opens and closes.
async fn probe(address: String, identity: Identity, seen: Shared, stop: CancellationToken) -> Result<()> {
    let mut socket = TcpStream::connect(address).await?;
    socket.set_nodelay(true)?;
    let mut session = Session::new(0);
    let (mut input, mut output) = (BytesMut::new(), BytesMut::new());
    session.hello(&identity, &mut output);
    let mut is_open = false;
    let mut ticks = tokio::time::interval(PROBE_EVERY);
    let mut welcome = false;
    loop {
        socket.write_all_buf(&mut output).await?;
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            read = socket.read_buf(&mut input) => anyhow::ensure!(read? > 0, "the server closed a probe's connection"),
            _ = ticks.tick(), if welcome => {
                is_open = !is_open;
                let now: i64 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_millis().try_into()?;
                let at = Report::at(Timestamp::from_millis(now));
                let report = Report { signals: at.signals.with(Signal::StrapOpen, is_open), ..at };
                if is_open {
                    seen.lock().expect("nobody panics with it").sent.insert((identity.imei.clone(), now), Instant::now());
                }
                session.send(&[report], &mut output);
            }
        }
        while let Some(said) = session.receive(&mut input, &identity, &mut output).map_err(anyhow::Error::msg)? {
            match said {
                Said::Welcome { .. } => welcome = true,
                Said::Refused(refusal) => bail!("a probe was refused: {}", refusal.text),
                _ => {}
            }
        }
    }
}
