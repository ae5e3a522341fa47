//! The service of what was recorded of orders after they were closed.

use super::shown::{day, page_asked};
use super::{money, refused};
use crate::accounts::instant;
use crate::fields::{Fields, REASON_MAX, REFERENCE_MAX};
use crate::gate::{asked, caller};
use crate::proposals::Proposing;
use chrono::Utc;
use proto::access::Proposal;
use proto::billing as schema;
use proto::billing::late_facts_server::LateFacts;
use proto::billing::{ApproveLateFactRequest, ListLateFactsRequest, ListLateFactsResponse, RefuseLateFactRequest, RefuseLateFactResponse};
use store::{Act, LateApproval, LateFact, LateFilter, LateKind, Store};
use tonic::{Request, Response, Status};

const APPROVE_LATE_FACT: &str = "/paband.billing.v1.LateFacts/ApproveLateFact";

/// Lists late facts, refuses them, and takes proposals to approve them.
pub(crate) struct LateFactService {
    store: Store,
    proposing: Proposing,
}

impl LateFactService {
    pub(crate) fn new(store: Store, proposing: Proposing) -> Self {
        Self { store, proposing }
    }
}

#[tonic::async_trait]
impl LateFacts for LateFactService {
    async fn list_late_facts(&self, request: Request<ListLateFactsRequest>) -> Result<Response<ListLateFactsResponse>, Status> {
        let caller = caller(&request)?;
        let filter = filter_asked(&request.into_inner())?;
        if !filter.wearer.is_empty() {
            caller.about_wearer(&filter.wearer);
        }
        let found = self.store.late_facts(&caller, &filter, Utc::now()).await;
        let (late, next_after) = found.map_err(|error| refused("ListLateFacts", &error))?;
        caller.about(format!("{} late facts", late.len()));
        Ok(Response::new(ListLateFactsResponse { late_facts: late.into_iter().map(late_fact).collect(), next_after }))
    }

    async fn approve_late_fact(&self, request: Request<ApproveLateFactRequest>) -> Result<Response<Proposal>, Status> {
        self.proposing.propose(APPROVE_LATE_FACT, request).await
    }

    async fn refuse_late_fact(&self, request: Request<RefuseLateFactRequest>) -> Result<Response<RefuseLateFactResponse>, Status> {
        let (caller, asked) = asked(request)?;
        let decided = decided_asked(&asked.wearer, &asked.fact, &asked.reason)?;
        let done = self.store.late_fact_refuse(&caller, &decided).await;
        done.map(|()| Response::new(RefuseLateFactResponse {})).map_err(|error| refused("RefuseLateFact", &error))
    }
}

/// What a proposal to approve a late fact means.
pub(crate) fn late_fact_act(asked: &ApproveLateFactRequest) -> Result<Act, Status> {
    decided_asked(&asked.wearer, &asked.fact, &asked.reason).map(Act::ApproveLateFact)
}

fn decided_asked(wearer: &str, fact: &str, reason: &str) -> Result<LateApproval, Status> {
    let mut fields = Fields::default();
    let decided = LateApproval {
        wearer: fields.text("wearer", wearer, REFERENCE_MAX),
        fact: fields.text("fact", fact, REFERENCE_MAX),
        reason: fields.text("reason", reason, REASON_MAX),
    };
    fields.check().map(|()| decided)
}

fn filter_asked(asked: &ListLateFactsRequest) -> Result<LateFilter, Status> {
    let mut fields = Fields::default();
    let wearer = fields.optional_text("wearer", &asked.wearer, REFERENCE_MAX);
    let unit = fields.optional_text("unit", &asked.unit, REFERENCE_MAX);
    let limit = page_asked(&mut fields, asked.page_size);
    fields.check()?;
    Ok(LateFilter { wearer, unit, after: asked.after, limit })
}

fn late_fact(late: LateFact) -> schema::LateFact {
    let kind = match late.kind {
        LateKind::Leave => schema::LateFactKind::Leave,
        LateKind::LeaveEnded => schema::LateFactKind::LeaveEnded,
        LateKind::Suspension => schema::LateFactKind::Suspension,
        LateKind::SuspensionChanged => schema::LateFactKind::SuspensionChanged,
        LateKind::Relief => schema::LateFactKind::Relief,
        LateKind::ReliefEnded => schema::LateFactKind::ReliefEnded,
        LateKind::Fee => schema::LateFactKind::Fee,
        LateKind::FeeTakenBack => schema::LateFactKind::FeeTakenBack,
    };
    let (refused_by, refused_at, refuse_reason) =
        late.refused.map(|refused| (refused.by, Some(instant(refused.at.utc())), refused.reason)).unwrap_or_default();
    schema::LateFact {
        wearer: late.wearer,
        fact: late.fact,
        kind: kind.into(),
        from: Some(instant(late.span.from.utc())),
        to: late.span.to.map(|to| instant(to.utc())),
        order_id: late.order_id,
        closed_at: Some(instant(late.closed_at.utc())),
        recorded_at: Some(instant(late.recorded_at.utc())),
        approve_until: Some(day(late.last_day)),
        too_late: late.is_too_late,
        change: Some(money(late.change)),
        refused_by,
        refused_at,
        refuse_reason,
    }
}
