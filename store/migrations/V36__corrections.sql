-- What changes what is owed by decision: days that are not billed, and whether a fee is charged.

ALTER TABLE billing_facts
    ADD COLUMN fee_of bigint REFERENCES fittings, -- of a fee: the fitting that it is about, be it an installation or a replacement
    ADD COLUMN chargeable boolean, -- of a fee: whether it is charged from now on
    DROP CONSTRAINT billing_facts_kind_check,
    ADD CONSTRAINT billing_facts_kind_check CHECK (kind IN ('class', 'waiver', 'suspension', 'fee', 'payment', 'refund', 'deposit_payment', 'deposit_return',
        'damage', 'run', 'cancel', 'void')),
    DROP CONSTRAINT billing_facts_check1,
    ADD CONSTRAINT billing_facts_amount_given
        CHECK (amount IS NOT NULL OR kind IN ('class', 'waiver', 'suspension', 'fee', 'deposit_return', 'run', 'cancel')),
    ADD CONSTRAINT billing_facts_fee CHECK ((kind = 'fee') = (fee_of IS NOT NULL) AND (kind = 'fee') = (chargeable IS NOT NULL));

ALTER TABLE billing_reliefs
    ADD COLUMN cause text CHECK (cause IN ('defect', 'hospital', 'prison', 'ordered_off', 'wrong_record')), -- why use was suspended
    ADD COLUMN reason text CHECK (reason <> ''), -- why the fee is charged, or is not
    DROP CONSTRAINT billing_reliefs_kind_check,
    ADD CONSTRAINT billing_reliefs_kind_check CHECK (kind IN ('class', 'waiver', 'deposit', 'suspension', 'fee')),
    ADD CONSTRAINT billing_reliefs_why CHECK ((kind = 'suspension') = (cause IS NOT NULL) AND (kind = 'fee') = (reason IS NOT NULL));

-- Some proposals need two approvals. The first is written here; with the last the proposal is confirmed.
CREATE TABLE proposal_approvals (
    proposal_id bigint NOT NULL REFERENCES proposals,
    person_id   bigint NOT NULL REFERENCES people,
    at          timestamptz NOT NULL,
    PRIMARY KEY (proposal_id, person_id)
);
-- Who approved a raise that holds from before its approval, before `approved_by` did.
ALTER TABLE tariffs ADD COLUMN first_approved_by text CHECK (first_approved_by NOT IN (proposed_by, approved_by));

-- Spending that was recorded wrongly, taken back once: its entry is reversed by this one.
CREATE TABLE set_aside_reversals (
    spending_id bigint PRIMARY KEY REFERENCES set_aside_spendings,
    entry_id    bigint NOT NULL UNIQUE REFERENCES ledger_entries,
    reason      text NOT NULL CHECK (reason <> ''),
    recorded_at timestamptz NOT NULL,
    proposed_by text NOT NULL,
    approved_by text NOT NULL CHECK (approved_by <> proposed_by)
);
CREATE TRIGGER billing_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON set_aside_reversals FOR EACH STATEMENT EXECUTE FUNCTION billing_stays();

-- A document that was given up may be asked for again: of both the last counts.
ALTER TABLE billing_document_events
    DROP CONSTRAINT billing_document_events_kind_check,
    ADD CONSTRAINT billing_document_events_kind_check
        CHECK (kind IN ('sent', 'objection', 'answer', 'uncollectible', 'collectible', 'reminder', 'reminders_off', 'reminders_on', 'void')),
    DROP CONSTRAINT billing_document_events_check2,
    ADD CONSTRAINT billing_document_events_two_persons CHECK ((kind IN ('uncollectible', 'collectible')) = (confirmed_by IS NOT NULL)),
    ADD CONSTRAINT billing_document_events_decision CHECK ((kind = 'uncollectible') = (decision_date IS NOT NULL)
        AND (kind = 'uncollectible') = (authority IS NOT NULL) AND (kind = 'uncollectible') = (decision_number IS NOT NULL));
DROP INDEX billing_document_uncollectible_once;
CREATE INDEX billing_document_given_up ON billing_document_events (document_id, event_id) WHERE kind IN ('uncollectible', 'collectible');
