//! What is proposed of documents.

use super::document_asked::{collectible_asked, uncollectible_asked};
use proto::billing::{MarkCollectibleRequest, MarkUncollectibleRequest};
use store::Act;
use tonic::Status;

/// The act that giving a document up means.
pub(crate) fn uncollectible_act(asked: &MarkUncollectibleRequest) -> Result<Act, Status> {
    uncollectible_asked(asked).map(Act::MarkUncollectible)
}

/// The act that asking for a document again means.
pub(crate) fn collectible_act(asked: &MarkCollectibleRequest) -> Result<Act, Status> {
    collectible_asked(asked).map(Act::MarkCollectible)
}
