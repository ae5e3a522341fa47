//! Handshakes under way on one listener.

use std::collections::VecDeque;
use tokio::task::{AbortHandle, JoinHandle};

/// Handshakes at a time on one listener. One more ends the oldest: whoever is honest needs milliseconds, so a flood of slow ones
/// pushes out itself.
pub(super) const HANDSHAKES_MAX: usize = 256;

/// Their tasks, oldest first. All end with this.
#[derive(Default)]
pub(super) struct Handshakes {
    under_way: VecDeque<AbortHandle>,
}

impl Handshakes {
    /// Adds one; returns whether another had to go for it.
    pub(super) fn add(&mut self, handshake: &JoinHandle<()>) -> bool {
        let full = self.under_way.len() == HANDSHAKES_MAX;
        if full {
            self.under_way.retain(|handshake| !handshake.is_finished());
        }
        let oldest = if self.under_way.len() == HANDSHAKES_MAX { self.under_way.pop_front() } else { None };
        self.under_way.push_back(handshake.abort_handle());
        oldest.inspect(AbortHandle::abort).is_some()
    }
}

impl Drop for Handshakes {
    fn drop(&mut self) {
        self.under_way.iter().for_each(AbortHandle::abort);
    }
}

#[cfg(test)]
mod tests {
    use super::{HANDSHAKES_MAX, Handshakes};

    #[tokio::test]
    async fn one_too_many_ends_the_oldest_and_only_it() {
        let mut handshakes = Handshakes::default();
        let slow = || tokio::spawn(std::future::pending::<()>());
        let mut tasks: Vec<_> = (0..HANDSHAKES_MAX).map(|_| slow()).collect();
        assert!(tasks.iter().all(|task| !handshakes.add(task)), "there is room for all of them");
        let quick = tokio::spawn(async {});
        assert!(handshakes.add(&quick));
        quick.await.unwrap();
        assert!(tasks.remove(0).await.unwrap_err().is_cancelled());
        assert!(!handshakes.add(&slow()), "the quick one made room");
        tokio::task::yield_now().await;
        assert!(tasks.iter().all(|task| !task.is_finished()));
        drop(handshakes);
        assert!(tasks.remove(0).await.unwrap_err().is_cancelled(), "all end with the listener");
    }
}
