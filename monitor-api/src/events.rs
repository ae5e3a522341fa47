//! What an administrator should see of this service, told in one place.

use std::net::SocketAddr;
use tracing::{debug, error, info, warn};

/// Something that happened and that a person may have to act on.
pub enum Happening<'a> {
    /// The live tail reads the database again, or for the first time.
    InTouch {
        /// The newest event it knows.
        last: i64,
    },
    /// The live tail cannot read the database: rooms are blind.
    Blind {
        /// What the database or its driver said.
        error: &'a str,
    },
    /// Numbers that were promised to be without gaps have one; it is read again.
    Gap {
        /// The newest number before it.
        after: i64,
        /// The first number behind it.
        next: i64,
    },
    /// The gap stays: the numbers are lost, and the tail goes on behind them.
    EventsMissing {
        /// The newest number before them.
        after: i64,
        /// The first number behind them.
        next: i64,
    },
    /// The newest number went down: the database is an older one.
    SetBack {
        /// The newest number known before.
        known: i64,
        /// The newest number now.
        newest: i64,
    },
    /// A watcher took too little and was cut off; it may resume.
    TooSlow {
        /// The newest number it was given.
        sent: i64,
    },
    /// A watcher was refused because the limit is reached.
    TooManyWatchers {
        /// The limit.
        watchers_max: usize,
    },
    /// A request failed in a way that is the database's or ours, not the caller's.
    RequestFailed {
        /// Which request.
        request: &'static str,
        /// What the store said.
        error: &'a str,
    },
    /// A message of the catalogue was told with an argument missing.
    MessageBroken {
        /// Which message.
        message_id: &'a str,
    },
    /// Whether the sessions of calls under way still stand cannot be found out now.
    StandingUnknown {
        /// What the store said.
        error: &'a str,
    },
    /// A refusal could not be written into the audit: the database is away.
    AuditAway,
    /// Somebody guesses a person's password: the account is locked.
    Guessing {
        /// The account's number.
        person_id: i64,
        /// Where from.
        address: &'a str,
        /// Failures in a row.
        failures: i32,
    },
    /// So many log-ins failed from one address that it is held off.
    AddressHeldOff {
        /// Where from.
        address: &'a str,
    },
    /// The time to stop in ran out with callers still connected.
    CutOffAtStop,
    /// A listening socket gave no connection.
    AcceptFailed {
        /// What the system said.
        error: &'a std::io::Error,
    },
    /// A connection was closed because the limit is reached.
    TooManyConnections {
        /// The limit.
        connections_max: usize,
    },
    /// So many connected without finishing that the oldest had to go.
    HandshakePushedOut,
    /// Somebody connected and did not come to an understanding about TLS: a scanner, or a client that does not trust the certificate.
    HandshakeFailed {
        /// From where.
        address: SocketAddr,
        /// Why.
        why: &'a str,
    },
    /// There were more of these than were told one by one.
    MachinesRefused {
        /// How many.
        untold: u32,
    },
    /// Somebody connected as a machine without a certificate that says which.
    MachineRefused {
        /// From where.
        address: SocketAddr,
        /// Why.
        why: &'a str,
    },
}

impl Happening<'_> {
    /// Writes it to the log. No wearer, no name, no position.
    pub fn tell(self) {
        match self {
            Self::InTouch { last } => info!(last, "live alerts: in touch with the database"),
            Self::Blind { error } => error!(error, "live alerts: the database does not answer; rooms are told that they are blind"),
            Self::Gap { after, next } => error!(after, next, "alert events have a gap; reading again"),
            Self::EventsMissing { after, next } => {
                error!(after, next, "alert events are missing in the database; going on behind them, rooms are told");
            }
            Self::SetBack { known, newest } => {
                error!(known, newest, "the newest alert event went down: the database was set back; all rooms must start anew");
            }
            Self::TooSlow { sent } => warn!(sent, "a watcher was too slow and was cut off"),
            Self::TooManyWatchers { watchers_max } => warn!(watchers_max, "a watcher was refused: too many"),
            Self::RequestFailed { request, error } => error!(request, error, "a request failed"),
            Self::MessageBroken { message_id } => error!(message_id, "a refusal was told with an argument missing"),
            Self::AcceptFailed { error } => error!(%error, "a connection of a room or machine could not be accepted"),
            Self::TooManyConnections { connections_max } => warn!(connections_max, "a connection was closed: too many"),
            Self::HandshakePushedOut => debug!("a TLS handshake was given up for a newer one: too many at a time"),
            Self::HandshakeFailed { address, why } => debug!(%address, why, "a TLS handshake failed"),
            Self::MachinesRefused { untold } => warn!(untold, "further machines were refused, or the same ones again and again"),
            Self::MachineRefused { address, why } => warn!(%address, why, "a machine was refused"),
            Self::StandingUnknown { error } => warn!(error, "whether sessions still stand cannot be looked up; looking again each second"),
            Self::AuditAway => error!("a refusal could not be written into the audit"),
            Self::Guessing { person_id, address, failures } => {
                warn!(person_id, address, failures, "ALARM: somebody seems to guess a password; the account is locked for a while");
            }
            Self::AddressHeldOff { address } => {
                warn!(address, "ALARM: somebody seems to guess passwords; nobody logs in from there for a while");
            }
            Self::CutOffAtStop => warn!("stopping: some callers were still connected and were cut off"),
        }
    }
}
