//! One zone by itself: its properties, its shape, its size, its hours.

use super::hours::{on_spans, windows};
use super::rings::{Crossing, Rings};
use super::room::room;
use super::{CheckTerms, Checked, Finding, FindingCode, ZoneDraft};
use crate::ellipsoid::geodesic_m;
use crate::shape::Shape;
use crate::{OutlineError, Sense, Zone, ZoneError, ZoneReader};
use std::sync::Arc;

/// Most corners of a zone. A fix is measured against each of them; what is drawn by hand or taken from a land register has far fewer.
pub const CORNERS_MAX: usize = 2_000;
/// From here on somebody should simplify the outline.
const CORNERS_MANY: usize = 1_000;

/// The deepest place of a zone is at least so far from its edge, metres. A fix counts only where the edge is farther than its accuracy, which
/// is 15 m where the tag does not say: in a smaller zone nobody would ever surely be inside, neither at home nor where it is forbidden.
pub const DEPTH_MIN_M: f64 = 25.0;

/// An inclusion zone is at most so wide, kilometres: no province is wider, and who may be anywhere in the country is not held to a place.
const INCLUSION_KM_MAX: f64 = 1_000.0;
/// An exclusion zone is at most so wide, kilometres: the strip along the longest border of the country.
const EXCLUSION_KM_MAX: f64 = 3_000.0;
/// A wider inclusion zone is mostly a misplaced corner, kilometres.
const INCLUSION_KM_LARGE: f64 = 50.0;
/// The same of an exclusion zone.
const EXCLUSION_KM_LARGE: f64 = 200.0;

/// Where wearers are: west, south, east, north, degrees. Longitude and latitude of an Iranian place exchanged lie outside.
const COUNTRY: [f64; 4] = [43.0, 24.0, 64.5, 40.5];

/// Shorter hours hardly let judgement find anything, minutes: a violation needs three fixes and a minute, a presence unknown five minutes.
const MINUTES_MIN: i64 = 15;

/// Reads a draft; what cannot be read is found wrong if it is new.
pub(super) fn read(reader: &mut ZoneReader, key: i64, draft: &ZoneDraft, findings: &mut Vec<Finding>) -> Option<Arc<Zone>> {
    let name = draft.feature.property("zone").and_then(|name| name.as_str()).unwrap_or_default();
    let corners = draft.feature.geometry.as_ref().map_or(0, |geometry| Rings::of(&geometry.value).corners);
    if corners > CORNERS_MAX {
        let finding = Finding::refused(name, FindingCode::TooManyCorners).with("corners", corners).with("max", CORNERS_MAX);
        findings.extend(draft.is_new.then_some(finding));
        return None;
    }
    match reader.read(key, &draft.feature) {
        Ok(zone) => Some(Arc::new(zone)),
        Err(error) => {
            findings.extend(draft.is_new.then(|| unreadable(name, error)));
            None
        }
    }
}

fn unreadable(name: &str, error: ZoneError) -> Finding {
    let refused = |code| Finding::refused(name, code);
    match error {
        ZoneError::Missing(property) => refused(FindingCode::PropertyMissing).with("property", property),
        ZoneError::Invalid(property, why) => refused(FindingCode::PropertyWrong).with("property", property).with("why", why),
        ZoneError::Unknown(property) => refused(FindingCode::PropertyUnknown).with("property", property),
        ZoneError::Geometry(_) | ZoneError::NoGeometry | ZoneError::Outline(OutlineError::Empty) => refused(FindingCode::NoShape),
        ZoneError::Outline(OutlineError::RingOpen) => refused(FindingCode::RingOpen),
        ZoneError::Outline(OutlineError::RingTooShort | OutlineError::LineTooShort) => refused(FindingCode::NoArea),
        ZoneError::Outline(OutlineError::OutOfRange(longitude, latitude)) => {
            refused(FindingCode::OutOfRange).with("longitude", longitude).with("latitude", latitude)
        }
        // Half the Earth.
        ZoneError::Outline(OutlineError::TooWide) => refused(FindingCode::TooLarge).with("across", 20_000).with("max", INCLUSION_KM_MAX),
    }
}

/// What is wrong with a zone that can be read.
pub(super) fn check(draft: &Checked, terms: &CheckTerms, findings: &mut Vec<Finding>) {
    let (name, zone) = (draft.name(), &draft.zone);
    if zone.to <= terms.now {
        findings.push(Finding::refused(name, FindingCode::Ended));
        return;
    }
    let Some(geometry) = &draft.draft.feature.geometry else { return };
    let shape_is_right = check_rings(name, &Rings::of(&geometry.value), findings);
    if shape_is_right && check_size(name, zone, findings) {
        check_depth(name, zone, findings);
    }
    check_hours(name, zone, terms, findings);
}

/// Whether the rings of a shape are as rings must be.
pub(super) fn check_rings(name: &str, rings: &Rings, findings: &mut Vec<Finding>) -> bool {
    if rings.without_area() {
        findings.push(Finding::refused(name, FindingCode::NoArea));
        return false;
    }
    if rings.corners > CORNERS_MANY {
        let many = Finding::warned(name, FindingCode::TooManyCorners);
        findings.push(many.with("corners", rings.corners).with("max", CORNERS_MANY));
    }
    match rings.crossing() {
        Some(Crossing::Itself(place)) => findings.push(Finding::refused(name, FindingCode::SelfCrossing).at(place)),
        Some(Crossing::OfHole(place)) => findings.push(Finding::refused(name, FindingCode::HoleOutside).at(place)),
        Some(Crossing::OfParts(place)) => {
            findings.push(Finding::warned(name, FindingCode::PartsCross).at(place));
            return true;
        }
        None => return true,
    }
    false
}

/// The longer side of the box around a zone, metres.
pub(super) fn across_m(zone: &Zone) -> f64 {
    let [west, south, east, north] = zone.frame.degrees(zone.shape.anchor(), 0.0);
    let reach_m = 2.0 * zone.shape.reach_m();
    if matches!(zone.shape, Shape::Circle { .. }) {
        return reach_m;
    }
    let middle = f64::midpoint(south, north);
    let half_way = f64::midpoint(west, east);
    let wide_m = geodesic_m((middle, west), (middle, half_way)) * 2.0;
    wide_m.max(geodesic_m((south, west), (north, west))) + reach_m
}

/// Whether a zone is of a size and at a place that makes sense.
fn check_size(name: &str, zone: &Zone, findings: &mut Vec<Finding>) -> bool {
    let across_km = across_m(zone) / 1000.0;
    let (max, large) = match zone.sense() {
        Sense::Inclusion => (INCLUSION_KM_MAX, INCLUSION_KM_LARGE),
        Sense::Exclusion => (EXCLUSION_KM_MAX, EXCLUSION_KM_LARGE),
    };
    if across_km > max {
        findings.push(Finding::refused(name, FindingCode::TooLarge).with("across", across_km.round()).with("max", max));
        return false;
    }
    if across_km > large {
        findings.push(Finding::warned(name, FindingCode::Large).with("across", across_km.round()));
    }
    let [west, south, east, north] = zone.frame.degrees(zone.shape.anchor(), zone.shape.reach_m());
    if east < COUNTRY[0] || north < COUNTRY[1] || west > COUNTRY[2] || south > COUNTRY[3] {
        findings.push(Finding::warned(name, FindingCode::FarAway).at((f64::midpoint(south, north), f64::midpoint(west, east))));
    }
    true
}

fn check_depth(name: &str, zone: &Zone, findings: &mut Vec<Finding>) {
    if let Some(room) = room(&[zone], &[], DEPTH_MIN_M).filter(|room| room.depth_m < DEPTH_MIN_M) {
        let small = Finding::refused(name, FindingCode::TooSmall).at(room.place);
        findings.push(small.with("depth", room.depth_m.max(0.0).floor()).with("min", DEPTH_MIN_M));
    }
}

fn check_hours(name: &str, zone: &Zone, terms: &CheckTerms, findings: &mut Vec<Finding>) {
    let windows = windows(std::iter::once(zone), terms.now);
    let spans = on_spans(zone, &windows);
    if spans.is_empty() {
        findings.push(Finding::refused(name, FindingCode::NeverOn));
        return;
    }
    // What is cut off by the window is longer than it seems.
    let is_cut = |time| windows.iter().any(|window| window.0 == time || window.1 == time);
    let short = spans.iter().find(|(from, to)| to.millis_since(*from) < MINUTES_MIN * 60_000 && !is_cut(*from) && !is_cut(*to));
    if let Some((from, to)) = short {
        let minutes = to.millis_since(*from) / 60_000;
        findings.push(Finding::warned(name, FindingCode::ShortHours).with("minutes", minutes).with("from", from));
    }
}
