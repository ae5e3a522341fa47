-- What was recorded of an order after it was closed changes its bill only if two persons approve it (decision D27). What is not decided waits; what is refused
-- never counts, unless it is approved after all.
CREATE TABLE late_fact_decisions (
    decision_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    wearer_id   bigint NOT NULL REFERENCES wearers,
    fact        text NOT NULL CHECK (fact <> ''), -- as the books name it: leave:7
    is_approved boolean NOT NULL,
    proposed_by text, -- of an approval: who proposed it
    decided_by  text NOT NULL CHECK (decided_by <> proposed_by),
    decided_at  timestamptz NOT NULL, -- of an approval: since when the fact counts
    reason      text NOT NULL CHECK (reason <> ''),
    CHECK (is_approved = (proposed_by IS NOT NULL)),
    UNIQUE (wearer_id, fact, is_approved)
);
CREATE TRIGGER billing_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON late_fact_decisions FOR EACH STATEMENT EXECUTE FUNCTION billing_stays();
