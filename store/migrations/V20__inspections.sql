-- Inspections of a home before house arrest, or where the order asks for one.
CREATE TABLE inspections (
    inspection_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    wearer_id          bigint NOT NULL REFERENCES wearers,
    version            bigint NOT NULL DEFAULT 1,
    state              text NOT NULL CHECK (state IN ('requested', 'appointed', 'confirmed', 'visited', 'decided', 'withdrawn')),
    result             text CHECK (result IN ('suitable', 'unsuitable')),
    certificate_number text,
    visited_at         timestamptz,
    decided_at         timestamptz,
    CHECK ((state = 'decided') = (result IS NOT NULL)),
    CHECK ((result = 'suitable') = (certificate_number IS NOT NULL))
);
CREATE INDEX inspections_wearer ON inspections (wearer_id, inspection_id);
