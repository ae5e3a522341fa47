//! paband's own protocol (docs/wire-protocol.md): a login by proof of key, numbered batches, cumulative acks, many sessions a connection.

mod fields;
mod frame;
mod login;
mod refusal;
mod report;
mod session;
mod sessions;
#[cfg(test)]
mod tests;

use super::{Command, Event, Lost, Outcome, Protocol, Submission};
use crate::port::TagDirectory;
use bytes::{Buf, BytesMut};
pub use frame::{FRAME_BYTES_MAX, LOGIN_FRAME_BYTES_MAX, REPORTS_MAX};
use frame::{Said, TagSaid};
use geofence::Timestamp;
pub use login::proof;
use login::{Login, Nonces};
use proto::tag::refusal::Reason;
use proto::tag::server_frame::Body;
use proto::tag::{Ack, Challenge, Hello, Pong, Welcome, command};
use refusal::{Fault, check};
use session::{Number, Open, Standing};
use sessions::Sessions;

/// The only version of the protocol there is.
pub const VERSION: u32 = 1;
/// Most sessions of one connection. A Hello beyond is refused.
pub const SESSIONS_MAX: usize = 100_000;
/// Most logins of one connection between Hello and Proof. A Hello beyond is refused: the gateway waits for the others first.
pub const LOGINS_PENDING_MAX: usize = 1_000;

/// The server's side of one connection: of a tag, or of a gateway that carries many.
pub struct Session {
    nonces: Nonces,
    sessions: Sessions,
    logins_pending: usize,
    /// Set by the first Hello: whether sessions count from 1 up.
    gateway: Option<bool>,
    logged_in: bool,
    /// Of the whole connection, so that results of an earlier login on the same session find nothing.
    next_ticket: u64,
    /// Session and number of the newest frame written, if it is an ack: a later ack of its session replaces it while it is unsent.
    last_ack: Option<(u32, u64)>,
}

impl Session {
    /// A new connection. `seed` must be new random bytes for each one: the nonces of its logins come from it.
    pub fn new(seed: [u8; 32]) -> Self {
        Self {
            nonces: Nonces::new(seed),
            sessions: Sessions::default(),
            logins_pending: 0,
            gateway: None,
            logged_in: false,
            next_ticket: 0,
            last_ack: None,
        }
    }
}

impl std::fmt::Debug for Session {
    /// Never shows seed or keys.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Session({} tags)", self.sessions.len())
    }
}

impl Protocol for Session {
    fn receive(
        &mut self,
        input: &mut BytesMut,
        output: &mut BytesMut,
        tags: &dyn TagDirectory,
        now: Timestamp,
    ) -> Result<Option<Event>, Lost> {
        let longest = if self.logged_in { FRAME_BYTES_MAX } else { LOGIN_FRAME_BYTES_MAX };
        let (head, size) = match frame::find(input, longest) {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(None),
            Err(fault) => return self.refuse(0, &fault, &input[..input.len().min(64)], output).map(Some),
        };
        let event = match frame::read(&input[head..size]) {
            Ok(said) => self.said(said, &input[..size], output, tags, now),
            Err(fault) => self.refuse(0, &fault, &input[..size], output),
        };
        input.advance(size);
        event.map(Some)
    }

    fn settle(&mut self, session: u32, ticket: u64, outcome: Outcome, output: &mut BytesMut) -> Result<(), Lost> {
        let Some(Standing::Open(open)) = self.sessions.get_mut(session) else { return Ok(()) };
        match outcome {
            Outcome::Stored => {
                if let Some(number) = open.stored(ticket) {
                    self.ack(session, number, output);
                }
                Ok(())
            }
            Outcome::NotStored if open.is_pending(ticket) => {
                let fault = Fault::new(Reason::NotStored, "not_stored", "could not store: keep the reports and come again");
                self.refuse(session, &fault, &[], output).map(drop)
            }
            Outcome::NotStored => Ok(()),
        }
    }

    fn command(&mut self, session: u32, id: u64, command: &Command, output: &mut BytesMut) -> bool {
        let Some(Standing::Open(_)) = self.sessions.get(session) else { return false };
        let Some(order) = order(command) else { return false };
        self.write(session, Body::Command(proto::tag::Command { id, order: Some(order) }), output);
        true
    }

    fn farewell(&mut self, output: &mut BytesMut) {
        let fault = Fault::new(Reason::Stopping, "stopping", "the server is stopping");
        self.write(0, Body::Refusal(fault.to_refusal()), output);
    }

    fn logged_in(&self) -> bool {
        self.logged_in
    }
}

impl Session {
    fn said(
        &mut self,
        said: TagSaid<'_>,
        raw: &[u8],
        output: &mut BytesMut,
        tags: &dyn TagDirectory,
        now: Timestamp,
    ) -> Result<Event, Lost> {
        let session = said.session;
        let event = match said.said {
            Said::Hello(hello) => self.hello(session, hello, output, tags),
            Said::Proof(proof) => self.proof(session, &proof.mac, output, now),
            Said::Reports(body) => self.reports(session, body, output),
            Said::CommandResult(result) => self.open(session).map(|open| match open {
                Some(open) => Event::CommandResult { tag_id: open.tag_id, id: result.id, done: result.done },
                None => Event::Nothing,
            }),
            Said::Ping => {
                self.write(session, Body::Pong(Pong {}), output);
                Ok(Event::Nothing)
            }
        };
        event.or_else(|fault| self.refuse(session, &fault, raw, output))
    }

    /// A login begins; on a session that is open already, its tag has started anew.
    fn hello(&mut self, session: u32, hello: Hello, output: &mut BytesMut, tags: &dyn TagDirectory) -> Result<Event, Fault> {
        let gateway = *self.gateway.get_or_insert(session > 0);
        check(gateway == (session > 0), || Fault::protocol("session 0 and numbered sessions do not share a connection"))?;
        let imei = login::imei(&hello.imei)?;
        self.forget(session);
        check(hello.version >= VERSION, || Fault::new(Reason::Version, "version", "this server speaks version 1"))?;
        check(self.sessions.len() < SESSIONS_MAX, || Fault::busy("too many sessions on this connection"))?;
        check(self.logins_pending < LOGINS_PENDING_MAX, || Fault::busy("too many logins at once: wait for those under way"))?;
        let known = tags.find(&hello.imei).and_then(|tag| Some((tag.tag_id, tag.key?)));
        let Some((tag_id, key)) = known else { return Err(Fault::unknown_tag(imei)) };
        let nonce = self.nonces.take();
        self.sessions.insert(session, Standing::Login(Box::new(Login { imei, tag_id, key, nonce })));
        self.logins_pending += 1;
        self.write(session, Body::Challenge(Challenge { nonce: nonce.to_vec() }), output);
        Ok(Event::Nothing)
    }

    /// The login ends, right or wrong: a nonce serves one proof.
    fn proof(&mut self, session: u32, mac: &[u8], output: &mut BytesMut, now: Timestamp) -> Result<Event, Fault> {
        if matches!(self.sessions.get(session), Some(Standing::Refused)) {
            return Ok(Event::Nothing);
        }
        let Some(Standing::Login(login)) = self.forget(session) else { return Err(Fault::protocol("a Proof without a Challenge")) };
        if !login.is_proof(session, mac) {
            return Err(Fault::new(Reason::WrongProof, "wrong_proof", "the proof is wrong").of(login.imei));
        }
        self.sessions.insert(session, Standing::Open(Open::new(login.tag_id, login.imei)));
        self.logged_in = true;
        let reports_max = u32::try_from(REPORTS_MAX).expect("a small constant");
        let welcome = Welcome { version: VERSION, server_time_ms: now.millis(), reports_max };
        self.write(session, Body::Welcome(welcome), output);
        Ok(Event::LoggedIn { session, tag_id: login.tag_id })
    }

    fn reports(&mut self, session: u32, body: &[u8], output: &mut BytesMut) -> Result<Event, Fault> {
        let ticket = self.next_ticket;
        let Some(open) = self.open(session)? else { return Ok(Event::Nothing) };
        let (number, reports) = report::batch(body)?;
        match open.place(number)? {
            Number::New => {
                open.take(ticket);
                let tag_id = open.tag_id;
                self.next_ticket += 1;
                Ok(Event::Submitted(Submission { session, ticket, tag_id, reports }))
            }
            Number::Pending => Ok(Event::Nothing),
            Number::Acknowledged => {
                let acknowledged = open.acknowledged();
                self.ack(session, acknowledged, output);
                Ok(Event::Nothing)
            }
        }
    }

    /// The open session; `None` if it was refused: what the tag had sent before it heard so is passed over.
    fn open(&mut self, session: u32) -> Result<Option<&mut Open>, Fault> {
        match self.sessions.get_mut(session) {
            Some(Standing::Open(open)) => Ok(Some(open)),
            Some(Standing::Refused) => Ok(None),
            Some(Standing::Login(_)) | None => Err(Fault::protocol("not logged in")),
        }
    }

    /// Refuses a session, or the whole connection if that is session 0.
    fn refuse(&mut self, session: u32, fault: &Fault, raw: &[u8], output: &mut BytesMut) -> Result<Event, Lost> {
        let before = self.forget(session);
        let imei = fault.imei.or(before.as_ref().and_then(Standing::imei)).map(|imei| String::from_utf8_lossy(&imei).into_owned());
        if matches!(before, Some(Standing::Open(_))) {
            self.sessions.insert(session, Standing::Refused);
        }
        self.write(session, Body::Refusal(fault.to_refusal()), output);
        if session == 0 {
            return Err(Lost { reason: fault.counted, imei, raw: raw.to_vec() });
        }
        Ok(Event::Quarantine { reason: fault.counted, imei, raw: raw.to_vec() })
    }

    fn forget(&mut self, session: u32) -> Option<Standing> {
        let before = self.sessions.remove(session);
        self.logins_pending -= usize::from(matches!(before, Some(Standing::Login(_))));
        before
    }

    /// Writes an ack, in place of the session's ack before it if that is the last thing in `output`.
    fn ack(&mut self, session: u32, number: u64, output: &mut BytesMut) {
        if let Some((of, before)) = self.last_ack
            && of == session
        {
            frame::unwrite(session, Body::Ack(Ack { number: before }), output);
        }
        self.write(session, Body::Ack(Ack { number }), output);
        self.last_ack = Some((session, number));
    }

    fn write(&mut self, session: u32, body: Body, output: &mut BytesMut) {
        self.last_ack = None;
        frame::write(session, body, output);
    }
}

/// The command on the wire; `None` if its values are past what a tag takes.
fn order(command: &Command) -> Option<command::Order> {
    match command {
        Command::LocateNow => Some(command::Order::LocateNow(proto::tag::LocateNow {})),
        Command::SetInterval(seconds) => {
            (1..=3600).contains(seconds).then_some(command::Order::SetInterval(proto::tag::SetInterval { seconds: *seconds }))
        }
        Command::Notify(text, vibrate) => (text.chars().count() <= 160 && *vibrate <= 10)
            .then(|| command::Order::Notify(proto::tag::Notify { text: text.clone(), vibrate: *vibrate })),
    }
}
