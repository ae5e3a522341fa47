//! Two clocks. What the server's clock says is `timestamptz`; what a tag's clock says is `bigint` milliseconds, because a tag may
//! say any 64-bit number and every one must read back as it was.

use chrono::{DateTime, Utc};
use geofence::Timestamp;

/// Years 1 to 9999: wider than any real clock, within what PostgreSQL and chrono can hold. What lies beyond is stored as the nearer end.
const SERVER_MILLIS: std::ops::RangeInclusive<i64> = -62_135_596_800_000..=253_402_300_799_999;

/// The server's clock as the database holds it; saturates at the years 1 and 9999.
pub(crate) fn server_time(time: Timestamp) -> DateTime<Utc> {
    let millis = time.millis().clamp(*SERVER_MILLIS.start(), *SERVER_MILLIS.end());
    DateTime::from_timestamp_millis(millis).expect("clamped to the calendar's range")
}

/// Microseconds since 2000-01-01, the binary form of `timestamptz`; saturates like [`server_time`].
pub(crate) fn server_micros(time: Timestamp) -> i64 {
    const FROM_1970_TO_2000_MILLIS: i64 = 946_684_800_000;
    let millis = time.millis().clamp(*SERVER_MILLIS.start(), *SERVER_MILLIS.end());
    (millis - FROM_1970_TO_2000_MILLIS) * 1000
}

#[cfg(test)]
mod tests {
    use super::{server_micros, server_time};
    use geofence::Timestamp;

    #[test]
    fn the_ends_of_time_saturate_and_the_rest_is_exact() {
        assert_eq!(server_time(Timestamp::MIN).to_rfc3339(), "0001-01-01T00:00:00+00:00");
        assert_eq!(Timestamp::from(server_time(Timestamp::MAX)).millis(), 253_402_300_799_999);
        assert_eq!(Timestamp::from(server_time(Timestamp::from_millis(1_700_000_000_123))).millis(), 1_700_000_000_123);
        assert_eq!(server_micros(Timestamp::from_millis(946_684_800_001)), 1000);
    }
}
