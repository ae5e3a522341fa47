//! Sockets for people and for machines: who may connect, how it is encrypted, and who a machine is by its certificate.

mod accept;
mod encryption;
mod handshakes;
mod identity;
mod io;
mod refusals;
#[cfg(test)]
mod tests;

pub(crate) use accept::accept;
pub use encryption::{EncryptionError, for_machines, for_people};
pub use identity::{IdentityError, MachineName};

use rustls::ServerConfig;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Certificate and key of a listener, as they are at the moment: each new connection takes the current ones, open connections keep
/// theirs. Whoever holds the sender puts new ones in force.
pub type TlsSource = watch::Receiver<Arc<ServerConfig>>;

/// A listening socket for gRPC.
#[derive(Debug)]
pub struct Listener {
    /// Bound already.
    pub socket: TcpListener,
    /// Encryption; `None` = plain text, for this machine itself or a proxy on it that encrypts.
    pub tls: Option<TlsSource>,
    /// For machines, which say by a certificate who they are. Needs `tls` that asks for one: see [`for_machines`].
    pub machines: bool,
}

/// The other end of a connection; in the extensions of every request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Where it calls from.
    pub address: SocketAddr,
    /// Which machine it is; `None` on a listener for people, and never on one for machines.
    pub machine: Option<MachineName>,
}
