-- Where money goes back to: the person's own account, or that of who may take it for them (decision D29). The newest counts.
CREATE TABLE refund_accounts (
    account_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    wearer_id      bigint NOT NULL REFERENCES wearers,
    sheba          text NOT NULL CHECK (sheba ~ '^IR[0-9]{24}$'),
    holder         text NOT NULL CHECK (holder <> ''),
    -- why it is another's; NULL = the holder has the person's name
    ground         text CHECK (ground IN ('guardian', 'representative', 'heir')),
    proof          text NOT NULL DEFAULT '', -- the number of the paper that says so
    recorded_by    text NOT NULL,
    recorded_at    timestamptz NOT NULL,
    CHECK ((ground IS NULL) = (proof = ''))
);
CREATE INDEX refund_accounts_wearer ON refund_accounts (wearer_id, account_id);
CREATE TRIGGER billing_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON refund_accounts FOR EACH STATEMENT EXECUTE FUNCTION billing_stays();
ALTER TABLE refunds
    ADD COLUMN account_id   bigint REFERENCES refund_accounts, -- as it was when the refund was asked for
    ADD COLUMN sent_by_line boolean NOT NULL DEFAULT false; -- a line of a statement says that it was sent
-- Many refunds of one bulk transfer have one reference of the bank; the same amount to the same account under it is the same transfer. Refunds of before, which
-- name no account of this table, were never held to that.
CREATE UNIQUE INDEX refunds_sent_once ON refunds (bank_reference, sheba, amount) WHERE state = 'sent' AND NOT sent_by_line AND account_id IS NOT NULL;
CREATE INDEX refunds_open ON refunds (wearer_id) WHERE state IN ('requested', 'approved');

-- A line that went out may be a refund: its fact is then the refund's. One that is none is set aside.
ALTER TABLE statement_lines DROP CONSTRAINT statement_lines_check1;
ALTER TABLE statement_lines ADD CONSTRAINT outgoing_lines_went_out CHECK (state NOT IN ('outgoing', 'waiting') OR (state = 'outgoing') = (amount < 0));
CREATE INDEX statement_lines_outgoing ON statement_lines (unit_id, amount) WHERE state = 'outgoing';

-- Payments that were another's: the money is there, so their references may be recorded again, for whose they are.
CREATE TABLE misdirected_payments (
    fact_id bigint PRIMARY KEY REFERENCES billing_facts
);
-- The names under which payments of one bank reference are recorded: after the first was misdirected /2 follows, and so on.
CREATE FUNCTION references_of(reference text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ARRAY[reference] || ARRAY(SELECT reference || '/' || n FROM generate_series(2, 9) n)
$$;

-- Days on which banks are closed, Fridays apart. They move reminders, never a due date (decision D34).
CREATE TABLE bank_holidays (
    day         date PRIMARY KEY,
    name        text NOT NULL CHECK (name <> ''),
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL
);
