//! The service of legal holds.

use super::asked::hold_asked;
use crate::accounts::{instant, refused};
use crate::alerts::store_failed;
use crate::gate::{asked, caller};
use crate::proposals::Proposing;
use chrono::Utc;
use proto::access::Proposal;
use proto::custody::holds_server::Holds;
use proto::custody::{Hold, LiftHoldRequest, ListHoldsRequest, ListHoldsResponse, PlaceHoldRequest};
use store::{HoldFilter, Store};
use tonic::{Request, Response, Status};

const LIFT_HOLD: &str = "/paband.custody.v1.Holds/LiftHold";

/// Places, lists and proposes to lift.
pub(crate) struct HoldService {
    store: Store,
    proposing: Proposing,
}

impl HoldService {
    pub(crate) fn new(store: Store, proposing: Proposing) -> Self {
        Self { store, proposing }
    }
}

#[tonic::async_trait]
impl Holds for HoldService {
    async fn place_hold(&self, request: Request<PlaceHoldRequest>) -> Result<Response<Hold>, Status> {
        let (caller, asked) = asked(request)?;
        caller.about_wearer(&asked.wearer);
        let placed = self.store.hold_place(&caller, &hold_asked(asked)?, Utc::now()).await;
        Ok(Response::new(hold(placed.map_err(|error| refused("PlaceHold", &error))?)))
    }

    async fn lift_hold(&self, request: Request<LiftHoldRequest>) -> Result<Response<Proposal>, Status> {
        self.proposing.propose(LIFT_HOLD, request).await
    }

    async fn list_holds(&self, request: Request<ListHoldsRequest>) -> Result<Response<ListHoldsResponse>, Status> {
        let caller = caller(&request)?;
        let ListHoldsRequest { wearer, standing_only } = request.into_inner();
        caller.about_wearer(&wearer);
        let filter = HoldFilter { wearer: wearer.replace('\0', ""), standing_only };
        let holds = self.store.hold_list(&caller, &filter).await.map_err(|error| store_failed("ListHolds", &error))?;
        caller.about(format!("{} holds", holds.len()));
        Ok(Response::new(ListHoldsResponse { holds: holds.into_iter().map(hold).collect() }))
    }
}

fn hold(hold: store::Hold) -> Hold {
    let order = hold.order;
    Hold {
        hold_id: hold.hold_id,
        wearer: order.wearer,
        from: Some(instant(order.from)),
        to: order.to.map(instant),
        authority: order.authority,
        letter_number: order.letter_number,
        reason: order.reason,
        placed_by: hold.placed_by,
        placed_at: Some(instant(hold.placed_at)),
        lifted_at: hold.lifted_at.map(instant),
    }
}
