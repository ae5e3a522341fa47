-- A wearer's file: who it is, in all the ways in which people look for it.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- The same as enrolment::fold in the program (a test holds one against the other): Arabic and Persian letters and digits made one, vowel signs, joiners
-- and stretching taken away, lower case, single spaces.
CREATE FUNCTION fold(given text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    folded text COLLATE "C" := normalize(given, NFKC);
BEGIN
    -- vowel signs, hamza alone, stretching, the invisible
    folded := regexp_replace(folded, '[\u0610-\u061A\u0621\u0640\u064B-\u065F\u0670\u06D6-\u06DC\u200B-\u200F\u202A-\u202C\uFEFF]', '', 'g');
    -- The exchange of letters is slow, and most texts need none.
    IF folded ~ '[\u0622-\u0626\u0629\u0643\u0649\u064A\u0660-\u0669\u0671\u06AA\u06C0-\u06C3\u06CD\u06D0\u06D5\u06F0-\u06F9]' THEN
        folded := translate(folded, U&'\064A\0649\0626\06D0\06CD\0643\06AA\0629\06C0\06D5\06C1\06C2\06C3\0624\0623\0625\0622\0671' || '٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹',
            U&'\06CC\06CC\06CC\06CC\06CC\06A9\06A9\0647\0647\0647\0647\0647\0647\0648\0627\0627\0627\0627' || '01234567890123456789');
    END IF;
    RETURN btrim(regexp_replace(lower(folded COLLATE "und-x-icu") COLLATE "C", '[\u0001-\u0020\u007F-\u009F\u1680\u2028\u2029]+', ' ', 'g'), ' ');
END $$;

-- The order in which lists show names, and by which they are found: family name first, folded.
CREATE FUNCTION wearer_sort_name(given_name text, family_name text, name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT public.fold(CASE WHEN given_name = '' AND family_name = '' THEN coalesce(name, '') ELSE family_name || ' ' || given_name END)
$$;

-- Everything that a file is found by, folded, words between single spaces. A name of several words stands there joined too: some write it so.
CREATE FUNCTION wearer_search(reference text, name text, given_name text, family_name text, father_name text, national_id text, foreign_id text,
    file_numbers text[], contacts jsonb, also_found_by text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    phones text := CASE WHEN contacts <> '[]' THEN (SELECT string_agg(contact ->> 'value', ' ')
        FROM jsonb_array_elements(contacts) AS contact WHERE contact ->> 'kind' = 'phone') END;
    given text := public.fold(given_name);
    family text := public.fold(family_name);
BEGIN
    RETURN ' ' || public.fold(concat_ws(' ', name, father_name, national_id, foreign_id, reference, array_to_string(file_numbers, ' '), phones,
        CASE WHEN position(' ' IN given) > 0 THEN replace(given, ' ', '') END,
        CASE WHEN position(' ' IN family) > 0 THEN replace(family, ' ', '') END, also_found_by)) || ' ';
END $$;

-- Two files with the same one are perhaps the same person's.
CREATE FUNCTION wearer_name_key(name text, father_name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT replace(public.fold(coalesce(name, '')), ' ', '') || '/' || replace(public.fold(father_name), ' ', '')
$$;

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
    -- numbers of files at the prison, the court, the executor
    ADD COLUMN file_numbers  text[] NOT NULL DEFAULT '{}',
    -- [{"kind": "phone" | "address" | "email", "value": "...", "whose": "..."}]
    ADD COLUMN contacts      jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(contacts) = 'array'),
    ADD COLUMN registered_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN registered_by text NOT NULL DEFAULT '',
    -- The same person's other file, which goes on. This one stays as it is, for what was done under it.
    ADD COLUMN merged_into   bigint REFERENCES wearers CHECK (merged_into <> wearer_id),
    ADD COLUMN merged_at     timestamptz,
    ADD COLUMN merged_by     text,
    ADD COLUMN merge_reason  text,
    -- what the files that were merged into this one are found by
    ADD COLUMN also_found_by text NOT NULL DEFAULT '',
    ADD CHECK ((foreign_id IS NULL) = (foreign_id_kind IS NULL)),
    ADD CHECK ((merged_into IS NULL) = (merged_at IS NULL) AND (merged_into IS NULL) = (merged_by IS NULL)),
    ADD COLUMN sort_name     text COLLATE "fa-x-icu" NOT NULL GENERATED ALWAYS AS (wearer_sort_name(given_name, family_name, name)) STORED,
    ADD COLUMN search        text COLLATE "C" NOT NULL GENERATED ALWAYS AS (wearer_search(reference, name, given_name, family_name, father_name,
        national_id, foreign_id, file_numbers, contacts, also_found_by)) STORED,
    -- Both stand whole in the entries of an index, which take 2,700 bytes.
    ADD CONSTRAINT a_file_is_found_by_so_much CHECK (octet_length(search) <= 1700 AND octet_length(sort_name) <= 850);

-- One person, one file. A merged file keeps its numbers, so that nobody opens another one under them.
CREATE UNIQUE INDEX wearers_national_id ON wearers (national_id);
CREATE UNIQUE INDEX wearers_foreign_id ON wearers (foreign_id_kind, foreign_id);
CREATE INDEX wearers_merged ON wearers (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX wearers_name_key ON wearers (wearer_name_key(name, father_name));

-- Lists walk along these in the order of names and read nothing else (docs/decisions/search.md); rare words are found by their parts.
CREATE INDEX wearers_by_name ON wearers (sort_name, wearer_id) INCLUDE (unit_id, search) WHERE merged_into IS NULL;
CREATE INDEX wearers_by_unit_and_name ON wearers (unit_id, sort_name, wearer_id) INCLUDE (search) WHERE merged_into IS NULL;
CREATE INDEX wearers_search ON wearers USING gin (search gin_trgm_ops) WHERE merged_into IS NULL;

-- Numbers of files that were opened without a number of the caller's: `1405/000123`. Gaps do not matter.
CREATE SEQUENCE file_references;

-- Each version of each file, whole: who wrote what when. Never changed.
CREATE TABLE wearer_versions (
    wearer_id   bigint NOT NULL REFERENCES wearers,
    version     bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    what        text NOT NULL CHECK (what IN ('registered', 'changed', 'merged', 'took_over')),
    file        jsonb NOT NULL, -- the row of wearers
    PRIMARY KEY (wearer_id, version)
);

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
