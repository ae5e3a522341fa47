//! When how much is due, and which times the reports carry.

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// Between two reports of a tag when there is no rate, ms.
const UNPACED_STEP_MS: i64 = 10;

/// Even steps from a start on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub started: Instant,
    /// Frames a second of this connection; `None` = as fast as the answers come.
    pub frames_per_s: Option<f64>,
    /// Between two reports of one tag, ms.
    pub step_ms: i64,
}

impl Pace {
    /// A share of a fleet's rate: `frames_per_s` of one connection; one tag sends a report every `tags / reports_per_s`.
    pub fn new(started: Instant, frames_per_s: Option<f64>, tags: u32, reports_per_s: Option<f64>) -> Self {
        let step_ms = reports_per_s.map_or(UNPACED_STEP_MS, |rate| (f64::from(tags) * 1000.0 / rate) as i64);
        Self { started, frames_per_s, step_ms: step_ms.clamp(1, 60_000) }
    }

    /// How many of the frames that are due at `now` are not sent.
    pub fn due(&self, now: Instant, sent: u64) -> u64 {
        let passed = now.saturating_duration_since(self.started);
        self.frames_per_s.map_or(u64::MAX, |rate| ((passed.as_secs_f64() * rate) as u64).saturating_sub(sent))
    }

    /// When frame number `sent` (from 0) is due.
    pub fn next(&self, sent: u64) -> Instant {
        self.frames_per_s.map_or(self.started, |rate| self.started + Duration::from_secs_f64((sent + 1) as f64 / rate))
    }

    /// Times of a frame's reports, ms: the first, and the step to the next. The newest is taken now; all are after `last_ms`, so that none comes twice.
    pub fn times(&self, last_ms: i64, now_ms: i64, reports: usize) -> (i64, i64) {
        let steps = reports as i64 - 1;
        let first = (now_ms - steps * self.step_ms).max(last_ms + 1);
        (first, if steps == 0 { 1 } else { ((now_ms - first) / steps).max(1) })
    }
}

/// The clock, ms since 1970.
pub(super) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_end_now_and_never_go_back() {
        let pace = Pace::new(Instant::now(), None, 10, None);
        for (last, now, reports, expected) in
            [(0, 1_000, 1, (1_000, 1)), (0, 1_000, 11, (900, 10)), (950, 1_000, 11, (951, 4)), (1_000, 1_000, 3, (1_001, 1))]
        {
            assert_eq!(pace.times(last, now, reports), expected);
        }
    }

    #[test]
    fn frames_fall_due_evenly() {
        let started = Instant::now();
        let pace = Pace::new(started, Some(100.0), 1000, Some(1000.0));
        assert_eq!((pace.step_ms, pace.due(started + Duration::from_secs(2), 150)), (1000, 50));
        assert_eq!(pace.next(99), started + Duration::from_secs(1));
    }
}
