//! Building the archive at the moment when the second person confirms.

use crate::accounts::refused;
use crate::alerts::store_failed;
use crate::events::Happening;
use crate::reason::{Reason, Wrong};
use crate::release::{ArchiveBuilder, ArchiveError, Built, Explained, Party, ReleaseFacts, Signer};
use crate::status::{check, refusal, wrong};
use access::Caller;
use chrono::{DateTime, Utc};
use geofence::Timestamp;
use std::sync::Arc;
use store::{Act, Archive, EvidenceError, PeopleError, Proposal, PurposeRow, ReleaseRequest, Store, Wearer};
use tokio::sync::Semaphore;
use tonic::{Code, Status};

/// Reports are read by spans of this many seconds, so that a year of them is never in memory at once.
const PART_S: i64 = 7 * 86_400;

/// Most positions of one archive: a year at one each ten seconds. A span with more is asked for in parts.
const POSITIONS_MAX: u64 = 3_200_000;

/// Archives built at a time; another one waits.
const AT_A_TIME: usize = 1;

/// Builds archives and signs them.
#[derive(Clone)]
pub(crate) struct Releasing {
    store: Store,
    signer: Option<Signer>,
    turns: Arc<Semaphore>,
}

impl Releasing {
    /// Without a signer nothing is released.
    pub(crate) fn new(store: Store, signer: Option<Signer>) -> Self {
        Self { store, signer, turns: Arc::new(Semaphore::new(AT_A_TIME)) }
    }

    /// The act as it takes effect when this caller confirms it: a release with its archive.
    pub(crate) async fn ready(&self, caller: &Caller, act: Act, proposal: &Proposal, now: DateTime<Utc>) -> Result<Act, Status> {
        let Act::ReleaseData { request, .. } = act else { return Ok(act) };
        // Who may not confirm is told so by whoever decides; nothing is built for it.
        if proposal.state != store::ProposalState::Waiting || Some(proposal.proposed_by_id) == caller.person_id() {
            return Ok(Act::ReleaseData { request, archive: None });
        }
        let built = self.build(caller, &request, proposal, now).await?;
        let (positions, violations) = (built.positions.cast_signed(), built.violations.cast_signed());
        let archive = Archive { bytes: built.bytes.into(), sha256: built.sha256, positions, violations };
        Ok(Act::ReleaseData { request, archive: Some(archive) })
    }

    async fn build(&self, caller: &Caller, request: &ReleaseRequest, proposal: &Proposal, now: DateTime<Utc>) -> Result<Built, Status> {
        let signer = self.signer.clone().ok_or_else(|| broken("no key signs archives"))?;
        let _turn = self.turns.acquire().await.map_err(|_| broken("the turns are over"))?;
        caller.about_wearer(&request.wearer);
        let wearer = self.store.wearer(caller, &request.wearer).await.map_err(failed)?;
        let wearer = wearer.ok_or_else(|| refused("ConfirmProposal", &PeopleError::UnknownWearer))?;
        let facts = self.facts(caller, wearer.clone(), request, proposal, now).await?;
        let mut builder = ArchiveBuilder::new(facts).map_err(unmade)?;
        let mut positions = 0;
        if request.positions {
            (builder, positions) = self.with_positions(builder, &wearer, request).await?;
        }
        let violations = if request.violations { self.violations(caller, &wearer, request).await? } else { Vec::new() };
        if positions == 0 && violations.is_empty() {
            return Err(refusal(Code::FailedPrecondition, Reason::NothingToRelease, &[]));
        }
        beside(move || builder.finish(&violations, &signer)).await
    }

    async fn facts(
        &self,
        caller: &Caller,
        wearer: Wearer,
        request: &ReleaseRequest,
        proposal: &Proposal,
        now: DateTime<Utc>,
    ) -> Result<ReleaseFacts, Status> {
        let party = async |name: &str| {
            let shown_name = self.store.person_shown_name(name).await.map_err(failed)?;
            Ok::<_, Status>(Party { name: name.to_owned(), shown_name })
        };
        let code = proposal.purpose.clone();
        let unnamed =
            |code: String| PurposeRow { name_fa: code.clone(), name_en: code.clone(), code, needs_case: false, needs_place: false };
        let purpose = self.store.purpose(&code).await.map_err(failed)?.unwrap_or_else(|| unnamed(code));
        Ok(ReleaseFacts {
            release_id: proposal.proposal_id,
            wearer,
            request: request.clone(),
            purpose,
            case_number: proposal.case_number.clone(),
            proposed_by: party(&proposal.proposed_by).await?,
            proposed_at: proposal.proposed_at,
            confirmed_by: party(caller.name()).await?,
            released_at: now,
            kept_since: self.store.tracks_kept_since().await.map_err(failed)?,
        })
    }

    async fn with_positions(
        &self,
        mut builder: ArchiveBuilder,
        wearer: &Wearer,
        request: &ReleaseRequest,
    ) -> Result<(ArchiveBuilder, u64), Status> {
        let (mut start, to) = (Timestamp::from(request.from), Timestamp::from(request.to));
        let mut positions = 0;
        while start < to {
            let end = start.plus_seconds(PART_S).min(to);
            let reports = self.store.release_reports(wearer, start, end).await.map_err(failed)?;
            (builder, positions) = beside(move || {
                let positions = builder.add_positions(&reports)?;
                Ok((builder, positions))
            })
            .await?;
            if positions > POSITIONS_MAX {
                let days = (request.to - request.from).num_days().max(2) / 2;
                check(vec![wrong("to", Wrong::SpanTooLong, &[("days", days.to_string())])])?;
            }
            start = end;
        }
        Ok((builder, positions))
    }

    async fn violations(&self, caller: &Caller, wearer: &Wearer, request: &ReleaseRequest) -> Result<Vec<Explained>, Status> {
        let (from, to) = (Timestamp::from(request.from), Timestamp::from(request.to));
        let mut explained = Vec::new();
        for alert in self.store.release_alerts(wearer, from, to).await.map_err(failed)? {
            let evidence = match self.store.evidence(caller, alert.alert_id).await {
                Ok((_, evidence)) => Ok(evidence),
                Err(EvidenceError::Store(error)) => return Err(failed(error)),
                Err(unproved) => Err(unproved.to_string()),
            };
            explained.push(Explained { alert, evidence });
        }
        Ok(explained)
    }
}

/// Runs what computes for long beside the calls of others.
async fn beside<T: Send + 'static>(compute: impl FnOnce() -> Result<T, ArchiveError> + Send + 'static) -> Result<T, Status> {
    let computed = tokio::task::spawn_blocking(compute).await.map_err(|error| broken(&error.to_string()))?;
    computed.map_err(unmade)
}

fn failed(error: store::StoreError) -> Status {
    store_failed("ReleaseData", &error)
}

fn unmade(error: ArchiveError) -> Status {
    broken(&error.to_string())
}

fn broken(error: &str) -> Status {
    Happening::RequestFailed { request: "ReleaseData", error }.tell();
    refusal(Code::Internal, Reason::Internal, &[])
}
