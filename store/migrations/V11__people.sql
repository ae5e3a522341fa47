-- People who log in, what they may do, and their sessions.
CREATE TABLE people (
    person_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name            text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9._-]{3,64}$'),
    shown_name      text NOT NULL CHECK (shown_name <> ''),
    unit_id         bigint NOT NULL REFERENCES units, -- whose administrators look after the account
    is_on           boolean NOT NULL DEFAULT true,
    password        text NOT NULL, -- argon2id
    password_until  timestamptz, -- of a password for the first log-in: it must be changed, and fits only until then
    totp_secret     bytea CHECK (octet_length(totp_secret) = 20),
    totp_begun      bytea CHECK (octet_length(totp_begun) = 20), -- not confirmed yet
    totp_step       bigint, -- the newest step used: no code counts twice
    failures        integer NOT NULL DEFAULT 0, -- since the last success
    locked_until    timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now()
);

-- Passwords used before.
CREATE TABLE person_passwords (
    person_id bigint NOT NULL REFERENCES people,
    changed_at timestamptz NOT NULL,
    password  text NOT NULL,
    PRIMARY KEY (person_id, changed_at)
);

CREATE TABLE recovery_codes (
    person_id bigint NOT NULL REFERENCES people,
    hash      bytea NOT NULL CHECK (octet_length(hash) = 32),
    used_at   timestamptz,
    PRIMARY KEY (person_id, hash)
);

-- A role in a unit.
CREATE TABLE grants (
    person_id    bigint NOT NULL REFERENCES people,
    role         text NOT NULL,
    unit_id      bigint NOT NULL REFERENCES units,
    granted_at   timestamptz NOT NULL DEFAULT now(),
    granted_by   text NOT NULL, -- who proposed it, and who confirmed it
    confirmed_by text,
    PRIMARY KEY (person_id, role, unit_id)
);

CREATE TABLE sessions (
    session_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id     bigint NOT NULL REFERENCES people,
    token_hash    bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    began_at      timestamptz NOT NULL,
    last_used_at  timestamptz NOT NULL,
    idle_s        integer NOT NULL CHECK (idle_s > 0),
    ends_at       timestamptz NOT NULL,
    fresh_until   timestamptz,
    address       text NOT NULL,
    ended_at      timestamptz,
    ended_because text CHECK (ended_because IN ('logged_out', 'revoked', 'password_changed', 'switched_off', 'reset', 'roles_changed')),
    CHECK ((ended_at IS NULL) = (ended_because IS NULL))
);
CREATE INDEX sessions_person ON sessions (person_id) WHERE ended_at IS NULL;

-- Whoever has open streams hears at once that a session, a grant or a unit changed.
CREATE FUNCTION access_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('paband_access', '');
    RETURN NULL;
END $$;
CREATE TRIGGER access_changed AFTER UPDATE OF ended_at ON sessions FOR EACH STATEMENT EXECUTE FUNCTION access_changed();
CREATE TRIGGER access_changed AFTER INSERT OR UPDATE OR DELETE ON grants FOR EACH STATEMENT EXECUTE FUNCTION access_changed();
CREATE TRIGGER access_changed AFTER INSERT OR UPDATE OF is_on ON units FOR EACH STATEMENT EXECUTE FUNCTION access_changed();

-- Failed log-ins by where they came from.
CREATE TABLE log_in_failures (
    address text NOT NULL,
    at      timestamptz NOT NULL
);
CREATE INDEX log_in_failures_address ON log_in_failures (address, at);

-- Certificates of machines that are refused.
CREATE TABLE machines_revoked (
    serial     text PRIMARY KEY CHECK (serial ~ '^[0-9a-f]{1,64}$'),
    revoked_at timestamptz NOT NULL DEFAULT now(),
    revoked_by text NOT NULL,
    reason     text NOT NULL CHECK (reason <> '')
);
CREATE TRIGGER access_changed AFTER INSERT ON machines_revoked FOR EACH STATEMENT EXECUTE FUNCTION access_changed();

-- Why positions, tracks and files may be looked at.
CREATE TABLE purposes (
    code        text PRIMARY KEY CHECK (code ~ '^[a-z_]{1,40}$'),
    name_fa     text NOT NULL,
    name_en     text NOT NULL,
    needs_case  boolean NOT NULL,
    -- the place is shown also inside a zone where the wearer is meant to be
    needs_place boolean NOT NULL,
    is_on       boolean NOT NULL DEFAULT true
);
INSERT INTO purposes (code, name_fa, name_en, needs_case, needs_place) VALUES
    ('alert', 'رسیدگی به هشدار', 'Handling an alert', false, true),
    ('rescue', 'امداد و نجات', 'Danger to life', false, true),
    ('judicial', 'درخواست مرجع قضایی', 'Asked by a judicial authority', true, true),
    ('complaint', 'اعتراض یا شکایت مددجو', 'Objection or complaint of the wearer', true, true),
    ('supervision', 'نظارت بر کار', 'Supervision of the work', false, false),
    ('fitting', 'نصب، تعویض یا فک پابند', 'Fitting, exchange or removal of a tag', false, false),
    ('file', 'رسیدگی به پرونده', 'Work on the file', false, false),
    ('billing', 'امور مالی', 'Billing', false, false);
