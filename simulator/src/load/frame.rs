//! Frames of the native protocol, encoded once: only times and positions are written into them.

use bytes::{BufMut, BytesMut};

/// Bytes of one report with its field number and length.
const REPORT_BYTES: usize = 29;
/// A report of which every field has a fixed width, as the protocol buffers encoding of `paband.tag.v1.Report` inside `Reports`.
#[rustfmt::skip]
const REPORT: [u8; REPORT_BYTES] = [
    0x12, 27,                     // field 2 of Reports, 27 bytes
    0x08, 0, 0, 0, 0, 0, 0,       // 1: time, ms, a varint of six bytes
    0x15, 0, 0, 0, 0,             // 2: latitude
    0x1D, 0, 0, 0, 0,             // 3: longitude
    0x20, 2,                      // 4: fix YES
    0x28, 80,                     // 5: accuracy 8 m
    0x50, 9,                      // 10: nine satellites
    0x58, 88,                     // 11: battery 87 %
    0x60, 1,                      // 12: strap open NO
];
/// Places of the fields in [`REPORT`].
const TIME_AT: usize = 3;
const LATITUDE_AT: usize = 10;
const LONGITUDE_AT: usize = 15;

/// Times that a six-byte varint holds, ms: from 2004 to 2109.
const TIMES_MS: std::ops::Range<i64> = 1 << 35..1 << 42;

/// Appends a frame of `reports` reports; `each` gives the time, ms, and the position, 1e-7 degree, of every one.
pub(super) fn put_reports(
    session: u32,
    number: u64,
    reports: usize,
    output: &mut BytesMut,
    mut each: impl FnMut(usize) -> (i64, (i32, i32)),
) {
    let body = 1 + varint_len(number) + reports * REPORT_BYTES;
    let frame = 1 + varint_len(u64::from(session)) + 1 + varint_len(body as u64) + body;
    put_varint(frame as u64, output);
    output.put_u8(0x08);
    put_varint(u64::from(session), output);
    output.put_u8(0x22);
    put_varint(body as u64, output);
    output.put_u8(0x08);
    put_varint(number, output);
    for place in 0..reports {
        let (taken_at_ms, (latitude, longitude)) = each(place);
        let mut report = REPORT;
        report[TIME_AT..TIME_AT + 6].copy_from_slice(&six_byte_varint(taken_at_ms));
        report[LATITUDE_AT..LATITUDE_AT + 4].copy_from_slice(&latitude.to_le_bytes());
        report[LONGITUDE_AT..LONGITUDE_AT + 4].copy_from_slice(&longitude.to_le_bytes());
        output.put_slice(&report);
    }
}

fn six_byte_varint(value: i64) -> [u8; 6] {
    debug_assert!(TIMES_MS.contains(&value), "the clock is between 2004 and 2109");
    let group = |place: u32| (value >> (7 * place)) as u8 & 0x7F;
    [group(0) | 0x80, group(1) | 0x80, group(2) | 0x80, group(3) | 0x80, group(4) | 0x80, group(5)]
}

fn varint_len(value: u64) -> usize {
    prost::length_delimiter_len(value as usize)
}

fn put_varint(value: u64, output: &mut BytesMut) {
    prost::encode_length_delimiter(value as usize, output).expect("BytesMut grows");
}

#[cfg(test)]
mod tests {
    use super::*;
    use geofence::{Report, Signal, Signals, Timestamp};
    use prost::Message;
    use proto::tag;

    #[test]
    fn a_patched_frame_is_what_the_encoder_writes() {
        for (session, number, reports) in [(1, 1, 1), (300, 200, 7), (100_000, 4_000_000_000, 100)] {
            let each = |place: usize| (1_800_000_000_000 + place as i64, (357_000_000, -514_000_000 + place as i32));
            let mut output = BytesMut::new();
            put_reports(session, number, reports, &mut output, each);
            let expected: Vec<_> = (0..reports).map(|place| crate::wire::native::report(&plain(each(place)))).collect();
            let frame = tag::TagFrame::decode_length_delimited(output).unwrap();
            assert_eq!(frame.session, session);
            assert_eq!(frame.body, Some(tag::tag_frame::Body::Reports(tag::Reports { number, reports: expected })));
        }
    }

    fn plain((taken_at_ms, (latitude_e7, longitude_e7)): (i64, (i32, i32))) -> Report {
        Report {
            latitude_e7,
            longitude_e7,
            accuracy_dm: 80,
            satellites: 9,
            battery_percent: 87,
            signals: Signals::default().with(Signal::Fix, true).with(Signal::StrapOpen, false),
            ..Report::at(Timestamp::from_millis(taken_at_ms))
        }
    }
}
