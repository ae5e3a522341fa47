//! One event as one line.

use super::calendar::tehran;
use anstyle::{AnsiColor, Style};
use proto::monitor::{Alert, AlertEvent, AlertKind, EndReason, EventKind};
use std::fmt::Write;

/// What goes on now. A finding about the past (found late) gets no siren colour.
const SIREN: Style = AnsiColor::Red.on_default().bold();
const LATE: Style = AnsiColor::Yellow.on_default();
const ENDED: Style = AnsiColor::Green.on_default();
const TAKEN: Style = AnsiColor::Cyan.on_default();

/// `    1042  1405/09/01 13:22:05  STARTED  outside an inclusion zone   wearer 1404/12, zone home, 120 m beyond the edge`
pub fn line(event: &AlertEvent, persian: bool) -> (Style, String) {
    let nothing = Alert::default();
    let alert = event.alert.as_ref().unwrap_or(&nothing);
    let (style, time, word) = match event.kind() {
        EventKind::Opened if alert.found_late => (LATE, &alert.started_at, "STARTED"),
        EventKind::Opened => (SIREN, &alert.started_at, "STARTED"),
        EventKind::Ended => (ENDED, &alert.ended_at, "ended"),
        EventKind::Acknowledged => (TAKEN, &alert.acknowledged_at, "taken on"),
        EventKind::Corrected => (LATE, &alert.started_at, "CORRECTED"),
        EventKind::Restored => (LATE, &alert.restored_at, "restored"),
        EventKind::Attached => (LATE, &alert.started_at, "explained"),
        EventKind::Unspecified => (LATE, &alert.recorded_at, "changed"),
    };
    // An area's incident and an unknown tag concern no wearer.
    let whose = if alert.wearer.is_empty() { "no wearer".to_owned() } else { format!("wearer {}", shown(&alert.wearer)) };
    let kind = english(alert.kind());
    let mut line = format!("{:>8}  {}  {word:<8}  {kind:<25}  {whose}", event.sequence, tehran(time.as_ref()));
    details(&mut line, event.kind(), alert);
    if persian {
        write!(line, "  {}", shown(in_persian(alert.kind()))).expect("a string takes everything");
    }
    (style, line)
}

fn details(line: &mut String, kind: EventKind, alert: &Alert) {
    let mut add = |text: String| {
        line.push_str(", ");
        line.push_str(&text);
    };
    if !alert.zone.is_empty() {
        let what = match alert.kind() {
            AlertKind::AreaInterference => "area",
            AlertKind::Identity => "tag",
            _ => "zone",
        };
        add(format!("{what} {}", shown(&alert.zone)));
    }
    if let Some(metres) = alert.max_beyond_m {
        add(format!("{metres:.0} m beyond the edge"));
    }
    if kind != EventKind::Opened {
        add(format!("started {}", tehran(alert.started_at.as_ref())));
    }
    if kind == EventKind::Restored {
        add("a person must close it".to_owned());
    }
    if alert.incident_id != 0 {
        add(format!("part of incident {}", alert.incident_id));
    }
    if !alert.corrected_because.is_empty() {
        add(format!("judged again: {}", shown(&alert.corrected_because)));
    }
    if matches!(kind, EventKind::Ended | EventKind::Corrected) && alert.ended_at.is_some() {
        add(ended_because(alert.end_reason()).to_owned());
    }
    if alert.found_late {
        add(format!("FOUND LATE at {}", tehran(alert.recorded_at.as_ref())));
    }
    if !alert.acknowledged_by.is_empty() {
        add(format!("taken on by {}", shown(&alert.acknowledged_by)));
    }
    if !alert.note.is_empty() {
        add(format!("note: {}", shown(&alert.note)));
    }
    add(format!("alert {}", alert.alert_id));
    if !alert.imei.is_empty() {
        add(format!("tag {}", shown(&alert.imei)));
    }
}

pub fn english(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::Unspecified => "alert of a newer kind",
        AlertKind::Inclusion => "outside an inclusion zone",
        AlertKind::Exclusion => "inside an exclusion zone",
        AlertKind::PresenceUnknown => "presence unknown",
        AlertKind::StrapOpen => "strap open",
        AlertKind::CaseTamper => "case tampered with",
        AlertKind::Sos => "call for help",
        AlertKind::Silent => "silent",
        AlertKind::NoPosition => "heard without a position",
        AlertKind::BatteryLow => "battery low",
        AlertKind::BatteryCritical => "battery nearly empty",
        AlertKind::Flat => "battery flat",
        AlertKind::ChargingRemoved => "charger removed",
        AlertKind::PowerOff => "switched off",
        AlertKind::Jamming => "radio jammed",
        AlertKind::Implausible => "implausible report",
        AlertKind::Identity => "identity in doubt",
        AlertKind::AreaInterference => "interference in an area",
    }
}

fn in_persian(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::Unspecified => "هشدار",
        AlertKind::Inclusion => "خروج از محدوده",
        AlertKind::Exclusion => "ورود به محدوده ممنوع",
        AlertKind::PresenceUnknown => "حضور نامعلوم",
        AlertKind::StrapOpen => "باز شدن بند",
        AlertKind::CaseTamper => "دستکاری دستگاه",
        AlertKind::Sos => "درخواست کمک",
        AlertKind::Silent => "سکوت دستگاه",
        AlertKind::NoPosition => "نبود موقعیت",
        AlertKind::BatteryLow => "کم بودن باتری",
        AlertKind::BatteryCritical => "باتری رو به پایان",
        AlertKind::Flat => "خالی شدن باتری",
        AlertKind::ChargingRemoved => "جدا شدن شارژر",
        AlertKind::PowerOff => "خاموش شدن دستگاه",
        AlertKind::Jamming => "اخلال رادیویی",
        AlertKind::Implausible => "گزارش ناممکن",
        AlertKind::Identity => "تردید در هویت دستگاه",
        AlertKind::AreaInterference => "اخلال در یک منطقه",
    }
}

pub fn ended_because(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Unspecified => "for a newer reason",
        EndReason::Kept => "the zone is kept again",
        EndReason::ZoneOff => "the zone turned off",
        EndReason::Fix => "a fix came",
        EndReason::ByPerson => "closed by a person",
        EndReason::Refuted => "REFUTED",
        EndReason::Heard => "heard again",
        EndReason::Restored => "well again",
    }
}

/// Text of others, so that it cannot command the terminal or turn the line around: no control characters, and what is not
/// plain ASCII is isolated (Unicode FSI … PDI).
fn shown(text: &str) -> String {
    let steers = |c: char| c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let clean: String = text.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).collect();
    if clean.is_ascii() { clean } else { format!("\u{2068}{clean}\u{2069}") }
}

#[cfg(test)]
mod tests {
    use super::{Alert, AlertEvent, AlertKind, EndReason, EventKind, line, shown};
    use prost_types::Timestamp;

    fn at(seconds: i64) -> Option<Timestamp> {
        Some(Timestamp { seconds: 1_795_341_125 + seconds, nanos: 0 })
    }

    fn alert() -> Alert {
        Alert {
            alert_id: 12,
            kind: AlertKind::Inclusion.into(),
            wearer: "1404/12".to_owned(),
            imei: "356307042441013".to_owned(),
            zone: "home".to_owned(),
            started_at: at(0),
            recorded_at: at(3600),
            max_beyond_m: Some(119.6),
            ..Alert::default()
        }
    }

    fn shown_line(kind: EventKind, alert: Alert) -> String {
        line(&AlertEvent { sequence: 1042, kind: kind.into(), alert: Some(alert), ..AlertEvent::default() }, false).1
    }

    #[test]
    fn an_event_is_one_readable_line() {
        let check = |kind, alert, expected: &str| assert_eq!(shown_line(kind, alert), expected);
        check(
            EventKind::Opened,
            alert(),
            "    1042  1405/09/01 13:22:05  STARTED   outside an inclusion zone  wearer 1404/12, zone home, 120 m beyond the edge, \
             alert 12, tag 356307042441013",
        );
        check(
            EventKind::Opened,
            Alert { kind: AlertKind::StrapOpen.into(), zone: String::new(), max_beyond_m: None, found_late: true, ..alert() },
            "    1042  1405/09/01 13:22:05  STARTED   strap open                 wearer 1404/12, \
             FOUND LATE at 1405/09/01 14:22:05, alert 12, tag 356307042441013",
        );
        check(
            EventKind::Ended,
            Alert { ended_at: at(60), end_reason: EndReason::Kept.into(), acknowledged_by: "op 7".to_owned(), ..alert() },
            "    1042  1405/09/01 13:23:05  ended     outside an inclusion zone  wearer 1404/12, zone home, 120 m beyond the edge, \
             started 1405/09/01 13:22:05, the zone is kept again, taken on by op 7, alert 12, tag 356307042441013",
        );
    }

    #[test]
    fn the_persian_name_stands_isolated_at_the_end() {
        let event = AlertEvent { sequence: 1, kind: EventKind::Opened.into(), alert: Some(alert()), ..AlertEvent::default() };
        assert!(line(&event, true).1.ends_with("  \u{2068}خروج از محدوده\u{2069}"));
    }

    #[test]
    fn foreign_text_cannot_command_the_terminal() {
        assert_eq!(shown("home"), "home");
        assert_eq!(shown("خانه"), "\u{2068}خانه\u{2069}");
        assert_eq!(shown("a\u{1b}[2J\nb"), "\u{2068}a\u{fffd}[2J\u{fffd}b\u{2069}");
        assert_eq!(shown("\u{202e}evil"), "\u{2068}\u{fffd}evil\u{2069}");
    }
}
