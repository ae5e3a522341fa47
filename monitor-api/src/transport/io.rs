//! One connection as gRPC sees it: bytes, whether encrypted or not, and who is at the other end.

use super::Peer;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Sleep;
use tokio_rustls::server::TlsStream;
use tonic::transport::server::Connected;

/// The first bytes of HTTP/2 (RFC 9113, 3.4).
const PREFACE_BYTES: usize = 24;

/// From the handshake to the end of those bytes. Who needs longer is cut off: pings, which find the dead, begin only then.
const PREFACE_MAX: Duration = Duration::from_secs(10);

/// A connection ready for HTTP/2.
pub(crate) struct Socket {
    stream: Stream,
    peer: Peer,
    preface: Option<Preface>,
    /// Its place among the listener's connections.
    _place: OwnedSemaphorePermit,
}

/// With or without encryption.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// What is still to come of the first bytes.
struct Preface {
    missing: usize,
    deadline: Pin<Box<Sleep>>,
}

impl Socket {
    pub(super) fn new(stream: Stream, peer: Peer, place: OwnedSemaphorePermit) -> Self {
        let preface = Preface { missing: PREFACE_BYTES, deadline: Box::pin(tokio::time::sleep(PREFACE_MAX)) };
        Self { stream, peer, preface: Some(preface), _place: place }
    }

    fn stream(self: Pin<&mut Self>) -> Pin<&mut Stream> {
        Pin::new(&mut self.get_mut().stream)
    }
}

impl Connected for Socket {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if let Some(preface) = &mut self.preface
            && preface.deadline.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let before = buffer.filled().len();
        ready!(self.as_mut().stream().poll_read(context, buffer))?;
        if let Some(preface) = &mut self.preface {
            preface.missing = preface.missing.saturating_sub(buffer.filled().len() - before);
            if preface.missing == 0 {
                self.preface = None;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.stream().poll_write(context, bytes)
    }

    fn poll_write_vectored(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.stream().poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(context)
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PREFACE_BYTES, Peer, Preface, Socket, Stream};
    use std::sync::Arc;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::Semaphore;

    async fn pair(preface_max: Duration) -> (Socket, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, address) = listener.accept().await.unwrap();
        let place = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        let mut socket = Socket::new(Stream::Plain(stream), Peer { address, machine: None }, place);
        socket.preface = Some(Preface { missing: PREFACE_BYTES, deadline: Box::pin(tokio::time::sleep(preface_max)) });
        (socket, client)
    }

    #[tokio::test]
    async fn who_does_not_begin_to_speak_is_cut_off() {
        let (mut socket, mut client) = pair(Duration::from_millis(50)).await;
        client.write_all(&[1; PREFACE_BYTES - 1]).await.unwrap();
        let mut heard = [0; PREFACE_BYTES];
        let error = socket.read_exact(&mut heard).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn who_has_begun_may_be_silent() {
        let (mut socket, mut client) = pair(Duration::from_millis(500)).await;
        client.write_all(&[1; PREFACE_BYTES]).await.unwrap();
        let mut heard = [0; PREFACE_BYTES];
        socket.read_exact(&mut heard).await.unwrap();
        let silence = tokio::time::timeout(Duration::from_millis(700), socket.read_u8()).await;
        assert!(silence.is_err(), "it waits on");
    }
}
