//! One connection of a tag, from login to loss.

use super::flash::Flash;
use super::stream::Stream;
use super::{Protocol, TagOptions};
use crate::wire::{Nonsense, Order, Refusal, Said, Sent, native, teltonika};
use bytes::BytesMut;
use geofence::Report;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

/// Frames of the native protocol on their way at once. Teltonika permits one.
const WINDOW_FRAMES: usize = 8;
/// Nothing said for this long: a ping, so that nobody between tag and server forgets the connection.
const PING_AFTER: Duration = Duration::from_secs(60);
/// How often in a row the server may not take a packet before the tag connects anew.
const NOT_TAKEN_MAX: u32 = 3;
/// Wait before a packet that was not taken goes out again.
const NOT_TAKEN_PAUSE: Duration = Duration::from_millis(500);

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("{0:#}")]
    Unreachable(anyhow::Error),
    #[error("the connection failed: {0}")]
    Socket(#[from] std::io::Error),
    #[error("the server closed the connection")]
    Closed,
    #[error("no answer in time")]
    NoAnswer,
    #[error("the server does not take the reports")]
    NotTaken,
    #[error("the server refused: {}", .0.text)]
    Refused(Refusal),
    #[error(transparent)]
    Nonsense(#[from] Nonsense),
}

enum Session {
    Native(native::Session),
    Teltonika(teltonika::Session),
}

pub(super) struct Connection<'a> {
    options: &'a TagOptions,
    flash: &'a watch::Sender<Flash>,
    orders: &'a mpsc::Sender<Order>,
    session: Session,
    /// Most reports in a frame; 0 = not logged in.
    reports_max: usize,
    on_the_way: VecDeque<Sent>,
    /// When the oldest unanswered thing went out.
    waiting_since: Instant,
    said_at: Instant,
    /// The server is stopping: it answers what it has and takes nothing more.
    refusal: Option<Refusal>,
    not_taken: u32,
    not_before: Instant,
    scratch: Vec<Report>,
    input: BytesMut,
    output: BytesMut,
}

impl<'a> Connection<'a> {
    pub fn new(options: &'a TagOptions, flash: &'a watch::Sender<Flash>, orders: &'a mpsc::Sender<Order>) -> Self {
        let now = Instant::now();
        let session = match options.protocol {
            Protocol::Native => Session::Native(native::Session::new(0)),
            Protocol::Teltonika(codec) => Session::Teltonika(teltonika::Session::new(codec)),
        };
        Self {
            options,
            flash,
            orders,
            session,
            reports_max: 0,
            on_the_way: VecDeque::new(),
            waiting_since: now,
            said_at: now,
            refusal: None,
            not_taken: 0,
            not_before: now,
            scratch: Vec::new(),
            input: BytesMut::new(),
            output: BytesMut::new(),
        }
    }

    /// Connects and goes on until the radio is off or all is stored after the last report.
    pub async fn live(mut self) -> Result<(), Broken> {
        let mut stream = self.options.endpoint.connect().await.map_err(Broken::Unreachable)?;
        let mut flash = self.flash.subscribe();
        self.login();
        loop {
            self.fill_window();
            self.write(&mut stream).await?;
            let (can_send, next_deadline) = (self.can_send(), self.next_deadline());
            tokio::select! {
                read = stream.read_buf(&mut self.input) => {
                    if read? == 0 {
                        return Err(self.refusal.take().map_or(Broken::Closed, Broken::Refused));
                    }
                    self.hear()?;
                }
                changed = flash.wait_for(|flash| !flash.radio || flash.finished() || (can_send && flash.waiting() > 0)) => {
                    let Ok(flash) = changed else { return Ok(()) };
                    if !flash.radio || flash.finished() {
                        return Ok(());
                    }
                }
                () = sleep_until(next_deadline) => self.deadline()?,
            }
        }
    }

    fn login(&mut self) {
        self.waiting_since = Instant::now();
        match &self.session {
            Session::Native(session) => session.hello(&self.options.identity, &mut self.output),
            Session::Teltonika(session) => session.login(&self.options.identity.imei, &mut self.output),
        }
    }

    fn can_send(&self) -> bool {
        let window = if matches!(self.session, Session::Native(_)) { WINDOW_FRAMES } else { 1 };
        self.reports_max > 0 && self.refusal.is_none() && self.on_the_way.len() < window && Instant::now() >= self.not_before
    }

    fn fill_window(&mut self) {
        while self.can_send() {
            self.flash.borrow().next(self.reports_max, &mut self.scratch);
            if self.scratch.is_empty() {
                return;
            }
            let sent = match &mut self.session {
                Session::Native(session) => session.send(&self.scratch, &mut self.output),
                Session::Teltonika(session) => session.send(&self.scratch, &mut self.output),
            };
            if self.on_the_way.is_empty() {
                self.waiting_since = Instant::now();
            }
            self.on_the_way.push_back(sent);
            self.flash.send_if_modified(|flash| {
                flash.sent(sent.reports);
                true
            });
        }
    }

    async fn write(&mut self, stream: &mut Box<dyn Stream>) -> Result<(), Broken> {
        if self.output.is_empty() {
            return Ok(());
        }
        timeout(self.options.answer_within, stream.write_all(&self.output)).await.map_err(|_| Broken::NoAnswer)??;
        timeout(self.options.answer_within, stream.flush()).await.map_err(|_| Broken::NoAnswer)??;
        self.output.clear();
        self.said_at = Instant::now();
        Ok(())
    }

    /// Takes in everything that has arrived.
    fn hear(&mut self) -> Result<(), Broken> {
        loop {
            let said = match &mut self.session {
                Session::Native(session) => session.receive(&mut self.input, &self.options.identity, &mut self.output)?,
                Session::Teltonika(session) => session.receive(&mut self.input)?,
            };
            match said {
                None => return Ok(()),
                Some(said) => self.heed(said)?,
            }
        }
    }

    fn heed(&mut self, said: Said) -> Result<(), Broken> {
        match said {
            Said::Welcome { reports_max } => {
                self.reports_max = reports_max;
                self.flash.send_modify(Flash::logged_in);
            }
            Said::Stored(number) => self.stored(number),
            Said::NotTaken(_) => return self.not_taken(),
            Said::Refused(refusal) if refusal.answers_follow => self.refusal = Some(refusal),
            Said::Refused(refusal) => return Err(Broken::Refused(refusal)),
            Said::Order { id, order } => self.order(id, order),
            Said::Nothing => {}
        }
        Ok(())
    }

    fn stored(&mut self, number: u64) {
        let mut reports = 0;
        while self.on_the_way.front().is_some_and(|sent| sent.number <= number) {
            reports += self.on_the_way.pop_front().map_or(0, |sent| sent.reports);
        }
        self.waiting_since = Instant::now();
        self.not_taken = 0;
        self.flash.send_modify(|flash| flash.stored(reports));
    }

    /// The same reports go out again a little later, a few times on this connection.
    fn not_taken(&mut self) -> Result<(), Broken> {
        self.not_taken += 1;
        if self.not_taken > NOT_TAKEN_MAX {
            return Err(Broken::NotTaken);
        }
        self.on_the_way.clear();
        self.flash.send_modify(Flash::connection_lost);
        self.not_before = Instant::now() + NOT_TAKEN_PAUSE;
        Ok(())
    }

    fn order(&mut self, id: u64, order: Order) {
        let done = self.orders.try_send(order).map_err(|_| "nobody moves this tag: it replays what was recorded");
        if let Session::Native(session) = &self.session {
            session.command_done(id, done, &mut self.output);
        }
    }

    fn waits_for_answer(&self) -> bool {
        self.reports_max == 0 || self.refusal.is_some() || !self.on_the_way.is_empty()
    }

    fn next_deadline(&self) -> Instant {
        let ping = self.said_at + PING_AFTER;
        let next = if self.waits_for_answer() { ping.min(self.waiting_since + self.options.answer_within) } else { ping };
        if self.not_before > Instant::now() { next.min(self.not_before) } else { next }
    }

    fn deadline(&mut self) -> Result<(), Broken> {
        let now = Instant::now();
        if self.waits_for_answer() && now >= self.waiting_since + self.options.answer_within {
            return Err(Broken::NoAnswer);
        }
        if now >= self.said_at + PING_AFTER {
            match &self.session {
                Session::Native(session) => session.ping(&mut self.output),
                Session::Teltonika(session) => session.ping(&mut self.output),
            }
        }
        Ok(())
    }
}
