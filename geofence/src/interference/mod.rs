//! Interference in an area: many wearers who turn implausible or lose their position together are one incident, not a thousand alerts
//! (policy 4, `area_interference`). Pure; knows nothing of the rules of a single wearer.
//!
//! # Readings where policy 4 is silent
//! * **Heard in a cell**: whoever has a sighting in it within the window, also one who has gone on to another cell since. Cells are
//!   judged each on its own. The window is cut into whole seconds: a sighting leaves it when its whole second is too old.
//! * **To turn** is to be seen in trouble after having been seen without, in the same cell and at most two windows ago. Who is first seen
//!   in trouble did not turn: after a restart or an outage of the network all those indoors would turn at once. He counts as heard and
//!   as troubled, and joins an incident.
//! * **Opening** is looked at with every sighting in the cell, calm ones too; by time alone nothing opens.
//! * **The end**: nobody heard counts as calm. An incident explains positions; where none are told, it explains nothing, and silence makes
//!   alerts of its own, which are never attached. So a cell that falls silent ends its incident one window and `calm_ms` later.
//! * **A sighting that comes late** is taken in if it is in the window and newer than the wearer's newest in that cell, else passed over: a
//!   backlog makes no incident of the past.

mod cell;
mod count;
mod rules;
mod standing;
mod watch_cell;

pub use cell::Cell;
pub use rules::InterferenceRules;

use crate::Timestamp;
use count::leaves_at;
use std::collections::{BTreeMap, BTreeSet};
use watch_cell::WatchCell;

/// What one report shows of the area it came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sighting {
    /// When it was taken, but never ahead of the receiving clock: one tag whose clock runs ahead would make all others too old.
    pub at: Timestamp,
    /// Whose tag.
    pub wearer: i64,
    /// Where it was when its position was last believed.
    pub cell: Cell,
    /// Without a position, or with one that cannot be.
    pub troubled: bool,
}

/// One incident as it stands now; (cell, start) names it for ever.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Interference {
    /// Where.
    pub cell: Cell,
    /// When the first of those turned whose turning together opened it.
    pub start: Timestamp,
    /// When enough had turned.
    pub found_at: Timestamp,
    /// When it had been calm for long enough; `None` while open.
    pub end: Option<Timestamp>,
    /// Wearers who joined with this telling, ascending; in [`InterferenceWatch::open`] and [`InterferenceWatch::resume`] all members.
    pub joined: Vec<i64>,
}

/// Watches all cells. Holds about 40 bytes for each wearer and cell, for two to three windows after the wearer was last heard there.
#[derive(Clone, Debug, Default)]
pub struct InterferenceWatch {
    rules: InterferenceRules,
    /// The newest instant heard of; `None` = nothing yet.
    clock: Option<Timestamp>,
    cells: BTreeMap<Cell, WatchCell>,
    /// Cells with an open incident.
    open: BTreeSet<Cell>,
}

impl InterferenceWatch {
    /// A watch that has heard nothing yet.
    pub fn new(rules: InterferenceRules) -> Self {
        Self { rules, ..Self::default() }
    }

    /// Takes in one sighting; they come nearly in order. Tells what it opens or whom it adds, and what ended in its cell by then.
    pub fn take(&mut self, sighting: &Sighting, found: &mut Vec<Interference>) {
        let clock = self.reach(sighting.at);
        if leaves_at(sighting.at, self.rules.within_ms) <= clock {
            return;
        }
        let cell = self.cells.entry(sighting.cell).or_insert_with(|| WatchCell::new(sighting.cell, clock));
        cell.advance(clock, &self.rules, found);
        cell.take(sighting, &self.rules, found);
        if cell.has_incident() {
            self.open.insert(sighting.cell);
        } else {
            self.open.remove(&sighting.cell);
        }
    }

    /// Ends what falls due up to and including `now`, cell by cell, and forgets who is not heard any more. To be called every few minutes
    /// at least; an end is told with its own instant, however late.
    pub fn advance(&mut self, now: Timestamp, found: &mut Vec<Interference>) {
        let clock = self.reach(now);
        self.cells.retain(|cell, watch| {
            watch.advance(clock, &self.rules, found);
            if !watch.has_incident() {
                self.open.remove(cell);
            }
            !watch.is_idle()
        });
    }

    /// When [`InterferenceWatch::advance`] may find something next (it may also find nothing then); `None` if never without a sighting.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.open.iter().filter_map(|cell| self.cells.get(cell)?.next_due(&self.rules)).min()
    }

    /// The open incidents with all their members so far.
    pub fn open(&self) -> Vec<Interference> {
        self.open.iter().filter_map(|cell| self.cells.get(cell)?.open()).collect()
    }

    /// Goes on with an incident that is still open after a restart, with its members. Its calm counts anew, from the first call after this.
    pub fn resume(&mut self, incident: Interference) {
        let cell = incident.cell;
        let clock = self.clock;
        let watch = self.cells.entry(cell).or_insert_with(|| WatchCell::new(cell, clock.unwrap_or(Timestamp::MIN)));
        watch.resume(incident, &self.rules);
        self.open.insert(cell);
    }

    /// The clock after hearing of `at`.
    fn reach(&mut self, at: Timestamp) -> Timestamp {
        let clock = self.clock.map_or(at, |clock| clock.max(at));
        self.clock = Some(clock);
        clock
    }
}
