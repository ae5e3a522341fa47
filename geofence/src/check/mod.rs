//! Whether drawn zones mean what their author means: shapes that are none, zones that never apply, rules that nobody can keep.
//!
//! Everything that would be judged otherwise than it looks is refused; what is possible but mostly a slip is warned of.

mod finding;
mod hours;
mod one;
mod residence;
mod rings;
mod room;
mod together;

pub use finding::{Finding, FindingCode, Severity};

use crate::{Timestamp, Zone, ZoneReader};
use geojson::Feature;
use residence::Residence;
use std::sync::Arc;

/// One version of a zone to check: as drawn, with `valid_from` and `valid_to` as they would be stored.
#[derive(Clone, Debug)]
pub struct ZoneDraft {
    /// The feature.
    pub feature: Feature,
    /// It is to be drawn now. What stands already is looked at only where it meets what is new.
    pub is_new: bool,
    /// Many wearers share it.
    pub is_shared: bool,
}

/// What the zones of a wearer are held against.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct CheckTerms {
    /// The server's clock.
    pub now: Timestamp,
    /// How far a zone may reach beyond the residence, metres, by the order in force; `None` = there is none.
    pub distance_max_m: Option<f64>,
    /// They bind one wearer: the order and the residence are looked at. Not so for a set that many share.
    pub of_wearer: bool,
}

/// A draft that can be judged by.
struct Checked<'a> {
    draft: &'a ZoneDraft,
    zone: Arc<Zone>,
    residence: Option<Residence>,
}

impl Checked<'_> {
    fn name(&self) -> &str {
        self.zone.id()
    }

    fn is_new(&self) -> bool {
        self.draft.is_new
    }
}

/// Everything that is found wrong with these zones, taken together: what refuses first, then by zone. None of them has the same name twice at
/// one instant, or that is a finding.
pub fn check_zones(drafts: &[ZoneDraft], terms: &CheckTerms) -> Vec<Finding> {
    let (mut findings, mut reader) = (Vec::new(), ZoneReader::default());
    let mut checked = Vec::with_capacity(drafts.len());
    for (draft, key) in drafts.iter().zip(0..) {
        match one::read(&mut reader, key, draft, &mut findings) {
            Some(zone) => {
                let residence = residence::of(draft, &zone, &mut findings);
                checked.push(Checked { draft, zone, residence });
            }
            None => continue,
        }
    }
    for draft in checked.iter().filter(|draft| draft.is_new()) {
        one::check(draft, terms, &mut findings);
        residence::check(draft, terms, &mut findings);
    }
    residence::check_all(&checked, terms, &mut findings);
    together::check(&checked, terms, &mut findings);
    findings.sort_by(|one, other| other.severity.cmp(&one.severity).then_with(|| one.zone.cmp(&other.zone)));
    findings
}

/// Whether some finding refuses.
pub fn is_refused(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Refused)
}
