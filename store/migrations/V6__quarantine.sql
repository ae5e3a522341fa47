-- Bytes that could not become reports: a ring of slots, so that no flood can fill the disk. The newest stay; the numbers tell how many there were.
CREATE TABLE quarantine_limit (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    slots    bigint NOT NULL CHECK (slots > 0)
);
INSERT INTO quarantine_limit (slots) VALUES (10000);

CREATE SEQUENCE quarantine_number AS bigint;

CREATE TABLE quarantine (
    slot        bigint PRIMARY KEY,
    number      bigint NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    length      bigint NOT NULL, -- bytes as received; raw holds the first 4,096 at most
    reason      text NOT NULL,
    imei        text,
    raw         bytea NOT NULL CHECK (octet_length(raw) <= 4096)
);
