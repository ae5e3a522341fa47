//! A batch of reports: schema values in, values of the field out, each checked against its range.

use super::fields;
use super::fields::Value::{Bytes, Fixed32, Varint};
use super::frame::REPORTS_MAX;
use super::refusal::{Fault, check};
use geofence::{Report, Signal, Source, Timestamp};

/// Reads a `Reports` message: its number and reports, one at a time into the vector that goes on.
///
/// # Errors
/// No such message, no report, too many, or a value out of range; the text names report and field.
pub(super) fn batch(body: &[u8]) -> Result<(u64, Vec<Report>), Fault> {
    let (mut number, mut reports) = (0, Vec::with_capacity(count(body)?));
    let mut rest = body;
    while let Ok(Some(field)) = fields::next(&mut rest) {
        match field {
            (1, Varint(value)) => number = value,
            (2, Bytes(bytes)) => {
                let report = report(bytes).map_err(|wrong| wrong.at(reports.len()))?;
                reports.push(report);
            }
            _ => {}
        }
    }
    Ok((number, reports))
}

/// How many reports the message has; walks over all of it, so a second walk cannot fail.
fn count(mut rest: &[u8]) -> Result<usize, Fault> {
    let mut count = 0;
    while let Some((number, value)) = fields::next(&mut rest).map_err(|_| Fault::protocol("not a Reports"))? {
        count += usize::from(number == 2 && matches!(value, Bytes(_)));
    }
    check(count > 0, || Fault::protocol("reports is empty"))?;
    check(count <= REPORTS_MAX, || Fault::protocol(format!("more than {REPORTS_MAX} reports in a batch")))?;
    Ok(count)
}

/// What is wrong with a report.
#[derive(Debug, PartialEq)]
enum Wrong {
    Malformed,
    /// The name of the field.
    Range(&'static str),
}

impl Wrong {
    /// `place` counts from 0.
    fn at(self, place: usize) -> Fault {
        match self {
            Self::Malformed => Fault::protocol(format!("report {} of the batch: not a Report", place + 1)),
            Self::Range(field) => Fault::protocol(format!("report {} of the batch: {field} is out of range", place + 1)),
        }
    }
}

/// Reads one `Report` of the schema, field by field: through a generated struct it takes about twice as long, and every fix of every tag passes here.
fn report(mut rest: &[u8]) -> Result<Report, Wrong> {
    let mut report = Report::at(Timestamp::from_millis(0));
    let mut fix = true;
    while let Some(field) = fields::next(&mut rest).map_err(|_| Wrong::Malformed)? {
        match field {
            (1, Varint(millis)) => report.taken_at = Timestamp::from_millis(millis.cast_signed()),
            (2, Fixed32(value)) => report.latitude_e7 = degrees(value, 900_000_000, "latitude_e7")?,
            (3, Fixed32(value)) => report.longitude_e7 = degrees(value, 1_800_000_000, "longitude_e7")?,
            (4, Varint(value)) => fix = flag(value, "fix")?.unwrap_or(true),
            (5, Varint(value)) => report.accuracy_dm = u16::try_from(value).unwrap_or(u16::MAX),
            (6, Varint(value)) => report.source = u8::try_from(value).ok().and_then(Source::from_number).ok_or(Wrong::Range("source"))?,
            (7, Varint(value)) => report.speed_cms = u16::try_from(value).unwrap_or(u16::MAX),
            (8, Varint(value)) => report.course_deg = course(value)?,
            (9, Varint(value)) => report.altitude_m = i16::try_from(zigzag(value)).map_err(|_| Wrong::Range("altitude_m"))?,
            (10, Varint(value)) => report.satellites = u8::try_from(value).map_err(|_| Wrong::Range("satellites"))?,
            (11, Varint(value)) => report.battery_percent = battery(value)?,
            (12, Varint(value)) => note(&mut report, Signal::StrapOpen, flag(value, "strap_open")?),
            (13, Varint(value)) => note(&mut report, Signal::CaseTamper, flag(value, "case_tamper")?),
            (14, Varint(value)) => note(&mut report, Signal::Charging, flag(value, "charging")?),
            (15, Varint(value)) => note(&mut report, Signal::Motion, flag(value, "motion")?),
            (16, Varint(value)) => note(&mut report, Signal::Sos, flag(value, "sos")?),
            (17, Varint(value)) => note(&mut report, Signal::PowerOff, flag(value, "power_off")?),
            (18, Varint(value)) => note(&mut report, Signal::Jamming, flag(value, "jamming")?),
            (19, Varint(value)) => note(&mut report, Signal::AtHomeBeacon, flag(value, "at_home_beacon")?),
            (1..=19, _) => return Err(Wrong::Malformed),
            _ => {}
        }
    }
    let placed = (report.latitude_e7, report.longitude_e7) != (0, 0);
    note(&mut report, Signal::Fix, Some(placed && fix));
    Ok(report)
}

fn degrees(value: u32, most: u32, field: &'static str) -> Result<i32, Wrong> {
    let value = value.cast_signed();
    if value.unsigned_abs() <= most { Ok(value) } else { Err(Wrong::Range(field)) }
}

fn course(value: u64) -> Result<u16, Wrong> {
    u16::try_from(value).ok().filter(|course| *course < 360).ok_or(Wrong::Range("course_deg"))
}

fn battery(plus_one: u64) -> Result<u8, Wrong> {
    match u8::try_from(plus_one) {
        Ok(0) => Ok(Report::BATTERY_UNSAID),
        Ok(plus_one @ 1..=101) => Ok(plus_one - 1),
        _ => Err(Wrong::Range("battery_percent_plus_one")),
    }
}

/// The schema's way to write a signed number: 0, -1, 1, -2 …
fn zigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

fn flag(value: u64, field: &'static str) -> Result<Option<bool>, Wrong> {
    match value {
        0 => Ok(None),
        1 => Ok(Some(false)),
        2 => Ok(Some(true)),
        _ => Err(Wrong::Range(field)),
    }
}

fn note(report: &mut Report, signal: Signal, said: Option<bool>) {
    if let Some(said) = said {
        report.signals = report.signals.with(signal, said);
    }
}
