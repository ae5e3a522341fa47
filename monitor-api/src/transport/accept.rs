//! The listeners' loops: each connection is greeted in a task of its own, and comes out ready to speak HTTP/2.

use super::handshakes::Handshakes;
use super::io::{Socket, Stream};
use super::refusals::{Refusals, Telling};
use super::{Listener, MachineName, Peer};
use crate::events::Happening;
use rustls::ServerConfig;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream as Sockets, StreamExt};

/// From the accept to the end of the TLS handshake. Who needs longer is cut off.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// Connections at a time on one listener. One more is closed at once: sockets must be left for tags.
const CONNECTIONS_MAX: usize = 10_000;

/// Greeted connections that wait to be served. Further ones wait in their handshakes.
const READY_MAX: usize = 64;

/// The wait after a failed accept, so that a machine out of files is not kept busy by trying.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// The loops of all listeners. They end by themselves when nobody takes their connections any more.
pub(crate) struct Accepting(JoinSet<()>);

impl Accepting {
    /// Waits until every listening socket is closed.
    pub(crate) async fn end(mut self) {
        self.0.shutdown().await;
    }
}

/// Accepts on all listeners. Must be called within a tokio runtime.
pub(crate) fn accept(listeners: Vec<Listener>) -> (impl Sockets<Item = Result<Socket, Infallible>>, Accepting) {
    let (ready, sockets) = mpsc::channel(READY_MAX);
    let loops = listeners.into_iter().map(|listener| listen(listener, ready.clone())).collect();
    (ReceiverStream::new(sockets).map(Ok), Accepting(loops))
}

async fn listen(listener: Listener, ready: mpsc::Sender<Socket>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut handshakes = Handshakes::default();
    let refusals = listener.machines.then(Arc::<Refusals>::default);
    loop {
        let accepted = tokio::select! {
            () = ready.closed() => return,
            accepted = listener.socket.accept() => accepted,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                Happening::AcceptFailed { error: &error }.tell();
                tokio::time::sleep(ACCEPT_RETRY).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            Happening::TooManyConnections { connections_max: CONNECTIONS_MAX }.tell();
            continue;
        };
        let tls = listener.tls.as_ref().map(|tls| Arc::clone(&tls.borrow()));
        let guest = Guest { stream, address, tls, refusals: refusals.clone(), place };
        if handshakes.add(&tokio::spawn(guest.greet(ready.clone()))) {
            Happening::HandshakePushedOut.tell();
        }
    }
}

/// Somebody who has just connected.
struct Guest {
    stream: TcpStream,
    address: SocketAddr,
    tls: Option<Arc<ServerConfig>>,
    /// Of a listener for machines; elsewhere a failed handshake is nothing to be told of.
    refusals: Option<Arc<Refusals>>,
    place: OwnedSemaphorePermit,
}

impl Guest {
    async fn greet(self, ready: mpsc::Sender<Socket>) {
        let (address, refusals) = (self.address, self.refusals.clone());
        let greeted = match tokio::time::timeout(HANDSHAKE_MAX, self.shake_hands()).await {
            Ok(greeted) => greeted,
            Err(_) => Err("the TLS handshake took too long".to_owned()),
        };
        match greeted {
            // Without a receiver the service has ended, and the connection with it.
            Ok(socket) => drop(ready.send(socket).await),
            Err(why) => tell(address, &why, refusals.as_deref()),
        }
    }

    async fn shake_hands(self) -> Result<Socket, String> {
        let Self { stream, address, tls, refusals, place } = self;
        // Small answers must not wait for more; a socket that refuses this works all the same.
        let _ = stream.set_nodelay(true);
        let Some(tls) = tls else {
            return Ok(Socket::new(Stream::Plain(stream), Peer { address, machine: None }, place));
        };
        let stream = TlsAcceptor::from(tls).accept(stream).await.map_err(|error| error.to_string())?;
        let machine = if refusals.is_some() {
            let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
            let own = chain.first().ok_or("it showed no certificate")?;
            Some(MachineName::of(own).map_err(|error| error.to_string())?)
        } else {
            None
        };
        Ok(Socket::new(Stream::Tls(Box::new(stream)), Peer { address, machine }, place))
    }
}

fn tell(address: SocketAddr, why: &str, refusals: Option<&Refusals>) {
    match refusals.map(|refusals| refusals.one_more(Instant::now())) {
        None | Some(Telling::Nothing) => Happening::HandshakeFailed { address, why }.tell(),
        Some(Telling::This) => Happening::MachineRefused { address, why }.tell(),
        Some(Telling::ThisAfter(untold)) => {
            Happening::MachinesRefused { untold }.tell();
            Happening::MachineRefused { address, why }.tell();
        }
    }
}
