use super::super::testing::{IMEI, KEY, KEYLESS, TAG_ID, Tags};
use super::super::{Command, Event, Lost, Outcome, Protocol};
use super::{FRAME_BYTES_MAX, LOGIN_FRAME_BYTES_MAX, LOGINS_PENDING_MAX, REPORTS_MAX, SESSIONS_MAX, Session, VERSION, proof};
use bytes::BytesMut;
use geofence::Timestamp;
use prost::Message;
use proto::tag::refusal::Reason;
use proto::tag::server_frame::Body as Told;
use proto::tag::tag_frame::Body as Said;
use proto::tag::{Ack, CommandResult, Hello, Ping, Proof, Report, Reports, ServerFrame, TagFrame};

mod batches;
mod document;
mod hostile;
mod logins;
mod values;

/// The server's clock in these tests.
const NOW: Timestamp = Timestamp::from_millis(1_770_000_000_000);

/// A connection and what it wrote.
struct Connection {
    protocol: Session,
    input: BytesMut,
    output: BytesMut,
}

impl Connection {
    fn new() -> Self {
        Self { protocol: Session::new([42; 32]), input: BytesMut::new(), output: BytesMut::new() }
    }

    /// With session 0 open.
    fn logged_in() -> Self {
        let mut connection = Self::new();
        connection.log_in(0, IMEI);
        connection
    }

    /// Everything that these bytes bring about.
    fn hear(&mut self, bytes: &[u8]) -> Result<Vec<Event>, Lost> {
        self.input.extend_from_slice(bytes);
        let mut events = Vec::new();
        while let Some(event) = self.protocol.receive(&mut self.input, &mut self.output, &Tags, NOW)? {
            events.push(event);
        }
        Ok(events)
    }

    /// The one event of one frame.
    fn say(&mut self, session: u32, body: Said) -> Result<Event, Lost> {
        let mut events = self.hear(&frame(session, body))?;
        assert_eq!(events.len(), 1);
        Ok(events.remove(0))
    }

    /// What was written since the last time.
    fn told(&mut self) -> Vec<(u32, Told)> {
        let mut written = self.output.split();
        let mut told = Vec::new();
        while !written.is_empty() {
            let frame = ServerFrame::decode_length_delimited(&mut written).expect("sound");
            told.push((frame.session, frame.body.expect("a body")));
        }
        told
    }

    fn challenge(&mut self, session: u32, imei: &str) -> Vec<u8> {
        assert_eq!(self.say(session, hello(imei)), Ok(Event::Nothing));
        match &self.told()[..] {
            [(of, Told::Challenge(challenge))] if *of == session => challenge.nonce.clone(),
            other => panic!("no challenge: {other:?}"),
        }
    }

    fn log_in(&mut self, session: u32, imei: &str) {
        let nonce = self.challenge(session, imei);
        let event = self.say(session, proof_of(session, imei, &nonce)).expect("the right proof");
        assert!(matches!(event, Event::LoggedIn { session: of, .. } if of == session));
        assert!(matches!(self.told()[..], [(_, Told::Welcome(_))]));
    }

    /// Sends a batch of one report; its ticket.
    fn submit(&mut self, session: u32, number: u64) -> u64 {
        match self.say(session, batch(number, vec![report()])) {
            Ok(Event::Submitted(submission)) if submission.session == session => submission.ticket,
            other => panic!("not submitted: {other:?}"),
        }
    }

    fn settle(&mut self, session: u32, ticket: u64, outcome: Outcome) -> Result<(), Lost> {
        self.protocol.settle(session, ticket, outcome, &mut self.output)
    }

    fn stored(&mut self, session: u32, ticket: u64) -> Vec<(u32, Told)> {
        self.settle(session, ticket, Outcome::Stored).expect("goes on");
        self.told()
    }
}

fn frame(session: u32, body: Said) -> Vec<u8> {
    TagFrame { session, body: Some(body) }.encode_length_delimited_to_vec()
}

fn hello(imei: &str) -> Said {
    Said::Hello(Hello { version: VERSION, imei: imei.into(), model: "P1".into(), firmware: "1.0.3".into() })
}

fn proof_of(session: u32, imei: &str, nonce: &[u8]) -> Said {
    Said::Proof(Proof { mac: proof(&KEY, nonce, session, imei).to_vec() })
}

fn batch(number: u64, reports: Vec<Report>) -> Said {
    Said::Reports(Reports { number, reports })
}

fn report() -> Report {
    Report { taken_at_ms: NOW.millis(), latitude_e7: 356_890_000, longitude_e7: 513_890_000, ..Report::default() }
}

fn ack(session: u32, number: u64) -> (u32, Told) {
    (session, Told::Ack(Ack { number }))
}

/// Session and reason of the one refusal.
#[track_caller]
fn refusal(told: &[(u32, Told)]) -> (u32, Reason) {
    match told {
        [(session, Told::Refusal(refusal))] if refusal.retry_after_s > 0 && !refusal.text.is_empty() => (*session, refusal.reason()),
        other => panic!("not one refusal: {other:?}"),
    }
}
