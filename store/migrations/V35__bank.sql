-- The bank held against the books, refunds that came back, and payments found by what is on a slip.

-- Which days a file covers, and the balance after its last line if the format has one.
ALTER TABLE statements
    ADD COLUMN first_day   date,
    ADD COLUMN last_day    date,
    ADD COLUMN closing     bigint, -- rials
    ADD COLUMN closing_day date,
    ADD CHECK ((closing IS NULL) = (closing_day IS NULL));
-- Of files of before: the days of the lines that they were the first to have. What lies between the first and the last file of an account is the same.
UPDATE statements s SET first_day = l.first_day, last_day = l.last_day
FROM (SELECT statement_id, min(day) AS first_day, max(day) AS last_day FROM statement_lines GROUP BY statement_id) l WHERE l.statement_id = s.statement_id;

-- How lines stood: a row for each decision, so that the past can be asked. Before its first row a line that came in waits, and one that went out is no refund.
CREATE TABLE statement_line_states (
    state_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    line_id  bigint NOT NULL REFERENCES statement_lines,
    at       timestamptz NOT NULL,
    state    text NOT NULL,
    fact_id  bigint REFERENCES billing_facts
);
CREATE INDEX statement_line_states_line ON statement_line_states (line_id, state_id);
CREATE INDEX statement_line_states_fact ON statement_line_states (fact_id) WHERE fact_id IS NOT NULL;
-- Of what was decided before only the last is known.
INSERT INTO statement_line_states (line_id, at, state, fact_id)
    SELECT line_id, decided_at, state, fact_id FROM statement_lines WHERE decided_at IS NOT NULL ORDER BY line_id;
CREATE FUNCTION statement_lines_decided() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO statement_line_states (line_id, at, state, fact_id) SELECT line_id, coalesce(decided_at, now()), state, fact_id FROM decided;
    RETURN NULL;
END $$;
CREATE TRIGGER statement_lines_decided AFTER UPDATE ON statement_lines REFERENCING NEW TABLE AS decided
    FOR EACH STATEMENT EXECUTE FUNCTION statement_lines_decided();
CREATE TRIGGER billing_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON statement_line_states FOR EACH STATEMENT EXECUTE FUNCTION billing_stays();

-- A refund that was sent and that the bank sent back: its fact is cancelled. The line by which it came back has the cancellation as its fact.
ALTER TABLE refunds
    ADD COLUMN returned_by   text,
    ADD COLUMN returned_at   timestamptz,
    ADD COLUMN return_reason text NOT NULL DEFAULT '',
    DROP CONSTRAINT refunds_state_check,
    DROP CONSTRAINT refunds_check,
    DROP CONSTRAINT refunds_check1,
    ADD CONSTRAINT refunds_state_check CHECK (state IN ('requested', 'approved', 'sent', 'refused', 'returned')),
    ADD CONSTRAINT refunds_booked CHECK ((state IN ('approved', 'sent', 'returned')) <= (fact_id IS NOT NULL)),
    ADD CONSTRAINT refunds_sent CHECK ((state IN ('sent', 'returned')) = (bank_reference IS NOT NULL)),
    ADD CONSTRAINT refunds_returned CHECK ((state = 'returned') = (returned_at IS NOT NULL));
DROP INDEX refunds_sent_once;
CREATE UNIQUE INDEX refunds_sent_once ON refunds (bank_reference, sheba, amount)
    WHERE state IN ('sent', 'returned') AND NOT sent_by_line AND account_id IS NOT NULL;

-- What was released of deposits while a tag stayed on.
CREATE INDEX billing_documents_released ON billing_documents (wearer_id) WHERE kind = 'deposit_release';

-- What is on a slip: the beginning of a reference or an identifier.
CREATE INDEX statement_lines_reference_begins ON statement_lines (reference text_pattern_ops);
CREATE INDEX statement_lines_identifier_begins ON statement_lines (identifier text_pattern_ops);
CREATE INDEX billing_facts_reference_begins ON billing_facts (reference text_pattern_ops) WHERE kind IN ('payment', 'deposit_payment');
