//! A wearer's past, read back to be judged again or explained.

use crate::alerts::end_from;
use crate::names::kind_named;
use crate::reports::{Span, report_from, with_columns};
use crate::time::server_time;
use crate::{Store, StoreError};
use chrono::{DateTime, Utc};
use deadpool_postgres::Client;
use geofence::{Checkpoint, Judge, Past, StoredReport, Timestamp, Violation};
use std::collections::HashMap;
use tokio_postgres::Row;

/// The newest checkpoint of each wearer before an instant, in the form that this program reads; where reports were deleted ($4, else NULL)
/// and that one is from before, the oldest from after: only from there on are all reports here.
const CHECKPOINTS: &str = "
    SELECT number, judged_at, bytes FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS asked (wearer, from_ms, number)
    CROSS JOIN LATERAL (
        SELECT judged_at, bytes FROM judge_checkpoints c
        WHERE c.wearer_id = wearer AND get_byte(c.bytes, 0) = $3 AND ($4::bigint IS NULL OR c.judged_at >= $4) AND (c.judged_at < from_ms
            OR c.judged_at = (SELECT min(d.judged_at) FROM judge_checkpoints d
                WHERE d.wearer_id = wearer AND get_byte(d.bytes, 0) = $3 AND d.judged_at >= $4))
        ORDER BY judged_at DESC LIMIT 1
    ) AS newest";

/// Which tags the wearers had on since an instant.
const FITTINGS: &str = "
    SELECT number, f.tag_id, lower(f.period), upper(f.period)
    FROM unnest($1::bigint[], $2::timestamptz[]) WITH ORDINALITY AS asked (wearer_id, since, number)
    JOIN fittings f USING (wearer_id) WHERE upper_inf(f.period) OR upper(f.period) > since";

/// Reports of clocks that were never set: their instant is when they were received.
const UNSET_CLOCKS: &str = "
    SELECT {columns} FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::timestamptz[]) AS asked (tag_id, first, since, until)
    JOIN reports_elsewhere h ON h.tag_id = asked.tag_id AND h.taken_at < first AND h.received_at >= since AND h.received_at <= until
    JOIN reports r ON r.tag_id = h.tag_id AND r.taken_at = h.taken_at AND r.received_at = h.received_at";

const TOLD: &str = "
    SELECT number, a.zone, a.kind, a.started_at, a.found_at, a.ended_at, a.end_reason, a.max_beyond_m, a.last_breaking_at, a.restored_at
    FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS asked (wearer_id, since_ms, number) JOIN alerts a USING (wearer_id)
    WHERE (a.ended_at IS NULL OR a.ended_at >= since_ms OR a.found_at > since_ms) AND a.end_reason IS DISTINCT FROM 'by_person'
        AND a.kind NOT IN ('identity', 'area_interference')";

impl Store {
    /// The pasts of these wearers, in the order asked: each from the newest checkpoint before the instant, or from the beginning.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn pasts(&self, asked: &[(i64, Timestamp)]) -> Result<Vec<Past>, StoreError> {
        loop {
            let kept_since = self.tracks_kept_since().await?;
            let pasts = self.pasts_kept(asked, kept_since).await?;
            // What was deleted while it was read is missing in it.
            if self.tracks_kept_since().await? == kept_since {
                return Ok(pasts);
            }
        }
    }

    async fn pasts_kept(&self, asked: &[(i64, Timestamp)], kept_since: Option<Timestamp>) -> Result<Vec<Past>, StoreError> {
        let wearers: Vec<i64> = asked.iter().map(|(wearer_id, _)| *wearer_id).collect();
        let mut pasts = vec![Past { kept_since, ..Past::default() }; asked.len()];
        let client = self.client().await?;
        checkpoints(&client, asked, kept_since, &mut pasts).await?;
        let begin = |past: &Past| past.checkpoint.as_ref().map(|kept| kept.at).or(kept_since).unwrap_or(Timestamp::MIN);
        let since: Vec<Timestamp> = pasts.iter().map(begin).collect();
        told(&client, &wearers, &since, &mut pasts).await?;
        let spans = spans(&client, &wearers, &since).await?;
        drop(client);
        for (number, stored) in self.reports_in(spans).await? {
            pasts[number].reports.push(stored);
        }
        Ok(pasts)
    }

    /// A wearer's reports judged in [from, to), of whichever tag was on.
    pub(crate) async fn reports_of_wearer(&self, wearer_id: i64, from: Timestamp, to: Timestamp) -> Result<Vec<StoredReport>, StoreError> {
        let client = self.client().await?;
        let mut spans = spans(&client, &[wearer_id], &[from.plus_millis(-1)]).await?;
        drop(client);
        spans.iter_mut().for_each(|(_, span)| span.last = span.last.min(to.plus_millis(-1)));
        spans.retain(|(_, span)| span.first <= span.last);
        Ok(self.reports_in(spans).await?.into_iter().map(|(_, stored)| stored).collect())
    }

    /// The reports in these spans, each with its span's place.
    async fn reports_in(&self, spans: Vec<(usize, Span)>) -> Result<Vec<(usize, StoredReport)>, StoreError> {
        let asked: Vec<Span> = spans.iter().map(|(_, span)| *span).collect();
        let client = self.client().await?;
        let mut reports = unset_clocks(&client, &asked).await?;
        drop(client);
        reports.extend(self.look_up(&asked).await?);
        let mut found = Vec::with_capacity(reports.len());
        let mut of_tag = HashMap::<i64, Vec<(usize, Span)>>::new();
        for (number, span) in spans {
            of_tag.entry(span.tag_id).or_default().push((number, span));
        }
        for stored in reports {
            let at = stored.report.judged_at(stored.received_at);
            let whose = of_tag.get(&stored.tag_id).into_iter().flatten().filter(|(_, span)| span.first <= at && at <= span.last);
            found.extend(whose.map(|(number, _)| (*number, stored)));
        }
        Ok(found)
    }
}

/// The row's place among those asked; SQL counts from 1.
fn number(row: &Row) -> usize {
    (row.get::<_, i64>(0) - 1) as usize
}

async fn checkpoints(
    client: &Client,
    asked: &[(i64, Timestamp)],
    kept_since: Option<Timestamp>,
    pasts: &mut [Past],
) -> Result<(), StoreError> {
    let kept_since = kept_since.map(Timestamp::millis);
    let (wearers, froms): (Vec<i64>, Vec<i64>) = asked.iter().map(|(wearer_id, from)| (*wearer_id, from.millis())).unzip();
    let statement = client.prepare_cached(CHECKPOINTS).await?;
    for row in client.query(&statement, &[&wearers, &froms, &i32::from(Judge::FORM), &kept_since]).await? {
        let (wearer_id, at) = (wearers[number(&row)], Timestamp::from_millis(row.get(1)));
        pasts[number(&row)].checkpoint = Some(Checkpoint { wearer_id, at, bytes: row.get(2) });
    }
    Ok(())
}

async fn told(client: &Client, wearers: &[i64], since: &[Timestamp], pasts: &mut [Past]) -> Result<(), StoreError> {
    let since: Vec<i64> = since.iter().map(|since| since.millis()).collect();
    let statement = client.prepare_cached(TOLD).await?;
    for row in client.query(&statement, &[&wearers, &since]).await? {
        let tag_clock = |column: usize| row.get::<_, Option<i64>>(column).map(Timestamp::from_millis);
        pasts[number(&row)].told.push(Violation {
            zone: row.get::<_, &str>(1).into(),
            kind: kind_named(row.get(2))?,
            start: Timestamp::from_millis(row.get(3)),
            found_at: Timestamp::from_millis(row.get(4)),
            end: end_from(tag_clock(5), row.get(6))?,
            max_beyond_m: row.get(7),
            last_breaking_at: tag_clock(8),
            restored_at: tag_clock(9),
        });
    }
    Ok(())
}

/// The spans of the tags that each wearer had on after an instant, with the wearer's place among those asked.
async fn spans(client: &Client, wearers: &[i64], since: &[Timestamp]) -> Result<Vec<(usize, Span)>, StoreError> {
    let times: Vec<DateTime<Utc>> = since.iter().map(|since| server_time(*since)).collect();
    let statement = client.prepare_cached(FITTINGS).await?;
    let rows = client.query(&statement, &[&wearers, &times]).await?;
    let span = |row: &Row| {
        let number = number(row);
        let fitted_at = Timestamp::from(row.get::<_, DateTime<Utc>>(2));
        let removed_at = row.get::<_, Option<DateTime<Utc>>>(3).map_or(Timestamp::MAX, Timestamp::from);
        (number, Span { tag_id: row.get(1), first: fitted_at.max(since[number].plus_millis(1)), last: removed_at.plus_millis(-1) })
    };
    Ok(rows.iter().map(span).filter(|(_, span)| span.first <= span.last).collect())
}

async fn unset_clocks(client: &Client, spans: &[Span]) -> Result<Vec<StoredReport>, StoreError> {
    let tags: Vec<i64> = spans.iter().map(|span| span.tag_id).collect();
    let firsts: Vec<i64> = spans.iter().map(|span| span.first.millis()).collect();
    let since: Vec<DateTime<Utc>> = spans.iter().map(|span| server_time(span.first)).collect();
    let until: Vec<DateTime<Utc>> = spans.iter().map(|span| server_time(span.last)).collect();
    let rows = client.query(&with_columns(UNSET_CLOCKS), &[&tags, &firsts, &since, &until]).await?;
    rows.iter().map(report_from).collect()
}
