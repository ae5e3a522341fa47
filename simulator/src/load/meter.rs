//! What a load measures: counters for the moment, delays for the end.

use hdrhistogram::Histogram;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Longest delay told apart, microseconds; longer ones count as this.
const DELAY_US_MAX: u64 = 10 * 60 * 1_000_000;

/// Shared by all connections of a run.
#[derive(Debug)]
pub(super) struct Meter {
    pub sent: AtomicU64,
    pub stored: AtomicU64,
    pub frames: AtomicU64,
    pub lost_connections: AtomicU64,
    delays_us: Mutex<Histogram<u64>>,
}

impl Meter {
    pub fn new() -> Self {
        Self {
            sent: AtomicU64::new(0),
            stored: AtomicU64::new(0),
            frames: AtomicU64::new(0),
            lost_connections: AtomicU64::new(0),
            delays_us: Mutex::new(delays()),
        }
    }

    pub fn sent(&self, frames: u64, reports: u64) {
        self.frames.fetch_add(frames, Relaxed);
        self.sent.fetch_add(reports, Relaxed);
    }

    pub fn stored(&self, reports: u64) {
        self.stored.fetch_add(reports, Relaxed);
    }

    /// Adds the delays of one connection.
    pub fn merge(&self, delays_us: &Histogram<u64>) {
        let mut all = self.delays_us.lock().expect("no holder panics");
        all.add(delays_us).expect("both have the same bounds");
    }

    /// Adds one delay.
    pub fn delay(&self, delay: Duration) {
        record(&mut self.delays_us.lock().expect("no holder panics"), delay);
    }

    /// The delay that this part of the answers kept within, ms; 0 without any.
    pub fn delay_ms(&self, part: f64) -> f64 {
        let all = self.delays_us.lock().expect("no holder panics");
        if all.is_empty() { 0.0 } else { all.value_at_quantile(part) as f64 / 1000.0 }
    }
}

/// For one connection.
pub(super) fn delays() -> Histogram<u64> {
    Histogram::new_with_bounds(1, DELAY_US_MAX, 3).expect("the bounds are valid")
}

pub(super) fn record(delays_us: &mut Histogram<u64>, delay: Duration) {
    delays_us.saturating_record(delay.as_micros() as u64);
}
