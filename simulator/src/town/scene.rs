//! What is staged in every town, whatever its seed: a backlog told late, interference, a curfew missed.

use super::curfew::Curfew;
use super::incident::{Incident, IncidentKind};
use super::interference::{DISTURBED_S, Interference, Trouble};
use super::wearer::{Regime, Wearer};
use geofence::Timestamp;

/// The backlog's wearer sets out so long before the start that the tag has no network from second 23 to 83: told before [`DISTURBED_S`].
pub(super) const BACKLOG_BEGINS_S: f64 = -25.0;
/// During the interference a spoofed wearer cuts the strap, one without position calls for help, seconds from the start.
const STRAP_BEGINS_S: f64 = 115.0;
const SOS_BEGINS_S: f64 = 135.0;

/// Who plays in which scene, by place among the town's wearers. A town that is too small goes without.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Scenes {
    pub backlog: Option<usize>,
    pub interference: Option<Interference>,
    pub curfew: Option<Curfew>,
}

impl Scenes {
    /// For these wearers. Without the instant of the start there is no curfew, because its zone names the minute.
    pub fn cast(seed: u64, wearers: &[Wearer], starts_at: Option<Timestamp>) -> Self {
        let last = |regime| wearers.iter().rposition(|wearer| wearer.regime == regime);
        // Another one is left to be caught in the street at the start.
        let have_two = wearers.iter().filter(|wearer| wearer.regime == Regime::KeepAway).count() > 1;
        let backlog = last(Regime::KeepAway).filter(|_| have_two);
        let curfew = starts_at.and_then(|starts_at| last(Regime::Curfew).map(|wearer| Curfew::after(wearer, starts_at)));
        // What the interference touches is UNKNOWN and no violation: these two must be seen to break the rules.
        let spared: Vec<usize> = backlog.into_iter().chain(curfew.as_ref().map(|curfew| curfew.wearer)).collect();
        Self { backlog, interference: Interference::plan(seed, wearers, &spared), curfew }
    }

    /// What happens to single wearers in a run that began then.
    pub fn incidents(&self, run_began: Timestamp) -> Vec<Incident> {
        let disturbed = |trouble| self.interference.as_ref().and_then(|interference| interference.first(trouble));
        let staged = [
            (BACKLOG_BEGINS_S, self.backlog, IncidentKind::CrossesStreetUnheard),
            (STRAP_BEGINS_S, disturbed(Trouble::Spoofed), IncidentKind::CutsStrap),
            (SOS_BEGINS_S, disturbed(Trouble::Blind), IncidentKind::CallsForHelp),
        ];
        let staged = staged.into_iter().filter_map(|(begins_s, wearer, kind)| Some(Incident { begins_s, wearer: wearer?, kind }));
        staged.chain(self.curfew.as_ref().map(|curfew| curfew.incident(run_began))).collect()
    }

    /// What a person will see, and about when; one line each.
    pub fn words(&self, wearers: &[Wearer]) -> Vec<String> {
        let name = |place: usize| &wearers[place].reference;
        let backlog = self.backlog.map(name).map(|name| {
            format!("after about 85 s: the tag of {name} was without network; what it kept shows, late, that the street was entered")
        });
        let interference = self.interference.as_ref().map(|interference| {
            let (count, from_s, to_s) = (interference.members.len(), DISTURBED_S.start, DISTURBED_S.end);
            format!("after {from_s} to {to_s} s: {count} wearers lose their true position together; straps and calls for help still count")
        });
        let curfew = self.curfew.as_ref().map(|curfew| {
            let (name, begins, found) = (name(curfew.wearer), curfew.wall(0), curfew.wall(60));
            format!("{found} in Tehran: {name}, away and unheard since a curfew began at {begins}, is found by time alone")
        });
        backlog.into_iter().chain(interference).chain(curfew).collect()
    }
}
