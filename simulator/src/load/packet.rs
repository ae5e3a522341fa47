//! A Teltonika packet, encoded once: only times, positions and the checksum are written into it.

use super::fleet;
use crate::wire::teltonika::{self, Codec};
use bytes::BytesMut;
use geofence::{Report, Signal, Signals, Timestamp};

/// Where the first record begins: preamble, length, codec, count.
const RECORDS_AT: usize = 10;
/// Places in a record: time, then longitude and latitude behind the priority.
const LONGITUDE_AT: usize = 9;
const LATITUDE_AT: usize = 13;

/// Room for one packet of a tag.
#[derive(Debug)]
pub(super) struct Packet {
    bytes: BytesMut,
    record_bytes: usize,
}

impl Packet {
    /// Of this many records, 1 to 25.
    pub fn new(codec: Codec, records: usize) -> Self {
        let report = Report {
            latitude_e7: 1,
            accuracy_dm: 80,
            satellites: 9,
            battery_percent: 87,
            signals: Signals::default().with(Signal::Fix, true).with(Signal::Motion, false),
            ..Report::at(Timestamp::from_millis(0))
        };
        let mut bytes = BytesMut::new();
        teltonika::put_packet(codec, &vec![report; records], &mut bytes);
        // Behind the records: the second count and the checksum.
        let record_bytes = (bytes.len() - RECORDS_AT - 1 - 4) / records;
        Self { bytes, record_bytes }
    }

    /// The packet with these times, ms since 1970: `first`, then `step` later each.
    pub fn filled(&mut self, serial: u32, (first_ms, step_ms): (i64, i64), noise: u32) -> &[u8] {
        let records_end = self.bytes.len() - 5;
        for (place, record) in self.bytes[RECORDS_AT..records_end].chunks_exact_mut(self.record_bytes).enumerate() {
            let taken_at_ms = first_ms + place as i64 * step_ms;
            let (latitude, longitude) = fleet::position(serial, taken_at_ms, noise.wrapping_add(place as u32));
            record[..8].copy_from_slice(&taken_at_ms.to_be_bytes());
            record[LONGITUDE_AT..LONGITUDE_AT + 4].copy_from_slice(&longitude.to_be_bytes());
            record[LATITUDE_AT..LATITUDE_AT + 4].copy_from_slice(&latitude.to_be_bytes());
        }
        let checksum = teltonika::checksum(&self.bytes[8..=records_end]);
        self.bytes[records_end + 1..].copy_from_slice(&checksum.to_be_bytes());
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patched_packet_is_what_the_encoder_writes() {
        for codec in [Codec::Eight, Codec::EightExtended] {
            let reports: Vec<_> = (0..3)
                .map(|place| {
                    let taken_at_ms = 1_800_000_000_000 + place * 500;
                    let (latitude_e7, longitude_e7) = fleet::position(42, taken_at_ms, 7 + place as u32);
                    Report {
                        latitude_e7,
                        longitude_e7,
                        accuracy_dm: 80,
                        satellites: 9,
                        battery_percent: 87,
                        signals: Signals::default().with(Signal::Motion, false),
                        ..Report::at(Timestamp::from_millis(taken_at_ms))
                    }
                })
                .collect();
            let mut expected = BytesMut::new();
            teltonika::put_packet(codec, &reports, &mut expected);
            assert_eq!(Packet::new(codec, 3).filled(42, (1_800_000_000_000, 500), 7), expected);
        }
    }
}
