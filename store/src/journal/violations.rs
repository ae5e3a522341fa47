//! Violations become alerts; what is new of them becomes alert events.

use crate::StoreError;
use geofence::{Timestamp, WearerViolation};
use tokio_postgres::{Client, Statement};

/// How much older than the server's knowledge a finding may be before it counts as found late, milliseconds.
const LATE_MILLIS: i64 = 5 * 60 * 1000;

/// Opens what is new, ends what ended, lets the rest grow. A violation never reopens and never shrinks; one that a person closed stays as
/// it is; an older batch changes nothing. A later batch may correct an end (a late report). The events' numbers come from the counter's
/// row, which stays locked from here to the commit: this must be a transaction's last statement.
pub(super) const WRITE: &str = "
    WITH given AS (
        SELECT * FROM unnest($3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::boolean[], $10::bigint[],
            $11::text[], $12::double precision[], $13::bigint[])
            AS given (wearer_id, tag_id, zone, kind, started_at, found_at, found_late, ended_at, end_reason, max_beyond_m, last_breaking_at)
    ), before AS (
        SELECT a.alert_id, a.ended_at, a.end_reason FROM alerts a JOIN given USING (wearer_id, zone, kind, started_at)
    ), written AS (
        INSERT INTO alerts AS a (wearer_id, tag_id, batch, zone, kind, started_at, found_at, found_late, recorded_at,
            ended_at, end_reason, max_beyond_m, last_breaking_at)
        SELECT wearer_id, tag_id, $1, zone, kind, started_at, found_at, found_late, $2::timestamptz, ended_at, end_reason, max_beyond_m, last_breaking_at
        FROM given ORDER BY wearer_id, zone, kind, started_at
        ON CONFLICT (wearer_id, zone, kind, started_at) DO UPDATE SET
            batch = excluded.batch,
            ended_at = coalesce(excluded.ended_at, a.ended_at),
            end_reason = coalesce(excluded.end_reason, a.end_reason),
            max_beyond_m = greatest(a.max_beyond_m, excluded.max_beyond_m),
            last_breaking_at = greatest(a.last_breaking_at, excluded.last_breaking_at)
        WHERE a.batch < excluded.batch AND a.end_reason IS DISTINCT FROM 'by_person'
        RETURNING a.*, a.xmax = 0 AS is_new
    ), events AS (
        SELECT alert_id, 1 AS step, 'opened' AS kind, NULL::bigint AS ended_at, NULL::text AS end_reason, max_beyond_m, last_breaking_at,
            acknowledged_at, acknowledged_by
        FROM written WHERE is_new
        UNION ALL
        SELECT alert_id, 2, 'ended', w.ended_at, w.end_reason, max_beyond_m, last_breaking_at, acknowledged_at, acknowledged_by
        FROM written w LEFT JOIN before b USING (alert_id)
        WHERE w.end_reason IS NOT NULL AND (w.ended_at, w.end_reason) IS DISTINCT FROM (b.ended_at, b.end_reason)
    ), head AS (
        UPDATE alert_head SET sequence = sequence + (SELECT count(*) FROM events) WHERE EXISTS (SELECT FROM events) RETURNING sequence
    )
    INSERT INTO alert_events (sequence, alert_id, recorded_at, kind, ended_at, end_reason, max_beyond_m, last_breaking_at, acknowledged_at,
        acknowledged_by)
    SELECT head.sequence - count(*) OVER () + row_number() OVER (ORDER BY alert_id, step), alert_id, $2, kind, ended_at, end_reason,
        max_beyond_m, last_breaking_at, acknowledged_at, acknowledged_by
    FROM events, head
    RETURNING pg_notify('paband_alerts', '')";

/// Writes the violations; the number of events this made.
pub(super) async fn write(
    client: &Client,
    statement: &Statement,
    violations: &[WearerViolation],
    batch: i64,
    now: Timestamp,
) -> Result<usize, StoreError> {
    if violations.is_empty() {
        return Ok(0);
    }
    let all = || violations.iter().map(|each| &each.violation);
    let wearers: Vec<i64> = violations.iter().map(|each| each.wearer_id).collect();
    let tags: Vec<i64> = violations.iter().map(|each| each.tag_id).collect();
    let zones: Vec<&str> = all().map(|violation| &*violation.zone).collect();
    let kinds: Vec<&str> = all().map(|violation| violation.kind.name()).collect();
    let starts: Vec<i64> = all().map(|violation| violation.start.millis()).collect();
    let founds: Vec<i64> = all().map(|violation| violation.found_at.millis()).collect();
    let lates: Vec<bool> = all().map(|violation| now.millis_since(violation.found_at) > LATE_MILLIS).collect();
    let ends: Vec<Option<i64>> = all().map(|violation| violation.end.map(|(at, _)| at.millis())).collect();
    let reasons: Vec<Option<&str>> = all().map(|violation| violation.end.map(|(_, reason)| reason.name())).collect();
    let beyonds: Vec<Option<f64>> = all().map(|violation| violation.max_beyond_m).collect();
    let breakings: Vec<Option<i64>> = all().map(|violation| violation.last_breaking_at.map(Timestamp::millis)).collect();
    let recorded_at = crate::time::server_time(now);
    let events = client
        .execute(
            statement,
            &[&batch, &recorded_at, &wearers, &tags, &zones, &kinds, &starts, &founds, &lates, &ends, &reasons, &beyonds, &breakings],
        )
        .await?;
    Ok(events as usize)
}
