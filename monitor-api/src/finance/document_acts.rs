//! What is proposed of documents.

use super::document_asked::uncollectible_asked;
use proto::billing::MarkUncollectibleRequest;
use store::Act;
use tonic::Status;

/// The act that giving a document up means.
pub(crate) fn uncollectible_act(asked: &MarkUncollectibleRequest) -> Result<Act, Status> {
    uncollectible_asked(asked).map(Act::MarkUncollectible)
}
