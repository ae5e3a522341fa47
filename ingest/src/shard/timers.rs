//! The shard's clock: what happens although nobody writes to it.

use super::Shard;
use crate::port::Journal;
use geofence::Timestamp;
use tokio::time::Instant;

/// How far judgement by time alone stays behind the clock, so that a fix under way is taken in first.
const TIMER_ALLOWANCE_MS: i64 = 2_000;

impl<J: Journal> Shard<J> {
    pub(super) fn may_wake(&self, open: bool) -> bool {
        open && self.commit.is_none()
    }

    /// When the shard must do something although nobody writes to it.
    pub(super) fn wake_at(&self, full: bool) -> Instant {
        let limits = &self.context.limits;
        let now = Instant::now();
        let leave = match self.gathering.since {
            Some(_) if full => now,
            Some(since) => since + limits.linger,
            None if self.unwritten.is_urgent() => now,
            None => self.head_sent + limits.checkpoint_after,
        };
        let due = self.due.peek().map(|std::cmp::Reverse((due, _))| {
            let ready = due.plus_millis(TIMER_ALLOWANCE_MS).max(self.context.timers_from);
            let wait_ms = ready.millis_since((self.context.clock)());
            (now + std::time::Duration::from_millis(u64::try_from(wait_ms).unwrap_or(0).min(60_000))).max(self.timers_rest)
        });
        [due, self.again.wake_at()].into_iter().flatten().fold(leave, Instant::min)
    }

    pub(super) fn wake(&mut self) {
        self.advance();
        self.begin_again();
        let limits = &self.context.limits;
        let lingered = self.gathering.since.is_some_and(|since| since.elapsed() >= limits.linger);
        let urgent = self.gathering.is_empty() && self.unwritten.is_urgent();
        if lingered || urgent || self.head_sent.elapsed() >= limits.checkpoint_after {
            self.flush();
        }
    }

    /// Judges what has fallen due by time alone.
    fn advance(&mut self) {
        if Instant::now() < self.timers_rest {
            return;
        }
        let (now, mut found) = (self.timers_now(), Vec::new());
        while self.gathering.violations.len() < self.context.limits.timed_violations_max
            && let Some(std::cmp::Reverse((due, tag_id))) = self.due.peek().copied()
            && due <= now
        {
            self.due.pop();
            let Some(memory) = self.tags.get_mut(&tag_id) else { continue };
            if memory.falls_due(due, now) {
                memory.advance(now, &mut found);
                if let Some(wearer_id) = memory.wearer_id() {
                    self.open_gathering();
                    self.changed(tag_id);
                    self.gathering.timed |= !found.is_empty();
                    self.gathering.found(wearer_id, tag_id, found.drain(..));
                }
            }
            self.reschedule(tag_id);
        }
    }

    /// Up to when time alone may judge: a little behind the clock, and not before the backlog of an outage has had time to come in.
    fn timers_now(&self) -> Timestamp {
        let now = (self.context.clock)();
        if now < self.context.timers_from { Timestamp::MIN } else { now.plus_millis(-TIMER_ALLOWANCE_MS) }
    }
}
