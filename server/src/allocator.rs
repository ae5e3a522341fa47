//! Freed memory goes back to the system also while little happens.
//!
//! The allocator keeps what was freed for a second, in case it is wanted again, and then looks for it only when some thread frees a whole page. A service that
//! has just read a million tags and now hears little frees none for hours, and would hold on to what reading left behind.

use std::hint::black_box;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the allocator is made to look.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Larger than any page that holds several blocks, so that it is a page of its own, and free at once. Nothing is written to it: it takes no memory.
const OWN_PAGE: usize = 4 << 20;

/// Looks until `stop`. Each look is made by a new thread: the allocator begins with another part of its memory for each, and looks at few of them.
pub async fn give_back(stop: CancellationToken) {
    while crate::clock::goes_on_after(LOOK_EVERY, &stop).await {
        // Without a thread to be had there is no memory to be had back: the next look may find one.
        let _ = std::thread::Builder::new().name("give back".into()).spawn(|| drop(black_box(Vec::<u8>::with_capacity(OWN_PAGE))));
    }
}
