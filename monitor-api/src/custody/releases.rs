//! The service of releases.

use super::asked::release_asked;
use crate::accounts::{instant, refused};
use crate::alerts::store_failed;
use crate::convert::hex;
use crate::gate::caller;
use crate::proposals::Proposing;
use crate::reason::Reason;
use crate::status::refusal;
use proto::access::Proposal;
use proto::custody::releases_server::Releases;
use proto::custody::{
    DownloadReleaseRequest, DownloadReleaseResponse, ListReleasesRequest, ListReleasesResponse, Release, ReleaseDataRequest,
};
use store::Store;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Response, Status};

const RELEASE_DATA: &str = "/paband.custody.v1.Releases/ReleaseData";

/// Pieces read ahead of a slow caller.
const PIECES_AHEAD: usize = 2;

/// Proposes releases, lists them, and hands out their archives.
pub(crate) struct ReleaseService {
    store: Store,
    proposing: Proposing,
}

impl ReleaseService {
    pub(crate) fn new(store: Store, proposing: Proposing) -> Self {
        Self { store, proposing }
    }
}

#[tonic::async_trait]
impl Releases for ReleaseService {
    type DownloadReleaseStream = ReceiverStream<Result<DownloadReleaseResponse, Status>>;

    async fn release_data(&self, request: Request<ReleaseDataRequest>) -> Result<Response<Proposal>, Status> {
        let caller = caller(&request)?;
        caller.about_wearer(&request.get_ref().wearer);
        let asked = release_asked(request.get_ref().clone())?;
        // Said now, not when the second person comes.
        let has_data = self.store.release_has_data(&caller, &asked).await.map_err(|error| refused("ReleaseData", &error))?;
        if !has_data {
            return Err(refusal(Code::FailedPrecondition, Reason::NothingToRelease, &[]));
        }
        self.proposing.propose(RELEASE_DATA, request).await
    }

    async fn list_releases(&self, request: Request<ListReleasesRequest>) -> Result<Response<ListReleasesResponse>, Status> {
        let caller = caller(&request)?;
        let wearer = request.into_inner().wearer.replace('\0', "");
        caller.about_wearer(&wearer);
        let releases = self.store.release_list(&caller, &wearer).await.map_err(|error| store_failed("ListReleases", &error))?;
        caller.about(format!("{} releases", releases.len()));
        Ok(Response::new(ListReleasesResponse { releases: releases.into_iter().map(release).collect() }))
    }

    async fn download_release(&self, request: Request<DownloadReleaseRequest>) -> Result<Response<Self::DownloadReleaseStream>, Status> {
        let caller = caller(&request)?;
        let release_id = request.into_inner().release_id;
        caller.about(format!("release {release_id}"));
        let found = self.store.release(&caller, release_id).await.map_err(|error| store_failed("DownloadRelease", &error))?;
        let found = found.ok_or_else(|| refusal(Code::NotFound, Reason::UnknownRelease, &[]))?;
        caller.about_wearer(&found.request.wearer);
        if !found.has_file {
            return Err(refusal(Code::NotFound, Reason::ReleaseGone, &[]));
        }
        let (pieces, stream) = mpsc::channel(PIECES_AHEAD);
        tokio::spawn(send_pieces(self.store.clone(), found, pieces));
        Ok(Response::new(ReceiverStream::new(stream)))
    }
}

/// Ends with the last piece, or with the caller; a file that is deleted meanwhile does not seem to be whole.
async fn send_pieces(store: Store, release: store::Release, pieces: mpsc::Sender<Result<DownloadReleaseResponse, Status>>) {
    let mut left = release.bytes;
    for number in 0.. {
        let answer = match store.release_piece(release.release_id, number).await {
            Ok(Some(piece)) => {
                left -= piece.len() as i64;
                Ok(DownloadReleaseResponse { piece })
            }
            Ok(None) if left == 0 => return,
            Ok(None) => Err(refusal(Code::NotFound, Reason::ReleaseGone, &[])),
            Err(error) => Err(store_failed("DownloadRelease", &error)),
        };
        let is_last = answer.is_err();
        if pieces.send(answer).await.is_err() || is_last {
            return;
        }
    }
}

fn release(release: store::Release) -> Release {
    let asked = release.request;
    let request = ReleaseDataRequest {
        wearer: asked.wearer,
        from: Some(instant(asked.from)),
        to: Some(instant(asked.to)),
        authority: asked.authority,
        letter_number: asked.letter_number,
        letter_date: asked.letter_date,
        positions: asked.positions,
        violations: asked.violations,
    };
    Release {
        release_id: release.release_id,
        request: Some(request),
        proposed_by: release.proposed_by,
        confirmed_by: release.confirmed_by,
        released_at: Some(instant(release.released_at)),
        sha256: hex(&release.sha256),
        bytes: release.bytes,
        positions: release.positions.cast_unsigned(),
        violations: release.violations.cast_unsigned(),
        has_file: release.has_file,
    }
}
