//! What a packet holds: its checksum, its codec, its two counts.

use super::frame::{CRC_BYTES, HEAD_BYTES};
use super::record::{self, Codec8, Codec8Extended, Codec8Long, Codec16, Layout};
use crc::{CRC_16_ARC, Crc, Table};
use geofence::Report;

/// CRC-16/ARC over the body; sixteen bytes at a step, because every byte of every tag passes here.
static CRC: Crc<u16, Table<16>> = Crc::<u16, Table<16>>::new(&CRC_16_ARC);

/// The checksum of a packet's body, codec to second count.
pub fn checksum(body: &[u8]) -> u16 {
    CRC.checksum(body)
}

/// A packet with the right checksum.
#[derive(Debug, PartialEq)]
pub(super) enum Packet {
    /// Reports in the order sent.
    Records(Vec<Report>),
    /// A device's answer to a command; it is owed no answer.
    CommandAnswer,
}

/// Reads a whole frame, checksum first.
///
/// # Errors
/// The reason to set the frame aside.
pub(super) fn open(frame: &[u8]) -> Result<Packet, &'static str> {
    let (body, crc) = frame[HEAD_BYTES..].split_at(frame.len() - HEAD_BYTES - CRC_BYTES);
    if crc != u32::from(checksum(body)).to_be_bytes() {
        return Err("wrong_checksum");
    }
    let reports = match body {
        [0x08, rest @ ..] => records::<Codec8>(rest).or_else(|| records::<Codec8Long>(rest)),
        [0x8E, rest @ ..] => records::<Codec8Extended>(rest),
        [0x10, rest @ ..] => records::<Codec16>(rest),
        [0x0C..=0x0E, ..] => return Ok(Packet::CommandAnswer),
        _ => return Err("unknown_codec"),
    };
    reports.map(Packet::Records).ok_or("undecodable")
}

/// The records between the two counts; `None` unless the counts agree and the records fill the body to its last byte.
fn records<L: Layout>(rest: &[u8]) -> Option<Vec<Report>> {
    let [count, records @ .., again] = rest else { return None };
    if count != again {
        return None;
    }
    let mut records = records;
    let mut reports = Vec::with_capacity(usize::from(*count));
    for _ in 0..*count {
        reports.push(record::take::<L>(&mut records)?);
    }
    records.is_empty().then_some(reports)
}
