//! Violations in words that a judge could read.

use crate::calendar::{text, text_beside};
use geofence::{EndReason, Timestamp, Violation, ViolationKind};

/// When it is told for the first time.
pub fn opening(violation: &Violation, now: Timestamp) -> String {
    let began = text_beside(violation.start, now);
    let end = if violation.end.is_some() { format!("; {}", end(violation, now)) } else { String::new() };
    format!("{} found; began {began}{}{end}", subject(violation), beyond(violation, ""))
}

/// When it has ended or the tag says that it is well again.
pub fn state(violation: &Violation, now: Timestamp) -> String {
    format!("... {} of {}: {}{}", subject(violation), text_beside(violation.start, now), end(violation, now), beyond(violation, "at most "))
}

/// When judging again has changed what was told.
pub fn correction(old: Option<&Violation>, new: &Violation, cause: &str) -> String {
    let (subject, began) = (subject(new), text(new.start));
    match (old, new.end) {
        (_, Some((_, EndReason::Refuted))) => format!("REFUTED: {subject} of {began}: it was not so ({cause})"),
        (None, _) => format!("FOUND LATE: {subject} of {began}: {}{} ({cause})", end(new, new.start), beyond(new, "at most ")),
        (Some(old), _) => {
            let (was, is) = (end(old, new.start), end(new, new.start));
            format!("CORRECTED: {subject} of {began}: {is}{}; told before: {was} ({cause})", beyond(new, "at most "))
        }
    }
}

/// A line of the list of all violations.
pub fn entry(violation: &Violation) -> String {
    let day = violation.start;
    let is_at_once = violation.found_at == day;
    let found = if is_at_once { String::new() } else { format!("found {}; ", text_beside(violation.found_at, day)) };
    format!("{}  {}: {found}{}{}", text(day), subject(violation), end(violation, day), beyond(violation, "at most "))
}

fn subject(violation: &Violation) -> String {
    let zone = &violation.zone;
    match violation.kind {
        ViolationKind::Inclusion => format!("violation of \"{zone}\" (outside an inclusion zone)"),
        ViolationKind::Exclusion => format!("violation of \"{zone}\" (inside an exclusion zone)"),
        ViolationKind::PresenceUnknown => format!("presence unknown at \"{zone}\""),
        ViolationKind::StrapOpen => "strap open".to_owned(),
        ViolationKind::Silent => "tag silent".to_owned(),
        ViolationKind::NoPosition => "no position".to_owned(),
        ViolationKind::BatteryLow => "battery low".to_owned(),
        ViolationKind::BatteryCritical => "battery critical".to_owned(),
        ViolationKind::Flat => "battery flat".to_owned(),
        ViolationKind::Implausible => "implausible position".to_owned(),
        other => panic!("{} does not happen in this year", other.name()),
    }
}

fn end(violation: &Violation, day: Timestamp) -> String {
    let Some((at, reason)) = violation.end else {
        let restored = violation.restored_at.map(|at| format!("the tag says at {} that it is well again; ", text_beside(at, day)));
        let awaits = if violation.kind.ends_by_person() { "open until a person ends it" } else { "open" };
        return format!("{}{awaits}", restored.unwrap_or_default());
    };
    let why = match (reason, violation.kind) {
        (EndReason::Kept, _) => "the zone is kept again",
        (EndReason::ZoneOff, _) => "the zone turned off",
        (EndReason::Fix, _) => "a position is there again",
        (EndReason::Heard, _) => "the tag is heard again",
        (EndReason::Restored, ViolationKind::Implausible) => "three plausible positions",
        (EndReason::Restored, _) => "the battery is charged again",
        (EndReason::ByPerson | EndReason::Refuted, _) => panic!("no end in this list: {violation:?}"),
    };
    let lasted = duration(at.millis_since(violation.start) / 60_000);
    format!("ended {} after {lasted}: {why}", text_beside(at, day))
}

/// `; at most 1,391 m beyond the edge, last at 23:37`: how far at most, and once it has ended when it was last seen broken.
fn beyond(violation: &Violation, most: &str) -> String {
    let Some(metres) = violation.max_beyond_m else { return String::new() };
    let side = if violation.kind == ViolationKind::Exclusion { "within" } else { "beyond" };
    let last = match (violation.end, violation.last_breaking_at) {
        (Some(_), Some(at)) => format!(", last at {}", text_beside(at, violation.start)),
        _ => String::new(),
    };
    format!("; {most}{} m {side} the edge{last}", grouped(metres.round() as i64))
}

/// `1,222,352`.
fn grouped(number: i64) -> String {
    if number < 1000 { number.to_string() } else { format!("{},{:03}", grouped(number / 1000), number % 1000) }
}

fn duration(minutes: i64) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}
