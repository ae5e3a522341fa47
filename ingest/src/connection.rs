//! One socket: frames in, answers out. Holds no memory while the tag is silent but its protocol's state.

use crate::events;
use crate::inbox::Inbox;
use crate::port::Quarantined;
use crate::shard::Delivery;
use crate::shared::Shared;
use crate::wire::{Event, Lost, Outcome, Protocol, Submission};
use bytes::BytesMut;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;

/// Why a connection ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// Everything taken in is answered.
    Done,
    /// The socket failed or the shards are gone: nobody to answer.
    Gone,
    /// A limit was passed, counted by this word.
    Limit(&'static str),
}

/// A connection from its accept to its close.
pub(crate) struct Connection<S> {
    stream: S,
    peer: SocketAddr,
    protocol: Box<dyn Protocol>,
    door: Arc<Shared>,
    inbox: Arc<Inbox>,
    input: BytesMut,
    output: BytesMut,
    /// The tag of each session that logged in here.
    tags: HashMap<u32, i64>,
    /// Submissions whose fate is not known yet.
    in_flight: usize,
    opened: Instant,
    last_read: Instant,
    /// When the first byte of an unfinished frame came.
    frame_since: Option<Instant>,
    /// Nothing more is read since then; what is in flight is still answered.
    ending_since: Option<Instant>,
    /// A tag of this connection was told to be on another one too.
    doubted: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub fn new(stream: S, peer: SocketAddr, opened: Instant, protocol: Box<dyn Protocol>, door: Arc<Shared>) -> Self {
        Self {
            stream,
            peer,
            protocol,
            door,
            inbox: Arc::new(Inbox::default()),
            input: BytesMut::new(),
            output: BytesMut::new(),
            tags: HashMap::new(),
            in_flight: 0,
            opened,
            last_read: opened,
            frame_since: None,
            ending_since: None,
            doubted: false,
        }
    }

    /// Works until the tag leaves, a limit is passed or the server stops.
    pub async fn run(mut self) {
        let end = self.serve().await;
        self.door.connected.leave(self.tags.values().copied(), &self.inbox);
        if let End::Limit(reason) = end {
            events::connection_lost(&self.door.counters, self.peer, reason);
        }
        // Best effort: the other side may be gone already.
        let _ = tokio::time::timeout(self.door.limits.write, self.stream.shutdown()).await;
    }

    async fn serve(&mut self) -> End {
        let door = Arc::clone(&self.door);
        let inbox = Arc::clone(&self.inbox);
        let mut stopping = pin!(door.stopping.cancelled());
        let mut alarm = pin!(tokio::time::sleep_until(self.deadline().0));
        loop {
            let reading = self.ending_since.is_none();
            tokio::select! {
                biased;
                () = inbox.arrived() => self.read_letters(),
                () = &mut stopping, if reading => {
                    self.protocol.farewell(&mut self.output);
                    self.end();
                }
                read = read_some(&mut self.stream, &mut self.input), if reading => match read {
                    Ok(0) => self.end(),
                    Ok(_) => if !self.take_in().await { return End::Gone },
                    Err(_) => return End::Gone,
                },
                () = &mut alarm => {
                    let (deadline, reason) = self.deadline();
                    if deadline <= Instant::now() {
                        return End::Limit(reason);
                    }
                    alarm.as_mut().reset(deadline);
                }
            }
            if let Err(end) = self.write().await {
                return end;
            }
            if self.ending_since.is_some() && self.in_flight == 0 {
                return End::Done;
            }
            if self.sooner_than(alarm.deadline()) {
                alarm.as_mut().reset(self.deadline().0);
            }
        }
    }

    fn end(&mut self) {
        self.ending_since.get_or_insert_with(Instant::now);
    }

    /// When the next limit is passed, and which.
    fn deadline(&self) -> (Instant, &'static str) {
        let limits = &self.door.limits;
        if let Some(since) = self.ending_since {
            return (since + limits.frame, "unsettled_at_close");
        }
        let waiting = match self.protocol.logged_in() {
            true => (self.last_read + limits.idle, "idle"),
            false => (self.opened + limits.login, "login_timeout"),
        };
        let frame = self.frame_since.map(|since| (since + limits.frame, "frame_timeout"));
        frame.map_or(waiting, |frame| waiting.min(frame))
    }

    /// Only an unfinished frame or an ending can bring the deadline nearer; all else moves it away, which the alarm finds out by itself.
    fn sooner_than(&self, alarm: Instant) -> bool {
        (self.frame_since.is_some() || self.ending_since.is_some()) && self.deadline().0 < alarm
    }

    /// Decodes everything complete and hands it to the shards; `false` if they are gone.
    async fn take_in(&mut self) -> bool {
        self.last_read = Instant::now();
        let received_at = (self.door.clock)();
        let mut submissions = Vec::new();
        loop {
            match self.protocol.receive(&mut self.input, &mut self.output, &*self.door.tags, received_at) {
                Ok(Some(event)) => {
                    // A frame came whole: what is left of the input is of another one.
                    self.frame_since = None;
                    match event {
                        Event::Submitted(submission) => submissions.push(submission),
                        event => self.act(event),
                    }
                }
                Ok(None) => break,
                Err(lost) => {
                    self.lose(lost);
                    break;
                }
            }
        }
        if self.input.is_empty() {
            self.frame_since = None;
            self.input = BytesMut::new();
        } else {
            self.frame_since.get_or_insert(self.last_read);
        }
        submissions.is_empty() || self.deliver(received_at, submissions).await
    }

    fn act(&mut self, event: Event) {
        match event {
            Event::LoggedIn { session, tag_id } => {
                self.tags.insert(session, tag_id);
                self.door.connected.enter(tag_id, &self.inbox, session);
            }
            Event::CommandResult { tag_id, id, done } => tracing::info!(tag_id, command = id, done, "a tag answered a command"),
            Event::Quarantine { reason, imei, raw } => self.set_aside(Quarantined { reason, imei, tag_id: None, raw }),
            Event::Submitted(_) | Event::Nothing => {}
        }
    }

    fn lose(&mut self, lost: Lost) {
        if lost.raw.is_empty() {
            events::connection_lost(&self.door.counters, self.peer, lost.reason);
        } else {
            self.set_aside(Quarantined { reason: lost.reason, imei: lost.imei, tag_id: None, raw: lost.raw });
        }
        self.input = BytesMut::new();
        self.end();
    }

    fn set_aside(&self, item: Quarantined) {
        events::set_aside(&self.door.counters, self.peer, item.reason);
        if self.door.quarantine.try_send(item).is_err() {
            events::quarantine_full(&self.door.counters);
        }
    }

    /// A tag reports here although it has logged in elsewhere since: two devices say that they are one. Told once a connection.
    fn doubt(&mut self, submissions: &[Submission]) {
        let doubted = self.inbox.superseded().filter(|tag_id| submissions.iter().any(|submission| submission.tag_id == *tag_id));
        if let Some(tag_id) = doubted.filter(|_| !std::mem::replace(&mut self.doubted, true)) {
            self.set_aside(Quarantined { reason: "two_connections", imei: None, tag_id: Some(tag_id), raw: Vec::new() });
        }
    }

    /// Hands submissions to their shards; waits while a shard has no room, and so does the tag.
    async fn deliver(&mut self, received_at: geofence::Timestamp, submissions: Vec<Submission>) -> bool {
        self.in_flight += submissions.len();
        self.doubt(&submissions);
        let door = Arc::clone(&self.door);
        let mut groups: Vec<(usize, u32, Vec<Submission>)> = Vec::with_capacity(1);
        for submission in submissions {
            door.counters.reports_received.add(submission.reports.len() as u64);
            let shard = door.shard_of(submission.tag_id);
            let weight = door.shards[shard].weight(&submission);
            match groups.iter_mut().find(|group| group.0 == shard && group.1.saturating_add(weight) <= door.shards[shard].room_max) {
                Some(group) => {
                    group.1 += weight;
                    group.2.push(submission);
                }
                None => groups.push((shard, weight, vec![submission])),
            }
        }
        for (shard, _, submissions) in groups {
            let delivery = Delivery { inbox: Arc::clone(&self.inbox), received_at, submissions };
            if !door.shards[shard].deliver(delivery).await {
                return false;
            }
        }
        true
    }

    /// Tells the tag what became of its submissions, and what it is asked to do.
    fn read_letters(&mut self) {
        let letters = self.inbox.take();
        self.in_flight = self.in_flight.saturating_sub(letters.settled.len());
        for settled in letters.settled {
            let answered = self.protocol.settle(settled.session, settled.ticket, settled.outcome, &mut self.output);
            if answered.is_err() || settled.outcome == Outcome::NotStored {
                // Closing makes the tag start again from its oldest unacknowledged report.
                self.end();
            }
        }
        for ordered in letters.commands {
            if !self.protocol.command(ordered.session, ordered.id, &ordered.command, &mut self.output) {
                tracing::info!(command = ordered.id, "this tag's protocol does not carry the command");
            }
        }
    }

    async fn write(&mut self) -> Result<(), End> {
        if self.output.is_empty() {
            return Ok(());
        }
        let written = tokio::time::timeout(self.door.limits.write, self.stream.write_all(&self.output)).await;
        self.output = BytesMut::new();
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Limit("write_timeout")),
        }
    }
}

/// Bytes taken from a socket at one read.
const READ_MAX: usize = 64 * 1024;

thread_local! {
    static SCRATCH: std::cell::RefCell<Vec<u8>> = std::cell::RefCell::new(vec![0; READ_MAX]);
}

/// Reads what is there. The buffer belongs to the thread, so that a waiting connection holds none.
async fn read_some<S: AsyncRead + Unpin>(stream: &mut S, input: &mut BytesMut) -> std::io::Result<usize> {
    std::future::poll_fn(|context| {
        SCRATCH.with_borrow_mut(|scratch| {
            let mut buffer = tokio::io::ReadBuf::new(scratch);
            let polled = std::pin::Pin::new(&mut *stream).poll_read(context, &mut buffer);
            polled.map_ok(|()| {
                input.extend_from_slice(buffer.filled());
                buffer.filled().len()
            })
        })
    })
    .await
}
