-- Files that were merged into one that was merged itself: since when it is known of each two that both are one person's.

ALTER TABLE wearers
    -- The file into which this one was merged first, if that one was merged further; else `merged_into` is.
    ADD COLUMN merged_first_into bigint REFERENCES wearers CHECK (merged_first_into IS NULL OR merged_into IS NOT NULL);

-- Two files are known to be one person's since both came together by what was merged.
CREATE FUNCTION known_as_one_since(a bigint, b bigint) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    WITH RECURSIVE up (from_id, wearer_id, since) AS (
        VALUES (a, a, '-infinity'::timestamptz), (b, b, '-infinity'::timestamptz)
        UNION ALL
        SELECT from_id, coalesce(w.merged_first_into, w.merged_into), greatest(since, w.merged_at)
        FROM up JOIN wearers w USING (wearer_id) WHERE w.merged_into IS NOT NULL
    )
    SELECT min(greatest(x.since, y.since)) FROM up x JOIN up y USING (wearer_id) WHERE x.from_id = a AND y.from_id = b
$$;
