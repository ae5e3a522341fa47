-- Who looked at what and changed what. Append-only; each entry's hash holds it to all before it. The role that the service works in may neither
-- write here directly nor change or delete anything: it appends by the function below, which works as the tables' owner.
CREATE TABLE audit (
    number      bigint PRIMARY KEY,
    at          timestamptz NOT NULL,
    who         text NOT NULL,
    role        text NOT NULL,
    unit        text NOT NULL,
    act         text NOT NULL,
    wearer      text NOT NULL,
    subject     text NOT NULL,
    purpose     text NOT NULL,
    case_number text NOT NULL,
    address     text NOT NULL,
    result      text NOT NULL,
    hash        bytea NOT NULL
);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_who ON audit (who, number);
CREATE INDEX audit_wearer ON audit (wearer, number) WHERE wearer <> '';

-- The newest entry. Its row is locked until the commit: numbers have no gaps and the order of commits.
CREATE TABLE audit_head (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    number   bigint NOT NULL,
    hash     bytea NOT NULL
);
INSERT INTO audit_head (number, hash) VALUES (0, decode(repeat('00', 32), 'hex'));

-- The same as AuditLink::digest in the program.
CREATE FUNCTION audit_digest(previous bytea, entry audit) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT sha256(previous || convert_to(
        entry.number || ':' || (extract(epoch FROM entry.at) * 1000000)::bigint
        || ':' || octet_length(entry.who) || ':' || entry.who
        || ':' || octet_length(entry.role) || ':' || entry.role
        || ':' || octet_length(entry.unit) || ':' || entry.unit
        || ':' || octet_length(entry.act) || ':' || entry.act
        || ':' || octet_length(entry.wearer) || ':' || entry.wearer
        || ':' || octet_length(entry.subject) || ':' || entry.subject
        || ':' || octet_length(entry.purpose) || ':' || entry.purpose
        || ':' || octet_length(entry.case_number) || ':' || entry.case_number
        || ':' || octet_length(entry.address) || ':' || entry.address
        || ':' || octet_length(entry.result) || ':' || entry.result, 'UTF8'))
$$;

-- Appends entries in their order: an array of objects with the columns' names. To be a transaction's last statement: the head stays locked.
CREATE FUNCTION audit_append(entries jsonb) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    head audit_head%ROWTYPE;
    given jsonb;
    entry audit%ROWTYPE;
BEGIN
    SELECT * INTO head FROM audit_head FOR UPDATE;
    FOR given IN SELECT * FROM jsonb_array_elements(entries) LOOP
        entry := jsonb_populate_record(NULL::audit, given);
        entry.number := head.number + 1;
        entry.at := clock_timestamp();
        entry.hash := audit_digest(head.hash, entry);
        INSERT INTO audit SELECT entry.*;
        head.number := entry.number;
        head.hash := entry.hash;
    END LOOP;
    UPDATE audit_head SET number = head.number, hash = head.hash;
    RETURN head.number;
END $$;

-- Acts that wait for a second person, and what became of them.
CREATE TABLE proposals (
    proposal_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    method       text NOT NULL,
    request      bytea NOT NULL,
    request_json text NOT NULL,
    unit_id      bigint NOT NULL REFERENCES units, -- whom it concerns: who decides must reach it
    purpose      text NOT NULL,
    case_number  text NOT NULL,
    proposed_by  bigint NOT NULL REFERENCES people,
    proposed_at  timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    state        text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'confirmed', 'refused')),
    decided_by   bigint REFERENCES people,
    decided_at   timestamptz,
    reason       text,
    result_id    bigint,
    CHECK ((state = 'waiting') = (decided_by IS NULL)),
    CHECK (state <> 'confirmed' OR decided_by <> proposed_by)
);
CREATE INDEX proposals_waiting ON proposals (proposal_id) WHERE state = 'waiting';
