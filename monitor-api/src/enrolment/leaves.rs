//! The service of single leaves, and of who came back.

use super::leave_asked::{approve_asked, end_early_asked, list_asked, refuse_asked, request_asked, returns_asked, withdraw_asked};
use super::leave_shown::{leave, returns};
use super::refused;
use crate::alerts::store_failed;
use crate::gate::{asked, caller};
use chrono::Utc;
use proto::enrolment::leaves_server::Leaves;
use proto::enrolment::{
    ApproveLeaveRequest, EndLeaveEarlyRequest, GetLeaveRequest, Leave, ListLeavesRequest, ListLeavesResponse, ListReturnsRequest,
    ListReturnsResponse, RefuseLeaveRequest, RequestLeaveRequest, WithdrawLeaveRequest,
};
use store::{EnrolmentError, Store};
use tonic::{Request, Response, Status};

/// Requests, decides, ends and lists leaves.
pub(crate) struct LeaveService {
    store: Store,
}

impl LeaveService {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }
}

fn shown(request: &'static str, done: Result<store::Leave, EnrolmentError>) -> Result<Response<Leave>, Status> {
    done.map(|done| Response::new(leave(done))).map_err(|error| refused(request, &error))
}

#[tonic::async_trait]
impl Leaves for LeaveService {
    async fn request_leave(&self, request: Request<RequestLeaveRequest>) -> Result<Response<Leave>, Status> {
        let (caller, asked) = asked(request)?;
        caller.about_wearer(&asked.wearer);
        let now = Utc::now();
        shown("RequestLeave", self.store.leave_request(&caller, &request_asked(&asked, now)?, now).await)
    }

    async fn approve_leave(&self, request: Request<ApproveLeaveRequest>) -> Result<Response<Leave>, Status> {
        let (caller, asked) = asked(request)?;
        caller.about(format!("leave {}", asked.leave_id));
        shown("ApproveLeave", self.store.leave_approve(&caller, &approve_asked(&asked)?, Utc::now()).await)
    }

    async fn refuse_leave(&self, request: Request<RefuseLeaveRequest>) -> Result<Response<Leave>, Status> {
        let (caller, asked) = asked(request)?;
        caller.about(format!("leave {}", asked.leave_id));
        let (decision, reason) = refuse_asked(&asked)?;
        let which = (asked.leave_id, asked.expected_version);
        shown("RefuseLeave", self.store.leave_refuse(&caller, which, &decision, &reason, Utc::now()).await)
    }

    async fn withdraw_leave(&self, request: Request<WithdrawLeaveRequest>) -> Result<Response<Leave>, Status> {
        let (caller, asked) = asked(request)?;
        caller.about(format!("leave {}", asked.leave_id));
        shown("WithdrawLeave", self.store.leave_end(&caller, &withdraw_asked(&asked)?, Utc::now()).await)
    }

    async fn end_leave_early(&self, request: Request<EndLeaveEarlyRequest>) -> Result<Response<Leave>, Status> {
        let (caller, asked) = asked(request)?;
        caller.about(format!("leave {}", asked.leave_id));
        shown("EndLeaveEarly", self.store.leave_end(&caller, &end_early_asked(&asked)?, Utc::now()).await)
    }

    async fn get_leave(&self, request: Request<GetLeaveRequest>) -> Result<Response<Leave>, Status> {
        let caller = caller(&request)?;
        let leave_id = request.into_inner().leave_id;
        caller.about(format!("leave {leave_id}"));
        shown("GetLeave", self.store.leave(&caller, leave_id).await)
    }

    async fn list_leaves(&self, request: Request<ListLeavesRequest>) -> Result<Response<ListLeavesResponse>, Status> {
        let caller = caller(&request)?;
        let filter = list_asked(&request.into_inner())?;
        caller.about_wearer(&filter.wearer);
        let leaves = self.store.leave_list(&caller, &filter).await.map_err(|error| store_failed("ListLeaves", &error))?;
        caller.about(format!("{} leaves", leaves.len()));
        let is_full = leaves.len() == filter.limit as usize;
        let next_before_leave_id = leaves.last().filter(|_| is_full).map_or(0, |last| last.leave_id);
        Ok(Response::new(ListLeavesResponse { leaves: leaves.into_iter().map(leave).collect(), next_before_leave_id }))
    }

    async fn list_returns(&self, request: Request<ListReturnsRequest>) -> Result<Response<ListReturnsResponse>, Status> {
        let caller = caller(&request)?;
        let filter = returns_asked(&request.into_inner())?;
        let page = self.store.leave_returns(&caller, &filter, Utc::now()).await.map_err(|error| store_failed("ListReturns", &error))?;
        caller.about(format!("{} returns", page.returns.len()));
        Ok(Response::new(returns(page)))
    }
}
