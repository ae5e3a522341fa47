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
use tokio_util::sync::CancellationToken;

/// Reports a second beside the probes.
const REPORTS_PER_S: f64 = 50_000.0;
/// Tags that open and close their strap, each a new alert at every second report.
const PROBES: u32 = 20;
/// Time between a probe's reports.
const PROBE_EVERY: Duration = Duration::from_millis(100);

/// When each alert's report left, by its tag's IMEI and time.
type Sent = Arc<Mutex<HashMap<(String, i64), Instant>>>;

pub async fn measure(paband: &Path, seconds: f64) -> Result<()> {
    let server = Server::start(paband, TAGS + PROBES, SHARDS).await?;
    let (sent, stop) = (Sent::default(), CancellationToken::new());
    let watching = tokio::spawn(watch(format!("http://{}", server.rooms), Arc::clone(&sent)));
    let probes: Vec<_> = (TAGS..TAGS + PROBES)
        .map(|serial| tokio::spawn(probe(server.native.clone(), fleet::identity(serial), Arc::clone(&sent), stop.clone())))
        .collect();
    let options = load::Options {
        tags: TAGS,
        reports_per_s: Some(REPORTS_PER_S),
        connections: 4,
        reports_per_frame: 10,
        frames_on_the_way_max: 8,
        seconds: Some(seconds),
        protocol: Protocol::Native,
        endpoint: Endpoint::plain(&server.native),
        quiet: true,
    };
    let load = load::run(options, CancellationToken::new()).await?;
    stop.cancel();
    for probe in probes {
        probe.await??;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    watching.abort();
    let mut delays = match watching.await {
        Ok(ended) => bail!("the watch ended early: {ended:?}"),
        Err(_) => std::mem::take(&mut *DELAYS_MS.lock().expect("nobody panics with it")),
    };
    delays.sort_by(f64::total_cmp);
    let quantile = |part: f64| delays[((delays.len() - 1) as f64 * part) as usize];
    anyhow::ensure!(delays.len() > 100, "only {} alerts came", delays.len());
    println!(
        "at {:.0} reports/s ({REPORTS_PER_S:.0} asked): frame to alert in a client's hand p50 {:.1} ms, p99 {:.1} ms over {} alerts (aim: p99 under 30 ms); frame to acknowledgement p50 {:.1} ms, p99 {:.1} ms",
        load.sent_per_s,
        quantile(0.5),
        quantile(0.99),
        delays.len(),
        load.answer_p50_ms,
        load.answer_p99_ms
    );
    server.stop().await
}

static DELAYS_MS: Mutex<Vec<f64>> = Mutex::new(Vec::new());

async fn watch(address: String, sent: Sent) -> Result<()> {
    let mut events = AlertsClient::connect(address).await?.watch(WatchRequest { after_sequence: Some(0) }).await?.into_inner();
    while let Some(response) = events.message().await? {
        let Some(watch_response::Message::Event(event)) = response.message else { continue };
        let Some(alert) = event.alert.as_ref().filter(|alert| event.kind() == EventKind::Opened && alert.kind() == AlertKind::StrapOpen)
        else {
            continue;
        };
        let started = alert.started_at.as_ref().context("an alert has a start")?;
        let key = (alert.imei.clone(), started.seconds * 1000 + i64::from(started.nanos) / 1_000_000);
        let left = sent.lock().expect("nobody panics with it").remove(&key).context("an alert that no probe caused")?;
        DELAYS_MS.lock().expect("nobody panics with it").push(left.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(())
}

/// A tag whose strap opens and closes.
async fn probe(address: String, identity: Identity, sent: Sent, stop: CancellationToken) -> Result<()> {
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
                    sent.lock().expect("nobody panics with it").insert((identity.imei.clone(), now), Instant::now());
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
