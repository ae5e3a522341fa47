//! The service of inspections of homes.

use super::inspection_asked::{
    answer_asked, confirm_asked, decide_asked, list_asked, object_asked, propose_asked, request_asked, visit_asked, withdraw_asked,
};
use crate::accounts::instant;
use crate::alerts::store_failed;
use crate::fields::decision;
use crate::gate::{asked, caller};
use crate::reason::Reason;
use crate::status::refusal;
use access::Caller;
use chrono::{DateTime, Utc};
use enrolment::inspection::{Checklist, InspectionRefusal, InspectionState, Shortcoming};
use proto::enrolment as schema;
use proto::enrolment::inspections_server::Inspections;
use proto::enrolment::{
    AnswerObjectionRequest, ConfirmAppointmentRequest, DecideInspectionRequest, GetInspectionRequest, Inspection, InspectionShortcoming,
    ListInspectionsRequest, ListInspectionsResponse, ObjectToInspectionRequest, ProposeAppointmentRequest, RecordVisitRequest,
    RequestInspectionRequest, WithdrawInspectionRequest,
};
use store::{InspectionStep, Store};
use tonic::{Code, Request, Response, Status};

/// Requests inspections, takes them step by step, lists what waits.
pub(crate) struct InspectionService {
    store: Store,
}

impl InspectionService {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }

    async fn step(
        &self,
        caller: &Caller,
        request: &'static str,
        which: (i64, i64),
        (step, now): (InspectionStep, DateTime<Utc>),
    ) -> Result<Response<Inspection>, Status> {
        caller.about(format!("inspection {}", which.0));
        let done = self.store.inspection_step(caller, which, &step, now).await;
        Ok(Response::new(inspection(done.map_err(|error| super::refused(request, &error))?, now)))
    }
}

/// Why an inspection was not changed, as callers are told.
pub(super) fn refused(why: &InspectionRefusal) -> Status {
    let failed = Code::FailedPrecondition;
    match why {
        InspectionRefusal::Unknown => refusal(Code::NotFound, Reason::UnknownInspection, &[]),
        InspectionRefusal::UnderWay => refusal(failed, Reason::InspectionUnderWay, &[]),
        InspectionRefusal::NotSo(state) => refusal(failed, Reason::InspectionNotSo, &[("state", (*state).to_owned())]),
        InspectionRefusal::SamePerson => refusal(failed, Reason::SamePerson, &[]),
        InspectionRefusal::Shortcomings => refusal(failed, Reason::InspectionShortcomings, &[]),
    }
}

/// A step: the checked request, at the inspection and version that it names.
macro_rules! step {
    ($service:ident, $request:ident, $name:literal, $checked:expr) => {{
        let (caller, asked) = asked($request)?;
        let now = Utc::now();
        let which = (asked.inspection_id, asked.expected_version);
        caller.about(format!("inspection {}", which.0));
        $service.step(&caller, $name, which, ($checked(&asked, now)?, now)).await
    }};
}

#[tonic::async_trait]
impl Inspections for InspectionService {
    async fn request_inspection(&self, request: Request<RequestInspectionRequest>) -> Result<Response<Inspection>, Status> {
        let (caller, asked) = asked(request)?;
        caller.about_wearer(&asked.wearer);
        let now = Utc::now();
        let done = self.store.inspection_request(&caller, &request_asked(&asked)?, now).await;
        Ok(Response::new(inspection(done.map_err(|error| super::refused("RequestInspection", &error))?, now)))
    }

    async fn propose_appointment(&self, request: Request<ProposeAppointmentRequest>) -> Result<Response<Inspection>, Status> {
        step!(self, request, "ProposeAppointment", propose_asked)
    }

    async fn confirm_appointment(&self, request: Request<ConfirmAppointmentRequest>) -> Result<Response<Inspection>, Status> {
        step!(self, request, "ConfirmAppointment", confirm_asked)
    }

    async fn record_visit(&self, request: Request<RecordVisitRequest>) -> Result<Response<Inspection>, Status> {
        step!(self, request, "RecordVisit", visit_asked)
    }

    async fn decide_inspection(&self, request: Request<DecideInspectionRequest>) -> Result<Response<Inspection>, Status> {
        step!(self, request, "DecideInspection", decide_asked)
    }

    async fn object_to_inspection(&self, request: Request<ObjectToInspectionRequest>) -> Result<Response<Inspection>, Status> {
        step!(self, request, "ObjectToInspection", object_asked)
    }

    async fn answer_objection(&self, request: Request<AnswerObjectionRequest>) -> Result<Response<Inspection>, Status> {
        step!(self, request, "AnswerObjection", |asked, _| answer_asked(asked))
    }

    async fn withdraw_inspection(&self, request: Request<WithdrawInspectionRequest>) -> Result<Response<Inspection>, Status> {
        step!(self, request, "WithdrawInspection", |asked, _| withdraw_asked(asked))
    }

    async fn get_inspection(&self, request: Request<GetInspectionRequest>) -> Result<Response<Inspection>, Status> {
        let caller = caller(&request)?;
        let inspection_id = request.into_inner().inspection_id;
        caller.about(format!("inspection {inspection_id}"));
        let found = self.store.inspection(&caller, inspection_id).await;
        Ok(Response::new(inspection(found.map_err(|error| super::refused("GetInspection", &error))?, Utc::now())))
    }

    async fn list_inspections(&self, request: Request<ListInspectionsRequest>) -> Result<Response<ListInspectionsResponse>, Status> {
        let caller = caller(&request)?;
        let filter = list_asked(&request.into_inner())?;
        caller.about_wearer(&filter.wearer);
        let found = self.store.inspection_list(&caller, &filter).await.map_err(|error| store_failed("ListInspections", &error))?;
        caller.about(format!("{} inspections", found.len()));
        let now = Utc::now();
        Ok(Response::new(ListInspectionsResponse { inspections: found.into_iter().map(|one| inspection(one, now)).collect() }))
    }
}

fn inspection(one: store::Inspection, now: DateTime<Utc>) -> Inspection {
    let shortcomings = one.checklist.iter().flat_map(Checklist::shortcomings).map(|found| shortcoming(found).into()).collect();
    Inspection {
        inspection_id: one.inspection_id,
        version: one.version,
        wearer: one.wearer,
        state: state(one.state).into(),
        address: one.address,
        asked_by: Some(decision(one.asked_by)),
        requested_at: Some(instant(one.requested_at)),
        appointment_at: one.appointment_at.map(instant),
        waits_since: Some(instant(one.waits_since)),
        overdue: one.state.is_overdue(one.waits_since, one.appointment_at, now),
        priority: one.state.rank(one.priority) < InspectionState::Requested.rank(false),
        visited_at: one.visited_at.map(instant),
        visited_by: one.visited_by,
        checklist: one.checklist.map(checklist),
        shortcomings,
        decided_at: one.decided_at.map(instant),
        decided_by: one.decided_by,
        reasons: one.reasons,
        certificate_number: one.certificate_number,
        objection: one.objection,
        events: one.events.into_iter().map(event).collect(),
        photo_ids: one.photo_ids,
    }
}

fn event(event: store::InspectionEvent) -> schema::InspectionEvent {
    schema::InspectionEvent {
        kind: event.kind,
        recorded_at: Some(instant(event.recorded_at)),
        recorded_by: event.recorded_by,
        at: event.at.map(instant),
        result: event.result,
        note: event.note,
        checklist: event.checklist.map(checklist),
        certificate_number: event.certificate_number,
    }
}

fn checklist(found: Checklist) -> schema::InspectionChecklist {
    schema::InspectionChecklist {
        mains_power: found.mains_power,
        gnss_satellites: found.gnss_satellites,
        gnss_accuracy_m: found.gnss_accuracy_m,
        gsm_dbm: found.gsm_dbm,
        landlord_consents: found.landlord_consents,
        household_consents: found.household_consents,
        persons: found.persons,
        telephone: found.telephone,
        note: found.note,
    }
}

const fn state(state: InspectionState) -> schema::InspectionState {
    match state {
        InspectionState::Requested => schema::InspectionState::Requested,
        InspectionState::Appointed => schema::InspectionState::Appointed,
        InspectionState::Confirmed => schema::InspectionState::Confirmed,
        InspectionState::Visited => schema::InspectionState::Visited,
        InspectionState::Suitable => schema::InspectionState::Suitable,
        InspectionState::Unsuitable => schema::InspectionState::Unsuitable,
        InspectionState::Objected => schema::InspectionState::Objected,
        InspectionState::Upheld => schema::InspectionState::Upheld,
        InspectionState::Withdrawn => schema::InspectionState::Withdrawn,
    }
}

const fn shortcoming(found: Shortcoming) -> InspectionShortcoming {
    match found {
        Shortcoming::NoPower => InspectionShortcoming::NoPower,
        Shortcoming::WeakNetwork => InspectionShortcoming::WeakNetwork,
        Shortcoming::NoPosition => InspectionShortcoming::NoPosition,
        Shortcoming::NoLandlordConsent => InspectionShortcoming::NoLandlordConsent,
        Shortcoming::NoHouseholdConsent => InspectionShortcoming::NoHouseholdConsent,
    }
}
