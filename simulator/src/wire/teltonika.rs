//! Teltonika Codec 8 and 8 Extended as a tag of the personal family sends them. Big-endian throughout.

use super::{Nonsense, Refusal, Said, Sent};
use bytes::{Buf, BufMut, BytesMut};
use crc::{CRC_16_ARC, Crc};
use geofence::{Report, Signal};

const CRC: Crc<u16> = Crc::<u16>::new(&CRC_16_ARC);

/// Most records in one packet. The count field could say 255, but tags keep packets small.
pub const RECORDS_MAX: usize = 25;
/// Longest packet, bytes, with its frame: what tags of this family send at most. A record that would not fit begins the next packet.
pub const PACKET_BYTES_MAX: usize = 1280;
/// Preamble, length, codec, two counts, checksum.
const PACKET_OVERHEAD: usize = 4 + 4 + 1 + 1 + 1 + 4;
/// Ids of the values inside a record.
mod id {
    pub const BATTERY_PERCENT: u16 = 113;
    pub const CHARGING: u16 = 116;
    pub const HDOP: u16 = 182;
    pub const SOS: u16 = 236;
    pub const MOTION: u16 = 240;
    pub const JAMMING: u16 = 249;
    pub const POWER_OFF: u16 = 390;
    pub const TAMPER: u16 = 520;
}

/// Which form a packet has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Codec {
    /// One-byte ids: cannot say strap, tamper or power off, so a packet that must is sent as 8E.
    Eight,
    /// Two-byte ids.
    #[default]
    EightExtended,
}

/// The tag's side of one connection: one packet is on its way at a time.
#[derive(Debug)]
pub struct Session {
    codec: Codec,
    welcome: bool,
    number: u64,
    /// Records in the packet that waits for its answer.
    waiting: Option<u32>,
}

impl Session {
    /// Of a new connection.
    pub fn new(codec: Codec) -> Self {
        Self { codec, welcome: false, number: 0, waiting: None }
    }

    /// The first thing on a connection.
    pub fn login(&self, imei: &str, output: &mut BytesMut) {
        output.put_u16(imei.len() as u16);
        output.put_slice(imei.as_bytes());
    }

    /// Writes one packet of as many of the reports, from the first on, as it may hold.
    pub fn send(&mut self, reports: &[Report], output: &mut BytesMut) -> Sent {
        let taken = packet_len(reports);
        put_packet(self.codec, &reports[..taken], output);
        self.number += 1;
        self.waiting = Some(taken as u32);
        Sent { number: self.number, reports: taken }
    }

    /// A byte that keeps the connection alive; nothing answers it.
    pub fn ping(&self, output: &mut BytesMut) {
        output.put_u8(0xFF);
    }

    /// Takes one answer from the front of `input`; `None` = more bytes, please.
    ///
    /// # Errors
    /// When the answer belongs to nothing that was sent.
    pub fn receive(&mut self, input: &mut BytesMut) -> Result<Option<Said>, Nonsense> {
        if !self.welcome {
            return if input.is_empty() { Ok(None) } else { self.login_answer(input.get_u8()).map(Some) };
        }
        if input.len() < 4 {
            return Ok(None);
        }
        let taken = input.get_u32();
        match self.waiting.take() {
            None => Err(Nonsense("an answer to a packet that was not sent")),
            Some(sent) if sent == taken => Ok(Some(Said::Stored(self.number))),
            Some(_) => Ok(Some(Said::NotTaken(self.number))),
        }
    }

    fn login_answer(&mut self, answer: u8) -> Result<Said, Nonsense> {
        self.welcome = answer == 1;
        let refusal =
            || Refusal { text: "the server does not take this IMEI".into(), for_good: true, answers_follow: false, retry_after_s: 0 };
        match answer {
            0 => Ok(Said::Refused(refusal())),
            1 => Ok(Said::Welcome { reports_max: RECORDS_MAX }),
            _ => Err(Nonsense("a login answer that is neither 00 nor 01")),
        }
    }
}

/// Appends one packet: `u32 0 | u32 length | body | u32 checksum`. At most 255 reports.
pub fn put_packet(codec: Codec, reports: &[Report], output: &mut BytesMut) {
    let extended = codec == Codec::EightExtended || reports.iter().any(needs_extended);
    output.put_u32(0);
    let length_at = output.len();
    output.put_u32(0);
    let body_at = output.len();
    output.put_u8(if extended { 0x8E } else { 0x08 });
    output.put_u8(reports.len() as u8);
    for report in reports {
        put_record(extended, report, output);
    }
    output.put_u8(reports.len() as u8);
    let length = (output.len() - body_at) as u32;
    output[length_at..body_at].copy_from_slice(&length.to_be_bytes());
    let checksum = checksum(&output[body_at..]);
    output.put_u32(checksum);
}

/// The checksum of a packet's body, codec to second count: CRC-16/ARC in the low half.
pub fn checksum(body: &[u8]) -> u32 {
    u32::from(CRC.checksum(body))
}

/// How many reports, from the first on, fit in one packet.
fn packet_len(reports: &[Report]) -> usize {
    let mut bytes = PACKET_OVERHEAD;
    let fits = |report: &&Report| {
        bytes += record_len(report);
        bytes <= PACKET_BYTES_MAX
    };
    reports.iter().take(RECORDS_MAX).take_while(fits).count()
}

/// Bytes of a record as 8E: 24 fixed, 14 of event and counts, 3 or 4 a value.
fn record_len(report: &Report) -> usize {
    let values = Values::of(report);
    24 + 14 + 3 * values.bytes.iter().filter(|(_, value)| value.is_some()).count() + 4 * usize::from(values.hdop.is_some())
}

fn needs_extended(report: &Report) -> bool {
    [Signal::StrapOpen, Signal::CaseTamper, Signal::PowerOff].iter().any(|signal| report.signals.get(*signal).is_some())
}

fn put_record(extended: bool, report: &Report, output: &mut BytesMut) {
    let values = Values::of(report);
    let event = values.event();
    output.put_i64(report.taken_at.millis());
    output.put_u8(priority(report));
    output.put_i32(report.longitude_e7);
    output.put_i32(report.latitude_e7);
    output.put_i16(report.altitude_m);
    output.put_u16(report.course_deg);
    output.put_u8(satellites(report));
    // Centimetres a second to kilometres an hour, to the nearest.
    output.put_u16(((u32::from(report.speed_cms) * 36 + 500) / 1000) as u16);
    values.put(extended, event, output);
}

/// 2 = panic, 1 = high, 0 = low.
fn priority(report: &Report) -> u8 {
    match (report.signals.is(Signal::Sos), report.signals.is(Signal::StrapOpen) || report.signals.is(Signal::CaseTamper)) {
        (true, _) => 2,
        (false, true) => 1,
        (false, false) => 0,
    }
}

/// The protocol knows a fix by its satellites: 0 = none, so a fix of which they are not said has 1.
fn satellites(report: &Report) -> u8 {
    let coordinates = report.latitude_e7 != 0 || report.longitude_e7 != 0;
    let fix = report.signals.get(Signal::Fix).unwrap_or(coordinates);
    if fix && coordinates { report.satellites.max(1) } else { 0 }
}

/// What the IO block says, in order of ids.
struct Values {
    bytes: [(u16, Option<u8>); 7],
    hdop: Option<u16>,
}

impl Values {
    fn of(report: &Report) -> Self {
        let flag = |signal| report.signals.get(signal).map(u8::from);
        // One value stands for both: a tamper event.
        let tamper = flag(Signal::StrapOpen).max(flag(Signal::CaseTamper));
        let battery = (report.battery_percent != Report::BATTERY_UNSAID).then_some(report.battery_percent);
        Self {
            bytes: [
                (id::BATTERY_PERCENT, battery),
                (id::CHARGING, flag(Signal::Charging)),
                (id::SOS, flag(Signal::Sos)),
                (id::MOTION, flag(Signal::Motion)),
                (id::JAMMING, flag(Signal::Jamming)),
                (id::POWER_OFF, flag(Signal::PowerOff)),
                (id::TAMPER, tamper),
            ],
            // HDOP counts tenths and one HDOP is 5 m: one step is 5 dm. Up, so that no fix looks better than it was.
            hdop: (report.accuracy_dm != 0).then(|| report.accuracy_dm.div_ceil(5)),
        }
    }

    /// The id that made the tag send the record; 0 = its interval.
    fn event(&self) -> u16 {
        let raised = |wanted| self.bytes.iter().any(|(id, value)| *id == wanted && *value == Some(1));
        [id::SOS, id::TAMPER, id::POWER_OFF, id::JAMMING].into_iter().find(|id| raised(*id)).unwrap_or(0)
    }

    fn put(&self, extended: bool, event: u16, output: &mut BytesMut) {
        let put = |value: u16, output: &mut BytesMut| if extended { output.put_u16(value) } else { output.put_u8(value as u8) };
        let said = self.bytes.iter().filter_map(|(id, value)| value.map(|value| (*id, value)));
        let (ones, twos) = (said.clone().count() as u16, u16::from(self.hdop.is_some()));
        put(event, output);
        put(ones + twos, output);
        put(ones, output);
        for (id, value) in said {
            put(id, output);
            output.put_u8(value);
        }
        put(twos, output);
        if let Some(hdop) = self.hdop {
            put(id::HDOP, output);
            output.put_u16(hdop);
        }
        // No values of four, of eight bytes; of variable length only 8E has a count.
        put(0, output);
        put(0, output);
        if extended {
            output.put_u16(0);
        }
    }
}

#[cfg(test)]
mod tests;
