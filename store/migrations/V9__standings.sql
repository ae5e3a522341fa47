-- How every wearer stood at every instant: derived from intervals that are kept (fittings, leaves, alerts, outages), so that whatever
-- corrects one of them corrects the standing.

-- When the service itself was not running: nobody was watched.
CREATE TABLE outages (
    period tstzrange PRIMARY KEY CHECK (NOT isempty(period) AND NOT lower_inf(period) AND NOT upper_inf(period))
);
CREATE TABLE service_alive (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    at       timestamptz NOT NULL
);

-- The interval of an alert in milliseconds, open-ended as a range.
CREATE FUNCTION tag_range(from_ms bigint, to_ms bigint) RETURNS tstzrange LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN to_ms <= from_ms THEN 'empty'::tstzrange ELSE tstzrange(to_timestamp(from_ms / 1000.0), to_timestamp(to_ms / 1000.0)) END
$$;

-- The standings in [since, until) of one wearer, or of all (NULL). Of what holds at once the first wins: not_monitored, unknown, broken, on_leave,
-- kept. A violation is broken up to its newest breaking fix; between that and its end nobody knows (policy 8.10), but for the five
-- minutes in which the next fix may still come.
CREATE FUNCTION standings(since timestamptz, until timestamptz, only_wearer bigint DEFAULT NULL)
RETURNS TABLE (wearer_id bigint, standing text, period tstzrange) LANGUAGE sql STABLE AS $$
    WITH bounds AS (SELECT tstzrange(since, until) AS whole, (extract(epoch FROM since) * 1000)::bigint AS since_ms, (extract(epoch FROM until) * 1000)::bigint AS until_ms),
    who AS (SELECT w.wearer_id FROM wearers w WHERE only_wearer IS NULL OR w.wearer_id = only_wearer),
    monitored AS (
        SELECT f.wearer_id, range_agg(f.period * whole) AS spans FROM fittings f, bounds
        WHERE f.period && whole AND (only_wearer IS NULL OR f.wearer_id = only_wearer) GROUP BY f.wearer_id
    ), absent AS (
        SELECT l.wearer_id, range_agg(tstzrange(valid_from, valid_to) * whole) AS spans FROM leaves l, bounds
        WHERE valid_from < until AND valid_to > since AND (only_wearer IS NULL OR l.wearer_id = only_wearer) GROUP BY l.wearer_id
    ), deaf AS (
        SELECT coalesce(range_agg(o.period * whole), '{}'::tstzmultirange) AS spans FROM outages o, bounds WHERE o.period && whole
    ), told AS (
        SELECT a.wearer_id, a.kind, a.incident, a.started_at, a.ended_at, a.last_breaking_at FROM alerts a, bounds
        WHERE a.started_at < until_ms AND (a.ended_at IS NULL OR a.ended_at > since_ms) AND a.end_reason IS DISTINCT FROM 'refuted'
            AND a.wearer_id IS NOT NULL AND (only_wearer IS NULL OR a.wearer_id = only_wearer)
    ), unknown AS (
        SELECT u.wearer_id, range_agg(u.period * whole) AS spans FROM bounds, (
            SELECT told.wearer_id, tag_range(started_at, ended_at) AS period FROM told
            WHERE incident IS NOT NULL OR kind IN ('presence_unknown', 'silent', 'no_position', 'implausible', 'power_off', 'jamming', 'flat')
            UNION ALL
            SELECT told.wearer_id, tag_range(last_breaking_at + CASE WHEN ended_at IS NULL THEN 300000 ELSE 0 END, ended_at) FROM told
            WHERE kind IN ('inclusion', 'exclusion') AND incident IS NULL
            UNION ALL
            SELECT m.wearer_id, tag_range(joined_at, left_at) FROM incident_members m, bounds
            WHERE joined_at < until_ms AND (left_at IS NULL OR left_at > since_ms) AND (only_wearer IS NULL OR m.wearer_id = only_wearer)
        ) AS u GROUP BY u.wearer_id
    ), broken AS (
        SELECT told.wearer_id, range_agg(tag_range(started_at, ended_at) * whole) AS spans FROM told, bounds
        WHERE kind IN ('inclusion', 'exclusion') AND incident IS NULL GROUP BY told.wearer_id
    ), one AS (
        SELECT who.wearer_id, whole, coalesce(m.spans, '{}') AS m, (coalesce(u.spans, '{}') + deaf.spans) AS u, coalesce(b.spans, '{}') AS b, coalesce(l.spans, '{}') AS l
        FROM who CROSS JOIN bounds CROSS JOIN deaf LEFT JOIN monitored m USING (wearer_id) LEFT JOIN unknown u USING (wearer_id) LEFT JOIN broken b USING (wearer_id)
            LEFT JOIN absent l USING (wearer_id)
    )
    SELECT one.wearer_id, s.standing, s.period FROM one CROSS JOIN LATERAL (
        SELECT 'not_monitored', unnest(tstzmultirange(whole) - m)
        UNION ALL SELECT 'unknown', unnest(u * m)
        UNION ALL SELECT 'broken', unnest((b - u) * m)
        UNION ALL SELECT 'on_leave', unnest((l - u - b) * m)
        UNION ALL SELECT 'kept', unnest(m - u - b - l)
    ) AS s (standing, period)
$$;
