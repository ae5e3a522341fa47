//! The service of refunds.

use super::money_asked::{account_asked, due_asked, refund_asked, refunds_asked, text};
use super::money_shown::{refund, refund_account, refund_due};
use super::refused;
use crate::alerts::store_failed;
use crate::fields::{NUMBER_MAX, REASON_MAX};
use crate::gate::{asked, caller};
use chrono::Utc;
use proto::billing::refunds_server::Refunds;
use proto::billing::{
    ApproveRefundRequest, GetRefundAccountRequest, ListRefundsDueRequest, ListRefundsDueResponse, ListRefundsRequest, ListRefundsResponse,
    MarkRefundReturnedRequest, MarkRefundSentRequest, Refund, RefundAccount, RefuseRefundRequest, RequestRefundRequest,
    SetRefundAccountRequest,
};
use store::{BooksError, MoneyRefusal, Store};
use tonic::{Request, Response, Status};

/// Requests, approves, refuses and lists refunds; records to which accounts they go.
pub(crate) struct RefundService {
    store: Store,
}

impl RefundService {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }
}

fn shown(request: &'static str, done: Result<store::Refund, BooksError>) -> Result<Response<Refund>, Status> {
    done.map(|done| Response::new(refund(done))).map_err(|error| refused(request, &error))
}

#[tonic::async_trait]
impl Refunds for RefundService {
    async fn set_refund_account(&self, request: Request<SetRefundAccountRequest>) -> Result<Response<RefundAccount>, Status> {
        let (caller, asked) = asked(request)?;
        let done = self.store.refund_account_set(&caller, &account_asked(&asked)?).await;
        done.map(|done| Response::new(refund_account(done))).map_err(|error| refused("SetRefundAccount", &error))
    }

    async fn get_refund_account(&self, request: Request<GetRefundAccountRequest>) -> Result<Response<RefundAccount>, Status> {
        let caller = caller(&request)?;
        let wearer = request.into_inner().wearer;
        caller.about_wearer(&wearer);
        let found = self.store.refund_account(&caller, &wearer).await;
        let found = found.and_then(|found| found.ok_or_else(|| MoneyRefusal::NoRefundAccount.into()));
        found.map(|found| Response::new(refund_account(found))).map_err(|error| refused("GetRefundAccount", &error))
    }

    async fn list_refunds_due(&self, request: Request<ListRefundsDueRequest>) -> Result<Response<ListRefundsDueResponse>, Status> {
        let caller = caller(&request)?;
        let (unit, limit) = due_asked(&request.into_inner())?;
        let found = self.store.refunds_due(&caller, &unit, limit, Utc::now()).await;
        let (due, total) = found.map_err(|error| refused("ListRefundsDue", &error))?;
        caller.about(format!("{} refunds that are due", due.len()));
        Ok(Response::new(ListRefundsDueResponse { due: due.into_iter().map(refund_due).collect(), total }))
    }

    async fn request_refund(&self, request: Request<RequestRefundRequest>) -> Result<Response<Refund>, Status> {
        let (caller, asked) = asked(request)?;
        caller.about_wearer(&asked.wearer);
        shown("RequestRefund", self.store.refund_request(&caller, &refund_asked(&asked)?).await)
    }

    async fn approve_refund(&self, request: Request<ApproveRefundRequest>) -> Result<Response<Refund>, Status> {
        let (caller, asked) = asked(request)?;
        caller.about(format!("refund {}", asked.refund_id));
        shown("ApproveRefund", self.store.refund_approve(&caller, (asked.refund_id, asked.expected_version)).await)
    }

    async fn mark_refund_sent(&self, request: Request<MarkRefundSentRequest>) -> Result<Response<Refund>, Status> {
        let (caller, asked) = asked(request)?;
        caller.about(format!("refund {}", asked.refund_id));
        let bank_reference = text("bank_reference", &asked.bank_reference, NUMBER_MAX)?;
        shown("MarkRefundSent", self.store.refund_sent(&caller, (asked.refund_id, asked.expected_version), &bank_reference).await)
    }

    async fn mark_refund_returned(&self, request: Request<MarkRefundReturnedRequest>) -> Result<Response<Refund>, Status> {
        let (caller, asked) = asked(request)?;
        caller.about(format!("refund {}", asked.refund_id));
        let reason = text("reason", &asked.reason, REASON_MAX)?;
        let done = self.store.refund_returned(&caller, (asked.refund_id, asked.expected_version), asked.line_id, &reason).await;
        shown("MarkRefundReturned", done)
    }

    async fn refuse_refund(&self, request: Request<RefuseRefundRequest>) -> Result<Response<Refund>, Status> {
        let (caller, asked) = asked(request)?;
        caller.about(format!("refund {}", asked.refund_id));
        let reason = text("reason", &asked.reason, REASON_MAX)?;
        shown("RefuseRefund", self.store.refund_refuse(&caller, (asked.refund_id, asked.expected_version), &reason).await)
    }

    async fn list_refunds(&self, request: Request<ListRefundsRequest>) -> Result<Response<ListRefundsResponse>, Status> {
        let caller = caller(&request)?;
        let filter = refunds_asked(&request.into_inner())?;
        caller.about_wearer(&filter.wearer);
        let refunds = self.store.refund_list(&caller, &filter).await.map_err(|error| store_failed("ListRefunds", &error))?;
        caller.about(format!("{} refunds", refunds.len()));
        let is_full = refunds.len() == filter.limit as usize;
        let next_before_refund_id = refunds.last().filter(|_| is_full).map_or(0, |last| last.refund_id);
        Ok(Response::new(ListRefundsResponse { refunds: refunds.into_iter().map(refund).collect(), next_before_refund_id }))
    }
}
