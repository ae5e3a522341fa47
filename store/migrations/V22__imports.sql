-- Files of wearers, orders, zones and tags that are taken in as a whole. What each brought stays written down; the file itself goes when it is done.
CREATE TABLE imports (
    import_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('wearers', 'orders', 'zones', 'tags')),
    file_name  text NOT NULL CHECK (file_name <> ''),
    bytes      bigint NOT NULL CHECK (bytes BETWEEN 1 AND 20971520),
    unit_id    bigint NOT NULL REFERENCES units, -- in which it was begun
    begun_by   text NOT NULL,
    begun_at   timestamptz NOT NULL,
    state      text NOT NULL DEFAULT 'receiving' CHECK (state IN ('receiving', 'received', 'done', 'abandoned')),
    -- of the last check
    checked_at timestamptz,
    sha256     bytea CHECK (octet_length(sha256) = 32),
    rows       bigint NOT NULL DEFAULT 0,
    rows_known bigint NOT NULL DEFAULT 0,
    findings   bigint NOT NULL DEFAULT 0,
    ended_at   timestamptz,
    CHECK ((ended_at IS NULL) = (state IN ('receiving', 'received'))),
    CHECK (state <> 'done' OR (findings = 0 AND sha256 IS NOT NULL))
);
CREATE INDEX imports_open ON imports (begun_by) WHERE ended_at IS NULL;
CREATE INDEX imports_unit ON imports (unit_id, import_id);

-- The file in pieces of 1 MiB, numbered from 0.
CREATE TABLE import_files (
    import_id bigint NOT NULL REFERENCES imports,
    piece     integer NOT NULL CHECK (piece BETWEEN 0 AND 19),
    bytes     bytea NOT NULL CHECK (octet_length(bytes) BETWEEN 1 AND 1048576),
    PRIMARY KEY (import_id, piece)
);
ALTER TABLE import_files ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- Statistics of a year count its alerts. They lie about in the order of their beginning: a few pages of index tell where.
CREATE INDEX alerts_started ON alerts USING brin (started_at) WITH (pages_per_range = 32);
