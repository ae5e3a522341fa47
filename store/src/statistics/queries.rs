//! One query for each topic: $1 = the units. $2 = an instant, or the bounds of the spans, each half open: `width_bucket` says in which span an
//! instant lies, from 1. Answers: unit, column, number, span.

/// A suspension first: whoever is in hospital or in prison is not watched, tag or not. Then whoever wears a tag is monitored, whatever papers say; of those who wear
/// none the papers tell who should.
pub(super) const WEARERS: &str = "
    WITH last_word AS (
        SELECT DISTINCT ON (order_id) order_id, kind FROM order_facts
        WHERE cancelled_at IS NULL AND kind IN ('suspension', 'resumption') AND at <= $2 ORDER BY order_id, at DESC, version DESC
    ), stands AS (
        SELECT w.unit_id, CASE
            WHEN o.order_id IS NOT NULL AND l.kind = 'suspension' THEN 'suspended'
            WHEN now_on.wearer_id IS NOT NULL AND away.wearer_id IS NOT NULL THEN 'on_leave'
            WHEN now_on.wearer_id IS NOT NULL THEN 'monitored'
            WHEN o.order_id IS NOT NULL AND before.wearer_id IS NOT NULL THEN 'without_tag'
            WHEN o.order_id IS NULL AND (before.wearer_id IS NOT NULL OR past.wearer_id IS NOT NULL) THEN 'ended'
            ELSE 'never_fitted' END AS state
        FROM wearers w
            LEFT JOIN fittings now_on ON now_on.wearer_id = w.wearer_id AND now_on.period @> $2
            LEFT JOIN (SELECT DISTINCT wearer_id FROM fittings WHERE lower(period) <= $2) before ON before.wearer_id = w.wearer_id
            LEFT JOIN order_spans o ON o.wearer_id = w.wearer_id AND o.period @> $2
            LEFT JOIN last_word l ON l.order_id = o.order_id
            LEFT JOIN (SELECT DISTINCT wearer_id FROM order_spans WHERE upper(period) <= $2) past ON past.wearer_id = w.wearer_id
            LEFT JOIN (SELECT DISTINCT wearer_id FROM leaves WHERE valid_from <= $2 AND valid_to > $2) away ON away.wearer_id = w.wearer_id
        WHERE w.unit_id = ANY ($1) AND (w.merged_at IS NULL OR w.merged_at > $2)
            AND (w.registered_at <= $2 OR before.wearer_id IS NOT NULL OR o.order_id IS NOT NULL OR past.wearer_id IS NOT NULL)
    )
    SELECT unit_id, state, count(*) FROM stands GROUP BY unit_id, state";

pub(super) const ORDERS: &str = "
    WITH begun AS (
        SELECT w.unit_id, f.legal_basis, f.regime, width_bucket(f.at, $2::timestamptz[]) AS span
        FROM order_facts f JOIN orders USING (order_id) JOIN wearers w USING (wearer_id)
        WHERE f.kind = 'new' AND f.cancelled_at IS NULL AND f.at >= ($2::timestamptz[])[1] AND f.at < ($2::timestamptz[])[cardinality($2::timestamptz[])]
            AND w.unit_id = ANY ($1)
    ), ended AS (
        SELECT w.unit_id, width_bucket(upper(s.period), $2::timestamptz[]) AS span FROM order_spans s JOIN wearers w USING (wearer_id)
        WHERE upper(s.period) >= ($2::timestamptz[])[1] AND upper(s.period) < ($2::timestamptz[])[cardinality($2::timestamptz[])] AND w.unit_id = ANY ($1)
    )
    SELECT unit_id, 'begun', count(*), span FROM begun GROUP BY unit_id, span
    UNION ALL SELECT unit_id, legal_basis, count(*), span FROM begun GROUP BY unit_id, legal_basis, span
    UNION ALL SELECT unit_id, regime, count(*), span FROM begun GROUP BY unit_id, regime, span
    UNION ALL SELECT unit_id, 'ended', count(*), span FROM ended GROUP BY unit_id, span";

/// A fitting is a replacement if it was recorded as one, or if the one before ended when it began, as files from before have it: the wearer went from one tag
/// to the other. The end of the one before is then no removal.
pub(super) const FITTINGS: &str = "
    WITH begun AS (
        SELECT w.unit_id, width_bucket(lower(f.period), $2::timestamptz[]) AS span, CASE
            WHEN EXISTS (SELECT FROM installations i WHERE i.fitting_id = f.fitting_id AND i.kind = 'replacement')
                OR EXISTS (SELECT FROM fittings g WHERE g.wearer_id = f.wearer_id AND upper(g.period) = lower(f.period)) THEN 'replacement'
            WHEN EXISTS (SELECT FROM fittings g WHERE g.wearer_id = f.wearer_id AND lower(g.period) < lower(f.period)) THEN 'again'
            ELSE 'first' END AS kind
        FROM fittings f JOIN wearers w USING (wearer_id)
        WHERE lower(f.period) >= ($2::timestamptz[])[1] AND lower(f.period) < ($2::timestamptz[])[cardinality($2::timestamptz[])] AND w.unit_id = ANY ($1)
    ), removed AS (
        SELECT w.unit_id, width_bucket(upper(f.period), $2::timestamptz[]) AS span FROM fittings f JOIN wearers w USING (wearer_id)
        WHERE upper(f.period) >= ($2::timestamptz[])[1] AND upper(f.period) < ($2::timestamptz[])[cardinality($2::timestamptz[])] AND w.unit_id = ANY ($1)
            AND NOT EXISTS (SELECT FROM installations i WHERE i.old_fitting_id = f.fitting_id AND i.state = 'completed')
            AND NOT EXISTS (SELECT FROM fittings g WHERE g.wearer_id = f.wearer_id AND lower(g.period) = upper(f.period))
    )
    SELECT unit_id, kind, count(*), span FROM begun GROUP BY unit_id, kind, span
    UNION ALL SELECT unit_id, 'removal', count(*), span FROM removed GROUP BY unit_id, span";

/// What concerns no wearer counts where its tag is kept, and what concerns no tag either in the central unit.
pub(super) const VIOLATIONS: &str = "
    WITH begun AS (
        SELECT coalesce(w.unit_id, t.unit_id, 1) AS unit_id, a.kind, a.found_late, a.incident IS NOT NULL AS in_incident,
            a.end_reason IS NOT DISTINCT FROM 'refuted' AS is_refuted, width_bucket(tag_instant(a.started_at), $2::timestamptz[]) AS span
        FROM alerts a LEFT JOIN wearers w ON w.wearer_id = a.wearer_id LEFT JOIN tags t ON t.tag_id = a.tag_id
        WHERE a.started_at >= (extract(epoch FROM ($2::timestamptz[])[1]) * 1000)::bigint
            AND a.started_at < (extract(epoch FROM ($2::timestamptz[])[cardinality($2::timestamptz[])]) * 1000)::bigint
            AND coalesce(w.unit_id, t.unit_id, 1) = ANY ($1)
    )
    SELECT unit_id, kind, count(*), span FROM begun WHERE NOT is_refuted GROUP BY unit_id, kind, span
    UNION ALL SELECT unit_id, 'found_late', count(*), span FROM begun WHERE NOT is_refuted AND found_late GROUP BY unit_id, span
    UNION ALL SELECT unit_id, 'in_incident', count(*), span FROM begun WHERE NOT is_refuted AND in_incident GROUP BY unit_id, span
    UNION ALL SELECT unit_id, 'refuted', count(*), span FROM begun WHERE is_refuted GROUP BY unit_id, span";

/// Overnight is what holds a midnight of Tehran. Who is not at home when a leave ends breaks the zone at that very instant, or is unknown five minutes later
/// (policy 3); those who changed their zone's patience are found within ten.
pub(super) const LEAVES: &str = "
    WITH begun AS (
        SELECT w.unit_id, width_bucket(l.valid_from, $2::timestamptz[]) AS span, extract(epoch FROM l.valid_to - l.valid_from) / 3600 AS hours,
            ((l.valid_to - interval '1 microsecond') AT TIME ZONE 'Asia/Tehran')::date > (l.valid_from AT TIME ZONE 'Asia/Tehran')::date AS is_overnight
        FROM leaves l JOIN wearers w USING (wearer_id)
        WHERE l.valid_from >= ($2::timestamptz[])[1] AND l.valid_from < ($2::timestamptz[])[cardinality($2::timestamptz[])] AND w.unit_id = ANY ($1)
    ), ended AS (
        SELECT w.unit_id, width_bucket(l.valid_to, $2::timestamptz[]) AS span FROM leaves l JOIN wearers w USING (wearer_id)
        WHERE l.valid_to >= ($2::timestamptz[])[1] AND l.valid_to < ($2::timestamptz[])[cardinality($2::timestamptz[])] AND w.unit_id = ANY ($1)
            AND EXISTS (SELECT FROM alerts a WHERE a.wearer_id = l.wearer_id AND a.kind IN ('inclusion', 'presence_unknown')
                AND a.end_reason IS DISTINCT FROM 'refuted'
                AND tag_instant(a.started_at) BETWEEN l.valid_to AND l.valid_to + interval '10 minutes')
    )
    SELECT unit_id, CASE WHEN is_overnight THEN 'overnight' ELSE 'by_hours' END, count(*), span FROM begun GROUP BY unit_id, is_overnight, span
    UNION ALL SELECT unit_id, 'hours', round(sum(hours))::bigint, span FROM begun GROUP BY unit_id, span
    UNION ALL SELECT unit_id, 'not_home_at_end', count(*), span FROM ended GROUP BY unit_id, span";

pub(super) const TAGS: &str = "
    SELECT t.unit_id, CASE WHEN f.tag_id IS NOT NULL THEN 'fitted' ELSE i.state END AS state, count(*)
    FROM tags t JOIN tag_inventory i USING (tag_id) LEFT JOIN fittings f ON f.tag_id = t.tag_id AND upper_inf(f.period)
    WHERE t.unit_id = ANY ($1) GROUP BY 1, 2";
