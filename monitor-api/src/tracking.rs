//! Whereabouts of wearers: each look for a purpose, and no more of the place than the purpose needs.

use crate::alerts::store_failed;
use crate::convert;
use crate::gate::caller;
use crate::reason::{Reason, Wrong};
use crate::status::{check, database_away, length_violation, refusal, wrong};
use access::Caller;
use geofence::{Fix, StoredReport, Timestamp, Verdict, Zone};
use proto::monitor::position::Place;
use proto::monitor::tracking_server::Tracking;
use proto::monitor::{GetPositionRequest, GetTrackRequest, Point, Position, Presence};
use std::sync::Arc;
use std::time::Duration;
use store::{Store, Track};
use tonic::{Code, Request, Response, Status};

/// Longest file reference, characters.
const REFERENCE_CHARACTERS_MAX: usize = 200;

/// Longest span of one track, days.
const TRACK_DAYS_MAX: i64 = 31;

/// The last position is looked for so far back at first, and then so far: the open day is quick to read, a week is not.
const LAST_POSITION_BACK_MS: [i64; 3] = [3_600_000, 86_400_000, 7 * 86_400_000];

/// Longest wait for a track: a month of one tag is some 45,000 reports.
const TRACK_WAIT_MAX: Duration = Duration::from_secs(60);

/// Reads tracks.
pub(crate) struct TrackingService {
    store: Store,
}

impl TrackingService {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }

    async fn wearer(&self, caller: &Caller, reference: &str) -> Result<store::Wearer, Status> {
        check(reference_violation("wearer", reference, 1))?;
        caller.about_wearer(reference);
        let wearer = self.store.wearer(caller, reference).await.map_err(|error| store_failed("wearer", &error))?;
        wearer.ok_or_else(|| refusal(Code::NotFound, Reason::UnknownWearer, &[]))
    }

    async fn track(&self, wearer: &store::Wearer, from: Timestamp, to: Timestamp) -> Result<Track, Status> {
        let read = tokio::time::timeout(TRACK_WAIT_MAX, self.store.track(wearer, from, to)).await.map_err(|_| database_away())?;
        read.map_err(|error| store_failed("track", &error))
    }
}

#[tonic::async_trait]
impl Tracking for TrackingService {
    type GetTrackStream = tokio_stream::Iter<std::vec::IntoIter<Result<Position, Status>>>;

    async fn get_position(&self, request: Request<GetPositionRequest>) -> Result<Response<Position>, Status> {
        let caller = caller(&request)?;
        let wearer = self.wearer(&caller, &request.into_inner().wearer).await?;
        let now = convert::clock();
        for back in LAST_POSITION_BACK_MS {
            let track = self.track(&wearer, now.plus_millis(-back), now.plus_millis(600_001)).await?;
            if let Some(position) = track.reports.iter().rev().find_map(|report| position(report, &track.homes, &caller)) {
                return Ok(Response::new(position));
            }
        }
        Err(refusal(Code::NotFound, Reason::NoPosition, &[]))
    }

    async fn get_track(&self, request: Request<GetTrackRequest>) -> Result<Response<Self::GetTrackStream>, Status> {
        let caller = caller(&request)?;
        let GetTrackRequest { wearer, from, to } = request.into_inner();
        let (from, to) = span(from.as_ref(), to.as_ref())?;
        let wearer = self.wearer(&caller, &wearer).await?;
        caller.about(format!("track {from} to {to}"));
        let track = self.track(&wearer, from, to).await?;
        let positions: Vec<_> = track.reports.iter().filter_map(|report| position(report, &track.homes, &caller)).map(Ok).collect();
        Ok(Response::new(tokio_stream::iter(positions)))
    }
}

/// A report's place as the caller's purpose lets it be seen; `None` where it has none.
fn position(stored: &StoredReport, homes: &[Arc<Zone>], caller: &Caller) -> Option<Position> {
    let fix = Fix::of_report(&stored.report, stored.received_at)?;
    let within =
        |zone: &&Arc<Zone>| (zone.in_force().0..zone.in_force().1).contains(&fix.taken_at()) && zone.verdict(&fix) == Verdict::Inside;
    let needs_place = caller.purpose.as_ref().is_some_and(|purpose| purpose.needs_place);
    let mut zones: Vec<String> =
        if needs_place { Vec::new() } else { homes.iter().filter(within).map(|zone| zone.id().to_owned()).collect() };
    zones.dedup();
    let (latitude, longitude) = fix.position();
    let place = if zones.is_empty() {
        Place::Point(Point { latitude, longitude, accuracy_m: fix.accuracy_m() })
    } else {
        Place::Presence(Presence { zones })
    };
    Some(Position {
        taken_at: Some(convert::timestamp(stored.report.taken_at)),
        received_at: Some(convert::timestamp(stored.received_at)),
        place: Some(place),
    })
}

fn span(from: Option<&prost_types::Timestamp>, to: Option<&prost_types::Timestamp>) -> Result<(Timestamp, Timestamp), Status> {
    let mut violations = Vec::new();
    let mut instant = |field: &str, time: Option<&prost_types::Timestamp>| {
        let instant = time.and_then(convert::instant);
        if instant.is_none() {
            violations.push(wrong(field, Wrong::NoInstant, &[]));
        }
        instant.unwrap_or(Timestamp::MIN)
    };
    let (from, to) = (instant("from", from), instant("to", to));
    if violations.is_empty() && to <= from {
        violations.push(wrong("to", Wrong::NotAfter, &[("from", from.to_string())]));
    }
    let longest = from.plus_millis(TRACK_DAYS_MAX * 86_400_000);
    if violations.is_empty() && to > longest {
        violations.push(wrong("to", Wrong::SpanTooLong, &[("days", TRACK_DAYS_MAX.to_string())]));
    }
    check(violations).map(|()| (from, to))
}

fn reference_violation(field: &str, reference: &str, min: usize) -> Vec<tonic_types::FieldViolation> {
    length_violation(field, reference, min, REFERENCE_CHARACTERS_MAX).into_iter().collect()
}
