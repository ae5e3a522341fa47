//! Gives freed memory back to the system. The allocator looks for what has been free for a second when a thread ends, and the threads of a
//! server do not end: what loading a million tags left behind would stay.

use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// When the allocator looks first: loading has ended more than a second ago.
const FIRST_AFTER: Duration = Duration::from_secs(3);
/// How often it looks afterwards: judging many pasts again leaves much behind too.
const EVERY: Duration = Duration::from_secs(60);

/// Ends a thread now and then, until cancelled.
pub async fn give_back(stop: CancellationToken) {
    let mut wait = FIRST_AFTER;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
        wait = EVERY;
        // It must have used memory to have any to look after. A thread that cannot be made now can be in a minute.
        let thread = std::thread::Builder::new().name("give back".into()).spawn(|| drop(std::hint::black_box(vec![0_u8; 64])));
        if let Err(error) = thread {
            tracing::debug!(error = &error as &dyn std::error::Error, "freed memory is kept for another minute");
        }
    }
}
