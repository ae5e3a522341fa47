//! The service of price classes, waivers, required deposits, and corrections of days and fees.

use super::refused;
use super::relief_asked::{class_asked, deposit_asked, end_asked, fee_asked, suspension_asked, waiver_asked};
use super::relief_shown::relief;
use crate::gate::{asked, caller};
use crate::proposals::Proposing;
use chrono::Utc;
use proto::access::Proposal;
use proto::billing::relief_server::Relief;
use proto::billing::{
    CorrectFeeRequest, EndReliefRequest, GrantClassRequest, GrantSuspensionRequest, GrantWaiverRequest, GrantedRelief, ListReliefRequest,
    ListReliefResponse, RequireDepositRequest,
};
use store::{Act, Store};
use tonic::{Request, Response, Status};

const GRANT_CLASS: &str = "/paband.billing.v1.Relief/GrantClass";
const GRANT_WAIVER: &str = "/paband.billing.v1.Relief/GrantWaiver";
const GRANT_SUSPENSION: &str = "/paband.billing.v1.Relief/GrantSuspension";
const CORRECT_FEE: &str = "/paband.billing.v1.Relief/CorrectFee";
const REQUIRE_DEPOSIT: &str = "/paband.billing.v1.Relief/RequireDeposit";

/// Takes proposals of relief, ends it, and shows it.
pub(crate) struct ReliefService {
    store: Store,
    proposing: Proposing,
}

impl ReliefService {
    pub(crate) fn new(store: Store, proposing: Proposing) -> Self {
        Self { store, proposing }
    }
}

#[tonic::async_trait]
impl Relief for ReliefService {
    async fn grant_class(&self, request: Request<GrantClassRequest>) -> Result<Response<Proposal>, Status> {
        self.proposing.propose(GRANT_CLASS, request).await
    }

    async fn grant_waiver(&self, request: Request<GrantWaiverRequest>) -> Result<Response<Proposal>, Status> {
        self.proposing.propose(GRANT_WAIVER, request).await
    }

    async fn grant_suspension(&self, request: Request<GrantSuspensionRequest>) -> Result<Response<Proposal>, Status> {
        self.proposing.propose(GRANT_SUSPENSION, request).await
    }

    async fn correct_fee(&self, request: Request<CorrectFeeRequest>) -> Result<Response<Proposal>, Status> {
        self.proposing.propose(CORRECT_FEE, request).await
    }

    async fn require_deposit(&self, request: Request<RequireDepositRequest>) -> Result<Response<Proposal>, Status> {
        self.proposing.propose(REQUIRE_DEPOSIT, request).await
    }

    async fn end_relief(&self, request: Request<EndReliefRequest>) -> Result<Response<GrantedRelief>, Status> {
        let (caller, asked) = asked(request)?;
        caller.about(format!("relief {}", asked.relief_id));
        let (at, reason) = end_asked(&asked)?;
        let done = self.store.relief_end(&caller, asked.relief_id, (at, &reason)).await;
        done.map(|done| Response::new(relief(done))).map_err(|error| refused("EndRelief", &error))
    }

    async fn list_relief(&self, request: Request<ListReliefRequest>) -> Result<Response<ListReliefResponse>, Status> {
        let caller = caller(&request)?;
        let found = self.store.relief_list(&caller, &request.into_inner().wearer).await;
        let found = found.map_err(|error| refused("ListRelief", &error))?;
        Ok(Response::new(ListReliefResponse { reliefs: found.into_iter().map(relief).collect() }))
    }
}

/// What a proposal of a class means.
pub(crate) fn class_act(asked: &GrantClassRequest) -> Result<Act, Status> {
    class_asked(asked, Utc::now()).map(Act::GrantRelief)
}

/// What a proposal of a waiver means.
pub(crate) fn waiver_act(asked: &GrantWaiverRequest) -> Result<Act, Status> {
    waiver_asked(asked, Utc::now()).map(Act::GrantRelief)
}

/// What a proposal of a suspension means.
pub(crate) fn suspension_act(asked: &GrantSuspensionRequest) -> Result<Act, Status> {
    suspension_asked(asked, Utc::now()).map(Act::GrantRelief)
}

/// What a proposal to correct a fee means.
pub(crate) fn fee_act(asked: &CorrectFeeRequest) -> Result<Act, Status> {
    fee_asked(asked, Utc::now()).map(Act::GrantRelief)
}

/// What a proposal of a required deposit means.
pub(crate) fn deposit_act(asked: &RequireDepositRequest) -> Result<Act, Status> {
    deposit_asked(asked, Utc::now()).map(Act::GrantRelief)
}
