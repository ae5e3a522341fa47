//! The gate itself, around all services.

use super::body::Guarded;
use super::credential::Credential;
use super::purpose;
use super::rights::{MethodRights, Rights};
use super::standing::{Ground, Standing};
use crate::events::Happening;
use crate::language::{Language, speaking};
use crate::reason::Reason;
use crate::status::{database_away, refusal};
use crate::transport::{MachineName, Peer};
use access::{Caller, Grant, Role, Who};
use http::request::Parts;
use http::{HeaderMap, Request, Response};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use store::{OpenSession, Store};
use tonic::body::Body;
use tonic::{Code, Status};
use tonic_types::StatusExt;
use tower_layer::Layer;
use tower_service::Service;

/// Whether the server lives: asked by whatever watches over it, and says nothing of anybody.
const FOR_ANYBODY: [&str; 2] = ["/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"];

/// The schemas, for whoever has logged in.
const REFLECTION: [&str; 2] =
    ["/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"];

/// One's own account. What else is one's own is open only to who has done what must be done first.
const OWN_ACCOUNT: &str = "/paband.access.v1.Sessions/";

/// Puts the gate around services.
#[derive(Clone)]
pub(crate) struct Gate {
    shared: Arc<Shared>,
}

struct Shared {
    rights: Arc<Rights>,
    store: Store,
    standing: Standing,
    database_wait_max: Duration,
}

/// Somebody whom the gate lets through.
struct Admitted {
    caller: Caller,
    session: Option<Arc<OpenSession>>,
    ground: Option<Ground>,
    is_look: bool,
    is_change: bool,
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
        let standing = ground.map(|ground| self.standing.enter(ground, caller.roots.clone()));
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
    async fn note_refused(&self, caller: &Caller, refused: &Status) {
        if caller.who == Who::Nobody || refused.code() == Code::Unavailable {
            return;
        }
        let reason = refused.get_details_error_info().map_or_else(|| format!("{:?}", refused.code()), |info| info.reason);
        if self.answer(self.store.audit_note(caller.entry(&reason))).await.is_err() {
            Happening::AuditAway.tell();
        }
    }

    async fn admit(&self, request: &Parts) -> Result<Admitted, Status> {
        let path = request.uri.path();
        let peer = request.extensions.get::<Peer>();
        let address = peer.map_or_else(String::new, |peer| peer.address.ip().to_canonical().to_string());
        let caller = Caller::nobody(path, address);
        let admitted = |caller| Admitted { caller, session: None, ground: None, is_look: false, is_change: false };
        if FOR_ANYBODY.contains(&path) {
            return Ok(admitted(caller));
        }
        let is_reflection = REFLECTION.contains(&path);
        let rights = self.rights.of(path);
        if rights.is_none() && !is_reflection {
            return Err(refusal(Code::Unimplemented, Reason::NotDeclared, &[]));
        }
        let machine = peer.and_then(|peer| peer.machine.as_ref());
        if let Some(rights) = rights.filter(|rights| rights.anyone) {
            return match machine {
                Some(_) => Err(refusal(Code::PermissionDenied, Reason::PersonOnly, &[])),
                None => Ok(Admitted { is_look: rights.is_look, is_change: rights.is_change, ..admitted(caller) }),
            };
        }
        match machine {
            Some(machine) => self.admit_machine(caller, machine, rights, request).await,
            None => self.admit_person(caller, rights, request).await,
        }
    }

    async fn admit_person(&self, caller: Caller, rights: Option<&MethodRights>, request: &Parts) -> Result<Admitted, Status> {
        let token = match Credential::of(&request.headers, request.uri.authority().map(http::uri::Authority::as_str)) {
            Credential::Session(token) => token,
            Credential::OtherOrigin => return Err(refusal(Code::PermissionDenied, Reason::OtherOrigin, &[])),
            Credential::None | Credential::Unreadable => return Err(refusal(Code::Unauthenticated, Reason::NotLoggedIn, &[])),
        };
        let session = self.answer(self.store.session(token.hash(), chrono::Utc::now())).await?;
        let session = session.ok_or_else(|| refusal(Code::Unauthenticated, Reason::SessionEnded, &[]))?;
        let who = Who::Person { person_id: session.person_id, session_id: session.session_id, name: session.name.clone() };
        let caller = caller.known_as(who);
        let ground = Some(Ground::Session(session.session_id));
        let session = Arc::new(session);
        let Some(rights) = rights else {
            return Ok(Admitted { caller, session: Some(session), ground, is_look: false, is_change: false });
        };
        let allowed = self.allow(caller.clone(), &session.grants, rights, Some(&session), request).await;
        let (is_look, is_change) = (rights.is_look, rights.is_change);
        match allowed {
            Ok(caller) => Ok(Admitted { caller, session: Some(session), ground, is_look, is_change }),
            Err(status) => {
                if is_look || is_change {
                    self.note_refused(&caller, &status).await;
                }
                Err(status)
            }
        }
    }

    async fn admit_machine(
        &self,
        caller: Caller,
        machine: &MachineName,
        rights: Option<&MethodRights>,
        request: &Parts,
    ) -> Result<Admitted, Status> {
        let caller = caller.known_as(Who::Machine { name: machine.name.clone() });
        let grant = match self.machine_grant(machine).await {
            Ok(grant) => grant,
            Err(status) => {
                // Who still uses a revoked certificate is to be seen.
                self.note_refused(&caller, &status).await;
                return Err(status);
            }
        };
        let ground = Some(Ground::Machine(machine.serial.clone()));
        let Some(rights) = rights else {
            return Ok(Admitted { caller, session: None, ground, is_look: false, is_change: false });
        };
        let (is_look, is_change) = (rights.is_look, rights.is_change);
        match self.allow(caller.clone(), &[grant], rights, None, request).await {
            Ok(caller) => Ok(Admitted { caller, session: None, ground, is_look, is_change }),
            Err(status) => {
                if is_look || is_change {
                    self.note_refused(&caller, &status).await;
                }
                Err(status)
            }
        }
    }

    /// The one grant that a certificate stands for.
    async fn machine_grant(&self, machine: &MachineName) -> Result<Grant, Status> {
        let unknown = || refusal(Code::PermissionDenied, Reason::UnknownMachine, &[]);
        let role = Role::named(&machine.role).ok_or_else(unknown)?;
        let grant = self.answer(self.store.machine_grant(role, &machine.unit, &machine.serial)).await?;
        let (grant, is_revoked) = grant.ok_or_else(unknown)?;
        if is_revoked { Err(refusal(Code::Unauthenticated, Reason::MachineRevoked, &[])) } else { Ok(grant) }
    }

    /// The caller with the reach of the grants that allow the call.
    async fn allow(
        &self,
        caller: Caller,
        grants: &[Grant],
        rights: &MethodRights,
        session: Option<&OpenSession>,
        request: &Parts,
    ) -> Result<Caller, Status> {
        let refuse = |code, reason| Err(refusal(code, reason, &[]));
        let Some(session) = session else {
            // A machine has no account, no password and no second pair of eyes.
            // What a person must answer for, no machine does.
            if rights.own || rights.fresh || rights.second_person || rights.is_change {
                return refuse(Code::PermissionDenied, Reason::PersonOnly);
            }
            return self.with_purpose(by_roles(caller, grants, rights)?, rights, request).await;
        };
        // The own account is where these are done.
        if rights.own && caller.act.starts_with(OWN_ACCOUNT) {
            return Ok(caller);
        }
        if session.must_change_password {
            return refuse(Code::FailedPrecondition, Reason::PasswordChangeNeeded);
        }
        if !session.has_second_factor {
            return refuse(Code::FailedPrecondition, Reason::SecondFactorNeeded);
        }
        if rights.own {
            return Ok(caller);
        }
        let caller = by_roles(caller, grants, rights)?;
        if rights.fresh && session.fresh_until.is_none_or(|until| until <= chrono::Utc::now()) {
            return refuse(Code::FailedPrecondition, Reason::ReauthenticationNeeded);
        }
        self.with_purpose(caller, rights, request).await
    }

    async fn with_purpose(&self, mut caller: Caller, rights: &MethodRights, request: &Parts) -> Result<Caller, Status> {
        if rights.purpose {
            let named = tokio::time::timeout(self.database_wait_max, purpose::named(&request.headers, &self.store));
            caller.purpose = Some(named.await.map_err(|_| database_away())??);
        }
        Ok(caller)
    }

    async fn answer<T>(&self, question: impl Future<Output = Result<T, store::StoreError>>) -> Result<T, Status> {
        match tokio::time::timeout(self.database_wait_max, question).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(crate::alerts::store_failed("gate", &error)),
            Err(_) => Err(database_away()),
        }
    }
}

fn by_roles(caller: Caller, grants: &[Grant], rights: &MethodRights) -> Result<Caller, Status> {
    let held = grants.iter().any(|grant| rights.roles.contains(&grant.role));
    let reason = if held { Reason::UnitNotOn } else { Reason::NotAllowed };
    caller.with_grants(grants, &rights.roles).ok_or_else(|| refusal(Code::PermissionDenied, reason, &[]))
}
