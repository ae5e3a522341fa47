//! How one wearer stands to one zone: the runs of policy 3 with the readings of policy 8. A wearer of whom nothing is known against a
//! zone that is on needs no tracker at all.

use crate::{EndReason, Fix, Sense, Timestamp, Verdict, Violation, ViolationKind, Zone};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The standing to one zone, where it is not plain.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Tracker {
    pub key: i64,
    pub id: Arc<str>,
    pub sense: Sense,
    pub standing: Standing,
}

/// What is known against a wearer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) enum Standing {
    /// Breaking fixes that are no violation yet.
    Run(Run),
    /// An open violation.
    Broken(Broken),
    /// The zone turned on without a fix to judge by; `presence_unknown` opens then.
    Awaited(Timestamp),
    /// An open `presence_unknown` since then.
    Unknown(Timestamp),
}

/// Breaking fixes in a row.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    start: Timestamp,
    /// The newest usable fix (uncertain ones too) or the boundary: gaps count from here.
    last: Timestamp,
    fixes: u32,
    /// If the run contains the boundary fix: it opens by time alone then.
    due: Option<Timestamp>,
    evidence: Evidence,
}

/// What the breaking fixes show.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Evidence {
    max_beyond_m: f64,
    last_breaking_at: Timestamp,
}

/// An open violation and the run that may close it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Broken {
    start: Timestamp,
    found_at: Timestamp,
    evidence: Evidence,
    /// The newest usable fix, uncertain ones too.
    last: Timestamp,
    /// The first of the keeping fixes in a row, and how many.
    closing: Option<(Timestamp, u32)>,
}

/// What a fix says of the rule.
#[derive(PartialEq)]
enum Side {
    Breaking,
    Keeping,
    Uncertain,
}

impl Zone {
    /// Whether a fix breaks the rule of the zone.
    pub(crate) fn is_broken_by(&self, fix: &Fix) -> bool {
        side(self, fix) == Side::Breaking
    }
}

fn side(zone: &Zone, fix: &Fix) -> Side {
    match (zone.verdict(fix), zone.sense()) {
        (Verdict::Uncertain, _) => Side::Uncertain,
        (Verdict::Outside, Sense::Inclusion) | (Verdict::Inside, Sense::Exclusion) => Side::Breaking,
        _ => Side::Keeping,
    }
}

/// Where the trackers of a judge tell what they find.
pub(crate) struct Finder<'a> {
    pub id: &'a Arc<str>,
    pub sense: Sense,
    pub found: &'a mut Vec<Violation>,
}

/// Tells the newest state of a violation; an older state of it in the same list is replaced.
pub(crate) fn tell(found: &mut Vec<Violation>, violation: Violation) {
    match found.iter_mut().rev().find(|other| other.is_same(&violation)) {
        Some(known) => *known = violation,
        None => found.push(violation),
    }
}

impl Finder<'_> {
    fn broken(&mut self, broken: &Broken, end: Option<(Timestamp, EndReason)>) {
        let kind = match self.sense {
            Sense::Inclusion => ViolationKind::Inclusion,
            Sense::Exclusion => ViolationKind::Exclusion,
        };
        let violation = Violation {
            zone: self.id.clone(),
            kind,
            start: broken.start,
            found_at: broken.found_at,
            end,
            max_beyond_m: Some(broken.evidence.max_beyond_m),
            last_breaking_at: Some(broken.evidence.last_breaking_at),
            restored_at: None,
        };
        tell(self.found, violation);
    }

    fn unknown(&mut self, start: Timestamp, end: Option<(Timestamp, EndReason)>) {
        let unknown = Violation::opened(ViolationKind::PresenceUnknown, start, start);
        tell(self.found, Violation { zone: self.id.clone(), end, ..unknown });
    }
}

impl Standing {
    /// Tells it as it is, if it is an open violation.
    pub fn tell(&self, finder: &mut Finder) {
        match self {
            Self::Broken(broken) => finder.broken(broken, None),
            Self::Unknown(start) => finder.unknown(*start, None),
            Self::Run(_) | Self::Awaited(_) => {}
        }
    }

    /// When time alone will change it.
    pub fn due(&self) -> Option<Timestamp> {
        match self {
            Self::Run(run) => run.due,
            Self::Awaited(due) => Some(*due),
            Self::Broken(_) | Self::Unknown(_) => None,
        }
    }

    /// The zone turned on at `boundary`; `fix` is the last usable one, if it is not stale.
    pub fn at_boundary(zone: &Zone, boundary: Timestamp, fix: Option<&Fix>) -> Option<Self> {
        let Some(fix) = fix else {
            return Some(Self::Awaited(boundary.plus_millis(zone.rules().stale_after_ms)));
        };
        if side(zone, fix) != Side::Breaking {
            return None;
        }
        let due = Some(boundary.plus_millis(zone.rules().open_after_ms));
        Some(Self::Run(Run { start: boundary, last: boundary, fixes: 1, due, evidence: Evidence::new(zone, fix, boundary) }))
    }

    /// The standing after a usable fix while the zone is on; fixes come in order of time.
    pub fn after_fix(standing: Option<Self>, zone: &Zone, fix: &Fix, finder: &mut Finder) -> Option<Self> {
        let side = side(zone, fix);
        let is_stale = |last: Timestamp| fix.taken_at.millis_since(last) > zone.rules().stale_after_ms;
        match standing {
            Some(Self::Broken(broken)) => broken.after(side, zone, fix, finder),
            // A fix at the boundary itself is taken in twice, which shows nothing: its run opens by time no later than by count.
            Some(Self::Run(run)) if !is_stale(run.last) => run.after(side, zone, fix, finder),
            other => {
                if let Some(Self::Unknown(start)) = other {
                    finder.unknown(start, Some((fix.taken_at, EndReason::Fix)));
                }
                (side == Side::Breaking).then(|| Run::first(zone, fix).opened_by(zone, fix, finder))
            }
        }
    }

    /// The standing after what fell due at `now` (not before [`Standing::due`]).
    pub fn after_due(self, finder: &mut Finder) -> Self {
        match self {
            Self::Run(Run { due: Some(due), start, last, evidence, .. }) => {
                let broken = Broken { start, found_at: due, evidence, last, closing: None };
                finder.broken(&broken, None);
                Self::Broken(broken)
            }
            Self::Awaited(due) => {
                finder.unknown(due, None);
                Self::Unknown(due)
            }
            plain => plain,
        }
    }

    /// The zone turned off at `boundary`.
    pub fn end(self, boundary: Timestamp, finder: &mut Finder) {
        let end = Some((boundary, EndReason::ZoneOff));
        match self {
            Self::Broken(broken) => finder.broken(&broken, end),
            Self::Unknown(start) => finder.unknown(start, end),
            Self::Run(_) | Self::Awaited(_) => {}
        }
    }
}

impl Evidence {
    fn new(zone: &Zone, fix: &Fix, at: Timestamp) -> Self {
        Self { max_beyond_m: zone.beyond_m(fix, 0.0).unwrap_or(0.0), last_breaking_at: at }
    }

    fn add(&mut self, zone: &Zone, fix: &Fix) {
        self.last_breaking_at = fix.taken_at;
        if let Some(beyond_m) = zone.beyond_m(fix, self.max_beyond_m) {
            self.max_beyond_m = beyond_m;
        }
    }
}

impl Run {
    fn first(zone: &Zone, fix: &Fix) -> Self {
        let at = fix.taken_at;
        Self { start: at, last: at, fixes: 1, due: None, evidence: Evidence::new(zone, fix, at) }
    }

    fn after(mut self, side: Side, zone: &Zone, fix: &Fix, finder: &mut Finder) -> Option<Standing> {
        self.last = fix.taken_at;
        match side {
            Side::Keeping => None,
            Side::Uncertain => Some(Standing::Run(self)),
            Side::Breaking => {
                self.fixes = self.fixes.saturating_add(1);
                self.evidence.add(zone, fix);
                Some(self.opened_by(zone, fix, finder))
            }
        }
    }

    /// A violation if this fix fulfils both conditions, else still a run.
    fn opened_by(self, zone: &Zone, fix: &Fix, finder: &mut Finder) -> Standing {
        let rules = zone.rules();
        if self.fixes < rules.open_fixes || fix.taken_at.millis_since(self.start) < rules.open_after_ms {
            return Standing::Run(self);
        }
        let broken = Broken { start: self.start, found_at: fix.taken_at, evidence: self.evidence, last: fix.taken_at, closing: None };
        finder.broken(&broken, None);
        Standing::Broken(broken)
    }
}

impl Broken {
    fn after(mut self, side: Side, zone: &Zone, fix: &Fix, finder: &mut Finder) -> Option<Standing> {
        let rules = zone.rules();
        if fix.taken_at.millis_since(self.last) > rules.stale_after_ms {
            self.closing = None;
        }
        self.last = fix.taken_at;
        match side {
            Side::Uncertain => {}
            Side::Breaking => {
                self.closing = None;
                self.evidence.add(zone, fix);
                finder.broken(&self, None);
            }
            Side::Keeping => {
                let (start, fixes) = self.closing.map_or((fix.taken_at, 1), |(start, fixes)| (start, fixes.saturating_add(1)));
                if fixes >= rules.close_fixes && fix.taken_at.millis_since(start) >= rules.close_after_ms {
                    finder.broken(&self, Some((start, EndReason::Kept)));
                    return None;
                }
                self.closing = Some((start, fixes));
            }
        }
        Some(Standing::Broken(self))
    }
}
