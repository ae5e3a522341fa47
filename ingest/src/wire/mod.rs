//! Wire protocols: bytes in, values out. No socket, no clock, no randomness of their own.

pub mod native;
pub mod teltonika;
#[cfg(test)]
mod testing;

use crate::port::TagDirectory;
use bytes::BytesMut;
use geofence::{Report, Timestamp};

/// What became of a submission.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Durable: it may be acknowledged.
    Stored,
    /// Nothing is promised: the tag must send it again.
    NotStored,
}

/// Reports of one tag that wait to become durable. They stand or fall together.
#[derive(Debug, PartialEq)]
pub struct Submission {
    /// The session within the connection; 0 where a connection has one.
    pub session: u32,
    /// Names the submission when it is settled; grows within a session.
    pub ticket: u64,
    /// Whose reports.
    pub tag_id: i64,
    /// In the order sent.
    pub reports: Vec<Report>,
}

/// What a connection must act on.
#[derive(Debug, PartialEq)]
pub enum Event {
    /// A tag is who it says it is: from now on commands for it may go down this connection.
    LoggedIn {
        /// The session within the connection.
        session: u32,
        /// Which tag.
        tag_id: i64,
    },
    /// Reports to store.
    Submitted(Submission),
    /// The tag answers a command.
    CommandResult {
        /// Which tag.
        tag_id: i64,
        /// The command's number.
        id: u64,
        /// Whether the tag did it.
        done: bool,
    },
    /// Bytes set aside; the stream goes on.
    Quarantine {
        /// Counted by: `wrong_checksum`.
        reason: &'static str,
        /// The IMEI if known.
        imei: Option<String>,
        /// The bytes.
        raw: Vec<u8>,
    },
    /// Something was read that needs no action: a ping, a step of a login.
    Nothing,
}

/// The stream cannot go on: send what is in `output`, then close.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("{reason}")]
pub struct Lost {
    /// Counted by: `unknown_tag`, `bad_length`.
    pub reason: &'static str,
    /// The IMEI if known.
    pub imei: Option<String>,
    /// The bytes to set aside; empty if there is nothing worth keeping.
    pub raw: Vec<u8>,
}

/// What the server asks of a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Take a fix now.
    LocateNow,
    /// Report every so many seconds.
    SetInterval(u32),
    /// Show a text, vibrate so many pulses.
    Notify(String, u32),
}

/// One connection's side of a protocol. `now` is the server's clock.
pub trait Protocol: Send {
    /// Takes one thing from the front of `input`; `None` = more bytes, please. Answers that are due at once go to `output`.
    ///
    /// # Errors
    /// [`Lost`] when the stream makes no sense from here on, or the tag is refused.
    fn receive(
        &mut self,
        input: &mut BytesMut,
        output: &mut BytesMut,
        tags: &dyn TagDirectory,
        now: Timestamp,
    ) -> Result<Option<Event>, Lost>;

    /// Says what became of a submission; writes the answer that is due. Submissions may be settled in any order.
    ///
    /// # Errors
    /// [`Lost`] when the protocol's only refusal is to close.
    fn settle(&mut self, session: u32, ticket: u64, outcome: Outcome, output: &mut BytesMut) -> Result<(), Lost>;

    /// Writes a command for a logged-in tag; `false` if this protocol or session cannot carry it.
    fn command(&mut self, session: u32, id: u64, command: &Command, output: &mut BytesMut) -> bool;

    /// The server is stopping: writes the protocol's goodbye, if it has one.
    fn farewell(&mut self, output: &mut BytesMut);

    /// Whether a tag has logged in; before that the login time limit holds.
    fn logged_in(&self) -> bool;
}
