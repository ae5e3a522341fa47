-- A leave that was shortened and later annulled: how it stood before, for what was billed by it.
ALTER TABLE leave_acts
    ADD COLUMN shortened_to timestamptz, -- its back_at of then
    ADD COLUMN shortened_at timestamptz, -- its ended_at of then
    ADD CHECK ((shortened_to IS NULL) = (shortened_at IS NULL) AND (shortened_to IS NULL OR state = 'withdrawn'));
