//! The tag's side of the wire protocols: values in, bytes out, and the answers back. No socket, no clock, no randomness.
//! Written from the protocol documents alone, as an independent twin of the server's decoders.

pub mod native;
pub mod teltonika;

/// What the server said to a tag.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// Reports may be sent now.
    Welcome {
        /// Most reports in one frame.
        reports_max: usize,
    },
    /// Every frame up to and including this number is stored.
    Stored(u64),
    /// The frame with this number was not taken: send it again.
    NotTaken(u64),
    /// The server does not go on with this session; the connection is useless for this tag.
    Refused(Refusal),
    /// The server asks something; answer with [`native::Session::command_done`].
    Order {
        /// Names the order in its answer.
        id: u64,
        /// What to do.
        order: Order,
    },
    /// A step of the login, or an answer to a ping.
    Nothing,
}

/// One frame of reports on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Names it in the answer.
    pub number: u64,
    /// How many of the reports offered went with it.
    pub reports: usize,
}

/// Why the server does not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// For a person.
    pub text: String,
    /// The tag itself is refused (unknown, wrong key), or what it says: trying again will not help until somebody changes that.
    pub for_good: bool,
    /// What is on its way may still be answered: read to the end of the stream.
    pub answers_follow: bool,
    /// Wait at least this long before connecting again, seconds.
    pub retry_after_s: u32,
}

/// What the server asks of a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Take a fix now and report it.
    LocateNow,
    /// Report every so many seconds.
    SetInterval(u32),
    /// Show this text and vibrate so many pulses.
    Notify(String, u32),
}

/// The server sent what the protocol does not know: the connection is lost.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server sent what the protocol does not allow: {0}")]
pub struct Nonsense(pub &'static str);
