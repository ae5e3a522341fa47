-- What is billed. Facts, documents and entries are only ever added; what is wrong is corrected by another one.

-- The tariff table: dated rows (directive 9000/30123/100, article 10). Amounts are whole rials.
CREATE TABLE tariffs (
    version         text PRIMARY KEY CHECK (version <> ''),
    effective_from  date NOT NULL,
    daily           bigint NOT NULL CHECK (daily >= 0),
    class_daily     jsonb NOT NULL DEFAULT '{}',
    install         bigint NOT NULL CHECK (install >= 0),
    replace         bigint NOT NULL CHECK (replace >= 0),
    first_month_cap bigint CHECK (first_month_cap >= 0), -- NULL = none
    deposit_tag     bigint CHECK (deposit_tag >= 0), -- the highest deposit; NULL = no ceiling
    deposit_house   bigint CHECK (deposit_house >= 0),
    recorded_at     timestamptz, -- NULL = always known
    proposed_by     text NOT NULL,
    approved_by     text NOT NULL
);
INSERT INTO tariffs (version, effective_from, daily, class_daily, install, replace, first_month_cap, deposit_tag, deposit_house, proposed_by, approved_by)
VALUES ('1398', '2019-06-23', 100000, '{"reduced": 50000}', 800000, 800000, 3000000, 25000000, 37000000, 'directive', 'directive');

-- What finance records of a person. What intake and technical staff record (fittings, leave, orders) is read where it is.
CREATE TABLE billing_facts (
    fact_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    wearer_id   bigint NOT NULL REFERENCES wearers,
    kind        text NOT NULL CHECK (kind IN ('class', 'waiver', 'payment', 'refund', 'deposit_payment', 'deposit_return', 'damage', 'run', 'cancel')),
    at          timestamptz NOT NULL,
    until       timestamptz CHECK (until > at), -- of a class or a waiver; NULL = without end
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    amount      bigint CHECK (amount > 0),
    class       text CHECK (class <> ''),
    percent     smallint CHECK (percent BETWEEN 0 AND 100),
    covers      text[] CHECK (covers <@ '{daily,install,replace}'),
    reference   text CHECK (reference <> ''), -- the bank's
    invoice     text CHECK (invoice <> ''), -- the number that a payment names
    cancels     bigint REFERENCES billing_facts,
    note        text NOT NULL DEFAULT '',
    CHECK (amount IS NOT NULL OR kind IN ('class', 'waiver', 'deposit_return', 'run', 'cancel')),
    CHECK ((kind = 'class') = (class IS NOT NULL) AND (kind = 'waiver') = (percent IS NOT NULL) AND (kind = 'waiver') = (covers IS NOT NULL)),
    CHECK ((kind = 'cancel') = (cancels IS NOT NULL))
);
CREATE INDEX billing_facts_wearer ON billing_facts (wearer_id);
-- A line of a bank statement is one payment, however often it is read in.
CREATE UNIQUE INDEX billing_facts_reference ON billing_facts (reference) WHERE kind = 'payment';
CREATE UNIQUE INDEX billing_facts_cancelled_once ON billing_facts (cancels) WHERE kind = 'cancel';

-- How far each person's books have been carried on.
CREATE TABLE billing_accounts (
    wearer_id bigint PRIMARY KEY REFERENCES wearers,
    through   timestamptz NOT NULL,
    documents integer NOT NULL,
    entries   integer NOT NULL,
    -- the facts that were known then, each with the instant from which it counts as known: {"leave:7": "2026-11-22T09:52:05Z"}
    facts     jsonb NOT NULL DEFAULT '{}'
);

-- What a person must look at: facts that contradict each other, money that cannot be placed. Written anew with each run of a person.
CREATE TABLE billing_work (
    wearer_id bigint NOT NULL REFERENCES wearers,
    place     integer NOT NULL,
    found_at  timestamptz NOT NULL,
    is_block  boolean NOT NULL, -- nothing is issued to this person until it is mended
    reason    text NOT NULL,
    PRIMARY KEY (wearer_id, place)
);

-- Numbers without gaps: the last of each centre, kind and Solar Hijri year.
CREATE TABLE billing_numbers (
    unit_id bigint NOT NULL REFERENCES units,
    kind    text NOT NULL,
    year    smallint NOT NULL,
    last    bigint NOT NULL,
    PRIMARY KEY (unit_id, kind, year)
);

CREATE TABLE billing_documents (
    document_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    wearer_id   bigint NOT NULL REFERENCES wearers,
    place       integer NOT NULL, -- among the person's, from 0
    unit_id     bigint NOT NULL REFERENCES units, -- the centre that issued it
    kind        text NOT NULL,
    run_at      timestamptz NOT NULL,
    number      text UNIQUE,
    total       bigint NOT NULL,
    due         date,
    body        json NOT NULL, -- as the billing crate keeps it: lines, days, reasons
    issued_at   timestamptz NOT NULL,
    UNIQUE (wearer_id, place)
);
CREATE INDEX billing_documents_run ON billing_documents (run_at);

-- The ledger. Entries are chained: each hash holds the entry to all before it.
CREATE TABLE ledger_entries (
    entry_id    bigint PRIMARY KEY, -- without gaps
    wearer_id   bigint NOT NULL REFERENCES wearers,
    place       integer NOT NULL, -- among the person's, from 0
    at          timestamptz NOT NULL,
    text        text NOT NULL,
    hash        bytea NOT NULL CHECK (octet_length(hash) = 32),
    UNIQUE (wearer_id, place)
);
CREATE INDEX ledger_entries_at ON ledger_entries (at);
CREATE TABLE ledger_postings (
    entry_id bigint NOT NULL REFERENCES ledger_entries,
    line     smallint NOT NULL,
    account  text NOT NULL CHECK (account IN ('assets:receivable', 'assets:cash:fees', 'assets:cash:deposit', 'assets:cash:damage', 'liabilities:deposit',
        'liabilities:setaside', 'expenses:setaside', 'income:usage', 'income:install', 'income:replace', 'income:waiver', 'income:cap', 'income:damage')),
    amount   bigint NOT NULL CHECK (amount <> 0), -- rials; debit above nothing, credit below
    PRIMARY KEY (entry_id, line)
);
CREATE TABLE ledger_head (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    entry_id bigint NOT NULL,
    hash     bytea NOT NULL
);
INSERT INTO ledger_head (entry_id, hash) VALUES (0, decode(repeat('00', 32), 'hex'));

-- An entry is written whole, by one statement, and sums to nothing.
CREATE FUNCTION ledger_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM written GROUP BY entry_id HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'an entry of the ledger does not sum to 0' USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (SELECT FROM ledger_postings p WHERE p.entry_id IN (SELECT entry_id FROM written)
               AND NOT EXISTS (SELECT FROM written w WHERE w.entry_id = p.entry_id AND w.line = p.line)) THEN
        RAISE EXCEPTION 'an entry of the ledger is written whole' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER ledger_balances AFTER INSERT ON ledger_postings REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION ledger_balances();

-- Nothing of it is ever changed, whoever tries.
CREATE FUNCTION billing_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is only added to: correct it by another row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER billing_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries FOR EACH STATEMENT EXECUTE FUNCTION billing_stays();
CREATE TRIGGER billing_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_postings FOR EACH STATEMENT EXECUTE FUNCTION billing_stays();
CREATE TRIGGER billing_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON billing_documents FOR EACH STATEMENT EXECUTE FUNCTION billing_stays();
CREATE TRIGGER billing_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON billing_facts FOR EACH STATEMENT EXECUTE FUNCTION billing_stays();
CREATE TRIGGER billing_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON tariffs FOR EACH STATEMENT EXECUTE FUNCTION billing_stays();
