//! Reports as PostgreSQL's binary COPY wants them: written straight into the bytes that go out.

use crate::time::server_micros;
use bytes::{BufMut, Bytes, BytesMut};
use geofence::StoredReport;

/// The COPY into a table with the columns of `reports`.
pub(super) fn into_table(table: &str) -> String {
    format!(
        "COPY {table} (received_at, taken_at, tag_id, batch, latitude_e7, longitude_e7, signals, accuracy_dm, speed_cms, course_deg, \
         altitude_m, satellites, battery_percent, source, late) FROM STDIN (FORMAT binary)"
    )
}

/// A piece is sent once it is this full, bytes.
const PIECE: usize = 128 * 1024;
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const TRAILER: &[u8] = &[0xff, 0xff];
const FIELDS: i16 = 15;
/// A field count, fifteen lengths, and the values.
const ROW: usize = 2 + 15 * 4 + 4 * 8 + 5 * 4 + 5 * 2 + 1;

/// The pieces of the COPY stream of these reports, in order.
pub(super) fn pieces(reports: &[StoredReport], batch: i64) -> impl Iterator<Item = Bytes> {
    let mut chunks = reports.chunks((PIECE / ROW).max(1));
    let mut next = chunks.next();
    let mut first = true;
    std::iter::from_fn(move || {
        let chunk = next?;
        next = chunks.next();
        let mut piece = BytesMut::with_capacity(chunk.len() * ROW + HEADER.len() + TRAILER.len());
        if std::mem::take(&mut first) {
            piece.put_slice(HEADER);
        }
        for stored in chunk {
            piece.put_slice(&row(stored, batch));
        }
        if next.is_none() {
            piece.put_slice(TRAILER);
        }
        Some(piece.freeze())
    })
}

/// One row. The order is that of [`into_table`].
fn row(stored: &StoredReport, batch: i64) -> [u8; ROW] {
    let report = &stored.report;
    let mut row = Row { bytes: [0; ROW], at: 0 };
    row.raw(FIELDS.to_be_bytes());
    row.field(server_micros(stored.received_at).to_be_bytes());
    row.field(report.taken_at.millis().to_be_bytes());
    row.field(stored.tag_id.to_be_bytes());
    row.field(batch.to_be_bytes());
    row.field(report.latitude_e7.to_be_bytes());
    row.field(report.longitude_e7.to_be_bytes());
    row.field(report.signals.bits().to_be_bytes());
    row.field(i32::from(report.accuracy_dm).to_be_bytes());
    row.field(i32::from(report.speed_cms).to_be_bytes());
    // 0 to 359; a number beyond 32,767 would read negative in SQL, and reads back as it was here.
    row.field(report.course_deg.to_be_bytes());
    row.field(report.altitude_m.to_be_bytes());
    row.field(i16::from(report.satellites).to_be_bytes());
    row.field(i16::from(report.battery_percent).to_be_bytes());
    row.field((report.source as i16).to_be_bytes());
    row.field([u8::from(stored.late)]);
    row.bytes
}

struct Row {
    bytes: [u8; ROW],
    at: usize,
}

impl Row {
    #[inline(always)]
    fn raw<const N: usize>(&mut self, value: [u8; N]) {
        self.bytes[self.at..self.at + N].copy_from_slice(&value);
        self.at += N;
    }

    #[inline(always)]
    fn field<const N: usize>(&mut self, value: [u8; N]) {
        self.raw((N as i32).to_be_bytes());
        self.raw(value);
    }
}

#[cfg(test)]
mod tests {
    use super::{HEADER, PIECE, ROW, pieces};
    use geofence::{Report, StoredReport, Timestamp};

    #[test]
    fn a_stream_has_one_header_one_trailer_and_every_row() {
        let now = Timestamp::from_millis(0);
        let stored = StoredReport { tag_id: 7, received_at: now, late: false, report: Report::at(now) };
        for rows in [1, PIECE / ROW, PIECE / ROW + 1, 3 * (PIECE / ROW)] {
            let stream = pieces(&vec![stored; rows], 1).collect::<Vec<_>>().concat();
            assert_eq!(stream.len(), HEADER.len() + rows * ROW + 2);
            assert!(stream.starts_with(HEADER) && stream.ends_with(&[0xff, 0xff]));
        }
        assert_eq!(pieces(&[], 1).count(), 0);
    }
}
