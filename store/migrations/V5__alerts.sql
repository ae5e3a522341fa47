-- What judgement found. One row is the violation and its alert: (wearer, zone, kind, start) names it for ever.
-- Instants of the tag's clock are milliseconds since 1970, those of the server's clock timestamptz.
CREATE TABLE alerts (
    alert_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    wearer_id        bigint NOT NULL REFERENCES wearers,
    tag_id           bigint NOT NULL REFERENCES tags,
    batch            bigint NOT NULL, -- the newest that wrote it: an older one changes nothing
    started_at       bigint NOT NULL,
    found_at         bigint NOT NULL,
    recorded_at      timestamptz NOT NULL,
    ended_at         bigint,
    max_beyond_m     double precision,
    last_breaking_at bigint,
    acknowledged_at  timestamptz,
    found_late       boolean NOT NULL,
    kind             text NOT NULL,
    zone             text NOT NULL,
    end_reason       text,
    acknowledged_by  text,
    closed_by        text,
    note             text,
    UNIQUE (wearer_id, zone, kind, started_at),
    CHECK ((ended_at IS NULL) = (end_reason IS NULL)),
    CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL))
);
CREATE INDEX alerts_open ON alerts (alert_id) WHERE end_reason IS NULL;

-- The newest event's number. Its row is locked last in a transaction and until the commit: numbers have no gaps and the order of commits.
CREATE TABLE alert_head (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    sequence bigint NOT NULL
);
INSERT INTO alert_head (sequence) VALUES (0);

-- What happened to alerts, with the fields that change as they were right after.
CREATE TABLE alert_events (
    sequence         bigint PRIMARY KEY,
    alert_id         bigint NOT NULL REFERENCES alerts,
    recorded_at      timestamptz NOT NULL,
    ended_at         bigint,
    max_beyond_m     double precision,
    last_breaking_at bigint,
    acknowledged_at  timestamptz,
    kind             text NOT NULL CHECK (kind IN ('opened', 'ended', 'acknowledged')),
    end_reason       text,
    acknowledged_by  text,
    note             text
);
