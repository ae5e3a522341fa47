//! A batch of reports: schema values in, values of the field out, each checked against its range.

use super::fields::{self, Value};
use super::frame::REPORTS_MAX;
use super::refusal::{Fault, check};
use geofence::{Report, Signal, Source, Timestamp};
use prost::Message;
use proto::tag::{Flag, Report as Said};

/// Reads a `Reports` message: its number and reports, one at a time into the vector that goes on.
///
/// # Errors
/// No such message, no report, too many, or a value out of range; the text names report and field.
pub(super) fn batch(body: &[u8]) -> Result<(u64, Vec<Report>), Fault> {
    let (mut number, mut reports) = (0, Vec::with_capacity(count(body)?));
    let mut rest = body;
    while let Ok(Some(field)) = fields::next(&mut rest) {
        match field {
            (1, Value::Varint(value)) => number = value,
            (2, Value::Bytes(bytes)) => {
                let said = Said::decode(bytes).map_err(|_| Fault::protocol("not a Report"))?;
                let report = report(&said).map_err(|field| out_of_range(reports.len(), field))?;
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
        count += usize::from(number == 2 && matches!(value, Value::Bytes(_)));
    }
    check(count > 0, || Fault::protocol("reports is empty"))?;
    check(count <= REPORTS_MAX, || Fault::protocol(format!("more than {REPORTS_MAX} reports in a batch")))?;
    Ok(count)
}

fn out_of_range(place: usize, field: &'static str) -> Fault {
    Fault::protocol(format!("report {} of the batch: {field} is out of range", place + 1))
}

/// One report; the error is the name of the field that is out of range.
fn report(said: &Said) -> Result<Report, &'static str> {
    Ok(Report {
        taken_at: Timestamp::from_millis(said.taken_at_ms),
        latitude_e7: within(said.latitude_e7, 900_000_000).ok_or("latitude_e7")?,
        longitude_e7: within(said.longitude_e7, 1_800_000_000).ok_or("longitude_e7")?,
        accuracy_dm: u16::try_from(said.accuracy_dm).unwrap_or(u16::MAX),
        speed_cms: u16::try_from(said.speed_cms).unwrap_or(u16::MAX),
        course_deg: u16::try_from(said.course_deg).ok().filter(|course| *course < 360).ok_or("course_deg")?,
        altitude_m: i16::try_from(said.altitude_m).map_err(|_| "altitude_m")?,
        satellites: u8::try_from(said.satellites).map_err(|_| "satellites")?,
        battery_percent: battery(said.battery_percent_plus_one).ok_or("battery_percent_plus_one")?,
        source: u8::try_from(said.source).ok().and_then(Source::from_number).ok_or("source")?,
        signals: signals(said)?,
    })
}

fn within(value: i32, most: u32) -> Option<i32> {
    (value.unsigned_abs() <= most).then_some(value)
}

fn battery(plus_one: u32) -> Option<u8> {
    match plus_one {
        0 => Some(Report::BATTERY_UNSAID),
        1..=101 => u8::try_from(plus_one - 1).ok(),
        _ => None,
    }
}

fn signals(said: &Said) -> Result<geofence::Signals, &'static str> {
    let placed = (said.latitude_e7, said.longitude_e7) != (0, 0);
    let fix = flag(said.fix, "fix")?.unwrap_or(true);
    let mut signals = geofence::Signals::default().with(Signal::Fix, placed && fix);
    for (signal, value, field) in [
        (Signal::StrapOpen, said.strap_open, "strap_open"),
        (Signal::CaseTamper, said.case_tamper, "case_tamper"),
        (Signal::Sos, said.sos, "sos"),
        (Signal::Charging, said.charging, "charging"),
        (Signal::PowerOff, said.power_off, "power_off"),
        (Signal::Jamming, said.jamming, "jamming"),
        (Signal::Motion, said.motion, "motion"),
        (Signal::AtHomeBeacon, said.at_home_beacon, "at_home_beacon"),
    ] {
        if let Some(value) = flag(value, field)? {
            signals = signals.with(signal, value);
        }
    }
    Ok(signals)
}

fn flag(value: i32, field: &'static str) -> Result<Option<bool>, &'static str> {
    match Flag::try_from(value) {
        Ok(Flag::Unsaid) => Ok(None),
        Ok(Flag::No) => Ok(Some(false)),
        Ok(Flag::Yes) => Ok(Some(true)),
        Err(_) => Err(field),
    }
}
