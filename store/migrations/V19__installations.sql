-- Putting a tag on and taking it off: what is under way, what people said, and the evidence from which monitoring and billing begin.

-- A tag being put on somebody. It becomes a fitting, or is given up.
CREATE TABLE installations (
    installation_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version         bigint NOT NULL DEFAULT 1,
    kind            text NOT NULL CHECK (kind IN ('fitting', 'replacement')),
    wearer_id       bigint NOT NULL REFERENCES wearers,
    tag_id          bigint NOT NULL REFERENCES tags,
    begun_at        timestamptz NOT NULL,
    begun_by        text NOT NULL,
    state           text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'completed', 'abandoned')),
    ended_at        timestamptz,
    ended_by        text,
    abandon_reason  text,
    fitting_id      bigint UNIQUE REFERENCES fittings,
    -- of a replacement: whose place it takes, why, and who pays
    old_fitting_id  bigint REFERENCES fittings,
    reason          text CHECK (reason IN ('faulty', 'battery', 'damaged', 'lost', 'strap', 'other')),
    payer           text CHECK (payer IN ('organisation', 'wearer', 'executor')),
    note            text NOT NULL DEFAULT '',
    CHECK ((state = 'open') = (ended_at IS NULL) AND (ended_at IS NULL) = (ended_by IS NULL)),
    CHECK ((state = 'completed') = (fitting_id IS NOT NULL)),
    CHECK ((state = 'abandoned') = (abandon_reason IS NOT NULL)),
    CHECK ((kind = 'replacement') = (old_fitting_id IS NOT NULL) AND (kind = 'replacement') = (reason IS NOT NULL)
        AND (kind = 'replacement') = (payer IS NOT NULL))
);
CREATE UNIQUE INDEX a_wearer_has_one_installation ON installations (wearer_id) WHERE state = 'open';
CREATE UNIQUE INDEX a_tag_has_one_installation ON installations (tag_id) WHERE state = 'open';
CREATE INDEX installations_wearer ON installations (wearer_id, installation_id);

-- What people said of an item of the checklist. The newest of an item counts; none is ever changed.
CREATE TABLE installation_statements (
    statement_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    installation_id bigint NOT NULL REFERENCES installations,
    item            text NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('stated', 'not_needed', 'overridden')),
    text            text NOT NULL DEFAULT '', -- a receipt's number
    reason          text NOT NULL DEFAULT '' CHECK (reason <> '' OR kind <> 'overridden'),
    by              text NOT NULL,
    at              timestamptz NOT NULL
);
CREATE INDEX installation_statements_of ON installation_statements (installation_id, statement_id);

-- How each item of the checklist stood when the fitting began, and what showed it. No position: evidence outlives tracks.
CREATE TABLE fitting_evidence (
    fitting_id      bigint NOT NULL REFERENCES fittings,
    place           smallint NOT NULL, -- in the checklist, from 1
    item            text NOT NULL,
    outcome         text NOT NULL CHECK (outcome IN ('met', 'overridden', 'not_needed', 'flagged')),
    taken_at        bigint, -- milliseconds since 1970 by the tag's clock
    received_at     timestamptz,
    battery_percent smallint CHECK (battery_percent BETWEEN 0 AND 255),
    verdict         text CHECK (verdict IN ('inside', 'outside', 'uncertain')),
    accuracy_m      double precision,
    number          bigint, -- of the order or the inspection
    text            text NOT NULL DEFAULT '', -- the decision's number, zones, the certificate's or the receipt's number
    by              text NOT NULL DEFAULT '', -- who said so or let it pass; empty = the system saw it
    at              timestamptz,
    reason          text NOT NULL DEFAULT '',
    PRIMARY KEY (fitting_id, place),
    UNIQUE (fitting_id, item),
    CHECK (outcome <> 'overridden' OR (by <> '' AND at IS NOT NULL AND reason <> ''))
);

-- How a fitting ended: why, in which condition the equipment came back, and what follows for the deposit.
CREATE TABLE removals (
    removal_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    fitting_id     bigint NOT NULL CONSTRAINT a_fitting_ends_once UNIQUE REFERENCES fittings,
    at             timestamptz NOT NULL,
    recorded_at    timestamptz NOT NULL,
    removed_by     text NOT NULL,
    confirmed_by   text, -- the second person, where one was needed
    reason         text NOT NULL CHECK (reason IN ('order_ended', 'order_revoked', 'hospital', 'prison', 'death', 'replacement', 'other')),
    explanation    text NOT NULL DEFAULT '',
    condition      text NOT NULL CHECK (condition IN ('good', 'worn', 'damaged', 'missing')),
    condition_note text NOT NULL DEFAULT '',
    deposit        text NOT NULL CHECK (deposit IN ('none', 'release', 'keep_part', 'keep_all')),
    deposit_rial   bigint CHECK (deposit_rial > 0), -- of keep_part: what is kept
    tag_state      text NOT NULL CHECK (tag_state IN ('returned', 'faulty', 'lost')),
    CHECK ((deposit = 'keep_part') = (deposit_rial IS NOT NULL)),
    CHECK (confirmed_by IS NULL OR (confirmed_by <> removed_by AND explanation <> ''))
);

CREATE TABLE removal_photos (
    removal_id bigint NOT NULL REFERENCES removals,
    photo_id   bigint NOT NULL REFERENCES photos,
    PRIMARY KEY (removal_id, photo_id)
);
