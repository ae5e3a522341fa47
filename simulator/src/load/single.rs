//! One Teltonika tag on a connection of its own: one packet, one answer.

use super::fleet;
use super::pace::now_ms;
use super::packet::Packet;
use super::{Options, Sending};
use crate::client::Stream;
use crate::wire::teltonika::{Codec, Session};
use crate::wire::{Said, Sent};
use anyhow::{Result, bail};
use bytes::BytesMut;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

/// Tags that connect and log in at the same time.
const LOGINS_AT_ONCE: usize = 128;
/// Before a tag connects again whose connection was lost.
const RECONNECT: Duration = Duration::from_secs(1);

/// A tag that is logged in.
pub(super) struct Single {
    serial: u32,
    codec: Codec,
    stream: Box<dyn Stream>,
}

/// Logs every tag in.
pub(super) async fn log_in_all(options: &Arc<Options>, codec: Codec) -> Result<Vec<Single>> {
    let (mut logins, mut tags) = (JoinSet::new(), Vec::new());
    for serial in 0..options.tags {
        if logins.len() >= LOGINS_AT_ONCE
            && let Some(tag) = logins.join_next().await
        {
            tags.push(tag??);
        }
        let options = Arc::clone(options);
        logins.spawn(async move { Single::log_in(serial, codec, &options).await });
    }
    while let Some(tag) = logins.join_next().await {
        tags.push(tag??);
    }
    Ok(tags)
}

impl Single {
    async fn log_in(serial: u32, codec: Codec, options: &Options) -> Result<Self> {
        let mut stream = options.endpoint.connect().await?;
        let (mut session, mut bytes) = (Session::new(codec), BytesMut::new());
        let imei = fleet::identity(serial).imei;
        session.login(&imei, &mut bytes);
        stream.write_all(&bytes).await?;
        let mut answer = BytesMut::from(&[stream.read_u8().await?][..]);
        match session.receive(&mut answer)? {
            Some(Said::Welcome { .. }) => Ok(Self { serial, codec, stream }),
            _ => bail!("the server refuses tag {imei}: register the tags of the load fleet first"),
        }
    }

    /// Sends until told to stop; a lost connection is opened again.
    pub async fn send(mut self, run: Sending) -> Result<()> {
        // Tags take turns over one interval, so that they do not all send at once; the first one begins now.
        let mut pace = run.pace(1);
        if let Some(rate) = pace.frames_per_s {
            let turn = f64::from(self.serial) / f64::from(run.options.tags);
            pace.started = pace.started.checked_sub(Duration::from_secs_f64((1.0 - turn) / rate)).unwrap_or(pace.started);
        }
        let mut packet = Packet::new(self.codec, run.options.reports_per_frame);
        let sent = Sent { number: 0, reports: run.options.reports_per_frame };
        let (mut frames, mut last_ms) = (0, 0);
        loop {
            tokio::select! {
                biased;
                () = run.stop.cancelled() => return Ok(()),
                () = sleep_until(pace.next(frames)) => {}
            }
            // What fell due while an answer was awaited is left out: this tag cannot send more.
            frames += pace.frames_per_s.map_or(1, |_| pace.due(Instant::now(), frames).max(1));
            let times = pace.times(last_ms, now_ms(), sent.reports);
            last_ms = times.0 + times.1 * (sent.reports as i64 - 1);
            let bytes = packet.filled(self.serial, times, last_ms as u32);
            if exchange(&mut self.stream, bytes, sent, &run).await.is_err() && !run.stop.is_cancelled() {
                run.meter.lost_connections.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                self = Self::reconnect(self.serial, self.codec, &run).await?;
            }
        }
    }

    async fn reconnect(serial: u32, codec: Codec, run: &Sending) -> Result<Self> {
        loop {
            sleep(RECONNECT).await;
            match Self::log_in(serial, codec, &run.options).await {
                Err(error) if run.stop.is_cancelled() => return Err(error),
                Err(_) => {}
                tag => return tag,
            }
        }
    }
}

/// One packet and its answer. A packet that is not taken counts as sent and not stored.
async fn exchange(stream: &mut Box<dyn Stream>, packet: &[u8], sent: Sent, run: &Sending) -> std::io::Result<()> {
    let made_at = Instant::now();
    stream.write_all(packet).await?;
    run.meter.sent(1, sent.reports as u64);
    let taken = stream.read_u32().await?;
    if taken as usize == sent.reports {
        run.meter.stored(u64::from(taken));
        run.meter.delay(made_at.elapsed());
    }
    Ok(())
}
