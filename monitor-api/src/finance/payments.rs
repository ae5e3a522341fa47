//! The service of payments.

use super::money_asked::{payment_asked, payments_asked, reverse_asked};
use super::money_shown::payment;
use super::refused;
use crate::alerts::store_failed;
use crate::gate::{asked, caller};
use chrono::Utc;
use proto::billing::payments_server::Payments;
use proto::billing::{
    BillId, GetBillIdRequest, ListPaymentsRequest, ListPaymentsResponse, Payment, RecordPaymentRequest, ReversePaymentRequest,
};
use store::Store;
use tonic::{Request, Response, Status};

/// Records, lists and reverses payments.
pub(crate) struct PaymentService {
    store: Store,
}

impl PaymentService {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }
}

#[tonic::async_trait]
impl Payments for PaymentService {
    async fn record_payment(&self, request: Request<RecordPaymentRequest>) -> Result<Response<Payment>, Status> {
        let (caller, asked) = asked(request)?;
        caller.about_wearer(&asked.wearer);
        let done = self.store.payment_record(&caller, &payment_asked(&asked, Utc::now())?).await;
        done.map(|done| Response::new(payment(done))).map_err(|error| refused("RecordPayment", &error))
    }

    async fn list_payments(&self, request: Request<ListPaymentsRequest>) -> Result<Response<ListPaymentsResponse>, Status> {
        let caller = caller(&request)?;
        let filter = payments_asked(&request.into_inner())?;
        caller.about_wearer(&filter.wearer);
        let payments = self.store.payment_list(&caller, &filter).await.map_err(|error| store_failed("ListPayments", &error))?;
        caller.about(format!("{} payments", payments.len()));
        let is_full = payments.len() == filter.limit as usize;
        let next_before_payment_id = payments.last().filter(|_| is_full).map_or(0, |last| last.payment_id);
        Ok(Response::new(ListPaymentsResponse { payments: payments.into_iter().map(payment).collect(), next_before_payment_id }))
    }

    async fn reverse_payment(&self, request: Request<ReversePaymentRequest>) -> Result<Response<Payment>, Status> {
        let (caller, asked) = asked(request)?;
        caller.about(format!("payment {}", asked.payment_id));
        let (waits_again, reason) = reverse_asked(&asked)?;
        let done = self.store.payment_reverse(&caller, asked.payment_id, waits_again, &reason).await;
        done.map(|done| Response::new(payment(done))).map_err(|error| refused("ReversePayment", &error))
    }

    async fn get_bill_id(&self, request: Request<GetBillIdRequest>) -> Result<Response<BillId>, Status> {
        let caller = caller(&request)?;
        let found = self.store.bill_id(&caller, &request.into_inner().wearer).await;
        let (bill_id, internal) = found.map_err(|error| refused("GetBillId", &error))?;
        Ok(Response::new(BillId { bill_id: bill_id.map(|bill_id| bill_id.to_string()).unwrap_or_default(), internal }))
    }
}
