//! Four eyes: what one person proposes takes effect when a second person confirms it.
//!
//! A method whose schema asks for a second person answers with a proposal. Its request is kept as it was sent; confirming reads it again, so
//! that what takes effect is what was proposed, and nothing else.

use crate::accounts::{instant, refused, role_change};
use crate::custody::{Releasing, lift_asked, release_asked};
use crate::enrolment::removal_asked;
use crate::enrolment::{change_asked, end_asked, members_asked, set_change_asked};
use crate::gate::{Rights, asked, caller};
use crate::reason::Reason;
use crate::status::{check, length_violation, refusal};
use access::Caller;
use chrono::Utc;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};
use proto::access::proposals_server::Proposals;
use proto::access::{
    ConfirmProposalRequest, GrantRoleRequest, ListProposalsRequest, ListProposalsResponse, Proposal, ProposalState, RefuseProposalRequest,
};
use std::sync::Arc;
use store::{Act, Decided, NewProposal, Store};
use tonic::{Code, Request, Response, Status};

/// Longest reason of a refusal, characters.
const REASON_CHARACTERS_MAX: usize = 1000;

/// Takes proposals, for the services whose methods need them.
#[derive(Clone)]
pub(crate) struct Proposing {
    store: Store,
    schemas: DescriptorPool,
}

impl Proposing {
    pub(crate) fn new(store: Store) -> Result<Self, prost_reflect::DescriptorError> {
        Ok(Self { store, schemas: DescriptorPool::decode(proto::DESCRIPTORS)? })
    }

    /// Proposes what the request asks for.
    pub(crate) async fn propose<T: Message>(&self, method: &str, request: Request<T>) -> Result<Response<Proposal>, Status> {
        let (caller, asked) = asked(request)?;
        self.propose_asked(method, &caller, &asked).await.map(Response::new)
    }

    /// The same where it turned out only while it was being done that a second person is needed.
    pub(crate) async fn propose_asked(&self, method: &str, caller: &Caller, asked: &impl Message) -> Result<Proposal, Status> {
        let request = asked.encode_to_vec();
        let act = act(method, &request)?;
        let request_json = self.json(method, &request).ok_or_else(|| refusal(Code::Internal, Reason::Internal, &[]))?;
        caller.about(request_json.clone());
        let new = NewProposal { method, request, request_json };
        let proposed = self.store.propose(caller, new, &act, Utc::now()).await;
        Ok(proposal(proposed.map_err(|error| refused("propose", &error))?))
    }

    /// The request's fields to read, by their names in the schema.
    fn json(&self, method: &str, request: &[u8]) -> Option<String> {
        let (service, name) = method.strip_prefix('/')?.split_once('/')?;
        let method = self.schemas.get_service_by_name(service)?.methods().find(|method| method.name() == name)?;
        let message = DynamicMessage::decode(method.input(), request).ok()?;
        serde_json::to_string(&message).ok()
    }
}

/// What a proposed request means. Every method that needs a second person has its line here (a test holds it against the schemas).
fn act(method: &str, request: &[u8]) -> Result<Act, Status> {
    match method {
        "/paband.access.v1.People/GrantRole" => {
            let asked: GrantRoleRequest = read(request)?;
            Ok(Act::GiveRole(role_change(asked.person_id, asked.role(), &asked.unit)?))
        }
        "/paband.enrolment.v1.Zones/ChangeZones" => Ok(Act::ChangeZones(change_asked(&read(request)?)?)),
        "/paband.enrolment.v1.Zones/EndZone" => Ok(Act::ChangeZones(end_asked(&read(request)?)?)),
        "/paband.enrolment.v1.ZoneSets/ChangeZoneSet" => Ok(Act::ChangeZoneSet(set_change_asked(&read(request)?)?)),
        "/paband.enrolment.v1.ZoneSets/AddToZoneSet" => Ok(Act::ZoneSetMembers(members_asked(&read(request)?, true)?)),
        "/paband.enrolment.v1.ZoneSets/RemoveFromZoneSet" => Ok(Act::ZoneSetMembers(members_asked(&read(request)?, false)?)),
        "/paband.custody.v1.Holds/LiftHold" => lift_asked(&read(request)?),
        "/paband.enrolment.v1.Wearers/MergeWearers" => crate::enrolment::merge_act(&read(request)?),
        "/paband.enrolment.v1.Orders/CancelOrderFact" => crate::enrolment::cancellation_act(&read(request)?),
        "/paband.custody.v1.Releases/ReleaseData" => Ok(Act::ReleaseData { request: release_asked(read(request)?)?, archive: None }),
        "/paband.billing.v1.Tariffs/ProposeTariff" => crate::finance::tariff_act(&read(request)?),
        "/paband.billing.v1.SetAside/RecordSpending" => crate::finance::spending_act(&read(request)?),
        "/paband.enrolment.v1.Fittings/RemoveTag" => Ok(Act::RemoveTag(removal_asked(&read(request)?)?)),
        "/paband.billing.v1.Documents/MarkUncollectible" => crate::finance::uncollectible_act(&read(request)?),
        "/paband.billing.v1.Relief/GrantClass" => crate::finance::class_act(&read(request)?),
        "/paband.billing.v1.Relief/GrantWaiver" => crate::finance::waiver_act(&read(request)?),
        "/paband.billing.v1.Relief/GrantSuspension" => crate::finance::suspension_act(&read(request)?),
        "/paband.billing.v1.Relief/CorrectFee" => crate::finance::fee_act(&read(request)?),
        "/paband.billing.v1.SetAside/TakeBackSpending" => crate::finance::spending_back_act(&read(request)?),
        "/paband.billing.v1.Documents/MarkCollectible" => crate::finance::collectible_act(&read(request)?),
        "/paband.billing.v1.Relief/RequireDeposit" => crate::finance::deposit_act(&read(request)?),
        "/paband.billing.v1.Paying/NamePayAccount" => crate::finance::pay_account_act(&read(request)?),
        "/paband.billing.v1.Paying/RecordBillCodes" => crate::finance::bill_codes_act(&read(request)?),
        "/paband.billing.v1.LateFacts/ApproveLateFact" => crate::finance::late_fact_act(&read(request)?),
        "/paband.billing.v1.Policies/ProposePolicy" => crate::finance::policy_act(&read(request)?),
        _ => Err(refusal(Code::Unimplemented, Reason::NotDeclared, &[])),
    }
}

fn read<T: Message + Default>(request: &[u8]) -> Result<T, Status> {
    T::decode(request).map_err(|_| refusal(Code::Internal, Reason::Internal, &[]))
}

/// The service of those who decide.
pub(crate) struct ProposalService {
    store: Store,
    rights: Arc<Rights>,
    releasing: Releasing,
}

impl ProposalService {
    pub(crate) fn new(store: Store, rights: Arc<Rights>, releasing: Releasing) -> Self {
        Self { store, rights, releasing }
    }

    /// Who may decide: who may propose the same.
    fn may_decide(&self, caller: &Caller, proposal: &store::Proposal, session: &store::OpenSession) -> Result<Caller, Status> {
        let not_allowed = || refusal(Code::PermissionDenied, Reason::NotAllowed, &[]);
        let rights = self.rights.of(&proposal.method).ok_or_else(not_allowed)?;
        caller.clone().with_grants(&session.grants, &rights.roles).ok_or_else(not_allowed)
    }
}

#[tonic::async_trait]
impl Proposals for ProposalService {
    async fn list_proposals(&self, request: Request<ListProposalsRequest>) -> Result<Response<ListProposalsResponse>, Status> {
        let (caller, session) = (caller(&request)?, crate::gate::session(&request)?);
        let waiting_only = request.into_inner().waiting_only;
        let proposals = self.store.proposal_list(&caller, waiting_only, Utc::now()).await;
        let proposals = proposals.map_err(|error| refused("ListProposals", &error.into()))?.into_iter();
        let own = |proposal: &store::Proposal| Some(proposal.proposed_by_id) == caller.person_id();
        // A role that may decide something else shows nothing of this.
        let decides = |proposal: &store::Proposal| {
            let decider = self.may_decide(&caller, proposal, &session);
            decider.is_ok_and(|decider| decider.roots.iter().any(|unit| proposal.seen_from.contains(unit)))
        };
        let seen = proposals.filter(|proposal| own(proposal) || decides(proposal));
        Ok(Response::new(ListProposalsResponse { proposals: seen.map(self::proposal).collect() }))
    }

    async fn confirm_proposal(&self, request: Request<ConfirmProposalRequest>) -> Result<Response<Proposal>, Status> {
        let (caller, session, now) = (caller(&request)?, crate::gate::session(&request)?, Utc::now());
        let proposal_id = request.into_inner().proposal_id;
        caller.about(format!("proposal {proposal_id}"));
        let proposed = self.store.proposal(&caller, proposal_id, now).await.map_err(|error| refused("ConfirmProposal", &error))?;
        let caller = self.may_decide(&caller, &proposed, &session)?;
        let act = act(&proposed.method, &proposed.request)?;
        let decided = Decided::Confirmed(self.releasing.ready(&caller, act, &proposed, now).await?);
        let decided = self.store.proposal_decide(&caller, proposal_id, &decided, now).await;
        Ok(Response::new(proposal(decided.map_err(|error| refused("ConfirmProposal", &error))?)))
    }

    async fn refuse_proposal(&self, request: Request<RefuseProposalRequest>) -> Result<Response<Proposal>, Status> {
        let (caller, session, now) = (caller(&request)?, crate::gate::session(&request)?, Utc::now());
        let RefuseProposalRequest { proposal_id, reason } = request.into_inner();
        check(length_violation("reason", reason.trim(), 1, REASON_CHARACTERS_MAX).into_iter().collect())?;
        caller.about(format!("proposal {proposal_id}"));
        let proposed = self.store.proposal(&caller, proposal_id, now).await.map_err(|error| refused("RefuseProposal", &error))?;
        let caller =
            if Some(proposed.proposed_by_id) == caller.person_id() { caller } else { self.may_decide(&caller, &proposed, &session)? };
        let decided = Decided::Refused(reason.trim().replace('\0', ""));
        let decided = self.store.proposal_decide(&caller, proposal_id, &decided, now).await;
        Ok(Response::new(proposal(decided.map_err(|error| refused("RefuseProposal", &error))?)))
    }
}

fn proposal(proposal: store::Proposal) -> Proposal {
    let state = match proposal.state {
        store::ProposalState::Waiting => ProposalState::Waiting,
        store::ProposalState::Confirmed => ProposalState::Confirmed,
        store::ProposalState::Refused => ProposalState::Refused,
        store::ProposalState::Expired => ProposalState::Expired,
    };
    Proposal {
        proposal_id: proposal.proposal_id,
        method: proposal.method,
        request_json: proposal.request_json,
        state: state.into(),
        proposed_by: proposal.proposed_by,
        proposed_at: Some(instant(proposal.proposed_at)),
        decided_by: proposal.decided_by,
        decided_at: proposal.decided_at.map(instant),
        expires_at: Some(instant(proposal.expires_at)),
        reason: proposal.reason,
        result_id: proposal.result_id,
        first_approved_by: proposal.first_approved_by,
    }
}

#[cfg(test)]
mod tests {
    use super::act;
    use crate::gate::Rights;
    use crate::reason::Reason;
    use tonic_types::StatusExt;

    #[test]
    fn whatever_needs_a_second_person_has_an_act() {
        let rights = Rights::declared().unwrap();
        for (path, _) in rights.all().filter(|(_, rights)| rights.second_person) {
            let refused = act(path, &[]).err().and_then(|status| status.get_details_error_info());
            assert_ne!(refused.map(|info| info.reason).as_deref(), Some(Reason::NotDeclared.code()), "{path}");
        }
    }
}
