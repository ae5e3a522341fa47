//! The service of one wearer's zones.

use super::zones_asked::{change_asked, check_asked, end_asked, preview_asked};
use super::{refused, zones_told};
use crate::fields::{Fields, REFERENCE_MAX};
use crate::gate::{asked, caller};
use crate::proposals::Proposing;
use access::Caller;
use chrono::Utc;
use prost::Message;
use proto::enrolment::change_zones_response::Outcome;
use proto::enrolment::zones_server::Zones;
use proto::enrolment::{
    ChangeZonesRequest, ChangeZonesResponse, CheckZonesRequest, CheckZonesResponse, EndZoneRequest, ListZonesRequest, PreviewZonesRequest,
    PreviewZonesResponse, ZonePlan,
};
use store::{EnrolmentError, Store, ZoneChange};
use tonic::{Request, Response, Status};

const CHANGE_ZONES: &str = "/paband.enrolment.v1.Zones/ChangeZones";
const END_ZONE: &str = "/paband.enrolment.v1.Zones/EndZone";

/// Shows, checks, tries out and changes zones.
pub(crate) struct ZoneService {
    store: Store,
    proposing: Proposing,
}

impl ZoneService {
    pub(crate) fn new(store: Store, proposing: Proposing) -> Self {
        Self { store, proposing }
    }

    /// Changes at once what needs no second person, and proposes what does.
    async fn change(
        &self,
        method: &'static str,
        caller: &Caller,
        change: &ZoneChange,
        asked: &impl Message,
    ) -> Result<Response<ChangeZonesResponse>, Status> {
        let outcome = match self.store.zone_change(caller, change, millis_now()).await {
            Ok(plan) => Outcome::Plan(zones_told::plan(&plan)),
            Err(EnrolmentError::SecondPersonNeeded) => Outcome::Proposal(self.proposing.propose_asked(method, caller, asked).await?),
            Err(error) => return Err(refused(method, &error)),
        };
        Ok(Response::new(ChangeZonesResponse { outcome: Some(outcome) }))
    }
}

/// The server's clock in the steps in which judgement counts.
pub(super) fn millis_now() -> chrono::DateTime<Utc> {
    let now = Utc::now();
    chrono::DateTime::from_timestamp_millis(now.timestamp_millis()).unwrap_or(now)
}

#[tonic::async_trait]
impl Zones for ZoneService {
    async fn list_zones(&self, request: Request<ListZonesRequest>) -> Result<Response<ZonePlan>, Status> {
        let caller = caller(&request)?;
        let mut fields = Fields::default();
        let wearer = fields.text("wearer", &request.into_inner().wearer, REFERENCE_MAX);
        fields.check()?;
        let plan = self.store.zone_plan(&caller, &wearer, millis_now()).await;
        Ok(Response::new(zones_told::plan(&plan.map_err(|error| refused("ListZones", &error))?)))
    }

    async fn change_zones(&self, request: Request<ChangeZonesRequest>) -> Result<Response<ChangeZonesResponse>, Status> {
        let (caller, asked) = asked(request)?;
        caller.about_wearer(&asked.wearer);
        self.change(CHANGE_ZONES, &caller, &change_asked(&asked)?, &asked).await
    }

    async fn end_zone(&self, request: Request<EndZoneRequest>) -> Result<Response<ChangeZonesResponse>, Status> {
        let (caller, asked) = asked(request)?;
        caller.about_wearer(&asked.wearer);
        self.change(END_ZONE, &caller, &end_asked(&asked)?, &asked).await
    }

    async fn check_zones(&self, request: Request<CheckZonesRequest>) -> Result<Response<CheckZonesResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        caller.about_wearer(&asked.wearer);
        let findings = self.store.zone_check(&caller, &check_asked(&asked)?, millis_now()).await;
        let findings = findings.map_err(|error| refused("CheckZones", &error))?;
        Ok(Response::new(CheckZonesResponse { findings: findings.iter().map(zones_told::finding).collect() }))
    }

    async fn preview_zones(&self, request: Request<PreviewZonesRequest>) -> Result<Response<PreviewZonesResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        caller.about_wearer(&asked.wearer);
        let (change, back) = preview_asked(asked)?;
        let preview = self.store.zone_preview(&caller, &change, back, millis_now()).await;
        Ok(Response::new(zones_told::preview(&preview.map_err(|error| refused("PreviewZones", &error))?)))
    }
}
