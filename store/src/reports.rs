//! Reports read back.

use crate::journal::{AHEAD_MILLIS, BEHIND_MILLIS};
use crate::time::server_time;
use crate::{Store, StoreError};
use chrono::{DateTime, Utc};
use geofence::{Report, Signals, Source, StoredReport, Timestamp};
use std::collections::{BTreeMap, HashSet};
use tokio_postgres::{Client, Row};

/// The columns that [`report_from`] reads.
pub(crate) const COLUMNS_OF_REPORT: &str = "received_at, taken_at, tag_id, batch, latitude_e7, longitude_e7, signals, accuracy_dm, \
     speed_cms, course_deg, altitude_m, satellites, battery_percent, source, late";

/// What was taken at an instant was received within the bounds of the journal's [`AHEAD_MILLIS`] and [`BEHIND_MILLIS`]: that leaves out
/// all other days. $6 and $7 are the outermost bounds, for leaving them out before the plan runs.
const NEAR: &str = "
    SELECT {columns} FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::timestamptz[])
        AS asked (tag_id, first, last, since, until)
    JOIN reports r ON r.tag_id = asked.tag_id AND r.taken_at >= first AND r.taken_at <= last AND r.received_at >= since AND r.received_at <= until
    WHERE r.received_at >= $6 AND r.received_at <= $7";

/// The same of one tag: as constants, the planner sees that the open day's small index leaves out most of its pages.
const NEAR_ONE: &str = "
    SELECT {columns} FROM reports r
    WHERE tag_id = $1 AND taken_at >= $2 AND taken_at <= $3 AND received_at >= $4 AND received_at <= $5";

/// Reports of clocks that are further off, or that came later: where each is was noted.
const ELSEWHERE: &str = "
    SELECT h.tag_id, h.taken_at, h.received_at FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::timestamptz[])
        AS asked (tag_id, first, last, since, until)
    JOIN reports_elsewhere h ON h.tag_id = asked.tag_id AND h.taken_at >= first AND h.taken_at <= last
    WHERE h.received_at < since OR h.received_at > until";
const NOTED: &str = "
    SELECT {columns} FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[]) AS noted (tag_id, taken_at, received_at)
    JOIN reports r ON r.tag_id = noted.tag_id AND r.taken_at = noted.taken_at AND r.received_at = noted.received_at
    WHERE r.received_at >= $4 AND r.received_at <= $5";

/// What is asked of one tag: taken from `first` to `last`, both included.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    pub tag_id: i64,
    pub first: Timestamp,
    pub last: Timestamp,
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

    pub(crate) async fn look_up(&self, spans: &[Span]) -> Result<Vec<StoredReport>, StoreError> {
        let since: Vec<_> = spans.iter().map(|span| server_time(span.first.plus_millis(-AHEAD_MILLIS))).collect();
        let until: Vec<_> = spans.iter().map(|span| server_time(span.last.plus_millis(BEHIND_MILLIS))).collect();
        let (Some(earliest), Some(latest)) = (since.iter().min(), until.iter().max()) else {
            return Ok(Vec::new());
        };
        let tags: Vec<i64> = spans.iter().map(|span| span.tag_id).collect();
        let first: Vec<i64> = spans.iter().map(|span| span.first.millis()).collect();
        let last: Vec<i64> = spans.iter().map(|span| span.last.millis()).collect();
        let client = self.client().await?;
        // Not prepared once for all: the plan must know how many tags are asked for and which days are left out.
        let rows = match spans {
            [one] => {
                let (first, last) = (one.first.millis(), one.last.millis());
                client.query(&with_columns(NEAR_ONE), &[&one.tag_id, &first, &last, earliest, latest]).await?
            }
            _ => client.query(&with_columns(NEAR), &[&tags, &first, &last, &since, &until, earliest, latest]).await?,
        };
        let mut found = rows.iter().map(report_from).collect::<Result<Vec<_>, _>>()?;
        let elsewhere = client.prepare_cached(ELSEWHERE).await?;
        let noted = client.query(&elsewhere, &[&tags, &first, &last, &since, &until]).await?;
        found.extend(noted_reports(&client, &noted).await?);
        Ok(found)
    }
}

async fn noted_reports(client: &Client, noted: &[Row]) -> Result<Vec<StoredReport>, StoreError> {
    let received: Vec<DateTime<Utc>> = noted.iter().map(|row| row.get(2)).collect();
    let (Some(earliest), Some(latest)) = (received.iter().min(), received.iter().max()) else {
        return Ok(Vec::new());
    };
    let tags: Vec<i64> = noted.iter().map(|row| row.get(0)).collect();
    let taken: Vec<i64> = noted.iter().map(|row| row.get(1)).collect();
    let rows = client.query(&with_columns(NOTED), &[&tags, &taken, &received, earliest, latest]).await?;
    rows.iter().map(report_from).collect()
}

pub(crate) fn with_columns(query: &str) -> String {
    let columns = COLUMNS_OF_REPORT.split(", ").map(|column| format!("r.{column}")).collect::<Vec<_>>();
    query.replace("{columns}", &columns.join(", "))
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
