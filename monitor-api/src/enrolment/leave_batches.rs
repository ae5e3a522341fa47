//! The service of leave for many at once.

use super::leave_asked::{approve_batch_asked, batch_page_asked, prepare_asked, reason};
use super::leave_shown::{batch, batch_page};
use super::refused;
use crate::alerts::store_failed;
use crate::gate::{asked, caller};
use access::Caller;
use chrono::Utc;
use enrolment::leave::BATCH_WEARERS_MAX;
use proto::enrolment::leave_batches_server::LeaveBatches;
use proto::enrolment::{
    ApproveLeaveBatchRequest, GetLeaveBatchRequest, LeaveBatch, ListLeaveBatchesRequest, ListLeaveBatchesResponse,
    PrepareLeaveBatchRequest, WithdrawLeaveBatchRequest,
};
use store::{EnrolmentError, Store};
use tonic::{Request, Response, Status};

/// Prepares, approves, withdraws and shows batches.
pub(crate) struct LeaveBatchService {
    store: Store,
}

impl LeaveBatchService {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }

    /// The whole batch, as it is after a change.
    async fn answer(
        &self,
        caller: &Caller,
        request: &'static str,
        changed: Result<i64, EnrolmentError>,
    ) -> Result<Response<LeaveBatch>, Status> {
        let told = |error| refused(request, &error);
        let page = self.store.leave_batch(caller, changed.map_err(told)?, false, (0, BATCH_WEARERS_MAX as u32)).await;
        Ok(Response::new(batch_page(page.map_err(told)?)))
    }
}

#[tonic::async_trait]
impl LeaveBatches for LeaveBatchService {
    async fn prepare_leave_batch(&self, request: Request<PrepareLeaveBatchRequest>) -> Result<Response<LeaveBatch>, Status> {
        let (caller, asked) = asked(request)?;
        let now = Utc::now();
        let prepared = self.store.leave_batch_prepare(&caller, &prepare_asked(&asked, now)?, now).await;
        self.answer(&caller, "PrepareLeaveBatch", prepared).await
    }

    async fn approve_leave_batch(&self, request: Request<ApproveLeaveBatchRequest>) -> Result<Response<LeaveBatch>, Status> {
        let (caller, asked) = asked(request)?;
        caller.about(format!("leave batch {}", asked.batch_id));
        let approved = self.store.leave_batch_approve(&caller, &approve_batch_asked(&asked)?, Utc::now()).await;
        self.answer(&caller, "ApproveLeaveBatch", approved.map(|()| asked.batch_id)).await
    }

    async fn withdraw_leave_batch(&self, request: Request<WithdrawLeaveBatchRequest>) -> Result<Response<LeaveBatch>, Status> {
        let (caller, asked) = asked(request)?;
        caller.about(format!("leave batch {}", asked.batch_id));
        let which = (asked.batch_id, asked.expected_version);
        let withdrawn = self.store.leave_batch_withdraw(&caller, which, &reason(&asked.reason)?, Utc::now()).await;
        self.answer(&caller, "WithdrawLeaveBatch", withdrawn.map(|()| asked.batch_id)).await
    }

    async fn get_leave_batch(&self, request: Request<GetLeaveBatchRequest>) -> Result<Response<LeaveBatch>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        caller.about(format!("leave batch {}", asked.batch_id));
        let page = self.store.leave_batch(&caller, asked.batch_id, asked.hindered_only, batch_page_asked(&asked)?).await;
        Ok(Response::new(batch_page(page.map_err(|error| refused("GetLeaveBatch", &error))?)))
    }

    async fn list_leave_batches(&self, request: Request<ListLeaveBatchesRequest>) -> Result<Response<ListLeaveBatchesResponse>, Status> {
        let caller = caller(&request)?;
        let batches = self.store.leave_batch_list(&caller).await.map_err(|error| store_failed("ListLeaveBatches", &error))?;
        caller.about(format!("{} leave batches", batches.len()));
        Ok(Response::new(ListLeaveBatchesResponse { batches: batches.into_iter().map(batch).collect() }))
    }
}
