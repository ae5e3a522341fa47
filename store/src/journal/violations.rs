//! Violations become alerts; what is new of them becomes alert events.

use crate::StoreError;
use geofence::{Timestamp, WearerViolation};
use tokio_postgres::{Client, Statement};

/// How much older than the server's knowledge a finding may be before it counts as found late, milliseconds.
const LATE_MILLIS: i64 = 5 * 60 * 1000;

/// Opens what is new, ends what ended, lets the rest grow. What a person closed stays as it is; an older batch changes nothing. In the
/// ordinary course a violation never reopens (unless it had been refuted) and never shrinks; the past judged again (`corrected_because`)
/// replaces what was known, and says nothing where it finds the same. The events' numbers come from the counter's row, which stays locked from here to the
/// commit: this must be a transaction's last statement.
pub(super) const WRITE: &str = "
    WITH given AS (
        SELECT * FROM unnest($3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::boolean[], $10::bigint[],
            $11::text[], $12::double precision[], $13::bigint[], $14::bigint[], $15::text[], $16::boolean[])
            AS given (wearer_id, tag_id, zone, kind, started_at, found_at, found_late, ended_at, end_reason, max_beyond_m, last_breaking_at,
                restored_at, corrected_because, rests_on_position)
    ), before AS (
        SELECT a.alert_id, a.ended_at, a.end_reason, a.restored_at FROM alerts a JOIN given USING (wearer_id, zone, kind, started_at)
    ), written AS (
        INSERT INTO alerts AS a (wearer_id, tag_id, batch, zone, kind, started_at, found_at, found_late, recorded_at,
            ended_at, end_reason, max_beyond_m, last_breaking_at, restored_at, corrected_because, incident)
        SELECT wearer_id, tag_id, $1, zone, kind, started_at, found_at, found_late, $2::timestamptz, ended_at, end_reason, max_beyond_m,
            last_breaking_at, restored_at, corrected_because,
            CASE WHEN rests_on_position THEN
                (SELECT m.incident FROM incident_members m WHERE m.wearer_id = given.wearer_id AND m.left_at IS NULL
                    AND given.started_at >= m.joined_at - 10000 LIMIT 1) END
        FROM given ORDER BY wearer_id, zone, kind, started_at
        ON CONFLICT (wearer_id, zone, kind, started_at) DO UPDATE SET
            batch = excluded.batch,
            found_at = CASE WHEN excluded.corrected_because IS NULL THEN a.found_at ELSE excluded.found_at END,
            ended_at = CASE WHEN excluded.corrected_because IS NULL AND a.end_reason IS DISTINCT FROM 'refuted'
                THEN coalesce(excluded.ended_at, a.ended_at) ELSE excluded.ended_at END,
            end_reason = CASE WHEN excluded.corrected_because IS NULL AND a.end_reason IS DISTINCT FROM 'refuted'
                THEN coalesce(excluded.end_reason, a.end_reason) ELSE excluded.end_reason END,
            max_beyond_m = CASE WHEN excluded.corrected_because IS NULL THEN greatest(a.max_beyond_m, excluded.max_beyond_m) ELSE excluded.max_beyond_m END,
            last_breaking_at = CASE WHEN excluded.corrected_because IS NULL
                THEN greatest(a.last_breaking_at, excluded.last_breaking_at) ELSE excluded.last_breaking_at END,
            restored_at = CASE WHEN excluded.corrected_because IS NULL THEN coalesce(a.restored_at, excluded.restored_at) ELSE excluded.restored_at END,
            corrected_because = coalesce(excluded.corrected_because, a.corrected_because)
        WHERE a.batch < excluded.batch AND a.end_reason IS DISTINCT FROM 'by_person'
            AND (excluded.corrected_because IS NULL
                OR (a.found_at, a.ended_at, a.end_reason, a.max_beyond_m, a.last_breaking_at, a.restored_at)
                    IS DISTINCT FROM (excluded.found_at, excluded.ended_at, excluded.end_reason, excluded.max_beyond_m, excluded.last_breaking_at, excluded.restored_at))
        RETURNING a.*, a.xmax = 0 AS is_new
    ), events AS (
        SELECT w.alert_id, 1 AS step, 'opened' AS kind, NULL::bigint AS ended_at, NULL::text AS end_reason, max_beyond_m, last_breaking_at,
            acknowledged_at, acknowledged_by, NULL::bigint AS restored_at, corrected_because, incident
        FROM written w WHERE is_new
        UNION ALL
        SELECT w.alert_id, 2, 'restored', NULL, NULL, max_beyond_m, last_breaking_at, acknowledged_at, acknowledged_by, w.restored_at,
            corrected_because, incident
        FROM written w LEFT JOIN before b USING (alert_id) WHERE w.restored_at IS NOT NULL AND w.restored_at IS DISTINCT FROM b.restored_at
        UNION ALL
        SELECT w.alert_id, 3, CASE WHEN w.end_reason IS NULL THEN 'corrected' ELSE 'ended' END, w.ended_at, w.end_reason, max_beyond_m,
            last_breaking_at, acknowledged_at, acknowledged_by, w.restored_at, corrected_because, incident
        FROM written w LEFT JOIN before b USING (alert_id)
        WHERE (w.ended_at, w.end_reason) IS DISTINCT FROM (b.ended_at, b.end_reason)
    ), head AS (
        UPDATE alert_head SET sequence = sequence + (SELECT count(*) FROM events) WHERE EXISTS (SELECT FROM events) RETURNING sequence
    )
    INSERT INTO alert_events (sequence, alert_id, recorded_at, kind, ended_at, end_reason, max_beyond_m, last_breaking_at, acknowledged_at,
        acknowledged_by, restored_at, corrected_because, incident)
    SELECT head.sequence - count(*) OVER () + row_number() OVER (ORDER BY alert_id, step), alert_id, $2, kind, ended_at, end_reason,
        max_beyond_m, last_breaking_at, acknowledged_at, acknowledged_by, restored_at, corrected_because, incident
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
    let restored: Vec<Option<i64>> = all().map(|violation| violation.restored_at.map(Timestamp::millis)).collect();
    let because: Vec<Option<&str>> = violations.iter().map(|each| each.again.as_deref()).collect();
    let positional: Vec<bool> = all().map(|violation| violation.kind.rests_on_position()).collect();
    let recorded_at = crate::time::server_time(now);
    let events = client
        .execute(
            statement,
            &[
                &batch,
                &recorded_at,
                &wearers,
                &tags,
                &zones,
                &kinds,
                &starts,
                &founds,
                &lates,
                &ends,
                &reasons,
                &beyonds,
                &breakings,
                &restored,
                &because,
                &positional,
            ],
        )
        .await?;
    Ok(events as usize)
}
