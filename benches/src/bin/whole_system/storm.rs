//! Very many findings at one instant: the boundary at which curfews begin, or the end of the wait for tags that all fell silent together.
//! They must not delay other tags' alerts.

use crate::latency::{PROBES, Probes, load_options};
use crate::server::Server;
use crate::{SHARDS, TAGS};
use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Timelike, Utc};
use simulator::load;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Reports a second of other tags meanwhile.
const REPORTS_PER_S: f64 = 10_000.0;
/// The quiet time before, seconds, which the storm is held against.
const QUIET_S: i64 = 20;
/// Enrolling takes at most so long, seconds.
const ENROL_S: i64 = 110;
/// Longest wait for the storm to pass.
const STORM_MAX: Duration = Duration::from_secs(240);

/// What happens at once.
#[derive(Clone, Copy, Debug)]
pub enum Storm {
    /// Curfews begin, and of nobody it is known where they are.
    Curfew,
    /// Tags have not been heard for too long.
    Silence,
}

/// Measures alerts of 20 probes in a quiet time and in the storm of `count` wearers, in one run.
pub async fn measure(paband: &Path, storm: Storm, count: u32) -> Result<()> {
    let server = Server::start(paband, TAGS + PROBES, SHARDS).await?;
    let serials = TAGS + PROBES..TAGS + PROBES + count;
    let breaks_at = (Utc::now() + TimeDelta::seconds(ENROL_S + QUIET_S + 60)).with_second(0).context("a minute has a second 0")?;
    match storm {
        Storm::Curfew => server.enrol_quiet(serials, &Utc::now().to_rfc3339(), Some(curfew(breaks_at)))?,
        Storm::Silence => server.enrol_quiet(serials, &(breaks_at - TimeDelta::seconds(600)).to_rfc3339(), None)?,
    }
    until(breaks_at - TimeDelta::seconds(QUIET_S)).await?;
    let probes = Probes::start(&server).await;
    let seconds = QUIET_S as f64 + STORM_MAX.as_secs_f64();
    let stop = CancellationToken::new();
    let load = tokio::spawn(load::run(load_options(&server, REPORTS_PER_S, seconds), stop.clone()));
    until(breaks_at).await?;
    let broke = Instant::now();
    while probes.timed() < count as usize {
        anyhow::ensure!(broke.elapsed() < STORM_MAX, "only {} of {count} came", probes.timed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stop.cancel();
    load.await??;
    let seen = probes.stop().await?;
    let (first, last) = (seen.timed[0], seen.timed[seen.timed.len() - 1]);
    let (_, quiet_p50, quiet_p99) = seen.quantiles(|left| left < broke)?;
    let (alerts, p50, p99) = seen.quantiles(|left| left >= first && left <= last)?;
    println!(
        "{storm:?} of {count} wearers at one instant: all alerts in a client's hand {:.1} s after the first; other tags' alerts meanwhile p50 {p50:.1} ms, p99 {p99:.1} ms over {alerts}; in the quiet time before p50 {quiet_p50:.1} ms, p99 {quiet_p99:.1} ms; ratio of p99 {:.1}",
        last.duration_since(first).as_secs_f64(),
        p99 / quiet_p99
    );
    server.stop().await
}

/// A zone that everyone must be in from that minute on; five seconds later it is known of nobody.
fn curfew(begins: DateTime<Utc>) -> serde_json::Value {
    let local = begins.with_timezone(&chrono_tz::Asia::Tehran);
    let from = local.format("%H:%M").to_string();
    let days = ["sat", "sun", "mon", "tue", "wed", "thu", "fri"];
    serde_json::json!({"zone": "curfew", "sense": "inclusion", "radius_m": 200, "stale_after_s": 5,
        "timetable": [{"days": days, "from": from, "to": (local + TimeDelta::hours(6)).format("%H:%M").to_string()}]})
}

async fn until(time: DateTime<Utc>) -> Result<()> {
    let wait = (time - Utc::now()).to_std().context("enrolling took too long")?;
    tokio::time::sleep(wait).await;
    Ok(())
}
