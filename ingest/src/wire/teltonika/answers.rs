//! Answers leave in the order of the packets: a device takes the next answer for its oldest packet, whatever became durable first.

use super::super::Outcome;
use bytes::{BufMut, BytesMut};
use std::collections::VecDeque;

/// Most packets of one connection that may wait for an answer; one more closes it. A device sends one at a time.
pub(super) const UNANSWERED_MAX: usize = 16_384;

/// The answers that are still owed.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// The ticket of `owed`'s front.
    oldest: u64,
    owed: VecDeque<Owed>,
}

#[derive(Debug)]
struct Owed {
    /// Records in the packet.
    count: u32,
    outcome: Option<Outcome>,
}

impl Answers {
    /// A packet of `count` records has come: the ticket to settle it by, or `None` if too many are owed.
    pub(super) fn wait(&mut self, count: u32) -> Option<u64> {
        if self.owed.len() == UNANSWERED_MAX {
            return None;
        }
        self.owed.push_back(Owed { count, outcome: None });
        Some(self.oldest + self.owed.len() as u64 - 1)
    }

    /// Notes what became of a packet; writes every answer that is no longer held up by an older packet.
    pub(super) fn settle(&mut self, ticket: u64, outcome: Outcome, output: &mut BytesMut) {
        let place = ticket.checked_sub(self.oldest).and_then(|place| usize::try_from(place).ok());
        let Some(owed) = place.and_then(|place| self.owed.get_mut(place)) else { return };
        owed.outcome = Some(outcome);
        while let Some(Owed { count, outcome: Some(outcome) }) = self.owed.front() {
            output.put_u32(if *outcome == Outcome::Stored { *count } else { 0 });
            self.owed.pop_front();
            self.oldest += 1;
        }
        if self.owed.is_empty() {
            self.owed = VecDeque::new(); // a silent device holds no memory
        }
    }
}
