//! How long what is known of a person is kept, and how it leaves the house: holds, releases, what the timed deletion did.

mod asked;
mod deletions;
mod holds;
mod releases;
mod releasing;

pub(crate) use asked::{lift_asked, release_asked};
pub(crate) use deletions::DeletionService;
pub(crate) use holds::HoldService;
pub(crate) use releases::ReleaseService;
pub(crate) use releasing::Releasing;
