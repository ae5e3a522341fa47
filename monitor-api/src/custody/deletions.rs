//! The service that tells what the timed deletion did.

use crate::accounts::{instant, page_size_violation};
use crate::alerts::store_failed;
use crate::status::check;
use proto::custody::deletions_server::Deletions;
use proto::custody::{Deletion, ListDeletionsRequest, ListDeletionsResponse};
use store::Store;
use tonic::{Request, Response, Status};

/// Runs in one answer if the caller does not say.
const PAGE_UNSAID: u32 = 100;

/// Reads the record.
pub(crate) struct DeletionService {
    store: Store,
}

impl DeletionService {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }
}

#[tonic::async_trait]
impl Deletions for DeletionService {
    async fn list_deletions(&self, request: Request<ListDeletionsRequest>) -> Result<Response<ListDeletionsResponse>, Status> {
        let page_size = request.into_inner().page_size;
        check(page_size_violation(page_size).into_iter().collect())?;
        let limit = if page_size == 0 { PAGE_UNSAID } else { page_size };
        let deletions = self.store.deletion_list(limit).await.map_err(|error| store_failed("ListDeletions", &error))?;
        Ok(Response::new(ListDeletionsResponse { deletions: deletions.into_iter().map(deletion).collect() }))
    }
}

fn deletion(deletion: store::Deletion) -> Deletion {
    Deletion {
        deletion_id: deletion.deletion_id,
        kind: deletion.kind.name().to_owned(),
        at: Some(instant(deletion.at)),
        older_than: Some(instant(deletion.older_than)),
        rows: deletion.rows,
        held: deletion.held,
    }
}
