//! Interference in areas, from the tracks of a file.

use super::Row;
use crate::tracker::tell;
use crate::{Cell, EndReason, Interference, InterferenceRules, InterferenceWatch, Sighting, Timestamp, Violation, ViolationKind};
use std::sync::Arc;

/// What all wearers show of their areas.
#[derive(Default)]
pub(super) struct Areas {
    wearers: i64,
    sightings: Vec<Sighting>,
}

impl Areas {
    /// A number for one more wearer.
    pub fn next_wearer(&mut self) -> i64 {
        self.wearers += 1;
        self.wearers
    }

    /// What a report showed.
    pub fn see(&mut self, wearer: i64, at: Timestamp, sighting: Option<(Cell, bool)>) {
        self.sightings.extend(sighting.map(|(cell, troubled)| Sighting { at, wearer, cell, troubled }));
    }

    /// The incidents up to and including `until`, one row each.
    pub fn rows(mut self, until: Timestamp) -> Vec<Row> {
        self.sightings.sort_unstable_by_key(|sighting| (sighting.at, sighting.wearer));
        let (mut watch, mut found) = (InterferenceWatch::new(InterferenceRules::default()), Vec::new());
        for sighting in &self.sightings {
            watch.take(sighting, &mut found);
        }
        watch.advance(until, &mut found);
        let mut newest = Vec::new();
        found.iter().for_each(|incident| tell(&mut newest, violation(incident)));
        newest.into_iter().map(|violation| Row { wearer: Arc::from(""), violation }).collect()
    }
}

/// An incident as a violation: its zone is the name of the cell.
fn violation(incident: &Interference) -> Violation {
    let opened = Violation::opened(ViolationKind::AreaInterference, incident.start, incident.found_at);
    let end = incident.end.map(|end| (end, EndReason::Restored));
    Violation { zone: incident.cell.name().into(), end, ..opened }
}
