-- What tags said. One table name and one set of queries: a TimescaleDB hypertable where that is loaded, partitions elsewhere, both by
-- the day of received_at, the server's clock: a tag's clock may say anything, makes no partition, and closed days never change.
CREATE TABLE storage_mode (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    mode     text NOT NULL CHECK (mode IN ('hypertable', 'partitioned'))
);

-- No unique key: a repeat is dropped before it gets here (docs/decisions/exactly-once-without-a-unique-key.md).
-- Wide columns first and no NULLs keep a row at 92 bytes.
DO $$
DECLARE
    columns constant text := '(
        received_at     timestamptz NOT NULL,
        taken_at        bigint   NOT NULL, -- milliseconds since 1970 by the tag''s clock
        tag_id          bigint   NOT NULL,
        batch           bigint   NOT NULL,
        latitude_e7     integer  NOT NULL, -- 1e-7 degree; as the tag said, so it may be out of range
        longitude_e7    integer  NOT NULL,
        signals         integer  NOT NULL, -- two bits for each yes-or-no fact
        accuracy_dm     integer  NOT NULL, -- 0 = unsaid
        speed_cms       integer  NOT NULL,
        course_deg      smallint NOT NULL,
        altitude_m      smallint NOT NULL,
        satellites      smallint NOT NULL,
        battery_percent smallint NOT NULL, -- 255 = unsaid
        source          smallint NOT NULL, -- 0 satellites, 1 cells, 2 Wi-Fi, 3 beacon
        late            boolean  NOT NULL  -- arrived after a newer one of its tag
    )';
    -- Only a preloaded TimescaleDB defines its settings; CREATE EXTENSION of one that is not preloaded ends the session.
    loaded boolean := EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb')
                   OR current_setting('timescaledb.max_background_workers', true) IS NOT NULL;
    hypertable boolean := false;
BEGIN
    IF loaded AND EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb') THEN
        BEGIN
            CREATE EXTENSION IF NOT EXISTS timescaledb;
            hypertable := true;
        EXCEPTION WHEN insufficient_privilege THEN
            RAISE WARNING 'TimescaleDB is loaded but % may not create the extension: plain partitions are used', current_user;
        END;
    END IF;
    IF hypertable THEN
        EXECUTE 'CREATE TABLE reports ' || columns;
        PERFORM create_hypertable('reports', by_range('received_at', INTERVAL '1 day'), create_default_indexes => false);
    ELSE
        EXECUTE 'CREATE TABLE reports ' || columns || ' PARTITION BY RANGE (received_at)';
        CREATE TABLE reports_astray PARTITION OF reports DEFAULT;
    END IF;
    INSERT INTO storage_mode (mode) VALUES (CASE WHEN hypertable THEN 'hypertable' ELSE 'partitioned' END);
END $$;

-- For the open day: which ranges of pages may hold reports of a batch or later, and of a tag. One index of two columns costs the
-- writer half of what two would. A range of 8 pages holds 704 rows, each perhaps of another tag. Closed days get a btree as well.
CREATE INDEX reports_open ON reports USING brin (batch, tag_id int8_bloom_ops (n_distinct_per_range = 704)) WITH (pages_per_range = 8);

-- Where to find a report that is not where its instant says: received more than 10 minutes before taken_at, or more than a day after.
CREATE TABLE reports_elsewhere (
    tag_id      bigint NOT NULL,
    taken_at    bigint NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (tag_id, taken_at, received_at)
);

-- The newest batch of each shard with a report received in each day: tells recovery which days to read.
CREATE TABLE report_days (
    starts_at     timestamptz NOT NULL,
    shard         integer NOT NULL,
    highest_batch bigint NOT NULL,
    PRIMARY KEY (starts_at, shard)
);

-- A shard's memory of a tag, as of a batch.
CREATE TABLE tag_state (
    tag_id bigint PRIMARY KEY,
    batch  bigint NOT NULL,
    bytes  bytea NOT NULL
) WITH (fillfactor = 80);

-- How far each shard is, and how much of that the kept memories contain.
CREATE TABLE journal_heads (
    shard      integer PRIMARY KEY,
    batch      bigint NOT NULL,
    checkpoint bigint NOT NULL
);
