//! Rows of data for the tests.
#![allow(dead_code, missing_docs, clippy::unwrap_used)]

use geofence::{
    Batch, EndReason, Report, Signal, Signals, Source, StoredReport, TagState, Timestamp, Violation, ViolationKind, WearerViolation,
};
use store::testing::staff;
use store::{Store, TagRow};

/// Now by the machine's clock, whole milliseconds.
pub fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_millis(since.as_millis() as i64)
}

/// A report whose every field is at its most awkward value.
pub fn awkward(taken_at: Timestamp) -> Report {
    Report {
        taken_at,
        latitude_e7: i32::MIN,
        longitude_e7: i32::MAX,
        accuracy_dm: u16::MAX,
        speed_cms: u16::MAX,
        course_deg: u16::MAX,
        altitude_m: i16::MIN,
        satellites: u8::MAX,
        battery_percent: Report::BATTERY_UNSAID,
        source: Source::Beacon,
        signals: Signals::from_bits(u32::MAX),
    }
}

/// An everyday report.
pub fn fix(taken_at: Timestamp, latitude_e7: i32) -> Report {
    let signals = Signals::default().with(Signal::Fix, true).with(Signal::StrapOpen, false);
    Report { latitude_e7, longitude_e7: 514_000_000, accuracy_dm: 55, satellites: 9, battery_percent: 80, signals, ..Report::at(taken_at) }
}

pub fn stored(tag_id: i64, received_at: Timestamp, report: Report) -> StoredReport {
    StoredReport { tag_id, received_at, late: false, report }
}

pub fn batch(number: i64, reports: Vec<StoredReport>) -> Batch {
    Batch { number, reports, ..Batch::default() }
}

pub fn state(tag_id: i64, batch: i64) -> TagState {
    TagState { tag_id, batch, bytes: batch.to_le_bytes().to_vec() }
}

pub fn violation(wearer_id: i64, tag_id: i64, kind: ViolationKind, start: Timestamp) -> WearerViolation {
    let with_edge = matches!(kind, ViolationKind::Inclusion | ViolationKind::Exclusion);
    let zone = if with_edge { "home" } else { "" };
    WearerViolation {
        wearer_id,
        tag_id,
        violation: Violation {
            zone: zone.into(),
            kind,
            start,
            found_at: start,
            end: None,
            max_beyond_m: with_edge.then_some(10.0),
            last_breaking_at: with_edge.then_some(start),
            restored_at: None,
        },
        again: None,
    }
}

pub fn ended(mut found: WearerViolation, at: Timestamp, reason: EndReason) -> WearerViolation {
    found.violation.end = Some((at, reason));
    found
}

pub fn violations(number: i64, violations: Vec<WearerViolation>) -> Batch {
    Batch { violations, ..batch(number, vec![]) }
}

/// Tag 1 on wearer 1, and so on.
pub async fn wearers(store: &Store, count: usize) {
    let rows: Vec<TagRow> =
        (1..=count).map(|n| TagRow { imei: format!("{n:015}"), wearer: Some(format!("w{n}")), key: None, fitted_at: now() }).collect();
    store.tags_register(&staff(), "central", &rows).await.unwrap();
}
