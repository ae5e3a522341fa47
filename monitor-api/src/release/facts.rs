//! The act of releasing: who asked, by which letter, for what, and which two persons handed it over.

use chrono::{DateTime, Utc};
use geofence::Timestamp;
use serde_json::{Value, json};
use store::{PurposeRow, ReleaseRequest, Wearer};

/// One of the two persons.
#[derive(Clone, Debug)]
pub(crate) struct Party {
    /// The name to log in with.
    pub name: String,
    /// The name as people read it.
    pub shown_name: String,
}

/// Everything about the act but the data.
#[derive(Clone, Debug)]
pub(crate) struct ReleaseFacts {
    /// The proposal's number, and so the release's.
    pub release_id: i64,
    /// Whose data.
    pub wearer: Wearer,
    /// What was asked for.
    pub request: ReleaseRequest,
    /// What for, as the catalogue calls it.
    pub purpose: PurposeRow,
    /// The case's number; empty where none is needed.
    pub case_number: String,
    /// Who proposed it.
    pub proposed_by: Party,
    /// When.
    pub proposed_at: DateTime<Utc>,
    /// Who confirmed it.
    pub confirmed_by: Party,
    /// When: the moment of release.
    pub released_at: DateTime<Utc>,
    /// Reports received before this were deleted after their time, unless a legal hold kept them.
    pub kept_since: Option<Timestamp>,
}

/// What the archive holds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub positions: u64,
    pub violations: u64,
}

impl ReleaseFacts {
    /// Whether reports of the span may have been deleted.
    pub(super) fn deleted_before(&self) -> Option<Timestamp> {
        self.kept_since.filter(|since| Timestamp::from(self.request.from) < *since)
    }

    /// The document `release.json`.
    pub(super) fn document(&self, counts: Counts, key_fingerprint: &str) -> Value {
        let time = |time: DateTime<Utc>| Timestamp::from(time).to_string();
        let person = |party: &Party| json!({"name": party.name, "shown_name": party.shown_name});
        let Self { wearer, request, .. } = self;
        json!({
            "format": "paband-release-1",
            "program": env!("CARGO_PKG_VERSION"),
            "release": self.release_id,
            "wearer": {"reference": wearer.reference, "name": wearer.name, "national_id": wearer.national_id, "unit": wearer.unit},
            "from": time(request.from),
            "to": time(request.to),
            "asked_by": {"authority": request.authority, "letter_number": request.letter_number, "letter_date": request.letter_date},
            "scope": {"positions": request.positions, "violations": request.violations},
            "purpose": {"code": self.purpose.code, "name_fa": self.purpose.name_fa, "name_en": self.purpose.name_en},
            "case_number": self.case_number,
            "proposed_by": person(&self.proposed_by),
            "proposed_at": time(self.proposed_at),
            "confirmed_by": person(&self.confirmed_by),
            "released_at": time(self.released_at),
            "positions": counts.positions,
            "violations": counts.violations,
            "reports_deleted_before": self.deleted_before().map(|since| since.to_string()),
            "key_fingerprint": key_fingerprint,
        })
    }
}
