-- Who is monitored, with which tag. A tag is never deleted.
CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE tags (
    tag_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    imei          text NOT NULL UNIQUE CHECK (imei ~ '^[0-9A-Za-z._-]{1,32}$'),
    key           bytea CHECK (octet_length(key) = 32),
    registered_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE wearers (
    wearer_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reference text NOT NULL UNIQUE CHECK (reference <> '')
);

-- Which tag is on whom, from when to when. Open-ended while it is on.
CREATE TABLE fittings (
    fitting_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tag_id     bigint NOT NULL REFERENCES tags,
    wearer_id  bigint NOT NULL REFERENCES wearers,
    period     tstzrange NOT NULL CHECK (NOT isempty(period) AND NOT lower_inf(period)),
    CONSTRAINT a_tag_is_on_one_wearer EXCLUDE USING gist (tag_id WITH =, period WITH &&),
    CONSTRAINT a_wearer_has_one_tag EXCLUDE USING gist (wearer_id WITH =, period WITH &&)
);
CREATE UNIQUE INDEX fittings_open_tag ON fittings (tag_id) WHERE upper_inf(period);
CREATE UNIQUE INDEX fittings_open_wearer ON fittings (wearer_id) WHERE upper_inf(period);
