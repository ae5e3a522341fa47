-- A wearer's file: who it is, in all the ways in which people look for it.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

ALTER TABLE wearers
    ADD COLUMN version       bigint NOT NULL DEFAULT 1,
    ADD COLUMN given_name    text NOT NULL DEFAULT '',
    ADD COLUMN family_name   text NOT NULL DEFAULT '',
    ADD COLUMN father_name   text NOT NULL DEFAULT '',
    -- of who has no national id
    ADD COLUMN foreign_id    text CHECK (foreign_id <> ''),
    ADD COLUMN foreign_id_kind text CHECK (foreign_id_kind IN ('passport', 'universal', 'refugee_card', 'other')),
    ADD COLUMN birth_date    date,
    ADD COLUMN language      text NOT NULL DEFAULT 'fa' CHECK (language ~ '^[a-z]{2,3}$'),
    ADD COLUMN risk_class    text NOT NULL DEFAULT 'medium' CHECK (risk_class IN ('low', 'medium', 'high')),
    ADD COLUMN registered_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN registered_by text NOT NULL DEFAULT '',
    -- The same person's other file, which goes on. This one stays as it is, for what was done under it.
    ADD COLUMN merged_into   bigint REFERENCES wearers CHECK (merged_into <> wearer_id),
    ADD COLUMN merged_at     timestamptz,
    ADD COLUMN merged_by     text,
    ADD COLUMN merge_reason  text,
    -- everything that it is found by, folded
    ADD COLUMN search        text NOT NULL DEFAULT '',
    ADD CHECK ((foreign_id IS NULL) = (foreign_id_kind IS NULL)),
    ADD CHECK ((merged_into IS NULL) = (merged_at IS NULL) AND (merged_into IS NULL) = (merged_by IS NULL));
CREATE UNIQUE INDEX wearers_national_id ON wearers (national_id) WHERE merged_into IS NULL;
CREATE UNIQUE INDEX wearers_foreign_id ON wearers (foreign_id_kind, foreign_id) WHERE merged_into IS NULL;

-- Pictures: of the wearer, of equipment that came back, of a home.
CREATE TABLE photos (
    photo_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    wearer_id   bigint NOT NULL REFERENCES wearers,
    subject     text NOT NULL CHECK (subject IN ('wearer', 'removal', 'inspection', 'undertaking')),
    subject_id  bigint, -- of the removal's fitting, the inspection, the installation; NULL for the wearer
    media_type  text NOT NULL CHECK (media_type IN ('image/jpeg', 'image/png')),
    bytes       bytea NOT NULL CHECK (octet_length(bytes) BETWEEN 1 AND 1048576),
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL
);
ALTER TABLE photos ALTER COLUMN bytes SET STORAGE EXTERNAL; -- compressed already
CREATE INDEX photos_wearer ON photos (wearer_id, subject, photo_id);
