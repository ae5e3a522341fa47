//! Why the system said what it said, and how wearers stand and stood.

use crate::alerts::store_failed;
use crate::convert;
use crate::events::Happening;
use crate::gate::caller;
use crate::reason::{Reason, Wrong};
use crate::status::{check, database_away, length_violation, refusal, wrong};
use proto::monitor::judgement_server::Judgement;
use proto::monitor::{self, ExplainRequest, ExplainResponse, ListStandingsRequest, ListStandingsResponse};
use std::time::Duration;
use store::{EvidenceError, Standing, StandingFilter, StandingSpan, Store};
use tokio::time::timeout;
use tonic::{Code, Request, Response, Status};

/// Spans in one answer at most, and if the caller does not say.
const SPANS_MAX: u32 = 10_000;
const SPANS_UNSAID: u32 = 1_000;

/// Longest file reference, characters.
const WEARER_CHARACTERS_MAX: usize = 200;

/// Answers from the database.
pub struct JudgementService {
    store: Store,
    database_wait_max: Duration,
}

impl JudgementService {
    /// A service that gives up on the database after this long.
    pub fn new(store: Store, database_wait_max: Duration) -> Self {
        Self { store, database_wait_max }
    }
}

#[tonic::async_trait]
impl Judgement for JudgementService {
    async fn explain(&self, request: Request<ExplainRequest>) -> Result<Response<ExplainResponse>, Status> {
        let caller = caller(&request)?;
        let alert_id = request.into_inner().alert_id;
        caller.about(format!("alert {alert_id}"));
        // What proves a verdict is places: a purpose that needs none cannot have it.
        if caller.purpose.as_ref().is_none_or(|purpose| !purpose.needs_place) {
            return Err(refusal(Code::FailedPrecondition, Reason::PurposeTooNarrow, &[]));
        }
        let answer = timeout(self.database_wait_max, self.store.evidence(&caller, alert_id)).await.map_err(|_| database_away())?;
        let (alert, evidence) = answer.map_err(|error| refused(alert_id, error))?;
        caller.about_wearer(&alert.wearer);
        let evidence = serde_json::to_string_pretty(&evidence).map_err(|error| unwritable(&error))?;
        Ok(Response::new(ExplainResponse { alert: Some(convert::alert(alert)), evidence }))
    }

    async fn list_standings(&self, request: Request<ListStandingsRequest>) -> Result<Response<ListStandingsResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let filter = filter(&request)?;
        caller.about_wearer(&request.wearer);
        // One more than asked for tells whether there are more.
        let limit = filter.limit as usize;
        let asked = StandingFilter { limit: filter.limit + 1, ..filter };
        let answer = timeout(self.database_wait_max, self.store.standings(&caller, &asked)).await.map_err(|_| database_away())?;
        let mut spans = answer.map_err(|error| store_failed("ListStandings", &error))?;
        let more = spans.len() > limit;
        spans.truncate(limit);
        Ok(Response::new(ListStandingsResponse { spans: spans.into_iter().map(span).collect(), more }))
    }
}

fn filter(request: &ListStandingsRequest) -> Result<StandingFilter, Status> {
    let mut violations = Vec::new();
    let mut instant = |field: &str, time: &Option<prost_types::Timestamp>| {
        let instant = time.as_ref().map(convert::instant);
        if instant == Some(None) {
            violations.push(wrong(field, Wrong::NoInstant, &[]));
        }
        instant.flatten()
    };
    let (from, to) = (instant("from", &request.from), instant("to", &request.to));
    let from_or_now = from.unwrap_or_else(convert::clock);
    let to = to.unwrap_or_else(|| from_or_now.plus_millis(1));
    if to <= from_or_now {
        violations.push(wrong("to", Wrong::NotAfter, &[("from", from_or_now.to_string())]));
    }
    violations.extend(length_violation("wearer", &request.wearer, 0, WEARER_CHARACTERS_MAX));
    if request.limit > SPANS_MAX {
        violations.push(wrong("limit", Wrong::AboveMax, &[("max", SPANS_MAX.to_string()), ("value", request.limit.to_string())]));
    }
    let standings: Vec<Option<Standing>> = request.standings.iter().map(|number| standing_of(*number)).collect();
    if let Some(at) = standings.iter().position(Option::is_none) {
        violations.push(wrong("standings", Wrong::UnknownChoice, &[("value", request.standings[at].to_string())]));
    }
    check(violations)?;
    let limit = if request.limit == 0 { SPANS_UNSAID } else { request.limit };
    let wearer = (!request.wearer.is_empty()).then(|| request.wearer.clone());
    Ok(StandingFilter { from: from_or_now, to, wearer, standings: standings.into_iter().flatten().collect(), limit })
}

fn span(span: StandingSpan) -> monitor::StandingSpan {
    let standing = match span.standing {
        Standing::NotMonitored => monitor::Standing::NotMonitored,
        Standing::Unknown => monitor::Standing::Unknown,
        Standing::Broken => monitor::Standing::Broken,
        Standing::OnLeave => monitor::Standing::OnLeave,
        Standing::Kept => monitor::Standing::Kept,
    };
    let (from, to) = (Some(convert::timestamp(span.from)), Some(convert::timestamp(span.to)));
    monitor::StandingSpan { wearer: span.wearer, standing: standing.into(), from, to }
}

fn standing_of(number: i32) -> Option<Standing> {
    match monitor::Standing::try_from(number).ok()? {
        monitor::Standing::Unspecified => None,
        monitor::Standing::NotMonitored => Some(Standing::NotMonitored),
        monitor::Standing::Unknown => Some(Standing::Unknown),
        monitor::Standing::Broken => Some(Standing::Broken),
        monitor::Standing::OnLeave => Some(Standing::OnLeave),
        monitor::Standing::Kept => Some(Standing::Kept),
    }
}

/// What was found cannot be written down: a fault of the program.
fn unwritable(error: &serde_json::Error) -> Status {
    Happening::RequestFailed { request: "Explain", error: &error.to_string() }.tell();
    refusal(Code::Internal, Reason::Internal, &[])
}

fn refused(alert_id: i64, error: EvidenceError) -> Status {
    let alert = [("alert", alert_id.to_string())];
    match error {
        EvidenceError::NotFound(_) => refusal(Code::NotFound, Reason::UnknownAlert, &alert),
        EvidenceError::NotOfAWearer(_) => refusal(Code::FailedPrecondition, Reason::ConcernsNoWearer, &alert),
        EvidenceError::Unproved(_) => refusal(Code::FailedPrecondition, Reason::NotProved, &alert),
        EvidenceError::Store(error) => store_failed("Explain", &error),
    }
}
