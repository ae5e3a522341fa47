//! Submissions with reports older than memory reaches wait here until the database says which of them are stored.

use super::gathering::Waiting;
use crate::port::{Journal, JournalError};
use crate::wire::Submission;
use geofence::{Report, Timestamp};
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use tokio::task::JoinHandle;

/// Reports asked for at once.
const ASK_MAX: usize = 20_000;

/// A submission that waits for the database's answer.
pub(super) struct Parked {
    pub waiting: Waiting,
    pub received_at: Timestamp,
    pub submission: Submission,
}

/// What the database answered, and for whom.
pub(super) struct Answer {
    pub parked: Vec<Parked>,
    pub stored: Result<HashSet<(i64, Report)>, JournalError>,
}

/// The waiting room. One question at a time.
#[derive(Default)]
pub(super) struct Late {
    parked: VecDeque<Parked>,
    asking: Option<JoinHandle<Answer>>,
}

impl Late {
    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.parked.is_empty() && self.asking.is_none()
    }

    /// Whether a question is under way.
    pub fn is_asking(&self) -> bool {
        self.asking.is_some()
    }

    /// Lets a submission wait. Whoever parks counts it on the tag.
    pub fn park(&mut self, waiting: Waiting, received_at: Timestamp, submission: Submission) {
        self.parked.push_back(Parked { waiting, received_at, submission });
    }

    /// Asks for those who wait, unless a question is under way. `ready` tells whether all that memory knows of a tag is durable: before
    /// that the database's answer would lack what is on its way. `unknown` tells which reports memory cannot answer for.
    pub fn ask<J: Journal>(&mut self, journal: &Arc<J>, ready: impl Fn(i64) -> bool, unknown: impl Fn(i64, &Report) -> bool) {
        if self.asking.is_some() || self.parked.is_empty() {
            return;
        }
        let (mut asked, mut left, mut questions) = (Vec::new(), VecDeque::new(), Vec::new());
        for parked in std::mem::take(&mut self.parked) {
            let tag_id = parked.submission.tag_id;
            // Whoever stays, stays in order: readiness is a tag's, and the limit closes for all that follow.
            if questions.len() >= ASK_MAX || !ready(tag_id) {
                left.push_back(parked);
                continue;
            }
            questions.extend(parked.submission.reports.iter().filter(|report| unknown(tag_id, report)).map(|report| (tag_id, *report)));
            asked.push(parked);
        }
        self.parked = left;
        if asked.is_empty() {
            return;
        }
        let journal = Arc::clone(journal);
        self.asking = Some(tokio::spawn(async move {
            let stored = if questions.is_empty() { Ok(Vec::new()) } else { journal.stored(&questions).await };
            let stored = stored.map(|stored| questions.into_iter().zip(stored).filter_map(|(key, yes)| yes.then_some(key)).collect());
            Answer { parked: asked, stored }
        }));
    }

    /// The answer, once it is there.
    pub async fn answered(&mut self) -> Answer {
        let Some(asking) = &mut self.asking else { return std::future::pending().await };
        let answer = asking.await.expect("a journal returns errors, it does not panic");
        self.asking = None;
        answer
    }

    /// Gives up after a failed batch: everyone who waits, so that they are refused.
    pub async fn abandon(&mut self) -> Vec<Parked> {
        let mut parked: Vec<_> = if self.asking.is_some() { self.answered().await.parked } else { Vec::new() };
        parked.extend(self.abandon_waiting());
        parked
    }

    /// Everyone who waits for a question that has not been asked yet.
    pub fn abandon_waiting(&mut self) -> Vec<Parked> {
        self.parked.drain(..).collect()
    }
}
