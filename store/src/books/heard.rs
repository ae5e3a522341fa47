//! The questions to the reports: on which days tags were heard. Each is asked of one tag and one day, by the index of a closed day: a wearer's month is some
//! thirty short looks, a thousand wearers' a second or less from memory.

/// Whether the tag of `p` was heard in [since, until) of `p`. Nothing is looked for that was received before $4, or from $5 on: that leaves out all other days
/// before the plan runs, and the open one. First where a report lies whose tag
/// has the right time, then whatever was received, then what came later than a day.
macro_rules! is_heard {
    () => {
        "CASE
            WHEN EXISTS (SELECT FROM reports r WHERE r.tag_id = p.tag_id
                AND r.taken_at >= (extract(epoch FROM p.since) * 1000)::bigint AND r.taken_at < (extract(epoch FROM p.until) * 1000)::bigint
                AND r.received_at >= p.since - interval '10 minutes' AND r.received_at < p.until + interval '1 day'
                AND r.received_at >= $4 AND r.received_at < $5) THEN true
            WHEN EXISTS (SELECT FROM reports r WHERE r.tag_id = p.tag_id AND r.received_at >= p.since AND r.received_at < p.until
                AND r.received_at >= $4 AND r.received_at < $5) THEN true
            ELSE EXISTS (SELECT FROM reports_elsewhere r WHERE r.tag_id = p.tag_id
                AND r.taken_at >= (extract(epoch FROM p.since) * 1000)::bigint AND r.taken_at < (extract(epoch FROM p.until) * 1000)::bigint
                AND r.received_at >= p.since AND r.received_at < p.until + interval '30 days')
        END"
    };
}

/// Of each wearer the tags fitted in these days, the days on which one was heard while it was fitted, and those of them at whose end it was fitted. What a tag
/// said while it was being put on counts for the day.
pub(super) const HEARD: &str = concat!(
    "WITH p AS MATERIALIZED (
        SELECT f.wearer_id, f.tag_id, d.place, greatest(d.since, least(lower(f.period), i.begun_at)) AS since, least(d.until, upper(f.period)) AS until,
            f.period @> d.until - interval '1 microsecond' AS is_to_the_end
        FROM fittings f LEFT JOIN installations i USING (fitting_id)
            JOIN unnest($2::timestamptz[], $3::timestamptz[]) WITH ORDINALITY AS d (since, until, place) ON f.period && tstzrange(d.since, d.until)
        WHERE f.wearer_id = ANY ($1)
    ), looked AS MATERIALIZED (SELECT p.*, ",
    is_heard!(),
    " AS is_heard FROM p)
    SELECT l.wearer_id, w.reference, u.code, array_agg(DISTINCT t.imei ORDER BY t.imei),
        coalesce(array_agg(DISTINCT l.place) FILTER (WHERE l.is_heard), '{}'), coalesce(array_agg(DISTINCT l.place) FILTER (WHERE l.is_heard AND l.is_to_the_end), '{}')
    FROM looked l JOIN wearers w USING (wearer_id) JOIN units u ON u.unit_id = w.unit_id JOIN tags t USING (tag_id)
    GROUP BY 1, 2, 3 ORDER BY 1"
);

/// Since when a tag that came off is put on somebody again.
macro_rules! next_fitting {
    () => {
        "LEFT JOIN LATERAL (
            SELECT least(lower(g.period), i.begun_at) AS begins FROM fittings g LEFT JOIN installations i USING (fitting_id)
            WHERE g.tag_id = f.tag_id AND lower(g.period) >= upper(f.period) ORDER BY lower(g.period) LIMIT 1) next ON true "
    };
}

/// Fittings of wearers of these units after which the tag was on nobody for a time of the days.
pub(super) const OFF: &str = concat!(
    "SELECT f.fitting_id FROM fittings f JOIN wearers w USING (wearer_id) ",
    next_fitting!(),
    "WHERE upper(f.period) < $3 AND (next.begins IS NULL OR next.begins > $2)
        AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($1)) ORDER BY f.fitting_id"
);

/// Of these fittings the days between it and the next on which the tag was heard: days on which nobody wore it from the first instant to the last.
pub(super) const STRAY: &str = concat!(
    "WITH p AS MATERIALIZED (
        SELECT f.fitting_id, f.tag_id, f.wearer_id, upper(f.period) AS off_at, d.place, d.since, d.until
        FROM fittings f ",
    next_fitting!(),
    "JOIN unnest($2::timestamptz[], $3::timestamptz[]) WITH ORDINALITY AS d (since, until, place)
            ON d.since >= upper(f.period) AND (next.begins IS NULL OR d.until <= next.begins)
        WHERE f.fitting_id = ANY ($1)
    ), looked AS MATERIALIZED (SELECT p.*, ",
    is_heard!(),
    " AS is_heard FROM p)
    SELECT t.imei, w.reference, u.code, l.off_at, array_agg(l.place)
    FROM looked l JOIN wearers w USING (wearer_id) JOIN units u ON u.unit_id = w.unit_id JOIN tags t USING (tag_id)
    WHERE l.is_heard GROUP BY 1, 2, 3, 4, l.fitting_id ORDER BY l.fitting_id"
);
