-- A run that somebody asked for goes on where it was, whoever goes on with it: persons up to this one, in the order of their numbers, are done.
ALTER TABLE billing_runs ADD COLUMN last_wearer_id bigint NOT NULL DEFAULT 0;
-- Those of before do not say how far they are: whoever asked for them asks again.
UPDATE billing_runs SET ended_at = greatest(told_at, begun_at) WHERE kind = 'manual' AND ended_at IS NULL;
CREATE INDEX billing_runs_under_way ON billing_runs (run_id) WHERE ended_at IS NULL;

-- The fact that an entry is for, if its text does not name it: deposits that were returned, damage. Entries of before have none.
ALTER TABLE ledger_entries ADD COLUMN fact text CHECK (fact <> '');

-- The months that a document is about, 140305 = Khordad 1403; of a credit note its own. Of documents of before they stand in the body alone.
ALTER TABLE billing_documents ADD COLUMN months integer[];
