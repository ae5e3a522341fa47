//! The gate itself, around all services.

use super::admit::Admitted;
use super::body::Guarded;
use super::rights::Rights;
use super::standing::Standing;
use crate::events::Happening;
use crate::language::{Language, speaking};
use crate::reason::Reason;
use crate::status::{database_away, refusal};
use access::{Caller, Who};
use http::{HeaderMap, Request, Response};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use store::Store;
use tonic::body::Body;
use tonic::{Code, Status};
use tonic_types::StatusExt;
use tower_layer::Layer;
use tower_service::Service;

/// Puts the gate around services.
#[derive(Clone)]
pub(crate) struct Gate {
    shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) rights: Arc<Rights>,
    pub(super) store: Store,
    standing: Standing,
    pub(super) database_wait_max: Duration,
}

impl Gate {
    /// A gate by this table of rights.
    pub(crate) fn new(rights: Arc<Rights>, store: Store, standing: Standing, database_wait_max: Duration) -> Self {
        Self { shared: Arc::new(Shared { rights, store, standing, database_wait_max }) }
    }
}

impl<S> Layer<S> for Gate {
    type Service = Gated<S>;

    fn layer(&self, inner: S) -> Gated<S> {
        Gated { inner, shared: Arc::clone(&self.shared) }
    }
}

/// Services behind the gate.
#[derive(Clone)]
pub(crate) struct Gated<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S> Service<Request<Body>> for Gated<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // The one that said it is ready takes the call; its clone waits for the next.
        let clone = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, clone);
        let shared = Arc::clone(&self.shared);
        let asked = request.headers().get("accept-language").and_then(|header| Language::of_header(header.to_str().ok()?));
        Box::pin(speaking(asked.unwrap_or(Language::English), async move { shared.pass(inner, request).await }))
    }
}

impl Shared {
    async fn pass<S>(&self, mut inner: S, request: Request<Body>) -> Result<Response<Body>, Infallible>
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    {
        let (mut parts, body) = request.into_parts();
        let admitted = match self.admit(&parts).await {
            Ok(admitted) => admitted,
            Err(status) => return Ok(status.into_http()),
        };
        let Admitted { caller, session, ground, is_look, is_change } = admitted;
        parts.extensions.insert(caller.clone());
        if let Some(session) = session {
            parts.extensions.insert(session);
        }
        // Entered before the call, so that a session revoked meanwhile ends it too.
        // What changed something is done when it answers, and says so: logging out ends the session, not its own answer.
        let standing = ground.filter(|_| !is_change).map(|ground| self.standing.enter(ground, caller.roots.clone()));
        let response = inner.call(Request::from_parts(parts, body)).await?;
        let response = match self.write_down(&caller, is_look, is_change, response.headers()).await {
            Ok(()) => response,
            Err(status) => return Ok(status.into_http()),
        };
        Ok(match standing {
            Some((place, fallen)) => {
                let last_word = refusal(Code::Unauthenticated, Reason::SessionEnded, &[]);
                response.map(|body| Body::new(Guarded::new(body, fallen, last_word, place)))
            }
            None => response,
        })
    }

    /// Looks are written down before they are shown; refusals of looks and changes too. What changed was written down with the change.
    async fn write_down(&self, caller: &Caller, is_look: bool, is_change: bool, headers: &HeaderMap) -> Result<(), Status> {
        match Status::from_header_map(headers) {
            Some(refused) if refused.code() != Code::Ok => {
                if is_look || is_change {
                    self.note_refused(caller, &refused).await;
                }
                Ok(())
            }
            _ if is_look => self.answer(self.store.audit_note(caller.entry("done"))).await,
            _ => Ok(()),
        }
    }

    /// A refusal stands whether or not it could be written down.
    pub(super) async fn note_refused(&self, caller: &Caller, refused: &Status) {
        if caller.who == Who::Nobody || refused.code() == Code::Unavailable {
            return;
        }
        let reason = refused.get_details_error_info().map_or_else(|| format!("{:?}", refused.code()), |info| info.reason);
        if self.answer(self.store.audit_note(caller.entry(&reason))).await.is_err() {
            Happening::AuditAway.tell();
        }
    }

    pub(super) async fn answer<T>(&self, question: impl Future<Output = Result<T, store::StoreError>>) -> Result<T, Status> {
        match tokio::time::timeout(self.database_wait_max, question).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(crate::alerts::store_failed("gate", &error)),
            Err(_) => Err(database_away()),
        }
    }
}
