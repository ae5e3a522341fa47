//! The service of the switches of the billing policy.

use super::looks::broken;
use super::refused;
use super::runs_asked::{POLICY_MAX, policy_asked};
use crate::fields::Fields;
use crate::gate::caller;
use crate::proposals::Proposing;
use proto::access::Proposal;
use proto::billing::policies_server::Policies;
use proto::billing::{GetPolicyRequest, Policy, ProposePolicyRequest};
use store::{Act, Store};
use tonic::{Request, Response, Status};

const PROPOSE_POLICY: &str = "/paband.billing.v1.Policies/ProposePolicy";

/// Shows the switches, and takes proposals of others.
pub(crate) struct PolicyService {
    store: Store,
    proposing: Proposing,
}

impl PolicyService {
    pub(crate) fn new(store: Store, proposing: Proposing) -> Self {
        Self { store, proposing }
    }
}

#[tonic::async_trait]
impl Policies for PolicyService {
    async fn get_policy(&self, request: Request<GetPolicyRequest>) -> Result<Response<Policy>, Status> {
        caller(&request)?;
        let row = self.store.billing_policy().await.map_err(|error| refused("GetPolicy", &error))?;
        let switches = serde_json::to_string(&row.policy).map_err(|_| broken())?;
        Ok(Response::new(Policy { switches, set_by: row.set_by, fixed: row.is_fixed }))
    }

    async fn propose_policy(&self, request: Request<ProposePolicyRequest>) -> Result<Response<Proposal>, Status> {
        self.proposing.propose(PROPOSE_POLICY, request).await
    }
}

/// What a proposal of other switches means.
pub(crate) fn policy_act(asked: &ProposePolicyRequest) -> Result<Act, Status> {
    let mut fields = Fields::default();
    let switches = fields.text("switches", &asked.switches, POLICY_MAX);
    let policy = policy_asked(&mut fields, "switches", &switches);
    fields.check()?;
    policy.map(Act::SetPolicy).ok_or_else(broken)
}
