//! One tag that keeps every report until the server says that it is stored.

mod backoff;
mod connection;
mod flash;
mod stream;

pub use flash::Counters;
pub use stream::{Endpoint, Stream, Tls};

use crate::identity::Identity;
use crate::wire::{Order, teltonika};
use backoff::Backoff;
use connection::{Broken, Connection};
use flash::Flash;
use geofence::Report;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// How often in a row a server may refuse the tag itself before [`Tag::refused`] says so. A tag may have been registered just now.
const REFUSALS_MAX: u32 = 3;
/// Between these tries; after them the wait that the server asks for.
const REFUSAL_PAUSE: Duration = Duration::from_secs(1);
/// Orders that wait for whoever moves the tag; more are answered "not done".
const ORDERS_MAX: usize = 16;

/// What the tag speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protocol {
    /// paband's own.
    Native,
    /// Teltonika in this form.
    Teltonika(teltonika::Codec),
}

/// How a tag behaves on the line.
#[derive(Clone, Debug)]
pub struct TagOptions {
    /// Who it is.
    pub identity: Identity,
    /// Where the server is.
    pub endpoint: Endpoint,
    /// What it speaks.
    pub protocol: Protocol,
    /// Reports kept while they wait to be sent. One more and the oldest without an alarm is dropped and counted, as real tags do.
    /// What is on its way is kept beside them (at most 8 frames).
    pub flash_reports_max: usize,
    /// No answer for this long: the connection counts as dead.
    pub answer_within: Duration,
    /// Shortest and longest wait before connecting again; doubles from failure to failure, with jitter.
    pub reconnect: (Duration, Duration),
}

impl TagOptions {
    /// With the usual limits: 10,000 reports (a week at one a minute), 30 s for an answer, 0.2 s to 30 s between connections.
    pub fn new(identity: Identity, endpoint: Endpoint, protocol: Protocol) -> Self {
        Self {
            identity,
            endpoint,
            protocol,
            flash_reports_max: 10_000,
            answer_within: Duration::from_secs(30),
            reconnect: (Duration::from_millis(200), Duration::from_secs(30)),
        }
    }
}

/// A running tag. Dropping it lets it run on until its token is cancelled.
#[derive(Clone, Debug)]
pub struct Tag {
    flash: Arc<watch::Sender<Flash>>,
}

impl Tag {
    /// Starts the tag on the current runtime; it ends when `cancel` is cancelled, or after [`Tag::finish`] when all is stored.
    /// Orders of the server come out of the receiver; if it is dropped, the tag answers them with "not done".
    pub fn start(options: TagOptions, cancel: CancellationToken) -> (Self, mpsc::Receiver<Order>) {
        let (flash, _) = watch::channel(Flash::new(options.flash_reports_max));
        let flash = Arc::new(flash);
        let (orders, orders_out) = mpsc::channel(ORDERS_MAX);
        let task = Arc::clone(&flash);
        tokio::spawn(async move { cancel.run_until_cancelled(live(options, task, orders)).await });
        (Self { flash }, orders_out)
    }

    /// Adds a report; a full flash drops its oldest.
    pub fn push(&self, report: Report) {
        self.flash.send_modify(|flash| flash.push(report));
    }

    /// Adds reports at once, so that they go out together, in this order, as far as one frame holds them.
    pub fn push_all(&self, reports: Vec<Report>) {
        if !reports.is_empty() {
            self.flash.send_modify(|flash| reports.into_iter().for_each(|report| flash.push(report)));
        }
    }

    /// Whether every report is stored.
    pub fn is_delivered(&self) -> bool {
        self.flash.borrow().is_empty()
    }

    /// Adds a report as soon as nothing need be dropped for it.
    pub async fn push_when_room(&self, report: Report) {
        self.changed(|flash| flash.has_room()).await;
        self.push(report);
    }

    /// Switches the radio: without it the tag goes on keeping reports.
    pub fn radio(&self, on: bool) {
        self.flash.send_if_modified(|flash| std::mem::replace(&mut flash.radio, on) != on);
    }

    /// No more reports will come: the tag ends when all are stored.
    pub fn finish(&self) {
        self.flash.send_modify(|flash| flash.finishing = true);
    }

    /// Waits until every report is stored.
    pub async fn delivered(&self) {
        self.changed(Flash::is_empty).await;
    }

    /// Waits until the server has refused the tag itself, or what it says, three times in a row, and says why.
    pub async fn refused(&self) -> String {
        self.changed(|flash| flash.counters.refusals_in_a_row >= REFUSALS_MAX).await;
        self.flash.borrow().refusal.clone().unwrap_or_default()
    }

    /// Whether the server has refused the tag itself, or what it says, three times in a row.
    pub fn is_refused(&self) -> bool {
        self.counters().refusals_in_a_row >= REFUSALS_MAX
    }

    /// What happened so far.
    pub fn counters(&self) -> Counters {
        self.flash.borrow().counters
    }

    async fn changed(&self, condition: impl Fn(&Flash) -> bool) {
        let mut flash = self.flash.subscribe();
        flash.wait_for(condition).await.expect("this tag holds the sender");
    }
}

/// From connection to connection, until all is stored.
async fn live(options: TagOptions, flash: Arc<watch::Sender<Flash>>, orders: mpsc::Sender<Order>) {
    let mut backoff = Backoff::new(options.reconnect);
    let mut watched = flash.subscribe();
    loop {
        let ready = watched.wait_for(|flash| flash.radio || flash.finished()).await.map(|flash| flash.finished());
        if ready.unwrap_or(true) {
            return;
        }
        let stored = flash.borrow().counters.stored;
        let ended = Connection::new(&options, &flash, &orders).live().await;
        flash.send_modify(Flash::connection_lost);
        let Err(broken) = ended else { continue };
        if flash.borrow().counters.stored > stored {
            backoff.reset();
        }
        tracing::debug!(imei = options.identity.imei, error = %broken, "connection lost");
        tokio::time::sleep(pause(broken, &flash, &mut backoff)).await;
    }
}

fn pause(broken: Broken, flash: &watch::Sender<Flash>, backoff: &mut Backoff) -> Duration {
    let Broken::Refused(refusal) = broken else { return backoff.next() };
    let at_least = Duration::from_secs(u64::from(refusal.retry_after_s));
    if refusal.for_good {
        flash.send_modify(|flash| flash.refused(refusal.text));
        if flash.borrow().counters.refusals_in_a_row < REFUSALS_MAX {
            return REFUSAL_PAUSE;
        }
    }
    backoff.next().max(at_least)
}
