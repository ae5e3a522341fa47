//! Who comes in: by session or certificate, held against the method's rights.

use super::credential::Credential;
use super::keeper::Keeper;
use super::once;
use super::purpose;
use super::rights::MethodRights;
use super::standing::Ground;
use crate::reason::Reason;
use crate::status::{database_away, refusal};
use crate::transport::{MachineName, Peer};
use access::{Caller, Grant, Role, Who};
use http::request::Parts;
use std::sync::Arc;
use store::OpenSession;
use tonic::{Code, Status};

/// Whether the server lives: asked by whatever watches over it, and says nothing of anybody.
const FOR_ANYBODY: [&str; 2] = ["/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"];

/// The schemas, for whoever has logged in.
const REFLECTION: [&str; 2] =
    ["/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"];

/// One's own account. What else is one's own is open only to who has done what must be done first.
const OWN_ACCOUNT: &str = "/paband.access.v1.Sessions/";

/// Somebody whom the gate lets through.
pub(super) struct Admitted {
    pub(super) caller: Caller,
    pub(super) session: Option<Arc<OpenSession>>,
    pub(super) ground: Option<Ground>,
    pub(super) is_look: bool,
    pub(super) is_change: bool,
}

/// Somebody of whom it is known who it is.
struct Known {
    caller: Caller,
    session: Option<Arc<OpenSession>>,
    ground: Ground,
    grants: Vec<Grant>,
}

impl Keeper {
    pub(super) async fn admit(&self, request: &Parts) -> Result<Admitted, Status> {
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
        let known = match machine {
            Some(machine) => self.machine(caller, machine).await?,
            None => self.person(caller, request).await?,
        };
        self.let_in(known, rights, request).await
    }

    async fn person(&self, caller: Caller, request: &Parts) -> Result<Known, Status> {
        let token = match Credential::of(&request.headers, request.uri.authority().map(http::uri::Authority::as_str)) {
            Credential::Session(token) => token,
            Credential::OtherOrigin => return Err(refusal(Code::PermissionDenied, Reason::OtherOrigin, &[])),
            Credential::None | Credential::Unreadable => return Err(refusal(Code::Unauthenticated, Reason::NotLoggedIn, &[])),
        };
        let session = self.answer(self.store.session(token.hash(), chrono::Utc::now())).await?;
        let session = session.ok_or_else(|| refusal(Code::Unauthenticated, Reason::SessionEnded, &[]))?;
        let who = Who::Person { person_id: session.person_id, session_id: session.session_id, name: session.name.clone() };
        let (ground, grants) = (Ground::Session(session.session_id), session.grants.clone());
        Ok(Known { caller: caller.known_as(who), session: Some(Arc::new(session)), ground, grants })
    }

    async fn machine(&self, caller: Caller, machine: &MachineName) -> Result<Known, Status> {
        let caller = caller.known_as(Who::Machine { name: machine.name.clone() });
        match self.machine_grant(machine).await {
            Ok(grant) => Ok(Known { caller, session: None, ground: Ground::Machine(machine.serial.clone()), grants: vec![grant] }),
            Err(status) => {
                // Who still uses a revoked certificate is to be seen.
                self.note_refused(&caller, &status).await;
                Err(status)
            }
        }
    }

    /// Lets somebody known in, if the method is for them. A refusal of a look or a change is written down.
    async fn let_in(&self, known: Known, rights: Option<&MethodRights>, request: &Parts) -> Result<Admitted, Status> {
        let Known { caller, session, ground, grants } = known;
        let Some(rights) = rights else {
            return Ok(Admitted { caller, session, ground: Some(ground), is_look: false, is_change: false });
        };
        let (is_look, is_change) = (rights.is_look, rights.is_change);
        match self.allow(caller.clone(), &grants, rights, session.as_deref(), request).await {
            Ok(caller) => Ok(Admitted { caller, session, ground: Some(ground), is_look, is_change }),
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
            return self.with_what_it_says(by_roles(caller, grants, rights)?, rights, request).await;
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
        self.with_what_it_says(caller, rights, request).await
    }

    /// The caller with the purpose and the key that the call must say.
    async fn with_what_it_says(&self, mut caller: Caller, rights: &MethodRights, request: &Parts) -> Result<Caller, Status> {
        if rights.purpose {
            let named = tokio::time::timeout(self.database_wait_max, purpose::named(&request.headers, &self.store));
            caller.purpose = Some(named.await.map_err(|_| database_away())??);
        }
        if rights.once {
            caller.once = Some(once::named(&request.headers)?);
        }
        Ok(caller)
    }
}

fn by_roles(caller: Caller, grants: &[Grant], rights: &MethodRights) -> Result<Caller, Status> {
    let held = grants.iter().any(|grant| rights.roles.contains(&grant.role));
    let reason = if held { Reason::UnitNotOn } else { Reason::NotAllowed };
    caller.with_grants(grants, &rights.roles).ok_or_else(|| refusal(Code::PermissionDenied, reason, &[]))
}
