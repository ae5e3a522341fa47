//! How many of the wearers of a cell are heard, are in trouble, and turned: a count that slides with time.
//!
//! Time is cut into seconds, so that a cell keeps some hundred small counts whatever the number of its wearers: what happened in a second
//! leaves the window when the whole second is older than it.

use super::InterferenceRules;
use crate::Timestamp;
use std::collections::VecDeque;

/// Milliseconds of a slot.
const SLOT_MS: i64 = 1_000;

/// The window of one cell. Only slots that have not left are kept, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Count {
    slots: VecDeque<(i64, Part)>,
    total: Part,
}

/// Wearers, by what they add to the count: heard and troubled in the slot of their newest sighting, turned in that of their turn.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Part {
    pub heard: u32,
    pub troubled: u32,
    pub turned: u32,
}

impl Part {
    /// Whether that is interference.
    pub fn is_incident(&self, rules: &InterferenceRules) -> bool {
        // Whole numbers divide to the double nearest the share, as 0.30 is written: 30 of 100 is 30 %.
        self.turned >= rules.wearers_min && f64::from(self.turned) / f64::from(self.heard) >= rules.share_min
    }

    /// Whether that is calm; nobody heard is calm too.
    pub fn is_calm(&self, rules: &InterferenceRules) -> bool {
        self.troubled == 0 || f64::from(self.troubled) / f64::from(self.heard) < rules.calm_share
    }
}

fn slot_of(at: Timestamp) -> i64 {
    at.millis().div_euclid(SLOT_MS)
}

/// When what happened at `at` leaves a window of that length.
pub(super) fn leaves_at(at: Timestamp, within_ms: i64) -> Timestamp {
    slot_leaves_at(slot_of(at), within_ms)
}

fn slot_leaves_at(slot: i64, within_ms: i64) -> Timestamp {
    Timestamp::from_millis(slot.saturating_add(1).saturating_mul(SLOT_MS)).plus_millis(within_ms)
}

impl Count {
    /// The wearers in the window.
    pub const fn total(&self) -> &Part {
        &self.total
    }

    /// When the oldest slot leaves; `None` if the window is empty.
    pub fn next_leaving(&self, within_ms: i64) -> Option<Timestamp> {
        self.slots.front().map(|(slot, _)| slot_leaves_at(*slot, within_ms))
    }

    /// Forgets the oldest slot.
    pub fn leave(&mut self) {
        if let Some((_, part)) = self.slots.pop_front() {
            self.total.heard -= part.heard;
            self.total.troubled -= part.troubled;
            self.total.turned -= part.turned;
        }
    }

    /// Counts something that happened then, which has not left the window.
    pub fn add(&mut self, at: Timestamp, change: impl Fn(&mut Part)) {
        let slot = slot_of(at);
        let index = self.slots.partition_point(|(other, _)| *other < slot);
        if self.slots.get(index).is_none_or(|(other, _)| *other != slot) {
            self.slots.insert(index, (slot, Part::default())); // at the end, but for a sighting that comes late
        }
        change(&mut self.slots[index].1);
        change(&mut self.total);
    }

    /// Takes back what was counted with [`Count::add`], unless it has left since.
    pub fn take_back(&mut self, at: Timestamp, change: impl Fn(&mut Part)) {
        let slot = slot_of(at);
        if let Ok(index) = self.slots.binary_search_by_key(&slot, |(other, _)| *other) {
            change(&mut self.slots[index].1);
            change(&mut self.total);
            if self.slots[index].1 == Part::default() {
                self.slots.remove(index); // else a wearer alone would keep one for each report
            }
        }
    }
}
