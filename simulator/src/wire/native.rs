//! paband's own protocol as a tag speaks it: varint length before each protobuf frame.

use super::{Nonsense, Order, Refusal, Said, Sent};
use crate::identity::Identity;
use bytes::{Buf, BytesMut};
use geofence::{Report, Signal, Signals, Source};
use hmac::{Hmac, KeyInit, Mac};
use prost::Message;
use proto::tag;
use proto::tag::{server_frame, tag_frame};
use sha2::Sha256;

/// Longest frame taken from the server, bytes. A longer claim is a lost stream: the connection closes.
pub const SERVER_FRAME_BYTES_MAX: usize = 4096;
/// Most reports in one frame, even if the server would take more: bounds what one lost answer sends again.
pub const REPORTS_MAX: usize = 100;
/// Protocol version spoken.
const VERSION: u32 = 1;

/// The tag's side of one session. Session 0 is a connection of one tag; a gateway numbers its tags from 1 up.
#[derive(Debug)]
pub struct Session {
    session: u32,
    reports_max: usize,
    number: u64,
}

impl Session {
    /// Of a new connection.
    pub fn new(session: u32) -> Self {
        Self { session, reports_max: REPORTS_MAX, number: 0 }
    }

    /// The first frame of a session.
    pub fn hello(&self, identity: &Identity, output: &mut BytesMut) {
        put_frame(self.session, hello(identity), output);
    }

    /// Writes one frame of as many of the reports, from the first on, as it may hold.
    pub fn send(&mut self, reports: &[Report], output: &mut BytesMut) -> Sent {
        let taken = reports.len().min(self.reports_max);
        self.number += 1;
        let reports = reports[..taken].iter().map(report).collect();
        put_frame(self.session, tag_frame::Body::Reports(tag::Reports { number: self.number, reports }), output);
        Sent { number: self.number, reports: taken }
    }

    /// Keeps the connection alive.
    pub fn ping(&self, output: &mut BytesMut) {
        put_frame(self.session, tag_frame::Body::Ping(tag::Ping {}), output);
    }

    /// Says what became of an order.
    pub fn command_done(&self, id: u64, done: Result<(), &str>, output: &mut BytesMut) {
        let text = done.err().unwrap_or_default().to_owned();
        put_frame(self.session, tag_frame::Body::CommandResult(tag::CommandResult { id, done: done.is_ok(), text }), output);
    }

    /// Takes one frame from the front of `input`; `None` = more bytes, please. A challenge is answered in `output`.
    ///
    /// # Errors
    /// When the bytes are no frame of this protocol, or of another session.
    pub fn receive(&mut self, input: &mut BytesMut, identity: &Identity, output: &mut BytesMut) -> Result<Option<Said>, Nonsense> {
        let Some(frame) = next_frame(input)? else { return Ok(None) };
        if frame.session != self.session {
            return Err(Nonsense("a frame of a session that was not opened"));
        }
        let said = match frame.body {
            Some(server_frame::Body::Challenge(challenge)) => {
                put_frame(self.session, proof(self.session, identity, &challenge.nonce), output);
                Said::Nothing
            }
            Some(server_frame::Body::Welcome(welcome)) => self.welcome(&welcome),
            Some(server_frame::Body::Ack(ack)) if ack.number <= self.number => Said::Stored(ack.number),
            Some(server_frame::Body::Ack(_)) => return Err(Nonsense("an acknowledgement of what was not sent")),
            Some(server_frame::Body::Refusal(refusal)) => Said::Refused(refusal_of(&refusal)),
            Some(server_frame::Body::Command(command)) => order_of(command),
            Some(server_frame::Body::Pong(_)) | None => Said::Nothing,
        };
        Ok(Some(said))
    }

    fn welcome(&mut self, welcome: &tag::Welcome) -> Said {
        self.reports_max = (welcome.reports_max as usize).clamp(1, REPORTS_MAX);
        Said::Welcome { reports_max: self.reports_max }
    }
}

/// Takes one whole frame of the server from the front of `input`; `None` = more bytes, please.
///
/// # Errors
/// When the length is over [`SERVER_FRAME_BYTES_MAX`] or the bytes are no frame.
pub fn next_frame(input: &mut BytesMut) -> Result<Option<tag::ServerFrame>, Nonsense> {
    // The varint of a permitted length has at most two bytes.
    let (length, start) = match *input.as_ref() {
        [] => return Ok(None),
        [low, ..] if low < 0x80 => (usize::from(low), 1),
        [_] => return Ok(None),
        [low, high, ..] => (usize::from(low & 0x7F) | usize::from(high) << 7, 2),
    };
    if length > SERVER_FRAME_BYTES_MAX {
        return Err(Nonsense("a frame longer than 4,096 bytes"));
    }
    if input.len() < start + length {
        return Ok(None);
    }
    input.advance(start);
    tag::ServerFrame::decode(input.split_to(length)).map(Some).map_err(|_| Nonsense("a frame that is no ServerFrame"))
}

/// The body of a session's first frame.
pub fn hello(identity: &Identity) -> tag_frame::Body {
    tag_frame::Body::Hello(tag::Hello {
        version: VERSION,
        imei: identity.imei.clone(),
        model: "simulator".into(),
        firmware: env!("CARGO_PKG_VERSION").into(),
    })
}

/// The answer to a challenge: HMAC-SHA-256 over `"paband-tag-v1" | nonce | session (u32) | IMEI`.
pub fn proof(session: u32, identity: &Identity, nonce: &[u8]) -> tag_frame::Body {
    let mut mac = Hmac::<Sha256>::new_from_slice(&identity.key).expect("HMAC takes a key of any length");
    for part in [b"paband-tag-v1", nonce, &session.to_be_bytes(), identity.imei.as_bytes()] {
        mac.update(part);
    }
    tag_frame::Body::Proof(tag::Proof { mac: mac.finalize().into_bytes().to_vec() })
}

/// Appends a frame with its length.
pub fn put_frame(session: u32, body: tag_frame::Body, output: &mut BytesMut) {
    tag::TagFrame { session, body: Some(body) }.encode_length_delimited(output).expect("BytesMut grows");
}

/// A report in the protocol's form.
pub fn report(report: &Report) -> tag::Report {
    let flag = |signal| flag(report.signals, signal) as i32;
    tag::Report {
        taken_at_ms: report.taken_at.millis(),
        latitude_e7: report.latitude_e7,
        longitude_e7: report.longitude_e7,
        fix: flag(Signal::Fix),
        accuracy_dm: u32::from(report.accuracy_dm),
        source: source(report.source) as i32,
        speed_cms: u32::from(report.speed_cms),
        course_deg: u32::from(report.course_deg),
        altitude_m: i32::from(report.altitude_m),
        satellites: u32::from(report.satellites),
        battery_percent_plus_one: battery(report.battery_percent),
        strap_open: flag(Signal::StrapOpen),
        case_tamper: flag(Signal::CaseTamper),
        charging: flag(Signal::Charging),
        motion: flag(Signal::Motion),
        sos: flag(Signal::Sos),
        power_off: flag(Signal::PowerOff),
        jamming: flag(Signal::Jamming),
        at_home_beacon: flag(Signal::AtHomeBeacon),
    }
}

fn flag(signals: Signals, signal: Signal) -> tag::Flag {
    match signals.get(signal) {
        None => tag::Flag::Unsaid,
        Some(false) => tag::Flag::No,
        Some(true) => tag::Flag::Yes,
    }
}

fn source(source: Source) -> tag::PositionSource {
    match source {
        Source::Gnss => tag::PositionSource::Gnss,
        Source::Cell => tag::PositionSource::Cell,
        Source::Wifi => tag::PositionSource::Wifi,
        Source::Beacon => tag::PositionSource::Beacon,
    }
}

fn battery(percent: u8) -> u32 {
    if percent == Report::BATTERY_UNSAID { 0 } else { u32::from(percent) + 1 }
}

fn refusal_of(refusal: &tag::Refusal) -> Refusal {
    use tag::refusal::Reason;
    Refusal {
        text: format!("{}: {}", refusal.reason().as_str_name(), refusal.text),
        for_good: matches!(refusal.reason(), Reason::UnknownTag | Reason::WrongProof | Reason::Version | Reason::Protocol),
        answers_follow: refusal.reason() == Reason::Stopping,
        retry_after_s: refusal.retry_after_s,
    }
}

fn order_of(command: tag::Command) -> Said {
    let order = match command.order {
        Some(tag::command::Order::LocateNow(_)) => Order::LocateNow,
        Some(tag::command::Order::SetInterval(set)) => Order::SetInterval(set.seconds),
        Some(tag::command::Order::Notify(notify)) => Order::Notify(notify.text, notify.vibrate),
        // An order of a later version of the protocol.
        None => return Said::Nothing,
    };
    Said::Order { id: command.id, order }
}

#[cfg(test)]
mod tests;
