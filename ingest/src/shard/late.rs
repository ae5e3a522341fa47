//! Submissions with reports older than memory reaches wait here until the database says which of them are stored.

use super::gathering::Waiting;
use crate::port::{Journal, JournalError};
use crate::wire::Submission;
use geofence::{Report, Timestamp};
use std::collections::{HashMap, HashSet, VecDeque};
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

/// The waiting room. Questions go one after another, so that an answer and what was accepted since always fit together.
#[derive(Default)]
pub(super) struct Late {
    parked: VecDeque<Parked>,
    asking: Option<JoinHandle<Answer>>,
    /// Reports accepted on the word of an answer, with the batch they are in (`i64::MAX` while it fills). Kept until a question
    /// that starts after their COMMIT would find them in the table.
    accepted: HashMap<(i64, Report), i64>,
    stored_up_to: HashSet<i64>,
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

    /// Asks for the submissions at the head of the queue, unless a question is under way.
    /// `unknown` tells which reports memory cannot answer for.
    pub fn ask<J: Journal>(&mut self, journal: &Arc<J>, unknown: impl Fn(i64, &Report) -> bool) {
        if self.asking.is_some() || self.parked.is_empty() {
            return;
        }
        let stored = std::mem::take(&mut self.stored_up_to);
        self.accepted.retain(|_, batch| !stored.contains(batch));
        let (mut asked, mut questions) = (Vec::new(), Vec::new());
        while questions.len() < ASK_MAX
            && let Some(parked) = self.parked.pop_front()
        {
            let tag_id = parked.submission.tag_id;
            questions.extend(parked.submission.reports.iter().filter(|report| unknown(tag_id, report)).map(|report| (tag_id, *report)));
            asked.push(parked);
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

    /// Accepts a report that the database does not have; `false` if it was accepted already.
    pub fn accept(&mut self, tag_id: i64, report: &Report) -> bool {
        self.accepted.insert((tag_id, *report), i64::MAX).is_none()
    }

    /// What was accepted since the last batch left is in this batch.
    pub fn batch_left(&mut self, number: i64) {
        if !self.accepted.is_empty() {
            self.accepted.values_mut().filter(|batch| **batch == i64::MAX).for_each(|batch| *batch = number);
        }
    }

    /// The batch is durable.
    pub fn batch_stored(&mut self, number: i64) {
        if !self.accepted.is_empty() {
            self.stored_up_to.insert(number);
        }
    }

    /// Gives up after a failed batch: everyone who waits, so that they are refused.
    pub async fn abandon(&mut self) -> Vec<Parked> {
        let mut parked: Vec<_> = if self.asking.is_some() { self.answered().await.parked } else { Vec::new() };
        parked.extend(self.abandon_waiting());
        self.accepted.clear();
        self.stored_up_to.clear();
        parked
    }

    /// Everyone who waits for a question that has not been asked yet.
    pub fn abandon_waiting(&mut self) -> Vec<Parked> {
        self.parked.drain(..).collect()
    }
}
