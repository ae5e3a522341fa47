//! Many tags that send as much as they are told, and what the server makes of it.

pub mod fleet;
mod frame;
mod gateway;
mod limits;
mod meter;
mod pace;
mod packet;
mod single;

use crate::client::{Endpoint, Protocol};
use crate::progress::{Progress, TICK};
use anyhow::{Context, Result, ensure};
use gateway::Gateway;
use meter::Meter;
use pace::Pace;
use serde::Serialize;
use single::Single;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Most tags on one native connection: the server's limit of sessions.
pub const TAGS_PER_CONNECTION_MAX: u32 = 100_000;
/// Most reports in one native frame, one Teltonika packet.
pub const REPORTS_PER_FRAME_MAX: (usize, usize) = (100, 25);
/// After the last report was sent, answers are waited for so long.
const DRAIN: Duration = Duration::from_secs(30);

/// How many tags, how much, how long.
#[derive(Clone, Debug)]
pub struct Options {
    /// Tags with the serial numbers 0 to `tags - 1` of the [`fleet`], which the server must know.
    pub tags: u32,
    /// Reports a second of all tags together; `None` = as fast as the server stores.
    pub reports_per_s: Option<f64>,
    /// Native: connections that share the tags (more are opened if [`TAGS_PER_CONNECTION_MAX`] asks for it). Teltonika: one a tag, whatever this says.
    pub connections: u32,
    /// Reports in one frame, see [`REPORTS_PER_FRAME_MAX`].
    pub reports_per_frame: usize,
    /// Native: frames of one tag on their way at once. Teltonika permits one.
    pub frames_on_the_way_max: u32,
    /// How long reports are sent, logins not counted; `None` = until cancelled.
    pub seconds: Option<f64>,
    /// What the tags speak.
    pub protocol: Protocol,
    /// The server's door for `protocol`.
    pub endpoint: Endpoint,
    /// Show no progress.
    pub quiet: bool,
}

/// What a load measured. Every rate is reports a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Tags that were logged in.
    pub tags: u32,
    /// Connections that carried them.
    pub connections: u32,
    /// Reports in one frame.
    pub reports_per_frame: usize,
    /// How long the logins took.
    pub login_seconds: f64,
    /// From the first report sent to the last answer.
    pub seconds: f64,
    /// What was asked for; `None` = as fast as possible.
    pub reports_per_s_asked: Option<f64>,
    /// Reports sent.
    pub reports_sent: u64,
    /// Reports that the server said are stored.
    pub reports_stored: u64,
    /// Frames sent.
    pub frames_sent: u64,
    /// Connections lost on the way; what they carried unanswered is not sent again.
    pub connections_lost: u64,
    /// Sent, while sending. Well below what was asked: the server (or this machine) cannot take more, and delays mean nothing.
    pub sent_per_s: f64,
    /// Stored, from the first report sent to the last answer.
    pub stored_per_s: f64,
    /// Half of the answers came within this time after their frame was made, ms.
    pub answer_p50_ms: f64,
    /// 99 % of them.
    pub answer_p99_ms: f64,
    /// All of them.
    pub answer_max_ms: f64,
}

/// Logs all tags in, then sends for the time asked or until `cancel`, then waits for the answers, at most 30 s.
///
/// # Errors
/// When the options make no sense, the system does not allow the connections, or the server cannot be reached or refuses a tag.
pub async fn run(options: Options, cancel: CancellationToken) -> Result<Summary> {
    check(&options)?;
    let (begun, options, meter) = (Instant::now(), Arc::new(options), Arc::new(Meter::new()));
    let Some(fleet) = cancel.run_until_cancelled(Fleet::log_in(&options)).await else { return Ok(Summary::default()) };
    let fleet = fleet?;
    let (connections, login) = (fleet.connections(), begun.elapsed());
    let stop = cancel.child_token();
    let started = Instant::now();
    let run = Sending { options: Arc::clone(&options), meter: Arc::clone(&meter), stop: stop.clone(), started };
    let mut sending = fleet.send(&run);
    let stopped = watch(&options, &meter, &stop, &mut sending).await?;
    let mut summary = Summary { tags: options.tags, connections, login_seconds: login.as_secs_f64(), ..run.summary(stopped) };
    let drained = tokio::time::timeout(DRAIN, all(&mut sending)).await;
    if let Ok(drained) = drained {
        drained?;
    }
    summary.measure(&meter, started.elapsed());
    Ok(summary)
}

/// What every connection needs for sending.
#[derive(Clone)]
struct Sending {
    options: Arc<Options>,
    meter: Arc<Meter>,
    stop: CancellationToken,
    started: Instant,
}

impl Sending {
    /// The pace of a connection that carries so many of the tags.
    fn pace(&self, tags: u32) -> Pace {
        let options = &self.options;
        let share = f64::from(tags) / f64::from(options.tags);
        let frames_per_s = options.reports_per_s.map(|rate| rate * share / options.reports_per_frame as f64);
        Pace::new(self.started, frames_per_s, options.tags, options.reports_per_s)
    }

    fn summary(&self, sent_within: Duration) -> Summary {
        Summary {
            reports_per_frame: self.options.reports_per_frame,
            reports_per_s_asked: self.options.reports_per_s,
            sent_per_s: self.meter.sent.load(Relaxed) as f64 / sent_within.as_secs_f64(),
            ..Summary::default()
        }
    }
}

impl Summary {
    fn measure(&mut self, meter: &Meter, elapsed: Duration) {
        self.seconds = elapsed.as_secs_f64();
        self.reports_sent = meter.sent.load(Relaxed);
        self.reports_stored = meter.stored.load(Relaxed);
        self.frames_sent = meter.frames.load(Relaxed);
        self.connections_lost = meter.lost_connections.load(Relaxed);
        self.stored_per_s = self.reports_stored as f64 / self.seconds;
        self.answer_p50_ms = meter.delay_ms(0.5);
        self.answer_p99_ms = meter.delay_ms(0.99);
        self.answer_max_ms = meter.delay_ms(1.0);
    }
}

enum Fleet {
    Native(Vec<Gateway>),
    Teltonika(Vec<Single>),
}

impl Fleet {
    async fn log_in(options: &Arc<Options>) -> Result<Self> {
        match options.protocol {
            Protocol::Native => Ok(Self::Native(gateway::log_in_all(options).await?)),
            Protocol::Teltonika(codec) => {
                limits::allow_connections(options.tags)?;
                Ok(Self::Teltonika(single::log_in_all(options, codec).await?))
            }
        }
    }

    fn connections(&self) -> u32 {
        match self {
            Self::Native(gateways) => gateways.len() as u32,
            Self::Teltonika(tags) => tags.len() as u32,
        }
    }

    fn send(self, run: &Sending) -> JoinSet<Result<()>> {
        match self {
            Self::Native(gateways) => gateways.into_iter().map(|gateway| gateway.send(run.clone())).collect(),
            Self::Teltonika(tags) => tags.into_iter().map(|tag| tag.send(run.clone())).collect(),
        }
    }
}

fn check(options: &Options) -> Result<()> {
    let (native, teltonika) = REPORTS_PER_FRAME_MAX;
    let most = if options.protocol == Protocol::Native { native } else { teltonika };
    ensure!(options.tags > 0, "a load needs at least one tag");
    ensure!((1..=most).contains(&options.reports_per_frame), "reports per frame: 1 to {most} with this protocol");
    ensure!(options.frames_on_the_way_max > 0, "at least one frame of a tag must be allowed on its way");
    ensure!(options.reports_per_s.is_none_or(|rate| rate.is_finite() && rate > 0.0), "the rate is more than 0 reports a second");
    Ok(())
}

/// Shows how it goes until it is time to stop; returns how long was sent.
async fn watch(options: &Options, meter: &Meter, stop: &CancellationToken, sending: &mut JoinSet<Result<()>>) -> Result<Duration> {
    let (started, mut progress) = (Instant::now(), Progress::new("reports stored", None, options.quiet));
    let end = options.seconds.map(|seconds| started + Duration::from_secs_f64(seconds));
    let (mut looked_at, mut sent, mut stored) = (started, 0, 0);
    while !stop.is_cancelled() && end.is_none_or(|end| Instant::now() < end) {
        let wait = end.map_or(4 * TICK, |end| (4 * TICK).min(end - Instant::now()));
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = stop.cancelled() => {}
            Some(ended) = sending.join_next() => ended.context("a sending task broke")??,
        }
        let (seconds, now) = (looked_at.elapsed().as_secs_f64(), (meter.sent.load(Relaxed), meter.stored.load(Relaxed)));
        let (sent_per_s, stored_per_s) = ((now.0 - sent) as f64 / seconds, (now.1 - stored) as f64 / seconds);
        progress.show(now.1, format!("sent {sent_per_s:.0}/s, stored {stored_per_s:.0}/s, p99 {:.1} ms", meter.delay_ms(0.99)));
        (looked_at, sent, stored) = (Instant::now(), now.0, now.1);
    }
    stop.cancel();
    Ok(started.elapsed())
}

async fn all(sending: &mut JoinSet<Result<()>>) -> Result<()> {
    while let Some(ended) = sending.join_next().await {
        ended.context("a sending task broke")??;
    }
    Ok(())
}
