//! Which tags' memory is newer than the written one, oldest first. What is written moves the point from which a restart reads back.

use super::Tags;
use super::memory::TagMemory;
use geofence::TagState;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// The queue of tags to write down.
#[derive(Default)]
pub(super) struct Unwritten {
    /// Tag, first batch that its written memory lacks, since when. Ascending by batch; an entry is void once the tag's own number differs.
    queue: VecDeque<(i64, i64, Instant)>,
    /// Tags to write with the next batches, whatever their age.
    at_once: VecDeque<i64>,
}

impl Unwritten {
    /// The memory of a tag took something in from batch `number`.
    pub fn note(&mut self, tag_id: i64, memory: &mut TagMemory, number: i64) {
        let was_written = memory.first_unwritten().is_none();
        memory.took_from(number);
        if was_written {
            self.queue.push_back((tag_id, number, Instant::now()));
        }
    }

    /// This tag's memory goes down as soon as the limit of a batch allows, whatever its age.
    pub fn at_once(&mut self, tag_id: i64) {
        self.at_once.push_back(tag_id);
    }

    /// This tag's memory goes down with the next batch.
    pub fn with_the_next(&mut self, tag_id: i64) {
        self.at_once.push_front(tag_id);
    }

    /// Whether some memory should go down without waiting for company.
    pub fn is_urgent(&self) -> bool {
        !self.at_once.is_empty()
    }

    /// Memory to write with batch `number`: what must go at once, and what has waited for `unwritten_for`.
    pub fn states(&mut self, tags: &mut Tags, number: i64, states_max: usize, unwritten_for: Duration) -> Vec<TagState> {
        let mut states = Vec::new();
        let urgent = self.at_once.len().min(states_max);
        for tag_id in self.at_once.drain(..urgent) {
            states.extend(tags.get_mut(&tag_id).map(|memory| write(tag_id, memory, number)));
        }
        while states.len() < states_max
            && let Some(&(tag_id, first, since)) = self.queue.front()
            && since.elapsed() >= unwritten_for
        {
            self.queue.pop_front();
            if let Some(memory) = tags.get_mut(&tag_id).filter(|memory| memory.first_unwritten() == Some(first)) {
                states.push(write(tag_id, memory, number));
            }
        }
        states
    }

    /// The first batch that some written memory lacks.
    pub fn oldest(&mut self, tags: &Tags) -> Option<i64> {
        while let Some(&(tag_id, first, _)) = self.queue.front() {
            if tags.get(&tag_id).is_some_and(|memory| memory.first_unwritten() == Some(first)) {
                return Some(first);
            }
            self.queue.pop_front();
        }
        None
    }

    /// Whether any tag waits to be written down.
    pub fn is_empty(&mut self, tags: &Tags) -> bool {
        self.at_once.is_empty() && self.oldest(tags).is_none()
    }

    /// Finds anew which tags are unwritten, after memory was reloaded.
    pub fn rebuild(&mut self, tags: &Tags) {
        let now = Instant::now();
        let mut queue: Vec<_> = tags.iter().filter_map(|(&tag_id, memory)| Some((tag_id, memory.first_unwritten()?, now))).collect();
        queue.sort_unstable_by_key(|&(_, first, _)| first);
        self.queue = queue.into();
    }
}

fn write(tag_id: i64, memory: &mut TagMemory, number: i64) -> TagState {
    memory.is_written_with(number);
    TagState { tag_id, batch: number, bytes: memory.write() }
}
