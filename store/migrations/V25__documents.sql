-- What happened to documents after they were issued. How much of one is paid follows from the ledger and stands nowhere else.
CREATE TABLE billing_document_events (
    event_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document_id     bigint NOT NULL REFERENCES billing_documents,
    kind            text NOT NULL CHECK (kind IN ('sent', 'objection', 'answer', 'uncollectible', 'reminder', 'reminders_off', 'reminders_on')),
    at              timestamptz NOT NULL,
    recorded_at     timestamptz NOT NULL,
    recorded_by     text NOT NULL,
    confirmed_by    text, -- the second person
    text            text NOT NULL DEFAULT '',
    outcome         text CHECK (outcome IN ('upheld', 'partly_upheld', 'rejected')),
    answers         bigint REFERENCES billing_document_events, -- the objection
    reminder        smallint CHECK (reminder BETWEEN 1 AND 3),
    authority       text,
    decision_number text,
    decision_date   date,
    CHECK ((kind = 'answer') = (answers IS NOT NULL) AND (kind = 'answer') = (outcome IS NOT NULL)),
    CHECK ((kind = 'reminder') = (reminder IS NOT NULL)),
    CHECK ((kind = 'uncollectible') = (confirmed_by IS NOT NULL) AND (kind = 'uncollectible') = (decision_date IS NOT NULL)
        AND (kind = 'uncollectible') = (authority IS NOT NULL) AND (kind = 'uncollectible') = (decision_number IS NOT NULL))
);
CREATE INDEX billing_document_events_document ON billing_document_events (document_id, event_id);
CREATE UNIQUE INDEX billing_document_uncollectible_once ON billing_document_events (document_id) WHERE kind = 'uncollectible';
CREATE UNIQUE INDEX billing_document_reminded_once ON billing_document_events (document_id, reminder) WHERE kind = 'reminder';
CREATE UNIQUE INDEX billing_objection_answered_once ON billing_document_events (answers) WHERE kind = 'answer';
CREATE INDEX billing_document_events_reminders ON billing_document_events (at) WHERE kind = 'reminder';
CREATE TRIGGER billing_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON billing_document_events FOR EACH STATEMENT EXECUTE FUNCTION billing_stays();

-- What everybody of a country owes is asked for by this account alone.
CREATE INDEX ledger_postings_receivable ON ledger_postings (entry_id) INCLUDE (amount) WHERE account = 'assets:receivable';
