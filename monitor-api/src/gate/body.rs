//! An answer on its way: it ends with a refusal when its caller's session does.

use super::standing::Place;
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::Status;
use tonic::body::Body;

/// A body that stands on a session.
pub(crate) struct Guarded {
    inner: Body,
    fallen: Pin<Box<WaitForCancellationFutureOwned>>,
    /// What is said at the end; taken when it is said.
    last_word: Option<Status>,
    _place: Place,
}

impl Guarded {
    /// Hands on `inner` until `fallen` is cancelled, then ends with `last_word`.
    pub(crate) fn new(inner: Body, fallen: CancellationToken, last_word: Status, place: Place) -> Self {
        Self { inner, fallen: Box::pin(fallen.cancelled_owned()), last_word: Some(last_word), _place: place }
    }
}

impl http_body::Body for Guarded {
    type Data = <Body as http_body::Body>::Data;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Self::Data>, Status>>> {
        if self.last_word.is_none() {
            return Poll::Ready(None);
        }
        if self.fallen.as_mut().poll(context).is_ready() {
            let mut trailers = HeaderMap::new();
            let said = self.last_word.take().map(|status| status.add_header(&mut trailers));
            return match said {
                Some(Err(unsayable)) => Poll::Ready(Some(Err(unsayable))),
                _ => Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
            };
        }
        Pin::new(&mut self.inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.last_word.is_none() || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
