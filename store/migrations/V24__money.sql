-- Money in and out: bank statements and who paid, refunds, damage. What it does to the books is a row of `billing_facts` each time.

-- The codes of the Central Bank that a payer's bill id is made of (file code = wearer_id). The newest row is printed; all are understood. While there is no
-- row, bill ids are internal references with the codes 0 and 0.
CREATE TABLE bill_codes (
    since   timestamptz PRIMARY KEY,
    company smallint NOT NULL CHECK (company BETWEEN 1 AND 999),
    service smallint NOT NULL CHECK (service BETWEEN 1 AND 9)
);

-- A file of a bank, read in once more or not: its new lines are in `statement_lines`.
CREATE TABLE statements (
    statement_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    unit_id        bigint NOT NULL REFERENCES units, -- whose account it is
    account        text NOT NULL CHECK (account <> ''), -- as the unit calls it
    account_number text NOT NULL DEFAULT '', -- as the file names it
    format         text NOT NULL CHECK (format IN ('csv', 'mt940', 'camt053')),
    imported_at    timestamptz NOT NULL,
    imported_by    text NOT NULL,
    line_count     integer NOT NULL,
    new_count      integer NOT NULL DEFAULT 0,
    matched_count  integer NOT NULL DEFAULT 0,
    waiting_count  integer NOT NULL DEFAULT 0,
    outgoing_count integer NOT NULL DEFAULT 0
);
CREATE INDEX statements_account ON statements (unit_id, account);

CREATE TABLE statement_lines (
    line_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    statement_id bigint NOT NULL REFERENCES statements, -- the first that had it
    unit_id      bigint NOT NULL REFERENCES units,
    import_id    text NOT NULL UNIQUE, -- the same line has it in every file
    place        integer NOT NULL, -- the line of the file
    day          date NOT NULL,
    amount       bigint NOT NULL CHECK (amount <> 0), -- rials; above nothing: came in
    identifier   text NOT NULL,
    reference    text NOT NULL,
    text         text NOT NULL,
    version      bigint NOT NULL DEFAULT 1,
    state        text NOT NULL CHECK (state IN ('waiting', 'matched', 'set_aside', 'outgoing')),
    fact_id      bigint UNIQUE REFERENCES billing_facts, -- the payment that it is
    matched_count integer NOT NULL DEFAULT 0, -- how often it was matched: a payment that was misdirected is matched again
    is_automatic boolean NOT NULL DEFAULT false,
    decided_by   text,
    decided_at   timestamptz,
    reason       text NOT NULL DEFAULT '',
    CHECK ((state = 'matched') = (fact_id IS NOT NULL)),
    CHECK ((state = 'outgoing') = (amount < 0))
);
CREATE INDEX statement_lines_waiting ON statement_lines (unit_id, line_id) WHERE state = 'waiting';
CREATE INDEX statement_lines_order ON statement_lines ((state <> 'waiting'), line_id DESC);
CREATE INDEX statement_lines_day ON statement_lines (unit_id, day, amount) WHERE state = 'matched';
CREATE INDEX statement_lines_reference ON statement_lines (reference, amount) WHERE state = 'matched';
CREATE INDEX billing_facts_references ON billing_facts (reference);
CREATE UNIQUE INDEX billing_facts_deposit_reference ON billing_facts (reference) WHERE kind = 'deposit_payment';
CREATE INDEX billing_facts_payments ON billing_facts (fact_id) WHERE kind IN ('payment', 'deposit_payment');

-- Money back to a person: asked for by one, approved by another.
CREATE TABLE refunds (
    refund_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    wearer_id       bigint NOT NULL REFERENCES wearers,
    version         bigint NOT NULL DEFAULT 1,
    state           text NOT NULL DEFAULT 'requested' CHECK (state IN ('requested', 'approved', 'sent', 'refused')),
    is_deposit      boolean NOT NULL,
    amount          bigint NOT NULL CHECK (amount > 0),
    sheba           text NOT NULL CHECK (sheba ~ '^IR[0-9]{24}$'),
    holder          text NOT NULL CHECK (holder <> ''),
    reason          text NOT NULL CHECK (reason <> ''),
    requested_by    text NOT NULL,
    requested_by_id bigint,
    requested_at    timestamptz NOT NULL,
    approved_by     text,
    approved_at     timestamptz,
    fact_id         bigint UNIQUE REFERENCES billing_facts,
    sent_by         text,
    sent_at         timestamptz,
    bank_reference  text CHECK (bank_reference <> ''),
    refused_by      text,
    refused_at      timestamptz,
    refuse_reason   text NOT NULL DEFAULT '',
    CHECK ((state IN ('approved', 'sent')) <= (fact_id IS NOT NULL)),
    CHECK ((state = 'sent') = (bank_reference IS NOT NULL))
);
CREATE INDEX refunds_wearer ON refunds (wearer_id);

-- Damage to the equipment: found, objected to, answered; only then it is taken.
CREATE TABLE damages (
    damage_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    wearer_id    bigint NOT NULL REFERENCES wearers,
    version      bigint NOT NULL DEFAULT 1,
    state        text NOT NULL DEFAULT 'assessed' CHECK (state IN ('assessed', 'objected', 'answered', 'dropped', 'settled')),
    assessed     bigint NOT NULL CHECK (assessed > 0), -- rials, as it was found
    amount       bigint NOT NULL CHECK (amount >= 0 AND amount <= assessed), -- as it stands
    report       text NOT NULL CHECK (report <> ''),
    photo_ids    bigint[] NOT NULL DEFAULT '{}',
    assessed_by  text NOT NULL,
    assessed_by_id bigint,
    assessed_at  timestamptz NOT NULL,
    object_until timestamptz NOT NULL,
    objection    text NOT NULL DEFAULT '',
    objected_at  timestamptz,
    objection_by text, -- who wrote it down
    answer       text NOT NULL DEFAULT '',
    answered_by  text,
    answered_at  timestamptz,
    fact_id      bigint UNIQUE REFERENCES billing_facts,
    settled_by   text,
    settled_at   timestamptz,
    CHECK ((state = 'settled') = (fact_id IS NOT NULL)),
    CHECK ((state = 'dropped') <= (amount = 0))
);
CREATE INDEX damages_wearer ON damages (wearer_id);
