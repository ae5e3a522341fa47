//! The service of monitoring rooms.

use crate::events::Happening;
use crate::gate::caller;
use crate::hub::Hub;
use crate::reason::{Reason, Wrong};
use crate::status::{check, database_away, length_violation, refusal, wrong};
use crate::watcher::{WatchStream, Watcher, sequence_in_future};
use crate::{convert, list, page_token};
use proto::monitor::alerts_server::Alerts;
use proto::monitor::{AcknowledgeAlertRequest, Alert, CloseAlertRequest, ListAlertsRequest, ListAlertsResponse, WatchRequest};
use std::sync::Arc;
use store::{AlertError, Store, StoreError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Response, Status};
use tonic_types::FieldViolation;

/// Longest note on closing, characters.
const NOTE_CHARACTERS_MAX: usize = 4000;

/// Alerts of rooms.
pub struct AlertService {
    store: Store,
    hub: Arc<Hub>,
    places: Arc<Semaphore>,
    stop: CancellationToken,
}

impl AlertService {
    /// A service whose streams end when `stop` is cancelled.
    pub fn new(store: Store, hub: Arc<Hub>, stop: CancellationToken) -> Self {
        let places = Arc::new(Semaphore::new(hub.options().watchers_max));
        Self { store, hub, places, stop }
    }

    /// The store's answer, or why there is none.
    async fn answer<T, E: Into<AlertError>>(
        &self,
        request: &'static str,
        question: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Status> {
        match timeout(self.hub.options().database_wait_max, question).await {
            Ok(answer) => answer.map_err(|error| refused(request, error.into())),
            Err(_) => Err(database_away()),
        }
    }

    fn place(&self) -> Result<OwnedSemaphorePermit, Status> {
        self.places.clone().try_acquire_owned().map_err(|_| {
            let watchers_max = self.hub.options().watchers_max;
            Happening::TooManyWatchers { watchers_max }.tell();
            refusal(Code::ResourceExhausted, Reason::TooManyWatchers, &[("watchers_max", watchers_max.to_string())])
        })
    }

    /// Where a stream starts: after what the caller has, or now.
    async fn start(&self, asked: Option<i64>) -> Result<i64, Status> {
        let known = self.hub.now().last.ok_or_else(database_away)?;
        let Some(asked) = asked else { return Ok(known) };
        if asked < 0 {
            check(vec![wrong("after_sequence", Wrong::MustNotBeNegative, &[("value", asked.to_string())])])?;
        }
        if asked <= known {
            return Ok(asked);
        }
        // The caller may have it from a faster reader than the tail: only the database knows.
        let newest = self.hub.newest().await.map_err(|_| database_away())?;
        if asked <= newest { Ok(asked) } else { Err(sequence_in_future(asked, newest)) }
    }
}

#[tonic::async_trait]
impl Alerts for AlertService {
    type WatchStream = WatchStream;

    async fn list_alerts(&self, request: Request<ListAlertsRequest>) -> Result<Response<ListAlertsResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let filter = list::filter(&request)?;
        caller.about_wearer(&request.wearer);
        let page = self.answer("ListAlerts", self.store.alert_list(&caller, &filter)).await?;
        let next_page_token = page.next.map(|before| page_token::write(before, &request)).unwrap_or_default();
        let alerts = page.alerts.into_iter().map(convert::alert).collect();
        Ok(Response::new(ListAlertsResponse { alerts, next_page_token }))
    }

    async fn watch(&self, request: Request<WatchRequest>) -> Result<Response<WatchStream>, Status> {
        let caller = caller(&request)?;
        let place = self.place()?;
        let sequence = self.start(request.into_inner().after_sequence).await?;
        Ok(Response::new(Watcher::start(self.hub.clone(), caller, sequence, place, self.stop.clone())))
    }

    async fn acknowledge_alert(&self, request: Request<AcknowledgeAlertRequest>) -> Result<Response<Alert>, Status> {
        let caller = caller(&request)?;
        let AcknowledgeAlertRequest { alert_id } = request.into_inner();
        check(id_violation(alert_id).into_iter().collect())?;
        caller.about(format!("alert {alert_id}"));
        let alert = self.answer("AcknowledgeAlert", self.store.alert_acknowledge(&caller, alert_id, convert::clock())).await?;
        Ok(Response::new(convert::alert(alert)))
    }

    async fn close_alert(&self, request: Request<CloseAlertRequest>) -> Result<Response<Alert>, Status> {
        let caller = caller(&request)?;
        let CloseAlertRequest { alert_id, note } = request.into_inner();
        let mut violations: Vec<_> = id_violation(alert_id).into_iter().collect();
        violations.extend(length_violation("note", note.trim(), 1, NOTE_CHARACTERS_MAX));
        check(violations)?;
        caller.about(format!("alert {alert_id}"));
        let closing = self.store.alert_close(&caller, alert_id, note.trim(), convert::clock());
        Ok(Response::new(convert::alert(self.answer("CloseAlert", closing).await?)))
    }
}

fn id_violation(alert_id: i64) -> Option<FieldViolation> {
    (alert_id <= 0).then(|| wrong("alert_id", Wrong::MustBeAboveZero, &[("value", alert_id.to_string())]))
}

fn refused(request: &'static str, error: AlertError) -> Status {
    match error {
        AlertError::NotFound(alert_id) => refusal(Code::NotFound, Reason::UnknownAlert, &[("alert", alert_id.to_string())]),
        AlertError::AlreadyAcknowledged { by, at } => {
            refusal(Code::FailedPrecondition, Reason::AlreadyAcknowledged, &[("by", by), ("at", at.to_string())])
        }
        AlertError::AlreadyEnded(at) => refusal(Code::FailedPrecondition, Reason::AlreadyEnded, &[("at", at.to_string())]),
        AlertError::NotClosedByPerson(kind) => {
            refusal(Code::FailedPrecondition, Reason::ClosesByReport, &[("kind", kind.name().to_owned())])
        }
        AlertError::Store(error) => store_failed(request, &error),
    }
}

/// The database's own words go to the log, not to the caller.
pub(crate) fn store_failed(request: &'static str, error: &StoreError) -> Status {
    Happening::RequestFailed { request, error: &error.to_string() }.tell();
    if error.is_recoverable() {
        return database_away();
    }
    refusal(Code::Internal, Reason::DatabaseRefused, &[])
}
