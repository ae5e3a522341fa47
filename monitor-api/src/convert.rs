//! The house's values as the schema's messages, and back.

use geofence::{EndReason, Timestamp, ViolationKind};
use proto::monitor;
use store::AlertEventKind;

/// The newest instant that a protobuf timestamp can say, 9999-12-31T23:59:59Z, in seconds; the oldest is the year 1.
const SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// The server's clock.
pub fn clock() -> Timestamp {
    Timestamp::from(chrono::Utc::now())
}

/// The server's clock as a message.
pub fn now() -> prost_types::Timestamp {
    timestamp(clock())
}

/// An instant; one outside the years 1 to 9999 becomes the nearest one inside.
pub fn timestamp(time: Timestamp) -> prost_types::Timestamp {
    let seconds = time.millis().div_euclid(1000).clamp(*SECONDS.start(), *SECONDS.end());
    let nanos = (time.millis().rem_euclid(1000) * 1_000_000) as i32;
    prost_types::Timestamp { seconds, nanos }
}

/// An instant of a caller, cut to milliseconds; `None` outside the years 1 to 9999 or with impossible nanoseconds.
pub fn instant(time: &prost_types::Timestamp) -> Option<Timestamp> {
    let possible = SECONDS.contains(&time.seconds) && (0..1_000_000_000).contains(&time.nanos);
    possible.then(|| Timestamp::from_millis(time.seconds * 1000 + i64::from(time.nanos / 1_000_000)))
}

/// The kind as a message says it.
pub fn kind(kind: ViolationKind) -> monitor::AlertKind {
    match kind {
        ViolationKind::Inclusion => monitor::AlertKind::Inclusion,
        ViolationKind::Exclusion => monitor::AlertKind::Exclusion,
        ViolationKind::PresenceUnknown => monitor::AlertKind::PresenceUnknown,
        ViolationKind::StrapOpen => monitor::AlertKind::StrapOpen,
        ViolationKind::CaseTamper => monitor::AlertKind::CaseTamper,
        ViolationKind::Sos => monitor::AlertKind::Sos,
        ViolationKind::Silent => monitor::AlertKind::Silent,
        ViolationKind::NoPosition => monitor::AlertKind::NoPosition,
        ViolationKind::BatteryLow => monitor::AlertKind::BatteryLow,
        ViolationKind::BatteryCritical => monitor::AlertKind::BatteryCritical,
        ViolationKind::Flat => monitor::AlertKind::Flat,
        ViolationKind::ChargingRemoved => monitor::AlertKind::ChargingRemoved,
        ViolationKind::PowerOff => monitor::AlertKind::PowerOff,
        ViolationKind::Jamming => monitor::AlertKind::Jamming,
        ViolationKind::Implausible => monitor::AlertKind::Implausible,
        ViolationKind::Identity => monitor::AlertKind::Identity,
        ViolationKind::AreaInterference => monitor::AlertKind::AreaInterference,
    }
}

/// The kind that a caller's number means, if it means one.
pub fn violation_kind(number: i32) -> Option<ViolationKind> {
    match monitor::AlertKind::try_from(number).ok()? {
        monitor::AlertKind::Unspecified => None,
        monitor::AlertKind::Inclusion => Some(ViolationKind::Inclusion),
        monitor::AlertKind::Exclusion => Some(ViolationKind::Exclusion),
        monitor::AlertKind::PresenceUnknown => Some(ViolationKind::PresenceUnknown),
        monitor::AlertKind::StrapOpen => Some(ViolationKind::StrapOpen),
        monitor::AlertKind::CaseTamper => Some(ViolationKind::CaseTamper),
        monitor::AlertKind::Sos => Some(ViolationKind::Sos),
        monitor::AlertKind::Silent => Some(ViolationKind::Silent),
        monitor::AlertKind::NoPosition => Some(ViolationKind::NoPosition),
        monitor::AlertKind::BatteryLow => Some(ViolationKind::BatteryLow),
        monitor::AlertKind::BatteryCritical => Some(ViolationKind::BatteryCritical),
        monitor::AlertKind::Flat => Some(ViolationKind::Flat),
        monitor::AlertKind::ChargingRemoved => Some(ViolationKind::ChargingRemoved),
        monitor::AlertKind::PowerOff => Some(ViolationKind::PowerOff),
        monitor::AlertKind::Jamming => Some(ViolationKind::Jamming),
        monitor::AlertKind::Implausible => Some(ViolationKind::Implausible),
        monitor::AlertKind::Identity => Some(ViolationKind::Identity),
        monitor::AlertKind::AreaInterference => Some(ViolationKind::AreaInterference),
    }
}

fn reason(reason: EndReason) -> monitor::EndReason {
    match reason {
        EndReason::Kept => monitor::EndReason::Kept,
        EndReason::ZoneOff => monitor::EndReason::ZoneOff,
        EndReason::Fix => monitor::EndReason::Fix,
        EndReason::ByPerson => monitor::EndReason::ByPerson,
        EndReason::Refuted => monitor::EndReason::Refuted,
        EndReason::Heard => monitor::EndReason::Heard,
        EndReason::Restored => monitor::EndReason::Restored,
    }
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An alert as a message.
pub fn alert(alert: store::Alert) -> monitor::Alert {
    let (acknowledged_by, acknowledged_at) = alert.acknowledged.unzip();
    monitor::Alert {
        alert_id: alert.alert_id,
        kind: kind(alert.kind).into(),
        wearer: alert.wearer,
        imei: alert.imei,
        zone: alert.zone,
        started_at: Some(timestamp(alert.started_at)),
        found_at: Some(timestamp(alert.found_at)),
        recorded_at: Some(timestamp(alert.recorded_at)),
        found_late: alert.found_late,
        ended_at: alert.end.map(|(at, _)| timestamp(at)),
        end_reason: alert.end.map_or(0, |(_, why)| reason(why).into()),
        max_beyond_m: alert.max_beyond_m,
        last_breaking_at: alert.last_breaking_at.map(timestamp),
        acknowledged_by: acknowledged_by.unwrap_or_default(),
        acknowledged_at: acknowledged_at.map(timestamp),
        note: alert.note.unwrap_or_default(),
        restored_at: alert.restored_at.map(timestamp),
        incident_id: alert.incident.unwrap_or_default(),
        corrected_because: alert.corrected_because.unwrap_or_default(),
    }
}

/// An event as a message.
pub fn event(event: store::AlertEvent) -> monitor::AlertEvent {
    let kind = match event.kind {
        AlertEventKind::Opened => monitor::EventKind::Opened,
        AlertEventKind::Ended => monitor::EventKind::Ended,
        AlertEventKind::Acknowledged => monitor::EventKind::Acknowledged,
        AlertEventKind::Corrected => monitor::EventKind::Corrected,
        AlertEventKind::Restored => monitor::EventKind::Restored,
        AlertEventKind::Attached => monitor::EventKind::Attached,
    };
    monitor::AlertEvent { sequence: event.sequence, kind: kind.into(), alert: Some(alert(event.alert)), previous_sequence: 0 }
}

#[cfg(test)]
mod tests {
    use super::{Timestamp, instant, kind, timestamp, violation_kind};

    #[test]
    fn an_instant_survives_the_way_there_and_back() {
        for millis in [0, -1, 1_500, -62_135_596_800_000, 253_402_300_799_999] {
            let time = Timestamp::from_millis(millis);
            assert_eq!(instant(&timestamp(time)), Some(time));
        }
    }

    #[test]
    fn an_impossible_instant_is_refused_and_never_sent() {
        for (seconds, nanos) in [(0, -1), (0, 1_000_000_000), (i64::MAX, 0), (i64::MIN, 0)] {
            assert_eq!(instant(&prost_types::Timestamp { seconds, nanos }), None);
        }
        for time in [Timestamp::MIN, Timestamp::MAX] {
            assert!(instant(&timestamp(time)).is_some());
        }
    }

    #[test]
    fn every_kind_but_none_has_a_number() {
        assert_eq!(violation_kind(0), None);
        assert_eq!(violation_kind(18), None);
        for number in 1..=17 {
            assert_eq!(kind(violation_kind(number).unwrap()) as i32, number);
        }
    }
}
