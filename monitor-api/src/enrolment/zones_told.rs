//! Zones, findings and previews as answers.

use crate::accounts::instant;
use crate::catalogue::text;
use crate::convert::timestamp;
use crate::status::invalid;
use geofence::Violation;
use geofence::check::{Finding, FindingCode, Severity};
use geojson::Feature;
use proto::enrolment as schema;
use store::{ZoneOrigin, ZonePlan, ZonePreview, ZoneSet, ZoneVersion, collection, feature_written};
use tonic::Status;
use tonic_types::FieldViolation;

/// Longest argument of a finding, characters.
const ARGUMENT_CHARACTERS_MAX: usize = 200;

/// The name of the message of a finding in the catalogue.
pub(crate) fn finding_message_id(code: FindingCode) -> String {
    format!("found-{}", code.code().to_ascii_lowercase().replace('_', "-"))
}

/// Zones that cannot be so: each finding that refuses is a field, named after its zone.
pub(super) fn refused(findings: &[Finding]) -> Status {
    let refusing = findings.iter().filter(|finding| finding.severity == Severity::Refused);
    let violation = |finding: &Finding| FieldViolation {
        reason: finding.code.code().to_owned(),
        ..FieldViolation::new(finding.zone.clone(), message(finding))
    };
    invalid(refusing.map(violation).collect())
}

fn message(finding: &Finding) -> String {
    let cut = |value: &str| value.chars().take(ARGUMENT_CHARACTERS_MAX).collect::<String>();
    let arguments: Vec<(&str, String)> = finding.arguments.iter().map(|(name, value)| (*name, cut(value))).collect();
    text(&finding_message_id(finding.code), &arguments)
}

pub(super) fn finding(finding: &Finding) -> schema::Finding {
    let kind = schema::FindingKind::from_str_name(&format!("FINDING_KIND_{}", finding.code.code()));
    schema::Finding {
        zone: finding.zone.clone(),
        kind: kind.unwrap_or_default().into(),
        refuses: finding.severity == Severity::Refused,
        message: message(finding),
        latitude: finding.place.map(|place| place.0),
        longitude: finding.place.map(|place| place.1),
    }
}

pub(super) fn plan(plan: &ZonePlan) -> schema::ZonePlan {
    let written = |own: bool| {
        let of = plan.zones.iter().filter(|zone| (zone.origin == ZoneOrigin::Own) == own);
        let features: Vec<Feature> = of.map(|zone| feature_written(&zone.feature, &plan.wearer, zone.from, zone.to)).collect();
        collection(&features).to_string()
    };
    schema::ZonePlan {
        wearer: plan.wearer.clone(),
        version: plan.version,
        zones: plan.zones.iter().map(zone).collect(),
        geojson: written(true),
        shared_geojson: written(false),
    }
}

pub(super) fn set(set: ZoneSet) -> schema::ZoneSet {
    let written: Vec<Feature> = set.zones.iter().map(ZoneVersion::written).collect();
    schema::ZoneSet {
        zones: set
            .zones
            .iter()
            .map(|version| schema::Zone { set: set.reference.clone(), origin: schema::ZoneOrigin::Set.into(), ..zone(version) })
            .collect(),
        geojson: collection(&written).to_string(),
        set: set.reference,
        name_fa: set.name_fa,
        name_en: set.name_en,
        unit: set.unit,
        version: set.version,
        wearers: set.members,
    }
}

fn zone(version: &ZoneVersion) -> schema::Zone {
    let (origin, set) = match &version.origin {
        ZoneOrigin::Own => (schema::ZoneOrigin::Own, String::new()),
        ZoneOrigin::Set(set) => (schema::ZoneOrigin::Set, set.clone()),
        ZoneOrigin::List => (schema::ZoneOrigin::List, String::new()),
        ZoneOrigin::Everyone => (schema::ZoneOrigin::Everyone, String::new()),
    };
    schema::Zone {
        zone: version.zone.clone(),
        version: version.version,
        from: Some(instant(version.from)),
        to: version.to.map(instant),
        origin: origin.into(),
        set,
        recorded_by: version.recorded_by.clone(),
        recorded_at: Some(instant(version.recorded_at)),
        reason: version.reason.clone(),
    }
}

pub(super) fn preview(preview: &ZonePreview) -> schema::PreviewZonesResponse {
    schema::PreviewZonesResponse {
        findings: preview.findings.iter().map(finding).collect(),
        from: Some(instant(preview.from)),
        to: Some(instant(preview.to)),
        with_change: preview.with_change.iter().map(violation).collect(),
        found: preview.found.iter().map(violation).collect(),
        reports: preview.reports as i64,
    }
}

fn violation(violation: &Violation) -> schema::PreviewedViolation {
    schema::PreviewedViolation {
        zone: violation.zone.to_string(),
        kind: violation.kind.name().to_owned(),
        start: Some(timestamp(violation.start)),
        end: violation.end.map(|(end, _)| timestamp(end)),
        max_beyond_m: violation.max_beyond_m,
    }
}

#[cfg(test)]
mod tests {
    use super::{FindingCode, schema};

    #[test]
    fn every_finding_has_its_kind_in_the_schema() {
        for code in FindingCode::ALL {
            assert!(schema::FindingKind::from_str_name(&format!("FINDING_KIND_{}", code.code())).is_some(), "{}", code.code());
        }
    }
}
