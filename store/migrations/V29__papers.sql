-- Void invoices (decision D25), and where people are asked to pay (D32).

-- That an invoice is void is a fact of finance; `amount` is what it had asked for.
ALTER TABLE billing_facts
    DROP CONSTRAINT billing_facts_kind_check,
    ADD CONSTRAINT billing_facts_kind_check
        CHECK (kind IN ('class', 'waiver', 'payment', 'refund', 'deposit_payment', 'deposit_return', 'damage', 'run', 'cancel', 'void')),
    ADD COLUMN voids bigint REFERENCES billing_documents,
    ADD CHECK ((kind = 'void') = (voids IS NOT NULL));
CREATE UNIQUE INDEX billing_facts_voided_once ON billing_facts (voids) WHERE kind = 'void';
-- And its entry is reversed once.
CREATE UNIQUE INDEX ledger_entries_voided_once ON ledger_entries (text) WHERE starts_with(text, 'void ');

ALTER TABLE billing_document_events
    DROP CONSTRAINT billing_document_events_kind_check,
    ADD CONSTRAINT billing_document_events_kind_check
        CHECK (kind IN ('sent', 'objection', 'answer', 'uncollectible', 'reminder', 'reminders_off', 'reminders_on', 'void'));

-- The accounts that centres name, dated: the newest that has begun is printed. A centre without one uses that of the nearest unit above it. Money that comes to
-- an older account is somebody's payment like any other.
CREATE TABLE pay_accounts (
    pay_account_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    unit_id     bigint NOT NULL REFERENCES units,
    purpose     text NOT NULL CHECK (purpose IN ('fees', 'deposit')), -- deposits have an account of their own (D37)
    bank        text NOT NULL CHECK (bank <> ''),
    holder      text NOT NULL CHECK (holder <> ''),
    number      text NOT NULL DEFAULT '', -- as the bank writes it, beside the SHEBA
    sheba       text NOT NULL CHECK (sheba ~ '^IR[0-9]{24}$'),
    how         text NOT NULL DEFAULT '', -- how to pay, for the person who does
    since       timestamptz NOT NULL,
    proposed_by text NOT NULL,
    approved_by text NOT NULL CHECK (approved_by <> proposed_by),
    approved_at timestamptz NOT NULL CHECK (approved_at <= since)
);
CREATE INDEX pay_accounts_unit ON pay_accounts (unit_id, purpose, since);
CREATE TRIGGER billing_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON pay_accounts FOR EACH STATEMENT EXECUTE FUNCTION billing_stays();

-- The one that was named for a unit at an instant.
CREATE FUNCTION pay_account_of(unit bigint, wanted text, at timestamptz) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT a.pay_account_id
    FROM unit_reach above JOIN pay_accounts a ON a.unit_id = above.above_id
    WHERE above.unit_id = unit AND a.purpose = wanted AND a.since <= at
    ORDER BY (SELECT count(*) FROM unit_reach further WHERE further.unit_id = above.above_id) DESC, a.since DESC, a.pay_account_id DESC LIMIT 1
$$;

-- Each document keeps the account that it was issued with; none = no account was named then.
ALTER TABLE billing_documents ADD COLUMN pay_account_id bigint REFERENCES pay_accounts;

-- Who recorded the codes of bill ids.
ALTER TABLE bill_codes ADD COLUMN proposed_by text NOT NULL DEFAULT 'owner', ADD COLUMN approved_by text NOT NULL DEFAULT 'owner';
CREATE TRIGGER billing_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON bill_codes FOR EACH STATEMENT EXECUTE FUNCTION billing_stays();
