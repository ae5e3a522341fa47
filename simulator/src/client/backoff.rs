//! How long to wait before the next try.

use rand::RngExt;
use std::time::Duration;

/// Doubles from failure to failure; each wait is a random part, at least half, so that a fleet does not come back as one.
#[derive(Debug)]
pub(crate) struct Backoff {
    shortest: Duration,
    longest: Duration,
    now: Duration,
}

impl Backoff {
    pub fn new((shortest, longest): (Duration, Duration)) -> Self {
        Self { shortest, longest, now: shortest }
    }

    pub fn reset(&mut self) {
        self.now = self.shortest;
    }

    pub fn next(&mut self) -> Duration {
        let wait = self.now.mul_f64(rand::rng().random_range(0.5..=1.0));
        self.now = (self.now * 2).min(self.longest);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let mut backoff = Backoff::new((Duration::from_millis(100), Duration::from_millis(300)));
        for full in [100, 200, 300, 300] {
            let wait = backoff.next().as_secs_f64() * 1000.0;
            assert!((0.499 * f64::from(full)..=1.001 * f64::from(full)).contains(&wait), "{wait} of {full}");
        }
        backoff.reset();
        assert!(backoff.next() <= Duration::from_millis(100));
    }
}
