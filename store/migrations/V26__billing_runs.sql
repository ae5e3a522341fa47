-- Runs over many persons: what was issued when, by whom, and how far a run is that is under way.
CREATE TABLE billing_runs (
    run_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- monthly: the service's own after a month began; manual: asked for by somebody
    kind      text NOT NULL CHECK (kind IN ('monthly', 'manual')),
    unit_id   bigint REFERENCES units, -- of this unit and those below; NULL = everybody
    wearer_id bigint REFERENCES wearers, -- of this wearer alone
    through   timestamptz NOT NULL, -- the instant up to which books were carried on
    begun_at  timestamptz NOT NULL,
    begun_by  text NOT NULL,
    told_at   timestamptz NOT NULL, -- when it last got on: one that is not over and has not got on for long was broken off, and another goes on where it was
    ended_at  timestamptz,
    due       bigint NOT NULL, -- persons to carry on
    persons   bigint NOT NULL DEFAULT 0, -- of these, done
    blocked   bigint NOT NULL DEFAULT 0, -- of these, on the work list
    documents bigint NOT NULL DEFAULT 0,
    entries   bigint NOT NULL DEFAULT 0,
    charged   bigint NOT NULL DEFAULT 0, -- sum of its invoices, rials
    credited  bigint NOT NULL DEFAULT 0  -- sum of its credit notes, 0 or below
);

-- Who is due is found by these.
CREATE INDEX billing_accounts_through ON billing_accounts (through);
CREATE INDEX installations_completed ON installations (ended_at) WHERE state = 'completed';
CREATE INDEX removals_recorded ON removals (recorded_at);
CREATE INDEX billing_facts_recorded ON billing_facts (recorded_at);

-- Why somebody must look, to be told in the reader's language; `reason` is the same in English.
ALTER TABLE billing_work ADD COLUMN code text NOT NULL DEFAULT 'NOT_RECKONED', ADD COLUMN arguments jsonb NOT NULL DEFAULT '{"error": ""}';

-- The switches of the billing policy, as data. They hold for everything that is reckoned, so they stay as they are once something was issued by them.
CREATE TABLE billing_policy (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    switches jsonb NOT NULL, -- as in a case file; what is left out is as the policy says
    set_by   text NOT NULL
);
INSERT INTO billing_policy (switches, set_by) VALUES ('{}', 'policy');
CREATE FUNCTION billing_policy_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM billing_documents) THEN
        RAISE EXCEPTION 'documents were issued by this policy: it stays as it is' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER billing_policy_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON billing_policy FOR EACH STATEMENT EXECUTE FUNCTION billing_policy_stays();

-- Spending of what was set aside (article 7): of no person, so its entries are nobody's.
ALTER TABLE ledger_entries ALTER COLUMN wearer_id DROP NOT NULL;
CREATE INDEX ledger_postings_set_aside ON ledger_postings (entry_id) INCLUDE (amount) WHERE account = 'liabilities:setaside';
CREATE TABLE set_aside_spendings (
    spending_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entry_id    bigint NOT NULL UNIQUE REFERENCES ledger_entries,
    at          timestamptz NOT NULL,
    amount      bigint NOT NULL CHECK (amount > 0), -- rials
    purpose     text NOT NULL CHECK (purpose <> ''),
    approver    text NOT NULL CHECK (approver <> ''), -- of the Organisation
    proof       text NOT NULL CHECK (proof <> ''), -- the number of the letter or receipt
    recorded_at timestamptz NOT NULL,
    proposed_by text NOT NULL,
    approved_by text NOT NULL
);
CREATE TRIGGER billing_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON set_aside_spendings FOR EACH STATEMENT EXECUTE FUNCTION billing_stays();
