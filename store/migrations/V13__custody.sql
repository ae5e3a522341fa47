-- How long what is known of a person is kept, and how it leaves the house.

-- Nothing of this wearer in this span is deleted while the hold stands.
CREATE TABLE legal_holds (
    hold_id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    wearer_id        bigint NOT NULL REFERENCES wearers,
    from_at          timestamptz NOT NULL,
    to_at            timestamptz CHECK (to_at > from_at), -- NULL = from then on
    authority        text NOT NULL CHECK (authority <> ''),
    letter_number    text NOT NULL CHECK (letter_number <> ''),
    reason           text NOT NULL CHECK (reason <> ''),
    placed_by        text NOT NULL,
    placed_at        timestamptz NOT NULL,
    lifted_at        timestamptz,
    lift_proposed_by text,
    lifted_by        text,
    lift_reason      text,
    CHECK ((lifted_at IS NULL) = (lifted_by IS NULL))
);
CREATE INDEX legal_holds_wearer ON legal_holds (wearer_id);

-- Which tags' reports the standing holds concern, and of when.
CREATE VIEW spans_held AS
    SELECT f.tag_id, h.wearer_id, f.period * tstzrange(h.from_at, h.to_at) AS span FROM legal_holds h JOIN fittings f USING (wearer_id)
    WHERE h.lifted_at IS NULL AND f.period && tstzrange(h.from_at, h.to_at);

-- An instant of a tag's clock, which may say any 64-bit number, as near as timestamptz can hold it.
CREATE FUNCTION tag_instant(ms bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT to_timestamp(least(greatest(ms, -62135596800000), 253402300799999) / 1000.0)
$$;

-- What each run of the timed deletion did.
CREATE TABLE deletions (
    deletion_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text NOT NULL CHECK (kind IN ('tracks', 'raw_frames', 'sessions', 'files')),
    at          timestamptz NOT NULL,
    older_than  timestamptz NOT NULL,
    rows        bigint NOT NULL DEFAULT 0,
    held        bigint NOT NULL DEFAULT 0
);
CREATE INDEX deletions_kind ON deletions (kind, deletion_id);

-- Of what was received before this, reports may be missing: nothing that was found of then is judged again.
CREATE TABLE tracks_kept (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    since    timestamptz NOT NULL
);
INSERT INTO tracks_kept (since) VALUES ('0001-01-01 00:00:00+00');

-- Data handed to an authority: the proposal that a second person confirmed is the act, and its number the release's.
CREATE TABLE releases (
    release_id      bigint PRIMARY KEY REFERENCES proposals,
    wearer_id       bigint NOT NULL REFERENCES wearers,
    from_at         timestamptz NOT NULL,
    to_at           timestamptz NOT NULL CHECK (to_at > from_at),
    authority       text NOT NULL CHECK (authority <> ''),
    letter_number   text NOT NULL CHECK (letter_number <> ''),
    letter_date     text NOT NULL CHECK (letter_date <> ''),
    with_positions  boolean NOT NULL,
    with_violations boolean NOT NULL CHECK (with_positions OR with_violations),
    purpose         text NOT NULL,
    case_number     text NOT NULL,
    proposed_by     text NOT NULL,
    confirmed_by    text NOT NULL,
    released_at     timestamptz NOT NULL,
    sha256          bytea NOT NULL CHECK (octet_length(sha256) = 32), -- of the archive
    bytes           bigint NOT NULL,
    positions       bigint NOT NULL,
    violations      bigint NOT NULL,
    file_deleted_at timestamptz -- NULL while the archive itself is here
);
CREATE INDEX releases_wearer ON releases (wearer_id);

-- The archives in pieces of 1 MiB, numbered from 0.
CREATE TABLE release_files (
    release_id bigint NOT NULL REFERENCES releases,
    piece      integer NOT NULL,
    bytes      bytea NOT NULL CHECK (octet_length(bytes) BETWEEN 1 AND 1048576),
    PRIMARY KEY (release_id, piece)
);
ALTER TABLE release_files ALTER COLUMN bytes SET STORAGE EXTERNAL; -- compressed already
