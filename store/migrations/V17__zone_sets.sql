-- Zones as staff draw them: who drew what and why, sets that many wearers share, and how far a zone may reach.

-- How far a zone may reach beyond the residence, metres, by the degree of the order; 0 = house arrest: GNSS needs some metres around the walls.
CREATE TABLE IF NOT EXISTS zone_degrees (
    degree     smallint NOT NULL CHECK (degree BETWEEN 0 AND 3),
    distance_m integer NOT NULL CHECK (distance_m > 0),
    valid_from date NOT NULL, -- Tehran
    PRIMARY KEY (degree, valid_from)
);
ALTER TABLE zone_degrees DROP CONSTRAINT zone_degrees_degree_check, ADD CONSTRAINT zone_degrees_degree_check CHECK (degree BETWEEN 0 AND 3);
INSERT INTO zone_degrees (degree, distance_m, valid_from) VALUES (0, 50, '1900-01-01'), (1, 200, '1900-01-01'), (2, 500, '1900-01-01'), (3, 1000, '1900-01-01')
ON CONFLICT DO NOTHING;

-- The distance of the order in force at an instant; NULL = none is in force, or it leaves the degree to be decided.
CREATE FUNCTION zone_distance_max(wearer bigint, instant timestamptz) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT d.distance_m FROM order_in_force(wearer, instant) o
    JOIN zone_degrees d ON d.degree = CASE o.regime WHEN 'house' THEN 0 ELSE o.zone_degree END
    WHERE d.valid_from <= (instant AT TIME ZONE 'Asia/Tehran')::date
    ORDER BY d.valid_from DESC LIMIT 1
$$;

ALTER TABLE zone_versions
    ADD COLUMN recorded_by text NOT NULL DEFAULT '',
    ADD COLUMN reason      text NOT NULL DEFAULT '';

-- A number of a wearer's zones that grows with every change of them, whoever makes it; nobody's zones ever changed = no row.
CREATE TABLE zone_plans (
    wearer_id bigint PRIMARY KEY REFERENCES wearers,
    version   bigint NOT NULL
);

CREATE FUNCTION zone_plans_grow() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    rows_of text := CASE TG_OP WHEN 'INSERT' THEN 'TABLE rows_after' WHEN 'DELETE' THEN 'TABLE rows_before'
                               ELSE 'TABLE rows_before UNION ALL TABLE rows_after' END;
    wearers_of text := CASE TG_TABLE_NAME WHEN 'zone_versions' THEN 'JOIN zones USING (zone_id)' ELSE '' END;
BEGIN
    EXECUTE format('INSERT INTO zone_plans AS p (wearer_id, version)
        SELECT DISTINCT wearer_id, 1 FROM (%s) AS changed %s WHERE wearer_id IS NOT NULL ORDER BY 1
        ON CONFLICT (wearer_id) DO UPDATE SET version = p.version + 1', rows_of, wearers_of);
    RETURN NULL;
END $$;

-- Zones that many wearers share: one version is in force for all of them.
CREATE TABLE zone_sets (
    set_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reference  text NOT NULL CONSTRAINT zone_sets_reference UNIQUE CHECK (reference ~ '^[a-z0-9-]{1,40}$'),
    name_fa    text NOT NULL CHECK (name_fa <> ''),
    name_en    text NOT NULL CHECK (name_en <> ''),
    unit_id    bigint NOT NULL REFERENCES units,
    version    bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL
);

-- Its zones; one that was taken out has ended, and stays for the past.
CREATE TABLE zone_set_zones (
    zone_id bigint PRIMARY KEY REFERENCES zones,
    set_id  bigint NOT NULL REFERENCES zone_sets
);
CREATE INDEX zone_set_zones_set ON zone_set_zones (set_id);

-- Whom its zones bind, from when to when. For every zone of the set a wearer has a row in zone_wearers, which stays: judging again asks for then.
CREATE TABLE zone_set_wearers (
    member_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    set_id     bigint NOT NULL REFERENCES zone_sets,
    wearer_id  bigint NOT NULL REFERENCES wearers,
    period     tstzrange NOT NULL CHECK (NOT isempty(period) AND NOT lower_inf(period)),
    joined_by  text NOT NULL,
    reason     text NOT NULL,
    left_by    text,
    left_reason text,
    CONSTRAINT a_wearer_is_in_a_set_once EXCLUDE USING gist (set_id WITH =, wearer_id WITH =, period WITH &&)
);
CREATE INDEX zone_set_wearers_wearer ON zone_set_wearers (wearer_id);
CREATE UNIQUE INDEX zone_set_wearers_now ON zone_set_wearers (set_id, wearer_id) WHERE upper_inf(period);

-- Which zones bind whom, from when (NULL = always) to when (NULL = still): those of a set while the wearer is in it, others always.
CREATE VIEW zone_bindings AS
    SELECT b.wearer_id, b.zone_id, lower(m.period) AS since, upper(m.period) AS until
    FROM zone_wearers b LEFT JOIN zone_set_zones s USING (zone_id)
        LEFT JOIN zone_set_wearers m ON m.set_id = s.set_id AND m.wearer_id = b.wearer_id
    WHERE s.zone_id IS NULL OR m.set_id IS NOT NULL;

DO $$
DECLARE
    changed text;
    event text;
    rows_of text;
BEGIN
    FOREACH event IN ARRAY ARRAY['INSERT', 'UPDATE', 'DELETE'] LOOP
        rows_of := CASE event WHEN 'INSERT' THEN 'NEW TABLE AS rows_after' WHEN 'DELETE' THEN 'OLD TABLE AS rows_before'
                              ELSE 'OLD TABLE AS rows_before NEW TABLE AS rows_after' END;
        FOREACH changed IN ARRAY ARRAY['zone_versions', 'zone_wearers', 'zone_set_wearers'] LOOP
            EXECUTE format('CREATE TRIGGER zone_plans_%s AFTER %s ON %I REFERENCING %s FOR EACH STATEMENT EXECUTE FUNCTION zone_plans_grow()',
                lower(event), event, changed, rows_of);
        END LOOP;
        -- Who joins or leaves a set is told to the shards, as whoever else's zones change.
        EXECUTE format('CREATE TRIGGER facts_%s AFTER %s ON zone_set_wearers REFERENCING %s FOR EACH STATEMENT EXECUTE FUNCTION facts_changed(%L, %L)',
            lower(event), event, rows_of, 'wearers', 'wearer_id');
    END LOOP;
    CREATE TRIGGER facts_begin BEFORE INSERT OR UPDATE OR DELETE ON zone_set_wearers FOR EACH STATEMENT EXECUTE FUNCTION facts_begin();
END $$;
