//! `positions.csv`: one line a position.

use crate::calendar::solar_hijri;
use geofence::{Fix, Report, Source, StoredReport, Timestamp};
use std::fmt::Write;

/// The first bytes, by which spreadsheets know the text as UTF-8, and the names of the columns.
pub(super) const HEADER: &str =
    "\u{feff}taken_at,taken_at_tehran,clock,received_at,received_at_tehran,latitude,longitude,accuracy_m,source,satellites\r\n";

/// Adds the report's line, if it has a position. Its instant, by which the report counts, or `None`.
pub(super) fn add(lines: &mut String, stored: &StoredReport) -> Option<Timestamp> {
    let report = &stored.report;
    let at = report.judged_at(stored.received_at);
    // A position counts for no verdict where the tag's clock is wrong, but it is one.
    let fix = Fix::of_report(&Report { taken_at: at, ..*report }, stored.received_at)?;
    let (latitude, longitude) = fix.position();
    let clock = if at == report.taken_at { "tag" } else { "server" };
    let accuracy = match report.accuracy_dm {
        0 | u16::MAX => String::new(),
        decimetres => format!("{:.1}", f64::from(decimetres) / 10.0),
    };
    let (received_at, source) = (stored.received_at, source(report.source));
    let (at_tehran, received_tehran) = (solar_hijri(at).unwrap_or_default(), solar_hijri(received_at).unwrap_or_default());
    write!(
        lines,
        "{at},{at_tehran},{clock},{received_at},{received_tehran},{latitude:.7},{longitude:.7},{accuracy},{source},{}\r\n",
        report.satellites
    )
    .expect("a string takes everything");
    Some(at)
}

const fn source(source: Source) -> &'static str {
    match source {
        Source::Gnss => "satellites",
        Source::Cell => "cells",
        Source::Wifi => "wifi",
        Source::Beacon => "beacon",
    }
}

#[cfg(test)]
mod tests {
    use super::add;
    use geofence::{Report, Signal, Signals, Source, StoredReport, Timestamp};

    fn stored(taken_at: &str, received_at: &str) -> StoredReport {
        let signals = Signals::default().with(Signal::Fix, true);
        let report = Report {
            latitude_e7: 357_000_001,
            longitude_e7: -514_000_000,
            accuracy_dm: 55,
            satellites: 9,
            source: Source::Gnss,
            signals,
            ..Report::at(taken_at.parse().unwrap())
        };
        StoredReport { tag_id: 1, received_at: received_at.parse().unwrap(), late: false, report }
    }

    #[test]
    fn a_line_says_the_instant_twice_and_the_place_to_a_centimetre() {
        let mut lines = String::new();
        add(&mut lines, &stored("2026-11-22T09:52:05Z", "2026-11-22T09:52:07.250Z")).unwrap();
        assert_eq!(
            lines,
            "2026-11-22T09:52:05Z,1405/09/01 13:22:05,tag,2026-11-22T09:52:07.250Z,1405/09/01 13:22:07,35.7000001,-51.4000000,5.5,satellites,9\r\n"
        );
    }

    #[test]
    fn a_clock_that_was_never_set_counts_when_it_was_received() {
        let mut lines = String::new();
        let at = add(&mut lines, &stored("1970-01-01T00:00:07Z", "2026-11-22T09:52:07Z"));
        assert_eq!(at, Some("2026-11-22T09:52:07Z".parse().unwrap()));
        assert!(lines.starts_with("2026-11-22T09:52:07Z,1405/09/01 13:22:07,server,"), "{lines}");
    }

    #[test]
    fn a_report_without_a_position_has_no_line() {
        let mut lines = String::new();
        let mut blind = stored("2026-11-22T09:52:05Z", "2026-11-22T09:52:07Z");
        blind.report.signals = Signals::default().with(Signal::Fix, false);
        assert_eq!((add(&mut lines, &blind), lines.as_str()), (None::<Timestamp>, ""));
    }
}
