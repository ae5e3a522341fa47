//! The gate itself, around all services.

use super::admit::Admitted;
use super::body::Guarded;
use super::keeper::Keeper;
use super::rights::Rights;
use super::standing::Standing;
use crate::language::{Language, speaking};
use crate::reason::Reason;
use crate::status::refusal;
use access::Caller;
use http::{HeaderMap, Request, Response};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use store::Store;
use tonic::body::Body;
use tonic::{Code, Status};
use tower_layer::Layer;
use tower_service::Service;

/// Puts the gate around services.
#[derive(Clone)]
pub(crate) struct Gate {
    shared: Arc<Shared>,
}

struct Shared {
    keeper: Keeper,
    standing: Standing,
}

impl Gate {
    /// A gate by this table of rights.
    pub(crate) fn new(rights: Arc<Rights>, store: Store, standing: Standing, database_wait_max: Duration) -> Self {
        Self { shared: Arc::new(Shared { keeper: Keeper::new(rights, store, database_wait_max), standing }) }
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
        let admitted = match self.keeper.admit(&parts).await {
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
                    self.keeper.note_refused(caller, &refused).await;
                }
                Ok(())
            }
            _ if is_look => self.keeper.note_done(caller).await,
            _ => Ok(()),
        }
    }
}
