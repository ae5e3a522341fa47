//! Sends recorded tracks as if their tags were on the line.

mod track;

use crate::client::{Counters, Endpoint, Protocol, Tag, TagOptions};
use crate::identity;
use crate::progress::{Progress, TICK};
use anyhow::{Context, Result, bail};
use geofence::{Report, Timestamp};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use track::Track;

/// How fast the recorded time passes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// This many times as fast as it was recorded; 1 = real time.
    Times(f64),
    /// As fast as the server stores.
    Unlimited,
}

/// What to replay, and where to.
#[derive(Clone, Debug)]
pub struct Options {
    /// TRACK.csv or TRACK.csv.gz, held in memory while it plays (40 bytes a row).
    pub file: PathBuf,
    /// CSV `imei,wearer[,key]` (key: 64 hexadecimal digits). Wearers not in it, or all without it, get the tag of [`identity::Identity::of_wearer`].
    pub tags: Option<PathBuf>,
    /// The server's door for `protocol`.
    pub endpoint: Endpoint,
    /// What the tags speak.
    pub protocol: Protocol,
    /// How fast.
    pub pace: Pace,
    /// Move all times by one amount, so that the last report is taken at the instant it is sent. Otherwise they stay as recorded.
    pub shift_to_now: bool,
    /// Show no progress.
    pub quiet: bool,
}

/// What a replay did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Wearers in the file, each one tag.
    pub wearers: usize,
    /// Reports that the server said are stored.
    pub reports: u64,
    /// Reports that were not yet stored when the run was cancelled; 0 otherwise.
    pub not_stored: u64,
    /// Frames or packets sent, repeats included.
    pub packets: u64,
    /// Reports sent again because their answer did not come.
    pub resent: u64,
    /// From the first connection to the last answer.
    pub seconds: f64,
    /// Stored reports a second.
    pub reports_per_s: f64,
}

/// Replays until the server has said of every report that it is stored, or `cancel` is cancelled.
///
/// # Errors
/// When a file cannot be read, a row makes no sense, two wearers share a tag, or the server refuses a tag.
pub async fn run(options: Options, cancel: CancellationToken) -> Result<Summary> {
    let mut tracks = track::read(&options.file, options.tags.as_deref())?;
    identity::distinct(tracks.iter().map(|track| (track.wearer.as_str(), &track.identity)))?;
    let total = tracks.iter().map(|track| track.reports.len() as u64).sum();
    let Some((first, last)) = span(&tracks) else { bail!("{} holds no row", options.file.display()) };
    if options.shift_to_now {
        shift(&mut tracks, first, last, options.pace);
    }
    let first = span(&tracks).map_or(first, |(first, _)| first);
    let (started, stop) = (Instant::now(), cancel.child_token());
    let _stop_with_run = stop.clone().drop_guard();
    let mut run = Run { tags: Vec::new(), plays: JoinSet::new() };
    for track in tracks {
        run.begin(track, Clock { started, first, pace: options.pace }, &options, stop.clone());
    }
    cancel.run_until_cancelled(run.finish(total, options.quiet)).await.unwrap_or(Ok(()))?;
    Ok(run.summary(total, started.elapsed()))
}

/// The tags that a replay without a tags file invents, as CSV `imei,wearer,key` for whoever registers them. Their key stays empty.
///
/// # Errors
/// When the file cannot be read.
pub fn tags_csv(file: &Path) -> Result<String> {
    let row = |track: &Track| format!("{},{},\n", track.identity.imei, track.wearer);
    Ok(std::iter::once("imei,wearer,key\n".to_owned()).chain(track::read(file, None)?.iter().map(row)).collect())
}

struct Run {
    tags: Vec<Tag>,
    plays: JoinSet<Result<()>>,
}

impl Run {
    fn begin(&mut self, track: Track, clock: Clock, options: &Options, stop: CancellationToken) {
        let tag_options = TagOptions::new(track.identity, options.endpoint.clone(), options.protocol);
        let (tag, _no_orders) = Tag::start(tag_options, stop);
        self.tags.push(tag.clone());
        self.plays.spawn(play(track.wearer, track.reports, tag, clock));
    }

    async fn finish(&mut self, total: u64, quiet: bool) -> Result<()> {
        let mut progress = Progress::new("reports stored", Some(total), quiet);
        loop {
            tokio::select! {
                played = self.plays.join_next() => match played {
                    Some(played) => played.context("a replaying task broke")??,
                    None => return Ok(()),
                },
                () = tokio::time::sleep(TICK) => {
                    let all = self.counters();
                    progress.show(all.stored, format!("{} packets, {} resent", all.frames, all.resent));
                }
            }
        }
    }

    fn counters(&self) -> Counters {
        let mut all = Counters::default();
        for counters in self.tags.iter().map(Tag::counters) {
            all.stored += counters.stored;
            all.frames += counters.frames;
            all.resent += counters.resent;
        }
        all
    }

    fn summary(&self, total: u64, elapsed: Duration) -> Summary {
        let all = self.counters();
        let seconds = elapsed.as_secs_f64();
        Summary {
            wearers: self.tags.len(),
            reports: all.stored,
            not_stored: total - all.stored,
            packets: all.frames,
            resent: all.resent,
            seconds,
            reports_per_s: all.stored as f64 / seconds,
        }
    }
}

/// When the recorded time is due.
#[derive(Clone, Copy)]
struct Clock {
    started: Instant,
    first: Timestamp,
    pace: Pace,
}

impl Clock {
    async fn wait(self, taken_at: Timestamp) {
        if let Pace::Times(factor) = self.pace {
            let recorded = Duration::from_millis(taken_at.millis_since(self.first).max(0).unsigned_abs());
            tokio::time::sleep_until(self.started + recorded.div_f64(factor)).await;
        }
    }
}

async fn play(wearer: String, reports: Vec<Report>, tag: Tag, clock: Clock) -> Result<()> {
    let all = async {
        for report in reports {
            clock.wait(report.taken_at).await;
            tag.push_when_room(report).await;
        }
        tag.delivered().await;
        tag.finish();
    };
    tokio::select! {
        () = all => Ok(()),
        why = tag.refused() => bail!("the server refuses the tag of wearer {wearer} ({why}): register its IMEI and key, then replay again"),
    }
}

fn span(tracks: &[Track]) -> Option<(Timestamp, Timestamp)> {
    let times = || tracks.iter().flat_map(|track| track.reports.iter().map(|report| report.taken_at));
    Some((times().min()?, times().max()?))
}

/// The last report is sent when the recorded span has passed at this pace; it shall be taken then, not before and not after.
fn shift(tracks: &mut [Track], first: Timestamp, last: Timestamp, pace: Pace) {
    let span_ms = last.millis_since(first);
    let plays_ms = match pace {
        Pace::Times(factor) => (span_ms as f64 / factor) as i64,
        Pace::Unlimited => 0,
    };
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64);
    let by_ms = now_ms + plays_ms - last.millis();
    for report in tracks.iter_mut().flat_map(|track| &mut track.reports) {
        report.taken_at = report.taken_at.plus_millis(by_ms);
    }
}
