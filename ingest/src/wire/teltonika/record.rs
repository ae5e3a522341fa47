//! One record: where and when, then the device's values by id.

use geofence::{Report, Signal, Timestamp};

/// How a codec lays out a record's values.
pub(super) trait Layout {
    /// Bytes of a value's id, and of the event id.
    const ID: usize;
    /// Bytes of each count.
    const COUNT: usize;
    /// Bytes of the generation type.
    const GENERATION: usize = 0;
    /// Whether values of any length follow those of 8 bytes.
    const VARIABLE: bool = false;
    /// Whether values of 16 bytes follow those of 8 bytes.
    const LONG: bool = false;
}

/// Codec 0x08.
pub(super) struct Codec8;

impl Layout for Codec8 {
    const ID: usize = 1;
    const COUNT: usize = 1;
}

/// Codec 0x08 of some old firmware, with a group of 16-byte values that no count of the packet announces. Tried only on a body that
/// does not fit [`Codec8`]; taken only if all counts add up and the body ends where the last record does.
pub(super) struct Codec8Long;

impl Layout for Codec8Long {
    const ID: usize = 1;
    const COUNT: usize = 1;
    const LONG: bool = true;
}

/// Codec 0x8E.
pub(super) struct Codec8Extended;

impl Layout for Codec8Extended {
    const ID: usize = 2;
    const COUNT: usize = 2;
    const VARIABLE: bool = true;
}

/// Codec 0x10.
pub(super) struct Codec16;

impl Layout for Codec16 {
    const ID: usize = 2;
    const COUNT: usize = 1;
    const GENERATION: usize = 1;
}

/// Takes one record off the front; `None` if the bytes end inside it.
#[inline]
pub(super) fn take<L: Layout>(rest: &mut &[u8]) -> Option<Report> {
    let mut report = head(rest)?;
    bytes(rest, L::ID + L::GENERATION)?;
    let total = number(bytes(rest, L::COUNT)?);
    let mut seen = group::<L, 1>(rest, &mut report)?;
    seen += group::<L, 2>(rest, &mut report)?;
    seen += group::<L, 4>(rest, &mut report)?;
    seen += group::<L, 8>(rest, &mut report)?;
    if L::LONG {
        seen += group::<L, 16>(rest, &mut report)?;
        return (seen == total).then_some(report);
    }
    if L::VARIABLE {
        variable::<L>(rest)?;
    }
    Some(report)
}

/// Time, priority, position, movement: 24 bytes that every codec has.
#[inline]
fn head(rest: &mut &[u8]) -> Option<Report> {
    let (head, tail) = rest.split_first_chunk::<24>()?;
    *rest = tail;
    let [t0, t1, t2, t3, t4, t5, t6, t7, _priority, x0, x1, x2, x3, y0, y1, y2, y3, a0, a1, d0, d1, satellites, s0, s1] = *head;
    // A time past the end of i64 is as absurd as the end itself; the judge of clocks sees it either way.
    let taken_at = i64::try_from(u64::from_be_bytes([t0, t1, t2, t3, t4, t5, t6, t7])).unwrap_or(i64::MAX);
    let mut report = Report::at(Timestamp::from_millis(taken_at));
    report.longitude_e7 = i32::from_be_bytes([x0, x1, x2, x3]);
    report.latitude_e7 = i32::from_be_bytes([y0, y1, y2, y3]);
    report.altitude_m = i16::from_be_bytes([a0, a1]);
    report.course_deg = u16::from_be_bytes([d0, d1]) % 360;
    report.satellites = satellites;
    report.speed_cms = kmh_to_cms(u16::from_be_bytes([s0, s1]));
    report.signals = report.signals.with(Signal::Fix, satellites > 0 && is_on_earth(&report));
    Some(report)
}

/// A position that can be one: in range, and not the 0/0 of a device that knows none.
fn is_on_earth(report: &Report) -> bool {
    const QUARTER_E7: u32 = 900_000_000;
    let (latitude, longitude) = (report.latitude_e7, report.longitude_e7);
    latitude.unsigned_abs() <= QUARTER_E7 && longitude.unsigned_abs() <= 2 * QUARTER_E7 && (latitude, longitude) != (0, 0)
}

/// Kilometres an hour to centimetres a second; saturates above 2,359 km/h.
fn kmh_to_cms(kmh: u16) -> u16 {
    u16::try_from(u32::from(kmh) * 250 / 9).unwrap_or(u16::MAX)
}

/// The values of `N` bytes each; how many there were.
#[inline]
fn group<L: Layout, const N: usize>(rest: &mut &[u8], report: &mut Report) -> Option<u64> {
    let count = number(bytes(rest, L::COUNT)?);
    let entry = L::ID + N;
    let entries = bytes(rest, usize::try_from(count).ok()? * entry)?;
    for entry in entries.chunks_exact(entry) {
        let (id, value) = entry.split_at(L::ID);
        if N <= 8 {
            note(number(id), number(value), report);
        }
    }
    Some(count)
}

/// Walks over the values of any length (beacon lists, texts): nothing in them is judged.
fn variable<L: Layout>(rest: &mut &[u8]) -> Option<()> {
    let count = number(bytes(rest, L::COUNT)?);
    for _ in 0..count {
        bytes(rest, L::ID)?;
        let length = number(bytes(rest, 2)?);
        bytes(rest, usize::try_from(length).ok()?)?;
    }
    Some(())
}

/// Writes one value into the report, by the ids of the personal and autonomous family (GH5200, TMT250, TAT, TST).
///
/// Ids mean the same in the whole family, except 520, which stands for whatever tamper loop the model has: on an ankle tag that is the
/// strap, and on the rest a strap alert is the louder mistake, so it is read as the strap. Nothing on the wire names the model.
#[inline]
fn note(id: u64, value: u64, report: &mut Report) {
    let on = value != 0;
    let (signal, is) = match id {
        113 => return report.battery_percent = percent(value),
        182 => return report.accuracy_dm = hdop_to_accuracy_dm(value),
        116 => (Signal::Charging, on),
        236 => (Signal::Sos, on),
        240 => (Signal::Motion, on),
        249 => (Signal::Jamming, on),
        390 => (Signal::PowerOff, value == 1),
        520 => (Signal::StrapOpen, on),
        // Bits of the home zone's violation: none set = the home beacon is heard.
        874 => (Signal::AtHomeBeacon, !on),
        _ => return,
    };
    report.signals = report.signals.with(signal, is);
}

fn percent(value: u64) -> u8 {
    u8::try_from(value).ok().filter(|percent| *percent <= 100).unwrap_or(Report::BATTERY_UNSAID)
}

/// HDOP in tenths to a 95 % radius: 5 m for each whole HDOP (judgement policy, section 1).
fn hdop_to_accuracy_dm(tenths: u64) -> u16 {
    u16::try_from(tenths.saturating_mul(5)).unwrap_or(u16::MAX)
}

#[inline]
fn bytes<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, tail) = rest.split_at_checked(count)?;
    *rest = tail;
    Some(taken)
}

/// Big-endian, at most 8 bytes.
#[inline]
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
