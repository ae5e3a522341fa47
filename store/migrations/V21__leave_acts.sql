-- The paper behind leave: who asked, who decided, what became of it. What the judgement reads stays in `leaves`: a row is there exactly while
-- its act is in force.

-- How long leave may be, by the legal basis of the order.
CREATE TABLE leave_limits (
    legal_basis text PRIMARY KEY CHECK (legal_basis IN ('ipc_62', 'cpc_553', 'cpc_217', 'bylaw_191', 'other')),
    is_allowed  boolean NOT NULL DEFAULT true,
    days_max    integer NOT NULL DEFAULT 30 CHECK (days_max > 0), -- of leave with nights
    hours_max   integer NOT NULL DEFAULT 24 CHECK (hours_max > 0) -- of leave by hours
);
INSERT INTO leave_limits (legal_basis) VALUES ('ipc_62'), ('cpc_553'), ('cpc_217'), ('bylaw_191'), ('other');

-- One act for many.
CREATE TABLE leave_batches (
    batch_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version         bigint NOT NULL DEFAULT 1,
    state           text NOT NULL DEFAULT 'prepared' CHECK (state IN ('prepared', 'approved', 'withdrawn')),
    unit_ids        bigint[] NOT NULL CHECK (unit_ids <> '{}'), -- of all who are in it: who reaches them all sees it
    valid_from      timestamptz NOT NULL,
    valid_to        timestamptz NOT NULL CHECK (valid_to > valid_from),
    kind            text NOT NULL CHECK (kind IN ('overnight', 'hours')),
    exclusion       boolean NOT NULL,
    purpose         text NOT NULL CHECK (purpose <> ''),
    late_reason     text NOT NULL DEFAULT '',
    authority       text NOT NULL CHECK (authority <> ''),
    decision_number text NOT NULL CHECK (decision_number <> ''),
    decision_date   date NOT NULL,
    prepared_by     text NOT NULL,
    prepared_by_id  bigint REFERENCES people,
    prepared_at     timestamptz NOT NULL,
    mode            text CHECK (mode IN ('all_or_nothing', 'per_person')),
    approved_by     text,
    approved_at     timestamptz,
    withdrawn_by    text,
    withdrawn_at    timestamptz,
    withdraw_reason text,
    CHECK ((approved_at IS NULL) = (approved_by IS NULL) AND (approved_at IS NULL) = (mode IS NULL)),
    CHECK ((state = 'withdrawn') = (withdrawn_at IS NOT NULL) AND (withdrawn_at IS NULL) = (withdrawn_by IS NULL))
);

CREATE TABLE leave_acts (
    leave_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    wearer_id       bigint NOT NULL REFERENCES wearers,
    batch_id        bigint REFERENCES leave_batches,
    version         bigint NOT NULL DEFAULT 1,
    state           text NOT NULL CHECK (state IN ('requested', 'approved', 'refused', 'withdrawn', 'shortened')),
    valid_from      timestamptz NOT NULL,
    valid_to        timestamptz NOT NULL CHECK (valid_to > valid_from),
    kind            text NOT NULL CHECK (kind IN ('overnight', 'hours')),
    exclusion       boolean NOT NULL,
    purpose         text NOT NULL CHECK (purpose <> ''),
    late_reason     text NOT NULL DEFAULT '',
    requested_by    text NOT NULL,
    requested_by_id bigint REFERENCES people,
    requested_at    timestamptz NOT NULL,
    authority       text CHECK (authority <> ''),
    decision_number text CHECK (decision_number <> ''),
    decision_date   date,
    decided_by      text,
    decided_at      timestamptz,
    warnings_read   text[] NOT NULL DEFAULT '{}',
    back_at         timestamptz CHECK (back_at > valid_from AND back_at < valid_to),
    ended_by        text,
    ended_at        timestamptz,
    end_reason      text,
    never_granted   boolean NOT NULL DEFAULT false,
    CHECK (state NOT IN ('approved', 'shortened') OR decided_at IS NOT NULL),
    CHECK ((decided_at IS NULL) = (decided_by IS NULL) AND (decided_at IS NULL) = (authority IS NULL) AND (authority IS NULL) = (decision_number IS NULL)
        AND (authority IS NULL) = (decision_date IS NULL)),
    CONSTRAINT who_asked_does_not_decide CHECK (decided_by <> requested_by OR state NOT IN ('approved', 'shortened')),
    CHECK (state <> 'shortened' OR back_at IS NOT NULL),
    CHECK ((state IN ('refused', 'withdrawn', 'shortened')) = (ended_at IS NOT NULL) AND (ended_at IS NULL) = (ended_by IS NULL)),
    CONSTRAINT a_wearer_has_one_leave_at_a_time EXCLUDE USING gist (wearer_id WITH =, tstzrange(valid_from, coalesce(back_at, valid_to)) WITH &&)
        WHERE (state IN ('approved', 'shortened'))
);
CREATE INDEX leave_acts_wearer ON leave_acts (wearer_id, leave_id);
CREATE INDEX leave_acts_batch ON leave_acts (batch_id) WHERE batch_id IS NOT NULL;
-- For who came back.
CREATE INDEX leave_acts_end ON leave_acts ((coalesce(back_at, valid_to)), leave_id) WHERE state IN ('approved', 'shortened');

-- Who is in a batch, in the order of the list. What stood against each when it was approved stays written down.
CREATE TABLE leave_batch_wearers (
    batch_id   bigint NOT NULL REFERENCES leave_batches,
    position   integer NOT NULL,
    reference  text NOT NULL, -- as it was asked for
    wearer_id  bigint REFERENCES wearers, -- NULL: nobody within the reach of who prepared it
    leave_id   bigint REFERENCES leave_acts,
    hindrances text[] NOT NULL DEFAULT '{}',
    warnings   text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (batch_id, position)
);

ALTER TABLE leaves ADD COLUMN act_id bigint UNIQUE REFERENCES leave_acts; -- NULL: imported with zones

-- Each statement only if there is something to do: the facts' counter is taken and the shards are woken by every statement on `leaves`.
CREATE FUNCTION leave_is_in_force() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM changed c JOIN leaves l ON l.act_id = c.leave_id WHERE c.state NOT IN ('approved', 'shortened')) THEN
        DELETE FROM leaves l USING changed c WHERE l.act_id = c.leave_id AND c.state NOT IN ('approved', 'shortened');
    END IF;
    IF EXISTS (SELECT FROM changed c JOIN leaves l ON l.act_id = c.leave_id WHERE l.valid_to <> c.back_at) THEN
        UPDATE leaves l SET valid_to = c.back_at FROM changed c WHERE l.act_id = c.leave_id AND l.valid_to <> c.back_at;
    END IF;
    IF EXISTS (SELECT FROM changed c WHERE c.state = 'approved' AND NOT EXISTS (SELECT FROM leaves l WHERE l.act_id = c.leave_id)) THEN
        INSERT INTO leaves (wearer_id, valid_from, valid_to, exclusion, act_id)
        SELECT c.wearer_id, c.valid_from, c.valid_to, c.exclusion, c.leave_id FROM changed c
        WHERE c.state = 'approved' AND NOT EXISTS (SELECT FROM leaves l WHERE l.act_id = c.leave_id)
        ORDER BY c.wearer_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER leave_begins_in_force AFTER INSERT ON leave_acts REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION leave_is_in_force();
CREATE TRIGGER leave_follows AFTER UPDATE ON leave_acts REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION leave_is_in_force();
