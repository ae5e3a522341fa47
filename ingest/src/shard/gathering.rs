//! The batch that a shard is filling, with everyone who waits for it.

use crate::inbox::{Inbox, Settled};
use crate::wire::Outcome;
use geofence::{Checkpoint, JudgedAgain, Sighting, StoredReport, Stray, Timestamp, Violation, ViolationKind, WearerViolation};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::time::Instant;

/// A submission whose reports are in a batch.
#[derive(Debug)]
pub(super) struct Waiting {
    pub inbox: Arc<Inbox>,
    pub session: u32,
    pub ticket: u64,
    /// Its share of the reports in flight.
    pub weight: u32,
}

/// A batch being filled.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    /// The batch's number; 0 until something is in it.
    pub number: i64,
    /// When the first thing came in.
    pub since: Option<Instant>,
    /// Whether time alone found something in it.
    pub timed: bool,
    pub reports: Vec<StoredReport>,
    pub violations: Vec<WearerViolation>,
    pub judged_again: Vec<JudgedAgain>,
    pub checkpoints: Vec<Checkpoint>,
    pub strays: Vec<Stray>,
    pub sightings: Vec<Sighting>,
    pub waiting: Vec<Waiting>,
    newest: HashMap<(i64, Arc<str>, ViolationKind, Timestamp), usize>,
}

impl Gathering {
    /// Whether nothing and nobody waits in it.
    pub fn is_empty(&self) -> bool {
        self.since.is_none()
    }

    /// Adds what was found of one wearer; a newer state of the same violation replaces the older.
    pub fn found(&mut self, wearer_id: i64, tag_id: i64, violations: impl Iterator<Item = Violation>) {
        violations.for_each(|violation| self.add(WearerViolation { wearer_id, tag_id, violation, again: None }));
    }

    /// Adds what judging a wearer's past again found.
    pub fn corrected(&mut self, wearer_id: i64, tag_id: i64, cause: &Arc<str>, violations: Vec<Violation>) {
        let again = Some(Arc::clone(cause));
        violations.into_iter().for_each(|violation| self.add(WearerViolation { wearer_id, tag_id, violation, again: again.clone() }));
    }

    fn add(&mut self, mut found: WearerViolation) {
        let violation = &found.violation;
        let key = (found.wearer_id, Arc::clone(&violation.zone), violation.kind, violation.start);
        let position = *self.newest.entry(key).or_insert(self.violations.len());
        if let Some(older) = self.violations.get_mut(position) {
            // What goes on after a correction is still a correction towards what is stored.
            found.again = found.again.or(older.again.take());
            *older = found;
        } else {
            self.violations.push(found);
        }
    }
}

/// Tells everyone who waits what became of their submissions; returns the reports no longer in flight.
pub(super) fn settle(waiting: impl IntoIterator<Item = Waiting>, outcome: Outcome) -> usize {
    let mut weight = 0;
    let mut settled: Vec<Settled> = Vec::new();
    let mut current: Option<Arc<Inbox>> = None;
    for one in waiting {
        weight += one.weight as usize;
        if outcome == Outcome::NotStored {
            one.inbox.refuse();
        }
        if let Some(inbox) = &current
            && !Arc::ptr_eq(inbox, &one.inbox)
        {
            inbox.settle(settled.drain(..));
        }
        settled.push(Settled { session: one.session, ticket: one.ticket, outcome });
        current = Some(one.inbox);
    }
    if let Some(inbox) = current {
        inbox.settle(settled);
    }
    weight
}
