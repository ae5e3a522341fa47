-- Inspections of a home before house arrest, or where the order asks for one. The row says how it stands; what happened is in its events.
CREATE TABLE inspections (
    inspection_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    wearer_id          bigint NOT NULL REFERENCES wearers,
    version            bigint NOT NULL DEFAULT 1,
    state              text NOT NULL CHECK (state IN ('requested', 'appointed', 'confirmed', 'visited', 'decided', 'withdrawn')),
    waits_since        timestamptz NOT NULL DEFAULT now(),
    -- visited again after an objection
    priority           boolean NOT NULL DEFAULT false,
    address            text NOT NULL CHECK (address <> ''),
    authority          text NOT NULL CHECK (authority <> ''),
    decision_number    text NOT NULL CHECK (decision_number <> ''),
    decision_date      date NOT NULL,
    requested_at       timestamptz NOT NULL,
    appointment_at     timestamptz,
    visited_at         timestamptz,
    visited_by         text,
    visited_by_id      bigint REFERENCES people,
    checklist          jsonb,
    result             text CHECK (result IN ('suitable', 'unsuitable')),
    decided_at         timestamptz,
    decided_by         text,
    decided_by_id      bigint REFERENCES people,
    reasons            text NOT NULL DEFAULT '',
    certificate_number text CONSTRAINT a_certificate_has_its_own_number UNIQUE,
    -- to the result that stands
    objection          text CHECK (objection <> ''),
    objection_rejected boolean NOT NULL DEFAULT false,
    CHECK ((state = 'decided') = (result IS NOT NULL)),
    CHECK ((result = 'suitable') = (certificate_number IS NOT NULL)),
    CHECK (objection IS NULL OR result = 'unsuitable'),
    CHECK (NOT objection_rejected OR objection IS NOT NULL),
    CHECK (state NOT IN ('visited', 'decided') OR (visited_at IS NOT NULL AND checklist IS NOT NULL))
);
CREATE INDEX inspections_wearer ON inspections (wearer_id, inspection_id);
CREATE UNIQUE INDEX a_wearer_has_one_inspection_under_way ON inspections (wearer_id) WHERE state NOT IN ('decided', 'withdrawn');
CREATE INDEX inspections_waiting ON inspections (waits_since) WHERE state NOT IN ('decided', 'withdrawn') OR (objection IS NOT NULL AND NOT objection_rejected);

-- What happened to each, append-only.
CREATE TABLE inspection_events (
    event_id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    inspection_id      bigint NOT NULL REFERENCES inspections,
    version            bigint NOT NULL, -- of the inspection, with this
    kind               text NOT NULL CHECK (kind IN
        ('requested', 'appointed', 'confirmed', 'visited', 'visited_in_vain', 'decided', 'objected', 'answered', 'withdrawn')),
    recorded_at        timestamptz NOT NULL,
    recorded_by        text NOT NULL,
    at                 timestamptz,
    result             text CHECK (result IN ('suitable', 'unsuitable', 'upheld', 'rejected')),
    note               text NOT NULL DEFAULT '',
    checklist          jsonb,
    certificate_number text,
    UNIQUE (inspection_id, version)
);

-- The newest certificate of each unit and year (Solar Hijri).
CREATE TABLE certificate_numbers (
    unit_id bigint NOT NULL REFERENCES units,
    year    integer NOT NULL,
    number  bigint NOT NULL CHECK (number > 0),
    PRIMARY KEY (unit_id, year)
);
