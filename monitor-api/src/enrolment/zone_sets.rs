//! The service of sets of zones that many wearers share.

use super::zones::millis_now;
use super::zones_asked::{members_asked, set_asked, set_change_asked};
use super::{refused, zones_told};
use crate::alerts::store_failed;
use crate::gate::{asked, caller};
use crate::proposals::Proposing;
use access::Caller;
use prost::Message;
use proto::enrolment::change_zone_set_response::Outcome;
use proto::enrolment::zone_sets_server::ZoneSets;
use proto::enrolment::{
    ChangeZoneSetRequest, ChangeZoneSetResponse, CreateZoneSetRequest, ListZoneSetsRequest, ListZoneSetsResponse, ZoneSet,
    ZoneSetWearersRequest,
};
use store::{EnrolmentError, Store};
use tonic::{Request, Response, Status};

const CHANGE_ZONE_SET: &str = "/paband.enrolment.v1.ZoneSets/ChangeZoneSet";
const ADD_TO_ZONE_SET: &str = "/paband.enrolment.v1.ZoneSets/AddToZoneSet";
const REMOVE_FROM_ZONE_SET: &str = "/paband.enrolment.v1.ZoneSets/RemoveFromZoneSet";

/// Makes, changes and shows sets, and says whom they bind.
pub(crate) struct ZoneSetService {
    store: Store,
    proposing: Proposing,
}

impl ZoneSetService {
    pub(crate) fn new(store: Store, proposing: Proposing) -> Self {
        Self { store, proposing }
    }

    /// What was done at once, or the proposal if a second person is needed.
    async fn outcome(
        &self,
        method: &'static str,
        caller: &Caller,
        asked: &impl Message,
        done: Result<store::ZoneSet, EnrolmentError>,
    ) -> Result<Response<ChangeZoneSetResponse>, Status> {
        let outcome = match done {
            Ok(set) => Outcome::Set(zones_told::set(set)),
            Err(EnrolmentError::SecondPersonNeeded) => Outcome::Proposal(self.proposing.propose_asked(method, caller, asked).await?),
            Err(error) => return Err(refused(method, &error)),
        };
        Ok(Response::new(ChangeZoneSetResponse { outcome: Some(outcome) }))
    }

    async fn members(
        &self,
        method: &'static str,
        request: Request<ZoneSetWearersRequest>,
        join: bool,
    ) -> Result<Response<ChangeZoneSetResponse>, Status> {
        let (caller, asked) = asked(request)?;
        let done = self.store.zone_set_members(&caller, &members_asked(&asked, join)?, millis_now()).await;
        self.outcome(method, &caller, &asked, done).await
    }
}

#[tonic::async_trait]
impl ZoneSets for ZoneSetService {
    async fn list_zone_sets(&self, request: Request<ListZoneSetsRequest>) -> Result<Response<ListZoneSetsResponse>, Status> {
        let caller = caller(&request)?;
        let sets = self.store.zone_set_list(&caller, millis_now()).await.map_err(|error| store_failed("ListZoneSets", &error))?;
        caller.about(format!("{} zone sets", sets.len()));
        Ok(Response::new(ListZoneSetsResponse { sets: sets.into_iter().map(zones_told::set).collect() }))
    }

    async fn create_zone_set(&self, request: Request<CreateZoneSetRequest>) -> Result<Response<ZoneSet>, Status> {
        let (caller, asked) = asked(request)?;
        let made = self.store.zone_set_create(&caller, &set_asked(&asked)?, millis_now()).await;
        Ok(Response::new(zones_told::set(made.map_err(|error| refused("CreateZoneSet", &error))?)))
    }

    async fn change_zone_set(&self, request: Request<ChangeZoneSetRequest>) -> Result<Response<ChangeZoneSetResponse>, Status> {
        let (caller, asked) = asked(request)?;
        let done = self.store.zone_set_change(&caller, &set_change_asked(&asked)?, millis_now()).await;
        self.outcome(CHANGE_ZONE_SET, &caller, &asked, done).await
    }

    async fn add_to_zone_set(&self, request: Request<ZoneSetWearersRequest>) -> Result<Response<ChangeZoneSetResponse>, Status> {
        self.members(ADD_TO_ZONE_SET, request, true).await
    }

    async fn remove_from_zone_set(&self, request: Request<ZoneSetWearersRequest>) -> Result<Response<ChangeZoneSetResponse>, Status> {
        self.members(REMOVE_FROM_ZONE_SET, request, false).await
    }
}
