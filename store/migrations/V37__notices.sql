-- That a person was told of a damage: the ten days to object run from that day (decision D39). The newest counts.
CREATE TABLE damage_notices (
    notice_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    damage_id   bigint NOT NULL REFERENCES damages,
    day         date NOT NULL, -- of Tehran
    how         text NOT NULL CHECK (how <> ''),
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL
);
CREATE INDEX damage_notices_damage ON damage_notices (damage_id, notice_id);
CREATE TRIGGER billing_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON damage_notices FOR EACH STATEMENT EXECUTE FUNCTION billing_stays();
-- Of damages of before the days ran from the assessment, and nobody wrote down whether the person was told: they are to be told.
ALTER TABLE damages ALTER COLUMN object_until DROP NOT NULL;
UPDATE damages SET object_until = NULL WHERE state = 'assessed';

-- Objections that wait for an answer, the oldest first.
CREATE INDEX billing_document_events_objections ON billing_document_events (at, event_id) WHERE kind = 'objection';
