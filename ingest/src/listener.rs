//! A listening socket for one protocol.

use crate::connection::Connection;
use crate::events;
use crate::shared::Shared;
use crate::wire::{Protocol, native, teltonika};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// The wait after a failed accept, so that a machine out of files is not kept busy by trying.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// Certificate and key of a listener, as they are at the moment: each new connection takes the current ones, open connections keep
/// theirs. Whoever holds the sender puts new ones in force.
pub type TlsSource = watch::Receiver<Arc<ServerConfig>>;

/// Which protocol a listener speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WireProtocol {
    /// paband's own, see docs/wire-protocol.md.
    Native,
    /// Teltonika codec 8 and 8 extended.
    Teltonika,
}

impl WireProtocol {
    /// The name used in configuration: `native`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Teltonika => "teltonika",
        }
    }

    fn session(self) -> Box<dyn Protocol> {
        match self {
            Self::Native => Box::new(native::Session::new(rand::random())),
            Self::Teltonika => Box::new(teltonika::Session::new()),
        }
    }
}

/// Accepts connections until the door stops.
pub(crate) async fn accept(listener: TcpListener, protocol: WireProtocol, tls: Option<TlsSource>, door: Arc<Shared>) {
    loop {
        let accepted = tokio::select! {
            () = door.stopping.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let tls = tls.as_ref().map(|tls| TlsAcceptor::from(Arc::clone(&tls.borrow())));
                admit(stream, peer, protocol, tls, &door);
            }
            Err(error) => {
                events::accept_failed(&error);
                tokio::time::sleep(ACCEPT_RETRY).await;
            }
        }
    }
}

fn admit(stream: TcpStream, peer: SocketAddr, protocol: WireProtocol, tls: Option<TlsAcceptor>, door: &Arc<Shared>) {
    let Ok(place) = Arc::clone(&door.places).try_acquire_owned() else {
        return events::connection_refused(&door.counters);
    };
    door.counters.connections_accepted.add(1);
    let shared = Arc::clone(door);
    door.connections.spawn(async move {
        let opened = Instant::now();
        // Small answers must not wait for more; a socket that refuses this works all the same.
        let _ = stream.set_nodelay(true);
        let counters = Arc::clone(&shared.counters);
        match tls {
            None => Connection::new(stream, peer, opened, protocol.session(), shared).run().await,
            Some(tls) => match tokio::time::timeout(shared.limits.login, tls.accept(stream)).await {
                Ok(Ok(stream)) => Connection::new(stream, peer, opened, protocol.session(), shared).run().await,
                Ok(Err(_)) => events::connection_lost(&counters, peer, "tls_handshake"),
                Err(_) => events::connection_lost(&counters, peer, "login_timeout"),
            },
        }
        counters.connections_closed.add(1);
        drop(place);
    });
}
