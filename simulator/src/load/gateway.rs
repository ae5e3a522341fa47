//! One native connection that carries many tags: a few bytes of memory a tag, many frames a write.

use super::fleet;
use super::frame::put_reports;
use super::meter::{delays, record};
use super::pace::{Pace, now_ms};
use super::{Options, Sending, TAGS_PER_CONNECTION_MAX};
use crate::client::Stream;
use crate::wire::native::{hello, next_frame, proof, put_frame};
use anyhow::{Context, Result, bail};
use bytes::BytesMut;
use hdrhistogram::Histogram;
use proto::tag::server_frame::Body;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::time::{Instant, sleep, sleep_until};

/// Logins under way at once on a connection; the server takes up to 1,000.
const LOGINS_AT_ONCE: u32 = 500;
/// Most bytes made before they are written.
const OUTPUT_BYTES_MAX: usize = 128 * 1024;
/// Room for what the server says, bytes.
const INPUT_BYTES: usize = 64 * 1024;
/// Due frames are made together this often: a write of many costs as much as a write of one.
const TICK: Duration = Duration::from_millis(1);
/// Before a lost connection is opened again.
const RECONNECT: Duration = Duration::from_secs(1);

/// What is known of one tag. Frames are counted since its login.
#[derive(Clone, Copy, Default)]
struct Slot {
    sent: u32,
    stored: u32,
    /// The frame whose answer is timed; 0 = none.
    timed: u32,
    /// When that was made: microseconds since the start, wrapping after 71 minutes.
    timed_at_us: u32,
    /// When the newest report was taken: ms since [`Gateway::epoch_ms`].
    last_ms: u32,
}

/// A connection whose tags are logged in. Session numbers are places in `slots` plus one.
pub(super) struct Gateway {
    serials: Range<u32>,
    slots: Vec<Slot>,
    /// Tags that may send, in turn.
    ready: VecDeque<u32>,
    epoch: Instant,
    epoch_ms: i64,
    line: Line,
    delays_us: Histogram<u64>,
    frames: u64,
}

/// The connection itself.
struct Line {
    reader: ReadHalf<Box<dyn Stream>>,
    writer: WriteHalf<Box<dyn Stream>>,
    input: BytesMut,
    output: BytesMut,
}

/// Spreads the tags over connections and logs all in.
pub(super) async fn log_in_all(options: &Arc<Options>) -> Result<Vec<Gateway>> {
    let connections = options.connections.clamp(1, options.tags).max(options.tags.div_ceil(TAGS_PER_CONNECTION_MAX));
    let edge = |place: u32| (u64::from(options.tags) * u64::from(place) / u64::from(connections)) as u32;
    let logins: Vec<_> = (0..connections)
        .map(|place| {
            let (serials, options) = (edge(place)..edge(place + 1), Arc::clone(options));
            tokio::spawn(async move { Gateway::open(serials, &options).await })
        })
        .collect();
    let mut gateways = Vec::with_capacity(logins.len());
    for login in logins {
        gateways.push(login.await.context("a login task broke")??);
    }
    Ok(gateways)
}

impl Gateway {
    async fn open(serials: Range<u32>, options: &Options) -> Result<Self> {
        let line = Line::open(&serials, options).await?;
        Ok(Self {
            slots: vec![Slot::default(); serials.len()],
            ready: (0..serials.len() as u32).collect(),
            serials,
            epoch: Instant::now(),
            epoch_ms: now_ms() - 60_000,
            line,
            delays_us: delays(),
            frames: 0,
        })
    }

    /// Sends until told to stop and all is answered; a lost connection is opened again.
    pub async fn send(mut self, run: Sending) -> Result<()> {
        let pace = run.pace(self.slots.len() as u32);
        while let Err(error) = self.exchange(&run, &pace).await {
            tracing::warn!(error = format!("{error:#}"), "a gateway lost its connection");
            run.meter.lost_connections.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            self.reconnect(&run).await?;
        }
        run.meter.merge(&self.delays_us);
        Ok(())
    }

    async fn exchange(&mut self, run: &Sending, pace: &Pace) -> Result<()> {
        let mut shown = Instant::now();
        loop {
            let stopping = run.stop.is_cancelled();
            if self.line.output.is_empty() && !stopping {
                self.fill(run, pace);
            }
            if stopping && self.line.output.is_empty() && self.slots.iter().all(|slot| slot.sent == slot.stored) {
                return Ok(());
            }
            if shown.elapsed() > Duration::from_secs(1) {
                run.meter.merge(&self.delays_us);
                self.delays_us.reset();
                shown = Instant::now();
            }
            let wake = (Instant::now() + TICK).max(pace.next(self.frames).min(Instant::now() + 100 * TICK));
            let Line { reader, writer, input, output } = &mut self.line;
            input.reserve(INPUT_BYTES);
            tokio::select! {
                read = reader.read_buf(input) => {
                    anyhow::ensure!(read? > 0, "the server closed the connection");
                    self.hear(run)?;
                }
                written = writer.write_buf(output), if !output.is_empty() => {
                    written?;
                }
                () = sleep_until(wake), if output.is_empty() => {}
            }
        }
    }

    /// Makes the frames that are due, from tags that may send.
    fn fill(&mut self, run: &Sending, pace: &Pace) {
        let (now, now_ms, reports) = (Instant::now(), now_ms(), run.options.reports_per_frame);
        let (due, window, mut made) = (pace.due(now, self.frames), run.options.frames_on_the_way_max, 0);
        while made < due && self.line.output.len() < OUTPUT_BYTES_MAX {
            let Some(place) = self.ready.pop_front() else { break };
            self.put(place, now, pace.times(self.last_ms(place), now_ms, reports), reports);
            made += 1;
            let slot = &self.slots[place as usize];
            if slot.sent - slot.stored < window {
                self.ready.push_back(place);
            }
        }
        self.frames += made;
        run.meter.sent(made, made * reports as u64);
    }

    fn last_ms(&self, place: u32) -> i64 {
        self.epoch_ms + i64::from(self.slots[place as usize].last_ms)
    }

    fn put(&mut self, place: u32, now: Instant, (first_ms, step_ms): (i64, i64), reports: usize) {
        let (serial, slot) = (self.serials.start + place, &mut self.slots[place as usize]);
        slot.sent += 1;
        if slot.timed == 0 {
            (slot.timed, slot.timed_at_us) = (slot.sent, (now - self.epoch).as_micros() as u32);
        }
        slot.last_ms = (first_ms + step_ms * (reports as i64 - 1) - self.epoch_ms) as u32;
        put_reports(place + 1, u64::from(slot.sent), reports, &mut self.line.output, |report| {
            let taken_at_ms = first_ms + step_ms * report as i64;
            (taken_at_ms, fleet::position(serial, taken_at_ms, taken_at_ms as u32))
        });
    }

    /// Takes in everything that has arrived.
    fn hear(&mut self, run: &Sending) -> Result<()> {
        let (window, now_us, mut stored) = (run.options.frames_on_the_way_max, self.epoch.elapsed().as_micros() as u32, 0);
        while let Some(frame) = next_frame(&mut self.line.input)? {
            match frame.body {
                Some(Body::Ack(ack)) => stored += self.stored(frame.session, ack.number, window, now_us)?,
                Some(Body::Refusal(refusal)) => bail!("the server refused: {} {}", refusal.reason().as_str_name(), refusal.text),
                // Orders are for tags that somebody moves.
                _ => {}
            }
        }
        run.meter.stored(stored * run.options.reports_per_frame as u64);
        Ok(())
    }

    /// How many frames this answer adds.
    fn stored(&mut self, session: u32, number: u64, window: u32, now_us: u32) -> Result<u64> {
        let place = session.wrapping_sub(1);
        let slot = self.slots.get_mut(place as usize).context("an answer for a session that was not opened")?;
        let number = u32::try_from(number).ok().filter(|number| *number <= slot.sent).context("an answer to what was not sent")?;
        if slot.timed != 0 && number >= slot.timed {
            record(&mut self.delays_us, Duration::from_micros(u64::from(now_us.wrapping_sub(slot.timed_at_us))));
            slot.timed = 0;
        }
        let was_full = slot.sent - slot.stored >= window;
        let more = number.saturating_sub(slot.stored);
        slot.stored += more;
        if was_full && more > 0 {
            self.ready.push_back(place);
        }
        Ok(u64::from(more))
    }

    /// Opens the connection again: frames are counted anew, what was not answered is given up.
    async fn reconnect(&mut self, run: &Sending) -> Result<()> {
        loop {
            sleep(RECONNECT).await;
            match Line::open(&self.serials, &run.options).await {
                Ok(line) => self.line = line,
                Err(error) if run.stop.is_cancelled() => return Err(error),
                Err(_) => continue,
            }
            for slot in &mut self.slots {
                *slot = Slot { last_ms: slot.last_ms, ..Slot::default() };
            }
            self.ready = (0..self.slots.len() as u32).collect();
            return Ok(());
        }
    }
}

impl Line {
    /// Connects and logs every tag in, some hundreds at once.
    async fn open(serials: &Range<u32>, options: &Options) -> Result<Self> {
        let (reader, writer) = tokio::io::split(options.endpoint.connect().await?);
        let mut line = Self { reader, writer, input: BytesMut::with_capacity(INPUT_BYTES), output: BytesMut::new() };
        let (tags, mut asked, mut welcome) = (serials.len() as u32, 0, 0);
        while welcome < tags {
            while asked < tags && asked - welcome < LOGINS_AT_ONCE {
                put_frame(asked + 1, hello(&fleet::identity(serials.start + asked)), &mut line.output);
                asked += 1;
            }
            line.writer.write_all_buf(&mut line.output).await?;
            line.writer.flush().await?;
            anyhow::ensure!(line.reader.read_buf(&mut line.input).await? > 0, "the server closed the connection during logins");
            welcome += line.log_in(serials.start)?;
        }
        Ok(line)
    }

    /// Answers challenges; returns how many tags were let in.
    fn log_in(&mut self, first_serial: u32) -> Result<u32> {
        let mut welcome = 0;
        while let Some(frame) = next_frame(&mut self.input)? {
            let identity = || fleet::identity(first_serial + frame.session.wrapping_sub(1));
            match frame.body {
                Some(Body::Challenge(challenge)) => {
                    put_frame(frame.session, proof(frame.session, &identity(), &challenge.nonce), &mut self.output)
                }
                Some(Body::Welcome(_)) => welcome += 1,
                Some(Body::Refusal(refusal)) => {
                    bail!(
                        "the server refuses tag {} ({}): register the tags of the load fleet first",
                        identity().imei,
                        refusal.reason().as_str_name()
                    )
                }
                _ => {}
            }
        }
        Ok(welcome)
    }
}
