//! `violations.json`: what was found, with what proves it.

use super::words;
use geofence::{Evidence, Timestamp};
use serde_json::{Value, json};
use store::Alert;

/// An alert with its evidence, or why there is none.
#[derive(Clone, Debug)]
pub(crate) struct Explained {
    pub alert: Alert,
    pub evidence: Result<Evidence, String>,
}

/// The whole document.
pub(super) fn document(violations: &[Explained]) -> Value {
    json!({"format": "paband-release-violations-1", "violations": violations.iter().map(one).collect::<Vec<_>>()})
}

fn one(Explained { alert, evidence }: &Explained) -> Value {
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
    json!({
        "alert": alert.alert_id,
        "kind": alert.kind.name(),
        "kind_fa": words::kind_fa(alert.kind),
        "kind_en": words::kind_en(alert.kind),
        "zone": alert.zone,
        "started_at": time(Some(alert.started_at)),
        "found_at": time(Some(alert.found_at)),
        "known_at": time(Some(alert.recorded_at)),
        "found_late": alert.found_late,
        "ended_at": time(alert.end.map(|(at, _)| at)),
        "end_reason": alert.end.map(|(_, reason)| reason.name()),
        "max_beyond_m": alert.max_beyond_m,
        "last_breaking_at": time(alert.last_breaking_at),
        "restored_at": time(alert.restored_at),
        "note": alert.note,
        "corrected_because": alert.corrected_because,
        "evidence": evidence.as_ref().ok(),
        "not_explained_because": evidence.as_ref().err(),
    })
}
