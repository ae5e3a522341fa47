//! The service of fittings, replacements and removals.

use super::checklist_watch::{ChecklistStream, ChecklistWatch};
use super::fittings_asked::{exchanged_asked, fitting_asked, item_read, removal_asked, replacement_asked, statement_asked};
use super::fittings_shown::{checklist, fitting, installation, removal};
use super::refused;
use crate::Options;
use crate::fields::{Fields, REASON_MAX, REFERENCE_MAX};
use crate::gate::{asked, caller};
use crate::proposals::Proposing;
use crate::reason::Reason;
use crate::status::refusal;
use chrono::Utc;
use enrolment::checklist::StatementKind;
use proto::enrolment::fittings_server::Fittings;
use proto::enrolment::remove_tag_response::Outcome;
use proto::enrolment::{
    AbandonFittingRequest, BeginFittingRequest, BeginReplacementRequest, Checklist, CompleteFittingRequest, CompleteReplacementRequest,
    Fitting, GetChecklistRequest, Installation, ListFittingsRequest, ListFittingsResponse, ListInstallationsRequest,
    ListInstallationsResponse, OverrideItemRequest, RemoveTagRequest, RemoveTagResponse, StateItemRequest,
};
use std::sync::Arc;
use std::time::Duration;
use store::{EnrolmentError, RemovalDone, Store};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Response, Status};

const REMOVE_TAG: &str = "/paband.enrolment.v1.Fittings/RemoveTag";

/// Checklists watched at a time; each asks the database every second. One more is refused.
const WATCHERS_MAX: usize = 64;

/// Puts tags on, exchanges them and takes them off.
pub(crate) struct FittingService {
    store: Store,
    proposing: Proposing,
    places: Arc<Semaphore>,
    database_wait_max: Duration,
    stop: CancellationToken,
}

impl FittingService {
    /// A service whose streams end when `stop` is cancelled.
    pub(crate) fn new(store: Store, proposing: Proposing, options: &Options, stop: CancellationToken) -> Self {
        let places = Arc::new(Semaphore::new(WATCHERS_MAX));
        Self { store, proposing, places, database_wait_max: options.database_wait_max, stop }
    }

    async fn propose_removal(&self, caller: &access::Caller, asked: &RemoveTagRequest) -> Result<Outcome, Status> {
        self.proposing.propose_asked(REMOVE_TAG, caller, asked).await.map(Outcome::Proposal)
    }
}

#[tonic::async_trait]
impl Fittings for FittingService {
    type WatchChecklistStream = ChecklistStream;

    async fn begin_fitting(&self, request: Request<BeginFittingRequest>) -> Result<Response<Installation>, Status> {
        let (caller, asked) = asked(request)?;
        let (wearer, imei) = fitting_asked(&asked)?;
        let begun = self.store.installation_begin(&caller, (&wearer, &imei), None, Utc::now()).await;
        Ok(Response::new(installation(begun.map_err(|error| refused("BeginFitting", &error))?)))
    }

    async fn begin_replacement(&self, request: Request<BeginReplacementRequest>) -> Result<Response<Installation>, Status> {
        let (caller, asked) = asked(request)?;
        let ((wearer, imei), new) = replacement_asked(&asked)?;
        let begun = self.store.installation_begin(&caller, (&wearer, &imei), Some(&new), Utc::now()).await;
        Ok(Response::new(installation(begun.map_err(|error| refused("BeginReplacement", &error))?)))
    }

    async fn get_checklist(&self, request: Request<GetChecklistRequest>) -> Result<Response<Checklist>, Status> {
        let caller = caller(&request)?;
        let found = self.store.checklist(&caller, request.get_ref().installation_id, Utc::now()).await;
        Ok(Response::new(checklist(found.map_err(|error| refused("GetChecklist", &error))?)))
    }

    async fn watch_checklist(&self, request: Request<GetChecklistRequest>) -> Result<Response<ChecklistStream>, Status> {
        let caller = caller(&request)?;
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place =
            place.map_err(|_| refusal(Code::ResourceExhausted, Reason::TooManyWatchers, &[("watchers_max", WATCHERS_MAX.to_string())]))?;
        let watch = ChecklistWatch {
            store: self.store.clone(),
            caller,
            installation_id: request.get_ref().installation_id,
            database_wait_max: self.database_wait_max,
            stop: self.stop.clone(),
        };
        Ok(Response::new(watch.start(place).await?))
    }

    async fn state_item(&self, request: Request<StateItemRequest>) -> Result<Response<Installation>, Status> {
        let (caller, asked) = asked(request)?;
        let (item, kind, receipt, note) = statement_asked(&asked)?;
        let said = (item, kind, receipt.as_str(), note.as_str());
        let stated = self.store.installation_state(&caller, asked.installation_id, said, Utc::now()).await;
        Ok(Response::new(installation(stated.map_err(|error| refused("StateItem", &error))?)))
    }

    async fn override_item(&self, request: Request<OverrideItemRequest>) -> Result<Response<Installation>, Status> {
        let (caller, asked) = asked(request)?;
        let mut fields = Fields::default();
        let item = item_read(&mut fields, asked.item());
        let reason = fields.text("reason", &asked.reason, REASON_MAX);
        fields.check()?;
        let Some(item) = item else { return Err(refusal(Code::Internal, Reason::Internal, &[])) };
        let said = (item, StatementKind::Overridden, "", reason.as_str());
        let passed = self.store.installation_state(&caller, asked.installation_id, said, Utc::now()).await;
        Ok(Response::new(installation(passed.map_err(|error| refused("OverrideItem", &error))?)))
    }

    async fn complete_fitting(&self, request: Request<CompleteFittingRequest>) -> Result<Response<Fitting>, Status> {
        let (caller, asked) = asked(request)?;
        let CompleteFittingRequest { installation_id, expected_version } = asked;
        let fitted = self.store.installation_complete(&caller, installation_id, expected_version, None, Utc::now()).await;
        Ok(Response::new(fitting(fitted.map_err(|error| refused("CompleteFitting", &error))?)))
    }

    async fn complete_replacement(&self, request: Request<CompleteReplacementRequest>) -> Result<Response<Fitting>, Status> {
        let (caller, asked) = asked(request)?;
        let exchanged = exchanged_asked(&asked)?;
        let CompleteReplacementRequest { installation_id, expected_version, .. } = asked;
        let fitted = self.store.installation_complete(&caller, installation_id, expected_version, Some(&exchanged), Utc::now()).await;
        Ok(Response::new(fitting(fitted.map_err(|error| refused("CompleteReplacement", &error))?)))
    }

    async fn abandon_fitting(&self, request: Request<AbandonFittingRequest>) -> Result<Response<Installation>, Status> {
        let (caller, asked) = asked(request)?;
        let mut fields = Fields::default();
        let reason = fields.text("reason", &asked.reason, REASON_MAX);
        fields.check()?;
        let (installation_id, version) = (asked.installation_id, asked.expected_version);
        let given_up = self.store.installation_abandon(&caller, installation_id, version, &reason, Utc::now()).await;
        Ok(Response::new(installation(given_up.map_err(|error| refused("AbandonFitting", &error))?)))
    }

    async fn list_installations(&self, request: Request<ListInstallationsRequest>) -> Result<Response<ListInstallationsResponse>, Status> {
        let caller = caller(&request)?;
        let open = self.store.installation_list(&caller).await.map_err(|error| refused("ListInstallations", &error))?;
        caller.about(format!("{} installations", open.len()));
        Ok(Response::new(ListInstallationsResponse { installations: open.into_iter().map(installation).collect() }))
    }

    async fn list_fittings(&self, request: Request<ListFittingsRequest>) -> Result<Response<ListFittingsResponse>, Status> {
        let caller = caller(&request)?;
        let mut fields = Fields::default();
        let wearer = fields.text("wearer", &request.get_ref().wearer, REFERENCE_MAX);
        fields.check()?;
        let fittings = self.store.fitting_list(&caller, &wearer).await.map_err(|error| refused("ListFittings", &error))?;
        Ok(Response::new(ListFittingsResponse { fittings: fittings.into_iter().map(fitting).collect() }))
    }

    async fn remove_tag(&self, request: Request<RemoveTagRequest>) -> Result<Response<RemoveTagResponse>, Status> {
        let (caller, asked) = asked(request)?;
        let outcome = match self.store.tag_remove(&caller, &removal_asked(&asked)?, Utc::now()).await {
            Ok(RemovalDone::Removed(done)) => Outcome::Removal(removal(done)),
            // Asked again under the key of a proposal: the same proposal is the answer.
            Ok(RemovalDone::Proposed(_)) | Err(EnrolmentError::SecondPersonNeeded) => self.propose_removal(&caller, &asked).await?,
            Err(error) => return Err(refused("RemoveTag", &error)),
        };
        Ok(Response::new(RemoveTagResponse { outcome: Some(outcome) }))
    }
}
