-- What the wearers must keep to.

-- A zone for ever: one wearer's own (wearer_id), or shared by those in zone_wearers, or everyone's.
CREATE TABLE zones (
    zone_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reference text NOT NULL CHECK (reference <> ''),
    wearer_id bigint REFERENCES wearers,
    everyone  boolean NOT NULL DEFAULT false CHECK (NOT everyone OR wearer_id IS NULL)
);
CREATE UNIQUE INDEX zones_own ON zones (wearer_id, reference) WHERE wearer_id IS NOT NULL;
CREATE UNIQUE INDEX zones_shared ON zones (reference) WHERE wearer_id IS NULL;
CREATE INDEX zones_everyone ON zones (zone_id) WHERE everyone;

-- Whose zone it is; an own zone has its one row here too, everyone's has none.
CREATE TABLE zone_wearers (
    wearer_id bigint NOT NULL REFERENCES wearers,
    zone_id   bigint NOT NULL REFERENCES zones,
    PRIMARY KEY (wearer_id, zone_id)
);
CREATE INDEX zone_wearers_zone ON zone_wearers (zone_id);

-- What a zone is from when to when. A version that another one replaced from its very beginning keeps its row, with an empty period.
CREATE TABLE zone_versions (
    row_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    zone_id     bigint NOT NULL REFERENCES zones,
    version     integer NOT NULL,
    -- a GeoJSON Feature; these columns, not its properties, say from when to when and whose
    feature     jsonb NOT NULL,
    valid_from  timestamptz NOT NULL,
    valid_to    timestamptz CHECK (valid_to >= valid_from),
    recorded_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (zone_id, version),
    CONSTRAINT versions_of_a_zone_do_not_overlap EXCLUDE USING gist (zone_id WITH =, tstzrange(valid_from, valid_to) WITH &&)
);

-- Approved absence: inclusion zones are off, exclusion zones too if it says so.
CREATE TABLE leaves (
    leave_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    wearer_id   bigint NOT NULL REFERENCES wearers,
    valid_from  timestamptz NOT NULL,
    valid_to    timestamptz NOT NULL CHECK (valid_to > valid_from),
    exclusion   boolean NOT NULL DEFAULT false,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (wearer_id, valid_from, valid_to)
);
