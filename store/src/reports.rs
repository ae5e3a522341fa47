//! Reports read back.

use crate::journal::AHEAD_MILLIS;
use crate::time::server_time;
use crate::{Store, StoreError};
use chrono::{DateTime, Utc};
use geofence::{Report, Signals, Source, StoredReport, Timestamp};
use std::collections::{BTreeMap, HashSet};
use tokio_postgres::Row;

/// The columns that [`report_from`] reads.
pub(crate) const COLUMNS_OF_REPORT: &str = "received_at, taken_at, tag_id, batch, latitude_e7, longitude_e7, signals, accuracy_dm, \
     speed_cms, course_deg, altitude_m, satellites, battery_percent, source, late";

/// A right clock is never more than 10 minutes ahead, so what was taken at an instant was received no earlier than 10 minutes before
/// it: that bound leaves out older days. Reports of clocks further ahead are found by `reports_ahead`, which tells when each was received.
/// $5 is the least of $2, for leaving out days before the plan runs.
const LOOK_UP: &str = "
    WITH asked AS (
        SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::bigint[], $4::bigint[]) AS asked (tag_id, since, first, last)
    )
    SELECT {columns} FROM asked a JOIN reports r
        ON r.tag_id = a.tag_id AND r.taken_at >= a.first AND r.taken_at <= a.last AND r.received_at >= a.since
    WHERE r.received_at >= $5
    UNION ALL
    SELECT {columns} FROM asked a JOIN reports_ahead h ON h.tag_id = a.tag_id AND h.taken_at >= a.first AND h.taken_at <= a.last
        AND h.received_at < a.since
    JOIN reports r ON r.tag_id = h.tag_id AND r.taken_at = h.taken_at AND r.received_at = h.received_at";

/// What is asked of one tag: taken from `first` to `last`, both included.
struct Span {
    tag_id: i64,
    first: Timestamp,
    last: Timestamp,
}

impl Store {
    /// Which of these reports are stored already, in the order asked; compared by tag, instant and whole content.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn reports_stored(&self, reports: &[(i64, Report)]) -> Result<Vec<bool>, StoreError> {
        let spans = spans(reports);
        let stored: HashSet<(i64, Report)> = self.look_up(&spans).await?.into_iter().map(|stored| (stored.tag_id, stored.report)).collect();
        Ok(reports.iter().map(|report| stored.contains(report)).collect())
    }

    /// A tag's reports taken in [from, to), by the tag's clock.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn reports_of_tag(&self, tag_id: i64, from: Timestamp, to: Timestamp) -> Result<Vec<StoredReport>, StoreError> {
        if to <= from {
            return Ok(Vec::new());
        }
        let mut reports = self.look_up(&[Span { tag_id, first: from, last: to.plus_millis(-1) }]).await?;
        reports.sort_by_key(|stored| (stored.report.taken_at, stored.received_at));
        Ok(reports)
    }

    async fn look_up(&self, spans: &[Span]) -> Result<Vec<StoredReport>, StoreError> {
        let since: Vec<_> = spans.iter().map(|span| server_time(span.first.plus_millis(-AHEAD_MILLIS))).collect();
        let Some(least) = since.iter().min() else {
            return Ok(Vec::new());
        };
        let tags: Vec<i64> = spans.iter().map(|span| span.tag_id).collect();
        let first: Vec<i64> = spans.iter().map(|span| span.first.millis()).collect();
        let last: Vec<i64> = spans.iter().map(|span| span.last.millis()).collect();
        let query = LOOK_UP.replace("{columns}", &COLUMNS_OF_REPORT.replace(", ", ", r.").replacen("received_at", "r.received_at", 1));
        let client = self.client().await?;
        // Not prepared once for all: the plan must know how many tags are asked for and which days are left out.
        let rows = client.query(&query, &[&tags, &since, &first, &last, least]).await?;
        rows.iter().map(report_from).collect()
    }
}

/// One span a tag, so that an open day is searched once for each tag and not for each report.
fn spans(reports: &[(i64, Report)]) -> Vec<Span> {
    let mut spans = BTreeMap::<i64, Span>::new();
    for (tag_id, report) in reports {
        let at = report.taken_at;
        let span = spans.entry(*tag_id).or_insert(Span { tag_id: *tag_id, first: at, last: at });
        span.first = span.first.min(at);
        span.last = span.last.max(at);
    }
    spans.into_values().collect()
}

pub(crate) fn report_from(row: &Row) -> Result<StoredReport, StoreError> {
    let source = row.get::<_, i16>(13);
    let known = u8::try_from(source).ok().and_then(Source::from_number);
    Ok(StoredReport {
        received_at: Timestamp::from(row.get::<_, DateTime<Utc>>(0)),
        tag_id: row.get(2),
        late: row.get(14),
        report: Report {
            taken_at: Timestamp::from_millis(row.get(1)),
            latitude_e7: row.get(4),
            longitude_e7: row.get(5),
            signals: Signals::from_bits(row.get::<_, i32>(6).cast_unsigned()),
            accuracy_dm: row.get::<_, i32>(7) as u16,
            speed_cms: row.get::<_, i32>(8) as u16,
            course_deg: row.get::<_, i16>(9).cast_unsigned(),
            altitude_m: row.get(10),
            satellites: row.get::<_, i16>(11) as u8,
            battery_percent: row.get::<_, i16>(12) as u8,
            source: known.ok_or_else(|| StoreError::Unreadable(format!("the position source {source}")))?,
        },
    })
}
