//! The service of administrators: accounts, roles, sessions and machines.

use super::hashing::Hashing;
use super::sessions::listed;
use super::{grant, instant, refused};
use crate::gate::{self, caller};
use crate::proposals::Proposing;
use crate::reason::{Reason, Wrong};
use crate::status::{check, length_violation, refusal, wrong};
use access::{Role, is_person_name, password};
use chrono::Utc;
use proto::access::people_server::People;
use proto::access::{
    CreatePersonRequest, CreatePersonResponse, GrantRoleRequest, ListPeopleRequest, ListPeopleResponse, ListPersonSessionsRequest,
    ListSessionsResponse, Person, Proposal, ResetPasswordRequest, ResetPasswordResponse, RevokeMachineRequest, RevokeMachineResponse,
    RevokePersonSessionsRequest, RevokeRoleRequest, RevokeSessionResponse, SwitchPersonRequest, UnlockPersonRequest,
};
use store::{FirstPassword, PersonFilter, RoleChange, Store};
use tonic::{Code, Request, Response, Status};
use tonic_types::FieldViolation;

/// People in one answer at most, and if the caller does not say.
const PAGE_MAX: u32 = 1000;
const PAGE_UNSAID: u32 = 100;

/// Longest name that others see, and longest reason, characters.
const SHOWN_NAME_CHARACTERS_MAX: usize = 200;
const REASON_CHARACTERS_MAX: usize = 400;

/// Accounts of others.
pub(crate) struct PeopleService {
    store: Store,
    hashing: Hashing,
    proposing: Proposing,
}

impl PeopleService {
    pub(crate) fn new(store: Store, proposing: Proposing) -> Self {
        Self { store, hashing: Hashing::default(), proposing }
    }

    /// A password for the first log-in, and its hash.
    async fn first_password(&self) -> Result<(String, String), Status> {
        let first = password::first(rand::random());
        let (typed, salt) = (first.clone(), rand::random());
        let hash = self.hashing.run(move || password::hash(&typed, salt)).await?;
        Ok((first, hash))
    }
}

#[tonic::async_trait]
impl People for PeopleService {
    async fn list_people(&self, request: Request<ListPeopleRequest>) -> Result<Response<ListPeopleResponse>, Status> {
        let caller = caller(&request)?;
        let ListPeopleRequest { name, page_size, after_name } = request.into_inner();
        let mut violations: Vec<_> = length_violation("name", &name, 0, 64).into_iter().collect();
        violations.extend(length_violation("after_name", &after_name, 0, 64));
        violations.extend(page_size_violation(page_size));
        check(violations)?;
        let filter = PersonFilter { name, after: after_name, limit: if page_size == 0 { PAGE_UNSAID } else { page_size } };
        let people = self.store.person_list(&caller, &filter).await.map_err(|error| refused("ListPeople", &error.into()))?;
        Ok(Response::new(ListPeopleResponse { people: people.into_iter().map(person).collect() }))
    }

    async fn create_person(&self, request: Request<CreatePersonRequest>) -> Result<Response<CreatePersonResponse>, Status> {
        let caller = caller(&request)?;
        let CreatePersonRequest { name, shown_name, unit } = request.into_inner();
        let mut violations: Vec<_> = length_violation("shown_name", shown_name.trim(), 1, SHOWN_NAME_CHARACTERS_MAX).into_iter().collect();
        if !is_person_name(&name) {
            violations.push(wrong("name", Wrong::NotAName, &[]));
        }
        check(violations)?;
        caller.about(format!("name {name}"));
        let (first_password, hash) = self.first_password().await?;
        let created = self.store.person_create(&caller, &name, shown_name.trim(), &unit, FirstPassword { hash: &hash }, Utc::now()).await;
        let created = created.map_err(|error| refused("CreatePerson", &error))?;
        Ok(Response::new(CreatePersonResponse { person: Some(person(created)), first_password }))
    }

    async fn reset_password(&self, request: Request<ResetPasswordRequest>) -> Result<Response<ResetPasswordResponse>, Status> {
        let caller = caller(&request)?;
        let person_id = request.into_inner().person_id;
        caller.about(format!("person {person_id}"));
        let (first_password, hash) = self.first_password().await?;
        let reset = self.store.person_reset(&caller, person_id, FirstPassword { hash: &hash }, Utc::now()).await;
        reset.map_err(|error| refused("ResetPassword", &error))?;
        Ok(Response::new(ResetPasswordResponse { first_password }))
    }

    async fn switch_person(&self, request: Request<SwitchPersonRequest>) -> Result<Response<Person>, Status> {
        let caller = caller(&request)?;
        let SwitchPersonRequest { person_id, on } = request.into_inner();
        caller.about(format!("person {person_id} {}", if on { "on" } else { "off" }));
        let switched = self.store.person_switch(&caller, person_id, on, Utc::now()).await;
        Ok(Response::new(person(switched.map_err(|error| refused("SwitchPerson", &error))?)))
    }

    async fn unlock_person(&self, request: Request<UnlockPersonRequest>) -> Result<Response<Person>, Status> {
        let caller = caller(&request)?;
        let person_id = request.into_inner().person_id;
        caller.about(format!("person {person_id}"));
        let unlocked = self.store.person_unlock(&caller, person_id).await;
        Ok(Response::new(person(unlocked.map_err(|error| refused("UnlockPerson", &error))?)))
    }

    async fn grant_role(&self, request: Request<GrantRoleRequest>) -> Result<Response<Proposal>, Status> {
        self.proposing.propose("/paband.access.v1.People/GrantRole", request).await
    }

    async fn revoke_role(&self, request: Request<RevokeRoleRequest>) -> Result<Response<Person>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let change = role_change(asked.person_id, asked.role(), &asked.unit)?;
        caller.about(format!("person {} {} {}", change.person_id, change.role.name(), change.unit));
        let revoked = self.store.role_revoke(&caller, &change, Utc::now()).await;
        Ok(Response::new(person(revoked.map_err(|error| refused("RevokeRole", &error))?)))
    }

    async fn list_person_sessions(&self, request: Request<ListPersonSessionsRequest>) -> Result<Response<ListSessionsResponse>, Status> {
        let caller = caller(&request)?;
        let sessions = self.store.person_sessions(&caller, request.into_inner().person_id, Utc::now()).await;
        Ok(Response::new(listed(sessions.map_err(|error| refused("ListPersonSessions", &error))?, None)))
    }

    async fn revoke_person_sessions(
        &self,
        request: Request<RevokePersonSessionsRequest>,
    ) -> Result<Response<RevokeSessionResponse>, Status> {
        let caller = caller(&request)?;
        let RevokePersonSessionsRequest { person_id, session_id } = request.into_inner();
        caller.about(format!("person {person_id}"));
        let ended = self.store.session_revoke(&caller, person_id, (session_id != 0).then_some(session_id), Utc::now()).await;
        let ended = ended.map_err(|error| refused("RevokePersonSessions", &error))?;
        Ok(Response::new(RevokeSessionResponse { ended: u32::try_from(ended).unwrap_or(u32::MAX) }))
    }

    async fn revoke_machine(&self, request: Request<RevokeMachineRequest>) -> Result<Response<RevokeMachineResponse>, Status> {
        let caller = caller(&request)?;
        // A certificate is not one unit's: whoever made it is known only to the central unit.
        if !caller.reaches_all() {
            return Err(refusal(Code::PermissionDenied, Reason::NotAllowed, &[]));
        }
        let RevokeMachineRequest { serial, reason } = request.into_inner();
        let serial = serial.trim().trim_start_matches('0').to_ascii_lowercase();
        let mut violations: Vec<_> = length_violation("reason", reason.trim(), 1, REASON_CHARACTERS_MAX).into_iter().collect();
        violations.extend(length_violation("serial", &serial, 1, 64));
        if !serial.chars().all(|digit| digit.is_ascii_hexdigit()) {
            violations.push(wrong("serial", Wrong::NotACode, &[]));
        }
        check(violations)?;
        caller.about(format!("machine {serial}"));
        self.store.machine_revoke(&caller, &serial, reason.trim()).await.map_err(|error| refused("RevokeMachine", &error))?;
        Ok(Response::new(RevokeMachineResponse {}))
    }
}

/// The role and unit that a request names.
pub(crate) fn role_change(person_id: i64, role: proto::access::Role, unit: &str) -> Result<RoleChange, Status> {
    let role: Option<Role> = gate::role(role);
    let mut violations = Vec::new();
    if role.is_none() {
        violations.push(wrong("role", Wrong::Missing, &[]));
    }
    violations.extend(length_violation("unit", unit, 1, 40));
    check(violations)?;
    let role = role.ok_or_else(|| Status::internal("checked before"))?;
    Ok(RoleChange { person_id, role, unit: unit.to_owned() })
}

/// A wrong number of rows of a page.
pub(crate) fn page_size_violation(page_size: u32) -> Option<FieldViolation> {
    (page_size > PAGE_MAX).then(|| wrong("page_size", Wrong::AboveMax, &[("max", PAGE_MAX.to_string()), ("value", page_size.to_string())]))
}

fn person(person: store::Person) -> Person {
    Person {
        person_id: person.person_id,
        name: person.name,
        shown_name: person.shown_name,
        unit: person.unit,
        on: person.is_on,
        has_second_factor: person.has_second_factor,
        locked_until: person.locked_until.filter(|until| *until > Utc::now()).map(instant),
        grants: person.grants.iter().map(grant).collect(),
    }
}
