//! One report of an evidence: what it says, and what follows from it, in words and numbers a person can check.

use crate::{EndReason, Fix, Plan, Report, Signal, StoredReport, Timestamp, Verdict, Violation};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const SIGNALS: [(&str, Signal); 9] = [
    ("fix", Signal::Fix),
    ("strap_open", Signal::StrapOpen),
    ("case_tamper", Signal::CaseTamper),
    ("sos", Signal::Sos),
    ("charging", Signal::Charging),
    ("power_off", Signal::PowerOff),
    ("jamming", Signal::Jamming),
    ("motion", Signal::Motion),
    ("at_home_beacon", Signal::AtHomeBeacon),
];

/// One report.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct EvidenceLine {
    /// When the tag took it, RFC 3339.
    pub taken_at: String,
    /// When the server read it, RFC 3339.
    pub received_at: String,
    /// Degrees; absent if the report has no valid position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lat: Option<f64>,
    /// Degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lon: Option<f64>,
    /// Radius that holds the true position with about 95 %, metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy_m: Option<f64>,
    /// Distance to the zone's edge, metres, positive inside; absent where no zone was in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edge_m: Option<f64>,
    /// `inside`, `outside` or `uncertain`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
    /// `before` the start, in the run that `opens` the violation, `during` it, or in the run that `closes` it.
    pub part: String,
    /// What the tag signalled; what it left unsaid is absent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub signals: BTreeMap<String, bool>,
    /// Percent; absent if unsaid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub battery_percent: Option<u8>,
    /// Which tag, by its number in the database.
    tag_id: i64,
    received_ms: Timestamp,
    /// The report as it is stored.
    report: Report,
}

impl EvidenceLine {
    pub(super) fn of(stored: &StoredReport, plan: &Plan, violation: &Violation) -> Self {
        let report = &stored.report;
        let fix = Fix::of_report(report, stored.received_at);
        let judged = fix.and_then(|fix| {
            let zone = plan.zone_at(&violation.zone, fix.taken_at()).filter(|zone| zone.can_use(&fix))?;
            let edge_m = zone.edge_m(fix.latitude, fix.longitude);
            Some((edge_m, Verdict::of(edge_m, fix.accuracy_m)))
        });
        Self {
            taken_at: report.taken_at.to_string(),
            received_at: stored.received_at.to_string(),
            lat: fix.map(|fix| fix.latitude),
            lon: fix.map(|fix| fix.longitude),
            accuracy_m: fix.map(|fix| fix.accuracy_m),
            edge_m: judged.map(|(edge_m, _)| (edge_m * 10.0).round() / 10.0),
            verdict: judged.map(|(_, verdict)| format!("{verdict:?}").to_lowercase()),
            part: part(report.judged_at(stored.received_at), violation).to_owned(),
            signals: SIGNALS.iter().filter_map(|(name, signal)| Some(((*name).to_owned(), report.signals.get(*signal)?))).collect(),
            battery_percent: (report.battery_percent != Report::BATTERY_UNSAID).then_some(report.battery_percent),
            tag_id: stored.tag_id,
            received_ms: stored.received_at,
            report: *report,
        }
    }

    pub(super) fn stored(&self) -> StoredReport {
        StoredReport { tag_id: self.tag_id, received_at: self.received_ms, late: false, report: self.report }
    }
}

fn part(at: Timestamp, violation: &Violation) -> &'static str {
    let closes = violation.end.is_some_and(|(end, reason)| at >= end && reason != EndReason::ByPerson);
    if closes {
        "closes"
    } else if at < violation.start {
        "before"
    } else if at <= violation.found_at {
        "opens"
    } else {
        "during"
    }
}
