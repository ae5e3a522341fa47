//! The residence: where the distance of the degree counts from, and what every wearer's zones must leave in peace.
//!
//! A zone says where the residence is with the property `residence`: `true` = its geometry is the building's outline and `distance_m` reaches
//! beyond it; or a geometry of its own, where the zone was drawn by hand around the building.

use super::one::{across_m, check_rings};
use super::rings::Rings;
use super::room::{may_meet, room};
use super::{CheckTerms, Checked, Finding, FindingCode, ZoneDraft};
use crate::shape::Shape;
use crate::{Sense, Zone};
use geojson::{Feature, Geometry, GeometryValue, JsonObject, JsonValue};

/// Buildings are smaller, metres across. What is larger is mostly a quarter or a block, and the distance would count from its edge.
const RESIDENCE_ACROSS_LARGE_M: f64 = 200.0;
/// Nothing larger is a residence, metres across.
const RESIDENCE_ACROSS_MAX_M: f64 = 1_000.0;
/// By so much a wall may stand beyond the edge of the zone that is drawn along it, metres.
const WALL_M: f64 = 1.0;
/// Steps along the edges of a drawn zone at which its distance from the residence is measured, at most this many an edge.
const STEPS_OF_EDGE: u32 = 8;

/// A building.
pub(super) struct Residence {
    /// Its outline, without any distance.
    pub outline: Zone,
}

/// The residence that a draft names.
pub(super) fn of(draft: &ZoneDraft, zone: &Zone, findings: &mut Vec<Finding>) -> Option<Residence> {
    let named = draft.feature.property("residence").filter(|named| !matches!(named, JsonValue::Null | JsonValue::Bool(false)))?;
    let mut refuse = |finding: Finding| findings.extend(draft.is_new.then_some(finding));
    let geometry = match named {
        JsonValue::Bool(true) => draft.feature.geometry.clone(),
        other => serde_json::from_value::<Geometry>(other.clone()).ok(),
    };
    let outline = geometry.filter(|geometry| is_outline(&geometry.value)).and_then(outline);
    let Some(outline) = outline else {
        refuse(Finding::refused(zone.id(), FindingCode::ResidenceNoOutline));
        return None;
    };
    if zone.sense() != Sense::Inclusion {
        refuse(Finding::refused(zone.id(), FindingCode::ResidenceNotInclusion));
        return None;
    }
    Some(Residence { outline })
}

fn is_outline(geometry: &GeometryValue) -> bool {
    match geometry {
        GeometryValue::Polygon { .. } | GeometryValue::MultiPolygon { .. } => true,
        GeometryValue::LineString { coordinates } => coordinates.first() == coordinates.last(),
        _ => false,
    }
}

fn outline(geometry: Geometry) -> Option<Zone> {
    let properties = JsonObject::from_iter([("zone".to_owned(), "residence".into()), ("sense".to_owned(), "inclusion".into())]);
    let geometry = match geometry.value {
        GeometryValue::LineString { coordinates } => Geometry::new(GeometryValue::Polygon { coordinates: vec![coordinates] }),
        value => Geometry::new(value),
    };
    let feature = Feature { geometry: Some(geometry), properties: Some(properties), ..Feature::default() };
    Zone::from_feature(0, &feature).ok()
}

/// What is wrong with the residence of one zone.
pub(super) fn check(draft: &Checked, terms: &CheckTerms, findings: &mut Vec<Finding>) {
    let Some(residence) = &draft.residence else { return };
    let (name, home) = (draft.name(), &residence.outline);
    if let Some(JsonValue::Object(own)) = draft.draft.feature.property("residence")
        && let Ok(geometry) = serde_json::from_value::<Geometry>(JsonValue::Object(own.clone()))
        && !check_rings(name, &Rings::of(&geometry.value), findings)
    {
        return;
    }
    let across_m = across_m(home);
    if across_m > RESIDENCE_ACROSS_LARGE_M {
        let large = Finding::warned(name, FindingCode::ResidenceLarge).with("across", across_m.round());
        findings.push(if across_m > RESIDENCE_ACROSS_MAX_M { Finding { severity: super::Severity::Refused, ..large } } else { large });
    }
    if let Some(outside) = room(&[home], &[&draft.zone], WALL_M * 2.0).filter(|outside| outside.depth_m > WALL_M) {
        findings.push(Finding::refused(name, FindingCode::HomeOutside).at(outside.place));
    }
    if let Some(max_m) = terms.distance_max_m {
        let (reach_m, place) = farthest(draft, home);
        if reach_m > max_m + WALL_M {
            let above = Finding::refused(name, FindingCode::AboveDegree).at(place);
            findings.push(above.with("distance", reach_m.round()).with("max", max_m));
        }
    }
}

/// How far a zone reaches beyond the residence, metres, and from where.
fn farthest(draft: &Checked, home: &Zone) -> (f64, (f64, f64)) {
    let zone = &draft.zone;
    let reach_m = zone.shape.reach_m();
    let outline = match &zone.shape {
        Shape::Circle { centre, .. } => return (reach_m - home.edge_m(centre.0, centre.1), *centre),
        Shape::Outline(outline) => outline,
    };
    let mut best = (f64::NEG_INFINITY, (0.0, 0.0));
    for (from, to) in outline.all_edges() {
        for step in 0..STEPS_OF_EDGE {
            let t = f64::from(step) / f64::from(STEPS_OF_EDGE);
            let place = (from.0 + t * (to.0 - from.0), from.1 + t * (to.1 - from.1));
            let beyond_m = reach_m - home.edge_m(place.0, place.1);
            if beyond_m > best.0 {
                best = (beyond_m, place);
            }
        }
    }
    best
}

/// What concerns all zones of a wearer: the order, and whether there is a residence at all.
pub(super) fn check_all(drafts: &[Checked], terms: &CheckTerms, findings: &mut Vec<Finding>) {
    let is_drawn = |draft: &&Checked| draft.is_new() && draft.zone.sense() == Sense::Inclusion;
    let Some(drawn) = drafts.iter().find(is_drawn).filter(|_| terms.of_wearer) else { return };
    if terms.distance_max_m.is_none() {
        findings.push(Finding::warned(drawn.name(), FindingCode::NoOrder));
    }
    let has_residence = |draft: &Checked| draft.residence.is_some() && draft.zone.to > terms.now;
    if !drafts.iter().any(has_residence) {
        findings.push(Finding::warned(drawn.name(), FindingCode::NoResidence));
    }
}

impl Residence {
    /// A place of the building over which a zone lies.
    pub fn under(&self, zone: &Zone) -> Option<(f64, f64)> {
        if !may_meet(&self.outline, zone) {
            return None;
        }
        room(&[&self.outline, zone], &[], WALL_M).filter(|over| over.depth_m > 0.0).map(|over| over.place)
    }
}
