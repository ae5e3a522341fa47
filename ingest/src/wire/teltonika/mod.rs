//! Teltonika codecs 8, 8 Extended and 16 over TCP: the login, packets of records, pings. Answers say how many records are durable.

mod answers;
mod frame;
mod packet;
mod record;
#[cfg(test)]
mod tests;

use super::{Command, Event, Lost, Outcome, Protocol, Submission};
use crate::port::TagDirectory;
use answers::Answers;
use bytes::{Buf, BufMut, BytesMut};
use frame::Frame;
pub use frame::{BODY_BYTES_MAX, FRAME_BYTES_MAX};
use geofence::Timestamp;
use packet::Packet;
pub use packet::checksum;

/// Longest piece of a lost stream that is set aside, bytes. More is dropped: it only shows what kind of stranger it was.
const LOST_RAW_BYTES_MAX: usize = 64;
/// Says to the device that its login is taken.
const ACCEPTED: u8 = 1;
/// Says to the device that its login is refused.
const REFUSED: u8 = 0;

/// The server's side of one connection of one device.
#[derive(Debug, Default)]
pub struct Session {
    tag: Option<Tag>,
    answers: Answers,
}

#[derive(Debug)]
struct Tag {
    tag_id: i64,
    imei: String,
}

impl Session {
    /// Of a new connection.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Protocol for Session {
    fn receive(
        &mut self,
        input: &mut BytesMut,
        output: &mut BytesMut,
        tags: &dyn TagDirectory,
        _now: Timestamp,
    ) -> Result<Option<Event>, Lost> {
        match frame::find(input, self.tag.is_some()) {
            Ok(None) => Ok(None),
            Ok(Some(Frame::Pings { size })) => {
                input.advance(size);
                Ok(Some(Event::Nothing))
            }
            Ok(Some(Frame::Login { imei, size })) => self.login(imei, &input.split_to(size), output, tags).map(Some),
            Ok(Some(Frame::Packet { size })) => {
                let event = self.packet(&input[..size], output);
                input.advance(size);
                event.map(Some)
            }
            Err(reason) => Err(self.lost(reason, &input[..input.len().min(LOST_RAW_BYTES_MAX)])),
        }
    }

    fn settle(&mut self, _session: u32, ticket: u64, outcome: Outcome, output: &mut BytesMut) -> Result<(), Lost> {
        self.answers.settle(ticket, outcome, output);
        Ok(())
    }

    fn command(&mut self, _session: u32, _id: u64, _command: &Command, _output: &mut BytesMut) -> bool {
        false
    }

    fn farewell(&mut self, _output: &mut BytesMut) {}

    fn logged_in(&self) -> bool {
        self.tag.is_some()
    }
}

impl Session {
    /// The login. A device may repeat its own; it cannot become another.
    fn login(&mut self, imei: [u8; 15], raw: &[u8], output: &mut BytesMut, tags: &dyn TagDirectory) -> Result<Event, Lost> {
        let imei = String::from_utf8_lossy(&imei).into_owned();
        if self.tag.as_ref().is_some_and(|tag| tag.imei != imei) {
            return Err(self.lost("second_login", raw));
        }
        let Some(known) = tags.find(&imei) else {
            output.put_u8(REFUSED);
            return Err(Lost { reason: "unknown_tag", imei: Some(imei), raw: raw.to_vec() });
        };
        output.put_u8(ACCEPTED);
        let first = self.tag.is_none();
        self.tag = Some(Tag { tag_id: known.tag_id, imei });
        Ok(if first { Event::LoggedIn { session: 0, tag_id: known.tag_id } } else { Event::Nothing })
    }

    /// A whole packet: its boundaries are known, so whatever is wrong inside, the stream goes on.
    fn packet(&mut self, frame: &[u8], output: &mut BytesMut) -> Result<Event, Lost> {
        match packet::open(frame) {
            Ok(Packet::Records(reports)) if reports.is_empty() => self.answer_none(frame, output).map(|()| Event::Nothing),
            Ok(Packet::Records(reports)) => {
                let tag_id = self.tag.as_ref().expect("frame::find refuses a packet before the login").tag_id;
                let count = u32::try_from(reports.len()).expect("a packet counts its records in one byte");
                let Some(ticket) = self.answers.wait(count) else { return Err(self.lost("unanswered", &[])) };
                Ok(Event::Submitted(Submission { session: 0, ticket, tag_id, reports }))
            }
            Ok(Packet::CommandAnswer) => Ok(Event::Nothing),
            Err(reason) => {
                self.answer_none(frame, output)?;
                let imei = self.tag.as_ref().map(|tag| tag.imei.clone());
                Ok(Event::Quarantine { reason, imei, raw: frame.to_vec() })
            }
        }
    }

    fn answer_none(&mut self, frame: &[u8], output: &mut BytesMut) -> Result<(), Lost> {
        let Some(ticket) = self.answers.wait(0) else { return Err(self.lost("unanswered", &frame[..8])) };
        self.answers.settle(ticket, Outcome::NotStored, output);
        Ok(())
    }

    fn lost(&self, reason: &'static str, raw: &[u8]) -> Lost {
        Lost { reason, imei: self.tag.as_ref().map(|tag| tag.imei.clone()), raw: raw.to_vec() }
    }
}
