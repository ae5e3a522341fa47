-- Every change of the facts gets a version, without gaps, in the order of commits: the counter's row stays locked from the first
-- statement that changes a fact to the end of its transaction. Shards ask for what changed after the version they know.
CREATE TABLE facts_head (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version  bigint NOT NULL
);
INSERT INTO facts_head (version) VALUES (0);

-- The newest version in which something about a tag (who wears it, its key, the wearer's zones and leaves) changed.
CREATE TABLE tag_facts (
    tag_id        bigint PRIMARY KEY REFERENCES tags,
    facts_version bigint NOT NULL
);
CREATE INDEX tag_facts_version ON tag_facts (facts_version);

-- The same for versions of zones.
CREATE TABLE zone_facts (
    row_id        bigint PRIMARY KEY,
    facts_version bigint NOT NULL
);
CREATE INDEX zone_facts_version ON zone_facts (facts_version);

CREATE FUNCTION facts_begin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE facts_head SET version = version + 1;
    PERFORM pg_notify('paband_facts', '');
    RETURN NULL;
END $$;

CREATE FUNCTION facts_touch_tags(tags bigint[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO tag_facts (tag_id, facts_version)
    SELECT DISTINCT tag_id, (SELECT version FROM facts_head) FROM unnest(tags) AS tag_id WHERE tag_id IS NOT NULL
    ON CONFLICT (tag_id) DO UPDATE SET facts_version = excluded.facts_version
$$;

CREATE FUNCTION facts_touch_wearers(wearers bigint[]) RETURNS void LANGUAGE sql AS $$
    SELECT facts_touch_tags(array_agg(tag_id)) FROM fittings WHERE wearer_id = ANY (wearers) AND upper_inf(period)
$$;

CREATE FUNCTION facts_touch_zones(zones_changed bigint[]) RETURNS void LANGUAGE sql AS $$
    SELECT CASE
        WHEN EXISTS (SELECT FROM zones WHERE zone_id = ANY (zones_changed) AND everyone)
        THEN facts_touch_tags((SELECT array_agg(tag_id) FROM fittings WHERE upper_inf(period)))
        ELSE facts_touch_wearers((SELECT array_agg(wearer_id) FROM zone_wearers WHERE zone_id = ANY (zones_changed)))
    END
$$;

-- One trigger function for all tables: the rows before and after are the transition tables.
CREATE FUNCTION facts_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    rows_of text := CASE TG_OP WHEN 'INSERT' THEN 'TABLE rows_after' WHEN 'DELETE' THEN 'TABLE rows_before'
                               ELSE 'TABLE rows_before UNION ALL TABLE rows_after' END;
    ids bigint[];
BEGIN
    EXECUTE format('SELECT array_agg(DISTINCT %I) FROM (%s) AS changed', TG_ARGV[1], rows_of) INTO ids;
    IF ids IS NULL THEN
        RETURN NULL;
    END IF;
    IF TG_TABLE_NAME = 'zone_versions' THEN
        EXECUTE format('INSERT INTO zone_facts (row_id, facts_version)
            SELECT DISTINCT row_id, (SELECT version FROM facts_head) FROM (%s) AS changed
            ON CONFLICT (row_id) DO UPDATE SET facts_version = excluded.facts_version', rows_of);
    END IF;
    EXECUTE format('SELECT facts_touch_%s($1)', TG_ARGV[0]) USING ids;
    RETURN NULL;
END $$;

DO $$
DECLARE
    fact record;
    event text;
BEGIN
    FOR fact IN SELECT * FROM (VALUES
        ('tags', 'tags', 'tag_id'), ('fittings', 'tags', 'tag_id'), ('leaves', 'wearers', 'wearer_id'),
        ('zones', 'zones', 'zone_id'), ('zone_wearers', 'wearers', 'wearer_id'), ('zone_versions', 'zones', 'zone_id')
    ) AS given (changed_table, touches, id) LOOP
        EXECUTE format('CREATE TRIGGER facts_begin BEFORE INSERT OR UPDATE OR DELETE ON %I FOR EACH STATEMENT EXECUTE FUNCTION facts_begin()',
            fact.changed_table);
        FOREACH event IN ARRAY ARRAY['INSERT', 'UPDATE', 'DELETE'] LOOP
            EXECUTE format('CREATE TRIGGER facts_%s AFTER %s ON %I REFERENCING %s FOR EACH STATEMENT EXECUTE FUNCTION facts_changed(%L, %L)',
                lower(event), event, fact.changed_table,
                CASE event WHEN 'INSERT' THEN 'NEW TABLE AS rows_after' WHEN 'DELETE' THEN 'OLD TABLE AS rows_before'
                           ELSE 'OLD TABLE AS rows_before NEW TABLE AS rows_after' END,
                fact.touches, fact.id);
        END LOOP;
    END LOOP;
END $$;
