//! The service of orders.

use super::order_asked::{cancellation_asked, cause_asked, entry_asked, order_asked, terms_asked};
use super::{refused, tehran_day};
use crate::accounts::{instant, page_size_violation};
use crate::alerts::store_failed;
use crate::fields::{Fields, REFERENCE_MAX, date, decision};
use crate::gate::{asked, caller};
use crate::proposals::Proposing;
use crate::status::check;
use access::Caller;
use chrono::{DateTime, Utc};
use proto::access::Proposal;
use proto::enrolment::cancel_order_fact_response::Done;
use proto::enrolment::orders_server::Orders;
use proto::enrolment::{
    self as schema, CancelOrderFactRequest, CancelOrderFactResponse, EndOrderRequest, ListOrdersRequest, ListOrdersResponse,
    ListOverdueOrdersRequest, ListOverdueOrdersResponse, Order, OrderEntry, OrderFact, OverdueOrder, RecordOrderRequest,
    ResumeOrderRequest, RevokeOrderRequest, SuspendOrderRequest, VaryOrderRequest,
};
use store::{Act, EnrolmentError, FactCancelled, LegalBasis, OrderSaying, OrderState, OrderTerms, Regime, Store, SuspensionCause};
use tonic::{Request, Response, Status};

const CANCEL_ORDER_FACT: &str = "/paband.enrolment.v1.Orders/CancelOrderFact";

/// Orders in one answer if the caller does not say.
const PAGE_UNSAID: u32 = 100;

/// Records and lists.
pub(crate) struct OrderService {
    store: Store,
    proposing: Proposing,
}

impl OrderService {
    pub(crate) fn new(store: Store, proposing: Proposing) -> Self {
        Self { store, proposing }
    }

    async fn order(&self, order_id: i64) -> Result<Order, Status> {
        let order = self.store.order_of_number(order_id).await.map_err(|error| refused("order", &error))?;
        Ok(shown(order, Utc::now()))
    }

    /// Records a later entry.
    async fn enter(
        &self,
        caller: &Caller,
        mut fields: Fields,
        entry: Option<&OrderEntry>,
        saying: OrderSaying,
    ) -> Result<Response<Order>, Status> {
        let now = Utc::now();
        let fact = entry_asked(&mut fields, entry, saying, now);
        fields.check()?;
        caller.about(format!("order {}", fact.order_id));
        let order_id = self.store.order_continue(caller, &fact, now).await.map_err(|error| refused("order entry", &error))?;
        self.order(order_id).await.map(Response::new)
    }

    async fn proposed(&self, caller: &Caller, asked: &CancelOrderFactRequest) -> Result<Proposal, Status> {
        self.proposing.propose_asked(CANCEL_ORDER_FACT, caller, asked).await
    }
}

#[tonic::async_trait]
impl Orders for OrderService {
    async fn record_order(&self, request: Request<RecordOrderRequest>) -> Result<Response<Order>, Status> {
        let (caller, asked) = asked(request)?;
        caller.about_wearer(&asked.wearer);
        let (mut fields, now) = (Fields::default(), Utc::now());
        let new = order_asked(&mut fields, &asked, now);
        fields.check()?;
        let order_id = self.store.order_begin(&caller, &new, now).await.map_err(|error| refused("RecordOrder", &error))?;
        self.order(order_id).await.map(Response::new)
    }

    async fn vary_order(&self, request: Request<VaryOrderRequest>) -> Result<Response<Order>, Status> {
        let (caller, asked) = asked(request)?;
        let mut fields = Fields::default();
        let terms = terms_asked(&mut fields, asked.terms.as_ref());
        self.enter(&caller, fields, asked.entry.as_ref(), OrderSaying::Variation(terms)).await
    }

    async fn suspend_order(&self, request: Request<SuspendOrderRequest>) -> Result<Response<Order>, Status> {
        let (caller, asked) = asked(request)?;
        let mut fields = Fields::default();
        let cause = cause_asked(&mut fields, asked.cause);
        self.enter(&caller, fields, asked.entry.as_ref(), OrderSaying::Suspension(cause)).await
    }

    async fn resume_order(&self, request: Request<ResumeOrderRequest>) -> Result<Response<Order>, Status> {
        let (caller, asked) = asked(request)?;
        self.enter(&caller, Fields::default(), asked.entry.as_ref(), OrderSaying::Resumption).await
    }

    async fn revoke_order(&self, request: Request<RevokeOrderRequest>) -> Result<Response<Order>, Status> {
        let (caller, asked) = asked(request)?;
        self.enter(&caller, Fields::default(), asked.entry.as_ref(), OrderSaying::Revocation).await
    }

    async fn end_order(&self, request: Request<EndOrderRequest>) -> Result<Response<Order>, Status> {
        let (caller, asked) = asked(request)?;
        self.enter(&caller, Fields::default(), asked.entry.as_ref(), OrderSaying::End).await
    }

    async fn cancel_order_fact(&self, request: Request<CancelOrderFactRequest>) -> Result<Response<CancelOrderFactResponse>, Status> {
        let (caller, asked) = asked(request)?;
        let mut fields = Fields::default();
        let cancellation = cancellation_asked(&mut fields, &asked);
        fields.check()?;
        caller.about(format!("fact {}", cancellation.fact_id));
        let done = match self.store.order_fact_cancel(&caller, &cancellation, Utc::now()).await {
            Ok(FactCancelled::Done(order_id)) => Done::Order(self.order(order_id).await?),
            // Proposed before under the same key: proposing again finds it.
            Ok(FactCancelled::Proposed(_)) | Err(EnrolmentError::SecondPersonNeeded) => {
                Done::Proposal(self.proposed(&caller, &asked).await?)
            }
            Err(error) => return Err(refused("CancelOrderFact", &error)),
        };
        Ok(Response::new(CancelOrderFactResponse { done: Some(done) }))
    }

    async fn list_orders(&self, request: Request<ListOrdersRequest>) -> Result<Response<ListOrdersResponse>, Status> {
        let caller = caller(&request)?;
        let mut fields = Fields::default();
        let wearer = fields.text("wearer", &request.into_inner().wearer, REFERENCE_MAX);
        fields.check()?;
        caller.about_wearer(&wearer);
        let orders = self.store.order_list(&caller, &wearer).await.map_err(|error| refused("ListOrders", &error))?;
        let now = Utc::now();
        Ok(Response::new(ListOrdersResponse { orders: orders.into_iter().map(|order| shown(order, now)).collect() }))
    }

    async fn list_overdue_orders(&self, request: Request<ListOverdueOrdersRequest>) -> Result<Response<ListOverdueOrdersResponse>, Status> {
        let caller = caller(&request)?;
        let page_size = request.into_inner().page_size;
        check(page_size_violation(page_size).into_iter().collect())?;
        let limit = if page_size == 0 { PAGE_UNSAID } else { page_size };
        let (now, today) = (Utc::now(), tehran_day(Utc::now()));
        let listed = self.store.order_overdue_list(&caller, now, today, limit).await;
        let listed = listed.map_err(|error| store_failed("ListOverdueOrders", &error))?;
        caller.about(format!("{} orders", listed.len()));
        let overdue = |order: store::OverdueOrder| OverdueOrder {
            order_id: order.order_id,
            wearer: order.wearer,
            name: order.name,
            unit: order.unit,
            planned_end: Some(date(order.planned_end)),
            days: (today - order.planned_end).num_days(),
            monitored: order.is_monitored,
        };
        Ok(Response::new(ListOverdueOrdersResponse { orders: listed.into_iter().map(overdue).collect() }))
    }
}

/// The act that a proposed cancellation means.
pub(crate) fn cancellation_act(asked: &CancelOrderFactRequest) -> Result<Act, Status> {
    let mut fields = Fields::default();
    let cancellation = cancellation_asked(&mut fields, asked);
    fields.check().map(|()| Act::CancelOrderFact(cancellation))
}

fn shown(order: store::Order, now: DateTime<Utc>) -> Order {
    let state = match order.state(now) {
        OrderState::Ahead => schema::OrderState::Ahead,
        OrderState::InForce => schema::OrderState::InForce,
        OrderState::Suspended => schema::OrderState::Suspended,
        OrderState::Over => schema::OrderState::Over,
        OrderState::Void => schema::OrderState::Void,
    };
    let (begins_at, ends_at) = order.period();
    Order {
        state: state.into(),
        terms: order.terms(now).map(terms),
        begins_at: begins_at.map(instant),
        begins_on: begins_at.map(|at| date(tehran_day(at))),
        ends_at: ends_at.map(instant),
        ends_on: ends_at.map(|at| date(tehran_day(at))),
        order_id: order.order_id,
        wearer: order.wearer,
        version: order.version,
        facts: order.facts.into_iter().map(fact).collect(),
        recorded_under: order.recorded_under,
    }
}

fn fact(fact: store::OrderFact) -> OrderFact {
    use schema::OrderFactKind as Kind;
    let (kind, said, cause) = match fact.saying {
        OrderSaying::New(said) => (Kind::New, Some(said), None),
        OrderSaying::Variation(said) => (Kind::Variation, Some(said), None),
        OrderSaying::Suspension(cause) => (Kind::Suspension, None, Some(cause)),
        OrderSaying::Resumption => (Kind::Resumption, None, None),
        OrderSaying::Revocation => (Kind::Revocation, None, None),
        OrderSaying::End => (Kind::End, None, None),
    };
    let cause = match cause {
        None => schema::SuspensionCause::Unspecified,
        Some(SuspensionCause::Hospital) => schema::SuspensionCause::Hospital,
        Some(SuspensionCause::Prison) => schema::SuspensionCause::Prison,
        Some(SuspensionCause::Other) => schema::SuspensionCause::Other,
    };
    let cancelled_at = fact.cancelled.as_ref().map(|cancelled| cancelled.at);
    let (cancelled_by, cancel_reason) = fact.cancelled.map(|cancelled| (cancelled.by, cancelled.reason)).unwrap_or_default();
    OrderFact {
        fact_id: fact.fact_id,
        number: fact.number,
        kind: kind.into(),
        at: Some(instant(fact.at)),
        at_day: Some(date(tehran_day(fact.at))),
        recorded_at: Some(instant(fact.recorded_at)),
        recorded_on: Some(date(tehran_day(fact.recorded_at))),
        recorded_by: fact.recorded_by,
        decision: Some(decision(fact.decision)),
        terms: said.map(terms),
        cause: cause.into(),
        note: fact.note,
        cancelled_at: cancelled_at.map(instant),
        cancelled_on: cancelled_at.map(|at| date(tehran_day(at))),
        cancelled_by,
        cancel_reason,
    }
}

fn terms(terms: OrderTerms) -> schema::OrderTerms {
    let legal_basis = match terms.legal_basis {
        LegalBasis::Ipc62 => schema::LegalBasis::Ipc62,
        LegalBasis::Cpc553 => schema::LegalBasis::Cpc553,
        LegalBasis::Cpc217 => schema::LegalBasis::Cpc217,
        LegalBasis::Bylaw191 => schema::LegalBasis::Bylaw191,
        LegalBasis::Other => schema::LegalBasis::Other,
    };
    let regime = match terms.regime {
        Regime::Tag => schema::Regime::Tag,
        Regime::House => schema::Regime::House,
    };
    schema::OrderTerms {
        legal_basis: legal_basis.into(),
        regime: regime.into(),
        zone_degree: terms.zone_degree.and_then(|degree| u32::try_from(degree).ok()).unwrap_or_default(),
        planned_end: terms.planned_end.map(date),
    }
}
